"""A played run over its own clock: arrivals, success, response times and lag, bin by bin."""

import math
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall.measure.interval import wilson
from footfall.measure.summary import RESPONSE_S, SERVED, at_percentile

Values = NDArray[np.floating[Any]]

BINS_MOST = 48
ARRIVALS_LEAST = 20
"""A bin is wide enough for so many arrivals in the mean, where the run has three such bins."""
WIDTHS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
SERIES = pl.Schema(
    {
        "world": pl.String,
        "at_s": pl.Float64,
        "bin_s": pl.Float64,
        "due_per_s": pl.Float64,
        "started_per_s": pl.Float64,
        "visits": pl.Int64,
        "success_share": pl.Float64,
        "success_share_low": pl.Float64,
        "success_share_high": pl.Float64,
        "response_s_p50": pl.Float64,
        "response_s_p95": pl.Float64,
        "lag_s_p99": pl.Float64,
    }
)


def run_series(
    arrivals: pl.DataFrame, predicted: pl.DataFrame, measured: pl.DataFrame, length_s: float
) -> pl.DataFrame:
    """Give the table `SERIES`: a row for each bin of each world that has visits; seconds of the run.

    `arrivals` has `due_s` of all customers; `predicted` and `measured` are tables of `VISITS`; `length_s` is
    the length of the run. `due_per_s` counts planned arrivals, `started_per_s` first attempts by the moment
    at which they began. Success, with Wilson's interval, and response times are of the visits due in the
    bin, failed ones too; lag is of the first attempts due in it. What a bin has none of is null. The bins end
    with the run, or with the last measured visit.
    """
    worlds = [(name, frame) for name, frame in (("predicted", predicted), ("measured", measured))]
    worlds = [(name, frame) for name, frame in worlds if not frame.is_empty()]
    if not worlds:
        return SERIES.to_frame()
    ends = [length_s, _last(arrivals), _last(measured)]
    width_s = bin_width_s(length_s or max(ends), arrivals.height)
    edges = np.arange(math.floor(max(ends) / width_s) + 2) * width_s
    due = np.histogram(arrivals["due_s"].to_numpy(), edges)[0] / width_s
    return pl.concat([_of_world(frame, name, edges, due) for name, frame in worlds])


def bin_width_s(length_s: float, arrivals: int) -> float:
    """Give the smallest round width that makes at most `BINS_MOST` bins, wide enough for their arrivals."""
    wanted = length_s * ARRIVALS_LEAST / max(arrivals, 1)
    least_s = max(length_s / BINS_MOST, min(wanted, length_s / 3))
    return float(next((width for width in WIDTHS_S if width >= least_s), least_s))


def _last(rows: pl.DataFrame) -> float:
    last = rows["due_s"].max()
    return float(last) if isinstance(last, (int, float)) else 0.0


def _of_world(visits: pl.DataFrame, world: str, edges: Values, due: Values) -> pl.DataFrame:
    width_s = float(edges[1])
    first = pl.col("attempt") == 1
    binned = visits.with_columns(
        (pl.col("due_s") / width_s).floor().cast(pl.Int64).alias("bin"), RESPONSE_S.alias("response_s")
    )
    figures = binned.group_by("bin").agg(
        pl.len().cast(pl.Int64).alias("visits"),
        SERVED.sum().cast(pl.Int64).alias("served"),
        *(at_percentile(pl.col("response_s"), p).alias(f"response_s_p{p}") for p in (50, 95)),
    )
    late = binned.filter(first & pl.col("started_s").is_not_null()).with_columns(
        (pl.col("started_s") - pl.col("due_s")).alias("lag_s")
    )
    lags = late.group_by("bin").agg(at_percentile(pl.col("lag_s"), 99).alias("lag_s_p99"))
    started = np.histogram(late["started_s"].to_numpy(), edges)[0] / width_s
    grid = pl.DataFrame(
        {"bin": np.arange(len(edges) - 1), "at_s": edges[:-1], "due_per_s": due, "started_per_s": started}
    )
    table = grid.join(figures, on="bin", how="left").join(lags, on="bin", how="left").sort("bin")
    pairs = table.select("served", "visits").rows()
    bounds = [wilson(served, n) if n else None for served, n in pairs]
    return table.with_columns(
        pl.lit(world).alias("world"),
        pl.lit(width_s).alias("bin_s"),
        pl.col("visits").fill_null(0),
        (pl.col("served") / pl.col("visits")).alias("success_share"),
        pl.Series("success_share_low", [b and b.low for b in bounds], pl.Float64),
        pl.Series("success_share_high", [b and b.high for b in bounds], pl.Float64),
        pl.col("lag_s_p99") if world == "measured" else pl.lit(None, pl.Float64).alias("lag_s_p99"),
    ).select(pl.col(name).cast(kind) for name, kind in SERIES.items())
