"""Counts that follow one another become half hours of whole days, and nothing is lost or moved."""

from datetime import date, datetime

import numpy as np
import pytest

from footfall._fit.arrival_fit import EVERY, fit_arrivals
from studies.web_1995.measures import rows_of_counts

SATURDAY = datetime(1995, 7, 1)  # noqa: DTZ001  a clock on a wall
MINUTES = 1440


def test_every_count_falls_into_its_half_hour() -> None:
    """One a minute on a Saturday, two on the Sunday: 30 and 60 in each half hour."""
    rows = rows_of_counts([1] * MINUTES + [2] * MINUTES, SATURDAY, 60.0)
    assert rows.height == 96
    assert rows["weekday"].unique(maintain_order=True).to_list() == ["saturday", "sunday"]
    assert rows["weight"].to_list() == [30.0] * 48 + [60.0] * 48


@pytest.mark.parametrize(
    ("first", "minutes", "days"),
    [
        (SATURDAY, 2 * MINUTES - 700, [1]),
        (SATURDAY.replace(hour=9), 2 * MINUTES, [2]),
        (SATURDAY.replace(minute=1), 2 * MINUTES - 1, [1, 2]),
        (SATURDAY, 30, []),
        (SATURDAY, 0, []),
    ],
)
def test_a_day_cut_short_is_left_out(first: datetime, minutes: int, days: list[int]) -> None:
    """But not for its first count, which often is the one after midnight."""
    rows = rows_of_counts([1] * minutes, first, 60.0)
    assert rows["day"].unique(maintain_order=True).to_list() == [date(1995, 7, day) for day in days]


def test_arrivals_are_fitted_to_them_as_to_single_rows() -> None:
    """The mean day and its total are those of the counts."""
    counts = np.random.default_rng(3).poisson(0.5, 14 * MINUTES)
    fit = fit_arrivals(rows_of_counts(counts.tolist(), SATURDAY, 60.0))
    assert sum(fit.profile(EVERY)) * 14 == pytest.approx(counts.sum())
    assert fit.weekdays == dict.fromkeys(fit.weekdays, 2)
    assert fit.busyness is not None
    assert fit.busyness.low == 0
