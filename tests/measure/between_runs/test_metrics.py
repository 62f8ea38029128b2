"""What is compared between runs: read from a line, chosen by itself, and one value a run."""

from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import given, strategies as st

from footfall._measure.run_metrics import STATISTICS, Metric, RunVisits, chosen_metrics, value_of
from footfall._records.errors import BadInputError

MakeVisits = Callable[..., pl.DataFrame]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("success(web.query)", 0.8),
        ("success(*.*)", 0.9),
        # Of visit n the response is n / 10 s, n = 1 to 20.
        ("p50(web.query)", 1.0),
        ("p95(web.query)", 1.9),
        ("p99(web.query)", 2.0),
        ("mean(web.query)", 1.05),
        # Twelve of those that are served are due within the window, of which eleven end in it.
        ("goodput(web.query)", 11 / 12),
    ],
)
def test_a_metric_of_a_run_is_what_it_says(line: str, value: float, make_visits: MakeVisits) -> None:
    """Of twenty visits to the web, one a second, sixteen served, and of twenty to another channel."""
    web = make_visits(16, 4, scattered=False, human_s=0.0).with_columns(
        ended_s=pl.col("due_s") + (pl.col("customer") + 1) / 10,
        started_s=pl.col("due_s"),
        served_s=pl.col("due_s"),
    )
    sms = make_visits(20, channel="sms").with_columns(pl.lit(99.0).alias("ended_s"))
    run = RunVisits(pl.concat([web, sms]), window_s=12.0)
    (metric,) = chosen_metrics([line], [run])
    assert str(metric) == line
    assert value_of(metric, run) == pytest.approx(value)


def test_a_scope_without_a_visit_has_no_value(make_visits: MakeVisits) -> None:
    """Unknown is not nothing."""
    assert value_of(Metric("success", "fax"), RunVisits(make_visits(5), 5.0)) is None


def test_by_themselves_those_are_chosen_that_have_visits_enough_in_every_run(make_visits: MakeVisits) -> None:
    """Twenty; a hundred for a p99, which would else be the maximum."""
    many = pl.concat([make_visits(120), make_visits(20, channel="sms"), make_visits(30, channel="wap")])
    few = pl.concat([make_visits(100), make_visits(20, channel="sms"), make_visits(19, channel="wap")])
    chosen = chosen_metrics([], [RunVisits(many, 1), RunVisits(few, 1)])
    assert {(each.channel, each.operation) for each in chosen} == {
        ("*", "*"),
        ("web", "query"),
        ("sms", "query"),
    }
    assert {each.statistic for each in chosen if each.channel == "sms"} == set(STATISTICS) - {"p99"}
    assert chosen_metrics(["p99"], [RunVisits(few, 1)]) == (Metric("p99"), Metric("p99", "web", "query"))


def test_a_metric_that_is_named_needs_no_least_number_of_visits(make_visits: MakeVisits) -> None:
    """Who names it wants it; twice named is once."""
    run = RunVisits(make_visits(3), 1.0)
    assert chosen_metrics(["p99(web.*)", "p99(web)"], [run]) == (Metric("p99", "web"),)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("p95(fax.query)", "no run has such a visit; expected one of web.query"),
        ("p97(web.query)", "is not a metric"),
        ("p95(web.query", "is not a metric"),
        ("p95(a.b.c)", "is not a metric"),
        ("p95(web;query)", "is not a metric"),
        ("", "is not a metric"),
        ("p99", "no channel and operation has"),
    ],
)
def test_what_is_no_metric_is_refused_in_one_line(line: str, problem: str, make_visits: MakeVisits) -> None:
    """The line names it and says what it could be."""
    with pytest.raises(BadInputError, match=problem):
        chosen_metrics([line], [RunVisits(make_visits(3), 1.0)])


@given(
    st.builds(
        Metric, st.sampled_from(STATISTICS), st.from_regex(r"[a-z_*]+", fullmatch=True), st.just("query")
    )
)
def test_a_column_names_its_metric_and_its_unit(metric: Metric) -> None:
    """There and back; and nothing else is a metric."""
    assert Metric.of_column(metric.column) == metric
    assert metric.column.endswith(("_share", "_per_s")) or ".response_s_" in metric.column
    assert Metric.of_column(metric.column + "x") is None
