"""What the commands print: lines, tables that fit the terminal, JSON."""

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from itertools import pairwise
from typing import Any, TextIO

from rich.cells import cell_len, chop_cells
from rich.console import Console, JustifyMethod, OverflowMethod, RenderableType
from rich.containers import Lines
from rich.measure import Measurement
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from footfall._runs.messages import Messages

# ── Where a line that is too long goes on in the next: at blanks, then at a name's separators

_WORD = re.compile(r"\s*\S+\s*")
_SEPARATORS = frozenset("._-/:,(|")
_WIDE = 2


class NameText(Text):
    """A cell whose text goes on in the next line at blanks and at separators, and is never cut."""

    def wrap(
        self,
        console: Console,
        width: int,
        *,
        justify: JustifyMethod | None = None,
        overflow: OverflowMethod | None = None,
        tab_size: int = 8,
        no_wrap: bool | None = None,
    ) -> Lines:
        """Fold the text, as `Text.wrap` does, at the places that `fold_at` gives."""
        if no_wrap:
            return super().wrap(
                console, width, justify=justify, overflow=overflow, tab_size=tab_size, no_wrap=no_wrap
            )
        lines = Lines()
        for line in self.split(allow_blank=True):
            parts = line.divide(fold_at(line.plain, width))
            for part in parts:
                part.rstrip_end(width)
            parts.justify(console, width, justify=justify or "left", overflow="fold")
            lines.extend(parts)
        return lines


def fold_at(text: str, width: int) -> list[int]:
    """Give the positions at which a text is folded so that no line is wider than `width` cells.

    Words stay whole where they fit a line; a longer one is folded after a separator that a letter follows,
    or between wide letters (Chinese, Japanese, Korean), which take two cells, and else where the line ends.
    """
    places: list[int] = []
    used = 0
    place = 0
    for end in _word_ends(text):
        word = text[place:end]
        if cell_len(word.rstrip()) <= width:
            parts = [word]
        else:
            parts = [chopped for piece in _pieces(word) for chopped in _chopped(piece, width)]
        for part in parts:
            if used and used + cell_len(part.rstrip()) > width:
                places.append(place)
                used = 0
            used += cell_len(part)
            place += len(part)
    return places


def wrapped(line: str, width: int) -> str:
    """Wrap a line of prose at blanks; what follows is indented as it is, and no word is taken apart."""
    indent = line[: len(line) - len(line.lstrip())]
    room = width - cell_len(indent)
    if cell_len(line) <= width or room < width // 2:
        return line
    lines, used = [""], 0
    for word in _WORD.findall(line.strip()):
        if used and used + cell_len(word.rstrip()) > room:
            lines.append("")
            used = 0
        lines[-1] += word
        used += cell_len(word)
    return "\n".join(f"{indent}{each.rstrip()}" for each in lines)


def _word_ends(text: str) -> list[int]:
    ends = [match.end() for match in _WORD.finditer(text)]
    return ends or ([len(text)] if text else [])


def _pieces(word: str) -> list[str]:
    """Take a word apart after its separators, and between wide letters."""
    cuts = [k for k, (before, after) in enumerate(pairwise(word), start=1) if _may_fold(before, after)]
    return [word[start:end] for start, end in pairwise([0, *cuts, len(word)])]


def _may_fold(before: str, after: str) -> bool:
    if before in _SEPARATORS and after.isalpha():
        return True
    return _WIDE in {cell_len(before), cell_len(after)} and not after.isspace()


def _chopped(piece: str, width: int) -> list[str]:
    return chop_cells(piece, width) if cell_len(piece.rstrip()) > width else [piece]


# ── What a person sees: tables and lines on stdout, progress on stderr and only on a terminal

_WIDTH_PIPED = 1_000_000
_TIGHT = (0, 1, 0, 0)


def console() -> Console:
    """Give the console of stdout: as wide as the terminal, or as anything may be where it is none."""
    return Console(width=None if sys.stdout.isatty() else _WIDTH_PIPED, highlight=False, soft_wrap=False)


def show_table(table: Table, to: Console | None = None) -> None:
    """Print a table on stdout; cells that do not fit the terminal go on in the next line, and none is cut.

    A cell is text and never markup, whatever brackets a name has.
    """
    shown_on = to or console()
    table = _of_names(table)
    if Measurement.get(shown_on, shown_on.options.update(max_width=_WIDTH_PIPED), table).maximum > (
        shown_on.width
    ):
        table.padding = _TIGHT
    shown_on.print(table)


def _of_names(table: Table) -> Table:
    """Give a table with the same cells, as texts that fold at the separators of names."""
    found = copy(table)
    found.title = Text(table.title) if isinstance(table.title, str) else table.title
    found.columns, found.rows = [column.copy() for column in table.columns], []
    for column in found.columns:
        column.header = _name(column.header)
    cells = zip(*(column.cells for column in table.columns), strict=True)
    for row, own in zip(table.rows, cells, strict=True):
        found.add_row(*map(_name, own), style=row.style, end_section=row.end_section)
    return found


def _name(cell: RenderableType) -> RenderableType:
    return NameText(cell) if isinstance(cell, str) else cell


def say(text: str = "") -> None:
    """Print lines on stdout: on a terminal wrapped between words, else as they are, however long."""
    _write(sys.stdout, text)


def note(text: str) -> None:
    """Print lines on stderr, as `say` does: what is going on."""
    _write(sys.stderr, text)


def _write(stream: TextIO, text: str) -> None:
    if stream.isatty():
        width = shutil.get_terminal_size().columns
        text = "\n".join(wrapped(line, width) for line in text.split("\n"))
    stream.write(f"{text}\n")
    stream.flush()


def say_json(data: Any) -> None:  # noqa: ANN401  whatever JSON holds
    """Print a value as JSON on stdout."""
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()


@contextmanager
def progress(title: str) -> Iterator[Callable[[float], None]]:
    """Show a bar while long work runs; it takes the share done. Off a terminal, only the title is written."""
    if not sys.stderr.isatty():
        note(f"{title} …")
        yield lambda _share: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda share: bar.update(task, completed=min(share, 1.0))
        bar.update(task, completed=1.0)


class Terminal(Messages):
    """Shows what a job says: lines on stderr, and on a terminal a bar for each stage."""

    def note(self, text: str) -> None:
        """Print a line on stderr."""
        note(text)

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[float], None]]:
        """Show a stage of the work."""
        with progress(title) as bar:
            yield bar

    @contextmanager
    def busy(self, text: str) -> Iterator[None]:
        """Show a text and the time that has passed; off a terminal nothing is written."""
        if not sys.stderr.isatty():
            yield
            return
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            bar.add_task(text, total=None)
            yield


TERMINAL = Terminal()


def show_rows(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table whose first column is text and whose others are numbers; cells are shown as they are."""
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for place, head in enumerate(heads):
        table.add_column(head, justify="right" if place else "left")
    for row in rows:
        table.add_row(*row)
    show_table(table)
