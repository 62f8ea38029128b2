"""Hold a criterion about a figure of the service, such as its CPU, against what was sampled in a run."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall._criteria.objects import OPERATORS, ServerCriterion
from footfall._measure import run_data
from footfall._measure.verdict import Judgement, Verdict
from footfall._stats.intervals import Interval, percent
from footfall._stats.precision import batch_means_interval

SOURCES = ("process", "port", "metrics", "service")
"""Where a figure is looked for that names no source: the service's own, the first that has it."""
_ALL_SOURCES = (*SOURCES, "machine")
_SAMPLES_LEAST = 10
_COVERED_LEAST = 0.8
"""Of the time of the run: less says too little about all of it."""
_NEAR_SHARE = 0.8
"""Of the capacity: a step with less load says too little about it."""
_MB = 1e6
_FOUND_MOST = 12


def judge_server(criterion: ServerCriterion, evidence: run_data.RunData) -> Judgement:
    """Judge by the samples between the first arrival and the end of the run; none is undecided, never a pass.

    A mean passes or fails by its 95 % interval (batch means), a maximum by its samples.
    """
    rows, length_s = evidence.server, evidence.played_s or math.inf
    if rows is None or rows.is_empty():
        return _undecided(
            criterion, "no figure of the service was sampled: --serve, --server-pid or --metrics"
        )
    within = rows.filter((pl.col("second") > 0) & (pl.col("second") <= length_s))
    found = _figure(criterion.figure, within)
    if found.is_empty():
        return _undecided(criterion, f"{criterion.figure} was not sampled; {_known(within)}")
    cores = None if evidence.manifest.server is None else evidence.manifest.server.cores
    scale, problem = _scale(criterion, found["source"][0], found["unit"][0], cores)
    if problem:
        return _undecided(criterion, problem)
    values = found["value"].to_numpy() / scale
    covered = _covered_share(found["second"].to_numpy(), length_s)
    judge = _judge_most if criterion.statistic == "max" else _judge_mean
    return judge(criterion, values, covered)


def _judge_most(criterion: ServerCriterion, values: NDArray[np.float64], covered: float) -> Judgement:
    most = float(values.max())
    said = f"at most {_text(most, criterion.unit)} in {len(values)} samples"
    if not OPERATORS[criterion.operator](most, criterion.limit):
        return run_data.judged(criterion, Verdict.FAIL, said, most, n=len(values))
    if covered < _COVERED_LEAST:
        said += f", which cover {percent(covered)} of the run"
        return run_data.judged(criterion, Verdict.UNDECIDED, said, most, n=len(values))
    return run_data.judged(criterion, Verdict.PASS, said, most, n=len(values))


def _judge_mean(criterion: ServerCriterion, values: NDArray[np.float64], covered: float) -> Judgement:
    mean = float(values.mean())
    said = f"{_text(mean, criterion.unit)} on average over {len(values)} samples"
    bounds = batch_means_interval(values, short=True) if len(values) >= _SAMPLES_LEAST else None
    if bounds is None or covered < _COVERED_LEAST:
        few = f"which cover {percent(covered)} of the run" if bounds else f"{_SAMPLES_LEAST} are needed"
        return run_data.judged(criterion, Verdict.UNDECIDED, f"{said}, {few}", mean, n=len(values))
    bounds = Interval(max(bounds.low, 0.0), bounds.high)
    low, high = (_text(each, criterion.unit) for each in bounds)
    verdict = run_data.decided(bounds, criterion.operator, criterion.limit)
    said += f", 95 % bounds {low} to {high}"
    if verdict is Verdict.UNDECIDED:
        said += ": too few to tell; a longer run would"
    return run_data.judged(criterion, verdict, said, mean, bounds, n=len(values))


def _figure(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of a figure: of the source that its name begins with, or of the first that has it."""
    source, _, rest = name.partition(".")
    of_source = rows.filter((pl.col("source") == source) & (pl.col("name") == rest))
    if source in _ALL_SOURCES and not of_source.is_empty():
        return of_source.sort("second")
    for each in SOURCES:
        found = rows.filter((pl.col("source") == each) & (pl.col("name") == name))
        if not found.is_empty():
            return found.sort("second")
    return rows.clear()


def _known(rows: pl.DataFrame) -> str:
    names = sorted({f"{source}.{name}" for source, name in rows.select("source", "name").unique().rows()})
    shown = ", ".join(names[:_FOUND_MOST])
    more = f" and {len(names) - _FOUND_MOST} more" if len(names) > _FOUND_MOST else ""
    return f"there are {shown}{more}" if names else "no figure was sampled while arrivals came"


def _scale(criterion: ServerCriterion, source: str, unit: str, cores: int | None) -> tuple[float, str]:
    """Return what a value is divided by to have the unit of the limit; or why that is not possible."""
    if not criterion.unit or criterion.unit == unit:
        return 1.0, ""
    if criterion.unit == "share":
        if unit in {"%", "percent"}:
            return 100.0, ""
        if unit == "cores" and source == "process" and cores:
            return float(cores), ""
        if unit == "cores":
            return (
                1.0,
                f"how many cores {criterion.figure} is of is not known: write cores, such as 1.5 cores",
            )
    return 1.0, f"{criterion.figure} is in {unit or 'a unit that is not given'}, the limit is not"


def _covered_share(seconds: NDArray[np.float64], length_s: float) -> float:
    """Return the share of the run that readings at their usual distance cover."""
    if len(seconds) < 2:  # noqa: PLR2004  a distance needs two
        return 0.0
    whole_s = length_s if math.isfinite(length_s) else float(seconds[-1])
    return min(1.0, len(seconds) * float(np.median(np.diff(seconds))) / whole_s)


def _text(value: float, unit: str) -> str:
    if unit == "share":
        return percent(value)
    if unit == "bytes":
        return f"{value / _MB:,.1f} MB"
    return f"{value:,.4g} {unit}".rstrip()


def _undecided(criterion: ServerCriterion, reason: str) -> Judgement:
    return run_data.without_figure(criterion, Verdict.UNDECIDED, reason)


# ── At the capacity that a search found


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAtStep:
    """What was sampled of the service during one valid load step, by source and name."""

    offered_per_s: float
    mean: Mapping[str, float]
    most: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAtSteps:
    """What a search for capacity knows of the service's figures."""

    value_per_s: float | None
    """The capacity; None: it was not found."""
    high_per_s: float | None
    """The upper end of its interval."""
    units: Mapping[str, str]
    cores: int | None
    steps: tuple[ServerAtStep, ...]


def judge_server_at(criterion: ServerCriterion, found: ServerAtSteps) -> Judgement:
    """Judge a figure at the capacity, by the load steps next to it.

    It passes where the step with the most load up to the capacity's upper end keeps the limit, also when its
    figure is taken to grow in proportion to the load up to that end; it fails where a step below the capacity
    breaks it. A figure that was not sampled is undecided.
    """
    if found.value_per_s is None:
        return _undecided(criterion, "no capacity was found to judge it at")
    name = next((each for each in _names(criterion.figure) if each in found.units), None)
    sampled = [step for step in found.steps if name in step.mean]
    if name is None or not sampled:
        known = ", ".join(sorted(found.units)[:_FOUND_MOST])
        return _undecided(criterion, f"{criterion.figure} was not sampled; there are {known or 'no figures'}")
    scale, problem = _scale(criterion, name.partition(".")[0], found.units[name], found.cores)
    if problem:
        return _undecided(criterion, problem)
    high_per_s = found.high_per_s or found.value_per_s
    values = [
        (step.offered_per_s, (step.most if criterion.statistic == "max" else step.mean)[name] / scale)
        for step in sampled
    ]
    keeps, limit = OPERATORS[criterion.operator], criterion.limit
    below = [each for each in values if each[0] <= found.value_per_s]
    broken = [each for each in below if not keeps(each[1], limit)]
    if broken:
        rate, value = min(broken)
        reason = f"{_text(value, criterion.unit)} at {rate:.4g} arrivals/s, below the capacity"
        return run_data.judged(criterion, Verdict.FAIL, reason, value, n=len(values))
    up_to = [each for each in values if each[0] <= high_per_s]
    rate, value = max(up_to, default=(0.0, 0.0))
    there = value * high_per_s / rate if rate else math.inf
    reason = f"{_text(value, criterion.unit)} at {rate:.4g} arrivals/s"
    if rate >= _NEAR_SHARE * found.value_per_s and keeps(there, limit):
        return run_data.judged(criterion, Verdict.PASS, reason, value, n=len(values))
    reason += f", too far from the limit or the capacity of {found.value_per_s:.4g} to tell"
    return run_data.judged(criterion, Verdict.UNDECIDED, reason, value, n=len(values))


def _names(figure: str) -> list[str]:
    return [figure, *(f"{source}.{figure}" for source in SOURCES)]
