"""The clock of play, to which outages refer, and the day's, to which staff and opening hours do."""

import time
from collections.abc import Callable

from footfall.simulate.spec.base import DAY_S
from footfall.simulate.spec.clock import THE_DAYS_OWN, DayClock


def steady_clock(
    wall_s: Callable[[], float] = time.time, monotonic_s: Callable[[], float] = time.monotonic
) -> Callable[[], float]:
    """Give a clock that starts at the system's time and then counts seconds, however that is set meanwhile.

    What it gives can be kept in a database and compared after a restart (seconds since 1970). In one process
    no step of the system's clock makes anything expire.
    """
    zero_s = wall_s() - monotonic_s()
    return lambda: zero_s + monotonic_s()


class PlayClock:
    """Seconds since second 0 of play, once that has been set."""

    def __init__(self, now_s: Callable[[], float], day: DayClock) -> None:
        """Start with no play set; `day` says what second of the day a second of play is."""
        self._now_s = now_s
        self._day = day
        self._zero_s: float | None = None

    def start_in(self, seconds: float) -> None:
        """Set second 0 of play so many seconds from now."""
        self._zero_s = self._now_s() + seconds

    def play_s(self) -> float | None:
        """Second of play, negative before its start; None while no play is set."""
        return None if self._zero_s is None else self._now_s() - self._zero_s

    def day_s(self) -> float:
        """Second of the day by which staff and opening hours go.

        Of the window that is played; of its beginning, as long as nobody has said when play begins; of the
        local day for a model that is not there to be played.
        """
        play_s = self.play_s()
        if play_s is not None:
            return self._day.day_s(play_s)
        if self._day != THE_DAYS_OWN:
            return self._day.starts_s
        local = time.localtime(self._now_s())
        return (local.tm_hour * 3600.0 + local.tm_min * 60.0 + local.tm_sec) % DAY_S
