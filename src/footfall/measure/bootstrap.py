"""How sure the difference of two runs is: block bootstrap, since neighbours are not independent."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from footfall.measure.interval import CONFIDENCE, Interval

SEED = 2012
_DRAWS_MOST = 20_000_000
_RESAMPLES_LEAST, _RESAMPLES_MOST = 200, 1000
_CHUNK = 2_000_000
Values = NDArray[np.float64]


def block_length(n: int) -> int:
    """Values in a block: the cube root of n.

    Source: P. Hall, J. L. Horowitz and B.-Y. Jing, Biometrika 82 (1995) 561-574.
    """
    return max(1, round(math.cbrt(n)))


def change_interval(
    new: Values, old: Values, q: float | None, *, as_ratio: bool, confidence: float = CONFIDENCE
) -> Interval:
    """Two-sided interval of how much larger a statistic is in new than in old: new/old - 1, or new - old.

    The statistic is the q quantile, or the mean where q is None, of values in the order of time. Both runs
    are resampled in blocks on a circle, with a fixed seed; the bounds are the percentiles of what comes out.
    Source: D. N. Politis and J. P. Romano, in Exploring the Limits of Bootstrap (1992) 263-270.
    """
    rng = np.random.default_rng(SEED)
    count = max(_RESAMPLES_LEAST, min(_RESAMPLES_MOST, _DRAWS_MOST // max(len(new) + len(old), 1)))
    first, second = (np.concatenate(list(_statistics(values, q, count, rng))) for values in (new, old))
    if as_ratio:
        with np.errstate(divide="ignore", invalid="ignore"):
            changes = np.where(second > 0, first / second - 1, math.inf)
    else:
        changes = first - second
    low, high = np.quantile(changes, [(1 - confidence) / 2, (1 + confidence) / 2], method="nearest")
    return Interval(float(low), float(high))


def _statistics(values: Values, q: float | None, count: int, rng: np.random.Generator) -> Iterator[Values]:
    """Give the statistic of so many resamples, some at a time."""
    n = len(values)
    block = block_length(n)
    blocks = math.ceil(n / block)
    rank = 0 if q is None else math.ceil(round(q * n, 9)) - 1
    at_once = max(1, _CHUNK // n)
    for done in range(0, count, at_once):
        starts = rng.integers(0, n, (min(at_once, count - done), blocks, 1))
        rows = values[((starts + np.arange(block)) % n).reshape(len(starts), -1)[:, :n]]
        yield rows.mean(axis=1) if q is None else np.partition(rows, rank, axis=1)[:, rank]
