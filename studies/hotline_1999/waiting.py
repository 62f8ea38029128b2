"""How many waited at any time of a recorded day."""

from collections.abc import Collection
from dataclasses import dataclass
from math import exp

import numpy as np
from numpy.typing import NDArray

from footfall._model.numbers import HOUR_S
from studies.hotline_1999.records import RecordedDay

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A step function: `numbers[i]` wait from `times_s[i - 1]` to `times_s[i]`; nobody before the first."""

    times_s: Floats
    numbers: NDArray[np.int64]

    def at(self, at_s: float) -> int:
        """Number waiting at a time."""
        return int(self.numbers[np.searchsorted(self.times_s, at_s, "right")])

    def between(self, from_s: float, to_s: float) -> tuple[Floats, NDArray[np.int64]]:
        """Bounds of the steps in a time, and the number waiting in each."""
        first = int(np.searchsorted(self.times_s, from_s, "right"))
        last = max(first, int(np.searchsorted(self.times_s, to_s, "right")))
        bounds = np.concatenate([[from_s], self.times_s[first:last], [to_s]])
        return bounds, self.numbers[first : last + 1]


def waiting_of(day: RecordedDay, kinds: Collection[str] | None = None) -> Waiting:
    """Give who waited over the day, of some kinds or of all."""
    who = day.waited_s > 0
    if kinds is not None:
        who &= np.array([kind in kinds for kind in day.kinds], dtype=bool)
    came, left = day.arrived_s[who], day.arrived_s[who] + day.waited_s[who]
    times = np.concatenate([came, left])
    steps = np.concatenate([np.ones(came.size, dtype=np.int64), -np.ones(left.size, dtype=np.int64)])
    order = np.argsort(times, kind="stable")
    return Waiting(times[order], np.concatenate([[0], np.cumsum(steps[order])]))


class QueueShare:
    """Share of the last hour or so in which somebody waited: an exponential average over an hour."""

    def __init__(self) -> None:
        """Start with nobody waiting."""
        self._share = 0.0
        self._at_s = 0.0
        self._somebody = False

    def note(self, at_s: float, *, somebody: bool) -> None:
        """From this time on somebody waits, or nobody does."""
        self._share = self.at(at_s)
        self._at_s = at_s
        self._somebody = somebody

    def at(self, at_s: float) -> float:
        """Give the share at a time not before the last note."""
        kept = exp(-(at_s - self._at_s) / HOUR_S)
        return self._share * kept + (1 - kept if self._somebody else 0.0)
