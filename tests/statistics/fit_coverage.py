"""How often the range of a fitted model holds the truth: logs made from known systems, fitted, simulated.

`python -m tests.statistics.fit_coverage` prints the table of docs/how-to/fitting.md. The systems are
simulated by code that shares nothing with the kit: first come first served at named agents, customers who may
lose patience.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean

import numpy as np
import polars as pl

from footfall._fit.fit import fit_rows, read_log
from footfall._fit.fitted_model import Named, model_of
from footfall._fit.uncertainty import drawn, fitted_uncertainty
from footfall._measure.summary import measures
from footfall._model.changes import set_text
from footfall._model.model import Model
from footfall._simulate.day import simulate_day
from footfall._stats.precision import FittedRange, days_of_draws, fitted_range
from footfall._workload.log_mapping import mapping_of

FIGURES = ("wait_s_mean", "success_share")
COLUMNS = {"arrived": "came", "began": "began", "ended": "ended", "left": "gone", "outcome": "outcome"}
MONDAY = datetime(2024, 1, 1)  # noqa: DTZ001  clocks of the place
TRUTH_DAYS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A true system: Poisson arrivals from nine o'clock on, gamma busyness, lognormal services."""

    name: str
    station: str = "hotline"
    open_h: float = 4.0
    per_hour: float = 50.0
    busyness_cv: float = 0.15
    agents: int = 3
    service_s: float = 170.0
    service_cv: float = 0.8
    patience_s: float | None = 240.0
    """Mean of an exponential patience; None: nobody leaves."""
    counts_min: int | None = None
    """Minutes of the intervals, where only counts and mean service times are logged."""


SYSTEMS = (
    System(name="hotline, callers renege"),
    System(
        name="hall, no reneging", station="hall", agents=3, service_s=160, patience_s=None, service_cv=0.5
    ),
    System(
        name="small office", agents=1, per_hour=12, service_s=200, open_h=6, busyness_cv=0.25, patience_s=600
    ),
    System(name="counts by half hour", service_cv=1.0, patience_s=None, service_s=150, counts_min=30),
)


def days_of(
    system: System, days: int, rng: np.random.Generator
) -> Iterator[list[tuple[float, float, float, int]]]:
    """Give the visits of each day: came, waited, served (below 0: left) in seconds, and the agent."""
    variance = np.log1p(system.service_cv**2)
    mu, shape = np.log(system.service_s) - variance / 2, system.busyness_cv**-2
    for _ in range(days):
        factor = rng.gamma(shape, 1 / shape)
        came = np.sort(
            rng.uniform(0, system.open_h * 3600, rng.poisson(factor * system.per_hour * system.open_h))
        )
        served = rng.lognormal(mu, np.sqrt(variance), came.size)
        if system.counts_min:
            served = rng.exponential(system.service_s, came.size)
        patience = (
            rng.exponential(system.patience_s or 1.0, came.size) if system.patience_s else served * 0 + 1e12
        )
        free, visits = [0.0] * system.agents, []
        for at_s, service_s, patience_s in zip(
            came.tolist(), served.tolist(), patience.tolist(), strict=True
        ):
            agent = min(range(system.agents), key=free.__getitem__)
            wait_s = max(0.0, free[agent] - at_s)
            if wait_s > patience_s:
                visits.append((at_s, patience_s, -1.0, -1))
                continue
            free[agent] = at_s + wait_s + service_s
            visits.append((at_s, wait_s, service_s, agent))
        yield visits


def truth(system: System, days: int = TRUTH_DAYS) -> dict[str, float]:
    """Give the long-run means of a day's figures."""
    told = [visits for visits in days_of(system, days, np.random.default_rng(7)) if visits]
    return {
        "wait_s_mean": fmean(fmean(v[1] for v in visits) for visits in told),
        "success_share": fmean(fmean(v[2] >= 0 for v in visits) for visits in told),
    }


def log_of(system: System, days: int, seed: int) -> pl.DataFrame:
    """Give a log of the working days from a Monday on."""
    rng, rows, day, made = np.random.default_rng([11, seed]), [], MONDAY, days_of
    for visits in made(system, days, rng):
        while day.weekday() > 4:
            day += timedelta(days=1)
        nine = day + timedelta(hours=9)
        for at_s, wait_s, service_s, agent in visits:
            begun = nine + timedelta(seconds=at_s + wait_s)
            is_served = service_s >= 0
            rows.append(
                {
                    "came": nine + timedelta(seconds=at_s),
                    "began": begun if is_served else None,
                    "ended": begun + timedelta(seconds=service_s) if is_served else None,
                    "gone": None if is_served else begun,
                    "outcome": "served" if is_served else "abandoned",
                    "agent": f"A{agent}" if is_served else None,
                    "took": service_s,
                }
            )
        day += timedelta(days=1)
    log = pl.DataFrame(rows, infer_schema_length=None)
    if system.counts_min is None:
        return log
    every = f"{system.counts_min}m"
    return (
        log.group_by(interval=pl.col("came").dt.truncate(every))
        .agg(offered=pl.len(), aht=pl.col("took").mean())
        .sort("interval")
    )


def range_of(system: System, days: int, seed: int, replications: int) -> dict[str, FittedRange | None]:
    """Fit a log and simulate the model, as `footfall fit` and `simulate --replications` do."""
    columns = COLUMNS | {"agent": "agent"}
    if system.patience_s is None:
        del columns["left"]
    options: dict[str, object] = {"station": system.station, "wrap_up": False}
    if system.counts_min:
        columns = {"arrived": "interval", "count": "offered", "service_s_mean": "aht"}
        options = {"interval_min": system.counts_min}
    mapping = mapping_of({"columns": columns, "options": options}, "coverage")
    rows = read_log(log_of(system, days, seed), mapping)
    fit = fit_rows(rows, mapping.options)
    named = Named("made", "Made", "made")
    model = model_of(fit, named)
    uncertainty = fitted_uncertainty(rows, mapping.options, fit, named)
    assert uncertainty is not None
    pairs = days_of_draws(replications, uncertainty.draws_a_block)
    as_is = [figures(_as_asked(model, system), seed, day) for day in range(replications)]
    models = {draw: _as_asked(drawn(model, uncertainty, seed, draw), system) for draw, _ in pairs}
    others = [(draw, day, figures(models[draw], seed, day)) for draw, day in pairs]
    found = {}
    for name in FIGURES:
        draws = [
            (
                {day: as_is[day][name] for one, day, _ in others if one == draw},
                {day: value[name] for one, day, value in others if one == draw},
            )
            for draw in models
        ]
        found[name] = fitted_range(
            [each[name] for each in as_is], draws, uncertainty.groups, "share" if "share" in name else "time"
        )
    return found


def figures(model: Model, seed: int, day: int) -> dict[str, float]:
    """Give the figures of a simulated day."""
    table = measures(simulate_day(model, seed, day).visits, "predicted")
    row = table.filter(pl.col("channel") == "*", pl.col("operation") == "*").row(0, named=True)
    return {name: row[name] for name in FIGURES}


def _as_asked(model: Model, system: System) -> Model:
    """Counts know no staff: it is set."""
    if system.counts_min is None:
        return model
    return set_text(model, f"hotline.agents={system.agents}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How a figure's ranges did over many logs."""

    logs: int
    held: int
    held_without: int
    """By the chance of the simulated days alone, as it was before."""
    width: float
    """Median width of the ranges over the truth."""
    needed: float
    """Width of the middle 95 % of the means over logs, over the truth."""
    off: float
    """Median of the means over the truth, less 1."""


def coverage(
    system: System, days: int, logs: range, replications: int, truth_days: int = TRUTH_DAYS
) -> dict[str, Coverage]:
    """Fit and simulate many logs of a system."""
    true = truth(system, truth_days)
    ranges = [range_of(system, days, seed, replications) for seed in logs]
    found = {}
    for name in FIGURES:
        told = [one for each in ranges if (one := each[name]) is not None]
        value = true[name]
        if value in (0.0, 1.0):
            continue
        means = np.array([each.mean for each in told])
        widths = np.array([each.interval.high - each.interval.low for each in told])
        low, high = np.quantile(means, [0.025, 0.975])
        found[name] = Coverage(
            logs=len(told),
            held=sum(each.interval.low <= value <= each.interval.high for each in told),
            held_without=sum(abs(each.mean - value) <= 2.09 * each.days_error for each in told),
            width=float(np.median(widths)) / value,
            needed=float(high - low) / value,
            off=float(np.median(means)) / value - 1,
        )
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logs", type=int, default=100)
    parser.add_argument("--first-log", type=int, default=0, help="seed of the first log")
    parser.add_argument("--replications", type=int, default=20)
    parser.add_argument("--days", type=int, nargs="+", default=[5, 10, 20])
    parser.add_argument("--system", type=int, nargs="+", default=list(range(len(SYSTEMS))))
    asked = parser.parse_args()
    logs = range(asked.first_log, asked.first_log + asked.logs)
    sys.stdout.write(
        "| system | days of log | figure | range held | days' chance alone | width | needed | median off |\n"
    )
    sys.stdout.write("| --- | --- | --- | --- | --- | --- | --- | --- |\n")
    for number in asked.system:
        for days in asked.days:
            found = coverage(SYSTEMS[number], days, logs, asked.replications)
            for name, one in found.items():
                sys.stdout.write(
                    f"| {SYSTEMS[number].name} | {days} | {name} | {one.held} of {one.logs} "
                    f"| {one.held_without} | {one.width:.2f} | {one.needed:.2f} | {one.off:+.1%} |\n"
                )
                sys.stdout.flush()


if __name__ == "__main__":
    main()
