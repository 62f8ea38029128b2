"""Arrivals that are held back for a while and then come within a short time: the surge after an outage."""

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall._records.errors import BadInputError
from footfall._records.tables import ARRIVALS
from footfall._workload.trace import Trace

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """Customers due in one part of a run come in the part after it, with those who are due there anyway."""

    from_share: float
    """Of the run's length: from here on no customer comes."""
    to_share: float
    """From here on those held back come, at an even rate, in the order in which they were due."""
    until_share: float
    """By then all of them have come."""

    def __post_init__(self) -> None:
        """Check the order of the three.

        Raises:
            BadInputError: they are not in order, within the run.
        """
        if not 0 <= self.from_share < self.to_share < self.until_share <= 1:
            given = f"{self.from_share:g}, {self.to_share:g} and {self.until_share:g}"
            raise BadInputError("arrivals held back", given, "three shares of the run, in rising order")

    def moved_s(self, due_s: Floats, length_s: float) -> Floats:
        """Return when customers come who were due at some seconds of a run; not sorted."""
        start, stop, until = (
            share * length_s for share in (self.from_share, self.to_share, self.until_share)
        )
        is_held = (due_s >= start) & (due_s < stop)
        later_s = stop + (np.where(is_held, due_s, start) - start) * (until - stop) / (stop - start)
        moved: Floats = np.where(is_held, later_s, due_s)
        return moved


def with_held_back(trace: Trace, held: HeldBack) -> Trace:
    """Return a trace some of whose arrivals come later."""
    due_s = trace.arrivals["due_s"].to_numpy()
    moved_s = held.moved_s(due_s, trace.info.play.seconds)
    # A second of the run is several of the day where the run is faster.
    at_s = trace.arrivals["at_s"].to_numpy() + (moved_s - due_s) * trace.info.play.speed
    moved = trace.arrivals.with_columns(due_s=pl.Series(moved_s), at_s=pl.Series(at_s))
    ordered = moved.sort("due_s", maintain_order=True)
    numbered = ordered.with_columns(arrival=pl.Series(range(ordered.height), dtype=ARRIVALS["arrival"]))
    return replace(trace, arrivals=numbered)
