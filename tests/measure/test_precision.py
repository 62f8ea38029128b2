"""Enough replications are enough, one less is not, and what was not reached is said."""

from random import Random

import pytest
from hypothesis import given, strategies as st

from footfall._stats.intervals import t_interval
from footfall._stats.precision import Precision, enough, standing

FIVE_PERCENT = Precision(relative=0.05)


@pytest.mark.parametrize(
    ("seed", "deviation", "start", "expected"),
    [
        (1, 0.3, 3, 4),
        (1, 1.0, 3, 19),
        (2, 1.0, 3, 22),
        (3, 1.0, 3, 12),
        (1, 2.0, 10, 47),
        (2, 2.0, 10, 85),
        (3, 2.0, 10, 87),
        (1, 3.0, 10, 128),
        (2, 3.0, 10, 163),
        (3, 3.0, 10, 159),
        (1, 6.0, 10, 472),
        (2, 6.0, 10, 603),
        (1, 10.0, 10, 1546),
    ],
)
def test_the_rule_stops_where_sim_tools_stops(seed: int, deviation: float, start: int, expected: int) -> None:
    """`ReplicationsAlgorithm` of sim-tools 1.3.0, at 5 % and a look-ahead of 5, on the same numbers."""
    rng = Random(seed)
    values = [rng.gauss(10, deviation) for _ in range(3000)]
    assert standing(values, Precision(relative=0.05, start=start)).reached_at == expected


def test_it_is_reached_only_when_the_look_ahead_has_held_too() -> None:
    """Alike values are precise from the start, but five more must say so; one quantity holds up all."""
    assert standing([7.0] * 14, FIVE_PERCENT).reached_at is None
    assert standing([7.0] * 15, FIVE_PERCENT).reached_at == 10
    assert enough([[7.0] * 15, [1.0] * 15], FIVE_PERCENT)
    assert not enough([[7.0] * 15, [1.0] * 14], FIVE_PERCENT)
    assert not enough([[7.0] * 15, [1.0, 2.0] * 8], FIVE_PERCENT)


def test_a_precision_that_is_lost_within_the_look_ahead_was_luck() -> None:
    """The twelfth value tears the interval open, so the count begins anew."""
    values = [10.0, 10.1] * 5 + [10.0, 40.0] + [10.0, 10.1] * 400
    found = standing(values, FIVE_PERCENT).reached_at
    assert found is not None
    assert found > 15
    assert t_interval(values[:found]).half_width <= 0.05 * sum(values[:found]) / found
    assert t_interval(values[: found - 1]).half_width > 0.05 * sum(values[: found - 1]) / (found - 1)


def test_what_is_not_reached_says_how_many_it_would_take() -> None:
    """What 20 values predict is within a third of what the stream then took, on average of 50 streams."""
    predicted, taken = 0, 0
    for seed in range(50):
        rng = Random(seed)
        values = [rng.gauss(10, 4) for _ in range(1500)]
        early, late = standing(values[:20], FIVE_PERCENT), standing(values, FIVE_PERCENT)
        assert early.reached_at is None
        assert early.needed is not None
        assert late.reached_at is not None
        assert late.needed is None
        predicted += early.needed
        taken += late.reached_at
    assert 2 / 3 < predicted / taken < 3 / 2


def test_a_mean_of_nothing_is_hopeless_unless_all_is_nothing() -> None:
    """No number of replications gives a relative precision of 0; no wait on any day is known exactly."""
    hopeless = standing([-1.0, 1.0] * 10, FIVE_PERCENT)
    assert (hopeless.reached_at, hopeless.needed, hopeless.relative_half_width) == (None, None, None)
    assert standing([0.0] * 20, FIVE_PERCENT).reached_at == 10


@given(st.lists(st.floats(1, 2), min_size=2, max_size=40))
def test_the_half_width_is_students(values: list[float]) -> None:
    """Running sums give what the interval of all values gives."""
    found = standing(values, FIVE_PERCENT)
    assert found.replications == len(values)
    assert found.half_width == pytest.approx(t_interval(values).half_width, rel=1e-6, abs=1e-7)


def test_stopping_by_precision_costs_little_of_the_confidence() -> None:
    """Skewed values, mean 1, deviation 0.25: of 2,000 experiments 95 % nominal gives 92 to 95 % obtained.

    An experiment stops when its interval happens to be narrow, which is when the deviation is estimated too
    low; without the start of 10 and the look-ahead more would be lost.
    """
    rng = Random(11)
    inside, used = 0, 0
    for _ in range(2000):
        values = [0.75 + rng.expovariate(4) for _ in range(300)]
        reached_at = standing(values, FIVE_PERCENT).reached_at
        assert reached_at is not None
        stopped = reached_at + FIVE_PERCENT.ahead(reached_at)
        low, high = t_interval(values[:stopped])
        inside += low <= 1 <= high
        used += stopped
    assert 0.92 <= inside / 2000 <= 0.95
    assert 90 < used / 2000 < 110


def test_a_fixed_number_of_replications_keeps_the_confidence() -> None:
    """The Student interval of 10 normal values holds the mean in 95 % of 4,000 experiments, ± 1.4."""
    rng = Random(12)
    inside = 0
    for _ in range(4000):
        low, high = t_interval([rng.gauss(10, 2) for _ in range(10)])
        inside += low <= 10 <= high
    assert 0.936 <= inside / 4000 <= 0.964


@pytest.mark.parametrize(("relative", "start"), [(0.0, 10), (-0.1, 10), (0.05, 1)])
def test_no_precision_is_refused(relative: float, start: int) -> None:
    """Nothing can be as precise as that, or be known from one replication."""
    with pytest.raises(ValueError, match="invalid precision"):
        Precision(relative=relative, start=start)


def test_one_value_stands_nowhere() -> None:
    """It has no half-width."""
    with pytest.raises(ValueError, match="two values"):
        standing([1.0], FIVE_PERCENT)
