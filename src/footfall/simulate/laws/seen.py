"""A day's visits as the laws look at them: numbers for names, taken once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from footfall.records.outcomes import OUTCOMES, Outcome
from footfall.simulate.laws.counts import Counts, Floats, Ints

NAMELESS = len(OUTCOMES)
"""Stands for an outcome that is none of the names."""
UNFINISHED = OUTCOMES.index(Outcome.UNFINISHED)


@dataclass(frozen=True, slots=True)
class Seen:
    """Columns of the visits, a number a visit."""

    channels: Ints
    operations: Ints
    outcomes: Ints
    """Positions in `OUTCOMES`."""
    due_s: Floats
    ended_s: Floats
    wait_s: Floats


def seen(visits: pl.DataFrame, counts: Counts) -> Seen:
    """Take what the laws need from a table with the columns of `VISITS`."""
    return Seen(
        channels=_codes(visits["channel"], counts.channels),
        operations=_codes(visits["operation"], counts.operations),
        outcomes=_codes(visits["outcome"], OUTCOMES),
        due_s=visits["due_s"].to_numpy(),
        ended_s=visits["ended_s"].to_numpy(),
        wait_s=visits["wait_s"].to_numpy(),
    )


def _codes(names: pl.Series, known: Sequence[str]) -> Ints:
    codes = names.cast(pl.Enum([str(name) for name in known]), strict=False).to_physical()
    numbers: Ints = codes.cast(pl.Int64).fill_null(len(known)).to_numpy().astype(np.int64, copy=False)
    return numbers
