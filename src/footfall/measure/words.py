"""Figures as a reader likes them: percent, points and times, in reasons and nowhere else."""

import math
from collections.abc import Callable, Iterable


def percent(share: float) -> str:
    """A share of 0..1 in percent."""
    return f"{share * 100:.1f} %"


def points(share: float) -> str:
    """A difference of shares in points of percent, with its sign."""
    return f"{share * 100:+z.1f} pt"


def duration(seconds: float) -> str:
    """A time in the unit that reads best."""
    if not math.isfinite(seconds):
        return "unknown"
    return f"{seconds * 1000:.0f} ms" if abs(seconds) < 1 else f"{seconds:.2f} s"


def between(words: Callable[[float], str], bounds: Iterable[float]) -> str:
    """The 95 % bounds of a figure."""
    low, high = (words(bound) for bound in bounds)
    return f"95 % bounds {low} to {high}"
