"""What earlier forecasts of a level were off by: the range of the next, and which method was nearer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, inf, log, sqrt
from statistics import fmean

from scipy.special import stdtrit

from footfall.measure.interval import CONFIDENCE, Interval, t_interval

PRIOR_ERRORS = 4
"""What the weeks say counts like so many errors of months."""
PRIOR_FREEDOM = 8
"""Degrees of freedom before any error is known. Of eight settings tried on made-up levels, with the bank's
four months in view, the one whose ranges hold in 91 to 99 %."""
UNKNOWN_SD = log(2) / 1.96
"""Of the logarithm, where not even weeks tell: 95 of 100 months within a factor of 2."""
WALK_MEAN, WALK_WEIGHT = -0.25, 8
"""Correlation of successive weekly changes that half chance, half lasting change would have; it counts like
eight pairs of changes, since a few pairs hardly tell."""
WEEK_DAYS_LEAST = 3
"""A week of fewer days tells of those days, not of the week."""
_DAYS_A_WEEK = 7


@dataclass(frozen=True, slots=True)
class DaySum:
    """A day's sum of something, and of how many it is the sum: their quotient is the level."""

    day: date
    total: float
    count: float = 1.0


def monthly_sd(days: Sequence[DaySum]) -> float | None:
    """Give the spread of the logarithm of a month's level around its prediction, by how weeks change.

    A week's logarithm is a random walk (variance q a week) plus chance (r): changes then have the variance
    v = q + 2r and the correlation ρ = -r / v with the next (Harvey 1989, Forecasting, Structural Time Series
    Models and the Kalman Filter, section 2.4). Means of four weeks in a row differ by 2.75 q + r / 2, and
    lie 4/3 (2.75 q + r / 4) from levels smoothed with weight 1/2. ρ is moved
    towards -1/4 where few weeks tell it. Weeks begin on Sunday; those of fewer than three days, and of a
    level of nothing, are left out. None: there are no two weeks in a row.
    """
    levels = _weeks(days)
    changes = {week: levels[week + 1] - level for week, level in levels.items() if week + 1 in levels}
    if not changes:
        return None
    variance = fmean(change**2 for change in changes.values())
    if not variance:
        return 0.0
    pairs = [change * changes[week + 1] for week, change in changes.items() if week + 1 in changes]
    walk = (sum(pairs) / variance + WALK_WEIGHT * WALK_MEAN) / (len(pairs) + WALK_WEIGHT)
    chance = variance * min(0.5, max(0.0, -walk))
    return sqrt(4 / 3 * (2.75 * (variance - 2 * chance) + chance / 4))


def _weeks(days: Sequence[DaySum]) -> dict[int, float]:
    """Give the logarithm of the level of each week."""
    weeks: dict[int, list[DaySum]] = {}
    for each in days:
        weeks.setdefault(each.day.toordinal() // _DAYS_A_WEEK, []).append(each)
    levels = {}
    for week, own in weeks.items():
        total, count = sum(each.total for each in own), sum(each.count for each in own)
        if len(own) >= WEEK_DAYS_LEAST and total > 0 and count > 0:
            levels[week] = log(total / count)
    return levels


def range_of(predicted: float, errors: Sequence[float], prior_sd: float | None) -> Interval | None:
    """Give the range in which 95 of 100 recorded levels lie, from the errors of earlier predictions.

    `errors` are logarithms of recorded over predicted. With s0 = `prior_sd`, counted like four errors,
    s² = (4 s0² + Σ e²) / (4 + n), and the range is predicted · exp(± t(8 + n) s): after the predictive
    form of a normal of unknown variance (Gelman et al. 2013, Bayesian Data Analysis, section 2.6).
    None: nothing is predicted, and nothing has no logarithm.
    """
    if predicted <= 0:
        return None
    prior = UNKNOWN_SD if prior_sd is None else prior_sd
    squares = PRIOR_ERRORS * prior**2 + sum(error**2 for error in errors)
    spread = sqrt(squares / (PRIOR_ERRORS + len(errors)))
    freedom = PRIOR_FREEDOM + len(errors)
    half = float(stdtrit(freedom, 1 - (1 - CONFIDENCE) / 2)) * spread
    return Interval(predicted * exp(-half), predicted * exp(half))


@dataclass(frozen=True, slots=True)
class Contest:
    """A prediction and the naive one of the same age, held against what was recorded of the same things."""

    cases: int
    naive_nearer: int
    """Cases in which the naive prediction was nearer."""
    error_mean: float
    """Mean absolute error of the prediction."""
    naive_error_mean: float
    gain_low: float
    """Lower 95 % bound of the mean by which the prediction was nearer (Student's t, case by case)."""

    @property
    def is_naive_better(self) -> bool:
        """Whether the naive mean error is less."""
        return self.naive_error_mean < self.error_mean


def contest(recorded: Sequence[float], predicted: Sequence[float], naive: Sequence[float]) -> Contest | None:
    """Count errors of a prediction and of the naive one; None: there is nothing to compare."""
    if not recorded:
        return None
    errors = [abs(value - was) for value, was in zip(predicted, recorded, strict=True)]
    naive_errors = [abs(value - was) for value, was in zip(naive, recorded, strict=True)]
    nearer = sum(other < own for own, other in zip(errors, naive_errors, strict=True))
    gains = [other - own for own, other in zip(errors, naive_errors, strict=True)]
    gain_low = t_interval(gains).low if len(gains) > 1 else -inf
    return Contest(len(errors), nearer, fmean(errors), fmean(naive_errors), gain_low)


def sentence(found: Contest | None, naive: str, things: str, unit: str, digits: int = 1) -> str:
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
