"""Hotlines: trunk lines, an IVR, and agents with groups, skills, priorities and callbacks."""

from array import array
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count
from math import inf
from typing import Any, NamedTuple

import simpy

from footfall._behaviour import keyed
from footfall._behaviour.capacity_rules import call_s_mean, rosters, talk_with, times_of
from footfall._behaviour.customer_rules import (
    AGENT,
    AGENT_CHOICE,
    CALLBACK,
    PATIENCE,
    TALK,
    WRAP_UP,
    wants_agent,
)
from footfall._model.channel import Channel
from footfall._model.numbers import whole
from footfall._model.station_specs import GENERALISTS, AgentChoice, CallCentre
from footfall._records.rows import Outcome
from footfall._simulate.customer_state import Customer
from footfall._simulate.day_counts import StationCounts
from footfall._simulate.engine import PARKED, Body, after
from footfall._simulate.sampler import Draw
from footfall._simulate.stations.queues import (
    Entry,
    HallTicket,
    PriorityQueue,
    Servers,
    Standing,
    standing,
    waiting_and_service,
)
from footfall._simulate.stations.station import HeldStation, SimContext, StaffOnDuty, StationStep

# ── Agents in groups with skills, and the calls that wait for them


class Calls:
    """Those who wait for agents with one skill; a ticket leaves it as it would leave a line."""

    __slots__ = ("_env", "_moment_s", "joined_s", "left_s", "tickets", "waiting")

    def __init__(self, env: simpy.Environment, tickets: PriorityQueue) -> None:
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
        self.overflow: PriorityQueue | None = None
        """Calls that have waited `overflow_after_s`; None where they are reached at once."""
        self.overflow_after_s = 0.0
        self.idle_since_s: deque[float] | None = None
        """When each idle agent became idle, the longest idle first; None where that is not needed."""
        self.servers = 0
        self.busy = 0
        self.now = now
        """On the line, by skill."""
        self.later = later
        """To be called back, by skill."""
        self.duty = StaffOnDuty()
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
    one on the line, they call back.
    """

    def __init__(self, env: simpy.Environment, routing: Routing) -> None:
        """Open without agents."""
        numbers = count()
        skills, operations = routing.skills, routing.operations
        self._env = env
        self._agent_choice = routing.agent_choice
        lines = 1 if len(skills) == 1 else operations  # who serve all alike need not look into each
        now, later = (
            [Calls(env, PriorityQueue(env, routing.standing, numbers)) for _ in range(lines)]
            for _ in range(2)
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
                group.overflow, group.now, group.later = PriorityQueue(env, routing.standing, numbers), (), ()
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
        """Take an idle agent at once, if there is one and no caller waits for the same."""
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
        ticket = HallTicket(calls, customer)
        self._overflow_later(calls.tickets.append(ticket))
        calls.join()
        if patience_s < inf:
            after(self._env, patience_s, ticket.lose_patience)
        return (yield from self._parked(calls, customer))

    def wait_to_be_called(self, customer: Customer, latest_s: float) -> Body:
        """Wait for a call back; returns the group of the agent who calls."""
        calls = self._later[customer.operation]
        entry = calls.tickets.append(HallTicket(calls, customer))
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
        joined = entry._replace(ticket=HallTicket(calls, customer))
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


def _on_the_line(group: Group) -> list[PriorityQueue]:
    now = _tickets(group.now)
    return now if group.overflow is None else [*now, group.overflow]


def _tickets(lines: Sequence[Calls]) -> list[PriorityQueue]:
    return [calls.tickets for calls in lines if calls.waiting]


def _first(queues: Sequence[PriorityQueue]) -> PriorityQueue | None:
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


# ── The hotline: a line must be free, the IVR helps most callers, the others wait for an agent


class CallCentreStation(HeldStation):
    """Trunk lines, an IVR that is never short of ports beyond them, and agents by half hour."""

    def __init__(self, channel: Channel, spec: CallCentre, place: SimContext) -> None:
        """Put the agents of the first half hour on duty and plan the changes of staff."""
        super().__init__(channel, place)
        names, seconds = place.operations, place.sampler.seconds
        if spec.redials == "as_before":
            seconds = _of_first_attempt(seconds)
        self._free_lines = whole(spec.lines)
        self._names = names
        self._agent_u = place.sampler.uniform(AGENT)
        self._patience = [seconds(times_of(spec, name, "patience"), PATIENCE) for name in names]
        self._wrap_up = [seconds(times_of(spec, name, "wrap_up"), WRAP_UP) for name in names]
        # The caller's own time for the agent's turns lies in the talk.
        self._unhurried = [[step._replace(human=None) for step in steps[1:]] for steps in self.steps]
        self._callback = spec.callback
        self._callback_u = place.sampler.uniform(CALLBACK)
        self._call_s = [call_s_mean(channel, spec, name) for name in names]
        self.callbacks = 0
        skills = {group.name: [names.index(skill) for skill in group.skills] for group in spec.groups}
        skills[GENERALISTS] = list(range(len(names)))
        order = standing(place.segments, names, spec.priority, spec.credit_s)
        overflow_after_s = {group.name: float(group.overflow_after_s) for group in spec.groups}
        overflow_after_s[GENERALISTS] = float(spec.agents_overflow_after_s)
        routing = Routing(skills, len(names), order, spec.agent_choice, overflow_after_s)
        self.pool = Pool(self.env, routing)
        self._talks = {
            group: [seconds(talk_with(spec, name, operation), TALK) for operation in names]
            for name, group in self.pool.groups.items()
        }
        for name, roster in rosters(spec, channel.name, place.run, place.clock).items():
            group = self.pool.groups[name]
            self.pool.staff(group, roster.at(0.0))
            for change in roster.changes(place.until_s):
                after(self.env, change.at_s, partial(self.pool.staff, group, change.servers))

    def serve(self, customer: Customer) -> Body:
        """Call, be helped by the IVR, or after its first turn ask for an agent."""
        if self.out:
            customer.cause = "outage"
            return Outcome.ERROR
        if self._free_lines == 0:
            customer.cause = "no_line"
            return Outcome.BLOCKED
        self._free_lines -= 1
        steps = self.steps[customer.operation]
        if wants_agent(self.channel, self._names[customer.operation], self._agent_u(customer)):
            return (yield from self._with_agent(customer, steps))
        outcome = yield from self.held(customer, steps)
        self._free_lines += 1
        return outcome

    def books(self) -> tuple[StationCounts, ...]:
        """Give both accounts of those who wait for agents, called back or not, and of the agents."""
        return waiting_and_service(self.pool.queues, self.shifts())

    def shifts(self) -> Sequence[Servers]:
        """Give the groups of agents."""
        return tuple(self.pool.groups.values())

    def _with_agent(self, customer: Customer, steps: list[StationStep]) -> Body:
        """Go through the first turn in the IVR, then wait, talk, and let the agent do the rest."""
        pool = self.pool
        outcome = yield from self.held(customer, steps[:1])
        if outcome is Outcome.SERVED:
            group = pool.take(customer)
            if group is None and self._callback and self._is_called_back(customer):
                self.callbacks += 1
                self._free_lines += 1
                group = yield from pool.wait_to_be_called(customer, float(self._callback.latest_s))
                return (yield from self._talk_to(group, customer))
            if group is None:
                group = yield from pool.wait(customer, self._patience[customer.operation](customer))
            if group is None:
                customer.cause = "patience"
                outcome = Outcome.ABANDONED
            else:
                outcome = yield from self._talk_to(group, customer)
        self._free_lines += 1
        return outcome

    def _talk_to(self, group: Group, customer: Customer) -> Body:
        """Talk to an agent, who then does the rest and wraps up."""
        group.begun_s.append(self.env.now)
        talk_s = self._talks[group][customer.operation](customer)
        customer.human_s += talk_s
        yield talk_s
        outcome = yield from self.held(customer, self._unhurried[customer.operation])
        wrap_up_s = self._wrap_up[customer.operation](customer)
        group.ended_s.append(self.env.now + wrap_up_s)
        after(self.env, wrap_up_s, partial(self.pool.release, group))
        return outcome

    def _is_called_back(self, customer: Customer) -> bool:
        """Whether a caller would wait long enough to be offered a call back, and accepts it."""
        spec = self._callback
        if spec is None:
            return False
        waiting, agents = self.pool.ahead(customer.operation)
        wait_s = (waiting + 1) * self._call_s[customer.operation] / agents if agents else float("inf")
        return wait_s > spec.offered_wait_s and self._callback_u(customer) < spec.accepted_share


def _of_first_attempt(seconds: Callable[..., Draw]) -> Callable[..., Draw]:
    """Give what makes draws that are the same at each attempt of a customer."""

    def made(*what: Any) -> Draw:  # noqa: ANN401  as the sampler's
        draw = seconds(*what)

        def kept(customer: Customer) -> float:
            attempt, customer.attempt = customer.attempt, 1
            found = draw(customer)
            customer.attempt = attempt
            return found

        return kept

    return made
