"""What runs over the clock adds up over the clock."""

from collections.abc import Callable

import polars as pl
import pytest

from footfall._measure.time_series import spillover, waits_by_hour
from footfall._records.tables import VISITS
from footfall._stats.intervals import replicated

MakeVisits = Callable[..., pl.DataFrame]


def test_spill_is_the_difference_of_two_runs_minute_by_minute(make_visits: MakeVisits) -> None:
    """120 web visits in two minutes become 30 in half a minute, and the hotline gets ten it never had."""
    what_if = pl.concat([make_visits(30), make_visits(10, channel="hotline")])
    rows = spillover(make_visits(120), what_if, "predicted").rows(named=True)

    spill = {(row["channel"], row["minute_s"]): row["spill_per_min"] for row in rows}
    assert spill == {("web", 0): -30, ("web", 60): -60, ("hotline", 0): 10, ("hotline", 60): 0}


def test_a_rate_is_per_minute_whatever_the_bin(make_visits: MakeVisits) -> None:
    """One visit a second is sixty a minute in bins of ten seconds."""
    rows = spillover(make_visits(60), make_visits(60), "measured", bin_s=10.0)

    assert rows["ordinary_per_min"].to_list() == [60.0] * 6
    assert rows["spill_per_min"].to_list() == [0.0] * 6


def test_runs_without_visits_spill_nothing(make_visits: MakeVisits) -> None:
    """Two empty runs give an empty table, one empty run a whole one; a bin needs a width."""
    empty = VISITS.to_frame()

    assert spillover(empty, empty, "predicted").is_empty()
    assert spillover(empty, make_visits(3), "predicted")["spill_per_min"].to_list() == [3.0]
    with pytest.raises(ValueError, match="bin"):
        spillover(empty, empty, "predicted", bin_s=0)


def test_a_wait_is_a_mean_over_those_who_began(make_visits: MakeVisits) -> None:
    """Who never began has no wait, and an hour of such visits has no mean."""
    visits = pl.concat([make_visits(2, 1), make_visits(0, 1, channel="sms", started_s=None)])
    rows = waits_by_hour(visits).rows(named=True)

    assert [(r["channel"], r["visits"], r["began"]) for r in rows] == [("sms", 1, 0), ("web", 3, 3)]
    assert rows[0]["wait_s_mean"] is None
    assert rows[1]["wait_s_mean"] == pytest.approx(0.25)


def test_one_replication_has_a_mean_and_no_interval() -> None:
    """And a quantity without any value has no row."""
    rows = replicated({"electronic_share": [0.7, 0.8], "wait_s_mean": [3.0], "queue": []}).rows(named=True)

    assert [row["quantity"] for row in rows] == ["electronic_share", "wait_s_mean"]
    assert rows[0]["mean_low"] < rows[0]["mean"] < rows[0]["mean_high"]
    assert rows[1]["mean_low"] is None
