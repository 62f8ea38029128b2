"""The clock of play, to which outages, staff and opening hours refer."""

import time
from collections.abc import Callable

from footfall.simulate.spec.base import DAY_S


class PlayClock:
    """Seconds since second 0 of play, once that has been set."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        """Start with no play set."""
        self._now_s = now_s
        self._zero_s: float | None = None

    def start_in(self, seconds: float) -> None:
        """Set second 0 of play so many seconds from now."""
        self._zero_s = self._now_s() + seconds

    def play_s(self) -> float | None:
        """Second of play, negative before its start; None while no play is set."""
        return None if self._zero_s is None else self._now_s() - self._zero_s

    def day_s(self) -> float:
        """Second by which staff and opening hours go: of play, or else of the local day."""
        play_s = self.play_s()
        if play_s is not None:
            return max(play_s, 0.0)
        local = time.localtime(self._now_s())
        return (local.tm_hour * 3600.0 + local.tm_min * 60.0 + local.tm_sec) % DAY_S
