"""What the documents point at is there."""

import re
from pathlib import Path

import pytest

import footfall
from footfall._records.runs import MANIFEST, RUN_FILES

HERE = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [
        *HERE.glob("*.md"),
        *HERE.glob("docs/**/*.md"),
        *HERE.glob("results/*.md"),
        *HERE.glob("studies/**/*.md"),
    ]
)
MAKEFILE = (HERE / "Makefile").read_text(encoding="utf-8")


def name_of(path: Path) -> str:
    """Name a document by its place in the project."""
    return str(path.relative_to(HERE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_inside_the_project_leads_somewhere(document: Path) -> None:
    """A relative link names a file or folder that exists."""
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text(encoding="utf-8"))
    inside = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in inside if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_to_a_heading_finds_it(document: Path) -> None:
    """`page.md#a-heading` names a heading of that page, as a forge and the site both spell it."""
    links = re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", document.read_text(encoding="utf-8"))
    missing = [
        f"{page}#{anchor}"
        for page, anchor in links
        if anchor not in anchors_of(document if not page else document.parent / page)
    ]
    assert missing == []


def anchors_of(page: Path) -> set[str]:
    """Anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_every_page_is_reached_from_the_readme() -> None:
    """By links, however many; a page that none leads to is read by no user."""
    seen, next_ones = set[Path](), [HERE / "README.md"]
    while next_ones:
        page = next_ones.pop()
        seen.add(page)
        links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
        found = {(page.parent / link).resolve() for link in links if not re.match(r"[a-z]+:", link)}
        next_ones += sorted(each for each in found - seen if each.suffix == ".md" and each.is_file())
    assert [name_of(each) for each in sorted(HERE.glob("docs/**/*.md")) if each not in seen] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    """A document that says `make demo` can be taken at its word."""
    said = re.findall(r"(?:^|`)make ([a-z]+)", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    targets = re.findall(r"^([a-z]+):", MAKEFILE, flags=re.MULTILINE)
    assert set(said) <= set(targets)


def test_every_make_target_is_listed_by_help() -> None:
    """Whatever can be made is explained in one line."""
    targets = re.findall(r"^([a-z]+):", MAKEFILE, flags=re.MULTILINE)
    assert re.findall(r"^([a-z]+):.*## \w", MAKEFILE, flags=re.MULTILINE) == targets


def test_every_file_of_a_run_is_on_its_page() -> None:
    """What a run writes for its trace, visits and prediction, and its manifest."""
    page = (HERE / "docs" / "reference" / "files.md").read_text(encoding="utf-8")
    assert [name for name in (*RUN_FILES, MANIFEST) if f"`{name}`" not in page] == []


def test_every_package_is_described_to_contributors() -> None:
    """A row of the table for each room of the kit."""
    page = (HERE / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rooms = {path.parent.name for path in (HERE / "src/footfall").glob("*/__init__.py")}
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", page, flags=re.MULTILINE)
    assert sorted(rooms - set(re.findall(r"\w+", " ".join(rows)))) == []


def test_every_name_of_the_front_door_is_in_the_api_reference_once() -> None:
    """With its whole text on one page, and a line in the overview."""
    api = HERE / "docs/reference/api"
    listed: dict[str, list[str]] = {"names": [], "summary": []}
    for page in api.glob("*.md"):
        for kind, names in re.findall(
            r"^```\{footfall-(names|summary)\} footfall$(.*?)^```$",
            page.read_text(encoding="utf-8"),
            re.MULTILINE | re.DOTALL,
        ):
            listed[kind] += names.split()
    wanted = sorted(set(dir(footfall)) - {"__version__", "theory"})
    assert sorted(listed["names"]) == wanted
    assert sorted(listed["summary"]) == wanted


@pytest.mark.parametrize(
    "document",
    [HERE / "README.md", *HERE.glob("docs/**/*.md"), *HERE.glob("docs/examples/**/*.py")],
    ids=name_of,
)
def test_python_that_is_shown_to_users_imports_public_names_only(document: Path) -> None:
    """No package with an underscore, whose names may change without a word."""
    text = document.read_text(encoding="utf-8")
    blocks = (
        [text]
        if document.suffix == ".py"
        else re.findall(r"^```python$(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    )
    assert [
        line
        for block in blocks
        for line in block.splitlines()
        if re.search(r"import.*\bfootfall\._|from footfall\._", line)
    ] == []
