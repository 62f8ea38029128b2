"""Queues before servers, first come first served or by priority, and what is counted at them."""

from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from typing import NamedTuple, Protocol

import numpy as np
import simpy

from footfall._simulate.customer_state import Customer
from footfall._simulate.day_counts import Floats, StationCounts, level_seconds
from footfall._simulate.engine import PARKED, Body, after

# ── Two accounts of who waits and who is served: the station's integrals, and the customers' times


class Queue(Protocol):
    """Those who wait, counted; and their own times."""

    joined_s: "array[float]"
    left_s: "array[float]"

    def waiting_s(self, now_s: float) -> float:
        """Give the time integral of those who wait, from the start."""


class Servers(Protocol):
    """Those who serve, counted; and their customers' times."""

    begun_s: "array[float]"
    ended_s: "array[float]"
    staffed: list[tuple[float, int]]
    """Since when how many are on duty."""

    def busy_s(self, now_s: float) -> float:
        """Give the time integral of the busy servers, from the start."""


def waiting_and_service(
    queues: Sequence[Queue], servers: Sequence[Servers], *, by_visits: bool = True
) -> tuple[StationCounts, ...]:
    """Give both accounts of a station's queues, and of its servers.

    Without `by_visits` some wait there for whom no visit does: clients that have given up.
    """
    return (
        StationCounts(
            "waiting",
            lambda now_s: sum(queue.waiting_s(now_s) for queue in queues),
            lambda edges_s: level_seconds(
                _together(queue.joined_s for queue in queues),
                _together(queue.left_s for queue in queues),
                edges_s,
            ),
            by_visits=by_visits,
        ),
        StationCounts(
            "service",
            lambda now_s: sum(one.busy_s(now_s) for one in servers),
            lambda edges_s: level_seconds(
                _together(one.begun_s for one in servers), _together(one.ended_s for one in servers), edges_s
            ),
        ),
    )


def _together(times: Iterable["array[float]"]) -> Floats:
    return np.concatenate([np.empty(0), *times])


# ── A waiting line in front of a number of servers, first come first served unless ranked, with patience

GRANTED = "granted"


class WaitingCustomer(Protocol):
    """Whatever counts those who wait."""

    def leave(self) -> None:
        """Count one who waits no more."""


class HallTicket:
    """A place in a line."""

    __slots__ = ("_line", "customer", "waits")

    def __init__(self, line: WaitingCustomer, customer: Customer) -> None:
        """Take a place."""
        self._line = line
        self.customer = customer
        self.waits = True

    def grant(self) -> None:
        """Leave the line for a server."""
        self.waits = False
        self._line.leave()

    def lose_patience(self) -> None:
        """Leave the line, if still in it: the patience timer calls this."""
        if self.waits:
            self.waits = False
            self._line.leave()
            self.customer.script.resume()


class Tickets(Protocol):
    """Those who wait, in the order in which they are called."""

    def append(self, ticket: HallTicket, /) -> object:
        """Take the ticket of one who comes now."""

    def popleft(self) -> HallTicket:
        """Give the first ticket away, whose customer may have gone."""


class HallQueue:
    """`servers` servers and those who wait for one.

    The line keeps the time integrals of its own numbers, busy and waiting; and of the customers'
    times are noted, those of service by the holder of the server. The invariants compare the two.
    """

    __slots__ = (
        "_busy_moment_s",
        "_env",
        "_tickets",
        "_waiting_moment_s",
        "begun_s",
        "busy",
        "ended_s",
        "joined_s",
        "left_s",
        "servers",
        "staffed",
        "waiting",
    )

    def __init__(self, env: simpy.Environment, servers: int, tickets: Tickets | None = None) -> None:
        """Open with all servers free; without tickets of another order, first come is first served."""
        self._env = env
        self._tickets = deque[HallTicket]() if tickets is None else tickets
        self.servers = servers
        self.busy = 0
        self.waiting = 0
        # Of a number that goes up at a and down at b, the integral to T is the sum of b - a, and T for each
        # that is still up.
        self._busy_moment_s = 0.0
        self._waiting_moment_s = 0.0
        self.begun_s = array("d")
        self.ended_s = array("d")
        self.joined_s = array("d")
        self.left_s = array("d")
        self.staffed = [(env.now, servers)]

    def take(self) -> bool:
        """Take a free server at once, if there is one and no customer waits for it."""
        if self.busy < self.servers and not self.waiting:
            self.busy += 1
            self._busy_moment_s -= self._env._now  # noqa: SLF001  the property would cost a call a page
            return True
        return False

    def wait(self, customer: Customer, patience_s: float) -> Body:
        """Wait for a server, at most `patience_s`; returns whether one was granted."""
        ticket = HallTicket(self, customer)
        self._tickets.append(ticket)
        since_s = customer.queued_s = self._env.now
        self.waiting += 1
        self._waiting_moment_s -= since_s
        self.joined_s.append(since_s)
        after(self._env, patience_s, ticket.lose_patience)
        granted = (yield PARKED) is GRANTED
        now_s = self._env.now
        self.left_s.append(now_s)
        customer.queued_s = -1.0
        customer.wait_s += now_s - since_s
        return granted

    def release(self) -> None:
        """Give the server back; the longest waiting customer takes it at this same instant."""
        self.busy -= 1
        self._busy_moment_s += self._env._now  # noqa: SLF001  as in `take`
        self.admit()

    def staff(self, servers: int) -> None:
        """Change the number of servers; one who is busy when it drops finishes the customer at hand."""
        self.servers = servers
        self.staffed.append((self._env.now, servers))
        self.admit()

    def admit(self) -> None:
        """Grant free servers to those who wait, in order."""
        while self.waiting and self.busy < self.servers:
            ticket = self._tickets.popleft()
            if ticket.waits:
                ticket.waits = False
                self.leave()
                self.busy += 1
                self._busy_moment_s -= self._env.now
                ticket.customer.script.resume(GRANTED)

    def leave(self) -> None:
        """Count one who waits no more."""
        self.waiting -= 1
        self._waiting_moment_s += self._env.now

    def busy_s(self, now_s: float) -> float:
        """Give the time integral of the busy servers, from the start."""
        return self._busy_moment_s + self.busy * now_s

    def waiting_s(self, now_s: float) -> float:
        """Give the time integral of those who wait, from the start."""
        return self._waiting_moment_s + self.waiting * now_s


# ── Who is served first: by priority, then by when they came less their credit, then in the order of coming

Standing = Callable[[Customer], tuple[float, float]]
"""Rank of a customer (the smaller is first) and credit in seconds."""


class Entry(NamedTuple):
    """A ticket where it stands; the first fields decide, and no two have the same number."""

    rank: float
    since_s: float
    number: int
    ticket: HallTicket


class PriorityQueue:
    """Tickets in that order, in the place of a line's `deque`: a heap, O(log n) for each."""

    __slots__ = ("_entries", "_env", "_numbers", "_standing")

    def __init__(self, env: simpy.Environment, standing: Standing, numbers: Iterator[int]) -> None:
        """Start empty; lines that are served together take their numbers from one count."""
        self._env = env
        self._standing = standing
        self._numbers = numbers
        self._entries: list[Entry] = []

    def append(self, ticket: HallTicket) -> Entry:
        """Take a ticket that is drawn now; returns where it stands."""
        rank, credit_s = self._standing(ticket.customer)
        entry = Entry(rank, self._env.now - credit_s, next(self._numbers), ticket)
        heappush(self._entries, entry)
        return entry

    def insert(self, entry: Entry) -> None:
        """Take a ticket where it would stand had it been here all the time."""
        heappush(self._entries, entry)

    def popleft(self) -> HallTicket:
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
