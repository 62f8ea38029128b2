"""Service halls: the prediction held against what takes no simulation."""

from datetime import date

import polars as pl
import pytest

from studies.offices_warsaw.command import naive_lines
from studies.offices_warsaw.measures import against_naive


def looks(recorded: list[float], predicted: list[float], last_week: list[float | None]) -> pl.DataFrame:
    """Give one half hour of a queue on each of some days; the first days had 2 waiting."""
    return pl.DataFrame(
        {
            "day": [date(2020, 1, 13 + n) for n in range(len(recorded))],
            "office": "Town", "queue": "A", "half_hour": 20,
            "waiting_recorded": recorded, "waiting_predicted": predicted,
            "waiting_first_days": 2.0, "waiting_last_week": last_week,
        },
        schema_overrides={"waiting_last_week": pl.Float64},
    )  # fmt: skip


def test_errors_are_summed_over_days_of_queues_that_both_know() -> None:
    """By hand: errors of 2 and 4 over 10; last week, known for one day, is off by 1 of 4 where 2 are."""
    found = against_naive(looks([4, 6], [6, 2], [3, None]))
    assert found["vs_first_days_predicted_error_share"] == pytest.approx(0.6)
    assert found["vs_first_days_error_share"] == pytest.approx(0.6)
    assert found["vs_last_week_error_share"] == pytest.approx(0.25)
    assert found["vs_last_week_predicted_error_share"] == pytest.approx(0.5)
    assert (found["vs_last_week_queue_days"], found["vs_last_week_nearer"]) == (1, 1)


def test_a_prediction_that_is_no_better_is_said_to_be_none() -> None:
    """Worse than last week, and as good as the first days: no better than either."""
    week, first = naive_lines(against_naive(looks([4, 6], [6, 2], [3, None])))
    assert week.endswith("the prediction is no better: plan with “as last week”")
    assert first.endswith("the prediction is no better: plan with “as the first days”")
    better, _ = naive_lines(against_naive(looks([4, 6], [4, 6], [3, 6])))
    assert better.endswith("the prediction is better")


def test_without_a_week_before_nothing_is_claimed() -> None:
    """Nor where nobody ever waited."""
    assert (
        naive_lines(against_naive(looks([4], [6], [None])))[0]
        == "“as last week”: no day and queue to compare with"
    )
    assert "no day" in naive_lines(against_naive(looks([0], [1], [0])))[0]
