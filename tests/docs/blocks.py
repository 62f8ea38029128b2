"""The code blocks of the documentation: read from the pages, checked, and run.

A fence names its language. A comment on the line above it may say more:

| comment | means |
| --- | --- |
| `<!-- not run: WHY -->` | checked, and not run |
| `<!-- file: NAME -->` | saved as this file of the page's folder; Python files are run, too |
| `<!-- background -->` | started, and left running until the page's blocks are done |
| `<!-- load run -->` | may end with exit code 3, since a busy machine makes a run invalid |
| `<!-- output -->` | what the shell block before it printed, except for numbers and verdicts |

A page that starts with `<!-- continues: PAGE -->` has the files of that page from the beginning.

Without a comment `python` is executed, all blocks of a page in one namespace, and `sh` is run by bash in
a copy of the content, with a free port in place of 8000. In `console` a line after `$ ` is run and what
stands below it is compared with what it prints (`...` stands for anything). `toml` and `json` must be
readable; `text` is for output and criteria. The `yaml` of the CI page is checked against schemas by
`tests/house/test_ci_page.py`.
"""

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from footfall._cli.app import COMMANDS, command_named

HERE = Path(__file__).parents[2]
PAGES = sorted([HERE / "README.md", HERE / "CONTRIBUTING.md", *(HERE / "docs").glob("**/*.md")])
LANGUAGES = frozenset({"python", "sh", "console", "toml", "json", "yaml", "text", "csv"})
MARK = re.compile(r"<!-- (not run|file|background|load run|output)(?:: (.+?))? -->")
OTHERS = frozenset(
    [
        "cat",
        "cd",
        "curl",
        "export",
        "head",
        "kill",
        "make",
        "mkdir",
        "OTAVA_CONFIG=otava.yaml",
        "otava",
        "pip",
        "pytest",
        "python",
        "schemathesis",
        "source",
        "ssh",
        "uvicorn",
    ]
)
"""Programs that are not ours, whose options are not checked."""


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    page: Path
    line: int
    language: str
    mark: str
    about: str
    text: str

    @property
    def where(self) -> str:
        """Page and line, as in an error message."""
        return f"{self.page.name}:{self.line}"


NUMBER = r"(?<!\w)(?:\d[\d.,]*|\?)(?:\s(?:ms|s|min)\b)?"
VERDICTS = r"(?i:\b(?:pass|fail|undecided|invalid)\b)"


def has_form_of(printed: str, expected: str) -> bool:
    """Whether a page's lines appear in what was printed, in order, with any numbers, units and verdicts.

    `...` stands for any lines, or for the rest of a line. Without one between them, lines follow each other.
    """
    form = ""
    for line in expected.rstrip().splitlines():
        if line.strip() == "...":
            form += r"(?:.*\n)*?"
            continue
        for part in re.split(rf"(\.\.\.|{NUMBER}|\s+|{VERDICTS})", line):
            if part == "...":
                form += ".*"
            elif part.isspace():
                form += r"\s+"
            elif re.fullmatch(NUMBER, part):
                form += NUMBER
            elif re.fullmatch(VERDICTS, part):
                form += VERDICTS
            else:
                form += re.escape(part)
        form += r"\s*\n"
    return re.search(rf"^{form}", printed.rstrip() + "\n", re.MULTILINE) is not None


class WrongBlockError(AssertionError):
    """A block that does not do what a reader would expect of it."""


def blocks_of(page: Path, text: str | None = None) -> list[Block]:
    """Read all fenced blocks of a page, Sphinx directives apart."""
    lines = (page.read_text(encoding="utf-8") if text is None else text).splitlines()
    found: list[Block] = []
    start: int | None = None
    for number, line in enumerate(lines, 1):
        if not line.startswith("```"):
            continue
        if start is None:
            start = number
            continue
        language = lines[start - 1].removeprefix("```")
        if not language.startswith("{"):
            found.append(_block(page, start, language, lines[: number - 1]))
        start = None
    return found


def files_before(page: Path) -> list[Block]:
    """Give the files of the pages that a page continues, the first page's first."""
    found = re.match(r"<!-- continues: (\S+) -->", page.read_text(encoding="utf-8"))
    if not found:
        return []
    former = page.parent / found[1]
    return [*files_before(former), *(block for block in blocks_of(former) if block.mark == "file")]


def _block(page: Path, start: int, language: str, lines: list[str]) -> Block:
    above = lines[start - 2].strip() if start > 1 else ""
    mark = MARK.fullmatch(above)
    block = Block(
        page=page,
        line=start,
        language=language,
        mark=mark[1] if mark else "",
        about=(mark[2] or "") if mark else "",
        text="\n".join(lines[start:]) + "\n",
    )
    if language not in LANGUAGES:
        raise WrongBlockError(f"{block.where}: language {language!r}; expected one of {sorted(LANGUAGES)}")
    if above.startswith("<!--") and not mark:
        raise WrongBlockError(f"{block.where}: unknown comment {above}")
    if block.mark in {"not run", "file"} and not block.about:
        raise WrongBlockError(
            f"{block.where}: {block.mark}: say {'why' if block.mark == 'not run' else 'which'}"
        )
    return block


# ── Commands ──────────────────────────────────────────────────────────────────────────────────────


def commands_in(block: Block) -> Iterator[list[str]]:
    """Split a shell block into the commands that it runs, each a list of words."""
    text = block.text
    if block.language == "console":
        text = "\n".join(line[2:] for line in text.splitlines() if line.startswith("$ "))
    lexer = shlex.shlex(
        text.replace("\\\n", " ").replace("\n", "\n;\n"), posix=True, punctuation_chars=";&|<>()"
    )
    lexer.whitespace_split = True
    command: list[str] = []
    skip = False
    for word in lexer:
        if set(word) <= set(";&|()"):
            if command:
                yield command
            command = []
        elif set(word) <= set("<>"):
            skip = True
        elif skip:
            skip = False
        else:
            command.append(word)
    if command:
        yield command


def check_commands(blocks: list[Block], locust_options: frozenset[str]) -> None:
    """Hold every command of shell blocks to the programs' real options; raises `WrongBlockError`."""
    for block in blocks:
        if block.language in {"sh", "console"}:
            for words in commands_in(block):
                check_command(words, block.where, locust_options)


def check_command(words: list[str], where: str, locust_options: frozenset[str]) -> None:
    """Hold one command to the program's real options; raises `WrongBlockError`."""
    while words and re.match(r"\w+=", words[0]):
        words = words[1:]
    if not words:
        return
    program = Path(words[0]).name
    if program == "footfall":
        _check_footfall(words[1:], where)
    elif program == "locust":
        unknown = [
            word for word in words if word.startswith("-") and word.partition("=")[0] not in locust_options
        ]
        if unknown:
            raise WrongBlockError(f"{where}: locust has no option {' '.join(unknown)}")
    elif program not in OTHERS:
        raise WrongBlockError(f"{where}: what is {program!r}?")


def _check_footfall(arguments: list[str], where: str) -> None:
    name, rest = arguments[0], arguments[1:]
    if name.startswith("-"):
        return
    if name not in COMMANDS:
        raise WrongBlockError(f"{where}: footfall has no command {name!r}")
    command = command_named(name)
    inner = getattr(command, "commands", None)
    if inner is not None:
        if not rest or rest[0] not in inner:
            raise WrongBlockError(f"{where}: footfall {name} has no {' '.join(rest[:1]) or 'such form'}")
        command, rest = inner[rest[0]], rest[1:]
    try:
        command.make_context(name, list(rest))  # type: ignore[attr-defined]  # Typer exports no name of its kind
    except Exception as error:
        raise WrongBlockError(f"{where}: footfall {shlex.join(arguments)}: {error}") from error


def inline_commands(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Commands in running text: the name and the options of each `footfall NAME --option …` in backticks."""
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for said in re.findall(r"`(?:\.venv/bin/)?footfall ([^`]+)`", prose):
        name = said.split()[0]
        yield name, re.findall(r"(?<![\w-])--[a-z][a-z-]*", said)


@cache
def options_of(name: str) -> frozenset[str]:
    """All options of a command, and of the forms that it has."""
    command = command_named(name)
    each = [command, *getattr(command, "commands", {}).values()]
    return frozenset(option for one in each for parameter in one.params for option in parameter.opts) | {
        "--help"
    }


# ── Python ────────────────────────────────────────────────────────────────────────────────────────


def check_python(block: Block) -> None:
    """Compile a block that is not run; what it imports from Footfall must exist.

    `footfall.locust` is for Locust's own process: it would patch this one.
    """
    tree = ast.parse(block.text, filename=block.where)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "footfall":
            if node.module == "footfall.locust":
                continue
            loaded = __import__(node.module, fromlist=["_"])
            missing = [
                name.name for name in node.names if name.name != "*" and not hasattr(loaded, name.name)
            ]
            if missing:
                raise WrongBlockError(f"{block.where}: {node.module} has no {', '.join(missing)}")
