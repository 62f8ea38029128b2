"""Success seen twice: of the first try, and of the whole errand."""

import polars as pl

from footfall.measure.interval import Interval, wilson
from footfall.measure.summary import SERVED


def first_try_and_eventual(visits: pl.DataFrame) -> pl.DataFrame:
    """Success of errands by the channel and operation of their first attempt.

    An errand is all attempts of one customer. Columns: channel, operation, errands, `first_try_share` and
    `eventual_share` with Wilson bounds, attempts_mean. An errand whose first attempt lies outside the
    table is left out: where it began is not known.
    """
    errands = (
        visits.sort("customer", "attempt")
        .group_by("customer", maintain_order=True)
        .agg(
            pl.col("channel").first(),
            pl.col("operation").first(),
            (pl.col("attempt").first() == 1).alias("whole"),
            SERVED.first().alias("first_try"),
            SERVED.any().alias("eventual"),
            pl.len().alias("attempts"),
        )
        .filter("whole")
    )
    counted = (
        errands.group_by("channel", "operation")
        .agg(
            pl.len().alias("errands"),
            pl.col("first_try").sum(),
            pl.col("eventual").sum(),
            pl.col("attempts").mean().alias("attempts_mean"),
        )
        .sort("channel", "operation")
    )
    shares = [column for name in ("first_try", "eventual") for column in _share(counted, name)]
    return counted.select("channel", "operation", "errands", *shares, "attempts_mean")


def outcomes(visits: pl.DataFrame) -> pl.DataFrame:
    """Visits by channel, operation, outcome and cause, the commonest first.

    Columns: channel, operation, outcome, cause, visits, `visits_share` (of that channel and operation).
    """
    return (
        visits.group_by("channel", "operation", "outcome", "cause")
        .agg(pl.len().cast(pl.Int64).alias("visits"))
        .with_columns(
            (pl.col("visits") / pl.col("visits").sum().over("channel", "operation")).alias("visits_share")
        )
        .sort(
            "channel",
            "operation",
            "visits",
            "outcome",
            "cause",
            descending=[False, False, True, False, False],
        )
    )


def _share(counted: pl.DataFrame, name: str) -> list[pl.Series]:
    pairs = counted.select(name, "errands").iter_rows()
    bounds: list[Interval] = [wilson(successes, n) for successes, n in pairs]
    return [
        (counted[name] / counted["errands"]).alias(f"{name}_share"),
        pl.Series(f"{name}_share_low", [b.low for b in bounds], pl.Float64),
        pl.Series(f"{name}_share_high", [b.high for b in bounds], pl.Float64),
    ]
