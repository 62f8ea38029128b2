"""How long something takes: a law, its mean, and how much it varies."""

from enum import StrEnum
from functools import lru_cache
from math import exp, lgamma, log, log1p, sqrt
from typing import Self

from pydantic import model_validator
from scipy import special

from footfall.simulate.spec.base import Spec
from footfall.simulate.spec.number import NonNegative, Number


class Law(StrEnum):
    """Family of a distribution of times."""

    CONSTANT = "constant"
    EXPONENTIAL = "exponential"
    LOGNORMAL = "lognormal"
    GAMMA = "gamma"
    WEIBULL = "weibull"


class Duration(Spec):
    """A distribution of seconds, given by its law, its mean and its coefficient of variation."""

    law: Law
    mean_s: NonNegative
    cv: NonNegative | None = None
    """Standard deviation over mean; needed by lognormal, gamma and weibull, fixed for the others."""

    @model_validator(mode="after")
    def _has_the_cv_it_needs(self) -> Self:
        if (self.law in {Law.LOGNORMAL, Law.GAMMA, Law.WEIBULL}) != bool(self.cv):
            msg = f"law {self.law.value} and cv={self.cv} do not go together"
            raise ValueError(msg)
        return self

    def at(self, u: float) -> float:
        """Seconds at the quantile u, 0 < u < 1 (inversion)."""
        if not self.mean_s:
            return 0.0
        if self.law is Law.CONSTANT:
            return float(self.mean_s)
        if self.law is Law.EXPONENTIAL:
            return -self.mean_s * log1p(-u)
        cv = float(self.cv or 0.0)
        if self.law is Law.LOGNORMAL:
            mu, sigma = lognormal_parameters(float(self.mean_s), cv)
            return exp(mu + sigma * float(special.ndtri(u)))
        if self.law is Law.GAMMA:
            return float(special.gammaincinv(cv**-2, u)) * self.mean_s * cv**2
        shape = weibull_shape(cv)
        return self.mean_s / exp(lgamma(1 + 1 / shape)) * float((-log1p(-u)) ** (1 / shape))

    def times(self, factor: float) -> "Duration":
        """Give the same shape with its mean multiplied by a factor."""
        if factor == 1.0:
            return self
        mean_s = Number(self.mean_s * factor, self.mean_s.grade, f"{self.mean_s.source} (times {factor:g})")
        return self.model_copy(update={"mean_s": mean_s})


@lru_cache(maxsize=1024)
def lognormal_parameters(mean_s: float, cv: float) -> tuple[float, float]:
    """Mean and standard deviation of the logarithm: sigma^2 = ln(1 + cv^2), mu = ln(mean) - sigma^2/2."""
    variance = log1p(cv * cv)
    return log(mean_s) - variance / 2, sqrt(variance)


@lru_cache(maxsize=1024)
def weibull_shape(cv: float) -> float:
    """Shape k with 1 + cv^2 = Gamma(1 + 2/k) / Gamma(1 + 1/k)^2, found by bisection in ln k."""
    from scipy import optimize  # no other law needs it

    def excess(log_shape: float) -> float:
        inverse = exp(-log_shape)
        return lgamma(1 + 2 * inverse) - 2 * lgamma(1 + inverse) - log1p(cv * cv)

    return exp(float(optimize.brentq(excess, log(0.1), log(200.0))))


def constant_s(mean_s: Number) -> Duration:
    """Give a time that never varies."""
    return Duration(law=Law.CONSTANT, mean_s=mean_s)


def exponential_s(mean_s: Number) -> Duration:
    """Give an exponential time."""
    return Duration(law=Law.EXPONENTIAL, mean_s=mean_s)


def lognormal_s(mean_s: Number, cv: Number) -> Duration:
    """Give a lognormal time."""
    return Duration(law=Law.LOGNORMAL, mean_s=mean_s, cv=cv)
