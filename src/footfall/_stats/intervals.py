"""Confidence intervals of shares, means, percentiles and differences, and numbers as text."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev, variance
from typing import NamedTuple

import polars as pl
import scipy

from footfall._stats import CONFIDENCE

# ── Confidence intervals of a share, a mean, a percentile and a difference, of runs and of replications

# ── Intervals of a share, a mean, a percentile and a difference


class Interval(NamedTuple):
    """Bounds that contain the true value with the stated confidence."""

    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half the distance between the bounds."""
        return (self.high - self.low) / 2


def wilson(successes: float, n: int, confidence: float = CONFIDENCE) -> Interval:
    """Two-sided score interval of a share, p = successes / n; at 0 and n a bound is exactly 0 and 1.

    Source: E. B. Wilson, JASA 22 (1927) 209-212.

    Raises:
        ValueError: there are no trials, or more successes than trials.
    """
    _check_counts(successes, n)
    share = successes / n
    bounds = wilson_at(share, n, _z(confidence))
    # Rounding must not push a bound past the share itself.
    return Interval(min(bounds.low, share), max(bounds.high, share))


def wilson_at(share: float, n: float, t: float) -> Interval:
    """Wilson's interval at any number of independent observations and any quantile t.

    (p + t²/2n ± t √(p(1-p)/n + t²/4n²)) / (1 + t²/n). Source: E. B. Wilson, JASA 22 (1927) 209-212.
    """
    middle = share + t * t / (2 * n)
    spread = t * math.sqrt(share * (1 - share) / n + t * t / (4 * n * n))
    scale = 1 + t * t / n
    return Interval(max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale))


def student_t(freedom: float, confidence: float = CONFIDENCE) -> float:
    """Student's t at these degrees of freedom: `confidence` of the distribution lies within ± t."""
    return float(scipy.special.stdtrit(freedom, (1 + confidence) / 2))


def clopper_pearson_low(successes: int, n: int, confidence: float = CONFIDENCE) -> float:
    """One-sided exact lower bound of a share: the 1 - confidence quantile of Beta(s, n - s + 1).

    Source: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404-413.

    Raises:
        ValueError: there are no trials, or more successes than trials.
    """
    _check_counts(successes, n)
    return float(scipy.special.betaincinv(successes, n - successes + 1, 1 - confidence)) if successes else 0.0


def t_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Two-sided Student interval of the mean of independent values: mean ± t(n-1) s / √n.

    Raises:
        ValueError: fewer than two values.
    """
    n = len(values)
    if n <= 1:
        msg = f"an interval of a mean needs two values or more, got {n}"
        raise ValueError(msg)
    mean = fmean(values)
    half_width = student_t(n - 1, confidence) * stdev(values, mean) / math.sqrt(n)
    return Interval(mean - half_width, mean + half_width)


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _check_counts(successes: float, n: int) -> None:
    if not 0 <= successes <= n or n < 1:
        msg = f"{successes} successes of {n} trials"
        raise ValueError(msg)


# ── Independent replications

_REPLICATED = pl.Schema(
    {
        "quantity": pl.String,
        "replications": pl.Int64,
        "mean": pl.Float64,
        "half_width": pl.Float64,
        "mean_low": pl.Float64,
        "mean_high": pl.Float64,
    }
)


def replicated(values: Mapping[str, Sequence[float]]) -> pl.DataFrame:
    """Return mean, 95 % Student half-width and bounds of each quantity, from one value per replication.

    A quantity's unit is in its name. With one replication the bounds are null, with none there is no row.
    """
    rows = [(name, len(each), fmean(each), *_bounds(each)) for name, each in values.items() if each]
    return pl.DataFrame(rows, schema=_REPLICATED, orient="row")


def _bounds(values: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    if len(values) <= 1:
        return None, None, None
    interval = t_interval(values)
    return interval.half_width, interval.low, interval.high


# ── The difference of two systems that served the same customers with common random numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """A difference, second less first, with its interval, and what it would be unpaired."""

    replications: int
    first_mean: float
    second_mean: float
    difference: float
    interval: Interval
    """Student's, of the differences replication by replication."""
    unpaired_half_width: float
    """That of the same values taken for independent runs."""
    variance_reduction: float | None
    """Variance of an unpaired difference by that of a paired one: above 1 pairing helped; None: none."""


def paired(first: Sequence[float], second: Sequence[float], confidence: float = CONFIDENCE) -> Paired:
    """Compare two systems replication by replication, on common random numbers.

    Half-width unpaired: t √((s₁² + s₂²) / n), degrees of freedom by Welch. Sources: A. M. Law, Simulation
    Modeling and Analysis, 5th ed. (2015), sections 10.2 and 11.2; B. L. Welch, Biometrika 34 (1947) 28-35.

    Raises:
        ValueError: the numbers of values differ, or there are fewer than two.
    """
    differences = [two - one for one, two in zip(first, second, strict=True)]
    interval = t_interval(differences, confidence)
    n, variances = len(differences), (variance(first), variance(second))
    of_difference = variance(differences)
    return Paired(
        replications=n,
        first_mean=fmean(first),
        second_mean=fmean(second),
        difference=fmean(differences),
        interval=interval,
        unpaired_half_width=_unpaired(n, variances, confidence),
        variance_reduction=sum(variances) / of_difference if of_difference else None,
    )


def _unpaired(n: int, variances: tuple[float, float], confidence: float) -> float:
    total = sum(variances)
    if not total:
        return 0.0
    freedom = (n - 1) / sum((each / total) ** 2 for each in variances)
    return student_t(freedom, confidence) * math.sqrt(total / n)


# ── Numbers as text, in reasons, tables and charts: percent, points and times


def percent(share: float, digits: int = 1) -> str:
    """Format a share of 0..1 in percent."""
    return f"{share * 100:.{digits}f} %"


def points(share: float) -> str:
    """Format a difference of shares in percentage points, with its sign."""
    return f"{share * 100:+z.1f} pt"


def duration(seconds: float) -> str:
    """Format a time in the most readable unit."""
    if not math.isfinite(seconds):
        return "unknown"
    return f"{seconds * 1000:.0f} ms" if abs(seconds) < 1 else f"{seconds:.2f} s"


def between(words: Callable[[float], str], bounds: Iterable[float]) -> str:
    """Format the 95 % bounds of a figure."""
    low, high = (words(bound) for bound in bounds)
    return f"95 % bounds {low} to {high}"


# ── Exact percentiles by nearest rank, of a list and of a column; needs no SciPy


def nearest_rank(ordered: Sequence[float], q: float) -> float:
    """Exact q quantile of ascending values: the smallest with at least q n values at or below it.

    Raises:
        ValueError: there are no values.
    """
    if not len(ordered):
        msg = "a percentile of no values"
        raise ValueError(msg)
    # 0.07 * 100 is 7.000000000000001, whose ceiling is a rank too high.
    rank = math.ceil(round(q * len(ordered), 9))
    return float(ordered[max(rank, 1) - 1])


def percentiles(ordered: Sequence[float], *quantiles: float) -> tuple[float | None, ...]:
    """Return several quantiles by nearest rank, None each where there are no values."""
    return tuple(nearest_rank(ordered, q) if len(ordered) else None for q in quantiles)


def at_percentile(values: pl.Expr, percent: int) -> pl.Expr:
    """Exact percentile of a group by nearest rank, rank ⌈percent · n / 100⌉; null of no values."""
    known = values.drop_nulls()
    rank = (known.len().cast(pl.Int64) * percent + 99) // 100
    return known.sort().get((rank - 1).clip(0), null_on_oob=True)
