"""Differences of two success shares, of the same customers or of different ones."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footfall._stats import LONGEST_EPISODE
from footfall._stats.episodes import EPISODES_LEAST, Episodes, bad_share_bounds, episodes_of, spectral_effect
from footfall._stats.intervals import Interval, student_t

_TAIL = 0.025
_SAME = 1e-12

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One world, customer by customer, in the order of time: visits, and those of them that were served."""

    served: Values
    visits: Values

    @property
    def share(self) -> float:
        """Share of visits served, 0..1."""
        return float(self.served.sum() / self.visits.sum())


def paired_bounds(first: Side, second: Side, longest: float = LONGEST_EPISODE) -> Interval:
    """95 % bounds of the difference of two shares of the same customers: first - second.

    Each customer's part in the difference is x = (s1 - p1 n1) / N1 - (s2 - p2 n2) / N2 (s of n visits
    served, N all visits, p = share), so what happens to a customer in both worlds alike cancels out.
    Variance D Σ x² m/(m-1) over m customers, D the design effect of x or of the customers who fared
    differently; Student's t at one less than the episodes of such customers, and t² D max|x| / 2 for their
    skewness, as Wilson's interval has it. With fewer than five such episodes the bounds are those of their
    share at the declared length, `longest`. Source: W. G. Cochran, Sampling Techniques, 3rd ed. (1977),
    section 6.3 (ratio estimates, linearised).
    """
    m = len(first.served)
    difference = first.share - second.share
    parts = _parts(first) - _parts(second)
    differs = (np.abs(first.served - second.served) > _SAME) | (np.abs(first.visits - second.visits) > _SAME)
    seen = episodes_of(differs)
    weight = max(1.0, float(np.abs(parts).max()) * m)
    if seen.effective < EPISODES_LEAST:
        room = (bad_share_bounds(seen, longest).high - seen.share) * weight
        return Interval(max(-1.0, difference - room), min(1.0, difference + room))
    effect = max(seen.effect, spectral_effect(parts))
    t = student_t(seen.effective - 1)
    room = t * math.sqrt(effect * float(parts @ parts) * m / (m - 1)) + t * t * effect * weight / (2 * m)
    return Interval(max(-1.0, difference - room), min(1.0, difference + room))


def apart_bounds(first: Episodes, second: Episodes, longest: float = LONGEST_EPISODE) -> Interval:
    """95 % bounds of the difference of two shares of bad visits in different runs: first - second.

    d - √((p1-l1)² + (u2-p2)²) to d + √((u1-p1)² + (p2-l2)²), l and u the bounds of `bad_share_bounds`.
    Source: G. Y. Zou and A. Donner, Statistics in Medicine 27 (2008) 1693-1702.
    """
    one, two = (bad_share_bounds(seen, longest, against_limit=False) for seen in (first, second))
    return combined(first.share, one, second.share, two)


def combined(first: float, one: Interval, second: float, two: Interval) -> Interval:
    """Bounds of the difference of two independent figures, from the bounds of each."""
    difference = first - second
    return Interval(
        difference - math.hypot(first - one.low, two.high - second),
        difference + math.hypot(one.high - first, second - two.low),
    )


def _parts(side: Side) -> Values:
    return np.asarray((side.served - side.share * side.visits) / side.visits.sum(), dtype=np.float64)
