"""Ranges of a fitted system's mean: the chance of the days and the fit's own, never less than either."""

import math

import numpy as np
import pytest

from footfall._stats.intervals import t_interval
from footfall._stats.precision import Quantity, days_of_draws, fitted_range

DAYS = [40.0, 52.0, 47.0, 61.0, 38.0, 55.0, 49.0, 44.0]
Draws = list[tuple[dict[int, float], dict[int, float]]]


def draws_of(factors: list[float]) -> Draws:
    """Give draws that multiply a day's figure."""
    return [
        ({k: DAYS[k], k + 1: DAYS[k + 1]}, {k: DAYS[k] * f, k + 1: DAYS[k + 1] * f})
        for k, f in enumerate(factors)
    ]


def test_a_fit_that_is_sure_adds_nothing() -> None:
    """The range is Student's of the days, on the scale of the logarithm."""
    found = fitted_range(DAYS, draws_of([1.0] * 6), 6, "difference")
    assert found is not None
    assert found.fit_error == 0
    known = t_interval(DAYS)
    assert (found.interval.low, found.interval.high) == pytest.approx((known.low, known.high))


def test_a_fit_that_is_known_to_a_tenth_has_that_error() -> None:
    """Factors of exp(±0.1): the standard error of the fit is a tenth of the mean."""
    factors = [math.exp(sign * 0.1) for sign in (1, -1, 1, -1, 1, -1)]
    found = fitted_range(DAYS, draws_of(factors), 20, "time")
    assert found is not None
    assert found.fit_error == pytest.approx(found.mean * 0.1, rel=0.03)
    known = t_interval(DAYS)
    assert found.interval.high - found.interval.low > known.high - known.low


@pytest.mark.parametrize("quantity", ["time", "share"])
def test_shares_stay_shares_and_times_are_not_below_zero(quantity: Quantity) -> None:
    """Where some are 0 and 1, too."""
    draws: Draws = [({0: 0.0, 1: 1.0}, {0: 1.0, 1: 1.0}), ({1: 1.0, 2: 1.0}, {1: 0.0, 2: 0.0})]
    found = fitted_range([0.0, 1.0, 1.0], draws, 5, quantity)
    assert found is not None
    assert found.interval.low == 0
    assert found.interval.high <= 1 or quantity == "time"


def test_too_few_days_or_draws_have_no_range() -> None:
    """One day, one draw, or draws of days that lack the figure."""
    assert fitted_range([1.0], draws_of([1.0, 2.0]), 5, "time") is None
    assert fitted_range(DAYS, draws_of([1.0]), 5, "time") is None
    assert fitted_range(DAYS, [({}, {0: 1.0})] * 3, 5, "time") is None


def test_every_draw_has_two_days_and_every_day_its_turn() -> None:
    """Of twenty days and eleven draws in a block; a hundred days are spread over the draws."""
    pairs = days_of_draws(20, 11)
    assert np.bincount([draw for draw, _ in pairs]).tolist() == [2] * 11
    assert {day for _, day in pairs} == set(range(20))
    assert {day for _, day in days_of_draws(100, 11)} >= set(range(99))
    assert sorted(days_of_draws(2, 11)) == [(0, 0), (0, 1), (1, 0), (1, 1)]
