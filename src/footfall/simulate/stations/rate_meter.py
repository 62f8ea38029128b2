"""A rate limit before a station: who passes at once, who is held back, who is refused."""

from array import array

import simpy

from footfall.records.outcomes import Outcome
from footfall.simulate.customer import Customer
from footfall.simulate.decide.rate_limit import LeakyBucket
from footfall.simulate.engine import Body
from footfall.simulate.laws.counts import RateBound
from footfall.simulate.spec.limits import RateLimit


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
