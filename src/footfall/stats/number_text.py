"""Numbers as text, in reasons, tables and charts: percent, points and times."""

import math
from collections.abc import Callable, Iterable


def percent(share: float, digits: int = 1) -> str:
    """Format a share of 0..1 in percent."""
    return f"{share * 100:.{digits}f} %"


def points(share: float) -> str:
    """Format a difference of shares in percentage points, with its sign."""
    return f"{share * 100:+z.1f} pt"


def duration(seconds: float) -> str:
    """Format a time in the most readable unit."""
    if not math.isfinite(seconds):
        return "unknown"
    return f"{seconds * 1000:.0f} ms" if abs(seconds) < 1 else f"{seconds:.2f} s"


def between(words: Callable[[float], str], bounds: Iterable[float]) -> str:
    """Format the 95 % bounds of a figure."""
    low, high = (words(bound) for bound in bounds)
    return f"95 % bounds {low} to {high}"
