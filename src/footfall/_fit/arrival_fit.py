"""Arrivals and staff fitted to a log: day profiles, and how much days vary."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, log, sqrt

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray

from footfall._fit.distributions import Z_95
from footfall._fit.patience_fit import TimesFit, fit_times
from footfall._model.numbers import DAY_S, HALF_HOUR_S, HALF_HOURS
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


# ── Staff by time of day: agents on duty, or the most served at once

_INSTANT_S = 1e-5
_QUIET_MOST_S = 7200.0
_OPEN_SHARE = 0.1
_STAY_HALF_HOURS = 4
_WRAP_UP_MOST_S = 600.0
"""A longer gap to the next call while customers wait is a break."""


@dataclass(frozen=True, slots=True)
class StaffFit:
    """Staff by day and half hour."""

    by_agent: bool
    """Whether agents are named; if not, `on_duty` is the most served at once, a lower bound of capacity."""
    days: pl.DataFrame
    """day, weekday, half_hour, on_duty, busy: time averages; busy_most: the most at once; on_shift: agents
    on duty at any time of the half hour."""
    is_open: tuple[bool, ...]
    """Per half hour, whether customers arrive: at least a tenth as many as in the busiest one."""
    agents: int
    """Number of distinct agents; 0: agents are not named."""
    wrap_up: TimesFit | None
    """Seconds from the end of a service to the agent's next one, if the next customer had to wait."""

    def profile(self, weekday: str | None = None) -> list[float]:
        """Return the staff of each half hour, the mean over days, as a model needs it.

        In the half hours of opening and closing, everyone on duty at any time counts: before the first and
        after the last customer they are ready, but the log does not show it. Staff of the last of them stay
        for two more hours, until all are served.
        """
        days = self.days if weekday is None else self.days.filter(pl.col("weekday") == weekday)
        mean = days.group_by("half_hour").agg(pl.col("on_duty", "on_shift").mean()).sort("half_hour")
        staff, on_shift = mean["on_duty"].to_list(), mean["on_shift"].to_list()
        edges = [k for k in range(HALF_HOURS) if staff and self._is_edge(k)]  # no such weekday: no staff
        for k in edges:
            staff[k] = max(staff[k], on_shift[k])
        for k in edges:
            for later in range(k + 1, min(k + 1 + _STAY_HALF_HOURS, HALF_HOURS)):
                if self.is_open[later]:
                    break
                staff[later] = max(staff[later], staff[k])
        return staff

    def _is_edge(self, k: int) -> bool:
        """Return whether the site opens or closes in a half hour."""
        before, after = self.is_open[k - 1], self.is_open[(k + 1) % HALF_HOURS]
        return self.is_open[k] and not (before and after)


def fit_staff(rows: pl.DataFrame, on_duty_gap_s: float) -> StaffFit | None:
    """Fit staff to rows with began_s, ended_s and agent; None if no row has service times.

    An agent is on duty between two services at most `on_duty_gap_s` apart, or at most two hours apart if no
    other customer arrived in between; other gaps are breaks. If agents are not named, the staff is the most
    served at once in the half hour.
    """
    served = rows.filter(pl.col("ended_s").is_not_null())
    if served.is_empty():
        return None
    days = rows.select("day", "weekday").unique().sort("day")
    grid = _Grid(days)
    busy = grid.averages(served["began_s"].to_numpy(), served["ended_s"].to_numpy())
    most = grid.most(served["began_s"].to_numpy(), served["ended_s"].to_numpy())
    named = served.filter(pl.col("agent").is_not_null())
    by_agent = not named.is_empty()
    on_duty = on_shift = most
    if by_agent:
        spans = _on_duty_spans(named, on_duty_gap_s, rows["at_s"].sort().to_numpy())
        on_duty, on_shift = grid.averages(*spans), grid.touched(*spans)
    half_hours = (rows["at_s"].to_numpy() % DAY_S // HALF_HOUR_S).astype(np.int64)
    came = np.bincount(half_hours, minlength=HALF_HOURS)
    return StaffFit(
        by_agent=by_agent,
        days=grid.table(on_duty=on_duty, busy=busy, busy_most=most, on_shift=on_shift),
        is_open=tuple((came >= max(_OPEN_SHARE * came.max(), 1)).tolist()),
        agents=named["agent"].n_unique() if by_agent else 0,
        wrap_up=fit_times(wrap_ups(named)) if by_agent else None,
    )


def _on_duty_spans(named: pl.DataFrame, gap_s: float, came_s: Array) -> tuple[Array, Array]:
    """Return start and end of each agent's times on duty: services joined if the gap is short enough.

    A gap in which no other customer arrived (`came_s`, ascending) is not a break: there was nothing to do.
    """
    ordered = named.sort("agent", "began_s").with_columns(
        until=pl.col("ended_s").cum_max().shift(1).over("agent")
    )
    until_s = ordered["until"].fill_null(np.inf).to_numpy()
    is_idle = np.searchsorted(came_s, ordered["at_s"].to_numpy()) <= np.searchsorted(came_s, until_s, "right")
    most_s = pl.Series("most_s", np.where(is_idle, max(gap_s, _QUIET_MOST_S), gap_s))
    ordered = ordered.with_columns(most_s)
    is_new = (pl.col("began_s") - pl.col("until") > pl.col("most_s")).fill_null(value=True)
    spans = (
        ordered.with_columns(span=is_new.cum_sum().over("agent"))
        .group_by("agent", "span")
        .agg(pl.col("began_s").min(), pl.col("ended_s").max())
    )
    return spans["began_s"].to_numpy(), spans["ended_s"].to_numpy()


def wrap_ups(named: pl.DataFrame) -> pl.Series:
    """Return the seconds to the agent's next service, if its customer had to wait.

    Waiting customers are served as soon as an agent is ready, so the gap is the agent's own. It is biased
    upwards by some percent if few wait: after a longer wrap-up a waiting customer is more likely.
    """
    gap = pl.col("began_s") - pl.col("ended_s").shift(1).over("agent")
    waited = (pl.col("wait_s") > 0) & (gap >= 0) & (gap <= _WRAP_UP_MOST_S)
    return named.sort("agent", "began_s").select(gap_s=pl.when(waited).then(gap))["gap_s"].drop_nulls()


class _Grid:
    """The half hours of some days."""

    def __init__(self, days: pl.DataFrame) -> None:
        self._days = days
        self._starts = days["day"].cast(pl.Int32).to_numpy().astype(np.float64) * DAY_S

    def table(self, **columns: Array) -> pl.DataFrame:
        """Return arrays of days by half hours as one table."""
        frame = self._days.select(pl.all().repeat_by(HALF_HOURS)).explode("day", "weekday")
        half_hours = np.tile(np.arange(HALF_HOURS), self._days.height)
        flat = {name: values.ravel() for name, values in columns.items()}
        return frame.with_columns(half_hour=half_hours, **{name: pl.Series(v) for name, v in flat.items()})

    def averages(self, began_s: Array, ended_s: Array) -> Array:
        """Return the time average of concurrent spans in each half hour of each day."""
        bounds = np.add.outer(self._starts, np.arange(HALF_HOURS + 1) * HALF_HOUR_S)
        area = _area_before(np.sort(began_s), bounds) - _area_before(np.sort(ended_s), bounds)
        found: Array = np.diff(area, axis=1) / HALF_HOUR_S
        return np.maximum(found, 0.0)

    def touched(self, began_s: Array, ended_s: Array) -> Array:
        """Count the spans that overlap each half hour of each day."""
        bounds = np.add.outer(self._starts, np.arange(HALF_HOURS + 1) * HALF_HOUR_S)
        before_end = np.searchsorted(np.sort(began_s), bounds[:, 1:], "left")
        over = np.searchsorted(np.sort(ended_s), bounds[:, :-1], "right")
        found: Array = np.maximum(before_end - over, 0).astype(np.float64)
        return found

    def most(self, began_s: Array, ended_s: Array) -> Array:
        """Return the most concurrent spans in each half hour of each day."""
        # A span that ends at the instant at which another begins does not overlap it, despite rounding.
        times = np.concatenate([ended_s - _INSTANT_S, began_s])
        steps = np.concatenate([-np.ones(ended_s.size), np.ones(began_s.size)])
        order = np.argsort(times, kind="stable")
        times, inside = times[order], np.cumsum(steps[order])
        bounds = np.add.outer(self._starts, np.arange(HALF_HOURS + 1) * HALF_HOUR_S)
        place = np.searchsorted(times, bounds, "right")
        before = np.where(place[:, :-1] > 0, inside[np.maximum(place[:, :-1] - 1, 0)], 0.0)
        found = before.copy()
        for day, half_hour in np.ndindex(*before.shape):
            part = inside[place[day, half_hour] : place[day, half_hour + 1]]
            if part.size:
                found[day, half_hour] = max(found[day, half_hour], part.max())
        return found


def _area_before(ordered: Array, bounds: Array) -> Array:
    """Return the integral of the number of earlier times, up to each bound: sum of (bound - time)."""
    sums = np.concatenate([[0.0], np.cumsum(ordered - ordered[0])])
    count = np.searchsorted(ordered, bounds, "right")
    found: Array = count * (bounds - ordered[0]) - sums[count]
    return found
