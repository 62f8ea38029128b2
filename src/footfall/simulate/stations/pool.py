"""Agents in groups with skills, and the calls that wait for them."""

from array import array
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

    __slots__ = ("_env", "_moment_s", "joined_s", "left_s", "tickets", "waiting")

    def __init__(self, env: simpy.Environment, tickets: Ranked) -> None:
        """Start empty."""
        self._env = env
        self._moment_s = 0.0
        self.joined_s = array("d")
        self.left_s = array("d")
        self.tickets = tickets
        self.waiting = 0

    def join(self) -> None:
        """Count one more who waits."""
        self.waiting += 1
        self._moment_s -= self._env.now

    def leave(self) -> None:
        """Count one who waits no more."""
        self.waiting -= 1
        self._moment_s += self._env.now

    def waiting_s(self, now_s: float) -> float:
        """Give the time integral of those who wait, from the start."""
        return self._moment_s + self.waiting * now_s


class Group:
    """Agents alike."""

    __slots__ = (
        "_moment_s",
        "begun_s",
        "busy",
        "duty",
        "ended_s",
        "later",
        "now",
        "servers",
        "staffed",
    )

    def __init__(self, now: Sequence[Calls], later: Sequence[Calls]) -> None:
        """Start without agents."""
        self.servers = 0
        self.busy = 0
        self.now = now
        """On the line, by skill."""
        self.later = later
        """To be called back, by skill."""
        self.duty = Duty()
        self._moment_s = 0.0
        self.begun_s = array("d")
        self.ended_s = array("d")
        self.staffed = [(0.0, 0)]

    def engage(self, now_s: float, more: int) -> None:
        """Count one more who is busy, or one less."""
        self.duty.note(now_s, self.servers, self.busy)
        self.busy += more
        self._moment_s -= more * now_s

    def staff(self, now_s: float, servers: int) -> None:
        """Change the number on duty."""
        self.duty.note(now_s, self.servers, self.busy)
        self.servers = servers
        self.staffed.append((now_s, servers))

    def busy_s(self, now_s: float) -> float:
        """Give the time integral of the busy agents, from the start."""
        return self._moment_s + self.busy * now_s


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
        now, later = ([Calls(env, Ranked(env, standing, numbers)) for _ in range(lines)] for _ in range(2))
        self._now = [now[k % lines] for k in range(operations)]
        self._later = [later[k % lines] for k in range(operations)]
        self.queues = (*now, *later)
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
                group.engage(self._env.now, 1)
                return group
        return None

    def wait(self, customer: Customer, patience_s: float) -> Body:
        """Wait for an agent on the line, at most `patience_s`; returns the group of the agent, or None."""
        calls = self._now[customer.operation]
        ticket = Ticket(calls, customer)
        calls.tickets.append(ticket)
        calls.join()
        if patience_s < inf:
            after(self._env, patience_s, ticket.lose_patience)
        return (yield from self._parked(calls, customer))

    def wait_to_be_called(self, customer: Customer, latest_s: float) -> Body:
        """Wait for a call back; returns the group of the agent who calls."""
        calls = self._later[customer.operation]
        entry = calls.tickets.append(Ticket(calls, customer))
        calls.join()
        after(self._env, latest_s, lambda: self._join(calls, entry))
        return (yield from self._parked(calls, customer))

    def release(self, group: Group) -> None:
        """Give an agent back, who takes the next call at this same instant."""
        group.engage(self._env.now, -1)
        self._admit(group)

    def staff(self, group: Group, servers: int) -> None:
        """Change the number of a group's agents; who is busy when it drops finishes the call at hand."""
        group.staff(self._env.now, servers)
        self._admit(group)

    def ahead(self, operation: int) -> tuple[int, int]:
        """Calls that wait for the agents who serve an operation, and the number of those on duty."""
        groups = self._preferred[operation]
        lines = {calls for group in groups for calls in group.now}
        return sum(calls.waiting for calls in lines), sum(group.servers for group in groups)

    def _parked(self, calls: Calls, customer: Customer) -> Body:
        since_s = customer.queued_s = self._env.now
        calls.joined_s.append(since_s)
        group: Group | None = yield PARKED
        now_s = self._env.now
        calls.left_s.append(now_s)
        customer.queued_s = -1.0
        customer.wait_s += now_s - since_s
        return group

    def _join(self, later: Calls, entry: Entry) -> None:
        """Put one who was not called back in time among those on the line."""
        if not entry.ticket.waits:
            return
        customer = entry.ticket.customer
        entry.ticket.waits = False
        later.leave()
        calls = self._now[customer.operation]
        calls.tickets.insert(entry._replace(ticket=Ticket(calls, customer)))
        calls.join()

    def _admit(self, group: Group) -> None:
        """Let idle agents of a group take those who wait."""
        while group.busy < group.servers:
            calls = _first(group.now) or _first(group.later)
            if calls is None:
                return
            ticket = calls.tickets.popleft()
            ticket.waits = False
            calls.leave()
            group.engage(self._env.now, 1)
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
