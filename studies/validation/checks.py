"""A figure that somebody else published, beside ours: one `Check` a line of the page that shows them all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import hypot, sqrt
from statistics import fmean

import polars as pl

Z = 3.0
"""Standard errors, of both sides together, within which two figures agree."""

DayQuantity = Callable[[pl.DataFrame], tuple[float, float]]
"""Of a day's visits: a numerator and a denominator. The figure is the ratio of their means over days."""


@dataclass(frozen=True, slots=True)
class Check:
    """An expected figure, where it is from, what we obtained, and how far off it may be."""

    name: str
    source: str
    expected: float
    obtained: float
    low: float
    high: float
    """Bounds of what agrees with ours: three standard errors of both sides, or the print's rounding."""
    unit: str
    is_least: bool = False
    """Whether the expected figure is the least that ours may be; then there are no other bounds."""

    @property
    def agrees(self) -> bool:
        """Whether the expected figure lies within the bounds."""
        return self.low <= self.expected <= self.high


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean that another program printed for a simulated day, and how it is taken from a day's visits."""

    name: str
    unit: str
    printed: float
    deviation: float
    """Standard deviation over days, as printed."""
    days: int
    """Days over which it was taken."""
    of: DayQuantity
    step: float = 0.001
    """Last digit printed."""

    @property
    def error(self) -> float:
        """Standard error of the printed mean; its rounding adds a uniform error of the last digit."""
        return hypot(self.deviation / sqrt(self.days), self.step / sqrt(12))


@dataclass(frozen=True, slots=True)
class Obtained:
    """A ratio of means over independent days."""

    value: float
    error: float
    """Standard error, by the delta method."""


def obtained(days: Sequence[tuple[float, float]]) -> Obtained:
    """Give the ratio r of two means over days; its error is that of the mean of (a - r b) / mean of b.

    Source: W. G. Cochran, Sampling Techniques, 3rd ed. (1977), section 2.11.

    Raises:
        ValueError: fewer than two days.
    """
    n = len(days)
    if n <= 1:
        msg = f"an error over days needs two days or more, got {n}"
        raise ValueError(msg)
    below = fmean(b for _, b in days)
    ratio = fmean(a for a, _ in days) / below
    squares = sum(((a - ratio * b) / below) ** 2 for a, b in days)
    return Obtained(ratio, sqrt(squares / (n - 1) / n))


def compared(figure: Figure, source: str, days: Sequence[tuple[float, float]]) -> Check:
    """Hold a printed mean against ours: they agree within three standard errors of their difference."""
    ours = obtained(days)
    margin = Z * hypot(ours.error, figure.error)
    return Check(
        name=figure.name,
        source=source,
        expected=figure.printed,
        obtained=ours.value,
        low=ours.value - margin,
        high=ours.value + margin,
        unit=figure.unit,
    )


def at_least(name: str, source: str, least: float, value: float) -> Check:
    """Hold a figure against the least that it may be."""
    return Check(name, source, least, value, min(least, value), value, "", is_least=True)


def rounded(name: str, source: str, printed: str, value: float, unit: str = "") -> Check:
    """Hold a figure printed to some digits against an exact value: they agree if it rounds to the print."""
    half = 0.5 * 10.0 ** -len(printed.partition(".")[2])
    return Check(name, source, float(printed), value, value - half, value + half, unit)
