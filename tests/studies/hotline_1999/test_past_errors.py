"""Ranges from past errors hold what they promise, and the better of two predictions is said."""

from datetime import date, timedelta
from math import exp, log

import numpy as np
import pytest
from hypothesis import given, strategies as st

from footfall._measure.prediction import ForecastComparison, compare_forecasts, sentence
from studies.hotline_1999.past_errors import DaySum, monthly_sd, range_of

SUNDAY = date(1999, 6, 6)


def weeks(levels: list[float]) -> list[DaySum]:
    """Give five days of each week, all at its level."""
    return [
        DaySum(SUNDAY + timedelta(days=7 * n + k), level) for n, level in enumerate(levels) for k in range(5)
    ]


def lived(walk: float, chance: float, luck: np.random.Generator) -> list[bool]:
    """Live ten months of four weeks, and say of each but the first whether it lies in its range."""
    logs = np.cumsum(luck.normal(0, walk, 40)) + luck.normal(0, chance, 40)
    level = 0.0
    errors: list[float] = []
    inside: list[bool] = []
    for month in range(1, 10):
        past = np.exp(logs[: 4 * month])
        last = log(past[-4:].mean())
        level = last if month == 1 else (level + last) / 2
        was = float(np.exp(logs[4 * month : 4 * month + 4]).mean())
        found = range_of(exp(level), errors, monthly_sd(weeks(past.tolist())))
        assert found is not None
        inside.append(found.low < was < found.high)
        errors.append(log(was) - level)
    return inside


@pytest.mark.parametrize(("walk", "chance"), [(0.1, 0.0), (0.1, 0.1), (0.1, 0.2), (0.02, 0.05)])
def test_ninety_of_a_hundred_months_lie_in_their_range_at_least(walk: float, chance: float) -> None:
    """Levels that walk, with and without chance beside."""
    luck = np.random.default_rng(4)
    share = np.mean([lived(walk, chance, luck) for _ in range(60)])
    assert 0.89 < share < 0.985


def test_more_and_smaller_errors_make_a_narrower_range() -> None:
    """And without weeks or errors it is about a factor of two."""
    found = [range_of(60, errors, None) for errors in ([], [0.1] * 4, [0.1] * 20)]
    widths = [each.high / each.low for each in found if each]
    assert sorted(widths, reverse=True) == widths
    assert widths[0] == pytest.approx(4, rel=0.3)
    assert range_of(0, [], None) is None


def test_weeks_that_do_not_follow_each_other_tell_nothing() -> None:
    """Nor do weeks of two days, or a level of nothing."""
    assert monthly_sd(weeks([10, 20])) is not None
    assert monthly_sd(weeks([10])) is None
    assert monthly_sd(weeks([10, 0, 20])) is None
    assert monthly_sd([each for each in weeks([10, 20]) if each.day.day % 7 < 2]) is None
    assert monthly_sd(weeks([10, 10, 10])) == 0


@given(st.lists(st.tuples(*[st.floats(0, 1e3)] * 3), min_size=1, max_size=9))
def test_the_sentence_names_the_one_with_the_smaller_mean_error(
    rows: list[tuple[float, float, float]],
) -> None:
    """Or says that the prediction is no better."""
    was, own, naive = zip(*rows, strict=True)
    found = compare_forecasts(was, own, naive)
    assert found is not None
    said = sentence(found, "as last month", "months", "s")
    if found.naive_error_mean <= found.error_mean:
        assert "plan with “as last month”" in said or "no better" in said
    else:
        clear = "the prediction is better." if found.gain_low > 0 else "too few to tell which is better."
        assert said.endswith((clear, "no better."))


def test_the_sentence_has_both_errors_and_the_count() -> None:
    """As a person reads it."""
    assert sentence(ForecastComparison(4, 3, 21.7, 20.6, -9.0), "as last month", "months", "s") == (
        "“as last month” was nearer in 3 of 4 months; mean error 20.6 s against 21.7 s for the prediction: "
        "plan with “as last month”."
    )
    few = compare_forecasts([10, 20, 30], [11, 20, 29], [10, 25, 20])
    assert "3 months are too few to tell" in sentence(few, "as last month", "months", "s")
    clear = compare_forecasts([10, 20, 30], [10, 20, 30], [15, 26, 35])
    assert sentence(clear, "as last month", "months", "s").endswith("the prediction is better.")
    assert compare_forecasts([], [], []) is None
    assert "No months" in sentence(None, "as last month", "months", "s")
