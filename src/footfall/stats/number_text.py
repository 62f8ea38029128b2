"""Numbers as text, in reasons, tables and charts: percent, points and times."""

import math
from collections.abc import Callable, Iterable


def percent(share: float, digits: int = 1) -> str:
    """A share of 0..1 in percent."""
    return f"{share * 100:.{digits}f} %"


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
