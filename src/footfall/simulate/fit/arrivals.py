"""When customers arrive: rates by kind, weekday and half hour, with intervals over days."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from footfall.simulate.fit.busyness import Busyness, Dispersion, fit_busyness, fit_dispersion
from footfall.simulate.fit.mapping import WEEKDAYS
from footfall.simulate.spec.base import HALF_HOURS

EVERY = "*"
"""All kinds together; all weekdays, each day counting once."""
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ArrivalsFit:
    """What was fitted to the days of a log."""

    days: tuple[date, ...]
    weekdays: dict[str, int]
    """Days of each weekday, in order of the week."""
    rates: pl.DataFrame
    """kind, weekday, half_hour, days, arrivals, per_half_hour_mean, _low, _high (95 %, over days)."""
    totals: pl.DataFrame
    """day, weekday, arrivals."""
    busyness: Busyness | None
    dispersion: Dispersion | None
    """Of half hours between days of a weekday; None: no weekday has two days."""

    def profile(self, kind: str, weekday: str = EVERY) -> list[float]:
        """Arrivals in each half hour of the mean day."""
        one = self.rates.filter(pl.col("kind") == kind, pl.col("weekday") == weekday).sort("half_hour")
        # Second tries are taken off by expectation, which may be more than a quiet half hour has.
        return one["per_half_hour_mean"].clip(0.0).to_list()


def fit_arrivals(rows: pl.DataFrame, *, compared: bool = True) -> ArrivalsFit:
    """Fit rates to rows with day, weekday, half_hour, kind and, where a row is to count less, weight.

    Unless `compared`, half hours are shares of longer intervals, and say nothing of how they vary.
    A day on which nothing arrived is not in the rows and counts as no day, not as an empty one.
    """
    if "weight" not in rows.columns:
        rows = rows.with_columns(weight=pl.lit(1.0))
    days = rows.select("day", "weekday").unique().sort("day")
    place = {day: k for k, day in enumerate(days["day"])}
    kinds = sorted(rows["kind"].unique())
    counts = {kind: _counts(rows.filter(pl.col("kind") == kind), place) for kind in kinds}
    counts[EVERY] = np.sum([*counts.values()], axis=0)
    weekday_of = days["weekday"].to_numpy()
    found = [name for name in WEEKDAYS if name in set(weekday_of)]
    chosen = {EVERY: np.ones(len(place), dtype=bool)} | {name: weekday_of == name for name in found}
    tables = [
        _rates(kind, name, table[of_it]) for kind, table in counts.items() for name, of_it in chosen.items()
    ]
    everyone = [counts[EVERY][chosen[name]] for name in found]
    return ArrivalsFit(
        days=tuple(days["day"]),
        weekdays={name: int(chosen[name].sum()) for name in found},
        rates=pl.concat(tables),
        totals=days.with_columns(arrivals=pl.Series(counts[EVERY].sum(axis=1))),
        busyness=fit_busyness([each.sum(axis=1).tolist() for each in everyone]),
        dispersion=fit_dispersion(everyone) if compared else None,
    )


def _counts(rows: pl.DataFrame, place: dict[date, int]) -> Array:
    """Count arrivals by day (rows) and half hour (columns)."""
    table = np.zeros((len(place), HALF_HOURS))
    grouped = rows.group_by("day", "half_hour").agg(pl.col("weight").sum())
    for day, half_hour, weight in grouped.iter_rows():
        table[place[day], half_hour] = weight
    return table


def _rates(kind: str, weekday: str, counts: Array) -> pl.DataFrame:
    """Give mean and interval of each half hour: Student's over days, or Poisson's where it is wider.

    One day, or days that happen to be alike, say nothing of how days differ: then the exact Poisson
    interval of the sum (Garwood 1936).
    """
    days, total = counts.shape[0], counts.sum(axis=0)
    mean, total = total / days, np.maximum(total, 0.0)
    low = special.gammaincinv(np.maximum(total, 1e-9), 0.025) / days
    high = special.gammaincinv(total + 1, 0.975) / days
    if days > 1:
        half = special.stdtrit(days - 1, 0.975) * counts.std(axis=0, ddof=1) / np.sqrt(days)
        low, high = np.minimum(low, mean - half), np.maximum(high, mean + half)
    return pl.DataFrame(
        {
            "kind": [kind] * HALF_HOURS,
            "weekday": [weekday] * HALF_HOURS,
            "half_hour": range(HALF_HOURS),
            "days": [days] * HALF_HOURS,
            "arrivals": total,
            "per_half_hour_mean": mean,
            "per_half_hour_low": np.where(total > 0, np.maximum(low, 0.0), 0.0),
            "per_half_hour_high": high,
        }
    )
