"""Rate meter, circuit breaker and connections between clients and a request server."""

from array import array
from collections import deque
from heapq import heapify, heapreplace

import simpy

from footfall._behaviour.capacity_rules import LeakyBucket
from footfall._model.numbers import whole
from footfall._model.station_specs import CircuitBreaker, MessageGateway, RateLimit, Retry
from footfall._records.rows import Outcome
from footfall._simulate.customer_state import Customer
from footfall._simulate.day_counts import RateBound
from footfall._simulate.engine import Body

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


# ── What the clients of a server share: a circuit breaker, and a budget for retries. Neither has a clock

_ROUNDING = 1e-9


class Breaker:
    """A circuit breaker: closed, open, or half open (Nygard 2007, chapter 5)."""

    def __init__(self, spec: CircuitBreaker) -> None:
        """Start closed."""
        self._failure_share = float(spec.failure_share)
        self._window_s = float(spec.window_s)
        self._least = int(spec.requests_least)
        self._open_s = float(spec.open_s)
        self._probes = int(spec.probes)
        self._answers: deque[tuple[float, bool]] = deque()
        self._failed = 0
        self._opened_at_s: float | None = None
        self._probes_sent = 0
        self._probes_served = 0
        self._period = 0
        self.times_opened = 0

    def enter(self, now_s: float) -> int | None:
        """Let a request pass: gives the period that its answer counts for; None: the circuit is open."""
        if self._opened_at_s is None:
            return self._period
        if now_s < self._opened_at_s + self._open_s or self._probes_sent == self._probes:
            return None
        self._probes_sent += 1
        return self._period

    def note(self, period: int, now_s: float, *, failed: bool) -> None:
        """Note an answer; one to a request from before the circuit last opened or closed tells nothing."""
        if period != self._period:
            return
        if self._opened_at_s is not None:
            self._note_probe(now_s, failed=failed)
            return
        answers = self._answers
        answers.append((now_s, failed))
        self._failed += failed
        while answers[0][0] < now_s - self._window_s:
            self._failed -= answers.popleft()[1]
        if len(answers) >= self._least and self._failed >= self._failure_share * len(answers):
            self._open(now_s)

    def _note_probe(self, now_s: float, *, failed: bool) -> None:
        if failed:
            self._open(now_s)
            return
        self._probes_served += 1
        if self._probes_served == self._probes:
            self._opened_at_s = None
            self._begin_period()

    def _open(self, now_s: float) -> None:
        self._opened_at_s = now_s
        self.times_opened += 1
        self._begin_period()

    def _begin_period(self) -> None:
        self._period += 1
        self._answers.clear()
        self._failed = self._probes_sent = self._probes_served = 0


class RetryBudget:
    """A token bucket: so many retries by requests, and no more (Finagle's RetryBudget 2016)."""

    def __init__(self, spec: Retry) -> None:
        """Start full."""
        self._share = float(spec.retry_budget_share)
        self._most = float(spec.retry_budget_burst)
        self._tokens = self._most

    def deposit(self) -> None:
        """Note a request."""
        self._tokens = min(self._tokens + self._share, self._most)

    def withdraw(self) -> bool:
        """Take what a retry costs, if it is there."""
        if not self._share:
            return True
        # Ten deposits of 0.1 are a token, though their sum is a little less.
        if self._tokens < 1 - _ROUNDING:
            return False
        self._tokens -= 1
        return True


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
