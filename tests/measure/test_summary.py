"""Rows of measures conserve the visits they are made of."""

from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import given, strategies as st

from footfall._measure.prediction import compare
from footfall._measure.summary import first_try_and_eventual, measures, outcomes
from footfall._records.rows import OUTCOMES, Measure
from footfall._records.tables import MEASURES, VISITS
from footfall._stats.intervals import nearest_rank, wilson

MakeVisits = Callable[..., pl.DataFrame]

_NAMES = st.sampled_from(["web", "sms", "hotline"])
_ROWS = st.lists(
    st.tuples(_NAMES, st.sampled_from(["query", "transact"]), st.sampled_from(OUTCOMES), st.floats(0, 100)),
    min_size=1,
    max_size=60,
)


@given(_ROWS)
def test_every_visit_is_in_its_row_and_in_each_total(rows: list[tuple[str, str, str, float]]) -> None:
    """Each table of totals counts every visit once, and every row is a possible `Measure`."""
    visits = _visits(rows)
    made = measures(visits, "measured")

    for channel, operation in (("*", "*"), ("[a-z]+", "*"), ("*", "[a-z]+"), ("[a-z]+", "[a-z]+")):
        part = made.filter(_like("channel", channel), _like("operation", operation))
        assert part["visits"].sum() == len(rows)
        assert part["served"].sum() == sum(row[2] == "served" for row in rows)
    assert [Measure(**row).visits for row in made.iter_rows(named=True)] == made["visits"].to_list()


@given(_ROWS)
def test_outcomes_add_up_to_the_visits(rows: list[tuple[str, str, str, float]]) -> None:
    """Every visit ends in exactly one way."""
    counted = outcomes(_visits(rows))

    assert counted["visits"].sum() == len(rows)
    whole = counted.group_by("channel", "operation").agg(pl.col("visits_share").sum())
    assert whole["visits_share"].to_list() == pytest.approx([1.0] * whole.height)


@given(_ROWS)
def test_percentiles_are_those_of_the_sorted_values(rows: list[tuple[str, str, str, float]]) -> None:
    """The table's percentiles are nearest ranks."""
    ordered = sorted(row[3] for row in rows)
    total = measures(_visits(rows), "measured").row(-1, named=True)

    assert total["response_s_p50"] == nearest_rank(ordered, 0.50)
    assert total["response_s_p95"] == nearest_rank(ordered, 0.95)
    assert total["response_s_p99"] == nearest_rank(ordered, 0.99)


def test_a_measure_is_what_its_visits_say(make_visits: MakeVisits) -> None:
    """Share, interval, target, wait in lines, and response without the customer's own time."""
    row = measures(make_visits(9, 1), "measured", {("web", "query"): 0.978}).row(0, named=True)

    assert (row["channel"], row["operation"], row["visits"], row["served"]) == ("web", "query", 10, 9)
    assert (row["success_share_low"], row["success_share_high"]) == wilson(9, 10)
    assert row["target_share"] == 0.978
    assert row["wait_s_mean"] == pytest.approx(0.25)
    assert row["response_s_p95"] == pytest.approx(0.5)


def test_no_visits_give_no_measures() -> None:
    """An empty run has an empty table, of the right columns."""
    empty = VISITS.to_frame()

    assert measures(empty, "measured").schema == MEASURES
    assert measures(empty, "measured").is_empty()
    assert outcomes(empty).is_empty()
    assert first_try_and_eventual(empty).is_empty()


def test_an_errand_that_succeeds_later_fails_its_first_try(make_visits: MakeVisits) -> None:
    """A customer who fails on the web and is served by the hotline: the failure is the web's."""
    web = make_visits(3, 1)
    hotline = make_visits(1, channel="hotline", attempt=2, customer=3)
    rows = first_try_and_eventual(pl.concat([hotline, web])).rows(named=True)

    assert [(row["channel"], row["journeys"]) for row in rows] == [("web", 4)]
    assert rows[0]["first_try_share"] == 0.75
    assert rows[0]["eventual_share"] == 1.0
    assert rows[0]["attempts_mean"] == 1.25


def test_an_errand_that_began_outside_the_table_is_left_out(make_visits: MakeVisits) -> None:
    """A second attempt alone does not say where the customer began."""
    assert first_try_and_eventual(make_visits(1, attempt=2)).is_empty()


def test_a_world_without_visits_leaves_its_columns_empty(make_visits: MakeVisits) -> None:
    """Side by side means both sides, also where one saw nothing; totals come last."""
    predicted = measures(
        pl.concat([make_visits(5), make_visits(2, channel="sms")]), "predicted", {("web", "query"): 0.9}
    )
    table = compare(predicted, measures(make_visits(3, 1), "measured"))

    sms, web = table.row(0, named=True), table.row(1, named=True)
    assert (sms["channel"], sms["predicted_visits"], sms["measured_visits"]) == ("sms", 2, None)
    assert (web["predicted_success_share"], web["measured_success_share"]) == (1.0, 0.75)
    assert web["target_share"] == 0.9
    assert table.row(-1)[:2] == ("*", "*")


def _visits(rows: list[tuple[str, str, str, float]]) -> pl.DataFrame:
    """Visits due at 0 that end after the seconds given."""
    plain = [
        (n, n, "urban", operation, channel, 0, 1, 0.0, 0.0, 0.0, ended_s, 0.0, outcome)
        for n, (channel, operation, outcome, ended_s) in enumerate(rows)
    ]
    return pl.DataFrame(
        [(*row, "" if row[-1] == "served" else "backend", 0.0) for row in plain], schema=VISITS, orient="row"
    )


def _like(column: str, pattern: str) -> pl.Expr:
    return pl.col(column) == "*" if pattern == "*" else pl.col(column).str.contains(f"^{pattern}$")
