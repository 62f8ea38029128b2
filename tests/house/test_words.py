"""No line of the project holds what must not be there: a path of one machine, an unfinished thought."""

import io
import re
import tokenize
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
FOLDERS = (".ci", "benchmarks", "docs", "models", "scenarios", "src", "studies", "tests")
KINDS = {".css", ".html", ".js", ".md", ".py", ".toml", ".yml", ""}
FORBIDDEN = {
    "the path of one machine": r"(?<![\w.])/(root|opt|work|home/\w+)/\w",
    "the host of a package index": r"pypi\.org|pythonhosted\.org",
    "work that is not done": r"\b(TODO|FIXME|XXX)\b",
    "a line kept from being measured": r"pragma: no cover",
    "a type error hushed up without a reason": r"type: ignore(?!\[[\w, -]+\] +[-#]? *[^\s#-])",
    "a lint rule hushed up without a reason": r"# noqa(?!: [A-Z]+\d+(, [A-Z]+\d+)* +[-#]? *[^\s#-])",
    "a test left out without a reason": r"mark\.skip\b(?!\(.*reason)|pytest\.skip\(\)",
    "a number of a tracker instead of the reason": r"(?i)\bissues? #?\d",
}
"""What it is, and the pattern that finds it."""


def texts() -> list[Path]:
    """All files that people write, and not those that tools do; this one, which quotes it all, apart."""
    top = [path for path in HERE.iterdir() if path.name not in {"uv.lock", ".git"}]
    below = [path for folder in FOLDERS for path in (HERE / folder).rglob("*")]
    written = (path for path in (*top, *below) if path.is_file() and path.suffix in KINDS)
    return sorted(path for path in written if "__pycache__" not in path.parts and path != Path(__file__))


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    """The forbidden pattern is found nowhere; where it is, file and line are named."""
    pattern = re.compile(FORBIDDEN[what])
    found = [
        f"{path.relative_to(HERE)}:{number}: {line.strip()}"
        for path in texts()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("the path of one machine", "open('/root/data.csv')"),
        ("the host of a package index", "https://pypi.org/simple"),
        ("work that is not done", "# TODO later"),
        ("a line kept from being measured", "else:  # pragma: no cover"),
        ("a type error hushed up without a reason", "x = y  # type: ignore[misc]"),
        ("a lint rule hushed up without a reason", "x = y  # noqa: E501"),
        ("a test left out without a reason", "@pytest.mark.skip"),
        ("a number of a tracker instead of the reason", "# see issue #12"),
    ],
)
def test_the_search_finds(what: str, line: str) -> None:
    """Each pattern bites on a line that it is meant for."""
    assert re.search(FORBIDDEN[what], line)


@pytest.mark.parametrize(
    "line",
    [
        "x = y  # type: ignore[misc]  # the library's stub is wrong",
        "x = y  # noqa: E501, RUF001  a table reads better wide",
        "with urlopen(base + '/home') as page:",
        '@pytest.mark.skip(reason="no server here")',
    ],
)
def test_the_search_lets_reasons_pass(line: str) -> None:
    """What gives its reason is not found."""
    assert not any(re.search(pattern, line) for pattern in FORBIDDEN.values())


# ── Plain words: no private language in the rooms that have been rewritten

HOUSE_WORDS = frozenset(
    {
        "anybody",
        "beside",
        "conductor",
        "crew",
        "desk",
        "desks",
        "door",
        "doorman",
        "doors",
        "errand",
        "errands",
        "fate",
        "fates",
        "foretell",
        "foretold",
        "hurry",
        "luck",
        "lucky",
        "nobody",
        "outlook",
        "slip",
        "slips",
        "somebody",
        "told",
        "unasked",
        "whoever",
        "whomever",
        "wish",
        "wishes",
    }
)
PLAIN_ROOMS: dict[str, frozenset[str]] = {
    "_behaviour": frozenset(),
    "_calibrate": frozenset(),
    "_capacity": frozenset(),
    "_chart": frozenset(),
    "_choice": frozenset(),
    "_cli": frozenset(),
    "_criteria": frozenset(),
    "_fit": frozenset({"nobody"}),
    "_load": frozenset({"errand"}),
    "_measure": frozenset(),
    "_model": frozenset(),
    "pytest_plugin": frozenset(),
    "_records": frozenset(),
    "_runs": frozenset(),
    "_service": frozenset(),
    "_simulate": frozenset(),
    "_stats": frozenset(),
    "theory": frozenset(),
    "_workload": frozenset({"nobody", "errand"}),
}
"""Rooms in plain words, each with the words that it still needs: names of other rooms or of an interface."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def house_words(source: str) -> list[tuple[int, str]]:
    """Find words of the private language in identifiers, comments and strings, with their line numbers."""
    kinds = {
        tokenize.NAME,
        tokenize.COMMENT,
        tokenize.STRING,
        getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING),
    }
    return [
        (token.start[0] + token.string[: word.start()].count("\n"), word[0].lower())
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type in kinds
        for word in _WORD.finditer(token.string)
        if word[0].lower() in HOUSE_WORDS
    ]


@pytest.mark.parametrize("room", PLAIN_ROOMS)
def test_a_room_in_plain_words_stays_so(room: str) -> None:
    """Names, comments, docstrings and messages use the words of the field."""
    files = sorted((HERE / "src" / "footfall" / room).rglob("*.py"))
    assert files != []
    found = [
        f"{path.relative_to(HERE)}:{line}: {word}"
        for path in files
        for line, word in house_words(path.read_text(encoding="utf-8"))
        if word not in PLAIN_ROOMS[room]
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "self.door = Router()\n",
        "class ErrandRunner: pass\n",
        "x = 1  # the fate of a row\n",
        'def f() -> None:\n    """Give what\n    nobody wants."""\n',
        'raise ValueError(f"{x} is told by {y}")\n',
    ],
)
def test_house_words_are_found_in(source: str) -> None:
    """Identifiers, parts of them, comments, docstrings and messages are all searched."""
    assert len(house_words(source)) == 1


def test_parts_of_other_words_are_not_house_words() -> None:
    """Indoors, besides and fateful are words of their own."""
    assert house_words("indoors = besides = fateful = 1\n") == []


# ── Plain words in the documentation

PROSE_WORDS = (
    HOUSE_WORDS | {"bears", "foretells", "hence", "mend", "play", "played", "plays", "reckoned"}
) - {
    "desk",
    "desks",  # a hall has service desks
}
PAGES = sorted([HERE / "README.md", HERE / "CONTRIBUTING.md", *(HERE / "docs").glob("[!_]*/*.md")])
PROSE_LINE_MOST = 120


def prose(text: str) -> list[tuple[int, str]]:
    """Give the lines of a page with their numbers, without code, addresses, tables' rows kept."""
    found = []
    in_block = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            in_block = not in_block
        elif not in_block:
            found.append((number, line))
    return found


def words_of_prose(text: str) -> list[tuple[int, str]]:
    """Find words of the private language in running text and tables, code in backticks apart."""
    spans = re.compile(r"`[^`]*`|\]\([^)]*\)")
    return [
        (number, word)
        for number, line in prose(text)
        for word in re.findall(r"[a-z]+", spans.sub(" ", line).lower())
        if word in PROSE_WORDS
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HERE)))
def test_a_page_uses_the_words_of_the_field(page: Path) -> None:
    """A word of the private language is named with its line."""
    assert words_of_prose(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HERE)))
def test_a_line_of_prose_can_be_read_in_a_change(page: Path) -> None:
    """At most 120 characters, tables, pictures and indented formulas apart."""
    long = [
        number
        for number, line in prose(page.read_text(encoding="utf-8"))
        if len(line) > PROSE_LINE_MOST and not line.startswith(("|", "!", "    "))
    ]
    assert long == []


def test_words_in_prose_are_found_and_code_is_not() -> None:
    """In running text and tables; names of columns, options and files stay as they are."""
    page = "Nobody comes.\n| a | b is told |\n`played` and [x](errand.md)\n```sh\necho nobody\n```\n"
    assert words_of_prose(page) == [(1, "nobody"), (2, "told")]
