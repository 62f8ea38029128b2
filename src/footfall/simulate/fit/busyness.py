"""How much busier some days are than others of their weekday: the gamma factor of a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from footfall.simulate.fit.laws import Z_95

Array = NDArray[np.float64]
_CV_LEAST, _CV_MOST = 1e-4, 3.0
_DAYS_LEAST = 5
_DROP = Z_95**2 / 2
_TWO = 2
_SEED, _DRAWS = 1, 400


@dataclass(frozen=True, slots=True)
class Busyness:
    """Coefficient of variation of the day's gamma factor, with its 95 % interval."""

    cv: float
    low: float
    high: float
    days: int


def fit_busyness(days: Sequence[Sequence[float]]) -> Busyness | None:
    """Fit the factor to the arrivals of whole days, weekday by weekday; None: fewer than 5 days to compare.

    Given its factor, gamma of mean 1, a day is Poisson: its arrivals are negative binomial, with variance
    m + (cv m)^2 about the mean m of the weekday (Avramidis, Deslauriers and L'Ecuyer 2004, section 2). The
    likelihood is adjusted for the fitted means (Cox and Reid 1987), else cv comes out too small; the
    interval is where it lies within 1.92 of its greatest value.
    """
    groups = [np.asarray(group, dtype=np.float64) for group in days if len(group) > 1 and sum(group) > 0]
    if sum(group.size for group in groups) - len(groups) + 1 < _DAYS_LEAST:
        return None

    def likelihood(cv: float) -> float:
        return sum(_adjusted(group, cv * cv) for group in groups)

    found = optimize.minimize_scalar(
        lambda x: -likelihood(exp(x)), bounds=(log(_CV_LEAST), log(_CV_MOST)), method="bounded"
    )
    best = float(found.x)
    most = max(-float(found.fun), likelihood(_CV_LEAST))
    if likelihood(_CV_LEAST) >= most:
        best = log(_CV_LEAST)

    def excess(x: float) -> float:
        return likelihood(exp(x)) - most + _DROP

    ends = (log(_CV_LEAST), log(_CV_MOST))
    low = optimize.brentq(excess, ends[0], best) if excess(ends[0]) < 0 else None
    high = optimize.brentq(excess, best, ends[1]) if excess(ends[1]) < 0 else ends[1]
    cv = 0.0 if best <= log(_CV_LEAST) else exp(best)
    return Busyness(cv, 0.0 if low is None else exp(low), exp(high), sum(group.size for group in groups))


@dataclass(frozen=True, slots=True)
class Dispersion:
    """How much half hours vary between days of a weekday, and how much Poisson arrivals would."""

    median: float
    """Median over half hours of variance over mean."""
    poisson_median: float
    """The same of Poisson arrivals on as many days; 1 for many days, 0.45 for two."""
    poisson_low: float
    poisson_high: float
    """95 of 100 such medians of Poisson arrivals lie between."""


def fit_dispersion(weekdays: Sequence[Array]) -> Dispersion | None:
    """Compare variance over mean with Poisson arrivals', by tables of days by half hours; None: no two days.

    Given their sum, Poisson counts of n alike days are multinomial with shares 1/n, whatever the rate
    (Fisher 1950): the reference is drawn so for each half hour, with a fixed seed.
    """
    rng, found, drawn = np.random.default_rng(_SEED), [], []
    for counts in weekdays:
        days = counts.shape[0]
        if days < _TWO:
            continue
        sums = np.maximum(np.round(counts.sum(axis=0)), 0.0)
        busy = (counts.mean(axis=0) > 1) & (sums > 0)
        if not busy.any():
            continue
        found.append(counts[:, busy].var(axis=0, ddof=1) / counts[:, busy].mean(axis=0))
        for total in sums[busy].astype(np.int64):
            days_drawn = rng.multinomial(total, np.full(days, 1 / days), size=_DRAWS)
            drawn.append(days_drawn.var(axis=1, ddof=1) / (total / days))
    if not found:
        return None
    medians = np.median(np.array(drawn), axis=0)
    low, middle, high = np.quantile(medians, [0.025, 0.5, 0.975])
    return Dispersion(float(np.median(np.concatenate(found))), float(middle), float(low), float(high))


def spread(busyness: Busyness, mean: float) -> float:
    """Standard deviation of the arrivals of a day of that mean."""
    return sqrt(mean + (busyness.cv * mean) ** 2)


def _adjusted(counts: Array, square: float) -> float:
    """Log likelihood of the days of one weekday at their mean, less half the log of its information."""
    mean, size = float(counts.mean()), 1 / square
    found = (
        special.gammaln(counts + size)
        - special.gammaln(size)
        - special.gammaln(counts + 1)
        + size * np.log(size / (size + mean))
        + special.xlogy(counts, mean / (size + mean))
    )
    information = counts.size * mean / (1 + square * mean)
    return float(found.sum()) - 0.5 * log(information)
