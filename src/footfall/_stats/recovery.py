"""When a service is well again after a disturbance, seen by the visits that came meanwhile."""

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

VISITS_A_BIN = 30
"""So many visits are looked at together."""
GOOD_SHARE = 0.75
"""Visits that came together do well if this much of the usual share of them is served."""
GOOD_BINS = 3
"""So many bins in a row, the last ones, show that it stays well."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """Whether, and when, visits ended as before a disturbance."""

    usual_share: float
    """Of the visits that came before it, those that were served; nan: none came."""
    end_share: float
    """Of the last third of those that came after it."""
    after_s: float
    """From its end to the time from which those who come do well; inf: not by the end of the watch."""

    @property
    def recovered(self) -> bool:
        """Whether they did well again by the end of the watch."""
        return self.after_s < inf


def recovery(
    due_s: NDArray[np.float64],
    is_served: NDArray[np.bool_],
    disturbed: tuple[float, float],
    visits_per_s: float,
) -> Recovery:
    """Find when visits did well again after a disturbance (beginning and end, seconds of the run).

    Those that came after it are taken together in bins of `VISITS_A_BIN` at the usual rate, by the time at
    which they came. It has recovered at the end of the last bin that did not do well, if `GOOD_BINS` follow.
    """
    begins_s, ends_s = disturbed
    before, later = is_served[due_s < begins_s], due_s >= ends_s
    usual = float(before.mean()) if before.size else float("nan")
    after, after_s = is_served[later], due_s[later] - ends_s
    if not after.size or not before.size:
        return Recovery(usual, float("nan"), inf)
    width_s = VISITS_A_BIN / visits_per_s
    bins = (after_s // width_s).astype(int)
    came = np.bincount(bins)
    served = np.bincount(bins, weights=after)
    end_share = float(after[-max(after.size // 3, 1) :].mean())
    # A bin in which none came tells nothing; the last one may be cut short.
    bad = np.flatnonzero((came > 0) & (served < GOOD_SHARE * usual * came))
    whole = len(came) - 1
    first_good = int(bad[-1]) + 1 if bad.size else 0
    # A last part of a bin may be bad by chance; one that follows good bins does not take the recovery back.
    if bad.size and bad[-1] == whole and came[-1] < VISITS_A_BIN / 2:
        first_good = int(bad[-2]) + 1 if bad.size > 1 else 0
    recovered = usual > 0 and whole - first_good >= GOOD_BINS
    return Recovery(usual, end_share, first_good * width_s if recovered else inf)
