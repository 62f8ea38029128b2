"""A waiting line in front of a number of servers, first come first served unless ranked, with patience."""

from array import array
from collections import deque
from typing import Protocol

import simpy

from footfall.simulate.customer import Customer
from footfall.simulate.engine import PARKED, Body, after

GRANTED = "granted"


class Waiting(Protocol):
    """Whatever counts those who wait."""

    def leave(self) -> None:
        """Count one who waits no more."""


class Ticket:
    """A place in a line."""

    __slots__ = ("_line", "customer", "waits")

    def __init__(self, line: Waiting, customer: Customer) -> None:
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

    def append(self, ticket: Ticket, /) -> object:
        """Take the ticket of one who comes now."""

    def popleft(self) -> Ticket:
        """Give the first ticket away, whose customer may have gone."""


class Line:
    """`servers` servers and those who wait for one.

    The line keeps the time integrals of its own numbers, busy and waiting; beside them the customers'
    times are noted, those of service by whoever holds the server. The laws hold the two together.
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
        self._tickets = deque[Ticket]() if tickets is None else tickets
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
        """Take a free server at once, if there is one and nobody waits for it."""
        if self.busy < self.servers and not self.waiting:
            self.busy += 1
            self._busy_moment_s -= self._env._now  # noqa: SLF001  the property would cost a call a page
            return True
        return False

    def wait(self, customer: Customer, patience_s: float) -> Body:
        """Wait for a server, at most `patience_s`; returns whether one was granted."""
        ticket = Ticket(self, customer)
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
