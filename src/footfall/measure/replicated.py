"""What independent replications say together."""

from collections.abc import Mapping, Sequence
from statistics import fmean

import polars as pl

from footfall.measure.interval import t_interval

REPLICATED = pl.Schema(
    {
        "quantity": pl.String,
        "replications": pl.Int64,
        "mean": pl.Float64,
        "half_width": pl.Float64,
        "mean_low": pl.Float64,
        "mean_high": pl.Float64,
    }
)


def replicated(values: Mapping[str, Sequence[float]]) -> pl.DataFrame:
    """One value a replication, by quantity, as mean, 95 % Student half-width and bounds.

    A quantity keeps its own unit, which its name says. One replication has no bounds (null), none no row.
    """
    rows = [(name, len(each), fmean(each), *_bounds(each)) for name, each in values.items() if each]
    return pl.DataFrame(rows, schema=REPLICATED, orient="row")


def _bounds(values: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    if len(values) <= 1:
        return None, None, None
    interval = t_interval(values)
    return interval.half_width, interval.low, interval.high
