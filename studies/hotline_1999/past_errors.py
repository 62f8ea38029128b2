"""The range of the next forecast of a level, from the errors of earlier ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, log, sqrt
from statistics import fmean

from footfall._stats.intervals import Interval, student_t

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
    half = student_t(freedom) * spread
    return Interval(predicted * exp(-half), predicted * exp(half))
