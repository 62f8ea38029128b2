"""Statistics of a run for comparisons and histories, one value per run."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import polars as pl

from footfall._criteria.objects import Scope
from footfall._measure.run_data import within
from footfall._measure.summary import RESPONSE_S, SERVED
from footfall._records.errors import BadInputError
from footfall._stats.intervals import nearest_rank

# ── Metrics compared between runs: a statistic of a scope, one value per run

_QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
STATISTICS = ("success", "p50", "p95", "p99", "mean", "goodput")
_COLUMNS = {"success": "success_share", "goodput": "goodput_per_s"} | {
    name: f"response_s_{name}" for name in (*_QUANTILES, "mean")
}
VISITS_LEAST = {"p99": 100}
"""Of a run, below which a statistic is not chosen by itself: the p99 of fewer visits is their maximum …"""
_VISITS_LEAST_ELSE = 20
"""… and so is the p95 of fewer than 20; of fewer visits a share or mean is chance above all."""
_FORM = re.compile(rf"(?P<statistic>{'|'.join(STATISTICS)})(?:\((?P<scope>[\w*]+(?:\.[\w*]+)?)\))?")


@dataclass(frozen=True, slots=True, order=True)
class Metric:
    """A statistic of all visits of a scope, taken as one sample; the scope as in criteria."""

    statistic: str
    channel: str = "*"
    operation: str = "*"

    def __str__(self) -> str:
        """As it is written: `p95(web.query)`."""
        return f"{self.statistic}({self.channel}.{self.operation})"

    @property
    def scope(self) -> Scope:
        """Which visits it is of."""
        return Scope(self.channel, self.operation)

    @property
    def column(self) -> str:
        """Its name as a column, with the unit: `web.query.response_s_p95`."""
        return f"{self.channel}.{self.operation}.{_COLUMNS[self.statistic]}"

    @classmethod
    def of_column(cls, column: str) -> "Metric | None":
        """Give the metric of such a column; None when it is none."""
        channel, _, rest = column.partition(".")
        operation, _, name = rest.partition(".")
        statistic = next((each for each, its in _COLUMNS.items() if its == name), None)
        return (
            None if statistic is None or not (channel and operation) else cls(statistic, channel, operation)
        )

    @property
    def is_share(self) -> bool:
        """Whether differences are of shares, in points; else they are relative."""
        return self.statistic == "success"

    @property
    def higher_is_better(self) -> bool:
        """Whether more is better: of success and goodput; a time is better when shorter."""
        return self.statistic in {"success", "goodput"}


MAIN = (Metric("success"), Metric("p50"), Metric("p95"))
"""Of all visits: what the verdict rests on where no metric is named."""


class RunVisits(NamedTuple):
    """The measured visits of one run, and the seconds in which its arrivals were due."""

    visits: pl.DataFrame
    window_s: float


def value_of(metric: Metric, run: RunVisits) -> float | None:
    """Give the metric of one run; None when no visit is in its scope.

    success: served / all visits. p50, p95, p99 (exact, by nearest rank) and mean, seconds: of the response
    times of all visits, so that a slow failure counts as slow. goodput: visits served by the end of the
    window, a second of the window: what comes out later was not borne.
    """
    visits = within(run.visits, metric.scope)
    return None if visits is None else _value(metric.statistic, visits, run.window_s)


def chosen_metrics(asked: Iterable[str], runs: Sequence[RunVisits]) -> tuple[Metric, ...]:
    """Give the metrics that are asked for, in that order, or by themselves all that have visits enough.

    `p95(web.*)` is one metric; `p95` alone is that statistic of the whole and of each channel and operation
    that has enough visits in every run.

    Raises:
        BadInputError: one is malformed, or no run has a visit of its scope.
    """
    lines = list(asked)
    found = [metric for text in lines or STATISTICS for metric in _read(text, runs)]
    for metric in found if lines else ():
        if all(within(run.visits, metric.scope) is None for run in runs):
            raise BadInputError(f"--metric {metric}", "no run has such a visit", _known(runs))
    if lines and not found:
        problem = f"no channel and operation has {_VISITS_LEAST_ELSE} visits in every run"
        raise BadInputError(f"--metric {lines[0]}", problem, "one of a scope, such as p95(*.*)")
    return tuple(dict.fromkeys(found))


def _read(text: str, runs: Sequence[RunVisits]) -> list[Metric]:
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise BadInputError(
            f"--metric {text}",
            "is not a metric",
            f"{', '.join(STATISTICS)}, or one of a scope: p95(web.query)",
        )
    statistic, scope = match["statistic"], match["scope"]
    if scope is not None:
        channel, _, operation = scope.partition(".")
        return [Metric(statistic, channel, operation or "*")]
    least = VISITS_LEAST.get(statistic, _VISITS_LEAST_ELSE)
    counts = [_counts(run.visits) for run in runs]
    pairs = sorted(set().union(*counts)) if counts else []
    enough = [pair for pair in pairs if all(count.get(pair, 0) >= least for count in counts)]
    whole = all(run.visits.height >= least for run in runs)
    return [Metric(statistic)] * whole + [Metric(statistic, *pair) for pair in enough]


def _value(statistic: str, visits: pl.DataFrame, window_s: float) -> float:
    if statistic == "success":
        return float(visits.select(SERVED.mean()).item())
    if statistic == "goodput":
        in_time = SERVED & (pl.col("ended_s") <= window_s)
        return float(visits.select(in_time.sum()).item()) / window_s
    # A difference of clock readings can fall below nothing by a rounding.
    response_s = visits.select(RESPONSE_S.clip(0.0).alias("s"))["s"]
    if statistic in _QUANTILES:
        return nearest_rank(response_s.sort().to_list(), _QUANTILES[statistic])
    return float(response_s.to_numpy().mean())


def _counts(visits: pl.DataFrame) -> dict[tuple[str, str], int]:
    rows = visits.group_by("channel", "operation").len().iter_rows()
    return {(channel, operation): count for channel, operation, count in rows}


def _known(runs: Sequence[RunVisits]) -> str:
    pairs = sorted(set().union(*(_counts(run.visits) for run in runs)))
    return "one of " + ", ".join(f"{channel}.{operation}" for channel, operation in pairs)


# ── Runs in the order of time, one row each with a column a metric: what tools for change points read

TIME = "time"
ATTRIBUTES = ("commit", "branch", "run")
"""Columns that identify the run; all others are metrics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One run: its time, its model and scenario, and its metrics."""

    time: str
    """ISO 8601, with its zone."""
    commit: str
    branch: str
    run: str
    values: Mapping[Metric, float | None]


def history(rows: Sequence[HistoryRow], before: pl.DataFrame | None = None) -> pl.DataFrame:
    """Rows as a table sorted by time, those of `before` among them.

    A run (by time and name) that is there already is replaced. No cell is empty, since the tools take none.

    Raises:
        BadInputError: a run lacks a metric, the earlier table has other columns, or a time cannot be read.
    """
    metrics = list(dict.fromkeys(metric for row in rows for metric in row.values))
    for row, metric in ((row, metric) for row in rows for metric in metrics):
        if row.values.get(metric) is None:
            raise BadInputError(f"run {row.run}", f"has no value of {metric}", "other metrics by --metric")
    columns = [TIME, *ATTRIBUTES, *(metric.column for metric in metrics)]
    made = pl.DataFrame(
        [(r.time, r.commit, r.branch, r.run, *(r.values[m] for m in metrics)) for r in rows],
        schema={name: pl.String if name in {TIME, *ATTRIBUTES} else pl.Float64 for name in columns},
        orient="row",
    )
    if before is not None:
        made = pl.concat([_others(before, made), made])
    order = pl.Series("_", [_when(time) for time in made[TIME]], dtype=pl.Float64)
    return made.with_columns(order).sort("_", maintain_order=True).drop("_")


def metrics_of(table: pl.DataFrame) -> list[Metric]:
    """Give the metrics of a history, in the order of its columns.

    Raises:
        BadInputError: it is no history.
    """
    columns = [name for name in table.columns if name not in {TIME, *ATTRIBUTES}]
    metrics = [Metric.of_column(name) for name in columns]
    wrong = [name for name, metric in zip(columns, metrics, strict=True) if metric is None]
    missing = [name for name in (TIME, *ATTRIBUTES) if name not in table.columns]
    if wrong or missing:
        problem = f"column {wrong[0]!r} is not a metric" if wrong else f"column {missing[0]!r} is missing"
        raise BadInputError("--out", problem, "a history written by footfall, or a new file")
    return [metric for metric in metrics if metric is not None]


def otava_config(table: pl.DataFrame, name: str, file: str) -> str:
    """Give the test of Apache Otava that reads the table, as YAML: times are better low, the rest high.

    Source: the documentation of Apache Otava 0.8, "Importing results from CSV".
    """
    lines = [
        "tests:",
        f"  {json.dumps(name)}:",
        "    type: csv",
        f"    file: {json.dumps(file)}",
        f"    time_column: {TIME}",
        f"    attributes: [{', '.join(ATTRIBUTES)}]",
        "    metrics:",
    ]
    for metric in metrics_of(table):
        direction = 1 if metric.higher_is_better else -1
        lines.append(f"      {json.dumps(metric.column)}: {{direction: {direction}, scale: 1}}")
    return "\n".join(lines) + "\n"


def _others(before: pl.DataFrame, made: pl.DataFrame) -> pl.DataFrame:
    """Return the earlier rows that are not replaced, in the columns of the new ones."""
    if differing := sorted(set(before.columns) ^ set(made.columns)):
        problem = f"the history there differs in column {differing[0]!r}"
        raise BadInputError("--out", problem, "the same metrics, or a new file")
    earlier = before.select(pl.col(name).cast(kind) for name, kind in made.schema.items())
    return earlier.join(made, on=[TIME, "run"], how="anti")


def _when(time: str) -> float:
    try:
        return datetime.fromisoformat(time).timestamp()
    except ValueError as error:
        raise BadInputError("--out", f"time {time!r} of the history", "ISO 8601") from error
