"""Which second of the day it is at a second of a run."""

import math
from collections.abc import Iterator

from footfall.simulate.spec.base import DAY_S, HALF_HOUR_S, Spec

_MOMENT_S = 1e-3


class DayClock(Spec):
    """Maps seconds of a run to seconds of the day, by which staff, opening hours and expected waits go.

    Unless said otherwise they are the same. A played window begins later and runs `speed` times as fast;
    once it is over, its last moment lasts, so that nobody is sent home while the last customers are served.
    """

    starts_s: float = 0.0
    """Second of the day at second 0 of the run."""
    speed: float = 1.0
    """Seconds of the day that pass in a second of the run."""
    length_s: float = math.inf
    """Seconds of the day after which it stands still."""

    def day_s(self, at_s: float) -> float:
        """Give the second of the day (of several, it goes on counting) at a second of the run."""
        if at_s <= 0:
            return self.starts_s
        return self.starts_s + min(at_s * self.speed, self.length_s - _MOMENT_S)

    def half_hours(self, until_s: float) -> Iterator[tuple[float, float]]:
        """Give each beginning of a half hour after second 0, as `beginnings` does."""
        return self.beginnings(until_s, HALF_HOUR_S)

    def beginnings(self, until_s: float, interval_s: float) -> Iterator[tuple[float, float]]:
        """Give each beginning of an interval of the day after second 0, in seconds of the run and of the day.

        Up to the end of the window, or else of the day in which a run of `until_s` seconds ends.
        """
        ends_s = self.starts_s + self.length_s
        if math.isinf(ends_s):
            ends_s = math.ceil((self.starts_s + until_s * self.speed) / DAY_S) * DAY_S
        for k in range(math.floor(self.starts_s / interval_s) + 1, math.ceil(ends_s / interval_s)):
            yield (k * interval_s - self.starts_s) / self.speed, k * interval_s


THE_DAYS_OWN = DayClock()
"""Of a run that is a day."""
