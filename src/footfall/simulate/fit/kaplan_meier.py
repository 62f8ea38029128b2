"""The product-limit estimate of how long customers wait, where being served cuts a wait short."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from footfall.simulate.fit.laws import Z_95
from footfall.simulate.fit.sample import Sample, sample

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KaplanMeier:
    """The estimate at each time at which somebody left."""

    seconds: Array
    at_risk: Array
    """Who still waited just before."""
    left: Array
    survival: Array
    """Share still waiting just after, had nobody been served."""
    error: Array
    """Standard error of the share, by Greenwood."""
    low: Array
    high: Array
    """95 % bounds at each time by itself."""

    def at(self, t_s: float) -> float:
        """Share still waiting at a time; 1 before anybody left."""
        k = int(np.searchsorted(self.seconds, t_s, "right"))
        return float(self.survival[k - 1]) if k else 1.0

    def error_at(self, t_s: float) -> float:
        """Standard error of the share still waiting at a time."""
        k = int(np.searchsorted(self.seconds, t_s, "right"))
        return float(self.error[k - 1]) if k else 0.0


def kaplan_meier(waits_s: ArrayLike, left: ArrayLike) -> KaplanMeier:
    """Estimate from waits and whether each ended in leaving; the others were cut short.

    Who left at a time is counted before those cut short at it (Kaplan and Meier 1958, JASA 53, 457-481).
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
