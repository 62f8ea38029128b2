"""Densities, tails and quantiles of the laws of service time, by mean and coefficient of variation."""

from math import pi, sqrt

import numpy as np
from scipy import special

from footfall._calibrate.request_log import Floats
from footfall._calibrate.station_parameters import LawFamily, ServiceLaw
from footfall._model.duration_quantiles import weibull_shape

FAMILIES: tuple[LawFamily, ...] = ("lognormal", "gamma", "weibull", "exponential", "uniform")
"""Families that are compared; a constant is any of them with a variation below `CONSTANT_CV`."""
CONSTANT_CV = 0.04
CV_LEAST, CV_MOST = 0.004, 12.0
UNIFORM_CV_MOST = 1 / sqrt(3)
_BLUR = 0.01
"""Edges of a uniform law are blurred by this share of its mean: clocks and networks are not exact."""
_FINEST = 0.005
"""Densities do not rise below this share of the mean: no clock is exact enough for an endless one."""
_SMALL = 1e-300
_WEIBULL_CV_LEAST = 0.01


def log_density(law: ServiceLaw, times_s: Floats, blur_s: float = 0.0) -> Floats:
    """Logarithm of the density at each time (1/s); very low where a time is impossible."""
    return log_density_at(law.family, np.array(law.mean_s), np.array(law.cv), times_s, blur_s)


def log_density_at(
    family: LawFamily, mean: Floats, cv: Floats, times_s: Floats, blur_s: float = 0.0
) -> Floats:
    """Logarithm of the density for arrays of means and variations, broadcast against the times.

    Times within `blur_s` of 0, below it too, are known no better than that: those below it have the mean
    density of all these.
    """
    found = _log_density_above(family, mean, cv, times_s)
    near = np.abs(times_s) < blur_s
    if not near.any():
        return found
    mass = np.maximum(1 - survival_at(family, mean, cv, np.array(blur_s)), _SMALL)
    blurred: Floats = np.where(near, np.log(mass / (2 * blur_s)), found)
    return blurred


def _log_density_above(family: LawFamily, mean: Floats, cv: Floats, times_s: Floats) -> Floats:
    t = np.maximum(times_s, _FINEST * mean)
    cv = np.maximum(cv, CV_LEAST)
    if family == "exponential":
        found = -t / mean - np.log(mean)
    elif family == "gamma":
        shape = 1 / cv**2
        rate = shape / mean
        found = (shape - 1) * np.log(t) - t * rate + (shape * np.log(rate) - special.gammaln(shape))
    elif family == "weibull":
        shape = weibull_shapes(cv)
        scale = mean / special.gamma(1 + 1 / shape)
        ratio = np.log(t / scale)
        found = np.log(shape / scale) + (shape - 1) * ratio - np.exp(np.minimum(shape * ratio, 690.0))
    elif family == "uniform":
        low, high, blur = _uniform_edges(mean, cv)
        mass = special.ndtr((t - low) / blur) - special.ndtr((t - high) / blur)
        found = np.log(np.maximum(mass, _SMALL)) - np.log(high - low)
    elif family == "constant":
        spread = CONSTANT_CV / 2 * mean
        found = -0.5 * ((t - mean) / spread) ** 2 - np.log(spread * sqrt(2 * pi))
    else:
        variance = np.log1p(cv * cv)
        logs = np.log(t)
        found = -0.5 * (logs - (np.log(mean) - variance / 2)) ** 2 / variance
        found = found - logs - 0.5 * np.log(2 * pi * variance)
    impossible: Floats = np.where(times_s > 0, found, -690.0)
    return impossible


def survival(law: ServiceLaw, times_s: Floats) -> Floats:
    """Share of service times above each time; 1 below 0."""
    return survival_at(law.family, np.array(law.mean_s), np.array(law.cv), times_s)


def survival_at(family: LawFamily, mean: Floats, cv: Floats, times_s: Floats) -> Floats:
    """Share of service times above each time for arrays of means and variations; 1 below 0."""
    t = np.maximum(times_s, 1e-12)
    cv = np.maximum(cv, CV_LEAST)
    if family == "exponential":
        found = np.exp(-t / mean)
    elif family == "gamma":
        found = special.gammaincc(1 / cv**2, t / (mean * cv**2))
    elif family == "weibull":
        shape = weibull_shapes(cv)
        found = np.exp(-np.minimum((t * special.gamma(1 + 1 / shape) / mean) ** shape, 690.0))
    elif family == "uniform":
        low, high, _ = _uniform_edges(mean, cv)
        found = np.clip((high - t) / (high - low), 0.0, 1.0)
    elif family == "constant":
        found = np.where(t < mean, 1.0, 0.0)
    else:
        variance = np.log1p(cv * cv)
        found = special.ndtr(-(np.log(t) - np.log(mean) + variance / 2) / np.sqrt(variance))
    below: Floats = np.where(times_s > 0, found, 1.0)
    return below


def plain_law(family: LawFamily, mean_s: float, cv: float) -> ServiceLaw:
    """Make a law with a variation that its family can have; one that hardly varies is a constant."""
    if family == "constant" or cv < CONSTANT_CV:
        return ServiceLaw(family="constant", mean_s=mean_s, cv=0.0)
    if family == "exponential":
        return ServiceLaw(family="exponential", mean_s=mean_s, cv=1.0)
    most = UNIFORM_CV_MOST if family == "uniform" else CV_MOST
    return ServiceLaw(family=family, mean_s=mean_s, cv=min(cv, most))


def weibull_shapes(cv: Floats) -> Floats:
    """Shapes k of Weibull laws, by variation."""
    shapes: Floats = np.vectorize(weibull_shape, otypes=[np.float64])(np.maximum(cv, _WEIBULL_CV_LEAST))
    return shapes


def _uniform_edges(mean: Floats, cv: Floats) -> tuple[Floats, Floats, Floats]:
    spread = np.minimum(cv, UNIFORM_CV_MOST) * sqrt(3)
    return mean * (1 - spread), mean * (1 + spread), np.maximum(_BLUR * mean, 1e-9)
