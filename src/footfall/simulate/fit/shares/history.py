"""Counts of cases by month and channel: what a forecast of shares is learned from."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MONTHS_OF_A_YEAR = 12
SEASON_MONTHS_LEAST = 24
"""A season is learned from two years on; a shorter record cannot tell it from change."""


@dataclass(frozen=True, slots=True)
class History:
    """Months in which cases were counted, in order; months without any are left out."""

    months: NDArray[np.int64]
    """Shape (months,): months since year 0, January 2015 being 2015 * 12."""
    counts: Floats
    """Shape (months, channels): cases; NaN where a channel tells nothing of its share in that month."""
    covered: Floats = field(default_factory=lambda: np.empty(0))
    """Shape (months,): the part of each month that the record covers, 0 to 1; empty: all of each."""

    def __post_init__(self) -> None:
        """Take an empty `covered` for whole months."""
        if not self.covered.size:
            object.__setattr__(self, "covered", np.ones(self.months.size))

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.counts.shape[1])

    @property
    def span(self) -> int:
        """Months from the first to the last, gaps included."""
        return int(self.months[-1] - self.months[0]) + 1

    def until(self, months: int) -> "History":
        """Give the first so many months."""
        return History(self.months[:months], self.counts[:months], self.covered[:months])

    def since(self, months: int) -> "History":
        """Give the last months, at most so many."""
        return History(self.months[-months:], self.counts[-months:], self.covered[-months:])


def shares_of(counts: Floats) -> Floats:
    """Give counts along the last axis as shares; NaN counts as none."""
    known = np.nan_to_num(counts)
    found: Floats = known / known.sum(axis=-1, keepdims=True)
    return found
