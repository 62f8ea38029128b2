"""Counting while the day runs: a few numbers a visit, and a look at the stations at each half hour."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from footfall.simulate.customer import Customer
from footfall.simulate.laws.counts import Account, Counts, Shift

if TYPE_CHECKING:
    from footfall.simulate.stations import Station


class Tally:
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
                Account(channel, book.what, counted[:, k], book.told(edges_s), book.by_visits)
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
