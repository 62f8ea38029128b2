"""The electronic share over months: its fan over futures, and how many of them meet the KPI."""

import polars as pl

from footfall.measure.interval import wilson

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_SAME = 1e-9
"""A share that misses the KPI by no more than rounding meets it."""


def fan(shares: pl.DataFrame, kpi_share: float) -> pl.DataFrame:
    """Quantiles of the share over futures, and how many futures meet the KPI, by definition and month.

    `shares` has definition, month and electronic_share, a row a future. Columns: definition, month, futures,
    electronic_share_p05 to _p95, kpi_share, futures_met, and `met_share` with Wilson bounds.
    """
    share = pl.col("electronic_share")
    quantiles = [
        share.quantile(q, interpolation="linear").alias(f"electronic_share_p{q * 100:02.0f}")
        for q in QUANTILES
    ]
    counted = shares.group_by("definition", "month", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("futures"),
        *quantiles,
        pl.lit(kpi_share).alias("kpi_share"),
        (share >= kpi_share - _SAME).sum().cast(pl.Int64).alias("futures_met"),
    )
    bounds = [wilson(met, futures) for met, futures in counted.select("futures_met", "futures").iter_rows()]
    return counted.with_columns(
        (pl.col("futures_met") / pl.col("futures")).alias("met_share"),
        pl.Series("met_share_low", [b.low for b in bounds], pl.Float64),
        pl.Series("met_share_high", [b.high for b in bounds], pl.Float64),
    )


def month_likely(months: pl.DataFrame) -> int | None:
    """First month from which on, to the last one, at least half of the futures meet the KPI, if any."""
    likely = None
    for month, met_share in months.sort("month").select("month", "met_share").iter_rows():
        if met_share < 0.5:  # noqa: PLR2004  half
            likely = None
        elif likely is None:
            likely = month
    return likely
