"""The distribution of an uncensored time: service, or the agents' wrap-up."""

from collections.abc import Collection
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from footfall._fit.distributions import (
    FAMILIES,
    FittedDistribution,
    Parameter,
    Points,
    Sample,
    constant_distribution,
    fit_distribution,
    quantile_points,
    sample,
)
from footfall._model.durations import DistributionFamily
from footfall._stats.intervals import student_t

TIMES_LEAST = 30
"""Least number of times to fit."""
INSTANT_S = 1e-6
"""Shorter times count as 0."""
TOLERATED_SHARE = 0.03
"""Tolerated distance between the distribution functions of fit and data; beyond it the data are used."""
_KS_95 = 1.358
"""95 % point of Kolmogorov's distance times sqrt(n), for samples of the distribution itself."""
_CURVE_LEAST = 200
_QQ_SHARES = np.concatenate([[0.005], np.linspace(0.01, 0.99, 99), [0.995]])
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TimesFit:
    """A fit to a sample of uncensored times."""

    times: int
    """Number of times fitted, without the short ones."""
    short: int
    """Number of short times, excluded from the fit but kept in the load."""
    short_s_mean: float
    mean_s: Parameter
    """Mean of the sample, independent of the fitted distribution."""
    cv: float
    distributions: tuple[FittedDistribution, ...]
    """Best first, by Akaike's criterion."""
    distance_share: float
    """Kolmogorov's distance of the best distribution from the data."""
    chosen: DistributionFamily | None
    """None: the data themselves, because even the best distribution is significantly off."""
    points: Points
    """Quantiles of the data; they include times of 0 unless a short time is set."""
    quantiles: tuple[tuple[float, float, float], ...]
    """Share, quantile of the data, quantile of the best distribution: the Q-Q chart."""

    @property
    def best(self) -> FittedDistribution:
        """The best distribution."""
        return self.distributions[0]

    @property
    def short_share(self) -> float:
        """Share of short times among all."""
        return self.short / (self.short + self.times)


def fit_times(
    seconds: ArrayLike, short_s: float = 0.0, tried: Collection[DistributionFamily] = FAMILIES
) -> TimesFit | None:
    """Fit distributions to times above `short_s` (0 itself is short); None if fewer than `TIMES_LEAST`.

    The best by Akaike's criterion is chosen, unless its distance from the data, less what chance explains
    (Kolmogorov's 95 % point), exceeds `TOLERATED_SHARE`: then the data themselves. Times that are all equal
    are a constant.
    """
    every = np.sort(np.asarray(seconds, dtype=np.float64))
    is_short = (every < short_s) | (every < INSTANT_S)
    short, kept = every[is_short], every[~is_short]
    if kept.size < TIMES_LEAST:
        return None
    counted = sample(kept)
    if counted.seconds.size == 1:
        distributions, distance = [constant_distribution(float(counted.seconds[0]))], 0.0
    else:
        distributions = sorted(
            (fit_distribution(family, counted) for family in tried), key=lambda fitted: fitted.aic
        )
        distance = distance_from(distributions[0], counted)
    is_off = kept.size >= _CURVE_LEAST and distance - _KS_95 / sqrt(kept.size) > TOLERATED_SHARE
    mean_s, sd_s = float(kept.mean()), float(kept.std(ddof=1))
    half_s = student_t(kept.size - 1) * sd_s / sqrt(kept.size)
    return TimesFit(
        times=int(kept.size),
        short=int(short.size),
        short_s_mean=float(short.mean()) if short.size else 0.0,
        mean_s=Parameter("mean_s", mean_s, mean_s - half_s, mean_s + half_s),
        cv=sd_s / mean_s,
        distributions=tuple(distributions),
        distance_share=distance,
        chosen=None if is_off else distributions[0].family,
        points=quantile_points(kept if short_s else every),
        quantiles=_quantiles(distributions[0], kept),
    )


def distance_from(fitted: FittedDistribution, counted: Sample) -> float:
    """Return the greatest distance between the distribution functions of fit and data, at mid-steps.

    Mid-steps, because times recorded in whole seconds make steps that are no misfit.
    """
    middles = (np.cumsum(counted.weights) - counted.weights / 2) / counted.total
    return float(np.abs(1 - fitted.survival(counted.seconds) - middles).max())


def quantile(fitted: FittedDistribution, shares: Array) -> Array:
    """Return the quantiles of a fitted distribution, by bisection in the logarithm."""
    low, high = np.full(shares.size, 1e-9), np.full(shares.size, 1e12)
    for _ in range(80):
        middle = np.sqrt(low * high)
        below = 1 - fitted.survival(middle) < shares
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    found: Array = np.sqrt(low * high)
    return found


def _quantiles(fitted: FittedDistribution, ordered: Array) -> tuple[tuple[float, float, float], ...]:
    data = np.quantile(ordered, _QQ_SHARES)
    theirs = data if fitted.family is DistributionFamily.CONSTANT else quantile(fitted, _QQ_SHARES)
    return tuple(zip(_QQ_SHARES.tolist(), data.tolist(), theirs.tolist(), strict=True))
