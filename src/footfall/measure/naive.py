"""Predictions compared with naive ones, such as "as last week"."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from statistics import fmean

from footfall.stats.intervals import t_interval


@dataclass(frozen=True, slots=True)
class ForecastComparison:
    """A prediction and a naive one made at the same time, compared with the same records."""

    cases: int
    naive_nearer: int
    """Cases in which the naive prediction was closer."""
    error_mean: float
    """Mean absolute error of the prediction."""
    naive_error_mean: float
    gain_low: float
    """Lower 95 % bound of the mean by which the prediction was nearer (Student's t, case by case)."""

    @property
    def is_naive_better(self) -> bool:
        """Whether the naive mean error is less."""
        return self.naive_error_mean < self.error_mean


def compare_forecasts(
    recorded: Sequence[float], predicted: Sequence[float], naive: Sequence[float]
) -> ForecastComparison | None:
    """Count errors of a prediction and of the naive one; None: there is nothing to compare."""
    if not recorded:
        return None
    errors = [abs(value - was) for value, was in zip(predicted, recorded, strict=True)]
    naive_errors = [abs(value - was) for value, was in zip(naive, recorded, strict=True)]
    nearer = sum(other < own for own, other in zip(errors, naive_errors, strict=True))
    gains = [other - own for own, other in zip(errors, naive_errors, strict=True)]
    gain_low = t_interval(gains).low if len(gains) > 1 else -inf
    return ForecastComparison(len(errors), nearer, fmean(errors), fmean(naive_errors), gain_low)


def sentence(found: ForecastComparison | None, naive: str, things: str, unit: str, digits: int = 1) -> str:
    """Say in one sentence which is better, and by how much."""
    if found is None:
        return f"No {things} have a naive prediction to compare with."
    own, other = f"{found.error_mean:.{digits}f} {unit}", f"{found.naive_error_mean:.{digits}f} {unit}"
    counted = f"“{naive}” was nearer in {found.naive_nearer} of {found.cases} {things}"
    if own == other:
        return f"{counted}; mean error {other}, the same as the prediction's: the prediction is no better."
    if found.is_naive_better:
        return f"{counted}; mean error {other} against {own} for the prediction: plan with “{naive}”."
    compared = f"{counted}; mean error {other} against {own} for the prediction"
    if found.gain_low <= 0:
        return f"{compared}: nearer so far, but {found.cases} {things} are too few to tell which is better."
    return f"{compared}: the prediction is better."
