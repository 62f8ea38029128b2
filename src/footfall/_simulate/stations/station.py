"""A station: what all kinds share, and its staff on duty."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

import simpy

from footfall._behaviour.capacity_rules import EXPIRED, NO_SESSION, has_lapsed, session_idle_s, uses_session
from footfall._behaviour.customer_rules import (
    CUSTOMER_FAULT,
    FORGET,
    HUMAN,
    SERVICE,
    SERVICE_FAULT,
    fault_drawn,
    numbered_steps,
    request_number,
)
from footfall._model.channel import Channel, Fault, Step, Verb, Work
from footfall._model.model import THE_DAYS_OWN, DayClock
from footfall._model.numbers import HALF_HOUR_S
from footfall._records.rows import Outcome
from footfall._simulate.customer_state import Customer
from footfall._simulate.day_counts import Bound, StationCounts
from footfall._simulate.engine import Body, after
from footfall._simulate.sampler import Draw, Sampler
from footfall._simulate.stations.queues import HallQueue, Servers, waiting_and_service

# ── What all stations share: the dialogue of turns, its faults, and outages


@dataclass(frozen=True, slots=True)
class SimContext:
    """What a station of a day stands on."""

    env: simpy.Environment
    sampler: Sampler
    operations: tuple[str, ...]
    refusals: Mapping[str, tuple[str, ...]]
    """By operation: why the business refuses an order, by subscriber; empty text: it does not."""
    machines_seed: int
    """Of breakdowns: the seed itself in replication 0, since the reference service knows no other."""
    until_s: float
    """End of the day: nothing is staffed or breaks down after it."""
    segments: tuple[str, ...] = ()
    run: int = 0
    """Key of the replication."""
    clock: DayClock = THE_DAYS_OWN
    """By which staff and opening hours go."""


class StationStep(NamedTuple):
    """A turn made ready: its draws are bound, what cannot happen is None or empty."""

    human: Draw | None
    services: tuple[Draw, ...]
    customer_fault_of: Callable[[Customer], Fault | None] | None
    """The customer's own fault in this turn."""
    fault_of: Callable[[Customer], Fault | None] | None
    """The operator's."""
    refusals: tuple[str, ...]
    expiry_s: float | None
    can_fail: bool
    """Whether the operator may answer anything but yes."""
    windowed: Verb | None
    """What is asked, where a session or an order's time for confirmation has to do with it."""


class Station(ABC):
    """A channel at work; `serve` is one attempt, and gives its outcome."""

    def __init__(self, channel: Channel, place: SimContext) -> None:
        """Bind the draws of every turn and note the outages."""
        self.channel = channel
        self.env = place.env
        self.lines: Sequence[HallQueue] = ()
        self.out = False
        self._has_outages = bool(channel.outages)
        dialogues = [(operation, channel.dialogues.get(operation, ())) for operation in place.operations]
        self.steps, self._without_logout = (
            [
                [
                    _step(channel, place, operation, number, turn)
                    for number, turn in numbered_steps(dialogue, logs_out=logs_out)
                ]
                for operation, dialogue in dialogues
            ]
            for logs_out in (True, False)
        )
        self._session_idle_s = session_idle_s(channel)
        self._forget_u = place.sampler.uniform(FORGET)
        reminder = channel.logout_reminder
        self._forgotten_share = float(reminder.forgotten_share) if reminder else 0.0
        for outage in channel.outages:
            after(self.env, float(outage.starts_s), self._go_out)
            after(self.env, float(outage.ends_s), self._come_back)

    @abstractmethod
    def serve(self, customer: Customer) -> Body:
        """Run one attempt; returns the `Outcome` and leaves its cause and times in the customer."""

    def books(self) -> tuple[StationCounts, ...]:
        """Give what the laws hold together: two accounts of everything that is present here."""
        return waiting_and_service(self.lines, self.lines) if self.lines else ()

    def shifts(self) -> Sequence[Servers]:
        """Give the servers that no service may begin without."""
        return self.lines

    def bounds(self) -> tuple[Bound, ...]:
        """Give the rates and waits that the station promised to keep."""
        return ()

    def forgets_logout(self, customer: Customer) -> bool:
        """Whether this customer leaves without logging out."""
        return self._forgotten_share > 0 and self._forget_u(customer) < self._forgotten_share

    def steps_of(self, customer: Customer) -> list[StationStep]:
        """Turns that the customer goes through."""
        steps = self._without_logout if self.forgets_logout(customer) else self.steps
        return steps[customer.operation]

    def begin(self, customer: Customer, service_s: float) -> float | None:
        """Begin a page or message at once; returns the seconds to sleep, or None to `wait_and_serve`."""
        if customer.served_s < 0:
            customer.served_s = self.env.now
        return service_s

    def begin_turn(self, customer: Customer, services: Sequence[Draw]) -> float | None:  # noqa: ARG002  see there
        """Begin all pages of a turn in one sleep, where nothing can come between them; None: page by page."""
        return None

    def end(self) -> None:  # noqa: B027  most stations hold nothing between pages
        """End what `begin` began."""

    def wait_and_serve(self, customer: Customer, service_s: float) -> Body:  # noqa: ARG002  never served here
        """Serve what could not begin at once; returns the outcome that ended the visit, or None to go on.

        A station without a line of its own turns it away.
        """
        customer.cause = "throttled"
        yield from ()
        return Outcome.THROTTLED

    def dialogue(self, customer: Customer, steps: Sequence[StationStep]) -> Body:  # noqa: C901, PLR0912  one generator: a call less an event
        """Go through the turns until one fails; returns the outcome."""
        begin, begin_turn, end = self.begin, self.begin_turn, self.end
        for step in steps:
            human, services, customer_fault_of, _, _, _, can_fail, windowed = step
            if human:
                human_s = human(customer)
                customer.human_s += human_s
                yield human_s
            mistake = customer_fault_of(customer) if customer_fault_of else None
            if mistake and mistake.outcome is Outcome.UNCONFIRMED:
                customer.cause = mistake.cause
                return Outcome.UNCONFIRMED
            whole_s = begin_turn(customer, services) if len(services) > 1 else None
            if whole_s is not None:
                if windowed:
                    self.hold_windows(customer, step, self.env.now)
                yield whole_s
                end()
                services = ()
            for service in services:
                if self.out:
                    customer.cause = "outage"
                    return Outcome.ERROR
                service_s = service(customer)
                delay_s = begin(customer, service_s)
                if delay_s is None:
                    ended = yield from self.wait_and_serve(customer, service_s)
                    if ended is not None:
                        return ended
                else:
                    yield delay_s
                    end()
                if windowed:
                    self.hold_windows(customer, step, self.worked_s(service_s))
                    if customer.lapsed:
                        break
            if can_fail or mistake or customer.lapsed:
                ended = result(customer, step, mistake)
                if ended is not None:
                    return ended
            if windowed is Verb.LOGOUT:
                customer.session_s = -1.0
        return Outcome.SERVED

    def worked_s(self, service_s: float) -> float:
        """Second at which the work for a page or message that ends now was done; its rest is delay."""
        return self.env.now - service_s

    def hold_windows(self, customer: Customer, step: StationStep, now_s: float) -> None:
        """Note what a page does to session and order, worked at `now_s`; or that one of them was over."""
        verb = step.windowed
        if verb is Verb.LOGIN:
            customer.session_s = now_s
            return
        if customer.session_s >= 0:
            if has_lapsed(customer.session_s, now_s, self._session_idle_s):
                customer.lapsed = NO_SESSION
                return
            customer.session_s = now_s
        _hold_order(customer, step, now_s)

    def _go_out(self) -> None:
        self.out = True

    def _come_back(self) -> None:
        self.out = False


class HeldStation(Station):
    """A station whose server is held for the whole visit, so that nothing can come between its turns."""

    def __init__(self, channel: Channel, place: SimContext) -> None:
        """Make the station; a session opened in a visit here lasts as long as the visit."""
        super().__init__(channel, place)
        self._session_idle_s = inf

    def held(self, customer: Customer, steps: Sequence[StationStep]) -> Body:
        """Go through the turns in one sleep; turn by turn where an outage may cut in."""
        if self._has_outages:
            return (yield from self.dialogue(customer, steps))
        if customer.served_s < 0:
            customer.served_s = self.env.now
        ended, whole_s = None, 0.0
        for step in steps:
            human, services, customer_fault_of, _, _, _, can_fail, windowed = step
            human_s = human(customer) if human else 0.0
            customer.human_s += human_s
            whole_s += human_s
            mistake = customer_fault_of(customer) if customer_fault_of else None
            if mistake and mistake.outcome is Outcome.UNCONFIRMED:
                customer.cause = mistake.cause
                ended = Outcome.UNCONFIRMED
                break
            if windowed:
                _hold_order(customer, step, self.env.now + whole_s)
            for service in services:
                whole_s += service(customer)
            if can_fail or mistake:
                ended = result(customer, step, mistake)
                if ended is not None:
                    break
        yield whole_s
        return ended or Outcome.SERVED


def _hold_order(customer: Customer, step: StationStep, now_s: float) -> None:
    """Note when an order was placed, or that its time was over when it was to be confirmed."""
    if step.windowed is Verb.ORDER:
        customer.ordered_s = now_s
        return
    window_s, ordered_s = step.expiry_s, customer.ordered_s
    if window_s is not None and ordered_s >= 0 and has_lapsed(ordered_s, now_s, window_s):
        customer.lapsed = EXPIRED


def result(customer: Customer, step: StationStep, mistake: Fault | None) -> Outcome | None:
    """Give what the operator answers to a turn: a fault of its own first, then its rules."""
    ended = _refused(customer, step, mistake)
    if ended is not None and step.windowed is Verb.LOGIN:
        customer.session_s = -1.0
    return ended


def _refused(customer: Customer, step: StationStep, mistake: Fault | None) -> Outcome | None:
    fault = step.fault_of(customer) if step.fault_of else None
    if fault:
        customer.cause = fault.cause
        return Outcome(fault.outcome)
    if customer.lapsed:
        customer.cause = customer.lapsed
        return Outcome.ERROR if customer.lapsed == NO_SESSION else Outcome.UNCONFIRMED
    if mistake:
        customer.cause = mistake.cause
        return Outcome(mistake.outcome)
    if step.refusals and step.refusals[customer.subscriber]:
        customer.cause = step.refusals[customer.subscriber]
        return Outcome.REJECTED
    return None


def _fault_of(work: Work, by: str, u_of: Draw) -> Callable[[Customer], Fault | None] | None:
    """Give what finds the fault of one doer that strikes a customer; None when none can."""
    most = sum(fault.share for fault in work.faults if fault.by == by)
    if not most:
        return None

    def fault_of(customer: Customer) -> Fault | None:
        u = u_of(customer)
        return fault_drawn(work, by, u) if u < most else None

    return fault_of


def _step(channel: Channel, place: SimContext, operation: str, number: int, turn: Step) -> StationStep:
    work = channel.works[turn.verb]
    sampler = place.sampler
    fault_of = _fault_of(work, "service", sampler.uniform(SERVICE_FAULT, number))
    refusals = place.refusals[operation] if turn.verb is Verb.ORDER else ()
    expiry_s = float(channel.confirm_expiry_s or 0) if turn.verb is Verb.CONFIRM else None
    return StationStep(
        human=sampler.seconds(turn.human, HUMAN, number) if turn.human.mean_s else None,
        services=tuple(
            sampler.seconds(work.service, SERVICE, request_number(number, page))
            for page in range(int(turn.pages))
        ),
        customer_fault_of=_fault_of(work, "customer", sampler.uniform(CUSTOMER_FAULT, number)),
        fault_of=fault_of,
        refusals=refusals if any(refusals) else (),
        expiry_s=expiry_s,
        can_fail=fault_of is not None or any(refusals) or expiry_s is not None,
        windowed=turn.verb if turn.verb is Verb.LOGIN or uses_session(turn.verb) else None,
    )


# ── How long agents were on duty and how long they were busy, by half hour


class StaffOnDuty:
    """Areas under the numbers of agents on duty and busy; who finishes a call after the shift is on duty."""

    __slots__ = ("busy_s", "on_duty_s", "since_s")

    def __init__(self) -> None:
        """Start at second 0."""
        self.since_s = 0.0
        self.on_duty_s: list[float] = []
        self.busy_s: list[float] = []

    def note(self, now_s: float, servers: int, busy: int) -> None:
        """Note the numbers that were in force up to now, before they change."""
        while self.since_s < now_s:
            half_hour = int(self.since_s // HALF_HOUR_S)
            while len(self.busy_s) <= half_hour:
                self.on_duty_s.append(0.0)
                self.busy_s.append(0.0)
            until_s = min((half_hour + 1) * HALF_HOUR_S, now_s)
            span_s = until_s - self.since_s
            self.on_duty_s[half_hour] += span_s * max(servers, busy)
            self.busy_s[half_hour] += span_s * busy
            self.since_s = until_s
