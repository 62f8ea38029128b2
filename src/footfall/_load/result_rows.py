"""Rows of a run while it lasts, the state of every arrival, and what is said of one that broke."""

import shutil
from array import array
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from traceback import walk_tb

import polars as pl

from footfall._records.runs import ArrivalCounts, Lag
from footfall._records.tables import table, write_parquet
from footfall._stats.intervals import percentiles

# ── Rows of a run while it lasts, and the state of every arrival

# ── Rows of a play while it lasts: the latest in memory, older ones in files, so that memory stays flat

Row = tuple[object, ...]
KEPT_MOST = 100_000
"""Some 60 MB of rows; a play of minutes never has more, and writes nothing while it lasts."""
SPILLED_AT_ONCE = 2_000
"""Their table is made and written in some ten milliseconds, in which every arrival waits."""


class ResultRows:
    """Rows of one schema, in the order in which they came."""

    def __init__(self, schema: pl.Schema, parts: Path | None = None) -> None:
        """Start with none; `parts` is a folder for the older ones, None to keep all."""
        self._schema = schema
        self._parts = parts
        self.latest: list[Row] = []
        self.spilled = 0
        """Rows that are in files; `latest[0]` is the row of this number."""

    def __len__(self) -> int:
        """All rows so far."""
        return self.spilled + len(self.latest)

    def add(self, row: Row) -> None:
        """Add a row.

        Raises:
            BadInputError: the older ones cannot be written.
        """
        # A plain tuple of plain values is none of the cyclic collector's business, a named one always is.
        self.latest.append(tuple(row))
        if self._parts is not None and len(self.latest) >= KEPT_MOST + SPILLED_AT_ONCE:
            self._spill(self._parts)

    def since(self, number: int) -> Sequence[Row]:
        """Give the rows from that number on, as far as they are still in memory."""
        return self.latest[max(number - self.spilled, 0) :]

    def frame(self) -> pl.DataFrame:
        """Give all rows as a table."""
        latest = table(self.latest, self._schema)
        if not self.spilled or self._parts is None:
            return latest
        older = pl.read_parquet(sorted(self._parts.glob("*.parquet")))
        return pl.concat([older, latest])

    def end(self) -> None:
        """Remove the files of older rows."""
        if self.spilled and self._parts is not None:
            shutil.rmtree(self._parts, ignore_errors=True)

    def _spill(self, parts: Path) -> None:
        older, self.latest = self.latest[:SPILLED_AT_ONCE], self.latest[SPILLED_AT_ONCE:]
        write_parquet(table(older, self._schema), parts / f"{self.spilled:012d}.parquet")
        self.spilled += len(older)


# ── Every arrival in exactly one state, and how late each was started


class ArrivalState(IntEnum):
    """Where an arrival is."""

    WAITING = 0
    STARTED = 1
    PLAYED = 2
    FAILED = 3
    LOST = 4
    BROKEN = 5


class ArrivalStates:
    """The account of a play: arrivals are numbered from 0."""

    def __init__(self, due: int) -> None:
        """Start with all arrivals waiting."""
        self._states = bytearray(due)
        self._lags_s = array("d")
        self._numbers = array("q")
        """Of those whose lags these are."""

    @property
    def started(self) -> int:
        """Arrivals that were started so far."""
        return len(self._lags_s)

    def starts_since(self, count: int) -> list[tuple[int, float]]:
        """Give arrival and lag of all but the first `count` that were started, in their order."""
        return list(zip(self._numbers[count:], self._lags_s[count:], strict=True))

    @property
    def under_way(self) -> int:
        """Arrivals that were started and have not ended."""
        return self._states.count(ArrivalState.STARTED)

    def start(self, arrival: int, lag_s: float) -> None:
        """Note that an arrival is started, `lag_s` after it was due.

        Raises:
            ValueError: it was started before.
        """
        self._move(arrival, ArrivalState.WAITING, ArrivalState.STARTED)
        self._lags_s.append(lag_s)
        self._numbers.append(arrival)

    def end(self, arrival: int, state: ArrivalState) -> None:
        """Note that a started arrival has ended: played, failed or broken.

        Raises:
            ValueError: it is not under way.
        """
        self._move(arrival, ArrivalState.STARTED, state)

    def lose(self, arrival: int) -> None:
        """Note that nobody will ever know what became of an arrival that was waiting or under way.

        Raises:
            ValueError: it has ended.
        """
        if self._states[arrival] not in (ArrivalState.WAITING, ArrivalState.STARTED):
            self._move(arrival, ArrivalState.WAITING, ArrivalState.LOST)
        self._states[arrival] = ArrivalState.LOST

    def state(self, arrival: int) -> ArrivalState:
        """Where an arrival is."""
        return ArrivalState(self._states[arrival])

    @property
    def waiting(self) -> int:
        """Arrivals that may still be started."""
        return self._states.count(ArrivalState.WAITING)

    def counts(self) -> ArrivalCounts:
        """Count the states; who was started and has not ended is failed."""
        return ArrivalCounts(
            due=len(self._states),
            played=self._states.count(ArrivalState.PLAYED),
            failed=self._states.count(ArrivalState.FAILED) + self.under_way,
            broken=self._states.count(ArrivalState.BROKEN),
            not_sent=self._states.count(ArrivalState.WAITING),
            lost=self._states.count(ArrivalState.LOST),
        )

    def lag(self) -> Lag:
        """Exact percentiles of all started arrivals."""
        ordered = sorted(self._lags_s)
        p50, p99, most = percentiles(ordered, 0.50, 0.99, 1.0)
        return Lag(p50=p50, p99=p99, max=most)

    def _move(self, arrival: int, before: ArrivalState, after: ArrivalState) -> None:
        if self._states[arrival] != before:
            msg = f"arrival {arrival} is {ArrivalState(self._states[arrival]).name}, not {before.name}"
            raise ValueError(msg)
        self._states[arrival] = after


# ── What is said of an error that broke an arrival inside the generator: its kind and place, never its text

_PACKAGE = Path(__file__).parents[1]


class BrokenArrivalError(Exception):
    """An arrival broke inside the generator; its text is that of `place_of`."""


def place_of(error: BaseException) -> str:
    """Give the kind of an error and where in Footfall it came up: `ValueError in load/play/wire.py, send`.

    The text of an error may quote what could not be sent, hence a secret, so it is left out.
    """
    place = ""
    for frame, _ in walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(_PACKAGE):
            place = f" in {path.relative_to(_PACKAGE).as_posix()}, {frame.f_code.co_name}"
    return f"{type(error).__name__}{place}"
