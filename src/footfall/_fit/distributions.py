"""Distributions fitted to censored times: maximum likelihood, and Kaplan–Meier."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import exp, inf, lgamma, log, sqrt
from types import MappingProxyType

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from footfall._model.durations import DistributionFamily

# ── Observed times, ended or censored; equal ones counted together

Array = NDArray[np.float64]
_MANY, _STEP = 4000, 1e-3


@dataclass(frozen=True)
class Sample:
    """Distinct times in seconds, ascending, with how many ended and how many were censored at each."""

    seconds: Array
    ends: Array
    cut: Array

    @cached_property
    def weights(self) -> Array:
        """Number of times at each value."""
        return self.ends + self.cut

    @property
    def total(self) -> float:
        """Number of all times."""
        return float(self.weights.sum())

    @property
    def ended(self) -> float:
        """Number of times that ended."""
        return float(self.ends.sum())

    @property
    def exposure_s(self) -> float:
        """Sum of all times."""
        return float(self.weights @ self.seconds)

    def coarse(self) -> "Sample":
        """Round times to a relative grid of 0.1 % if there are very many distinct ones.

        This changes fitted parameters by less than a millionth and bounds the work for large logs.
        """
        if self.seconds.size <= _MANY:
            return self
        places, inverse = np.unique(np.round(np.log(self.seconds) / _STEP), return_inverse=True)
        ends, cut = (np.bincount(inverse, weights=part).astype(np.float64) for part in (self.ends, self.cut))
        return Sample(np.exp(places * _STEP), ends, cut)

    def above(self, low_s: float) -> "Sample":
        """Return the times above a bound."""
        kept = self.seconds > low_s
        return Sample(self.seconds[kept], self.ends[kept], self.cut[kept])


def sample(seconds: ArrayLike, ended: ArrayLike | None = None) -> Sample:
    """Count equal times; `ended` marks those that were not censored (None: all ended).

    Raises:
        ValueError: a time is negative or not finite.
    """
    times = np.asarray(seconds, dtype=np.float64)
    if times.size and not (np.isfinite(times).all() and times.min() >= 0):
        msg = "times must be finite and not negative"
        raise ValueError(msg)
    flags = np.ones(times.size) if ended is None else np.asarray(ended, dtype=np.float64)
    values, place = np.unique(times, return_inverse=True)
    ends = np.bincount(place, weights=flags, minlength=values.size).astype(np.float64)
    return Sample(values, ends, np.bincount(place, minlength=values.size).astype(np.float64) - ends)


# ── Distributions fitted by maximum likelihood, with censored times

Z_95 = 1.959963984540054
_LOG_MOST = 40.0
"""Parameters are limited to exp(±this) to avoid overflow."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A fitted parameter with its 95 % interval."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class FittedDistribution:
    """A distribution with maximum-likelihood parameters."""

    family: DistributionFamily
    parameters: tuple[Parameter, ...]
    log_likelihood: float
    mean_s: float
    cv: float

    @property
    def aic(self) -> float:
        """Akaike's criterion, 2 k - 2 ln L (Akaike 1974): lower is better."""
        return 2 * len(self.parameters) - 2 * self.log_likelihood

    def survival(self, t_s: Array) -> Array:
        """Return the share of times longer than each of `t_s`."""
        if self.family is DistributionFamily.CONSTANT:
            alike: Array = np.where(t_s < self.mean_s, 1.0, 0.0)
            return alike
        formulas = FAMILIES[self.family]
        values = [log(p.value) if p.name != "mu" else p.value for p in self.parameters]
        positive = t_s > 0
        survival: Array = np.where(
            positive, np.exp(formulas.log_survival(np.where(positive, t_s, 1.0), *values)), 1.0
        )
        return survival


@dataclass(frozen=True, slots=True)
class FamilyFormulas:
    """Formulas of a family in unbounded parameters: logarithms, except for lognormal's mu."""

    names: tuple[str, ...]
    log_density: Callable[..., Array]
    log_survival: Callable[..., Array]
    start: Callable[[float, float], tuple[float, ...]]
    """From the mean of the logarithms and their standard deviation."""
    moments: Callable[..., tuple[float, float]]
    """Mean, and standard deviation over mean."""


def fit_distribution(family: DistributionFamily, sample: Sample) -> FittedDistribution:
    """Fit a family by maximum likelihood; intervals from the observed information.

    ln L = sum of ln f over ended times + sum of ln S over censored ones (Kalbfleisch and Prentice 2002,
    section 3.2).

    Raises:
        ValueError: a time is not above 0, or none ended.
    """
    if sample.ended <= 0 or sample.seconds.min(initial=inf) <= 0:
        msg = "a fit needs times above 0, at least one of them ended"
        raise ValueError(msg)
    formulas, sample = FAMILIES[family], sample.coarse()

    def cost(values: Array) -> float:
        if np.abs(values).max() > _LOG_MOST:
            return inf
        found = sample.ends @ formulas.log_density(sample.seconds, *values)
        if sample.cut.any():
            found += sample.cut @ formulas.log_survival(sample.seconds, *values)
        return -float(found) / sample.total if np.isfinite(found) else inf

    logs = np.log(sample.seconds)
    middle = float(np.average(logs, weights=sample.weights))
    spread = sqrt(float(np.average((logs - middle) ** 2, weights=sample.weights)))
    begin = np.array(formulas.start(middle, max(spread, 0.05)))
    options = {"xatol": 1e-9, "fatol": 1e-13, "maxiter": 4000, "maxfev": 4000}
    with np.errstate(invalid="ignore"):  # several corners of the simplex may be infinite
        found = scipy.optimize.minimize(cost, begin, method="Nelder-Mead", options=options)
    best = np.asarray(found.x)
    errors = _standard_errors(cost, best, sample.total)
    mean_s, cv = formulas.moments(*best)
    bounds = zip(formulas.names, best, errors, strict=True)
    parameters = tuple(_parameter(name, float(value), float(error)) for name, value, error in bounds)
    return FittedDistribution(family, parameters, -float(found.fun) * sample.total, mean_s, cv)


def constant_distribution(seconds: float) -> FittedDistribution:
    """Return the distribution of times that are all equal: its likelihood is 1."""
    return FittedDistribution(
        DistributionFamily.CONSTANT, (Parameter("mean_s", seconds, seconds, seconds),), 0.0, seconds, 0.0
    )


def _parameter(name: str, value: float, error: float) -> Parameter:
    low, high = value - Z_95 * error, value + Z_95 * error
    if name == "mu":
        return Parameter(name, value, low, high)
    return Parameter(name, exp(value), exp(max(low, -_LOG_MOST)), exp(min(high, _LOG_MOST)))


def _standard_errors(cost: Callable[[Array], float], best: Array, total: float) -> Array:
    """Return standard errors: from the inverse of the observed information, by central differences."""
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
    found: Array = scipy.special.log_ndtr((mu - np.log(t)) / exp(log_sigma))
    return found


def _gamma_density(t: Array, log_shape: float, log_scale: float) -> Array:
    shape = exp(log_shape)
    found: Array = (shape - 1) * np.log(t) - t / exp(log_scale) - shape * log_scale - lgamma(shape)
    return found


def _gamma_survival(t: Array, log_shape: float, log_scale: float) -> Array:
    found: Array = np.log(np.maximum(scipy.special.gammaincc(exp(log_shape), t / exp(log_scale)), 1e-300))
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


FAMILIES: Mapping[DistributionFamily, FamilyFormulas] = MappingProxyType(
    {
        DistributionFamily.EXPONENTIAL: FamilyFormulas(
            ("mean_s",),
            _exponential_density,
            _exponential_survival,
            lambda m, _s: (m + 0.5772,),
            lambda log_mean: (exp(log_mean), 1.0),
        ),
        DistributionFamily.LOGNORMAL: FamilyFormulas(
            ("mu", "sigma"),
            _lognormal_density,
            _lognormal_survival,
            lambda m, s: (m, log(s)),
            _lognormal_moments,
        ),
        DistributionFamily.GAMMA: FamilyFormulas(
            ("shape", "scale_s"),
            _gamma_density,
            _gamma_survival,
            lambda m, s: (-2 * log(s), m + 2 * log(s)),
            lambda log_shape, log_scale: (exp(log_shape + log_scale), exp(-log_shape / 2)),
        ),
        DistributionFamily.WEIBULL: FamilyFormulas(
            ("shape", "scale_s"),
            _weibull_density,
            _weibull_survival,
            lambda m, s: (log(1.2825 / s), m + 0.5772 * s / 1.2825),
            _weibull_moments,
        ),
    }
)
"""The families that are tried."""


# ── An empirical distribution with few enough points for a model file

Points = tuple[tuple[float, ...], tuple[float, ...]]
"""Seconds, and the share of times that are not longer."""

_MIDDLE = np.linspace(0.0, 0.95, 39)
_TAIL = np.array([0.96, 0.97, 0.98, 0.985, 0.99, 0.995, 0.998, 1.0])
_GRID = np.concatenate([_MIDDLE, _TAIL])


def thinned(seconds: Array, shares: Array) -> Points:
    """Thin a distribution function to about fifty points, denser towards its end.

    It is linear in between; the top of a step is kept, so a curve that ends below 1 still does.
    """
    top = float(shares[-1])
    places = np.unique(np.searchsorted(shares, np.clip(_GRID * top, 0.0, top)))
    places = np.union1d(places[places < len(shares)], [0, len(shares) - 1])
    return tuple(seconds[places].tolist()), tuple(shares[places].tolist())


def quantile_points(ordered: Array) -> Points:
    """Return the quantiles of a sample at about fifty shares, from its minimum (0) to its maximum (1)."""
    return tuple(np.quantile(ordered, _GRID).tolist()), tuple(_GRID.tolist())


# ── The product-limit estimate of patience, where service censors a wait


@dataclass(frozen=True, slots=True)
class KaplanMeier:
    """The estimate at each time at which a customer left."""

    seconds: Array
    at_risk: Array
    """Number still waiting just before."""
    left: Array
    survival: Array
    """Share still waiting just after, if no one had been served."""
    error: Array
    """Standard error of the share, by Greenwood."""
    low: Array
    high: Array
    """Pointwise 95 % bounds."""

    def at(self, t_s: float) -> float:
        """Return the share still waiting at a time; 1 before the first customer left."""
        k = int(np.searchsorted(self.seconds, t_s, "right"))
        return float(self.survival[k - 1]) if k else 1.0

    def error_at(self, t_s: float) -> float:
        """Return the standard error of the share still waiting at a time."""
        k = int(np.searchsorted(self.seconds, t_s, "right"))
        return float(self.error[k - 1]) if k else 0.0


def kaplan_meier(waits_s: ArrayLike, left: ArrayLike) -> KaplanMeier:
    """Estimate from waits and whether each ended in leaving; the others are censored.

    At equal times, leaving is counted before censoring (Kaplan and Meier 1958, JASA 53, 457-481).
    """
    return product_limit(sample(waits_s, left))


def product_limit(waits: Sample) -> KaplanMeier:
    """S(t) = prod (1 - d/n); Var S = S^2 sum d/(n (n - d)) (Greenwood 1926).

    The bounds are exp(-exp(ln(-ln S) ± z se/(S |ln S|))): they stay within 0 … 1 (Kalbfleisch and
    Prentice 2002, section 1.4).
    """
    at_risk = waits.weights[::-1].cumsum()[::-1]
    someone = waits.ends > 0
    seconds, at_risk, ended = waits.seconds[someone], at_risk[someone], waits.ends[someone]
    survival = np.cumprod(1 - ended / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(at_risk > ended, ended / (at_risk * (at_risk - ended)), np.inf)
        total = np.cumsum(terms)
        error = np.where(survival > 0, survival * np.sqrt(total), 0.0)
        spread = Z_95 * np.sqrt(total) / np.abs(np.log(survival))
        low, high = (
            np.where(survival > 0, np.exp(np.log(survival) * np.exp(sign * spread)), 0.0) for sign in (1, -1)
        )
    return KaplanMeier(seconds, at_risk, ended, survival, error, low, high)
