"""The laws of times, fitted by likelihood, with times that were cut short where there are such."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp, inf, lgamma, log, sqrt
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from footfall.simulate.fit.sample import Sample
from footfall.simulate.spec.duration import Law

Z_95 = 1.959963984540054
Array = NDArray[np.float64]
_LOG_MOST = 40.0
"""Parameters stay within exp(±this), so that nothing overflows on the way."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A fitted parameter with its 95 % interval."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class FittedLaw:
    """A law whose parameters make the sample most likely."""

    law: Law
    parameters: tuple[Parameter, ...]
    log_likelihood: float
    mean_s: float
    cv: float

    @property
    def aic(self) -> float:
        """Akaike's criterion, 2 k - 2 ln L (Akaike 1974): the least is the best."""
        return 2 * len(self.parameters) - 2 * self.log_likelihood

    def survival(self, t_s: Array) -> Array:
        """Share of times longer than each of `t_s`."""
        if self.law is Law.CONSTANT:
            alike: Array = np.where(t_s < self.mean_s, 1.0, 0.0)
            return alike
        family = FAMILIES[self.law]
        values = [log(p.value) if p.name != "mu" else p.value for p in self.parameters]
        positive = t_s > 0
        survival: Array = np.where(
            positive, np.exp(family.log_survival(np.where(positive, t_s, 1.0), *values)), 1.0
        )
        return survival


@dataclass(frozen=True, slots=True)
class Family:
    """A law's formulas in parameters without bounds: logarithms, but for lognormal's mu."""

    names: tuple[str, ...]
    log_density: Callable[..., Array]
    log_survival: Callable[..., Array]
    start: Callable[[float, float], tuple[float, ...]]
    """From the mean of the logarithms and their standard deviation."""
    moments: Callable[..., tuple[float, float]]
    """Mean, and standard deviation over mean."""


def fit_law(law: Law, sample: Sample) -> FittedLaw:
    """Fit one law by maximum likelihood; intervals from the observed information.

    ln L = sum of ln f over ended times + sum of ln S over those cut short (Kalbfleisch and Prentice 2002,
    section 3.2).

    Raises:
        ValueError: a time is not above 0, or none ended.
    """
    if sample.ended <= 0 or sample.seconds.min(initial=inf) <= 0:
        msg = "a law needs times above 0, and one that ended"
        raise ValueError(msg)
    family, sample = FAMILIES[law], sample.coarse()

    def cost(values: Array) -> float:
        if np.abs(values).max() > _LOG_MOST:
            return inf
        found = sample.ends @ family.log_density(sample.seconds, *values)
        if sample.cut.any():
            found += sample.cut @ family.log_survival(sample.seconds, *values)
        return -float(found) / sample.total if np.isfinite(found) else inf

    logs = np.log(sample.seconds)
    middle = float(np.average(logs, weights=sample.weights))
    spread = sqrt(float(np.average((logs - middle) ** 2, weights=sample.weights)))
    begin = np.array(family.start(middle, max(spread, 0.05)))
    options = {"xatol": 1e-9, "fatol": 1e-13, "maxiter": 4000, "maxfev": 4000}
    with np.errstate(invalid="ignore"):  # two corners of the search may both be impossible
        found = optimize.minimize(cost, begin, method="Nelder-Mead", options=options)
    best = np.asarray(found.x)
    errors = _standard_errors(cost, best, sample.total)
    mean_s, cv = family.moments(*best)
    bounds = zip(family.names, best, errors, strict=True)
    parameters = tuple(_parameter(name, float(value), float(error)) for name, value, error in bounds)
    return FittedLaw(law, parameters, -float(found.fun) * sample.total, mean_s, cv)


def constant_law(seconds: float) -> FittedLaw:
    """Give the law of times that are all the same: its likelihood is 1."""
    return FittedLaw(Law.CONSTANT, (Parameter("mean_s", seconds, seconds, seconds),), 0.0, seconds, 0.0)


def _parameter(name: str, value: float, error: float) -> Parameter:
    low, high = value - Z_95 * error, value + Z_95 * error
    if name == "mu":
        return Parameter(name, value, low, high)
    return Parameter(name, exp(value), exp(max(low, -_LOG_MOST)), exp(min(high, _LOG_MOST)))


def _standard_errors(cost: Callable[[Array], float], best: Array, total: float) -> Array:
    """Square roots of the diagonal of the inverse of the observed information, by central differences."""
    step, size = 1e-4, best.size
    information = np.zeros((size, size))
    for i in range(size):
        for j in range(size):
            e_i, e_j = np.eye(size)[i] * step, np.eye(size)[j] * step
            corners = (
                cost(best + e_i + e_j)
                - cost(best + e_i - e_j)
                - cost(best - e_i + e_j)
                + cost(best - e_i - e_j)
            )
            information[i, j] = corners * total / (4 * step * step)
    try:
        variance = np.diag(np.linalg.inv(information))
    except np.linalg.LinAlgError:
        variance = np.full(size, inf)
    errors: Array = np.sqrt(np.where(variance > 0, variance, inf))
    return errors


def _exponential_density(t: Array, log_mean: float) -> Array:
    return -log_mean - t / exp(log_mean)


def _exponential_survival(t: Array, log_mean: float) -> Array:
    return -t / exp(log_mean)


def _lognormal_density(t: Array, mu: float, log_sigma: float) -> Array:
    logs = np.log(t)
    found: Array = -logs - log_sigma - 0.5 * log(2 * np.pi) - 0.5 * ((logs - mu) / exp(log_sigma)) ** 2
    return found


def _lognormal_survival(t: Array, mu: float, log_sigma: float) -> Array:
    found: Array = special.log_ndtr((mu - np.log(t)) / exp(log_sigma))
    return found


def _gamma_density(t: Array, log_shape: float, log_scale: float) -> Array:
    shape = exp(log_shape)
    found: Array = (shape - 1) * np.log(t) - t / exp(log_scale) - shape * log_scale - lgamma(shape)
    return found


def _gamma_survival(t: Array, log_shape: float, log_scale: float) -> Array:
    found: Array = np.log(np.maximum(special.gammaincc(exp(log_shape), t / exp(log_scale)), 1e-300))
    return found


def _weibull_density(t: Array, log_shape: float, log_scale: float) -> Array:
    shape, reduced = exp(log_shape), np.log(t) - log_scale
    found: Array = log_shape + (shape - 1) * reduced - log_scale - np.exp(np.minimum(shape * reduced, 700))
    return found


def _weibull_survival(t: Array, log_shape: float, log_scale: float) -> Array:
    found: Array = -np.exp(np.minimum(exp(log_shape) * (np.log(t) - log_scale), 700))
    return found


def _lognormal_moments(mu: float, log_sigma: float) -> tuple[float, float]:
    variance = exp(2 * log_sigma)
    return exp(min(mu + variance / 2, 700)), sqrt(np.expm1(min(variance, 700)))


def _weibull_moments(log_shape: float, log_scale: float) -> tuple[float, float]:
    inverse = exp(-log_shape)
    first, second = lgamma(1 + inverse), lgamma(1 + 2 * inverse)
    return exp(min(log_scale + first, 700)), sqrt(max(np.expm1(min(second - 2 * first, 700)), 0.0))


FAMILIES: Mapping[Law, Family] = MappingProxyType(
    {
        Law.EXPONENTIAL: Family(
            ("mean_s",),
            _exponential_density,
            _exponential_survival,
            lambda m, _s: (m + 0.5772,),
            lambda log_mean: (exp(log_mean), 1.0),
        ),
        Law.LOGNORMAL: Family(
            ("mu", "sigma"),
            _lognormal_density,
            _lognormal_survival,
            lambda m, s: (m, log(s)),
            _lognormal_moments,
        ),
        Law.GAMMA: Family(
            ("shape", "scale_s"),
            _gamma_density,
            _gamma_survival,
            lambda m, s: (-2 * log(s), m + 2 * log(s)),
            lambda log_shape, log_scale: (exp(log_shape + log_scale), exp(-log_shape / 2)),
        ),
        Law.WEIBULL: Family(
            ("shape", "scale_s"),
            _weibull_density,
            _weibull_survival,
            lambda m, s: (log(1.2825 / s), m + 0.5772 * s / 1.2825),
            _weibull_moments,
        ),
    }
)
"""The laws that are tried, each with its parameters."""
