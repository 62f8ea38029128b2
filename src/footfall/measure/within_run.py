"""Mean waits and 95th percentiles of one run with their intervals, by channel and operation."""

import math
from collections.abc import Iterable, Mapping

import polars as pl

from footfall.measure.batches import batch_means_interval, batch_percentile_interval
from footfall.measure.interval import Interval
from footfall.measure.summary import ALL, RESPONSE_S

P95 = 0.95
BOUNDS = pl.Schema(
    {
        "world": pl.String,
        "channel": pl.String,
        "operation": pl.String,
        "wait_s_mean_low": pl.Float64,
        "wait_s_mean_high": pl.Float64,
        "response_s_p95_low": pl.Float64,
        "response_s_p95_high": pl.Float64,
    }
)


def bounds(visits: pl.DataFrame, world: str) -> pl.DataFrame:
    """95 % bounds within one run of `wait_s_mean` and `response_s_p95`, rows as those of `measures`.

    By batch means over the visits in the order in which they were due; null where there are too few.
    """
    if visits.is_empty():
        return BOUNDS.to_frame()
    needed = visits.sort("due_s", "customer", "attempt").select(
        "channel",
        "operation",
        RESPONSE_S.alias("response_s"),
        # A visit that never began waited for nothing that could be averaged.
        pl.when(pl.col("started_s").is_not_null()).then("wait_s").alias("wait_s"),
    )
    rows = [
        (world, *(key.get(name, ALL) for name in ("channel", "operation")), *_bounds(part))
        for keys in (("channel", "operation"), ("channel",), ("operation",), ())
        for key, part in _parts(needed, keys)
    ]
    return pl.DataFrame(rows, schema=BOUNDS, orient="row")


def _parts(frame: pl.DataFrame, keys: tuple[str, ...]) -> Iterable[tuple[Mapping[str, str], pl.DataFrame]]:
    if not keys:
        yield {}, frame
        return
    for values, part in frame.group_by(keys, maintain_order=True):
        yield dict(zip(keys, map(str, values), strict=True)), part


def _bounds(part: pl.DataFrame) -> tuple[float | None, ...]:
    waits = part["wait_s"].drop_nulls().to_numpy()
    mean = batch_means_interval(waits)
    tail = batch_percentile_interval(part["response_s"].to_numpy(), P95)
    return (*_ends(mean), *_ends(tail))


def _ends(interval: Interval | None) -> tuple[float | None, float | None]:
    if interval is None:
        return None, None
    low, high = (end if math.isfinite(end) else None for end in interval)
    return low, high
