"""How visits, waits and spill run over the clock."""

import polars as pl

from footfall.measure.share import half_hour
from footfall.measure.summary import WAIT_S_MEAN

HOUR_S = 3600
MINUTE_S = 60.0


def on_day_clock(rows: pl.DataFrame, start_s: float, speed: float) -> pl.DataFrame:
    """Played rows with `due_s` put back on the day's clock: start_s + due_s · speed, all else untouched."""
    return rows.with_columns((start_s + pl.col("due_s") * speed).alias("due_s"))


def due_by_half_hour(rows: pl.DataFrame) -> pl.DataFrame:
    """Arrivals or visits by half hour and channel: half_hour_s, channel, due."""
    return (
        rows.group_by(half_hour(), "channel")
        .agg(pl.len().cast(pl.Int64).alias("due"))
        .sort("half_hour_s", "channel")
    )


def waits_by_hour(visits: pl.DataFrame) -> pl.DataFrame:
    """Waiting by hour of the due time and channel.

    Columns: hour, channel, visits, closed (visits that found it shut), began, wait_s_mean (time in
    lines, over the visits that began; null where none did).
    """
    hour = (pl.col("due_s") // HOUR_S).cast(pl.Int64).alias("hour")
    return (
        visits.group_by(hour, "channel")
        .agg(
            pl.len().cast(pl.Int64).alias("visits"),
            (pl.col("outcome") == "closed").sum().cast(pl.Int64).alias("closed"),
            pl.col("started_s").count().cast(pl.Int64).alias("began"),
            WAIT_S_MEAN.alias("wait_s_mean"),
        )
        .sort("hour", "channel")
    )


def spillover(
    ordinary: pl.DataFrame, what_if: pl.DataFrame, world: str, bin_s: float = MINUTE_S
) -> pl.DataFrame:
    """Visits per minute by channel in two runs on the same clock, and what the change put on each channel.

    Columns: world, minute_s (start of the bin), channel, ordinary_per_min, what_if_per_min, spill_per_min.
    Every channel has every bin between the first and the last of both runs; a bin without visits is 0.

    Raises:
        ValueError: the bin has no width.
    """
    if bin_s <= 0:
        msg = f"a bin of {bin_s} s"
        raise ValueError(msg)
    runs = {"ordinary_per_min": ordinary, "what_if_per_min": what_if}
    counted = [
        frame.group_by((pl.col("due_s") // bin_s).cast(pl.Int64).alias("bin"), "channel").agg(
            (pl.len() * MINUTE_S / bin_s).alias(name)
        )
        for name, frame in runs.items()
    ]
    seen = pl.concat([frame.select("bin", "channel") for frame in counted])
    numbers = seen["bin"].to_list()
    every = range(min(numbers), max(numbers) + 1) if numbers else range(0)
    bins = pl.DataFrame({"bin": every}, schema={"bin": pl.Int64})
    grid = seen.select("channel").unique().join(bins, how="cross")
    for frame in counted:
        grid = grid.join(frame, on=["bin", "channel"], how="left")
    rates = pl.col("ordinary_per_min", "what_if_per_min").fill_null(0.0)
    return (
        grid.with_columns(
            rates, pl.lit(world).alias("world"), (pl.col("bin") * float(bin_s)).alias("minute_s")
        )
        .with_columns((pl.col("what_if_per_min") - pl.col("ordinary_per_min")).alias("spill_per_min"))
        .sort("channel", "minute_s")
        .select("world", "minute_s", "channel", "ordinary_per_min", "what_if_per_min", "spill_per_min")
    )
