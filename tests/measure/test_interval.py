"""Intervals agree with published figures and with what an interval is."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from footfall._stats.intervals import clopper_pearson_low, nearest_rank, t_interval, wilson

COUNTS = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_wilson_agrees_with_its_reference_value() -> None:
    """The article's SMS success on a thousand trials, from statsmodels' proportion_confint."""
    assert wilson(911, 1000).low == pytest.approx(0.891742648438, abs=1e-12)


def test_the_exact_lower_bound_agrees_with_its_reference_value() -> None:
    """One-sided, from SciPy's binomtest."""
    assert clopper_pearson_low(911, 1000) == pytest.approx(0.894773374495, abs=1e-12)


def test_students_interval_agrees_with_the_table() -> None:
    """t(2; 0.975) = 4.302653 on the values 1, 2, 3, whose standard error is 1/√3."""
    assert t_interval([1.0, 2.0, 3.0]).half_width == pytest.approx(4.302653 / math.sqrt(3), abs=1e-6)


@given(COUNTS)
def test_a_share_lies_inside_its_interval(counts: tuple[int, int]) -> None:
    """Also at no success and at nothing but success."""
    served, n = counts
    low, high = wilson(served, n)

    assert 0 <= low <= served / n <= high <= 1
    assert clopper_pearson_low(served, n) <= served / n


@given(COUNTS)
def test_more_trials_at_the_same_share_never_widen_the_interval(counts: tuple[int, int]) -> None:
    """Ten times the sample is surer."""
    served, n = counts

    assert wilson(served * 10, n * 10).half_width < wilson(served, n).half_width


@given(st.integers(1, 300))
def test_a_percentile_is_a_value_with_enough_at_or_below_it(n: int) -> None:
    """Nearest rank is exact for whole percents of any number of values, and grows with the percent."""
    values = [nearest_rank(range(1, n + 1), percent / 100) for percent in range(1, 101)]

    assert all(100 * value >= percent * n for percent, value in enumerate(values, 1))
    assert all(100 * (value - 1) < percent * n for percent, value in enumerate(values, 1))
    assert all(one <= two for one, two in pairwise(values))


@pytest.mark.parametrize(("served", "n"), [(0, 0), (2, 1), (-1, 5)])
def test_impossible_counts_are_refused(served: int, n: int) -> None:
    """No trial, more successes than trials, less than none."""
    with pytest.raises(ValueError, match="trials"):
        wilson(served, n)


def test_what_cannot_be_estimated_is_refused() -> None:
    """An interval of one mean, a percentile of nothing."""
    with pytest.raises(ValueError, match="two values"):
        t_interval([1.0])
    with pytest.raises(ValueError, match="no values"):
        nearest_rank([], 0.5)


def _holds(successes: float, n: int, bound: float) -> bool:
    """Whether the bound lies inside the interval by more than rounding."""
    low, high = wilson(successes, n)
    return low + 1e-12 < bound < high - 1e-12
