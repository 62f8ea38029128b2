"""Rank tests of two samples of runs: the exact test, the shift between them and its exact interval."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from footfall._stats import CONFIDENCE
from footfall._stats.intervals import Interval

RUNS_MOST = 50
"""Largest sample; more make the exact distribution slow and are not needed for relevant differences."""

Values = NDArray[np.float64]


def mann_whitney_p(first: Sequence[float], second: Sequence[float]) -> float:
    """Two-sided p-value of the Mann–Whitney test, exact, with ties too: min(1, 2 min(P(W <= w), P(W >= w))).

    W is the sum of the first sample's ranks (tied values share the mean of theirs) over all ways to deal the
    ranks out. Sources: H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18 (1947) 50-60;
    B. Streitberg and J. Röhmel, Statistical Software Newsletter 12 (1986) 10-17, for the recursion.

    Raises:
        ValueError: a sample is empty, too large, or contains NaN.
    """
    _check(first, second)
    doubled = _doubled_ranks([*first, *second])
    observed = int(doubled[: len(first)].sum())
    ways = _ways(tuple(sorted(doubled.tolist())), len(first))
    below, above = ways[: observed + 1].sum(), ways[observed:].sum()
    return min(1.0, 2 * float(min(below, above) / ways.sum()))


def shift(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the shift of the first sample above the second: the median of all pairwise differences.

    Source: J. L. Hodges and E. L. Lehmann, Annals of Mathematical Statistics 34 (1963) 598-611.
    """
    differences = _differences(first, second)
    middle = len(differences)
    low, high = float(differences[(middle - 1) // 2]), float(differences[middle // 2])
    return low if low == high else _or_zero((low + high) / 2)


def shift_interval(
    first: Sequence[float], second: Sequence[float], confidence: float = CONFIDENCE
) -> Interval | None:
    """Two-sided interval of the shift: the inverted Mann–Whitney test, from ordered pairwise differences.

    The k-th smallest and the k-th largest difference, with the largest k of 2 P(U < k) <= 1 - confidence. The
    coverage is at least the confidence for any distribution, larger with ties. None: too few runs for this
    confidence. Source: D. F. Bauer, JASA 67 (1972) 687-690.
    """
    _check(first, second)
    n, m = len(first), len(second)
    ways = _ways(tuple(range(2, 2 * (n + m) + 1, 2)), n)[::2]
    # U counts from its least rank sum, n (n + 1) / 2.
    tail = np.cumsum(ways[n * (n + 1) // 2 :]) / ways.sum()
    k = int(np.searchsorted(tail, (1 - confidence) / 2, side="right"))
    if k == 0:
        return None
    differences = _differences(first, second)
    return Interval(float(differences[k - 1]), float(differences[-k]))


def smallest_p(first_runs: int, second_runs: int) -> float:
    """Return the smallest two-sided p-value possible with these numbers of runs: 2 / C(n + m, n)."""
    return min(1.0, 2 / math.comb(first_runs + second_runs, first_runs))


def least_runs(p_most: float) -> int:
    """Return the smallest number of runs per sample whose least p-value is not above `p_most`."""
    return next(n for n in range(1, 10_000) if smallest_p(n, n) <= p_most)


def _doubled_ranks(values: Sequence[float]) -> NDArray[np.int64]:
    """Return twice the rank of each value: integers, even if tied values share their mean rank."""
    _, place, count = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((2 * last - count + 1)[place], dtype=np.int64)


@lru_cache(maxsize=256)
def _ways(ranks: tuple[int, ...], chosen: int) -> Values:
    """Return in how many ways `chosen` of the ranks have each sum."""
    ways = np.zeros((chosen + 1, sum(ranks) + 1))
    ways[0, 0] = 1
    for rank in ranks:
        # From the back, so that a rank is taken once.
        for size in range(chosen, 0, -1):
            ways[size, rank:] += ways[size - 1, : ways.shape[1] - rank]
    return np.asarray(ways[chosen], dtype=np.float64)


def _differences(first: Sequence[float], second: Sequence[float]) -> Values:
    """Return all pairwise differences, ascending; the difference of equal infinities is 0."""
    one, two = (np.asarray(values, dtype=np.float64) for values in (first, second))
    with np.errstate(invalid="ignore"):
        differences = np.subtract.outer(one, two).ravel()
    return np.sort(np.where(np.isnan(differences), 0.0, differences))


def _or_zero(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def _check(first: Sequence[float], second: Sequence[float]) -> None:
    for values in (first, second):
        if not 1 <= len(values) <= RUNS_MOST or any(math.isnan(value) for value in values):
            msg = f"{len(values)} values of a side: 1 to {RUNS_MOST} numbers are compared"
            raise ValueError(msg)
