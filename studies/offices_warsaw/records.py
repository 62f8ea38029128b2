"""Snapshots of the displays of service halls, a queue and a day at a time, checked once."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall._records.errors import BadInputError

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
_TEXTS = ("office", "queue_id", "queue_letter", "queue_name", "ticket_now")
_NUMBERS = ("open_counters", "queue_len", "served", "own_share")
_TIME = "ts"
COLUMNS = (*_TEXTS, *_NUMBERS, _TIME)
_LOOKS_LEAST = 2


@dataclass(frozen=True, slots=True)
class QueueDay:
    """What the display of one queue said on one day, look by look."""

    office: str
    queue: str
    title: str
    letter: str
    day: date
    own_share: float
    """Share of the tickets shown that bear the queue's letter."""
    at_s: Floats
    """Seconds after midnight, rising."""
    counters: Counts
    waiting: Counts
    called: Floats
    """Tickets called since the look before, by their numbers; 0 where that is not known."""
    tickets: tuple[str, ...]
    """The last one called; empty: none yet."""

    @property
    def name(self) -> str:
        """Office and queue."""
        return f"{self.office}/{self.queue}"


def queue_days(snapshots: pl.DataFrame, where: str) -> list[QueueDay]:
    """Give every queue on every day on which anybody was called anywhere; by office, queue and day.

    Raises:
        BadInputError: a column is missing, a cell is not what its column holds, or nobody was ever called.
    """
    for name in COLUMNS:
        if name not in snapshots.columns:
            raise BadInputError(where, f"has no column {name!r}", ", ".join(COLUMNS))
    rows = _typed(snapshots, where).with_columns(day=pl.col(_TIME).dt.date())
    rows = rows.filter(pl.col("served").sum().over("day") > 0)
    if rows.is_empty():
        raise BadInputError(where, "nobody was called on any day", "snapshots of offices at work")
    rows = rows.unique(["office", "queue_id", _TIME], keep="first", maintain_order=True)
    rows = rows.sort("office", "queue_id", _TIME, maintain_order=True)
    parts = rows.partition_by("office", "queue_id", "day", maintain_order=True)
    return [_queue_day(part) for part in parts if part.height >= _LOOKS_LEAST]


def _typed(rows: pl.DataFrame, where: str) -> pl.DataFrame:
    """Give the columns their types, whatever the file had: a CSV's cells are text.

    Raises:
        BadInputError: a cell is not what its column holds.
    """
    typed = [rows[name].cast(pl.String).fill_null("") for name in _TEXTS]
    for name in _NUMBERS:
        cells = rows[name].replace("", None) if rows[name].dtype == pl.String else rows[name]
        typed.append(_sound(cells, cells.cast(pl.Float64, strict=False), where, "a number"))
    cells = rows[_TIME]
    if cells.dtype == pl.String:
        times = cells.str.to_datetime(time_unit="us", strict=False)
    else:
        times = cells.cast(pl.Datetime("us"), strict=False)
    typed.append(_sound(cells, times, where, "a time"))
    return pl.DataFrame(typed).drop_nulls(["open_counters", "queue_len", _TIME])


def _sound(cells: pl.Series, typed: pl.Series, where: str, expected: str) -> pl.Series:
    bad = (typed.is_null() & cells.is_not_null()).arg_true()
    if len(bad):
        row = int(bad[0])
        raise BadInputError(where, f"row {row + 2}, column {cells.name!r}: {cells[row]!r}", expected)
    return typed


def _queue_day(rows: pl.DataFrame) -> QueueDay:
    first = rows.row(0, named=True)
    since = pl.col(_TIME) - pl.col(_TIME).dt.truncate("1d")
    return QueueDay(
        office=first["office"],
        queue=first["queue_id"],
        title=first["queue_name"],
        letter=first["queue_letter"],
        day=first["day"],
        own_share=float(first["own_share"] or 0.0),
        at_s=rows.select(since.dt.total_seconds().cast(pl.Float64))[_TIME].to_numpy(),
        counters=rows["open_counters"].cast(pl.Int64).to_numpy(),
        waiting=rows["queue_len"].cast(pl.Int64).to_numpy(),
        called=rows["served"].fill_null(0.0).to_numpy(),
        tickets=tuple(rows["ticket_now"].to_list()),
    )
