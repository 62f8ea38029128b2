"""Intervals within a run stand next to the measures, row by row."""

from collections.abc import Callable

import polars as pl

from footfall._measure.prediction import BOUNDS, bounds
from footfall._measure.summary import measures

MakeVisits = Callable[..., pl.DataFrame]
KEYS = ["world", "channel", "operation"]


def test_every_row_of_measures_has_its_bounds(make_visits: MakeVisits) -> None:
    """Channel by channel and in the totals; what never varies is bounded by itself."""
    visits = pl.concat([make_visits(120), make_visits(150, channel="sms"), make_visits(9, operation="order")])
    found = bounds(visits, "measured")
    both = measures(visits, "measured").join(found, on=KEYS, how="full", coalesce=True)
    assert both.height == found.height == 8
    row = both.filter(channel="sms", operation="query").row(0, named=True)
    assert row["wait_s_mean_low"] == row["wait_s_mean"] == row["wait_s_mean_high"] == 0.25
    assert row["response_s_p95_low"] == row["response_s_p95"] == 0.5


def test_few_visits_have_no_bounds(make_visits: MakeVisits) -> None:
    """Of ninety-nine nothing is said; of none there is no row."""
    (row,) = bounds(make_visits(99), "measured").filter(channel="web", operation="query").rows()
    assert row[3:] == (None,) * 4
    nothing = bounds(make_visits(1).clear(), "measured")
    assert nothing.is_empty()
    assert nothing.schema == BOUNDS


def test_a_visit_that_never_began_did_not_wait(make_visits: MakeVisits) -> None:
    """The mean wait and its bounds are over the visits that began."""
    shut = make_visits(0, 100).with_columns(
        started_s=pl.lit(None, pl.Float64), wait_s=pl.lit(9.0), customer=pl.col("customer") + 1000
    )
    both = bounds(pl.concat([make_visits(100), shut]), "measured").filter(channel="*", operation="*")
    assert both["wait_s_mean_high"].to_list() == [0.25]


def test_the_order_of_the_rows_does_not_matter(make_visits: MakeVisits) -> None:
    """Batches go by the time when visits were due."""
    visits = make_visits(300).with_columns(wait_s=pl.col("due_s").sin().abs())
    there, back = bounds(visits, "measured"), bounds(visits.reverse(), "measured")
    assert there.sort(KEYS).equals(back.sort(KEYS))
