"""Runs over time, in the form that tools for change points read."""

import csv
import io
import json
import re
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from footfall._measure.run_metrics import HistoryRow, Metric, history, metrics_of, otava_config
from footfall._records.errors import BadInputError
from footfall._records.tables import write_csv

P95, SUCCESS = Metric("p95", "web", "query"), Metric("success")


def row(day: int, run: str = "", **changes: object) -> HistoryRow:
    """Give a run of that day."""
    ordinary = {
        "time": f"2031-01-{day:02d}T02:00:00+00:00",
        "commit": f"aaa{day}",
        "branch": "main",
        "run": run or f"run-{day}",
        "values": {P95: day / 10, SUCCESS: 0.9},
    }
    return HistoryRow(**(ordinary | changes))  # type: ignore[arg-type]  # fields by name, of many types


def read_as_documented(
    table: str, config: str
) -> tuple[list[float], dict[str, list[str]], dict[str, list[float]]]:
    """Read a table as Apache Otava 0.8 documents it: the config names time, attributes and metrics.

    Each must be a column, each time a date with its zone, each metric a number in every row.
    """
    time_column = re.search(r"^    time_column: (\w+)$", config, flags=re.MULTILINE)
    attributes = re.search(r"^    attributes: \[(.*)\]$", config, flags=re.MULTILINE)
    assert time_column is not None
    assert attributes is not None
    named = re.findall(r"^      (\".*\"): \{direction: -?1, scale: 1\}$", config, flags=re.MULTILINE)
    metrics = [json.loads(name) for name in named]
    rows = list(csv.DictReader(io.StringIO(table)))
    times = [datetime.fromisoformat(row[time_column[1]]) for row in rows]
    assert all(time.tzinfo for time in times)
    return (
        [time.timestamp() for time in times],
        {name: [row[name] for row in rows] for name in attributes[1].split(", ")},
        {name: [float(row[name]) for row in rows] for name in metrics},
    )


def test_the_table_and_its_configuration_fit_what_otava_documents(tmp_path: Path) -> None:
    """Time, commit and branch, and one column a metric, which is better low or high."""
    table = history([row(3), row(1), row(2)])
    write_csv(table, tmp_path / "history.csv")
    config = otava_config(table, "ordinary_day", "history.csv")
    assert config.startswith('tests:\n  "ordinary_day":\n    type: csv\n    file: "history.csv"\n')
    times, attributes, metrics = read_as_documented((tmp_path / "history.csv").read_text(), config)
    assert times == sorted(times)
    assert attributes["commit"] == ["aaa1", "aaa2", "aaa3"]
    assert metrics == {"web.query.response_s_p95": [0.1, 0.2, 0.3], "*.*.success_share": [0.9] * 3}
    assert '"web.query.response_s_p95": {direction: -1' in config
    assert '"*.*.success_share": {direction: 1' in config


def test_a_run_is_added_in_its_place_and_replaces_itself() -> None:
    """However often it is added, in whatever zone its time is written."""
    before = history([row(1), row(4)])
    later = row(2, time="2031-01-02T10:00:00+08:00")
    once = history([later], before)
    assert once["run"].to_list() == ["run-1", "run-2", "run-4"]
    again = history([row(2, time="2031-01-02T10:00:00+08:00", commit="bbb")], once)
    assert again["commit"].to_list() == ["aaa1", "bbb", "aaa4"]
    assert again.drop("commit").equals(once.drop("commit"))


def test_the_metrics_of_a_history_are_those_of_its_columns() -> None:
    """So that the next run gets the same ones."""
    assert metrics_of(history([row(1)])) == [P95, SUCCESS]


def test_no_cell_is_ever_empty() -> None:
    """The tools take none."""
    with pytest.raises(BadInputError, match=r"run run-2: has no value of p95\(web.query\)"):
        history([row(1), row(2, values={P95: None, SUCCESS: 0.9})])


@pytest.mark.parametrize(
    ("before", "problem"),
    [
        (history([row(1, values={P95: 1.0})]), r"differs in column '\*\.\*\.success_share'"),
        (history([row(1)]).with_columns(time=pl.lit("yesterday")), "time 'yesterday'"),
    ],
)
def test_a_table_of_another_kind_is_not_added_to(before: pl.DataFrame, problem: str) -> None:
    """In one line, that says what is wrong."""
    with pytest.raises(BadInputError, match=problem):
        history([row(2)], before)


@pytest.mark.parametrize("wrong", ["p95", "web.query.speed"])
def test_a_column_that_is_no_metric_makes_it_no_history(wrong: str) -> None:
    """Nor does one that lacks the commit."""
    with pytest.raises(BadInputError, match=f"column '{wrong}' is not a metric"):
        metrics_of(history([row(1)]).with_columns(pl.lit(1.0).alias(wrong)))
    with pytest.raises(BadInputError, match="column 'commit' is missing"):
        metrics_of(history([row(1)]).drop("commit"))
