"""Recorded months beside those that earlier months foretold: calls and waits of each, counted apart.

A forecast has calls of its own, so no predicted call stands beside a recorded one; sums are compared.
"""

from collections.abc import Mapping
from math import log
from typing import Any

import polars as pl

from footfall._measure.prediction import ForecastComparison, compare_forecasts
from footfall._stats import CONFIDENCE
from footfall._stats.intervals import t_interval
from studies.hotline_1999.measures import BUSY_HALF_HOURS, EVENING_FROM, NAMES, correlation
from studies.hotline_1999.past_errors import DaySum, monthly_sd, range_of

_SUMS = ("offered", *NAMES)
_WORLDS = ("recorded", "predicted")
_PLACE = ["month", "weekday", "half_hour"]
_SHARES = ("waited", "waited_20_s", "abandoned")
_TAIL = (1 - CONFIDENCE) / 2
USUAL_SHARE = 0.7
"""A day of fewer than this share of its weekday's median calls in earlier months was unusual."""
Known = Mapping[str, pl.DataFrame]
"""By month ahead: half hours, as `recorded`, of the days of earlier months that it was learned from."""


def calibrated(predicted: pl.DataFrame, before: pl.DataFrame, known: Known) -> pl.DataFrame:
    """Correct predicted half hours by as much as the same fit is off in the months that it was learned from.

    `before` holds those months simulated by their own fit. All seconds of wait are multiplied by recorded
    over simulated mean wait, and the odds of waiting, of waiting more than 20 s and of abandoning in each
    half hour by those recorded over those simulated.
    """
    return pl.concat(
        [
            _corrected(own, before.filter(pl.col("month") == month), known[str(month)])
            for (month,), own in predicted.group_by("month", maintain_order=True)
        ]
    )


def _corrected(own: pl.DataFrame, before: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    sums = [pl.col(f"{name}_{world}").sum() for name in _SUMS for world in _WORLDS]
    both: dict[str, float] = (
        beside(known.with_columns(month=pl.lit(own["month"][0])), before).select(sums).row(0, named=True)
    )
    wait = _ratio(*(both[f"wait_s_{world}"] / max(both[f"offered_{world}"], 1.0) for world in _WORLDS))
    shares = []
    for name in _SHARES:
        odds = _ratio(*(_odds(both[f"{name}_{world}"], both[f"offered_{world}"]) for world in _WORLDS))
        share = pl.col(name) / pl.col("offered")
        moved = odds * share / (1 - share + odds * share)
        shares.append(
            pl.when(pl.col("offered") > 0).then(pl.col("offered") * moved).otherwise(0.0).alias(name)
        )
    return own.with_columns(pl.col("wait_s") * wait, *shares)


def _ratio(recorded: float, simulated: float) -> float:
    return recorded / simulated if recorded > 0 and simulated > 0 else 1.0


def _odds(some: float, all_of_them: float) -> float:
    return some / (all_of_them - some) if all_of_them > some else 0.0


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


def by_month(recorded: pl.DataFrame, predicted: pl.DataFrame, known: Known) -> pl.DataFrame:
    """Give a row a predicted month, with the names of `validation.by_month`, where `offered` is recorded.

    Beyond those: `offered_predicted`; `_low` and `_high` of calls and mean wait, within which 95 of 100
    recorded ones are to lie, from the errors of earlier months (`past_errors.range_of`); `_last_month`, as
    recorded in the month before; `wait_s_mean_earlier`, recorded in all months before; `days_unusual`, with
    far fewer calls than their weekday before; `nearer`, of the two mean waits the one nearer to recorded.
    """
    cells = beside(recorded, predicted)
    days, rows = by_day(recorded, predicted, known), []
    errors: dict[str, list[float]] = {"offered": [], "wait_s_mean": []}
    for (month,), own in cells.group_by("month", maintain_order=True):
        its_days = days.filter(pl.col("month") == month)
        row = (
            {"month": month, "days": its_days.height, "days_unusual": int(its_days["unusual"].sum())}
            | own.select(*_offered(), *_means()).row(0, named=True)
            | _naive(known[str(month)], its_days.height)
        )
        rows.append(row | _ranges(row, known[str(month)], errors) | _details(its_days, own) | _nearer(row))
        for name, past in errors.items():
            was, expected = (row[column] for column in _columns(name))
            if was and expected:
                past.append(log(was / expected))
    return pl.DataFrame(rows, infer_schema_length=None)


def _columns(name: str) -> tuple[str, str]:
    """Give the columns of recorded and of predicted calls or waits."""
    return (
        ("offered", "offered_predicted") if name == "offered" else (f"{name}_recorded", f"{name}_predicted")
    )


def _ranges(row: dict[str, Any], known: pl.DataFrame, errors: Mapping[str, list[float]]) -> dict[str, Any]:
    """Give the ranges of a month's calls and mean wait, from the errors of the months before it."""
    found: dict[str, Any] = {}
    days = known.group_by("day").agg(pl.col("offered", "wait_s").sum()).sort("day").rows(named=True)
    levels = {
        "offered": [DaySum(day["day"], day["offered"]) for day in days],
        "wait_s_mean": [DaySum(day["day"], day["wait_s"], day["offered"]) for day in days],
    }
    for name, past in errors.items():
        predicted = row[f"{name}_predicted"]
        range_ = range_of(predicted, past, monthly_sd(levels[name])) if predicted is not None else None
        found |= {
            f"{name}_predicted_low": range_ and range_.low,
            f"{name}_predicted_high": range_ and range_.high,
        }
    return found


def _naive(known: pl.DataFrame, days: int) -> dict[str, Any]:
    """Give calls and mean wait as in the month before, and the mean wait of all months before."""
    if known.is_empty():
        return {"offered_last_month": None, "wait_s_mean_last_month": None, "wait_s_mean_earlier": None}
    month_start = pl.col("day").dt.month_start()
    last = known.filter(month_start == month_start.max())
    return {
        "offered_last_month": float(last["offered"].sum()) / last["day"].n_unique() * days,
        "wait_s_mean_last_month": _mean_wait_s(last),
        "wait_s_mean_earlier": _mean_wait_s(known),
    }


def _nearer(row: dict[str, Any]) -> dict[str, str | None]:
    was, expected, naive = (row[f"wait_s_mean_{name}"] for name in ("recorded", "predicted", "last_month"))
    if was is None or expected is None or naive is None:
        return {"nearer": None}
    return {"nearer": "last_month" if abs(naive - was) < abs(expected - was) else "predicted"}


def _details(days: pl.DataFrame, cells: pl.DataFrame) -> dict[str, Any]:
    """Give how well days and half hours of a month are told apart, its evening, and the days' differences."""
    half_hours = by_half_hour(cells)
    differences = (days["wait_s_mean_predicted"] - days["wait_s_mean_recorded"]).drop_nulls()
    low, high = t_interval(differences.to_list()) if differences.len() > 1 else (None, None)
    evening = cells.filter(pl.col("half_hour") >= EVENING_FROM).select(_means()).row(0, named=True)
    busy = half_hours.filter(pl.col("half_hour").is_in(list(BUSY_HALF_HOURS)))
    return {
        "day_correlation": correlation(days),
        "profile_correlation": correlation(busy),
        "evening_wait_s_mean_recorded": evening["wait_s_mean_recorded"],
        "evening_wait_s_mean_predicted": evening["wait_s_mean_predicted"],
        "wait_s_mean_difference_low": low,
        "wait_s_mean_difference_high": high,
    }


def against_last_month(months: pl.DataFrame) -> ForecastComparison | None:
    """Hold the months' predicted mean waits, seconds, against those of the month before each."""
    return _contest(months, "wait_s_mean_last_month")


def against_last_week(days: pl.DataFrame) -> ForecastComparison | None:
    """Hold the days' predicted mean waits, seconds, against the last such weekday before their month."""
    return _contest(days, "wait_s_mean_last_week")


def _contest(rows: pl.DataFrame, naive: str) -> ForecastComparison | None:
    columns = ("wait_s_mean_recorded", "wait_s_mean_predicted", naive)
    told = rows.select(pl.col(columns).cast(pl.Float64)).drop_nulls()
    return compare_forecasts(*(told[name].to_list() for name in columns))


def by_day(recorded: pl.DataFrame, predicted: pl.DataFrame, known: Known) -> pl.DataFrame:
    """Give a row a day; 95 of 100 simulated ones lie from `wait_s_mean_predicted_low` to `_high`.

    `wait_s_mean_last_week` is that of the last such weekday before the month; `unusual` has a day of fewer
    than 0.7 of the median calls of its weekday in earlier months, null where there was none.
    """
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
    before = pl.concat([_weekdays(month, earlier) for month, earlier in known.items()])
    keys = ["month", "weekday"]
    return (
        days.join(ranges, on=keys, how="left")
        .join(before, on=keys, how="left")
        .with_columns(unusual=pl.col("offered") < USUAL_SHARE * pl.col("_usual"))
        .drop("_usual")
        .sort("day")
    )


def _weekdays(month: str, known: pl.DataFrame) -> pl.DataFrame:
    """Give each weekday's median calls and last mean wait before a month."""
    days = known.group_by("day", "weekday").agg(pl.col("wait_s", "offered").sum()).sort("day")
    wait_s = pl.when(pl.col("offered") > 0).then(pl.col("wait_s") / pl.col("offered"))
    of_weekday = days.group_by("weekday").agg(
        _usual=pl.col("offered").median(), wait_s_mean_last_week=wait_s.last()
    )
    return of_weekday.select(pl.lit(month).alias("month"), pl.all())


def with_level(days: pl.DataFrame, months: pl.DataFrame) -> pl.DataFrame:
    """Give the days with the range of their month's level in theirs: independent, of logarithms."""
    half = (pl.col("_high") / pl.col("_low")).log() / 2
    level = months.select(
        "month",
        pl.col("wait_s_mean_predicted_low").cast(pl.Float64).alias("_low"),
        pl.col("wait_s_mean_predicted_high").cast(pl.Float64).alias("_high"),
    )
    middle = pl.col("wait_s_mean_predicted")
    wider = []
    for bound, sign in (("low", -1), ("high", 1)):
        name = pl.col(f"wait_s_mean_predicted_{bound}")
        own = (name / middle).log()
        widened = middle * (sign * (own**2 + half**2).sqrt()).exp()
        known = half.is_not_null() & (middle > 0) & (name > 0)
        wider.append(pl.when(known).then(widened).otherwise(name).alias(f"wait_s_mean_predicted_{bound}"))
    return (
        days.join(level, on="month", how="left", maintain_order="left")
        .with_columns(wider)
        .drop("_low", "_high")
    )


def by_half_hour(cells: pl.DataFrame) -> pl.DataFrame:
    """Give a row for each half hour of the clock in which somebody called, from what `beside` gives."""
    grouped = cells.group_by("half_hour").agg(*_offered(), *_means()).sort("half_hour")
    return grouped.filter(pl.col("offered") > 0)


def within_range(days: pl.DataFrame) -> int:
    """Count the days, or months, whose recorded mean wait lies in its range."""
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
