"""Agents in groups with skills, and the calls that wait for them."""

from collections.abc import Mapping, Sequence
from itertools import count
from math import inf

import simpy

from footfall.simulate.customer import Customer
from footfall.simulate.engine import PARKED, Body, after
from footfall.simulate.spec.agents import GENERALISTS
from footfall.simulate.stations.duty import Duty
from footfall.simulate.stations.queue import Ticket
from footfall.simulate.stations.ranked import Entry, Ranked, Standing


class Calls:
    """Those who wait for agents with one skill; a ticket leaves it as it would leave a line."""

    __slots__ = ("tickets", "waiting")

    def __init__(self, tickets: Ranked) -> None:
        """Start empty."""
        self.tickets = tickets
        self.waiting = 0


class Group:
    """Agents alike."""

    __slots__ = ("busy", "duty", "later", "now", "servers")

    def __init__(self, now: Sequence[Calls], later: Sequence[Calls]) -> None:
        """Start without agents."""
        self.servers = 0
        self.busy = 0
        self.now = now
        """On the line, by skill."""
        self.later = later
        """To be called back, by skill."""
        self.duty = Duty()


class Pool:
    """All agents of a hotline.

    A call that comes takes an idle agent of the group that prefers it most; a free agent takes, of all
    calls that they can serve, the one of the highest priority that waits longest, credit included; without
    one on the line, they call somebody back.
    """

    def __init__(
        self,
        env: simpy.Environment,
        skills: Mapping[str, Sequence[int]],
        operations: int,
        standing: Standing,
    ) -> None:
        """Open without agents; `skills` are the operations of each group, the preferred first."""
        numbers = count()
        self._env = env
        lines = 1 if len(skills) == 1 else operations  # who serve all alike need not look into each
        now, later = ([Calls(Ranked(env, standing, numbers)) for _ in range(lines)] for _ in range(2))
        self._now = [now[k % lines] for k in range(operations)]
        self._later = [later[k % lines] for k in range(operations)]
        self.groups = {
            name: Group(_some(self._now, known), _some(self._later, known)) for name, known in skills.items()
        }
        self._preferred = [
            [
                self.groups[name]
                for name in sorted(
                    (name for name in skills if operation in skills[name]),
                    key=lambda name: (name == GENERALISTS, skills[name].index(operation)),
                )
            ]
            for operation in range(operations)
        ]

    def take(self, operation: int) -> Group | None:
        """Take an idle agent at once, if there is one and nobody waits for the like."""
        if self._now[operation].waiting:
            return None
        for group in self._preferred[operation]:
            if group.busy < group.servers:
                self._engage(group)
                return group
        return None

    def wait(self, customer: Customer, patience_s: float) -> Body:
        """Wait for an agent on the line, at most `patience_s`; returns the group of the agent, or None."""
        calls = self._now[customer.operation]
        ticket = Ticket(calls, customer)
        calls.tickets.append(ticket)
        calls.waiting += 1
        if patience_s < inf:
            after(self._env, patience_s, ticket.lose_patience)
        return (yield from self._parked(customer))

    def wait_to_be_called(self, customer: Customer, latest_s: float) -> Body:
        """Wait for a call back; returns the group of the agent who calls."""
        calls = self._later[customer.operation]
        entry = calls.tickets.append(Ticket(calls, customer))
        calls.waiting += 1
        after(self._env, latest_s, lambda: self._join(calls, entry))
        return (yield from self._parked(customer))

    def release(self, group: Group) -> None:
        """Give an agent back, who takes the next call at this same instant."""
        group.duty.note(self._env.now, group.servers, group.busy)
        group.busy -= 1
        self._admit(group)

    def staff(self, group: Group, servers: int) -> None:
        """Change the number of a group's agents; who is busy when it drops finishes the call at hand."""
        group.duty.note(self._env.now, group.servers, group.busy)
        group.servers = servers
        self._admit(group)

    def ahead(self, operation: int) -> tuple[int, int]:
        """Calls that wait for the agents who serve an operation, and the number of those on duty."""
        groups = self._preferred[operation]
        lines = {calls for group in groups for calls in group.now}
        return sum(calls.waiting for calls in lines), sum(group.servers for group in groups)

    def _parked(self, customer: Customer) -> Body:
        since_s = self._env.now
        group: Group | None = yield PARKED
        customer.wait_s += self._env.now - since_s
        return group

    def _join(self, later: Calls, entry: Entry) -> None:
        """Put one who was not called back in time among those on the line."""
        if not entry.ticket.waits:
            return
        customer = entry.ticket.customer
        entry.ticket.waits = False
        later.waiting -= 1
        calls = self._now[customer.operation]
        calls.tickets.insert(entry._replace(ticket=Ticket(calls, customer)))
        calls.waiting += 1

    def _engage(self, group: Group) -> None:
        group.duty.note(self._env.now, group.servers, group.busy)
        group.busy += 1

    def _admit(self, group: Group) -> None:
        """Let idle agents of a group take those who wait."""
        while group.busy < group.servers:
            calls = _first(group.now) or _first(group.later)
            if calls is None:
                return
            ticket = calls.tickets.popleft()
            ticket.waits = False
            calls.waiting -= 1
            self._engage(group)
            ticket.customer.script.resume(group)


def _some(lines: Sequence[Calls], known: Sequence[int]) -> list[Calls]:
    return list(dict.fromkeys(lines[k] for k in known))


def _first(lines: Sequence[Calls]) -> Calls | None:
    """Give the line whose first ticket comes before those of the others."""
    best: Entry | None = None
    found = None
    for calls in lines:
        entry = calls.tickets.first() if calls.waiting else None
        if entry is not None and (best is None or entry < best):
            best, found = entry, calls
    return found
