"""Recorded calls beside predicted ones: by month, by day, by half hour."""

import polars as pl

from footfall._stats.intervals import t_interval

BUSY_HALF_HOURS = range(16, 40)
"""08:00 to 20:00: the half hours whose profile is compared."""
EVENING_FROM = 40
"""20:00."""
_FIGURES = ("wait_s", "waited", "waited_20_s", "abandoned")
_WORLDS = ("recorded", "predicted")
NAMES = {
    "wait_s": "wait_s_mean",
    "waited": "waited_share",
    "waited_20_s": "waited_20_s_share",
    "abandoned": "abandoned_share",
}


def by_month(calls: pl.DataFrame) -> pl.DataFrame:
    """Give a row a month from calls with `day`, `half_hour` and each figure `_recorded` and `_predicted`.

    `day_correlation` is of the days' mean waits, `profile_correlation` of the half hours' from 08:00 to
    20:00; `wait_s_mean_difference_low` and `_high` bound the mean of the days' differences, predicted less
    recorded (95 %, Student).
    """
    named = calls.with_columns(month=pl.col("day").dt.strftime("%Y-%m"))
    rows = []
    for (month,), own in named.group_by("month", maintain_order=True):
        evening = own.filter(pl.col("half_hour") >= EVENING_FROM)
        days, half_hours = by_day(own), by_half_hour(own)
        busy = half_hours.filter(pl.col("half_hour").is_in(list(BUSY_HALF_HOURS)))
        differences = days["wait_s_mean_predicted"] - days["wait_s_mean_recorded"]
        low, high = t_interval(differences.to_list()) if days.height > 1 else (None, None)
        rows.append(
            {"month": month, "days": days.height, "offered": own.height}
            | own.select(_means()).row(0, named=True)
            | {
                "day_correlation": correlation(days),
                "profile_correlation": correlation(busy),
                "evening_wait_s_mean_recorded": evening["wait_s_recorded"].mean(),
                "evening_wait_s_mean_predicted": evening["wait_s_predicted"].mean(),
                "wait_s_mean_difference_low": low,
                "wait_s_mean_difference_high": high,
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def by_day(calls: pl.DataFrame) -> pl.DataFrame:
    """Give a row a day."""
    return _grouped(calls, "day")


def by_half_hour(calls: pl.DataFrame) -> pl.DataFrame:
    """Give a row for each half hour of the clock, over all days."""
    return _grouped(calls, "half_hour")


def _grouped(calls: pl.DataFrame, key: str) -> pl.DataFrame:
    return calls.group_by(key).agg(pl.len().cast(pl.Int64).alias("offered"), *_means()).sort(key)


def _means() -> list[pl.Expr]:
    return [
        pl.col(f"{figure}_{world}").mean().alias(f"{NAMES[figure]}_{world}")
        for figure in _FIGURES
        for world in _WORLDS
    ]


def correlation(rows: pl.DataFrame) -> float | None:
    """Correlate recorded with predicted mean waits; None where one of them does not vary."""
    recorded, predicted = rows["wait_s_mean_recorded"], rows["wait_s_mean_predicted"]
    if rows.height < 2 or not recorded.std() or not predicted.std():  # noqa: PLR2004 - a line needs two points
        return None
    return float(rows.select(pl.corr("wait_s_mean_recorded", "wait_s_mean_predicted")).item())
