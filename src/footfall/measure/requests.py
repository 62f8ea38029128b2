"""What the requests of a run amount to, by channel, operation and step: the table `requests.csv`."""

import polars as pl

from footfall.measure.interval import wilson
from footfall.measure.summary import SERVED, at_percentile
from footfall.records.tables import HITS

_KEYS = ["channel", "operation", "step"]
_CAUSES_MOST = 3
_TIME_S = pl.col("ended_s") - pl.col("asked_s")
REQUESTS = pl.Schema(
    {
        **dict.fromkeys(_KEYS, pl.String),
        "requests": pl.Int64,
        "failed": pl.Int64,
        "failed_share": pl.Float64,
        "failed_share_low": pl.Float64,
        "failed_share_high": pl.Float64,
        "time_s_p50": pl.Float64,
        "time_s_p95": pl.Float64,
        "time_s_p99": pl.Float64,
        "causes": pl.String,
    }
)


def by_request(hits: pl.DataFrame) -> pl.DataFrame:
    """Give the table `REQUESTS` of rows of `HITS`: a row for each channel, operation and step.

    A request fails when its outcome is not `served`; the share has Wilson's interval. Times are seconds from
    when the customer was ready to send it until it was answered or given up, failed ones too, by nearest
    rank. `causes` names the most frequent outcomes and statuses of those that failed, with their numbers.
    """
    if hits.is_empty():
        return REQUESTS.to_frame()
    timed = hits.select(HITS.names()).with_columns(_TIME_S.alias("time_s"))
    table = timed.group_by(_KEYS).agg(
        pl.len().cast(pl.Int64).alias("requests"),
        (~SERVED).sum().cast(pl.Int64).alias("failed"),
        *(at_percentile(pl.col("time_s"), p).alias(f"time_s_p{p}") for p in (50, 95, 99)),
    )
    bounds = [wilson(failed, n) for failed, n in table.select("failed", "requests").rows()]
    return (
        table.with_columns(
            (pl.col("failed") / pl.col("requests")).alias("failed_share"),
            pl.Series("failed_share_low", [b.low for b in bounds], pl.Float64),
            pl.Series("failed_share_high", [b.high for b in bounds], pl.Float64),
        )
        .join(_causes(timed.filter(~SERVED)), on=_KEYS, how="left")
        .with_columns(pl.col("causes").fill_null(""))
        .sort(_KEYS)
        .select(pl.col(name).cast(kind) for name, kind in REQUESTS.items())
    )


def _causes(failed: pl.DataFrame) -> pl.DataFrame:
    """Name the most frequent ways to fail: `error 500 ×12, timeout without an answer ×3`."""
    answer = (
        pl.when(pl.col("status") == 0)
        .then(pl.lit("without an answer"))
        .otherwise(pl.col("status").cast(pl.String))
    )
    return (
        failed.group_by(*_KEYS, "outcome", "status")
        .agg(pl.len().alias("n"))
        .sort("n", "outcome", "status", descending=[True, False, False])
        .with_columns(pl.format("{} {} ×{}", "outcome", answer, "n").alias("cause"))
        .group_by(_KEYS, maintain_order=True)
        .agg(pl.col("cause").head(_CAUSES_MOST).str.join(", ").alias("causes"))
    )
