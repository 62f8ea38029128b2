"""A server behind client guards: rate limits, retries, circuit breakers."""

from array import array
from collections import deque
from collections.abc import Sequence
from heapq import heapify, heapreplace
from typing import NamedTuple

import simpy

from footfall._behaviour import keyed
from footfall._behaviour.capacity_rules import LeakyBucket
from footfall._behaviour.client_guards import OPEN_CIRCUIT, ClientGuard, backoff_u, try_number
from footfall._behaviour.customer_rules import (
    SERVICE_AGAIN,
    SERVICE_FAULT_AGAIN,
    fault_drawn,
    request_number,
)
from footfall._model.channel import Channel, Fault, Step, Verb, Work
from footfall._model.numbers import whole
from footfall._model.station_specs import MessageGateway, RateLimit, RequestServer
from footfall._records.rows import Outcome
from footfall._simulate.customer_state import Customer
from footfall._simulate.day_counts import Bound, RateBound, StationCounts, WaitBound
from footfall._simulate.engine import PARKED, Body, after
from footfall._simulate.stations.queues import Queue, Servers, waiting_and_service
from footfall._simulate.stations.request_servers import ANSWERED, QUEUE_TIMEOUT, SharedRequest, WorkerQueues
from footfall._simulate.stations.station import SimContext, Station, StationStep, result

# ── Rate meter, circuit breaker and connections between clients and a request server

# ── A rate limit before a station: who passes at once, who is held back, who is refused


class RateMeter:
    """A leaky bucket in simulated time, which keeps both accounts of those whom it holds back."""

    def __init__(self, env: simpy.Environment, spec: RateLimit) -> None:
        """Start empty."""
        self._env = env
        self._spec = spec
        self._bucket = LeakyBucket(spec)
        self._waiting = 0
        self._moment_s = 0.0
        self._passed_s = array("d")
        self.joined_s = array("d")
        self.left_s = array("d")

    def enter(self, customer: Customer, deadline_s: float) -> Body:
        """Pass, held back as long as it takes; returns the outcome of who is refused or too late, or None."""
        delay_s = self._bucket.enter(self._env.now)
        if delay_s is None:
            customer.cause = "rate_limit"
            return Outcome.THROTTLED
        if delay_s:
            yield from self._hold(customer, min(delay_s, deadline_s))
        if delay_s > deadline_s:
            customer.cause = "deadline"
            return Outcome.TIMEOUT
        self._passed_s.append(self._env.now)
        return None

    def waiting_s(self, now_s: float) -> float:
        """Give the time integral of those who are held back, from the start."""
        return self._moment_s + self._waiting * now_s

    def bound(self) -> RateBound:
        """Give the limit and the times at which requests passed."""
        burst = 0.0 if self._spec.excess == "delayed" else float(self._spec.burst)
        return RateBound(float(self._spec.requests_per_s), burst, self._passed_s)

    def _hold(self, customer: Customer, seconds: float) -> Body:
        since_s = customer.queued_s = self._env.now
        self.joined_s.append(since_s)
        self._waiting += 1
        self._moment_s -= since_s
        yield seconds
        now_s = self._env.now
        self._waiting -= 1
        self._moment_s += now_s
        self.left_s.append(now_s)
        customer.queued_s = -1.0
        customer.wait_s += now_s - since_s


# ── Connections of a message gateway: side by side, each at its own rate and with its own window

_CONNECTION_ROUNDING = 1e-6
"""Of a message's time: sums of a day's times are exact to far less."""


class Connections:
    """A queue of messages before connections, in which every time is known as soon as one comes in.

    A connection takes its next message when the last one is through (1/rate after it began) and, with a
    window of W, the one W places before has been acknowledged: so it lets through min(rate, W/(1/rate + ack))
    messages a second at most (Little's law of the window). Messages begin in the order in which they came.
    """

    def __init__(self, spec: MessageGateway) -> None:
        """Start with an empty queue and nothing unacknowledged."""
        self._s_per_message = 1.0 / float(spec.messages_per_s)
        self._ack_s = float(spec.ack_s)
        self._most_waiting = whole(spec.queue)
        self._instant_s = _CONNECTION_ROUNDING * self._s_per_message
        count, window = int(spec.connections), int(spec.window)
        self._free = [(0.0, number) for number in range(count)]
        heapify(self._free)
        self._unacknowledged: list[deque[float]] = [deque(maxlen=window) for _ in range(count)]
        self._starts_s: deque[float] = deque()

    def enter(self, now_s: float) -> float | None:
        """Time at which a message that comes now is through; None when the queue is full."""
        waiting = self._starts_s
        while waiting and waiting[0] <= now_s + self._instant_s:
            waiting.popleft()
        free_at_s, number = self._free[0]
        starts_s = max(now_s, free_at_s)
        if starts_s > now_s + self._instant_s:
            if len(waiting) >= self._most_waiting:
                return None
            waiting.append(starts_s)
        through_s = starts_s + self._s_per_message
        heapreplace(self._free, (self._next_s(number, through_s), number))
        return through_s

    def _next_s(self, number: int, through_s: float) -> float:
        """Time at which a connection takes its next message."""
        acks_s = self._unacknowledged[number]
        acks_s.append(through_s + self._ack_s)
        is_full = acks_s.maxlen and len(acks_s) == acks_s.maxlen
        return max(through_s, acks_s[0]) if is_full else through_s


# ── The request server with all it can do: shared cores, limits, stalls, retries, a circuit breaker

INSTANT_S = 1e-9
"""A slot that becomes free at the very end of the longest wait is in time."""


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
        self.guard = ClientGuard(spec)
        self.workers = WorkerQueues(channel.name, spec, place)
        self._meter = RateMeter(self.env, spec.rate_limit) if spec.rate_limit.requests_per_s else None
        self._queue_timeout_s = float(spec.queue_timeout_s)
        self._network_s = float(spec.network_s)
        self._stages = [
            [
                _stage(channel, number, step, turn)
                for number, (step, turn) in enumerate(
                    zip(steps, channel.dialogues.get(operation, ()), strict=True)
                )
            ]
            for operation, steps in zip(place.operations, self.steps, strict=True)
        ]

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
            failed = yield from self._request(customer, page)
            if failed is not None:
                return failed
            customer.cause = ""
            if customer.lapsed:
                return None
        return None

    def _request(self, customer: Customer, page: PageRequest) -> Body:
        """Send a request, again as often as its clients' policy allows; returns how it failed, or None."""
        guard, retries = self.guard, 0
        guard.begin()
        while (period := guard.enter(self.env.now)) is not None:
            failed: Outcome | None = yield from self._ask(customer, page, retries)
            guard.note(period, self.env.now, failed)
            if not guard.tries_again(retries, failed):
                return failed
            retries += 1
            yield guard.pause_s(retries, backoff_u(customer.key, customer.attempt, page.number, retries))
        customer.cause = OPEN_CIRCUIT
        return Outcome.THROTTLED

    def _ask(self, customer: Customer, page: PageRequest, tries: int) -> Body:
        """Ask the server, past its rate limit; returns how it failed, the cause in the customer, or None."""
        if self._network_s:
            yield self._network_s
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
        return keyed.uniform(customer.key, purpose, customer.attempt, try_number(page.number, tries))


def _stage(channel: Channel, number: int, step: StationStep, turn: Step) -> _Stage:
    work = channel.works[turn.verb]
    return _Stage(
        step=step,
        # The operator's own fault is found with the request: it is one that is sent again.
        answered=step._replace(fault_of=None),
        pages=tuple(
            PageRequest(request_number(number, place), step, work, place)
            for place in range(len(step.services))
        ),
        verb=turn.verb,
    )
