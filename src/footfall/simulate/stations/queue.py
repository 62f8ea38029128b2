"""A waiting line in front of a number of servers, first come first served unless ranked, with patience."""

from collections import deque
from typing import Protocol

import simpy

from footfall.simulate.customer import Customer
from footfall.simulate.engine import PARKED, Body, after

GRANTED = "granted"


class Waiting(Protocol):
    """Whatever counts those who wait."""

    waiting: int


class Ticket:
    """A place in a line."""

    __slots__ = ("_line", "customer", "waits")

    def __init__(self, line: Waiting, customer: Customer) -> None:
        """Take a place."""
        self._line = line
        self.customer = customer
        self.waits = True

    def lose_patience(self) -> None:
        """Leave the line, if still in it: the patience timer calls this."""
        if self.waits:
            self.waits = False
            self._line.waiting -= 1
            self.customer.script.resume()


class Tickets(Protocol):
    """Those who wait, in the order in which they are called."""

    def append(self, ticket: Ticket, /) -> object:
        """Take the ticket of one who comes now."""

    def popleft(self) -> Ticket:
        """Give the first ticket away, whose customer may have gone."""


class Line:
    """`servers` servers and those who wait for one."""

    __slots__ = ("_env", "_tickets", "busy", "servers", "waiting")

    def __init__(self, env: simpy.Environment, servers: int, tickets: Tickets | None = None) -> None:
        """Open with all servers free; without tickets of another order, first come is first served."""
        self._env = env
        self._tickets = deque[Ticket]() if tickets is None else tickets
        self.servers = servers
        self.busy = 0
        self.waiting = 0

    def take(self) -> bool:
        """Take a free server at once, if there is one and nobody waits for it."""
        if self.busy < self.servers and not self.waiting:
            self.busy += 1
            return True
        return False

    def wait(self, customer: Customer, patience_s: float) -> Body:
        """Wait for a server, at most `patience_s`; returns whether one was granted."""
        ticket = Ticket(self, customer)
        self._tickets.append(ticket)
        self.waiting += 1
        since_s = self._env.now
        after(self._env, patience_s, ticket.lose_patience)
        granted = (yield PARKED) is GRANTED
        customer.wait_s += self._env.now - since_s
        return granted

    def release(self) -> None:
        """Give the server back; the longest waiting customer takes it at this same instant."""
        self.busy -= 1
        self.admit()

    def staff(self, servers: int) -> None:
        """Change the number of servers; one who is busy when it drops finishes the customer at hand."""
        self.servers = servers
        self.admit()

    def admit(self) -> None:
        """Grant free servers to those who wait, in order."""
        while self.waiting and self.busy < self.servers:
            ticket = self._tickets.popleft()
            if ticket.waits:
                ticket.waits = False
                self.waiting -= 1
                self.busy += 1
                ticket.customer.script.resume(GRANTED)
