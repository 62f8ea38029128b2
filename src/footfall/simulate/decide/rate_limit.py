"""Whether a request is within a rate limit, and how long it has to wait for the rate. Without a clock."""

from footfall.simulate.spec.limits import RateLimit

_ROUNDING = 1e-9
"""Of a request: requests that come exactly at the rate fit."""


class LeakyBucket:
    """A leaky bucket as a meter; with `excess="delayed"`, as a queue (Turner 1986)."""

    def __init__(self, spec: RateLimit) -> None:
        """Start empty."""
        self._rate = float(spec.requests_per_s)
        self._most = float(spec.burst) + 1 + _ROUNDING
        self._delays = spec.excess == "delayed"
        self._level = 0.0
        self._at_s = 0.0

    def enter(self, now_s: float) -> float | None:
        """Seconds for which a request that comes now is held back, 0 for none; None: it is refused."""
        level = self._level_at(now_s) + 1
        if level > self._most:
            return None
        self._level, self._at_s = level, now_s
        return (level - 1) / self._rate if self._delays else 0.0

    def room_in_s(self, now_s: float) -> float:
        """Seconds after which a request would not be refused, if none came meanwhile."""
        return max(self._level_at(now_s) + 1 - self._most, 0.0) / self._rate

    def _level_at(self, now_s: float) -> float:
        return max(self._level - (now_s - self._at_s) * self._rate, 0.0)
