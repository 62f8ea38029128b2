"""The distribution of a time that all customers lived through: service, or the agents' work after it."""

from collections.abc import Collection
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from footfall.fit.distributions import (
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
from footfall.model.durations import DistributionFamily
from footfall.stats.intervals import student_t

TIMES_LEAST = 30
"""Fewer times are not fitted."""
INSTANT_S = 1e-6
"""Less is no time."""
TOLERATED_SHARE = 0.03
"""A law may be off by so much of the times somewhere; where it surely is further off, the data are kept."""
_KS_95 = 1.358
"""sqrt(n) times Kolmogorov's distance that 95 of 100 samples of the law itself stay below."""
_CURVE_LEAST = 200
_QQ_SHARES = np.concatenate([[0.005], np.linspace(0.01, 0.99, 99), [0.995]])
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TimesFit:
    """What was fitted to a sample of whole times."""

    times: int
    """Above the short ones."""
    short: int
    """Left out of the fit, kept in the load."""
    short_s_mean: float
    mean_s: Parameter
    """Of the sample, whatever the law."""
    cv: float
    laws: tuple[FittedDistribution, ...]
    """The likeliest first, by Akaike's criterion."""
    distance_share: float
    """Kolmogorov's distance of the likeliest law from the data."""
    chosen: DistributionFamily | None
    """None: the data themselves, since even the likeliest law is surely off by more than is tolerated."""
    points: Points
    """Quantiles of the data; times of 0 are among them where nothing else is short."""
    quantiles: tuple[tuple[float, float, float], ...]
    """Share, quantile of the data, quantile of the likeliest law: the Q-Q chart."""

    @property
    def best(self) -> FittedDistribution:
        """The likeliest law."""
        return self.laws[0]

    @property
    def short_share(self) -> float:
        """Share of all times that are short."""
        return self.short / (self.short + self.times)


def fit_times(
    seconds: ArrayLike, short_s: float = 0.0, tried: Collection[DistributionFamily] = FAMILIES
) -> TimesFit | None:
    """Fit the laws to times above `short_s` (0 itself is short); None: fewer than `TIMES_LEAST` are.

    The law is the likeliest by Akaike's criterion, unless its distance from the data, less what chance
    explains (Kolmogorov's 95 % point), is more than `TOLERATED_SHARE`: then the data themselves. Times that
    are all the same are a constant.
    """
    every = np.sort(np.asarray(seconds, dtype=np.float64))
    is_short = (every < short_s) | (every < INSTANT_S)
    short, kept = every[is_short], every[~is_short]
    if kept.size < TIMES_LEAST:
        return None
    counted = sample(kept)
    if counted.seconds.size == 1:
        laws, distance = [constant_distribution(float(counted.seconds[0]))], 0.0
    else:
        laws = sorted((fit_distribution(law, counted) for law in tried), key=lambda fitted: fitted.aic)
        distance = distance_from(laws[0], counted)
    is_off = kept.size >= _CURVE_LEAST and distance - _KS_95 / sqrt(kept.size) > TOLERATED_SHARE
    mean_s, sd_s = float(kept.mean()), float(kept.std(ddof=1))
    half_s = student_t(kept.size - 1) * sd_s / sqrt(kept.size)
    return TimesFit(
        times=int(kept.size),
        short=int(short.size),
        short_s_mean=float(short.mean()) if short.size else 0.0,
        mean_s=Parameter("mean_s", mean_s, mean_s - half_s, mean_s + half_s),
        cv=sd_s / mean_s,
        laws=tuple(laws),
        distance_share=distance,
        chosen=None if is_off else laws[0].law,
        points=quantile_points(kept if short_s else every),
        quantiles=_quantiles(laws[0], kept),
    )


def distance_from(law: FittedDistribution, counted: Sample) -> float:
    """Greatest distance of a law's distribution function from the data's, in the middle of each step.

    The middle, because times are told in whole seconds: a step is not the law's fault.
    """
    middles = (np.cumsum(counted.weights) - counted.weights / 2) / counted.total
    return float(np.abs(1 - law.survival(counted.seconds) - middles).max())


def quantile(law: FittedDistribution, shares: Array) -> Array:
    """Give a law's quantiles, by halving an interval in the logarithm."""
    low, high = np.full(shares.size, 1e-9), np.full(shares.size, 1e12)
    for _ in range(80):
        middle = np.sqrt(low * high)
        below = 1 - law.survival(middle) < shares
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    found: Array = np.sqrt(low * high)
    return found


def _quantiles(law: FittedDistribution, ordered: Array) -> tuple[tuple[float, float, float], ...]:
    data = np.quantile(ordered, _QQ_SHARES)
    theirs = data if law.law is DistributionFamily.CONSTANT else quantile(law, _QQ_SHARES)
    return tuple(zip(_QQ_SHARES.tolist(), data.tolist(), theirs.tolist(), strict=True))
