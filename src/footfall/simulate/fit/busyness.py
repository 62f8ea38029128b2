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


def dispersion(counts: Array) -> Array:
    """Variance over mean of the counts of each column (days by half hours); 1 for Poisson arrivals."""
    means = counts.mean(axis=0)
    busy = means > 1
    found: Array = counts[:, busy].var(axis=0, ddof=1) / means[busy]
    return found


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
