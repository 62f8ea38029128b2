"""The page on the design follows one arrival through the code: what it names is there."""

import re
from pathlib import Path

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "background" / "design.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## One arrival")[2].partition("\n## ")[0]
FORMS_MOST = 8


def forms() -> list[tuple[str, str]]:
    """Give the forms of an arrival as the page's table has them: name and file."""
    return re.findall(r"^\| \d+ \| `(\w+)` \| `([\w/.]+)` \|", SECTION, re.MULTILINE)


def test_an_arrival_takes_at_most_eight_forms() -> None:
    """From the model to the row of its visit."""
    names = [name for name, _ in forms()]
    assert names[-1] == "Visit"
    assert 1 < len(names) <= FORMS_MOST


def test_every_name_of_the_page_is_in_the_file_it_names() -> None:
    """Forms, and who makes them."""
    others = re.findall(r"`(\w+)`\s+\(`([\w/]+\.py)`\)", SECTION)
    assert len(others) >= 4
    for name, file in (*forms(), *others):
        text = (TOP / "src" / "footfall" / file).read_text(encoding="utf-8")
        assert re.search(rf"^class {name}\b", text, re.MULTILINE), (name, file)
