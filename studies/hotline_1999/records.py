"""The recorded calls of a hotline, a day at a time, checked once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall._model.numbers import HALF_HOUR_S, HALF_HOURS
from footfall._records.errors import BadInputError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
COLUMNS = (
    "date", "type", "status", "priority", "agent", "vru_entry", "vru_exit",
    "ser_start", "ser_exit", "vru_s", "wait_s", "service_s",
)  # fmt: skip
_NUMBERS = ("priority", "vru_s", "wait_s", "service_s")
_TIMES = ("date", "vru_entry", "vru_exit", "ser_start", "ser_exit")
SERVED, ABANDONED = "served", "abandoned_queue"
PRIORITY = 2
SERVICE_S_MOST = 7200.0
"""A longer service is an error of the clock."""
REGULAR_SHARE = 0.7
"""A day of less than this share of its weekday's median calls is not regular."""
_WEEKEND = frozenset({5, 6})
"""Friday and Saturday, as `isoweekday`: the Israeli week is Sunday to Thursday."""
NOT_RECORDED = -1


@dataclass(frozen=True, slots=True)
class RecordedDay:
    """Calls offered to agents on one day, in order of arrival; times are seconds after midnight."""

    day: date
    arrived_s: Floats
    """Leaves the voice unit."""
    kinds: tuple[str, ...]
    priority: NDArray[np.int64]
    """1 yes, 0 no, -1 not recorded: who did not wait."""
    waited_s: Floats
    served: Bools
    agents: tuple[str, ...]
    """Empty: nobody is named, or nobody served."""
    began_s: Floats
    """Not a number where unknown, as `ended_s`."""
    ended_s: Floats
    service_s: Floats

    @property
    def month(self) -> str:
        """Year and month."""
        return f"{self.day:%Y-%m}"

    @property
    def half_hours(self) -> NDArray[np.int64]:
        """Half hour of each arrival."""
        found: NDArray[np.int64] = np.clip(self.arrived_s // HALF_HOUR_S, 0, HALF_HOURS - 1).astype(np.int64)
        return found

    def calls_by_agent(self) -> dict[str, list[tuple[float, float, int]]]:
        """Begin, end and number of the calls of each named agent, in order."""
        found: dict[str, list[tuple[float, float, int]]] = defaultdict(list)
        for n, agent in enumerate(self.agents):
            if agent and self.ended_s[n] >= self.began_s[n]:
                found[agent].append((float(self.began_s[n]), float(self.ended_s[n]), n))
        return {agent: sorted(calls) for agent, calls in found.items()}


def regular_days(calls: pl.DataFrame, where: str) -> list[RecordedDay]:
    """Give the regular days of a file: Sunday to Thursday, at least 0.7 of the weekday's median calls.

    Raises:
        BadInputError: a column is missing, or no day is regular.
    """
    return days_of(regular_calls(offered_calls(calls, where), where))


def offered_calls(calls: pl.DataFrame, where: str) -> pl.DataFrame:
    """Give the calls that were offered to agents, with `day` and `arrived`, as they left the voice unit.

    Raises:
        BadInputError: a column is missing, or a cell is not what its column holds.
    """
    for name in COLUMNS:
        if name not in calls.columns:
            raise BadInputError(where, f"has no column {name!r}", ", ".join(COLUMNS))
    return _offered(_typed(calls, where))


def regular_calls(offered: pl.DataFrame, where: str) -> pl.DataFrame:
    """Give the offered calls of regular days, in order of arrival, without those of another pool of agents.

    Raises:
        BadInputError: no day is regular.
    """
    counts = offered.group_by("day").len()
    weekday = pl.col("day").dt.weekday()
    usual = counts.with_columns(usual=pl.col("len").median().over(weekday))
    kept = usual.filter((pl.col("len") >= REGULAR_SHARE * pl.col("usual")) & ~weekday.is_in(list(_WEEKEND)))
    if kept.is_empty():
        raise BadInputError(
            where, "has no regular day", "calls of Sundays to Thursdays that were offered to agents"
        )
    return calls_on(kept["day"], offered)


def is_working(day: date, holidays: Sequence[date] = ()) -> bool:
    """Say whether a day is one of work by the calendar: Sunday to Thursday, and no holiday."""
    return day.isoweekday() not in _WEEKEND and day not in holidays


def calls_on(days: Iterable[date], offered: pl.DataFrame) -> pl.DataFrame:
    """Give the offered calls of some days, in order of arrival, without those of another pool of agents."""
    chosen = offered.filter(pl.col("day").is_in(list(days)))
    ordered = chosen.sort("day", "arrived", maintain_order=True)
    own = [rows.filter(~_of_another_pool(rows)) for rows in ordered.partition_by("day", maintain_order=True)]
    return pl.concat(own) if own else chosen


def days_of(regular: pl.DataFrame) -> list[RecordedDay]:
    """Give the days of such calls."""
    return [_day(rows) for rows in regular.partition_by("day", maintain_order=True)]


def _typed(calls: pl.DataFrame, where: str) -> pl.DataFrame:
    """Give the columns their types, whatever the file had: a CSV's cells are text.

    Raises:
        BadInputError: a cell is not what its column holds.
    """
    for name, expected in (
        *((name, "a whole number") for name in _NUMBERS),
        *((name, "a time") for name in _TIMES),
    ):
        cells = calls[name]
        if cells.dtype != pl.String:
            continue
        cells = cells.replace("", None)
        typed = (
            cells.cast(pl.Float64, strict=False)
            if name in _NUMBERS
            else cells.str.to_datetime(time_unit="us", strict=False)
        )
        bad = (typed.is_null() & cells.is_not_null()).arg_true()
        if len(bad):
            row = int(bad[0])
            raise BadInputError(where, f"row {row + 2}, column {name!r}: {cells[row]!r}", expected)
        calls = calls.with_columns(typed.alias(name))
    return calls


def _offered(calls: pl.DataFrame) -> pl.DataFrame:
    text = [pl.col(name).cast(pl.String).fill_null("") for name in ("type", "status", "agent")]
    arrived = pl.when(pl.col("vru_s") < 0).then(pl.col("vru_entry")).otherwise(pl.col("vru_exit"))
    return calls.with_columns(*text, day=pl.col("date").cast(pl.Date), arrived=arrived).filter(
        pl.col("status").is_in([SERVED, ABANDONED]) & pl.col("arrived").is_not_null()
    )


def _day(own: pl.DataFrame) -> RecordedDay:
    day: date = own["day"][0]
    began, ended = _seconds(own, "ser_start"), _seconds(own, "ser_exit")
    waited = own["wait_s"].cast(pl.Float64).fill_null(0.0).to_numpy()
    served = (own["status"] == SERVED).to_numpy()
    priority = (own["priority"] == PRIORITY).fill_null(value=False).to_numpy().astype(np.int64)
    return RecordedDay(
        day=day,
        arrived_s=_seconds(own, "arrived"),
        kinds=tuple(own["type"].to_list()),
        priority=np.where(waited > 0, priority, NOT_RECORDED),
        waited_s=waited,
        served=served,
        agents=tuple(a if s else "" for a, s in zip(own["agent"].to_list(), served, strict=True)),
        began_s=began,
        ended_s=ended,
        service_s=own["service_s"].cast(pl.Float64).fill_null(np.nan).to_numpy(),
    )


def _of_another_pool(rows: pl.DataFrame) -> pl.Series:
    """Calls of a kind that a pool of other agents served on that day: neither load nor measure here."""
    if "agent_group" not in rows.columns:
        return pl.Series(values=[False] * rows.height)
    elsewhere = rows["agent_group"].cast(pl.String).fill_null("").is_in(["", "regular"]).not_()
    kinds = rows.filter(elsewhere)["type"].value_counts()
    own = dict(rows.filter(~elsewhere & (rows["agent"] != ""))["type"].value_counts().iter_rows())
    gone = [kind for kind, count in kinds.iter_rows() if count > own.get(kind, 0)]
    return elsewhere | rows["type"].is_in(gone)


def _seconds(rows: pl.DataFrame, name: str) -> Floats:
    midnight = rows["day"].cast(pl.Datetime("us"))
    seconds = (rows[name].cast(pl.Datetime("us")) - midnight).dt.total_microseconds() / 1e6
    found: Floats = seconds.cast(pl.Float64).fill_null(np.nan).to_numpy()
    return found
