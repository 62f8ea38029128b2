"""Agents in groups with skills, and the calls that wait for them."""

from array import array
from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count
from math import inf
from typing import NamedTuple

import simpy

from footfall.simulate.customer import Customer
from footfall.simulate.decide import keyed
from footfall.simulate.decide.customer import AGENT_CHOICE
from footfall.simulate.engine import PARKED, Body, after
from footfall.simulate.spec.agents import GENERALISTS, AgentChoice
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


class Routing(NamedTuple):
    """Which calls go to which agents, and when."""

    skills: Mapping[str, Sequence[int]]
    """Operations of each group, the preferred first."""
    operations: int
    standing: Standing
    agent_choice: AgentChoice = "preferred"
    overflow_after_s: Mapping[str, float] = {}
    """By group: how long a call waits before it reaches them; absent: 0."""


class Group:
    """Agents alike."""

    __slots__ = (
        "_moment_s",
        "begun_s",
        "busy",
        "duty",
        "ended_s",
        "idle_since_s",
        "later",
        "now",
        "overflow",
        "overflow_after_s",
        "servers",
        "staffed",
    )

    def __init__(self, now: Sequence[Calls], later: Sequence[Calls]) -> None:
        """Start without agents."""
        self.overflow: Ranked | None = None
        """Calls that have waited `overflow_after_s`; None where they are reached at once."""
        self.overflow_after_s = 0.0
        self.idle_since_s: deque[float] | None = None
        """When each idle agent became idle, the longest idle first; None where nobody asks."""
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
        if self.idle_since_s is not None:
            if more > 0 and self.idle_since_s:
                self.idle_since_s.popleft()
            self._count_idle(self.idle_since_s, now_s)

    def staff(self, now_s: float, servers: int) -> None:
        """Change the number on duty."""
        self.duty.note(now_s, self.servers, self.busy)
        self.servers = servers
        self.staffed.append((now_s, servers))
        if self.idle_since_s is not None:
            self._count_idle(self.idle_since_s, now_s)

    def busy_s(self, now_s: float) -> float:
        """Give the time integral of the busy agents, from the start."""
        return self._moment_s + self.busy * now_s

    def _count_idle(self, since_s: deque[float], now_s: float) -> None:
        """Keep a time for each idle agent: who comes begins now, who goes was idle for the shortest."""
        idle = max(self.servers - self.busy, 0)
        while len(since_s) < idle:
            since_s.append(now_s)
        while len(since_s) > idle:
            since_s.pop()


class Pool:
    """All agents of a hotline.

    A call that comes takes an idle agent, by the rule of its routing; a free agent takes, of all
    calls that they can serve, the one of the highest priority that waits longest, credit included; without
    one on the line, they call somebody back.
    """

    def __init__(self, env: simpy.Environment, routing: Routing) -> None:
        """Open without agents."""
        numbers = count()
        skills, operations = routing.skills, routing.operations
        self._env = env
        self._agent_choice = routing.agent_choice
        lines = 1 if len(skills) == 1 else operations  # who serve all alike need not look into each
        now, later = (
            [Calls(env, Ranked(env, routing.standing, numbers)) for _ in range(lines)] for _ in range(2)
        )
        self._now = [now[k % lines] for k in range(operations)]
        self._later = [later[k % lines] for k in range(operations)]
        self.queues = (*now, *later)
        self.groups = {
            name: Group(_some(self._now, known), _some(self._later, known)) for name, known in skills.items()
        }
        for name, group in self.groups.items():
            group.overflow_after_s = routing.overflow_after_s.get(name, 0.0)
            if group.overflow_after_s:
                group.overflow, group.now, group.later = Ranked(env, routing.standing, numbers), (), ()
            if routing.agent_choice == "longest_idle":
                group.idle_since_s = deque()
        preferred = [
            [
                self.groups[name]
                for name in sorted(
                    (name for name in skills if operation in skills[name]),
                    key=lambda name: (name == GENERALISTS, skills[name].index(operation)),
                )
            ]
            for operation in range(operations)
        ]
        self._preferred = [[group for group in groups if group.overflow is None] for groups in preferred]
        self._overflowing = [
            [group for group in groups if group.overflow is not None] for groups in preferred
        ]

    def take(self, customer: Customer) -> Group | None:
        """Take an idle agent at once, if there is one and nobody waits for the like."""
        operation = customer.operation
        if self._now[operation].waiting:
            return None
        group = self._idle_group(self._preferred[operation], customer)
        if group is not None:
            group.engage(self._env.now, 1)
        return group

    def wait(self, customer: Customer, patience_s: float) -> Body:
        """Wait for an agent on the line, at most `patience_s`; returns the group of the agent, or None."""
        calls = self._now[customer.operation]
        ticket = Ticket(calls, customer)
        self._overflow_later(calls.tickets.append(ticket))
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
        groups = [*self._preferred[operation], *self._overflowing[operation]]
        lines = {self._now[operation], *(calls for group in groups for calls in group.now)}
        return sum(calls.waiting for calls in lines), sum(group.servers for group in groups)

    def _idle_group(self, groups: Sequence[Group], customer: Customer) -> Group | None:
        """Give the group whose idle agent takes a call; None when all are busy."""
        if self._agent_choice == "preferred":
            return next((group for group in groups if group.busy < group.servers), None)
        idle = [group for group in groups if group.busy < group.servers]
        if len(idle) < 2:  # noqa: PLR2004  nothing to choose
            return idle[0] if idle else None
        if self._agent_choice == "longest_idle":
            return min(idle, key=_longest_idle_since_s)
        place = keyed.uniform(customer.key, AGENT_CHOICE, customer.attempt) * sum(
            group.servers - group.busy for group in idle
        )
        for group in idle:
            place -= group.servers - group.busy
            if place < 0:
                return group
        return idle[-1]

    def _overflow_later(self, entry: Entry) -> None:
        """Have a call reach further groups once it has waited as long as each of them asks."""
        for group in self._overflowing[entry.ticket.customer.operation]:
            after(self._env, group.overflow_after_s, partial(self._reach, group, entry))

    def _reach(self, group: Group, entry: Entry) -> None:
        """Let a call that still waits reach a further group, at its place among those who have."""
        if entry.ticket.waits and group.overflow is not None:
            group.overflow.insert(entry)
            self._admit(group)

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
        joined = entry._replace(ticket=Ticket(calls, customer))
        calls.tickets.insert(joined)
        calls.join()
        self._overflow_later(joined)

    def _admit(self, group: Group) -> None:
        """Let idle agents of a group take those who wait."""
        while group.busy < group.servers:
            tickets = _first(_on_the_line(group)) or _first(_tickets(group.later))
            if tickets is None:
                return
            ticket = tickets.popleft()
            ticket.grant()
            group.engage(self._env.now, 1)
            ticket.customer.script.resume(group)


def _some(lines: Sequence[Calls], known: Sequence[int]) -> list[Calls]:
    return list(dict.fromkeys(lines[k] for k in known))


def _on_the_line(group: Group) -> list[Ranked]:
    now = _tickets(group.now)
    return now if group.overflow is None else [*now, group.overflow]


def _tickets(lines: Sequence[Calls]) -> list[Ranked]:
    return [calls.tickets for calls in lines if calls.waiting]


def _first(queues: Sequence[Ranked]) -> Ranked | None:
    """Give the queue whose first ticket comes before those of the others."""
    best: Entry | None = None
    found = None
    for tickets in queues:
        entry = tickets.first()
        if entry is not None and (best is None or entry < best):
            best, found = entry, tickets
    return found


def _longest_idle_since_s(group: Group) -> float:
    return group.idle_since_s[0] if group.idle_since_s else inf
