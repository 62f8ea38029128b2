"""The request server with all it can do: shared cores, limits, stalls, retries, a circuit breaker."""

from collections.abc import Sequence
from typing import NamedTuple

from footfall._behaviour import keyed
from footfall._behaviour.customer_rules import (
    BACKOFF,
    SERVICE_AGAIN,
    SERVICE_FAULT_AGAIN,
    fault_drawn,
    pause_s,
)
from footfall._model.channel import Channel, Fault, Step, Verb, Work
from footfall._model.station_specs import RETRIES_MOST, RequestServer
from footfall._records.rows import Outcome
from footfall._simulate.customer_state import Customer
from footfall._simulate.day_counts import Bound, StationCounts, WaitBound
from footfall._simulate.engine import PARKED, Body, after
from footfall._simulate.stations.client_guards import Breaker, RateMeter, RetryBudget
from footfall._simulate.stations.queues import Queue, Servers, waiting_and_service
from footfall._simulate.stations.request_servers import ANSWERED, QUEUE_TIMEOUT, SharedRequest, WorkerQueues
from footfall._simulate.stations.station import PAGES_A_TURN, SimContext, Station, StationStep, result

OPEN_CIRCUIT = "circuit_open"
INSTANT_S = 1e-9
"""A slot that becomes free at the very end of the longest wait is in time."""
_FAILURES = {Outcome.ERROR, Outcome.TIMEOUT, Outcome.THROTTLED}
"""What is sent again and what a breaker counts; a refusal by the business is an answer."""


class PageRequest(NamedTuple):
    """One request of a dialogue."""

    number: int
    """Its own among all of the dialogue: what its draws are keyed by."""
    step: StationStep
    work: Work
    place: int
    """Of the page in its turn."""

    @property
    def is_last(self) -> bool:
        """Whether the turn's fault would strike here."""
        return self.place == len(self.step.services) - 1


class _Stage(NamedTuple):
    """A turn: its step, the rest of its answer once the server gave one, and its requests."""

    step: StationStep
    answered: StationStep
    pages: tuple[PageRequest, ...]
    verb: Verb


class GuardedServerStation(Station):
    """A request server whose clients time out, try again and hold back on their own.

    With none of this set it serves as `RequestServerStation` does, which is quicker.
    """

    def __init__(self, channel: Channel, spec: RequestServer, place: SimContext) -> None:
        """Start with all slots free, the budget full and the circuit closed."""
        super().__init__(channel, place)
        self._spec = spec
        self._deadline_s = float(spec.deadline_s)
        self._retries_most = int(spec.retry.retries_most)
        self._budget = RetryBudget(spec.retry)
        self.breaker = Breaker(spec.breaker) if spec.breaker.failure_share else None
        self.workers = WorkerQueues(channel.name, spec, place)
        self._meter = RateMeter(self.env, spec.rate_limit) if spec.rate_limit.requests_per_s else None
        self._queue_timeout_s = float(spec.queue_timeout_s)
        self._stages = [
            [
                _stage(channel, number, step, turn)
                for number, (step, turn) in enumerate(
                    zip(steps, channel.dialogues.get(operation, ()), strict=True)
                )
            ]
            for operation, steps in zip(place.operations, self.steps, strict=True)
        ]
        self.requests = 0
        self.retries = 0

    def books(self) -> tuple[StationCounts, ...]:
        """Give both accounts of the requests that wait and of those in work, stale ones too."""
        queues: tuple[Queue, ...] = self.workers.servers
        if self._meter:
            queues = (*queues, self._meter)
        return waiting_and_service(queues, self.workers.servers, by_visits=False)

    def shifts(self) -> Sequence[Servers]:
        """Give the slots."""
        return self.workers.servers

    def bounds(self) -> tuple[Bound, ...]:
        """Give the rate that was not to be exceeded, and the longest wait of each queue."""
        waits = (
            WaitBound(self._queue_timeout_s, server.joined_s, server.left_s)
            for server in self.workers.servers
            if self._queue_timeout_s
        )
        return (*waits, *((self._meter.bound(),) if self._meter else ()))

    def serve(self, customer: Customer) -> Body:
        """Go through the pages of the session, each with its retries."""
        forgets = self.forgets_logout(customer)
        for stage in self._stages[customer.operation]:
            if forgets and stage.verb is Verb.LOGOUT:
                continue
            step = stage.step
            if step.human:
                human_s = step.human(customer)
                customer.human_s += human_s
                yield human_s
            mistake = step.customer_fault_of(customer) if step.customer_fault_of else None
            if mistake and mistake.outcome is Outcome.UNCONFIRMED:
                customer.cause = mistake.cause
                return Outcome.UNCONFIRMED
            ended = yield from self._fetch(customer, stage.pages)
            ended = ended or result(customer, stage.answered, mistake)
            if ended is not None:
                return ended
            if stage.verb is Verb.LOGOUT:
                customer.session_s = -1.0
        return Outcome.SERVED

    def _fetch(self, customer: Customer, pages: Sequence[PageRequest]) -> Body:
        """Fetch the pages of a turn one by one; returns the outcome that ended the visit, or None."""
        for page in pages:
            self.requests += 1
            self._budget.deposit()
            for tries in range(self._retries_most + 1):
                if tries:
                    self.retries += 1
                    yield pause_s(self._spec.retry, tries, self._u(customer, BACKOFF, page, tries))
                failed = yield from self._try(customer, page, tries)
                if failed not in _FAILURES or customer.cause == OPEN_CIRCUIT:
                    break
                if tries == self._retries_most or not self._budget.withdraw():
                    break
            if failed is not None:
                return failed
            customer.cause = ""
            if customer.lapsed:
                return None
        return None

    def _try(self, customer: Customer, page: PageRequest, tries: int) -> Body:
        """Send a request once, if the circuit lets it pass; returns how it failed, or None."""
        breaker = self.breaker
        breaker_period = breaker.enter(self.env.now) if breaker else 0
        if breaker_period is None:
            customer.cause = OPEN_CIRCUIT
            return Outcome.THROTTLED
        failed: Outcome | None = yield from self._ask(customer, page, tries)
        if breaker:
            breaker.note(breaker_period, self.env.now, failed=failed in _FAILURES)
        return failed

    def _ask(self, customer: Customer, page: PageRequest, tries: int) -> Body:
        """Ask the server, past its rate limit; returns how it failed, the cause in the customer, or None."""
        deadline_s = self.env.now + self._deadline_s
        if self._meter and not self.out:
            refused = yield from self._meter.enter(customer, self._deadline_s)
            if refused is not None:
                return refused
        if self.out:
            customer.cause = "outage"
            return Outcome.ERROR
        work_s = self._work_s(customer, page, tries)
        failed = yield from self._wait_and_work(customer, work_s, deadline_s)
        if failed is not None:
            return failed
        fault = self._fault(customer, page, tries) if page.is_last else None
        if fault is None:
            if page.step.windowed:
                self.hold_windows(customer, page.step, self.worked_s(work_s))
            return None
        customer.cause = fault.cause
        return Outcome(fault.outcome)

    def _wait_and_work(self, customer: Customer, work_s: float, deadline_s: float) -> Body:
        """Have a worker do some work, by a second of the run; returns how it failed, or None."""
        now_s, server = self.env.now, self.workers.next()
        request = SharedRequest(server, customer, work_s, now_s)
        if not server.offer(request):
            customer.cause = "throttled"
            return Outcome.THROTTLED
        after(self.env, deadline_s - now_s, request.expire)
        if self._queue_timeout_s and request.queued:
            after(self.env, self._queue_timeout_s + INSTANT_S, request.leave_queue)
        ended = yield PARKED
        if ended is ANSWERED:
            return None
        customer.cause = QUEUE_TIMEOUT if ended is QUEUE_TIMEOUT else "deadline"
        return Outcome.ERROR if ended is QUEUE_TIMEOUT else Outcome.TIMEOUT

    def _work_s(self, customer: Customer, page: PageRequest, tries: int) -> float:
        """Give the work of a try: a retry is a new request, with random numbers of its own."""
        if not tries:
            return page.step.services[page.place](customer)
        return page.work.service.at(self._u(customer, SERVICE_AGAIN, page, tries))

    def _fault(self, customer: Customer, page: PageRequest, tries: int) -> Fault | None:
        if page.step.fault_of is None:
            return None
        if not tries:
            return page.step.fault_of(customer)
        return fault_drawn(page.work, "service", self._u(customer, SERVICE_FAULT_AGAIN, page, tries))

    @staticmethod
    def _u(customer: Customer, purpose: str, page: PageRequest, tries: int) -> float:
        turn = page.number * (RETRIES_MOST + 1) + tries
        return keyed.uniform(customer.key, purpose, customer.attempt, turn)


def _stage(channel: Channel, number: int, step: StationStep, turn: Step) -> _Stage:
    work = channel.works[turn.verb]
    return _Stage(
        step=step,
        # The operator's own fault is found with the request: it is one that is sent again.
        answered=step._replace(fault_of=None),
        pages=tuple(
            PageRequest(number * PAGES_A_TURN + place, step, work, place)
            for place in range(len(step.services))
        ),
        verb=turn.verb,
    )
