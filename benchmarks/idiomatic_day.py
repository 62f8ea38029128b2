"""The peer of `bench_day.py`: the province's network as SimPy's documentation would have it written."""

from collections.abc import Generator
from math import exp
from random import Random
from typing import Any, NamedTuple

import simpy

from footfall._behaviour.capacity_rules import visit_s_mean
from footfall._behaviour.choice import utility
from footfall._model.channel import Channel, Step, Verb
from footfall._model.duration_quantiles import lognormal_parameters
from footfall._model.durations import AnyDuration, DistributionFamily, Duration
from footfall._model.model import Model
from footfall._model.numbers import DAY_S, HALF_HOUR_S
from footfall._model.population import Segment
from footfall._model.station_specs import CallCentre, Counters, Kiosks, MessageGateway, RequestServer
from footfall._records.rows import Outcome
from footfall._simulate.day import refusals
from footfall._workload.arrivals import rates_per_half_hour

Process = Generator[simpy.Event, Any, Any]


class Row(NamedTuple):
    """One visit."""

    channel: str
    site: int
    attempt: int
    outcome: str
    began: bool
    wait_s: float
    human_s: float


class Person:
    """One customer."""

    def __init__(self, segment: Segment, operation: str, reached: set[str], subscriber: int) -> None:
        """Give the customer who wants an operation."""
        self.segment = segment
        self.operation = operation
        self.reached = reached
        self.subscriber = subscriber
        self.wait_s = self.human_s = 0.0
        self.site = 0
        self.began = False


class IdiomaticDay:
    """One day: a process a customer."""

    def __init__(self, model: Model, seed: int, replication: int) -> None:
        """Make the resources of every channel."""
        self.model = model
        self.env = simpy.Environment()
        self.random = Random(f"{seed}-{replication}")
        self.log: list[Row] = []
        self.refusals = refusals(model, seed)
        self.parameters: dict[int, tuple[float, float]] = {}
        self.resources: dict[str, list[simpy.Resource]] = {}
        self.lines: dict[str, simpy.Resource] = {}
        self.visit_s = {c.name: visit_s_mean(c) for c in model.channels}
        for channel in model.channels:
            servers = _servers(channel)
            self.resources[channel.name] = [
                simpy.Resource(self.env, servers) for _ in range(int(channel.sites))
            ]
            if isinstance(channel.station, CallCentre):
                self.lines[channel.name] = simpy.Resource(self.env, int(channel.station.lines))

    def run(self) -> None:
        """Let the customers come, until all have left."""
        rates = rates_per_half_hour(self.model)
        for i, segment in enumerate(self.model.segments):
            for j, operation in enumerate(self.model.operations):
                self.env.process(self.source(segment, operation, rates[i, j].tolist()))
        self.env.run()

    def source(self, segment: Segment, operation: str, rates: list[float]) -> Process:
        """Bring one segment's customers for one operation, half hour by half hour."""
        for half_hour, expected in enumerate(rates):
            ends_s = (half_hour + 1) * HALF_HOUR_S
            while expected:
                gap_s = self.random.expovariate(expected / HALF_HOUR_S)
                if self.env.now + gap_s >= ends_s:
                    break
                yield self.env.timeout(gap_s)
                reached = {
                    c.name
                    for c in self.model.channels
                    if c.name not in segment.reach or self.random.random() < segment.reach[c.name]
                }
                subscriber = self.random.randrange(int(self.model.accounts.subscribers))
                self.env.process(self.customer(Person(segment, operation, reached, subscriber)))
            yield self.env.timeout(ends_s - self.env.now)

    def customer(self, person: Person) -> Process:
        """Go to a channel; after a failure try again, go elsewhere, or give up."""
        rules = self.model.follow_ups
        channel = self.choose(person, set())
        tried: set[str] = set()
        attempt = 0
        while channel is not None:
            attempt += 1
            person.wait_s = person.human_s = 0.0
            person.began = False
            outcome = yield from self.visit(person, channel)
            self.log.append(
                Row(channel.name, person.site, attempt, outcome, person.began, person.wait_s, person.human_s)
            )
            rule = rules.by_outcome.get(outcome)
            if outcome is Outcome.SERVED or rule is None or attempt >= rules.attempts_most:
                return
            u = self.random.random()
            if u >= rule.retry_share + rule.switch_share:
                return
            yield self.env.timeout(self.draw(rule.delay))
            if u >= rule.retry_share:
                tried.add(channel.name)
                channel = self.choose(person, tried)

    def choose(self, person: Person, tried: set[str]) -> Channel | None:
        """Choose by the nested logit."""
        choice, now_s = self.model.choice, self.env.now % DAY_S
        nests: dict[str, list[tuple[Channel, float]]] = {}
        for channel in self.model.channels:
            if (
                person.operation not in channel.dialogues
                or channel.name in tried
                or channel.name not in person.reached
                or not channel.open_at(now_s // HALF_HOUR_S * HALF_HOUR_S)
            ):
                continue
            expected = choice.expected_wait_s.get(channel.name)
            value = utility(channel, person.segment, expected.at(now_s) if expected else 0.0)
            value += choice.constants[person.operation].get(channel.name, 0.0)
            weight = exp(value / choice.dissimilarity[channel.nest])
            nests.setdefault(channel.nest, []).append((channel, weight))
        if not nests:
            return None
        sums = {nest: sum(weight for _, weight in found) for nest, found in nests.items()}
        powers = [sums[nest] ** choice.dissimilarity[nest] for nest in nests]
        nest = self.random.choices(list(nests), powers)[0]
        channels, weights = zip(*nests[nest], strict=True)
        chosen: Channel = self.random.choices(channels, weights)[0]
        return chosen

    def visit(self, person: Person, channel: Channel) -> Process:
        """Go through one visit; returns its outcome."""
        station = channel.station
        if isinstance(station, RequestServer):
            return (yield from self.session(person, channel, station))
        if isinstance(station, MessageGateway):
            return (yield from self.messages(person, channel, station))
        if isinstance(station, CallCentre):
            return (yield from self.call(person, channel, station))
        return (yield from self.hall(person, channel, station))

    def session(self, person: Person, channel: Channel, station: RequestServer) -> Process:
        """Fetch page after page, each within the deadline."""
        slots = self.resources[channel.name][0]
        reminder = channel.logout_reminder
        forgets = reminder is not None and self.random.random() < reminder.forgotten_share
        for turn in channel.dialogues[person.operation]:
            if forgets and turn.verb is Verb.LOGOUT:
                continue
            human_s = self.draw(turn.human)
            person.human_s += human_s
            yield self.env.timeout(human_s)
            slipped = self.fault(channel, turn, "customer")
            if slipped is Outcome.UNCONFIRMED:
                return slipped
            for _ in range(int(turn.pages)):
                if len(slots.queue) >= station.accept_queue:
                    return Outcome.THROTTLED
                service_s = self.draw(channel.works[turn.verb].service)
                with slots.request() as request:
                    came_s = self.env.now
                    yield request | self.env.timeout(station.deadline_s)
                    if not request.triggered:
                        return Outcome.TIMEOUT
                    person.wait_s += self.env.now - came_s
                    left_s = station.deadline_s - (self.env.now - came_s)
                    yield self.env.timeout(min(service_s, left_s))
                    if service_s > left_s:
                        return Outcome.TIMEOUT
            outcome = self.answer(person, channel, turn, slipped, human_s)
            if outcome is not None:
                return outcome
        if reminder is not None and forgets:
            self.env.process(self.remind(float(reminder.idle_s)))
        return Outcome.SERVED

    def messages(self, person: Person, channel: Channel, station: MessageGateway) -> Process:
        """Exchange messages through the gateway."""
        gateway = self.resources[channel.name][0]
        for turn in channel.dialogues[person.operation]:
            human_s = self.draw(turn.human)
            if human_s:
                person.human_s += human_s
                yield self.env.timeout(human_s)
            slipped = self.fault(channel, turn, "customer")
            if slipped is Outcome.UNCONFIRMED:
                return slipped
            for _ in range(int(turn.pages)):
                if len(gateway.queue) >= station.queue:
                    return Outcome.THROTTLED
                with gateway.request() as request:
                    yield request
                    yield self.env.timeout(1 / station.messages_per_s)
                yield self.env.timeout(self.draw(channel.works[turn.verb].service))
            outcome = self.answer(person, channel, turn, slipped, human_s)
            if outcome is not None:
                return outcome
        return Outcome.SERVED

    def call(self, person: Person, channel: Channel, station: CallCentre) -> Process:
        """Call the hotline: IVR, and for some an agent after its first turn."""
        lines, agents = self.lines[channel.name], self.resources[channel.name][0]
        if lines.count >= lines.capacity:
            return Outcome.BLOCKED
        turns = channel.dialogues[person.operation]
        with lines.request() as line:
            yield line
            if self.random.random() >= station.agent_share[person.operation]:
                return (yield from self.held(person, channel, turns))
            outcome = yield from self.held(person, channel, turns[:1])
            if outcome is not Outcome.SERVED:
                return outcome
            request = agents.request()
            yield request | self.env.timeout(self.draw(station.patience))
            if not request.triggered:
                request.cancel()
                return Outcome.ABANDONED
            talk_s = self.draw(station.talk)
            person.human_s += talk_s
            yield self.env.timeout(talk_s)
            outcome = yield from self.held(person, channel, turns[1:], hurried=True)
            self.env.process(self.wrap_up(agents, request, self.draw(station.wrap_up)))
            return outcome

    def wrap_up(self, agents: simpy.Resource, request: Any, seconds: float) -> Process:  # noqa: ANN401  SimPy's own
        """Keep the agent for a while after the call."""
        yield self.env.timeout(seconds)
        agents.release(request)

    def hall(self, person: Person, channel: Channel, station: Counters | Kiosks) -> Process:
        """Wait at the nearest place and be served there."""
        places = self.resources[channel.name]
        person.site = self.random.randrange(len(places))
        servers = places[person.site]
        if not channel.open_at(self.env.now):
            return Outcome.CLOSED
        waiting = len(servers.queue)
        if isinstance(station, Counters) and servers.count >= servers.capacity:
            if waiting >= station.room:
                return Outcome.BLOCKED
            shown_s = (waiting + 1) * self.visit_s[channel.name] / servers.capacity
            if shown_s > self.draw(station.balk_wait):
                return Outcome.BALKED
        with servers.request() as request:
            came_s = self.env.now
            yield request | self.env.timeout(self.draw(station.patience))
            if not request.triggered:
                return Outcome.ABANDONED
            person.began = True
            person.wait_s = self.env.now - came_s
            return (yield from self.held(person, channel, channel.dialogues[person.operation]))

    def held(
        self, person: Person, channel: Channel, turns: tuple[Step, ...], *, hurried: bool = False
    ) -> Process:
        """Go through turns in one sleep: nothing can come between them."""
        whole_s = 0.0
        outcome: Outcome | None = None
        for turn in turns:
            human_s = 0.0 if hurried else self.draw(turn.human)
            person.human_s += human_s
            whole_s += human_s
            slipped = self.fault(channel, turn, "customer")
            if slipped is Outcome.UNCONFIRMED:
                outcome = slipped
                break
            for _ in range(int(turn.pages)):
                whole_s += self.draw(channel.works[turn.verb].service)
            outcome = self.answer(person, channel, turn, slipped, human_s)
            if outcome is not None:
                break
        yield self.env.timeout(whole_s)
        return outcome or Outcome.SERVED

    def remind(self, idle_s: float) -> Process:
        """Send a logout reminder through the message gateway."""
        yield self.env.timeout(idle_s)
        channel = next(c for c in self.model.channels if isinstance(c.station, MessageGateway))
        with self.resources[channel.name][0].request() as request:
            yield request
            yield self.env.timeout(1 / channel.station.messages_per_s)  # type: ignore[union-attr]  # chosen by kind

    def answer(
        self, person: Person, channel: Channel, turn: Step, slipped: Outcome | None, human_s: float
    ) -> Outcome | None:
        """Give what the operator answers to a turn, if not yes."""
        fault = self.fault(channel, turn, "service")
        if fault is not None:
            return fault
        if turn.verb is Verb.CONFIRM and human_s > (channel.confirm_expiry_s or 0):
            return Outcome.UNCONFIRMED
        if slipped is not None:
            return slipped
        if turn.verb is Verb.ORDER and self.refusals[person.operation][person.subscriber]:
            return Outcome.REJECTED
        return None

    def fault(self, channel: Channel, turn: Step, by: str) -> Outcome | None:
        """Let chance decide on a fault."""
        faults = [fault for fault in channel.works[turn.verb].faults if fault.by == by]
        if not faults:
            return None
        u = self.random.random()
        for fault in faults:
            if u < fault.share:
                return Outcome(fault.outcome)
            u -= fault.share
        return None

    def draw(self, duration: AnyDuration) -> float:
        """Draw a time."""
        if not isinstance(duration, Duration):
            return duration.at(self.random.random())
        mean_s = float(duration.mean_s)
        if duration.law is DistributionFamily.CONSTANT or not mean_s:
            return mean_s
        if duration.law is DistributionFamily.EXPONENTIAL:
            return self.random.expovariate(1 / mean_s)
        return self.random.lognormvariate(*lognormal_parameters(mean_s, float(duration.cv or 0)))


def _servers(channel: Channel) -> int:
    """Servers of one place; constant over the day."""
    station = channel.station
    if isinstance(station, RequestServer):
        return int(station.slots)
    if isinstance(station, Counters):
        return int(station.clerks.values[0])
    if isinstance(station, CallCentre):
        return int(station.agents.values[0])
    return int(station.machines) if isinstance(station, Kiosks) else 1
