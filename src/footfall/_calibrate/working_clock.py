"""The clock of a station that stalls: it stands still in the stalls, and work goes by it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from footfall._calibrate.request_log import Floats
from footfall._calibrate.station_parameters import StationParameters

NEVER_S = 1e15
"""Later than any run, and still a number to reckon with."""
_ROUNDING = 1e-12
"""Of a period: a working time at the end of a period is not taken for one before the stall."""


@dataclass(frozen=True, slots=True, eq=False)
class WorkingClock:
    """Per column a clock without the stalls, which begin every `every_s`, once of them at `first_s`.

    A server with interruptions is one without them in the time in which it works (White and Christie 1958,
    "Queuing with preemptive priorities or with breakdown", Operations Research 6).
    """

    length_s: Floats
    every_s: Floats
    first_s: Floats

    @classmethod
    def of(cls, stations: Sequence[StationParameters], first_s: Floats | None) -> "WorkingClock | None":
        """Give the clock of these stations; None where none of them stalls."""
        length_s = np.array([station.stall_length_s for station in stations])
        if not length_s.any():
            return None
        every_s = np.array([min(station.stall_every_s, NEVER_S) for station in stations])
        begins_s = np.zeros(len(stations)) if first_s is None else first_s
        return cls(length_s, np.where(length_s > 0, every_s, NEVER_S), np.where(length_s > 0, begins_s, 0.0))

    def working_s(self, at_s: Floats) -> Floats:
        """Give the working time at each time, (..., columns)."""
        since_s = np.minimum(at_s, NEVER_S) - self.first_s
        periods = np.floor(since_s / self.every_s)
        within_s = since_s - periods * self.every_s
        working_s: Floats = periods * (self.every_s - self.length_s) + np.maximum(
            within_s - self.length_s, 0.0
        )
        return working_s

    def at_s(self, working_s: Floats) -> Floats:
        """Give the time at which the working time goes on from `working_s`: after a stall that it meets."""
        works_s = self.every_s - self.length_s
        periods = np.floor(working_s / works_s + _ROUNDING)
        within_s = np.maximum(working_s - periods * works_s, 0.0)
        at_s: Floats = self.first_s + periods * self.every_s + self.length_s + within_s
        return at_s

    def one_working_s(self, at_s: Floats) -> Floats:
        """Give the working time at each time, of a clock with one column."""
        return self.working_s(at_s[:, None])[:, 0]
