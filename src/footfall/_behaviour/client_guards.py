"""What clients of a server do between the customer and the server: give up, try again, hold back.

This is the only text of these rules, and it does no input or output. The simulated day
(`_simulate/stations/guarded_server.py`, SimPy) and the load test (`_load/visit.py`, gevent) go through the
tries of a request in the same way:

    guard.begin()
    retries = 0
    while (period := guard.enter(now_s())) is not None:
        outcome, cause = send()
        guard.note(period, now_s(), outcome)
        if not guard.tries_again(retries, outcome):
            break
        retries += 1
        wait(guard.pause_s(retries, backoff_u(key, attempt, request, retries)))

A request that meets an open circuit is not sent and ends as `throttled`, cause `OPEN_CIRCUIT`.
"""

from collections import deque
from collections.abc import Callable

from footfall._behaviour import keyed
from footfall._behaviour.customer_rules import BACKOFF
from footfall._model.station_specs import RETRIES_MOST, CircuitBreaker, RequestServer, Retry, Station
from footfall._records.rows import Outcome

OPEN_CIRCUIT = "circuit_open"
"""Cause of a request that the breaker did not let pass; its outcome is `throttled`."""
DEADLINE = "deadline"
"""Cause of a request whose client gave up at the deadline; its outcome is `timeout`."""
RETRIED, REFUSED = "retried", "refused_by_breaker"
"""Names of counts: tries beyond the first, and requests that met an open circuit."""
FAILURES = frozenset({Outcome.ERROR, Outcome.TIMEOUT, Outcome.THROTTLED})
"""What is sent again and what a breaker counts; a refusal by the business is an answer."""
_ROUNDING = 1e-9


# ── Whether a request is sent, and sent again: the breaker and the budget of a channel, and its policy


def is_guarded(station: Station) -> bool:
    """Whether clients of a station do more than send a request once and wait for whatever comes.

    A server that does not cut stale work does not end a request at the deadline either: the client does.
    """
    if not isinstance(station, RequestServer):
        return False
    tries_again = station.retry.retries_most or station.breaker.failure_share
    return bool(tries_again) or station.stale_work != "cut"


class ClientGuard:
    """Retries, their budget and the circuit breaker of all clients of one channel in one process."""

    def __init__(
        self,
        station: RequestServer,
        processes: int = 1,
        count: Callable[[str], None] = lambda _name: None,
    ) -> None:
        """Start with a full budget and a closed circuit.

        Of several load-generating processes each has a breaker of its own, and its part of the budget's
        burst. `count` is called with `RETRIED` or `REFUSED`.
        """
        self.deadline_s = float(station.deadline_s)
        self.breaker = Breaker(station.breaker) if station.breaker.failure_share else None
        self.requests = 0
        self.retries = 0
        self._retry = station.retry
        self._retries_most = int(station.retry.retries_most)
        self._budget = RetryBudget(station.retry, processes)
        self._count = count

    def begin(self) -> None:
        """Note a request, before its first try."""
        self.requests += 1
        self._budget.deposit()

    def enter(self, now_s: float) -> int | None:
        """Let a try pass: gives the breaker's period that its answer counts for; None: an open circuit."""
        period = self.breaker.enter(now_s) if self.breaker else 0
        if period is None:
            self._count(REFUSED)
        return period

    def note(self, period: int, now_s: float, outcome: Outcome | None) -> None:
        """Note how a try ended; None: it was answered well."""
        if self.breaker:
            self.breaker.note(period, now_s, failed=outcome in FAILURES)

    def tries_again(self, retries: int, outcome: Outcome | None) -> bool:
        """Whether a request that ended so after this many retries is sent again; takes it from the budget."""
        if outcome not in FAILURES or retries >= self._retries_most or not self._budget.withdraw():
            return False
        self.retries += 1
        self._count(RETRIED)
        return True

    def pause_s(self, retry: int, u: float) -> float:
        """Seconds before a retry, counted from 1, by the uniform number u."""
        return pause_s(self._retry, retry, u)


def backoff_u(customer_key: int, attempt: int, request: int, retry: int) -> float:
    """Uniform number of the pause before a retry (from 1) of a customer's request, by its number."""
    return keyed.uniform(customer_key, BACKOFF, attempt, try_number(request, retry))


def try_number(request: int, retry: int) -> int:
    """Number of a try among all of an attempt, by the number of its request (`request_number`)."""
    return request * (RETRIES_MOST + 1) + retry


def pause_s(retry: Retry, number: int, u: float) -> float:
    """Seconds before retry `number` (from 1), by the uniform number u.

    min(backoff_s * 2^(number - 1), backoff_s_most) * (1 - jitter_share * u): capped exponential backoff
    with jitter (Brooker 2015, "Exponential Backoff and Jitter", where full jitter is a share of 1).
    """
    longest_s = min(retry.backoff_s * 2.0 ** (number - 1), retry.backoff_s_most)
    return longest_s * (1 - retry.jitter_share * u)


# ── What the clients of a server share: a circuit breaker, and a budget for retries. Neither has a clock


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

    def __init__(self, spec: Retry, processes: int = 1) -> None:
        """Start full; the burst is divided among processes, to at least one token each."""
        self._share = float(spec.retry_budget_share)
        self._most = max(float(spec.retry_budget_burst) / processes, 1.0)
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
