"""How many replications are enough, and the range of the mean of a fitted model."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, variance
from typing import Literal

import numpy as np
import scipy
from numpy.typing import NDArray

from footfall._stats import CONFIDENCE
from footfall._stats.intervals import Interval, student_t

# ── Number of replications: run until every interval is as narrow as requested, with look-ahead

_LOOK_AHEAD_GROWS_FROM = 100
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """A requested 95 % half-width, as a share of the mean, and how it must be confirmed.

    Source: K. Hoad, S. Robinson and R. Davies, Journal of the Operational Research Society 61 (2010)
    1632-1644.
    """

    relative: float
    """0.05: half-width at most a twentieth of the mean."""
    start: int = 10
    """Replications before the first check: with fewer, a standard deviation is unreliable."""
    look_ahead: int = 5
    """Further replications that must hold it too, more above 100: an interval may be narrow by chance."""

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ValueError: the share is not above 0, or the start gives no interval.
        """
        if not (self.relative > 0 and self.start > 1 and self.look_ahead >= 0):
            msg = f"invalid precision: {self}"
            raise ValueError(msg)

    @property
    def least(self) -> int:
        """Smallest number of replications that can reach it."""
        return self.start + self.look_ahead

    def ahead(self, n: int) -> int:
        """Further replications that must agree, seen from the n-th."""
        return self.look_ahead * max(n, _LOOK_AHEAD_GROWS_FROM) // _LOOK_AHEAD_GROWS_FROM


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Precision of one quantity so far."""

    replications: int
    half_width: float
    """Half-width over all replications so far."""
    relative_half_width: float | None
    """Half-width by mean; None at a mean of 0."""
    reached_at: int | None
    """Replication from which the precision held, the look-ahead included; None: not reached."""
    needed: int | None
    """Approximate total number of replications needed; None if reached, or if no number suffices."""


def standing(values: Sequence[float], precision: Precision) -> Standing:
    """Check the values of a quantity, one per replication in order, against the precision.

    Needed: n (h / target)², the standard deviation staying what it is.

    Raises:
        ValueError: fewer than two values.
    """
    n = len(values)
    if n <= 1:
        msg = f"a half-width needs two values or more, got {n}"
        raise ValueError(msg)
    means, half_widths = _so_far(values)
    holds = half_widths <= precision.relative * np.abs(means) * (1 + _ROUNDING)
    reached_at = _first_to_last(holds, precision)
    mean, half_width = float(means[-1]), float(half_widths[-1])
    needed = None
    if reached_at is None and mean:
        ratio = half_width / (precision.relative * abs(mean))
        needed = max(math.ceil(n * ratio * ratio), n + 1, precision.least)
    return Standing(
        replications=n,
        half_width=half_width,
        relative_half_width=half_width / abs(mean) if mean else None,
        reached_at=reached_at,
        needed=needed,
    )


def enough(quantities: Iterable[Sequence[float]], precision: Precision) -> bool:
    """Whether every quantity has reached the precision, so that no further replication is needed."""
    return all(
        len(values) >= precision.least and standing(values, precision).reached_at is not None
        for values in quantities
    )


def _so_far(values: Sequence[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and half-width of the first 1, 2, … values; the half-width of one is infinite."""
    numbers = np.asarray(values, dtype=np.float64)
    n = np.arange(1, len(numbers) + 1)
    # Seen from their first, squares lose no digits to a large mean.
    shifted = numbers - numbers[0]
    means = np.cumsum(shifted) / n
    squares = np.maximum(np.cumsum(shifted**2) - n * means**2, 0.0)
    half_widths = np.full(len(numbers), math.inf)
    free = n[1:] - 1
    half_widths[1:] = scipy.special.stdtrit(free, (1 + CONFIDENCE) / 2) * np.sqrt(squares[1:] / free / n[1:])
    return means + numbers[0], half_widths


def _first_to_last(holds: NDArray[np.bool_], precision: Precision) -> int | None:
    """Find the first replication from which it held for the required number of further ones."""
    in_a_row = 0
    for n, held in enumerate(holds.tolist(), 1):
        in_a_row = in_a_row + 1 if held and n >= precision.start else 0
        if in_a_row > precision.ahead(n):
            return n - in_a_row + 1
    return None


# ── Range of a fitted system's long-run mean, from the variation of days and the uncertainty of the fit

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
