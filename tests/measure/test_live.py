"""A run while it lasts: the figures are those of the end, of what is there so far."""

import math

import polars as pl
import pytest
from hypothesis import given, strategies as st

from footfall._criteria.objects import Scope
from footfall._measure.summary import measures
from footfall._measure.time_series import (
    LIVE_BINS_MOST,
    STARTS,
    LiveSummary,
    live_bin_width_s,
    live_rows,
    live_series,
)
from footfall._records.tables import ARRIVALS, VISITS
from footfall._stats.intervals import nearest_rank, wilson

TARGETS = {("web", "query"): 0.978}
PLACES = (("web", "query"), ("web", "order"), ("sms", "query"))
LENGTH_S = 20.0


def arrivals(count: int) -> pl.DataFrame:
    """Give so many arrivals, evenly over the play, each place in turn."""
    rows = [
        (k, k * LENGTH_S / count, k * 1.0, k, k, "all", PLACES[k % 3][1], PLACES[k % 3][0])
        for k in range(count)
    ]
    return pl.DataFrame(rows, schema=ARRIVALS, orient="row")


def visits_of(trace: pl.DataFrame, took_s: float, failing: int = 7) -> pl.DataFrame:
    """Give a visit an arrival, each `failing`-th of them not served."""
    rows = []
    for a in trace.iter_rows(named=True):
        failed = a["arrival"] % failing == 0
        due_s, ended_s = a["due_s"], a["due_s"] + took_s * (1 + a["arrival"] % 5)
        rows.append(
            (a["customer"], a["subscriber"], "all", a["operation"], a["channel"], 0, 1)
            + (due_s, due_s, due_s, ended_s, 0.0)
            + (("error", "billing_error") if failed else ("served", ""))
            + (0.0,)
        )
    return pl.DataFrame(rows, schema=VISITS, orient="row")


def at(now_s: float, count: int = 90) -> LiveSummary:
    """Give a play at a moment: all that are due were started 2 ms late, and ended visits are known."""
    trace = arrivals(count)
    started = trace.filter(pl.col("due_s") <= now_s)
    return LiveSummary(
        now_s=now_s,
        arrivals=trace,
        starts=started.select("arrival", pl.lit(0.002).alias("lag_s")).match_to_schema(STARTS),
        predicted=visits_of(trace, 0.1, failing=9),
        measured=visits_of(trace, 0.1).filter(pl.col("ended_s") <= now_s),
        targets=TARGETS,
    )


def test_the_last_rows_are_the_measures_of_the_run() -> None:
    """Once all has ended, the tab's figures are those that `measures` gives of the whole run."""
    so_far = at(100.0)
    expected = {
        (row["channel"], row["operation"]): row for row in measures(so_far.measured, "", TARGETS).to_dicts()
    }
    for row in live_rows(so_far):
        wanted = expected[row["channel"], row["operation"]]
        for name in ("success_share", "success_share_low", "success_share_high", "visits", "response_s_p95"):
            assert row[f"measured_{name}"] == wanted[name]
        assert row["measured_response_s_p99"] == wanted["response_s_p99"]
        assert row["served"] == wanted["served"]
        assert row["target_share"] == wanted["target_share"]


@pytest.mark.parametrize("now_s", [0.0, 0.5, 7.3, 19.99, 60.0])
def test_counts_add_up_at_every_moment(now_s: float) -> None:
    """The total is the sum of the channels, and a channel the sum of its operations."""
    rows = live_rows(at(now_s))
    total, channels = rows[0], [row for row in rows if row["operation"] == "*" and row["channel"] != "*"]
    assert (total["channel"], total["operation"]) == ("*", "*")
    for name in ("due", "sent", "measured_visits", "served"):
        assert total[name] == sum(row[name] for row in channels)
        for channel in channels:
            parts = [r for r in rows if r["channel"] == channel["channel"] and r["operation"] != "*"]
            assert channel[name] == sum(row[name] for row in parts)
    assert total["sent"] == total["due"]


def test_before_the_first_visit_nothing_is_claimed() -> None:
    """No share, no percentile, no lag: none of them is nought."""
    trace = arrivals(9)
    nothing = LiveSummary(
        now_s=-0.5,
        arrivals=trace,
        starts=STARTS.to_frame(),
        predicted=VISITS.to_frame(),
        measured=VISITS.to_frame(),
    )
    for row in live_rows(nothing):
        assert row["due"] == row["sent"] == row["measured_visits"] == 0
        assert row["measured_success_share"] is row["measured_response_s_p95"] is row["lag_s_p99"] is None
    series = live_series(nothing, Scope(), LENGTH_S)
    assert series["known"] == 0
    assert series["sent_per_s"] == series["success_share"] == []
    assert len(series["due_per_s"]) == 20


@pytest.mark.parametrize("scope", [Scope(), Scope("web", "*"), Scope("sms", "query")], ids=str)
def test_curves_hold_every_arrival_and_every_visit(scope: Scope) -> None:
    """Rates times the bins' width give the arrivals; the last share is that of all visits of the scope."""
    so_far = at(100.0)
    series = live_series(so_far, scope, LENGTH_S)
    of_scope = [
        row
        for row in live_rows(so_far)
        if (row["channel"], row["operation"]) == (scope.channel, scope.operation)
    ]
    for name, column in (("due", "due_per_s"), ("sent", "sent_per_s")):
        assert math.isclose(sum(rate or 0 for rate in series[column]) * series["bin_s"], of_scope[0][name])
    assert series["success_share"][-1] == of_scope[0]["measured_success_share"]
    assert (
        series["success_share_low"][-1] == wilson(of_scope[0]["served"], of_scope[0]["measured_visits"]).low
    )


def test_what_is_to_come_is_not_drawn_as_measured() -> None:
    """Measured curves end at the present; due arrivals and what is predicted go on to the end."""
    series = live_series(at(7.3), Scope(), LENGTH_S)
    assert series["known"] == 7
    for name in ("sent_per_s", "success_share", "response_s_p95", "lag_s_p99"):
        assert len(series[name]) == 7
    for name in ("at_s", "due_per_s", "predicted_success_share", "predicted_response_s_p95"):
        assert len(series[name]) == 20


def test_who_is_not_started_is_due_and_not_sent() -> None:
    """A generator that has fallen behind shows it at once."""
    so_far = at(10.0)
    behind = LiveSummary(
        now_s=10.0,
        arrivals=so_far.arrivals,
        starts=so_far.starts.head(5),
        predicted=so_far.predicted,
        measured=so_far.measured,
    )
    row = live_rows(behind)[0]
    assert row["sent"] == 5
    assert row["due"] == so_far.arrivals.filter(pl.col("due_s") <= 10).height


@given(st.lists(st.floats(0, 5), min_size=1, max_size=300))
def test_lag_is_the_exact_percentile_of_those_started(lags_s: list[float]) -> None:
    """Nearest rank, as everywhere; those not started have no lag."""
    trace = arrivals(len(lags_s) + 3)
    starts = pl.DataFrame({"arrival": range(len(lags_s)), "lag_s": lags_s}, schema=STARTS)
    so_far = LiveSummary(
        now_s=50, arrivals=trace, starts=starts, predicted=VISITS.to_frame(), measured=VISITS.to_frame()
    )
    assert live_rows(so_far)[0]["lag_s_p99"] == nearest_rank(sorted(lags_s), 0.99)


@given(st.floats(0.5, 1e7))
def test_a_play_of_any_length_has_few_bins(length_s: float) -> None:
    """A day's curve is as small as a minute's."""
    assert length_s / live_bin_width_s(length_s) <= LIVE_BINS_MOST + 1e-6
