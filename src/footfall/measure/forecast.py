"""Recorded months beside those that earlier months foretold: calls and waits of each, counted apart.

A forecast has calls of its own, so no predicted call stands beside a recorded one; sums are compared.
"""

from math import exp, sqrt
from statistics import NormalDist
from typing import Any

import polars as pl

from footfall.measure.interval import CONFIDENCE, Interval, t_interval
from footfall.measure.validation import BUSY_HALF_HOURS, EVENING_FROM, NAMES, correlation

_SUMS = ("offered", *NAMES)
_WORLDS = ("recorded", "predicted")
_PLACE = ["month", "weekday", "half_hour"]
_TAIL = (1 - CONFIDENCE) / 2


def beside(recorded: pl.DataFrame, predicted: pl.DataFrame) -> pl.DataFrame:
    """Give each half hour of each day of the predicted months, recorded sums beside expected ones.

    `recorded` has day, month, weekday, half_hour and the sums offered, wait_s, waited, waited_20_s and
    abandoned; `predicted` the same by replication in place of day. Expected is the mean of replications.
    """
    expected = predicted.group_by(_PLACE).agg(
        pl.col(name).mean().alias(f"{name}_predicted") for name in _SUMS
    )
    own = recorded.rename({name: f"{name}_recorded" for name in _SUMS})
    return own.join(expected, on=_PLACE).sort("day", "half_hour")


def by_month(recorded: pl.DataFrame, predicted: pl.DataFrame) -> pl.DataFrame:
    """Give a row a predicted month, with the names of `validation.by_month`, where `offered` is recorded.

    Beyond those: `offered_predicted`; `wait_s_mean_predicted_low` and `_high`, within which 95 of 100 such
    months lie if nothing changes; `wait_s_mean_earlier`, recorded in all months before.
    """
    cells = beside(recorded, predicted)
    days, rows = by_day(recorded, predicted), []
    for (month,), own in cells.group_by("month", maintain_order=True):
        its_days = days.filter(pl.col("month") == month)
        half_hours = by_half_hour(own)
        differences = (its_days["wait_s_mean_predicted"] - its_days["wait_s_mean_recorded"]).drop_nulls()
        low, high = t_interval(differences.to_list()) if differences.len() > 1 else (None, None)
        range_s = _month_range(own, predicted.filter(pl.col("month") == month))
        evening = own.filter(pl.col("half_hour") >= EVENING_FROM).select(_means()).row(0, named=True)
        rows.append(
            {"month": month, "days": its_days.height}
            | own.select(*_offered(), *_means()).row(0, named=True)
            | {
                "wait_s_mean_predicted_low": range_s and range_s.low,
                "wait_s_mean_predicted_high": range_s and range_s.high,
                "wait_s_mean_earlier": _mean_wait_s(recorded.filter(pl.col("month") < month)),
                "day_correlation": correlation(its_days),
                "profile_correlation": correlation(
                    half_hours.filter(pl.col("half_hour").is_in(list(BUSY_HALF_HOURS)))
                ),
                "evening_wait_s_mean_recorded": evening["wait_s_mean_recorded"],
                "evening_wait_s_mean_predicted": evening["wait_s_mean_predicted"],
                "wait_s_mean_difference_low": low,
                "wait_s_mean_difference_high": high,
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def by_day(recorded: pl.DataFrame, predicted: pl.DataFrame) -> pl.DataFrame:
    """Give a row a day; 95 of 100 simulated ones lie from `wait_s_mean_predicted_low` to `_high`."""
    days = beside(recorded, predicted).group_by("day", "month", "weekday").agg(*_offered(), *_means())
    simulated = predicted.group_by("month", "weekday", "replication").agg(pl.col("wait_s", "offered").sum())
    wait_s = pl.col("wait_s") / pl.col("offered")
    ranges = (
        simulated.filter(pl.col("offered") > 0)
        .group_by("month", "weekday")
        .agg(
            wait_s_mean_predicted_low=wait_s.quantile(_TAIL, "linear"),
            wait_s_mean_predicted_high=wait_s.quantile(1 - _TAIL, "linear"),
        )
    )
    return days.join(ranges, on=["month", "weekday"], how="left").sort("day")


def by_half_hour(cells: pl.DataFrame) -> pl.DataFrame:
    """Give a row for each half hour of the clock in which somebody called, from what `beside` gives."""
    grouped = cells.group_by("half_hour").agg(*_offered(), *_means()).sort("half_hour")
    return grouped.filter(pl.col("offered") > 0)


def within_range(days: pl.DataFrame) -> int:
    """Count the days whose recorded mean wait lies in the range of the simulated ones."""
    inside = pl.col("wait_s_mean_recorded").is_between(
        pl.col("wait_s_mean_predicted_low"), pl.col("wait_s_mean_predicted_high")
    )
    return days.filter(inside).height


def _offered() -> list[pl.Expr]:
    return [
        pl.col("offered_recorded").sum().round().cast(pl.Int64).alias("offered"),
        pl.col("offered_predicted").sum(),
    ]


def _means() -> list[pl.Expr]:
    """Means over calls; null where nobody called."""
    found = []
    for figure, name in NAMES.items():
        for world in _WORLDS:
            calls = pl.col(f"offered_{world}").sum()
            mean = pl.when(calls > 0).then(pl.col(f"{figure}_{world}").sum() / calls)
            found.append(mean.alias(f"{name}_{world}"))
    return found


def _mean_wait_s(counted: pl.DataFrame) -> float | None:
    calls = float(counted["offered"].sum())
    return float(counted["wait_s"].sum()) / calls if calls else None


def _month_range(own: pl.DataFrame, predicted: pl.DataFrame) -> Interval | None:
    """Give the range of a month's mean wait; None: a weekday was simulated once only, or nobody waits.

    The mean r = W/N is a ratio of sums over independent days: var r = Σ n s² (1 + n/R) / N², with n days
    and R replications of a weekday, and s² the variance of w - r c over them, a day's waits and calls
    (Cochran 1977, section 6.4). It is laid around the logarithm of r, which no wait takes below nothing.
    """
    numbers: dict[str, int] = dict(own.group_by("weekday").agg(pl.col("day").n_unique()).iter_rows())
    total: Any = own.select(pl.col("wait_s_predicted", "offered_predicted").sum()).row(0, named=True)
    if not total["offered_predicted"] or not total["wait_s_predicted"]:
        return None
    mean_s = total["wait_s_predicted"] / total["offered_predicted"]
    simulated = predicted.group_by("weekday", "replication").agg(pl.col("wait_s", "offered").sum())
    variance = 0.0
    for (weekday,), runs in simulated.group_by("weekday"):
        spread = (runs["wait_s"] - mean_s * runs["offered"]).var()
        if spread is None:
            return None
        days = numbers[str(weekday)]
        variance += days * float(spread) * (1 + days / runs.height)
    part = NormalDist().inv_cdf(1 - _TAIL) * sqrt(variance) / (total["offered_predicted"] * mean_s)
    return Interval(mean_s * exp(-part), mean_s * exp(part))
