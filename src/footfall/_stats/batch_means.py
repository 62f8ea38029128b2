"""Intervals from one long run: batch means, and the end of its warm-up (MSER-5, Welch)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall._stats import CONFIDENCE
from footfall._stats.intervals import Interval, student_t

# ── Intervals of a mean or a percentile by batch means, since customers are not independent

_BATCHES_LEAST, _BATCHES_MOST = 10, 30
_BATCH_LEAST = 10
"""Least number of values in a batch, hence a hundred in all."""

Values = NDArray[np.float64]


def batches_of(n: int) -> int:
    """Return the number of batches of n values: a third of their root, from 10 to 30; 0 for too few.

    Batches thus grow with the run, beyond the correlation time of queues. Source of the bounds: B. Schmeiser,
    Operations Research 30 (1982) 556-568.
    """
    if n < _BATCHES_LEAST * _BATCH_LEAST:
        return 0
    return min(max(isqrt(n) // 3, _BATCHES_LEAST), _BATCHES_MOST)


def batch_means_interval(values: Values, confidence: float = CONFIDENCE) -> Interval | None:
    """Two-sided interval of the mean of autocorrelated values in the order of time.

    The variance of a batch mean is estimated from the differences of neighbouring batches, Σ d² / 2(k-1), so
    that slow variation does not count as chance; 2(k-1)²/(3k-4) degrees of freedom. It is valid for
    this run only: variation between days is not included. None: too few values.
    Source: J. von Neumann, R. H. Kent, H. R. Bellinson and B. I. Hart, Annals of Mathematical Statistics 12
    (1941) 153-162.
    """
    k = batches_of(len(values))
    if not k:
        return None
    means = np.array([batch.mean() for batch in np.array_split(values, k)])
    variance = float((np.diff(means) ** 2).sum()) / (2 * (k - 1))
    freedom = 2 * (k - 1) ** 2 / (3 * k - 4)
    half_width = student_t(freedom, confidence) * math.sqrt(variance / k)
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


# ── End of the warm-up: MSER-5, and the moving average of Welch's plot

BATCH = 5
WARM_UP_BATCHES_LEAST = 20
_LAST_LEFT_OUT = 5
"""Batches at the end that are not candidates: the mean of so few may be steady by chance."""

_WINDOWS = 20
_ROWS_MOST = 2000

_WELCH = pl.Schema(
    {"channel": pl.String, "visit": pl.Int64, "mean_s": pl.Float64, "moving_average_s": pl.Float64}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """End of the warm-up."""

    values: int
    """Number of values to exclude: those before the best cut in the first half."""
    settled: bool
    """False: the best cut is in the second half, so the run was too short."""


def welch_table(runs: Sequence[Values], channel: str) -> pl.DataFrame:
    """Return the data of Welch's plot: channel, visit (from 0), mean_s, moving_average_s.

    A long run has a row for several visits, and so at most 2,000 rows. The window of the moving average is a
    twentieth of the run to either side; null where it has no room.

    Raises:
        ValueError: there are no runs.
    """
    mean = over_runs(runs)
    group = -(-len(mean) // _ROWS_MOST)
    rows = mean[: len(mean) // group * group].reshape(-1, group).mean(axis=1)
    smooth = moving_average(rows, max(1, len(rows) // _WINDOWS))
    padded = [*smooth.tolist(), *[None] * (len(rows) - len(smooth))]
    return pl.DataFrame(
        {
            "channel": [channel] * len(rows),
            "visit": range(0, len(rows) * group, group),
            "mean_s": rows,
            "moving_average_s": pl.Series(padded, dtype=pl.Float64),
        },
        schema=_WELCH,
    )


def mser5(values: Values) -> Cut:
    """Find the cut that gives the most precise mean of the rest, over means of five values.

    MSER(d) = Σ_{i>d} (yᵢ - ȳ)² / (n - d)², the least over d; the last five batches are not candidates.
    Sources: K. P. White Jr, Simulation 69 (1997) 323-334; K. P. White Jr, M. J. Cobb and S. C. Spratt,
    Proc. Winter Simulation Conference (2000) 755-760; K. Hoad, S. Robinson and R. Davies,
    same (2008) 532-540.

    Raises:
        ValueError: fewer than a hundred values.
    """
    n = len(values) // BATCH
    if n < WARM_UP_BATCHES_LEAST:
        msg = f"{len(values)} values are too few for a warm-up; {WARM_UP_BATCHES_LEAST * BATCH} are the least"
        raise ValueError(msg)
    means = values[: n * BATCH].reshape(n, BATCH).mean(axis=1)
    # Squares of centred values lose no digits to a large mean.
    means = means - means.mean()
    left = np.arange(n, 0, -1)
    sums, squares = (np.cumsum(each[::-1])[::-1] for each in (means, means**2))
    error = (np.maximum(squares - sums**2 / left, 0.0) / left**2)[: n - _LAST_LEFT_OUT]
    half = n // 2 + 1
    return Cut(values=int(np.argmin(error[:half])) * BATCH, settled=int(np.argmin(error)) < half)


def over_runs(runs: Sequence[Values]) -> Values:
    """Return the mean over runs, value by value, up to the length of the shortest.

    Source: P. D. Welch, The statistical analysis of simulation results, in S. Lavenberg (ed.), Computer
    Performance Modeling Handbook (1983), 268-328.

    Raises:
        ValueError: there are no runs.
    """
    if not runs:
        msg = "a mean over no runs"
        raise ValueError(msg)
    length = min(len(run) for run in runs)
    whole: Values = np.mean([run[:length] for run in runs], axis=0)
    return whole


def moving_average(values: Values, window: int) -> Values:
    """Mean of each value and its `window` neighbours to either side: fewer at the start, cut off at the end.

    Source: Welch (1983), as in A. M. Law, Simulation Modeling and Analysis, 5th ed. (2015), section 9.5.1.
    """
    sums = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(max(len(values) - window, 0))
    reach = np.minimum(at, window)
    averaged: Values = (sums[at + reach + 1] - sums[at - reach]) / (2 * reach + 1)
    return averaged
