"""Who is served first: by priority, then by when they came less their credit, then in the order of coming."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

import simpy

from footfall.simulate.customer import Customer
from footfall.simulate.stations.queue import Ticket

Standing = Callable[[Customer], tuple[float, float]]
"""Rank of a customer (the smaller is first) and credit in seconds."""


class Entry(NamedTuple):
    """A ticket where it stands; the first fields decide, and no two have the same number."""

    rank: float
    since_s: float
    number: int
    ticket: Ticket


class Ranked:
    """Tickets in that order, in the place of a line's `deque`: a heap, O(log n) for each."""

    __slots__ = ("_entries", "_env", "_numbers", "_standing")

    def __init__(self, env: simpy.Environment, standing: Standing, numbers: Iterator[int]) -> None:
        """Start empty; lines that are served together take their numbers from one count."""
        self._env = env
        self._standing = standing
        self._numbers = numbers
        self._entries: list[Entry] = []

    def append(self, ticket: Ticket) -> Entry:
        """Take a ticket that is drawn now; returns where it stands."""
        rank, credit_s = self._standing(ticket.customer)
        entry = Entry(rank, self._env.now - credit_s, next(self._numbers), ticket)
        heappush(self._entries, entry)
        return entry

    def insert(self, entry: Entry) -> None:
        """Take a ticket where it would stand had it been here all the time."""
        heappush(self._entries, entry)

    def popleft(self) -> Ticket:
        """Give the first ticket away."""
        return heappop(self._entries).ticket

    def first(self) -> Entry | None:
        """Show the first whose customer still waits; those who have gone are dropped."""
        entries = self._entries
        while entries and not entries[0].ticket.waits:
            heappop(entries)
        return entries[0] if entries else None


def standing(
    segments: Sequence[str],
    operations: Sequence[str],
    priority: Mapping[str, float],
    credit_s: Mapping[str, float],
) -> Standing:
    """Give what ranks the customers; who has a priority by both segment and operation has the greater."""
    ranks = [
        [-max(float(priority.get(name, 0)) for name in (segment, operation)) for operation in operations]
        for segment in segments
    ]
    credits_s = [float(credit_s.get(segment, 0.0)) for segment in segments]
    return lambda customer: (
        ranks[customer.segment][customer.operation],
        credits_s[customer.segment],
    )
