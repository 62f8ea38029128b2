"""Range of a fitted system's long-run mean, from the variation of days and the uncertainty of the fit."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, variance
from typing import Literal

from footfall.stats.intervals import Interval, student_t

Days = Mapping[int, float]
"""A figure by the number of the day."""
Quantity = Literal["time", "share", "difference"]
_DAYS_A_DRAW = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedRange:
    """A mean over days, and the range of the fitted system's long-run mean."""

    mean: float
    interval: Interval
    """95 % range, including variation of days and uncertainty of the fit."""
    fit_error: float
    """Standard error of the mean due to the fit alone."""
    days_error: float
    """Standard error of the mean due to the simulated days alone."""


def days_of_draws(replications: int, block: int) -> list[tuple[int, int]]:
    """Assign days to draws of the fitted numbers: pairs of a draw and a day, both from 0.

    As many draws as days, at most a block. Each draw has at least two days, so that no single day determines
    its effect; all days are used about equally often.
    """
    draws = min(replications, block)
    a_draw = max(min(_DAYS_A_DRAW, replications), replications // draws)
    return [
        (draw, (draw * a_draw + place) % replications) for draw in range(draws) for place in range(a_draw)
    ]


def fitted_range(
    days: Sequence[float], draws: Sequence[tuple[Days, Days]], groups: int, quantity: Quantity
) -> FittedRange | None:
    """Mean of `days` with the range of the true system's long-run mean; None: too few days or draws.

    A draw is a figure of some days with the fitted numbers, and of the same days, with the same random
    numbers, with all fitted numbers drawn. Means of times are compared on the scale of logarithms, shares on
    that of log odds, where they can be. With D the difference of a draw's mean, the variance that the fit
    gives is the mean of D², rather too much than too little, since the days of a draw are in it, too (Barton,
    Nelson and Xie 2014, INFORMS Journal on Computing 26, 74-87: parameters and replications are two sources
    of variance). Added is the variance of the mean over days; degrees of freedom by Welch and Satterthwaite.
    """
    pairs = [[(as_is[day], one[day]) for day in as_is if day in one] for as_is, one in draws]
    pairs = [each for each in pairs if each]
    if len(days) <= 1 or len(pairs) <= 1:
        return None
    mean = fmean(days)
    means = [(fmean(a for a, _ in each), fmean(b for _, b in each)) for each in pairs]
    scale = _scale(mean, means, quantity)
    slope = scale.slope(mean)
    of_fit = fmean((scale.there(b) - scale.there(a)) ** 2 for a, b in means)
    of_days = slope**2 * variance(days) / len(days)
    freedom = _freedom((of_fit, min(len(pairs), groups) - 1), (of_days, len(days) - 1))
    half = student_t(freedom) * math.sqrt(of_fit + of_days)
    middle = scale.there(mean)
    return FittedRange(
        mean=mean,
        interval=Interval(scale.back(middle - half), scale.back(middle + half)),
        fit_error=math.sqrt(of_fit) / slope,
        days_error=math.sqrt(of_days) / slope,
    )


def _freedom(*parts: tuple[float, int]) -> float:
    total = sum(part for part, _ in parts)
    if not total:
        return float(parts[-1][1])
    return 1 / sum((part / total) ** 2 / freedom for part, freedom in parts)


class _Plain:
    """The scale of the figure itself; nothing here is below 0."""

    @staticmethod
    def there(value: float) -> float:
        return value

    @staticmethod
    def back(value: float) -> float:
        return max(0.0, value)

    @staticmethod
    def slope(_value: float) -> float:
        return 1.0


class _Logarithm(_Plain):
    """Of times, which are skewed where there are queues."""

    @staticmethod
    def there(value: float) -> float:
        return math.log(value)

    @staticmethod
    def back(value: float) -> float:
        return math.exp(min(value, 700.0))

    @staticmethod
    def slope(value: float) -> float:
        return 1 / value


class _LogOdds(_Plain):
    """Of shares, which stay within 0 and 1."""

    @staticmethod
    def there(value: float) -> float:
        return math.log(value / (1 - value))

    @staticmethod
    def back(value: float) -> float:
        return 1 / (1 + math.exp(min(-value, 700.0)))

    @staticmethod
    def slope(value: float) -> float:
        return 1 / (value * (1 - value))


class _Difference(_Plain):
    """Of a change: it has no bounds."""

    @staticmethod
    def back(value: float) -> float:
        return value


class _Share(_Plain):
    """Shares some of which are 0 or 1."""

    @staticmethod
    def back(value: float) -> float:
        return min(1.0, max(0.0, value))


def _scale(mean: float, means: Sequence[tuple[float, float]], quantity: Quantity) -> type[_Plain]:
    every = [mean, *(value for pair in means for value in pair)]
    if quantity == "difference":
        return _Difference
    if quantity == "share":
        return _LogOdds if all(0 < value < 1 for value in every) else _Share
    return _Logarithm if min(every) > 0 else _Plain
