"""The difference of two systems that served the same customers with the same luck."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, variance

from scipy.special import stdtrit

from footfall.measure.interval import CONFIDENCE, Interval, t_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """A difference, second less first, with its interval, and what it would be unpaired."""

    replications: int
    first_mean: float
    second_mean: float
    difference: float
    interval: Interval
    """Student's, of the differences replication by replication."""
    unpaired_half_width: float
    """That of the same values taken for independent runs."""
    variance_reduction: float | None
    """Variance of an unpaired difference by that of a paired one: above 1 pairing helped; None: none."""


def paired(first: Sequence[float], second: Sequence[float], confidence: float = CONFIDENCE) -> Paired:
    """Compare two systems replication by replication, on common random numbers.

    Half-width unpaired: t √((s₁² + s₂²) / n), degrees of freedom by Welch. Sources: A. M. Law, Simulation
    Modeling and Analysis, 5th ed. (2015), sections 10.2 and 11.2; B. L. Welch, Biometrika 34 (1947) 28-35.

    Raises:
        ValueError: the two have not the same number of values, or fewer than two.
    """
    differences = [two - one for one, two in zip(first, second, strict=True)]
    interval = t_interval(differences, confidence)
    n, variances = len(differences), (variance(first), variance(second))
    of_difference = variance(differences)
    return Paired(
        replications=n,
        first_mean=fmean(first),
        second_mean=fmean(second),
        difference=fmean(differences),
        interval=interval,
        unpaired_half_width=_unpaired(n, variances, confidence),
        variance_reduction=sum(variances) / of_difference if of_difference else None,
    )


def _unpaired(n: int, variances: tuple[float, float], confidence: float) -> float:
    total = sum(variances)
    if not total:
        return 0.0
    freedom = (n - 1) / sum((each / total) ** 2 for each in variances)
    return float(stdtrit(freedom, (1 + confidence) / 2)) * math.sqrt(total / n)
