"""Runs in the order of time, one row each with a column a metric: what tools for change points read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from footfall.measure.between_runs.metrics import Metric
from footfall.records.errors import BadInputError

TIME = "time"
ATTRIBUTES = ("commit", "branch", "run")
"""Columns that say which run it is; all others hold metrics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One run: when it was, of what, and what was measured."""

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
        problem = f"column {wrong[0]!r} is no metric" if wrong else f"column {missing[0]!r} is missing"
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
    """Give the earlier rows that are not measured anew, in the columns of the new ones."""
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
