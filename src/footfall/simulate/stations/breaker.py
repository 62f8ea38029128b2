"""What the clients of a server share: a circuit breaker, and a budget for retries. Neither has a clock."""

from collections import deque

from footfall.simulate.spec.client import CircuitBreaker, Retry

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
        """Let a request pass: gives the slip that its answer is noted under; None: the circuit is open."""
        if self._opened_at_s is None:
            return self._period
        if now_s < self._opened_at_s + self._open_s or self._probes_sent == self._probes:
            return None
        self._probes_sent += 1
        return self._period

    def note(self, slip: int, now_s: float, *, failed: bool) -> None:
        """Note an answer; one to a request from before the circuit last opened or closed tells nothing."""
        if slip != self._period:
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
