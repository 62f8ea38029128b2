"""Who comes again after giving up: share, delay, and which rows are such second tries."""

from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
import polars as pl

from footfall.records.outcomes import Outcome
from footfall.simulate.fit.curve import Points, quantile_points
from footfall.simulate.fit.laws import Z_95

WITHIN_S = (300.0, 900.0, 3600.0)
HORIZON_S = WITHIN_S[-1]
"""Who comes later than this after giving up comes for something else, as far as anybody can tell."""
IDENTIFIED_LEAST = 50


@dataclass(frozen=True, slots=True)
class Again:
    """Share of those who come again within some seconds, with its 95 % interval (Wilson 1927)."""

    within_s: float
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class RedialFit:
    """What was fitted to customers who are known by name."""

    abandoned: int
    identified: int
    """Of those who abandoned."""
    after_abandoned: tuple[Again, ...]
    after_served: tuple[Again, ...]
    share: float
    """Of those who abandoned, how many try again within the hour, new errands left out."""
    delays: Points
    """Of those who came again within the hour."""


def fit_redial(rows: pl.DataFrame, since: Literal["left", "arrived"] = "left") -> RedialFit | None:
    """Fit the share that comes again; None: too few of those who abandoned are known by name.

    People call again after a served call, too. If b do and g do after an abandoned one, and a new errand
    is as likely after either, then 1 - g = (1 - r)(1 - b): r = (g - b)/(1 - b) try the same again.
    """
    known = _gaps(rows, since)
    left = known.filter(pl.col("outcome") == Outcome.ABANDONED.value)
    served = known.filter(pl.col("outcome") == Outcome.SERVED.value)
    if left.height < IDENTIFIED_LEAST:
        return None
    after_left, after_served = _shares(left), _shares(served)
    base = after_served[-1].share if after_served else 0.0
    delays = left.filter(pl.col("gap_s") <= HORIZON_S)["gap_s"].sort().to_numpy()
    return RedialFit(
        abandoned=rows.filter(pl.col("outcome") == Outcome.ABANDONED.value).height,
        identified=left.height,
        after_abandoned=after_left,
        after_served=after_served,
        share=max(0.0, (after_left[-1].share - base) / (1 - base)) if base < 1 else 0.0,
        delays=quantile_points(np.maximum(delays, 0.0)) if delays.size else ((0.0, HORIZON_S), (0.0, 1.0)),
    )


def weighed(rows: pl.DataFrame, redial: RedialFit | None) -> pl.DataFrame:
    """Give the rows a weight each: 1, less what of it is expected to be a second try.

    A row that follows the same customer's abandoned one within the hour stands for those of whom nothing
    is known, too. The sum of all that is taken off is `share` of all who abandoned.
    """
    known = _gaps(rows, "left")
    tries = known.filter(pl.col("outcome") == Outcome.ABANDONED.value, pl.col("gap_s") <= HORIZON_S)
    if redial is None or tries.is_empty():
        return rows.with_columns(weight=pl.lit(1.0))
    each = redial.share * redial.abandoned / tries.height
    again = tries.select(row="next_row").group_by("row").agg(off=pl.len() * each)
    joined = rows.join(again, on="row", how="left", maintain_order="left")
    return joined.with_columns(weight=1 - pl.col("off").fill_null(0.0)).drop("off")


def _gaps(rows: pl.DataFrame, since: str) -> pl.DataFrame:
    """Give each known customer's rows with the seconds until the next, and its number."""
    known = rows.filter(pl.col("customer").is_not_null()).sort("customer", "at_s", "row")
    waited = pl.col("wait_s").fill_null(0.0) + pl.col("service_s").fill_null(0.0)
    ended = pl.col("at_s") + (waited if since == "left" else 0.0)
    return known.select(
        "outcome",
        gap_s=pl.max_horizontal(pl.col("at_s").shift(-1).over("customer") - ended, 0.0),
        next_row=pl.col("row").shift(-1).over("customer"),
    ).with_columns(gap_s=pl.when(pl.col("next_row").is_null()).then(None).otherwise("gap_s"))


def _shares(rows: pl.DataFrame) -> tuple[Again, ...]:
    if rows.is_empty():
        return ()
    counts = [rows.filter(pl.col("gap_s") <= within_s).height for within_s in WITHIN_S]
    return tuple(_again(within_s, n, rows.height) for within_s, n in zip(WITHIN_S, counts, strict=True))


def _again(within_s: float, count: int, n: int) -> Again:
    share, z = count / n, Z_95
    middle, scale = share + z * z / (2 * n), 1 + z * z / n
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Again(within_s, share, max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale))
