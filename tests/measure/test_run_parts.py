"""A played run over its clock, by request and by percentile: sums and orders hold whatever the rows are."""

import math
from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import given, strategies as st

from footfall._measure.summary import by_request
from footfall._measure.time_series import (
    BINS_MOST,
    MEASURED,
    NAMED,
    SERVICE,
    bin_width_s,
    percentile_curves,
    run_series,
)
from footfall._records.rows import Outcome
from footfall._records.tables import ARRIVALS, HITS, VISITS, table
from footfall._stats.intervals import nearest_rank

MakeVisits = Callable[..., pl.DataFrame]


def _arrivals(visits: pl.DataFrame) -> pl.DataFrame:
    return visits.select("due_s").with_columns(arrival=pl.int_range(pl.len()))


def _hit(step: str, number: int, status: int, outcome: Outcome, time_s: float) -> tuple[object, ...]:
    row = {
        "customer": number,
        "channel": "web",
        "operation": "query",
        "attempt": 1,
        "step": step,
        "asked_s": float(number),
        "connect_s": 0.0,
        "sent_s": float(number),
        "ended_s": number + time_s,
        "status": status,
        "outcome": outcome,
    }
    return tuple(row[name] for name in HITS)


def test_the_bins_hold_every_visit_and_every_start(make_visits: MakeVisits) -> None:
    """Nothing falls between two bins, and rates times width are the counts."""
    visits = make_visits(180, 20)
    series = run_series(_arrivals(visits), visits.head(50), visits, 200.0)
    measured = series.filter(pl.col("world") == "measured")
    width_s = measured["bin_s"][0]

    assert measured["visits"].sum() == visits.height
    assert measured["due_per_s"].sum() * width_s == pytest.approx(visits.height)
    assert measured["started_per_s"].sum() * width_s == pytest.approx(visits.height)
    assert measured["lag_s_p99"].drop_nulls().to_list() == pytest.approx([0.1] * measured.height)
    served = (measured["success_share"].fill_null(0) * measured["visits"]).sum()
    assert served == pytest.approx(180)
    assert series.filter(pl.col("world") == "predicted")["lag_s_p99"].null_count() == measured.height


def test_a_bin_without_visits_is_not_known(make_visits: MakeVisits) -> None:
    """Not a success of nought, nor a response of nought."""
    visits = make_visits(200).filter(~pl.col("due_s").is_between(80, 140))
    series = run_series(_arrivals(visits), VISITS.to_frame(), visits, 200.0)
    empty = series.filter(pl.col("visits") == 0)

    assert not empty.is_empty()
    for name in ("success_share", "success_share_low", "response_s_p50", "response_s_p95", "lag_s_p99"):
        assert empty[name].null_count() == empty.height


def test_no_visits_give_no_series() -> None:
    """And no error."""
    nothing = VISITS.to_frame()
    assert run_series(ARRIVALS.to_frame(), nothing, nothing, 10.0).is_empty()
    assert percentile_curves(nothing, nothing).is_empty()
    assert by_request(HITS.to_frame()).is_empty()


@given(st.floats(0.5, 1e6), st.integers(0, 10**6))
def test_bins_are_few_and_at_least_three_where_the_run_allows(length_s: float, arrivals: int) -> None:
    """Widths are round, so a few bins less than asked may come out."""
    width_s = bin_width_s(length_s, arrivals)

    assert length_s / width_s <= BINS_MOST + 1e-6
    assert width_s <= max(length_s, 0.1) * 1.7


def test_a_request_is_counted_once_and_its_failures_are_named() -> None:
    """By outcome and status, the most frequent first; no answer is said in words."""
    rows = [_hit("GET /a", n, 200, Outcome.SERVED, 0.1) for n in range(96)]
    rows += [_hit("GET /a", 96 + n, 500, Outcome.ERROR, 2.0) for n in range(3)]
    rows += [_hit("GET /a", 99, 0, Outcome.TIMEOUT, 9.0), _hit("POST /b", 0, 201, Outcome.SERVED, 0.4)]
    found = by_request(table(rows, HITS)).to_dicts()

    assert [(row["step"], row["requests"], row["failed"]) for row in found] == [
        ("GET /a", 100, 4),
        ("POST /b", 1, 0),
    ]
    assert found[0]["causes"] == "error 500 ×3, timeout without an answer ×1"
    assert found[0]["failed_share_low"] < 0.04 < found[0]["failed_share_high"]
    assert found[0]["time_s_p99"] == pytest.approx(2.0)
    assert found[1]["causes"] == ""


def test_a_curve_rises_and_agrees_with_exact_percentiles(make_visits: MakeVisits) -> None:
    """It ends where one visit lies beyond, and what counts from the start lies below by the lag."""
    visits = make_visits(1000).with_columns(ended_s=pl.col("due_s") + 2 + (pl.col("due_s") * 7 % 1000) / 100)
    curves = percentile_curves(VISITS.to_frame(), visits)
    measured, service = (curves.filter(pl.col("curve") == name) for name in (MEASURED, SERVICE))
    times = sorted((visits["ended_s"] - visits["due_s"] - visits["human_s"]).to_list())

    assert measured["seconds"].is_sorted()
    assert measured["percentile"].max() == pytest.approx(99.9, abs=1e-3)
    assert {name for name in NAMED if name <= 99.9} <= set(measured["percentile"].to_list())
    for percentile, seconds in measured.select("percentile", "seconds").iter_rows():
        assert math.isclose(seconds, nearest_rank(times, percentile / 100), abs_tol=1e-9)
    assert (measured["seconds"] - service["seconds"]).to_list() == pytest.approx([0.1] * measured.height)
