"""Times as they were seen: which ended, which were cut short; equal ones counted together."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
_MANY, _STEP = 4000, 1e-3


@dataclass(frozen=True)
class Sample:
    """Different seconds in rising order, with how many ended there and how many were cut short there."""

    seconds: Array
    ends: Array
    cut: Array

    @cached_property
    def weights(self) -> Array:
        """Times at each of the seconds."""
        return self.ends + self.cut

    @property
    def total(self) -> float:
        """All times."""
        return float(self.weights.sum())

    @property
    def ended(self) -> float:
        """Times that ended."""
        return float(self.ends.sum())

    @property
    def exposure_s(self) -> float:
        """Sum of all times."""
        return float(self.weights @ self.seconds)

    def coarse(self) -> "Sample":
        """Give the times on a grid of a thousandth of themselves, where there are very many different ones.

        What is fitted to them moves by less than a millionth; the work no longer grows with the log.
        """
        if self.seconds.size <= _MANY:
            return self
        places, inverse = np.unique(np.round(np.log(self.seconds) / _STEP), return_inverse=True)
        ends, cut = (np.bincount(inverse, weights=part).astype(np.float64) for part in (self.ends, self.cut))
        return Sample(np.exp(places * _STEP), ends, cut)

    def above(self, low_s: float) -> "Sample":
        """Give the times above some seconds."""
        kept = self.seconds > low_s
        return Sample(self.seconds[kept], self.ends[kept], self.cut[kept])


def sample(seconds: ArrayLike, ended: ArrayLike | None = None) -> Sample:
    """Count times that are equal; `ended` says which were not cut short, None: all ended.

    Raises:
        ValueError: a time is negative or not finite.
    """
    times = np.asarray(seconds, dtype=np.float64)
    if times.size and not (np.isfinite(times).all() and times.min() >= 0):
        msg = "times are finite and not negative"
        raise ValueError(msg)
    flags = np.ones(times.size) if ended is None else np.asarray(ended, dtype=np.float64)
    values, place = np.unique(times, return_inverse=True)
    ends = np.bincount(place, weights=flags, minlength=values.size).astype(np.float64)
    return Sample(values, ends, np.bincount(place, minlength=values.size).astype(np.float64) - ends)
