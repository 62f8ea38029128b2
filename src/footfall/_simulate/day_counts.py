"""What a simulated day counts for its invariants: at the stations, and from the customers' times."""

from array import array
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from footfall._records.rows import OUTCOMES, Outcome
from footfall._simulate.customer_state import Customer

# ── What stations counted in a day and what the customers' times give: the two sides of the invariants

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StationCounts:
    """Something present at a station, with two accounts of how long it was there."""

    what: str
    counted: Callable[[float], float]
    """By the station: the time integral of the number present, from the start to this second."""
    from_times: Callable[[Floats], Floats]
    """By the customers' own times: the same integral over each interval between these edges."""
    by_visits: bool = False
    """Whether the visits' `wait_s` tell it, too."""


@dataclass(frozen=True, slots=True)
class RateBound:
    """A rate that a station promised to keep, and when requests passed."""

    requests_per_s: float
    burst: float
    """Requests beyond the one that the rate has room for."""
    passed_s: "array[float]"


@dataclass(frozen=True, slots=True)
class WaitBound:
    """The longest wait that a queue promised, and when its customers joined and left it."""

    longest_s: float
    joined_s: "array[float]"
    left_s: "array[float]"


Bound = RateBound | WaitBound


@dataclass(frozen=True, slots=True)
class IntervalCounts:
    """A book at the end of the day."""

    channel: str
    what: str
    counted: Floats
    """At each edge, from the start."""
    from_times: Floats
    """In each interval."""
    by_visits: bool = False


@dataclass(frozen=True, slots=True)
class Shift:
    """Who served when at one line of servers, and how many were on duty."""

    channel: str
    site: int
    begun_s: Floats
    ended_s: Floats
    """Services that were not over at the end of the run are not here."""
    changed_s: Floats
    """When the number on duty was set; the first is the start."""
    servers: Floats
    """The number from then on."""


@dataclass(frozen=True, slots=True)
class Counts:
    """All that the stations of a day counted; the first axis of an array is its edges."""

    channels: tuple[str, ...]
    operations: tuple[str, ...]
    edges_s: Floats
    came: Ints
    """Visits begun so far, by channel and operation."""
    inside: Ints
    """Visits under way at the edge, by channel and operation."""
    present_s: Floats
    """Time integral of the visits under way, from the start, by channel."""
    accounts: tuple[IntervalCounts, ...]
    shifts: tuple[Shift, ...]
    bounds: tuple[tuple[str, Bound], ...] = ()
    """With the channel's name."""


# ── Time integrals over intervals, from when each customer came and went

_AT_ONCE = 1 << 12
"""Customers who are looked at in one table of theirs by all edges."""


def level_seconds(begun_s: ArrayLike, ended_s: ArrayLike, edges_s: Floats) -> Floats:
    """Seconds spent by all who were there, in each interval: the sum of the overlaps.

    Those without an end are there to the last edge. Beginnings and ends need not be in the same order.
    """
    count = len(edges_s) - 1
    widths_s, above_s = np.diff(edges_s), edges_s[1:]
    total = np.zeros(count)
    level = np.zeros(count)
    for sign, times in ((1, begun_s), (-1, ended_s)):
        at_s = np.asarray(times, dtype=np.float64)
        place = intervals(at_s, edges_s)
        at_s, place = at_s[place < count], place[place < count]
        changes = np.bincount(place, minlength=count)
        level += sign * (np.cumsum(changes) - changes)
        total += sign * np.bincount(place, weights=above_s[place] - at_s, minlength=count)
    result: Floats = total + level * widths_s
    return result


def intervals(at_s: Floats, edges_s: Floats) -> Ints:
    """Give the number of the interval, from 0, that each time falls into; an edge belongs to what follows.

    Most intervals are of one width: a division finds them, and is put right where rounding or an uneven
    edge made it miss.
    """
    last = len(edges_s) - 1
    guess = np.minimum(at_s * ((last - 1) / edges_s[-2] if last > 1 else 0.0), last).astype(np.int64)
    misses = (at_s < edges_s[guess]) | (at_s >= np.append(edges_s, np.inf)[guess + 1])
    guess[misses] = np.searchsorted(edges_s, at_s[misses], side="right") - 1
    return guess


def work_seconds(came_s: ArrayLike, gone_s: ArrayLike, service_s: float, edges_s: Floats) -> Floats:
    """Integral of the work in hand in each interval, where all need the same service in turn.

    One who comes at a and goes at g leaves the work s until g - s, then g - t: in all
    s (g - s - a) + s²/2 (Brumelle 1971, Operations Research 19, 1120-1130).
    """
    came, gone = (np.asarray(times, dtype=np.float64) for times in (came_s, gone_s))
    count = len(edges_s) - 1
    first, last = intervals(came, edges_s), intervals(gone, edges_s)
    whole = service_s * (gone - came) - service_s**2 / 2
    within = (first == last) & (first < count)
    total: Floats = np.bincount(first[within], weights=whole[within], minlength=count).astype(np.float64)
    came, gone = came[~within], gone[~within]
    for k in range(0, len(came), _AT_ONCE):
        total += np.diff(_work_until(edges_s, came[k : k + _AT_ONCE], gone[k : k + _AT_ONCE], service_s))
    return total


def _work_until(at_s: Floats, came_s: Floats, gone_s: Floats, service_s: float) -> Floats:
    """Work integral up to each of some times, of all these customers together."""
    waited_s = np.clip(at_s[:, np.newaxis] - came_s, 0, gone_s - service_s - came_s)
    rest_s = np.clip(gone_s - at_s[:, np.newaxis], 0, service_s)
    done: Floats = (service_s * waited_s + (service_s**2 - rest_s**2) / 2).sum(axis=1)
    return done


# ── A day's visits as the laws look at them: numbers for names, taken once

NAMELESS = len(OUTCOMES)
"""Stands for an outcome that is none of the names."""
UNFINISHED = OUTCOMES.index(Outcome.UNFINISHED)


@dataclass(frozen=True, slots=True)
class Seen:
    """Columns of the visits, a number a visit."""

    channels: Ints
    operations: Ints
    outcomes: Ints
    """Positions in `OUTCOMES`."""
    due_s: Floats
    ended_s: Floats
    wait_s: Floats


def seen(visits: pl.DataFrame, counts: Counts) -> Seen:
    """Take what the laws need from a table with the columns of `VISITS`."""
    return Seen(
        channels=_codes(visits["channel"], counts.channels),
        operations=_codes(visits["operation"], counts.operations),
        outcomes=_codes(visits["outcome"], OUTCOMES),
        due_s=visits["due_s"].to_numpy(),
        ended_s=visits["ended_s"].to_numpy(),
        wait_s=visits["wait_s"].to_numpy(),
    )


def _codes(names: pl.Series, known: Sequence[str]) -> Ints:
    codes = names.cast(pl.Enum([str(name) for name in known]), strict=False).to_physical()
    numbers: Ints = codes.cast(pl.Int64).fill_null(len(known)).to_numpy().astype(np.int64, copy=False)
    return numbers


# ── Counting while the day runs: a few numbers a visit, and a look at the stations at each half hour

if TYPE_CHECKING:
    from footfall._simulate.stations.station import Station


class DayTally:
    """The stations' own counts of a day; `came` and `moments_s` are the day's to write."""

    def __init__(self, stations: Sequence["Station"], operations: Sequence[str]) -> None:
        """Note an empty house at second 0."""
        self._stations = stations
        self._operations = tuple(operations)
        self._books = [(station.channel.name, book) for station in stations for book in station.books()]
        self.came = [0] * (len(stations) * len(operations))
        """Visits begun, by channel * operations + operation."""
        self.moments_s = [0.0] * len(stations)
        """By channel: seconds at which visits ended less those at which they began."""
        self._edges_s: list[float] = []
        self._came: list[list[int]] = []
        self._inside: list[list[int]] = []
        self._present_s: list[list[float]] = []
        self._counted: list[list[float]] = []
        self.note(0.0, ())

    def note(self, now_s: float, inside: Collection[Customer]) -> None:
        """Write down where the stations are at this second, before anything happens in it."""
        if self._edges_s and now_s <= self._edges_s[-1]:
            return
        here = [0] * len(self.came)
        levels = [0] * len(self.moments_s)
        for customer in inside:
            here[customer.channel * len(self._operations) + customer.operation] += 1
            levels[customer.channel] += 1
        self._edges_s.append(now_s)
        self._came.append(self.came.copy())
        self._inside.append(here)
        # Who is still there has a beginning and no end yet: now stands for it.
        present = [moment + level * now_s for moment, level in zip(self.moments_s, levels, strict=True)]
        self._present_s.append(present)
        self._counted.append([book.counted(now_s) for _, book in self._books])

    def counts(self) -> Counts:
        """Give the counts of the whole day."""
        edges_s = np.array(self._edges_s)
        shape = (len(edges_s), len(self._stations), len(self._operations))
        counted = np.array(self._counted, dtype=np.float64).reshape(len(edges_s), len(self._books))
        return Counts(
            channels=tuple(station.channel.name for station in self._stations),
            operations=self._operations,
            edges_s=edges_s,
            came=np.array(self._came, dtype=np.int64).reshape(shape),
            inside=np.array(self._inside, dtype=np.int64).reshape(shape),
            present_s=np.array(self._present_s, dtype=np.float64).reshape(shape[:2]),
            accounts=tuple(
                IntervalCounts(channel, book.what, counted[:, k], book.from_times(edges_s), book.by_visits)
                for k, (channel, book) in enumerate(self._books)
            ),
            shifts=tuple(
                Shift(
                    station.channel.name,
                    site,
                    *(np.array(times) for times in (servers.begun_s, servers.ended_s)),
                    *np.array(servers.staffed).T,
                )
                for station in self._stations
                for site, servers in enumerate(station.shifts())
            ),
            bounds=tuple(
                (station.channel.name, bound) for station in self._stations for bound in station.bounds()
            ),
        )
