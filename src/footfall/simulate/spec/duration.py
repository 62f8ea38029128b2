"""How long something takes: a law, its mean, and how much it varies."""

from enum import StrEnum
from functools import cache, lru_cache
from math import exp, lgamma, log, log1p, sqrt
from typing import Any, Self

from pydantic import BaseModel, model_validator

from footfall.simulate.spec.base import Spec
from footfall.simulate.spec.number import NonNegative, Number


class Law(StrEnum):
    """Family of a distribution of times."""

    CONSTANT = "constant"
    EXPONENTIAL = "exponential"
    LOGNORMAL = "lognormal"
    GAMMA = "gamma"
    WEIBULL = "weibull"
    UNIFORM = "uniform"
    """Between mean (1 - cv sqrt 3) and mean (1 + cv sqrt 3), all alike."""
    HYPEREXPONENTIAL = "hyperexponential"
    """One of two exponential times, of balanced means: more varied than one alone."""


_FIXED_VARIATION = {Law.CONSTANT: 0.0, Law.EXPONENTIAL: 1.0}
UNIFORM_CV_MOST = 1 / sqrt(3)
"""Of a uniform time from 0 on."""
_CV_ROUNDING = 1e-9
_NEWTON_ENOUGH = 1e-14


class Duration(Spec):
    """A distribution of seconds, given by its law, its mean and its coefficient of variation."""

    law: Law
    mean_s: NonNegative
    cv: NonNegative | None = None
    """Standard deviation over mean; fixed for constant and exponential, above 1 for hyperexponential, at most
    1/sqrt 3 for uniform."""

    @model_validator(mode="after")
    def _has_the_cv_it_needs(self) -> Self:
        least = 1.0 if self.law is Law.HYPEREXPONENTIAL else 0.0
        if (self.law not in _FIXED_VARIATION) != ((self.cv or 0.0) > least):
            msg = f"law {self.law.value} and cv={self.cv} do not go together"
            raise ValueError(msg)
        if self.law is Law.UNIFORM and self.variation > UNIFORM_CV_MOST + _CV_ROUNDING:
            msg = f"law uniform and cv={self.cv:g} do not go together: at most 1/sqrt 3 = 0.577"
            raise ValueError(msg)
        return self

    @property
    def variation(self) -> float:
        """Standard deviation over mean, whatever the law."""
        return _FIXED_VARIATION.get(self.law, float(self.cv or 0.0))

    def at(self, u: float) -> float:
        """Seconds at the quantile u, 0 < u < 1 (inversion)."""
        if self.law is Law.CONSTANT or not self.mean_s:
            return float(self.mean_s)
        if self.law is Law.EXPONENTIAL:
            return -self.mean_s * log1p(-u)
        cv = float(self.cv or 0.0)
        if self.law is Law.LOGNORMAL:
            mu, sigma = lognormal_parameters(float(self.mean_s), cv)
            return exp(mu + sigma * float(special_functions().ndtri(u)))
        if self.law is Law.GAMMA:
            return float(special_functions().gammaincinv(cv**-2, u)) * self.mean_s * cv**2
        if self.law in {Law.HYPEREXPONENTIAL, Law.UNIFORM}:
            at_of = _hyperexponential_at if self.law is Law.HYPEREXPONENTIAL else _uniform_at
            return at_of(u, cv) * self.mean_s
        shape = weibull_shape(cv)
        return self.mean_s / exp(lgamma(1 + 1 / shape)) * float((-log1p(-u)) ** (1 / shape))

    def survival(self, t_s: float) -> float:
        """Share of times longer than `t_s`, for t_s >= 0."""
        if self.law is Law.CONSTANT or not self.mean_s:
            return float(t_s < self.mean_s)
        reduced, cv = t_s / self.mean_s, float(self.cv or 0.0)
        if self.law is Law.EXPONENTIAL:
            return exp(-reduced)
        if self.law is Law.LOGNORMAL:
            mu, sigma = lognormal_parameters(1.0, cv)
            return float(special_functions().ndtr((mu - log(reduced)) / sigma)) if reduced > 0 else 1.0
        if self.law is Law.GAMMA:
            return float(special_functions().gammaincc(cv**-2, reduced * cv**-2))
        if self.law in {Law.HYPEREXPONENTIAL, Law.UNIFORM}:
            survival = _hyperexponential_survival if self.law is Law.HYPEREXPONENTIAL else _uniform_survival
            return survival(reduced, cv)
        shape = weibull_shape(cv)
        return exp(-((reduced * exp(lgamma(1 + 1 / shape))) ** shape))

    def times(self, factor: float) -> "Duration":
        """Give the same shape with its mean multiplied by a factor."""
        if factor == 1.0:
            return self
        mean_s = Number(self.mean_s * factor, self.mean_s.grade, f"{self.mean_s.source} (times {factor:g})")
        return self.model_copy(update={"mean_s": mean_s})


def warm_up(spec: Any) -> None:  # noqa: ANN401  any part of a spec
    """Draw once from every duration of a spec, so that what this imports and solves is not done in a run."""
    if isinstance(spec, Duration):
        spec.at(0.5)
    elif isinstance(spec, BaseModel):
        for name in type(spec).model_fields:
            warm_up(getattr(spec, name))
    elif isinstance(spec, dict | tuple):
        for value in spec.values() if isinstance(spec, dict) else spec:
            warm_up(value)


@cache
def special_functions() -> Any:  # noqa: ANN401  a module
    """Give SciPy's special functions; a process that only plays need not spend half a second on them."""
    from scipy import special

    return special


@lru_cache(maxsize=1024)
def lognormal_parameters(mean_s: float, cv: float) -> tuple[float, float]:
    """Mean and standard deviation of the logarithm: sigma^2 = ln(1 + cv^2), mu = ln(mean) - sigma^2/2."""
    variance = log1p(cv * cv)
    return log(mean_s) - variance / 2, sqrt(variance)


@lru_cache(maxsize=1024)
def hyperexponential_parts(cv: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Share and rate of the quick and of the slow part, for a mean of 1 and balanced means.

    p = (1 + sqrt((cv^2 - 1)/(cv^2 + 1)))/2, rates 2p and 2(1 - p), so that both parts hold half of the
    mean (Tijms 2003, appendix B; Morse 1958).
    """
    square = cv * cv
    quick = (1 + sqrt((square - 1) / (square + 1))) / 2
    slow = 1 / (2 * (square + 1) * quick)  # p (1 - p) = 1/(2 (cv^2 + 1)): no digits lost for a large cv
    return (quick, 2 * quick), (slow, 2 * slow)


@lru_cache(maxsize=1024)
def weibull_shape(cv: float) -> float:
    """Shape k with 1 + cv^2 = Gamma(1 + 2/k) / Gamma(1 + 1/k)^2, found by bisection in ln k."""
    from scipy import optimize  # no other law needs it

    def excess(log_shape: float) -> float:
        inverse = exp(-log_shape)
        return lgamma(1 + 2 * inverse) - 2 * lgamma(1 + inverse) - log1p(cv * cv)

    return exp(float(optimize.brentq(excess, log(0.1), log(200.0))))


def _uniform_at(u: float, cv: float) -> float:
    return max(1 + cv * sqrt(3) * (2 * u - 1), 0.0)


def _uniform_survival(x: float, cv: float) -> float:
    return min(max(0.5 - (x - 1) / (2 * sqrt(3) * cv), 0.0), 1.0)


def _hyperexponential_survival(x: float, cv: float) -> float:
    (share, rate), (rest, slow) = hyperexponential_parts(cv)
    return share * exp(-rate * x) + rest * exp(-slow * x)


def _hyperexponential_at(u: float, cv: float) -> float:
    """Solve S(x) = 1 - u for a mean of 1: ln S is convex, so Newton's steps never overshoot."""
    (share, rate), (rest, slow) = hyperexponential_parts(cv)
    target = log1p(-u)
    x, step = -target / rate, 1.0  # S falls at the quick rate at most
    while step > _NEWTON_ENOUGH * x:
        quick_left, slow_left = share * exp(-rate * x), rest * exp(-slow * x)
        left = quick_left + slow_left
        step = (log(left) - target) * left / (rate * quick_left + slow * slow_left)
        x += max(step, 0.0)
    return x


def constant_s(mean_s: Number) -> Duration:
    """Give a time that never varies."""
    return Duration(law=Law.CONSTANT, mean_s=mean_s)


def exponential_s(mean_s: Number) -> Duration:
    """Give an exponential time."""
    return Duration(law=Law.EXPONENTIAL, mean_s=mean_s)


def lognormal_s(mean_s: Number, cv: Number) -> Duration:
    """Give a lognormal time."""
    return Duration(law=Law.LOGNORMAL, mean_s=mean_s, cv=cv)


def hyperexponential_s(mean_s: Number, cv: Number) -> Duration:
    """Give a hyperexponential time of balanced means; cv above 1."""
    return Duration(law=Law.HYPEREXPONENTIAL, mean_s=mean_s, cv=cv)


def uniform_s(least_s: Number, most_s: Number) -> Duration:
    """Give a time between two bounds, all alike: mean (a + b)/2, cv (b - a)/((a + b) sqrt 3).

    Raises:
        ValueError: the bounds are negative, equal or in the wrong order.
    """
    if not 0 <= least_s < most_s:
        msg = f"uniform from {least_s:g} s to {most_s:g} s: two bounds, the smaller first, none negative"
        raise ValueError(msg)
    source = f"{least_s.source} (uniform from {least_s:g} s to {most_s:g} s)"
    total = float(least_s + most_s)
    cv = float(most_s - least_s) / (total * sqrt(3))
    return Duration(
        law=Law.UNIFORM,
        mean_s=Number(total / 2, least_s.grade, source),
        cv=Number(cv, least_s.grade, source),
    )
