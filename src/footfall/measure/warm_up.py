"""Where a run's start ends: MSER-5, and the moving average of Welch's plot."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

BATCH = 5
BATCHES_LEAST = 20
_LAST_LEFT_OUT = 5
"""Batches at the end that are no candidates: the mean of so few may be steady by luck."""

_WINDOWS = 20
_ROWS_MOST = 2000

Values = NDArray[np.float64]
WELCH = pl.Schema(
    {"channel": pl.String, "visit": pl.Int64, "mean_s": pl.Float64, "moving_average_s": pl.Float64}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Where the start ends."""

    values: int
    """How many to leave out: those before the best cut in the first half."""
    settled: bool
    """False: the best cut of all lies in the second half, so the run was too short to tell."""


def welch_table(runs: Sequence[Values], channel: str) -> pl.DataFrame:
    """Give what Welch's plot draws: channel, visit (from 0), mean_s, moving_average_s.

    A long run has a row for several visits, and so at most 2,000 rows. The window of the moving average is a
    twentieth of the run to either side; null where it has no room.

    Raises:
        ValueError: there are no runs.
    """
    mean = over_runs(runs)
    group = -(-len(mean) // _ROWS_MOST)
    rows = mean[: len(mean) // group * group].reshape(-1, group).mean(axis=1)
    smooth = moving_average(rows, max(1, len(rows) // _WINDOWS))
    padded = [*smooth.tolist(), *[None] * (len(rows) - len(smooth))]
    return pl.DataFrame(
        {
            "channel": [channel] * len(rows),
            "visit": range(0, len(rows) * group, group),
            "mean_s": rows,
            "moving_average_s": pl.Series(padded, dtype=pl.Float64),
        },
        schema=WELCH,
    )


def mser5(values: Values) -> Cut:
    """Find the cut that makes the mean of the rest surest, over means of five values.

    MSER(d) = Σ_{i>d} (yᵢ - ȳ)² / (n - d)², the least over d; the last five batches are no candidates.
    Sources: K. P. White Jr, Simulation 69 (1997) 323-334; K. P. White Jr, M. J. Cobb and S. C. Spratt,
    Proc. Winter Simulation Conference (2000) 755-760; K. Hoad, S. Robinson and R. Davies,
    same (2008) 532-540.

    Raises:
        ValueError: fewer than a hundred values.
    """
    n = len(values) // BATCH
    if n < BATCHES_LEAST:
        msg = f"{len(values)} values are too few to find a warm-up; {BATCHES_LEAST * BATCH} are the least"
        raise ValueError(msg)
    means = values[: n * BATCH].reshape(n, BATCH).mean(axis=1)
    # Squares of what is centred lose no digits to a large mean.
    means = means - means.mean()
    left = np.arange(n, 0, -1)
    sums, squares = (np.cumsum(each[::-1])[::-1] for each in (means, means**2))
    error = (np.maximum(squares - sums**2 / left, 0.0) / left**2)[: n - _LAST_LEFT_OUT]
    half = n // 2 + 1
    return Cut(values=int(np.argmin(error[:half])) * BATCH, settled=int(np.argmin(error)) < half)


def over_runs(runs: Sequence[Values]) -> Values:
    """Mean of the runs, value by value in order, as far as the shortest goes.

    Source: P. D. Welch, The statistical analysis of simulation results, in S. Lavenberg (ed.), Computer
    Performance Modeling Handbook (1983), 268-328.

    Raises:
        ValueError: there are no runs.
    """
    if not runs:
        msg = "a mean over no runs"
        raise ValueError(msg)
    length = min(len(run) for run in runs)
    whole: Values = np.mean([run[:length] for run in runs], axis=0)
    return whole


def moving_average(values: Values, window: int) -> Values:
    """Mean of each value and its `window` neighbours to either side: fewer at the start, cut off at the end.

    Source: Welch (1983), as in A. M. Law, Simulation Modeling and Analysis, 5th ed. (2015), section 9.5.1.
    """
    sums = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(max(len(values) - window, 0))
    reach = np.minimum(at, window)
    averaged: Values = (sums[at + reach + 1] - sums[at - reach]) / (2 * reach + 1)
    return averaged
