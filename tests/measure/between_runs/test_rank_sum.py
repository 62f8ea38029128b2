"""The exact rank test and its interval, against print, against scipy, and against counting all ways."""

import math
from itertools import combinations
from random import Random

import pytest
from hypothesis import given, strategies as st
from scipy.stats import mannwhitneyu

from footfall._stats.rank_tests import (
    RUNS_MOST,
    least_runs,
    mann_whitney_p,
    shift,
    shift_interval,
    smallest_p,
)

WHOLE = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=6)
CRITICAL_U = {4: 0, 5: 2, 6: 5, 7: 8, 8: 13, 9: 17, 10: 23}
"""Of n against n, two-sided, 5 %: H. B. Mann and D. R. Whitney (1947), as in every collection of tables."""


def apart(n: int, u: int) -> tuple[list[float], list[float]]:
    """Give two samples of n values, in which one of the first exceeds one of the second u times."""
    whole, rest = divmod(u, n)
    below = [0] * (n - whole - 1) + [rest] + [n] * whole
    return [count + place / 1000 for place, count in enumerate(below)], [place + 0.5 for place in range(n)]


@pytest.mark.parametrize(("n", "critical"), CRITICAL_U.items())
def test_the_printed_critical_value_is_the_largest_that_is_significant(n: int, critical: int) -> None:
    """At it, p is at most 5 %; one above, it is not."""
    found = []
    for u in (critical, critical + 1):
        first, second = apart(n, u)
        assert sum(one > two for one in first for two in second) == u
        found.append(mann_whitney_p(first, second))
    assert found[0] <= 0.05 < found[1]


@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 3), (4, 9), (8, 8), (12, 7), (20, 20)])
def test_without_ties_the_p_value_is_that_of_scipy(n: int, m: int) -> None:
    """Both are exact."""
    rng = Random(n * 100 + m)
    for _ in range(20):
        first, second = ([rng.gauss(off, 1) for _ in range(size)] for off, size in ((0.5, n), (0, m)))
        wanted = mannwhitneyu(first, second, method="exact").pvalue
        assert mann_whitney_p(first, second) == pytest.approx(wanted, rel=1e-12)


@given(WHOLE, WHOLE)
def test_with_ties_the_p_value_is_that_of_all_ways_to_deal_the_values_out(
    first: list[float], second: list[float]
) -> None:
    """Counted one by one."""
    both = [*first, *second]
    rank = {v: sum(x < v for x in both) + (sum(x == v for x in both) + 1) / 2 for v in both}
    observed = sum(rank[v] for v in first)
    sums = [sum(rank[both[i]] for i in hand) for hand in combinations(range(len(both)), len(first))]
    below, above = sum(s <= observed for s in sums), sum(s >= observed for s in sums)
    assert mann_whitney_p(first, second) == pytest.approx(min(1.0, 2 * min(below, above) / len(sums)))


@given(WHOLE, WHOLE)
def test_swapping_the_samples_changes_the_sign_and_nothing_else(
    first: list[float], second: list[float]
) -> None:
    """The p-value stays, shift and interval turn round."""
    assert mann_whitney_p(first, second) == pytest.approx(mann_whitney_p(second, first))
    assert shift(first, second) == pytest.approx(-shift(second, first))
    one, two = shift_interval(first, second), shift_interval(second, first)
    assert (one is None) is (two is None)
    if one is not None and two is not None:
        assert (one.low, one.high) == pytest.approx((-two.high, -two.low))


@given(WHOLE, WHOLE, st.integers(-5, 5))
def test_moving_a_sample_moves_the_shift_and_its_interval_by_as_much(
    first: list[float], second: list[float], by: int
) -> None:
    """It is a shift."""
    moved = [value + by for value in first]
    assert shift(moved, second) == pytest.approx(shift(first, second) + by)
    before, after = shift_interval(first, second), shift_interval(moved, second)
    if before is not None and after is not None:
        assert after == pytest.approx((before.low + by, before.high + by))


def test_the_interval_holds_the_true_shift_as_often_as_it_says_and_is_no_wider_than_it_must_be() -> None:
    """Of 1,000 pairs of 8 runs about 95 % do (three standard errors), while half the range would not."""
    rng, inside, widths = Random(5), 0, []
    for _ in range(1000):
        first, second = ([rng.expovariate(1) + off for _ in range(8)] for off in (3.0, 0.0))
        interval = shift_interval(first, second)
        assert interval is not None
        inside += interval.low <= 3 <= interval.high
        widths.append(interval.high - interval.low)
    assert 0.93 <= inside / 1000 <= 0.971
    assert sum(widths) / 1000 < 2.6


@pytest.mark.parametrize("n", [1, 2, 3])
def test_three_runs_each_have_no_interval_and_no_significance(n: int) -> None:
    """However far apart they are: the smallest p of 3 against 3 is 10 %."""
    first, second = [1000.0 + value for value in range(n)], [float(value) for value in range(n)]
    assert shift_interval(first, second) is None
    assert mann_whitney_p(first, second) == smallest_p(n, n) >= 0.1


@pytest.mark.parametrize(("metrics", "runs"), [(1, 4), (2, 5), (6, 5), (7, 6), (60, 7), (75, 7), (321, 8)])
def test_the_least_number_of_runs_is_the_first_that_could_be_significant(metrics: int, runs: int) -> None:
    """One fewer could not, whatever came out."""
    assert least_runs(0.05 / metrics) == runs
    assert smallest_p(runs, runs) <= 0.05 / metrics < smallest_p(runs - 1, runs - 1)


def test_what_is_infinitely_small_on_both_sides_does_not_differ() -> None:
    """The logarithm of nothing less that of nothing is no difference."""
    nothing = [-math.inf] * 5
    assert shift(nothing, nothing) == 0
    assert shift_interval(nothing, nothing) == (0, 0)
    assert mann_whitney_p(nothing, nothing) == 1
    assert shift([1.0] * 5, nothing) == math.inf


@pytest.mark.parametrize("wrong", [[], [math.nan, 1.0], [1.0] * (RUNS_MOST + 1)])
def test_no_values_too_many_and_what_is_no_number_are_refused(wrong: list[float]) -> None:
    """On either side."""
    for one, two in ((wrong, [1.0]), ([1.0], wrong)):
        with pytest.raises(ValueError, match="values of a side"):
            mann_whitney_p(one, two)
