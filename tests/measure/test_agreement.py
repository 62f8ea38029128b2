"""Differences of two shares, of the same customers and of different ones."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from footfall._stats.episodes import Episodes, Side, apart_bounds, combined, paired_bounds
from footfall._stats.intervals import wilson

COUNTS = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def _by_wilson(first: tuple[int, int], second: tuple[int, int]) -> tuple[float, float]:
    return combined(first[0] / first[1], wilson(*first), second[0] / second[1], wilson(*second))


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
    ],
)
def test_bounds_of_a_difference_agree_with_newcombes_table(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    """R. G. Newcombe, Statistics in Medicine 17 (1998) 873-890, Table II, method 10: Wilson's combined."""
    assert _by_wilson(first, second) == pytest.approx((low, high), abs=5e-5)


@given(COUNTS, COUNTS)
def test_a_difference_turns_its_sign_with_its_sides(one: tuple[int, int], two: tuple[int, int]) -> None:
    """The bounds are antisymmetric and hold the difference."""
    low, high = _by_wilson(one, two)

    assert low <= one[0] / one[1] - two[0] / two[1] + 1e-12
    assert _by_wilson(two, one) == pytest.approx((-high, -low), abs=1e-12)


def _side(served: np.ndarray) -> Side:
    return Side(served=served.astype(float), visits=np.ones(len(served)))


def test_the_same_customers_make_a_sharp_interval() -> None:
    """Where nine in ten failures are the same in both worlds, the paired interval is half as wide."""
    rng = np.random.default_rng(4)
    first = rng.random(3000) >= 0.1
    second = np.where(rng.random(3000) < 0.1, rng.random(3000) >= 0.1, first)
    paired = paired_bounds(_side(first), _side(second))
    apart = _by_wilson((int(first.sum()), 3000), (int(second.sum()), 3000))

    assert paired.low <= first.mean() - second.mean() <= paired.high
    assert paired.half_width < (apart[1] - apart[0]) / 4


def test_worlds_that_are_alike_are_bounded_by_the_declared_length() -> None:
    """No customer fared differently: 369 of them bound the difference by 5 points, and 30 by nothing."""
    many, few = (_side(np.arange(n) % 10 > 0) for n in (370, 30))

    assert paired_bounds(many, many).high == pytest.approx(0.05, abs=0.001)
    assert paired_bounds(few, few).high > 0.5
    assert paired_bounds(many, many, longest=60).high > 0.4


def test_customers_who_come_again_in_one_world_count_there() -> None:
    """The difference is that of the shares of all visits."""
    first = Side(served=np.ones(400), visits=np.ones(400))
    again = Side(served=np.ones(400), visits=1.0 + (np.arange(400) % 10 == 0))
    bounds = paired_bounds(first, again)

    assert bounds.low < 1 - 400 / 440 < bounds.high


def test_clean_runs_can_be_compared() -> None:
    """Nothing failed in either: 2,000 visits a side show that the difference is below 1.5 points."""
    clean = Episodes(visits=2000, bad=0, episodes=0)

    assert apart_bounds(clean, clean) == pytest.approx((-0.0092, 0.0092), abs=1e-4)
