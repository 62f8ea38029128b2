"""Arrivals fitted to a log: day profiles, and how much days vary."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, log, sqrt

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray

from footfall._fit.distributions import Z_95
from footfall._model.numbers import HALF_HOURS
from footfall._stats.intervals import student_t
from footfall._workload.log_mapping import WEEKDAYS

# ── Busyness: the gamma factor by which a day is busier than others of its weekday

Array = NDArray[np.float64]
_CV_LEAST, _CV_MOST = 1e-4, 3.0
_DAYS_LEAST = 5
_DROP = Z_95**2 / 2
_TWO = 2
_SEED, _DRAWS = 1, 400


@dataclass(frozen=True, slots=True)
class Busyness:
    """Coefficient of variation of the day's gamma factor, with its 95 % interval."""

    cv: float
    low: float
    high: float
    days: int


def fit_busyness(days: Sequence[Sequence[float]]) -> Busyness | None:
    """Fit the factor to the arrivals of whole days, weekday by weekday; None if fewer than 5 days to compare.

    Given its factor, gamma of mean 1, a day is Poisson: its arrivals are negative binomial, with variance
    m + (cv m)^2 about the mean m of the weekday (Avramidis, Deslauriers and L'Ecuyer 2004, section 2). The
    likelihood is adjusted for the fitted means (Cox and Reid 1987), as cv would otherwise be biased
    downwards; the interval is where it lies within 1.92 of its maximum.
    """
    groups = [np.asarray(group, dtype=np.float64) for group in days if len(group) > 1 and sum(group) > 0]
    if sum(group.size for group in groups) - len(groups) + 1 < _DAYS_LEAST:
        return None

    def likelihood(cv: float) -> float:
        return sum(_adjusted(group, cv * cv) for group in groups)

    found = scipy.optimize.minimize_scalar(
        lambda x: -likelihood(exp(x)), bounds=(log(_CV_LEAST), log(_CV_MOST)), method="bounded"
    )
    best = float(found.x)
    most = max(-float(found.fun), likelihood(_CV_LEAST))
    if likelihood(_CV_LEAST) >= most:
        best = log(_CV_LEAST)

    def excess(x: float) -> float:
        return likelihood(exp(x)) - most + _DROP

    ends = (log(_CV_LEAST), log(_CV_MOST))
    low = scipy.optimize.brentq(excess, ends[0], best) if excess(ends[0]) < 0 else None
    high = scipy.optimize.brentq(excess, best, ends[1]) if excess(ends[1]) < 0 else ends[1]
    cv = 0.0 if best <= log(_CV_LEAST) else exp(best)
    return Busyness(cv, 0.0 if low is None else exp(low), exp(high), sum(group.size for group in groups))


@dataclass(frozen=True, slots=True)
class Dispersion:
    """Dispersion of half hours between days of a weekday, compared with Poisson arrivals."""

    median: float
    """Median over half hours of variance over mean."""
    poisson_median: float
    """The same for Poisson arrivals on as many days; 1 for many days, 0.45 for two."""
    poisson_low: float
    poisson_high: float
    """95 % interval of this median for Poisson arrivals."""


def fit_dispersion(weekdays: Sequence[Array]) -> Dispersion | None:
    """Compare variance over mean with Poisson arrivals, from tables of days by half hours.

    None if no weekday has two days. Given their sum, Poisson counts of n equal days are multinomial with
    shares 1/n, whatever the rate (Fisher 1950): the reference is drawn this way for each half hour, with a
    fixed seed.
    """
    rng, found, drawn = np.random.default_rng(_SEED), [], []
    for counts in weekdays:
        days = counts.shape[0]
        if days < _TWO:
            continue
        sums = np.maximum(np.round(counts.sum(axis=0)), 0.0)
        busy = (counts.mean(axis=0) > 1) & (sums > 0)
        if not busy.any():
            continue
        found.append(counts[:, busy].var(axis=0, ddof=1) / counts[:, busy].mean(axis=0))
        for total in sums[busy].astype(np.int64):
            days_drawn = rng.multinomial(total, np.full(days, 1 / days), size=_DRAWS)
            drawn.append(days_drawn.var(axis=1, ddof=1) / (total / days))
    if not found:
        return None
    medians = np.median(np.array(drawn), axis=0)
    low, middle, high = np.quantile(medians, [0.025, 0.5, 0.975])
    return Dispersion(float(np.median(np.concatenate(found))), float(middle), float(low), float(high))


def spread(busyness: Busyness, mean: float) -> float:
    """Return the standard deviation of a day's arrivals around a given mean."""
    return sqrt(mean + (busyness.cv * mean) ** 2)


def _adjusted(counts: Array, square: float) -> float:
    """Return the log likelihood of one weekday's days at their mean, less half the log of its information."""
    mean, size = float(counts.mean()), 1 / square
    found = (
        scipy.special.gammaln(counts + size)
        - scipy.special.gammaln(size)
        - scipy.special.gammaln(counts + 1)
        + size * np.log(size / (size + mean))
        + scipy.special.xlogy(counts, mean / (size + mean))
    )
    information = counts.size * mean / (1 + square * mean)
    return float(found.sum()) - 0.5 * log(information)


# ── Arrival rates by kind, weekday and half hour, with intervals over days

EVERY = "*"
"""All kinds together; all weekdays, each day counting once."""


@dataclass(frozen=True, slots=True)
class ArrivalsFit:
    """Arrivals fitted to the days of a log."""

    days: tuple[date, ...]
    weekdays: dict[str, int]
    """Days of each weekday, in order of the week."""
    rates: pl.DataFrame
    """kind, weekday, half_hour, days, arrivals, per_half_hour_mean, _low, _high (95 %, over days)."""
    totals: pl.DataFrame
    """day, weekday, arrivals."""
    busyness: Busyness | None
    dispersion: Dispersion | None
    """Dispersion of half hours between days of a weekday; None: no weekday has two days."""

    def profile(self, kind: str, weekday: str = EVERY) -> list[float]:
        """Return the arrivals in each half hour of the mean day."""
        one = self.rates.filter(pl.col("kind") == kind, pl.col("weekday") == weekday).sort("half_hour")
        # Retries are subtracted in expectation, which can exceed the arrivals of a quiet half hour.
        return one["per_half_hour_mean"].clip(0.0).to_list()


def fit_arrivals(rows: pl.DataFrame, *, compared: bool = True) -> ArrivalsFit:
    """Fit rates to rows with day, weekday, half_hour, kind and optionally weight (default 1).

    Unless `compared`, half hours are parts of longer intervals and their dispersion is not fitted.
    A day without arrivals is not in the rows, so it is treated as missing, not as empty.
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
    """Return mean and interval of each half hour: Student's t over days, or Poisson if it is wider.

    A single day, or days that happen to be equal, do not show how days differ: then the exact Poisson
    interval of the sum applies (Garwood 1936).
    """
    days, total = counts.shape[0], counts.sum(axis=0)
    mean, total = total / days, np.maximum(total, 0.0)
    low = scipy.special.gammaincinv(np.maximum(total, 1e-9), 0.025) / days
    high = scipy.special.gammaincinv(total + 1, 0.975) / days
    if days > 1:
        half = student_t(days - 1) * counts.std(axis=0, ddof=1) / np.sqrt(days)
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
