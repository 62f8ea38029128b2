"""What a person sees: tables and lines on stdout, progress on stderr and only on a terminal."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

_WIDTH_PIPED = 1_000_000
_TIGHT = (0, 1, 0, 0)


def console() -> Console:
    """Give the console of stdout: as wide as the terminal, or as anything may be where it is none."""
    return Console(width=None if sys.stdout.isatty() else _WIDTH_PIPED, highlight=False, soft_wrap=False)


def show_table(table: Table, to: Console | None = None) -> None:
    """Print a table on stdout; cells that do not fit the terminal go on in the next line, and none is cut."""
    shown_on = to or console()
    for column in table.columns:
        column.overflow = "fold"
    if Measurement.get(shown_on, shown_on.options.update(max_width=_WIDTH_PIPED), table).maximum > (
        shown_on.width
    ):
        table.padding = _TIGHT
    shown_on.print(table)


def say(text: str = "") -> None:
    """Print a line on stdout as it is, however long."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Print a line on stderr: what is going on, for whoever watches."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def say_json(data: Any) -> None:  # noqa: ANN401  whatever JSON holds
    """Print a value as JSON on stdout."""
    say(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False))


def percent(share: float | None) -> str:
    """Give a share as a person reads it."""
    return "–" if share is None else f"{share:.1%}".replace("%", " %")


def seconds(value: float | None) -> str:
    """Give a time as a person reads it."""
    if value is None:
        return "–"
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f} s" if value < 120 else f"{value / 60:.1f} min"  # noqa: PLR2004  two minutes


@contextmanager
def progress(title: str) -> Iterator[Callable[[float], None]]:
    """Show a bar while long work runs; hand it the share done. Off a terminal, only the title is written."""
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
