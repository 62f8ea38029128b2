"""What visits amount to by channel and operation, in one world: the table `measures.csv`."""

from collections.abc import Mapping

import polars as pl

from footfall.measure.interval import Interval, wilson
from footfall.records.outcomes import Outcome
from footfall.records.tables import MEASURES

ALL = "*"
"""Stands for all channels, or all operations, in a total."""

RESPONSE_S = pl.col("ended_s") - pl.col("due_s") - pl.col("human_s")
"""Seconds the customer waited for the operator, from the due time, in every visit, failed ones too."""

WAIT_S_MEAN = pl.col("wait_s").filter(pl.col("started_s").is_not_null()).mean()
"""Mean seconds in lines, over the visits that began; null when none did."""

SERVED = pl.col("outcome") == Outcome.SERVED.value

Targets = Mapping[tuple[str, str], float]
"""Success share (0..1) that is wanted of a channel and operation; `*` as a key names a total."""


def measures(visits: pl.DataFrame, world: str, targets: Targets | None = None) -> pl.DataFrame:
    """Visits of one world as rows of `MEASURES`: each channel and operation present, then the totals.

    The success share is served / all visits with its Wilson interval; percentiles are exact, by nearest
    rank, over all visits, so that a slow failure counts as slow. No visits give no rows.
    """
    if visits.is_empty():
        return MEASURES.to_frame()
    known = targets or {}
    by_both = _totals(visits, ["channel", "operation"])
    by_channel = _totals(visits, ["channel"])
    by_operation = _totals(visits, ["operation"])
    counted = pl.concat([by_both, by_channel, by_operation, _totals(visits, [])])
    bounds = [_bounds(row) for row in counted.select("served", "visits").iter_rows()]
    return counted.with_columns(
        pl.lit(world).alias("world"),
        (pl.col("served") / pl.col("visits")).alias("success_share"),
        pl.Series("success_share_low", [b.low for b in bounds], pl.Float64),
        pl.Series("success_share_high", [b.high for b in bounds], pl.Float64),
        pl.Series(
            "target_share",
            [known.get(k) for k in counted.select("channel", "operation").iter_rows()],
            pl.Float64,
        ),
    ).select(pl.col(name).cast(kind) for name, kind in MEASURES.items())


def at_percentile(values: pl.Expr, percent: int) -> pl.Expr:
    """Exact percentile of a group by nearest rank: the value of rank ⌈percent · n / 100⌉."""
    rank = (pl.len() * percent + 99) // 100
    return values.sort().get(rank - 1)


def _totals(visits: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Counts and times by the keys; the keys that are left out become `*`."""
    figures = [
        pl.len().alias("visits"),
        SERVED.sum().alias("served"),
        WAIT_S_MEAN.alias("wait_s_mean"),
        *(at_percentile(RESPONSE_S, p).alias(f"response_s_p{p}") for p in (50, 95, 99)),
    ]
    rows = visits.group_by(keys).agg(figures).sort(keys) if keys else visits.select(figures)
    others = [name for name in ("channel", "operation") if name not in keys]
    return rows.with_columns(pl.lit(ALL).alias(name) for name in others).select(
        "channel", "operation", *(figure.meta.output_name() for figure in figures)
    )


def _bounds(row: tuple[int, int]) -> Interval:
    served, visits = row
    return wilson(served, visits)
