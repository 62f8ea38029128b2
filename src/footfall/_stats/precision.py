"""Warm-up and batch means, and how long a simulation must run for a given precision."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isqrt
from statistics import fmean, variance
from typing import Literal

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray

from footfall._stats import CONFIDENCE
from footfall._stats.intervals import Interval, student_t

# ── Intervals from one long run: batch means, and the end of its warm-up (MSER-5, Welch)

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


_SHORT_BATCHES = 5
"""Of ten values and more, where a short series must do; of few batches the interval is wide."""


def batch_means_interval(
    values: Values, confidence: float = CONFIDENCE, *, short: bool = False
) -> Interval | None:
    """Two-sided interval of the mean of autocorrelated values in the order of time.

    The variance of a batch mean is estimated from the differences of neighbouring batches, Σ d² / 2(k-1), so
    that slow variation does not count as chance; 2(k-1)²/(3k-4) degrees of freedom. It is valid for
    this run only: variation between days is not included. None: too few values, which are 100, of a `short`
    series 10.
    Source: J. von Neumann, R. H. Kent, H. R. Bellinson and B. I. Hart, Annals of Mathematical Statistics 12
    (1941) 153-162.
    """
    k = batches_of(len(values))
    if not k and short and len(values) >= 2 * _SHORT_BATCHES:
        k = _SHORT_BATCHES
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


# ── How many replications are enough, and the range of the mean of a fitted model

# ── Number of replications: run until every interval is as narrow as requested, with look-ahead

_LOOK_AHEAD_GROWS_FROM = 100
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """A requested 95 % half-width, as a share of the mean, and how it must be confirmed.

    Source: K. Hoad, S. Robinson and R. Davies, Journal of the Operational Research Society 61 (2010)
    1632-1644.
    """

    relative: float
    """0.05: half-width at most a twentieth of the mean."""
    start: int = 10
    """Replications before the first check: with fewer, a standard deviation is unreliable."""
    look_ahead: int = 5
    """Further replications that must hold it too, more above 100: an interval may be narrow by chance."""

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ValueError: the share is not above 0, or the start gives no interval.
        """
        if not (self.relative > 0 and self.start > 1 and self.look_ahead >= 0):
            msg = f"invalid precision: {self}"
            raise ValueError(msg)

    @property
    def least(self) -> int:
        """Smallest number of replications that can reach it."""
        return self.start + self.look_ahead

    def ahead(self, n: int) -> int:
        """Further replications that must agree, seen from the n-th."""
        return self.look_ahead * max(n, _LOOK_AHEAD_GROWS_FROM) // _LOOK_AHEAD_GROWS_FROM


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Precision of one quantity so far."""

    replications: int
    half_width: float
    """Half-width over all replications so far."""
    relative_half_width: float | None
    """Half-width by mean; None at a mean of 0."""
    reached_at: int | None
    """Replication from which the precision held, the look-ahead included; None: not reached."""
    needed: int | None
    """Approximate total number of replications needed; None if reached, or if no number suffices."""


def standing(values: Sequence[float], precision: Precision) -> Standing:
    """Check the values of a quantity, one per replication in order, against the precision.

    Needed: n (h / target)², the standard deviation staying what it is.

    Raises:
        ValueError: fewer than two values.
    """
    n = len(values)
    if n <= 1:
        msg = f"a half-width needs two values or more, got {n}"
        raise ValueError(msg)
    means, half_widths = _so_far(values)
    holds = half_widths <= precision.relative * np.abs(means) * (1 + _ROUNDING)
    reached_at = _first_to_last(holds, precision)
    mean, half_width = float(means[-1]), float(half_widths[-1])
    needed = None
    if reached_at is None and mean:
        ratio = half_width / (precision.relative * abs(mean))
        needed = max(math.ceil(n * ratio * ratio), n + 1, precision.least)
    return Standing(
        replications=n,
        half_width=half_width,
        relative_half_width=half_width / abs(mean) if mean else None,
        reached_at=reached_at,
        needed=needed,
    )


def enough(quantities: Iterable[Sequence[float]], precision: Precision) -> bool:
    """Whether every quantity has reached the precision, so that no further replication is needed."""
    return all(
        len(values) >= precision.least and standing(values, precision).reached_at is not None
        for values in quantities
    )


def _so_far(values: Sequence[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and half-width of the first 1, 2, … values; the half-width of one is infinite."""
    numbers = np.asarray(values, dtype=np.float64)
    n = np.arange(1, len(numbers) + 1)
    # Seen from their first, squares lose no digits to a large mean.
    shifted = numbers - numbers[0]
    means = np.cumsum(shifted) / n
    squares = np.maximum(np.cumsum(shifted**2) - n * means**2, 0.0)
    half_widths = np.full(len(numbers), math.inf)
    free = n[1:] - 1
    half_widths[1:] = scipy.special.stdtrit(free, (1 + CONFIDENCE) / 2) * np.sqrt(squares[1:] / free / n[1:])
    return means + numbers[0], half_widths


def _first_to_last(holds: NDArray[np.bool_], precision: Precision) -> int | None:
    """Find the first replication from which it held for the required number of further ones."""
    in_a_row = 0
    for n, held in enumerate(holds.tolist(), 1):
        in_a_row = in_a_row + 1 if held and n >= precision.start else 0
        if in_a_row > precision.ahead(n):
            return n - in_a_row + 1
    return None


# ── Range of a fitted system's long-run mean, from the variation of days and the uncertainty of the fit

Days = Mapping[int, float]
"""A figure by the number of the day."""
Quantity = Literal["time", "share", "difference"]
_DAYS_A_DRAW = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedRange:
    """A mean over days, and the range of the fitted system's long-run mean."""

    mean: float
    interval: Interval
    """95 % range, including variation of days and uncertainty of the fit."""
    fit_error: float
    """Standard error of the mean due to the fit alone."""
    days_error: float
    """Standard error of the mean due to the simulated days alone."""


def days_of_draws(replications: int, block: int) -> list[tuple[int, int]]:
    """Assign days to draws of the fitted numbers: pairs of a draw and a day, both from 0.

    As many draws as days, at most a block. Each draw has at least two days, so that no single day determines
    its effect; all days are used about equally often.
    """
    draws = min(replications, block)
    a_draw = max(min(_DAYS_A_DRAW, replications), replications // draws)
    return [
        (draw, (draw * a_draw + place) % replications) for draw in range(draws) for place in range(a_draw)
    ]


def fitted_range(
    days: Sequence[float], draws: Sequence[tuple[Days, Days]], groups: int, quantity: Quantity
) -> FittedRange | None:
    """Mean of `days` with the range of the true system's long-run mean; None: too few days or draws.

    A draw is a figure of some days with the fitted numbers, and of the same days, with the same random
    numbers, with all fitted numbers drawn. Means of times are compared on the scale of logarithms, shares on
    that of log odds, where they can be. With D the difference of a draw's mean, the variance that the fit
    gives is the mean of D², rather too much than too little, since the days of a draw are in it, too (Barton,
    Nelson and Xie 2014, INFORMS Journal on Computing 26, 74-87: parameters and replications are two sources
    of variance). Added is the variance of the mean over days; degrees of freedom by Welch and Satterthwaite.
    """
    pairs = [[(as_is[day], one[day]) for day in as_is if day in one] for as_is, one in draws]
    pairs = [each for each in pairs if each]
    if len(days) <= 1 or len(pairs) <= 1:
        return None
    mean = fmean(days)
    means = [(fmean(a for a, _ in each), fmean(b for _, b in each)) for each in pairs]
    scale = _scale(mean, means, quantity)
    slope = scale.slope(mean)
    of_fit = fmean((scale.there(b) - scale.there(a)) ** 2 for a, b in means)
    of_days = slope**2 * variance(days) / len(days)
    freedom = _freedom((of_fit, min(len(pairs), groups) - 1), (of_days, len(days) - 1))
    half = student_t(freedom) * math.sqrt(of_fit + of_days)
    middle = scale.there(mean)
    return FittedRange(
        mean=mean,
        interval=Interval(scale.back(middle - half), scale.back(middle + half)),
        fit_error=math.sqrt(of_fit) / slope,
        days_error=math.sqrt(of_days) / slope,
    )


def _freedom(*parts: tuple[float, int]) -> float:
    total = sum(part for part, _ in parts)
    if not total:
        return float(parts[-1][1])
    return 1 / sum((part / total) ** 2 / freedom for part, freedom in parts)


class _Plain:
    """The scale of the figure itself; nothing here is below 0."""

    @staticmethod
    def there(value: float) -> float:
        return value

    @staticmethod
    def back(value: float) -> float:
        return max(0.0, value)

    @staticmethod
    def slope(_value: float) -> float:
        return 1.0


class _Logarithm(_Plain):
    """Of times, which are skewed where there are queues."""

    @staticmethod
    def there(value: float) -> float:
        return math.log(value)

    @staticmethod
    def back(value: float) -> float:
        return math.exp(min(value, 700.0))

    @staticmethod
    def slope(value: float) -> float:
        return 1 / value


class _LogOdds(_Plain):
    """Of shares, which stay within 0 and 1."""

    @staticmethod
    def there(value: float) -> float:
        return math.log(value / (1 - value))

    @staticmethod
    def back(value: float) -> float:
        return 1 / (1 + math.exp(min(-value, 700.0)))

    @staticmethod
    def slope(value: float) -> float:
        return 1 / (value * (1 - value))


class _Difference(_Plain):
    """Of a change: it has no bounds."""

    @staticmethod
    def back(value: float) -> float:
        return value


class _Share(_Plain):
    """Shares some of which are 0 or 1."""

    @staticmethod
    def back(value: float) -> float:
        return min(1.0, max(0.0, value))


def _scale(mean: float, means: Sequence[tuple[float, float]], quantity: Quantity) -> type[_Plain]:
    every = [mean, *(value for pair in means for value in pair)]
    if quantity == "difference":
        return _Difference
    if quantity == "share":
        return _LogOdds if all(0 < value < 1 for value in every) else _Share
    return _Logarithm if min(every) > 0 else _Plain
