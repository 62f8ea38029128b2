"""What a person sees: tables and lines on stdout, progress on stderr and only on a terminal."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any, TextIO

from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from footfall.cli.folding import NameText, wrapped
from footfall.runs.messages import Messages

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


TERMINAL = Terminal()
