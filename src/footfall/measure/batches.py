"""How sure one run can be of a mean or a percentile: batch means, since customers are not independent."""

import math
from math import isqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from footfall.measure.interval import CONFIDENCE, Interval

BATCHES_LEAST, BATCHES_MOST = 10, 30
BATCH_LEAST = 10
"""Fewer values in a batch, hence fewer than a hundred in all, say nothing."""

Values = NDArray[np.float64]


def batches_of(n: int) -> int:
    """Number of batches of n values: a third of their root, within 10 and 30; 0 for too few values.

    So a batch grows with the run and outlasts the memory of a queue. Source for the bounds: B. Schmeiser,
    Operations Research 30 (1982) 556-568.
    """
    if n < BATCHES_LEAST * BATCH_LEAST:
        return 0
    return min(max(isqrt(n) // 3, BATCHES_LEAST), BATCHES_MOST)


def batch_means_interval(values: Values, confidence: float = CONFIDENCE) -> Interval | None:
    """Two-sided interval of the mean of values in the order of time, whose neighbours resemble each other.

    The variance of a batch mean is estimated from the differences of neighbouring batches, Σ d² / 2(k-1), so
    that the slow rise and fall of a day is not taken for chance; 2(k-1)²/(3k-4) degrees of freedom. It holds
    for the run at hand: what makes one day busier than another is not in it. None: too few values.
    Source: J. von Neumann, R. H. Kent, H. R. Bellinson and B. I. Hart, Annals of Mathematical Statistics 12
    (1941) 153-162.
    """
    k = batches_of(len(values))
    if not k:
        return None
    means = np.array([batch.mean() for batch in np.array_split(values, k)])
    variance = float((np.diff(means) ** 2).sum()) / (2 * (k - 1))
    freedom = 2 * (k - 1) ** 2 / (3 * k - 4)
    half_width = float(stdtrit(freedom, (1 + confidence) / 2)) * math.sqrt(variance / k)
    mean = float(values.mean())
    return Interval(mean - half_width, mean + half_width)


def batch_percentile_interval(values: Values, q: float, confidence: float = CONFIDENCE) -> Interval | None:
    """Two-sided interval of the q quantile of values in the order of time.

    The share of values at or below the quantile has an interval by batch means; its ends, read as shares, are
    turned back into values. A bound outside the sample is infinite. None: too few values. Source: R. S.
    Woodruff, JASA 47 (1952) 635-646.
    """
    n = len(values)
    if not batches_of(n):
        return None
    ordered = np.sort(values)
    quantile = ordered[_rank(q, n) - 1]
    below = batch_means_interval((values <= quantile).astype(np.float64), confidence)
    assert below is not None  # noqa: S101  as many values as above
    low, high = _rank(q - below.half_width, n), _rank(q + below.half_width, n) + 1
    return Interval(
        float(ordered[low - 1]) if low >= 1 else -math.inf,
        float(ordered[high - 1]) if high <= n else math.inf,
    )


def _rank(q: float, n: int) -> int:
    return math.ceil(round(q * n, 9))
