"""Number of replications: run until every interval is as narrow as requested, with look-ahead."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from footfall.stats import CONFIDENCE

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
    half_widths[1:] = stdtrit(free, (1 + CONFIDENCE) / 2) * np.sqrt(squares[1:] / free / n[1:])
    return means + numbers[0], half_widths


def _first_to_last(holds: NDArray[np.bool_], precision: Precision) -> int | None:
    """Find the first replication from which it held for the required number of further ones."""
    in_a_row = 0
    for n, held in enumerate(holds.tolist(), 1):
        in_a_row = in_a_row + 1 if held and n >= precision.start else 0
        if in_a_row > precision.ahead(n):
            return n - in_a_row + 1
    return None
