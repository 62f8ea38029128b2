"""Quantiles and survival of families of times, and what stands behind a mean and its variation."""

from functools import cache, lru_cache
from math import exp, lgamma, log, log1p, sqrt
from typing import Any

_NEWTON_ENOUGH = 1e-14


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
def _hyperexponential_parts(cv: float) -> tuple[tuple[float, float], tuple[float, float]]:
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


def uniform_at(u: float, cv: float) -> float:
    """Value at the quantile u of a uniform time of mean 1."""
    return max(1 + cv * sqrt(3) * (2 * u - 1), 0.0)


def uniform_survival(x: float, cv: float) -> float:
    """Share of uniform times of mean 1 that are longer than x."""
    return min(max(0.5 - (x - 1) / (2 * sqrt(3) * cv), 0.0), 1.0)


def hyperexponential_survival(x: float, cv: float) -> float:
    """Share of hyperexponential times of mean 1 that are longer than x."""
    (share, rate), (rest, slow) = _hyperexponential_parts(cv)
    return share * exp(-rate * x) + rest * exp(-slow * x)


def hyperexponential_at(u: float, cv: float) -> float:
    """Solve S(x) = 1 - u for a mean of 1: ln S is convex, so Newton's steps never overshoot."""
    (share, rate), (rest, slow) = _hyperexponential_parts(cv)
    target = log1p(-u)
    x, step = -target / rate, 1.0  # S falls at the quick rate at most
    while step > _NEWTON_ENOUGH * x:
        quick_left, slow_left = share * exp(-rate * x), rest * exp(-slow * x)
        left = quick_left + slow_left
        step = (log(left) - target) * left / (rate * quick_left + slow * slow_left)
        x += max(step, 0.0)
    return x
