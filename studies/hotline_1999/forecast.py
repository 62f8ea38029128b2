"""Predict a month's days from what earlier months taught: the fitted model, weekday by weekday."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from multiprocessing import get_context

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall._fit.arrival_fit import EVERY
from footfall._fit.fit import Fitted
from footfall._fit.fitted_model import Named, model_of, on_day
from footfall._model.model import Model
from footfall._model.numbers import HALF_HOUR_S, HALF_HOURS
from footfall._records.rows import Outcome
from footfall._simulate.day import simulate_day
from footfall._workload.log_mapping import WEEKDAYS
from studies.hotline_1999.learn import NOT_MEASURED
from studies.hotline_1999.level import Level, with_service_times
from studies.hotline_1999.predict import NOTICEABLE_S
from studies.hotline_1999.records import RecordedDay
from studies.hotline_1999.spec import Hotline

DAYS_A_WEEKDAY = 20
"""Simulated days of each weekday: their noise is then half that of a month, which has four or five."""
LEARNED = "learned"
BEFORE = "before"
"""The months learned from, by their own fit: how far the model itself is off."""
ALL_OWN = "all"
_AT_ONCE = 5
_WEEKDAY_APART = 10_000
"""Each weekday has replications of its own, lest all Sundays be as busy as their Mondays."""
_JOBS_A_WORKER = 8
"""Fewer are done before a process for them has started."""
_SAME = Level()
Progress = Callable[[float], None]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Case:
    """A month as it is predicted from one fit."""

    own: str
    """`learned`, or which of its inputs are the month's own."""
    month: str
    days: tuple[date, ...]
    fit: Fitted
    level: Level = _SAME


_Job = tuple[Case, str, Model, range]
"""A case, a weekday of it, its model, and numbers of replications."""


def with_own(earlier: Fitted, own: Fitted) -> dict[str, Fitted]:
    """Give what was learned with one input of the month's own, and with all: what would knowing it be worth?

    `arrivals`: rates and busyness; `staff`: agents on duty; `handling`: services, wrap-up, patience, redial.
    """
    kinds = {"earlier": own.kinds | earlier.kinds, "own": earlier.kinds | own.kinds}
    return {
        "arrivals": replace(earlier, kinds=kinds["earlier"], arrivals=own.arrivals),
        "staff": _with_staff_of(earlier, own),
        "handling": replace(_with_staff_of(own, earlier), kinds=kinds["own"], arrivals=earlier.arrivals),
        ALL_OWN: own,
    }


def _with_staff_of(fit: Fitted, other: Fitted) -> Fitted:
    if fit.staff is None or other.staff is None:
        return replace(fit, staff=other.staff)
    return replace(fit, staff=replace(fit.staff, days=other.staff.days))


def weekday_of(day: date) -> str:
    """Give the weekday as a fit names it."""
    return WEEKDAYS[day.weekday()]


def model_on(fit: Fitted, weekday: str, level: Level = _SAME) -> Model:
    """Give the fitted model of a weekday at a level; of a weekday not seen, that of the mean day."""
    days = fit.arrivals.days
    source = f"fitted from the regular days of {days[0]} to {days[-1]}, n = {fit.used:,}"
    model = model_of(fit, Named("learned", "As learned", source))
    name = weekday if weekday in fit.arrivals.weekdays else EVERY
    arrivals = {
        segment.name: [level.calls * calls for calls in fit.arrivals.profile(segment.name, name)]
        for segment in model.segments
    }
    staff = [level.agents * agents for agents in fit.staff.profile(name)] if fit.staff else []
    return with_service_times(on_day(model, arrivals, staff, f"{source}; {name}"), level.service)


def forecast(
    cases: Sequence[Case], seed: int, days_a_weekday: int = DAYS_A_WEEKDAY, progress: Progress | None = None
) -> pl.DataFrame:
    """Simulate days of each weekday of each case; the same luck in all cases.

    Columns: own, month, weekday, replication, half_hour; offered, wait_s (sum), waited, waited_20_s and
    abandoned: calls of the half hour.
    """
    jobs = list(_jobs(cases, days_a_weekday))
    tables = []
    for count, ((case, weekday, *_), table) in enumerate(zip(jobs, _worked(jobs, seed), strict=True), 1):
        names = {"own": case.own, "month": case.month, "weekday": weekday}
        tables.append(table.select(*(pl.lit(text).alias(name) for name, text in names.items()), pl.all()))
        if progress:
            progress(count / len(jobs))
    return pl.concat(tables)


def recorded(hotline: Hotline, days: Sequence[RecordedDay]) -> pl.DataFrame:
    """Give what happened in each half hour: day, month, weekday, half_hour and the sums of `forecast`."""
    tables = []
    for day in days:
        measured = ~np.isin(day.kinds, hotline.not_measured)
        half_hours, waits_s = day.half_hours[measured], day.waited_s[measured]
        table = _counted(half_hours, waits_s, ~day.served[measured])
        names = (
            pl.lit(day.day).alias("day"),
            pl.lit(day.month).alias("month"),
            pl.lit(weekday_of(day.day)).alias("weekday"),
        )
        tables.append(table.select(*names, pl.all()))
    return pl.concat(tables)


def levels(
    hotline: Hotline, fit: Fitted, days: Sequence[date], level: Level = _SAME
) -> dict[str, float | None]:
    """Give what a fit says of some days, at a level: agents on duty in the opening hours, and a service.

    Services that are no conversations are left out; None: the calls do not tell.
    """
    service = fit.every.service
    agents = None
    if fit.staff is not None:
        first, last = (round(float(s) / HALF_HOUR_S) for s in (hotline.opens_s, hotline.closes_s))
        profiles = [fit.staff.profile(weekday_of(day)) or fit.staff.profile() for day in days]
        agents = level.agents * float(np.mean([staff[first:last] for staff in profiles]))
    return {
        "agents_on_duty_mean": agents,
        "service_s_mean": level.service * service.mean_s.value if service else None,
    }


def _worked(jobs: Sequence[_Job], seed: int) -> Iterator[pl.DataFrame]:
    """Simulate the days of each job, several at once where they are enough to be worth the start."""
    rows = [(model, seed, numbers) for _, _, model, numbers in jobs]
    workers = min(len(jobs) // _JOBS_A_WORKER, os.cpu_count() or 1)
    if workers < 2:  # noqa: PLR2004  one is here already
        yield from (_days(*row) for row in rows)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        yield from pool.map(_days, *zip(*rows, strict=True))


def _jobs(cases: Sequence[Case], days_a_weekday: int) -> Iterator[_Job]:
    for case in cases:
        for weekday in sorted({weekday_of(day) for day in case.days}):
            model = model_on(case.fit, weekday, case.level)
            first = WEEKDAYS.index(weekday) * _WEEKDAY_APART
            for number in range(first, first + days_a_weekday, _AT_ONCE):
                yield (
                    case,
                    weekday,
                    model,
                    range(number, min(number + _AT_ONCE, first + days_a_weekday)),
                )


def _days(model: Model, seed: int, numbers: range) -> pl.DataFrame:
    tables = []
    for number in numbers:
        visits = simulate_day(model, seed, number).visits
        measured = visits.filter(~pl.col("operation").str.starts_with(NOT_MEASURED))
        table = _counted(
            np.minimum(measured["due_s"].to_numpy() // HALF_HOUR_S, HALF_HOURS - 1).astype(np.int64),
            measured["wait_s"].to_numpy(),
            (measured["outcome"] == Outcome.ABANDONED.value).to_numpy(),
        )
        tables.append(table.select(pl.lit(number).alias("replication"), pl.all()))
    return pl.concat(tables)


def _counted(half_hours: NDArray[np.int64], waits_s: NDArray[np.float64], left: Bools) -> pl.DataFrame:
    columns = {
        "offered": np.ones(waits_s.size),
        "wait_s": waits_s,
        "waited": waits_s > 0,
        "waited_20_s": waits_s > NOTICEABLE_S,
        "abandoned": left,
    }
    sums = {
        name: np.bincount(half_hours, weights=values.astype(np.float64), minlength=HALF_HOURS)
        for name, values in columns.items()
    }
    return pl.DataFrame({"half_hour": np.arange(HALF_HOURS)} | sums)
