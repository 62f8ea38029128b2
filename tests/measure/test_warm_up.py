"""The start of a run is found where it is known, and not found where it has no end."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from footfall._stats.precision import BATCH, moving_average, mser5, over_runs, welch_table


def test_the_known_start_of_an_autoregressive_run_is_left_out() -> None:
    """AR(1), φ = 0.8, begun 50 above its mean: the bias left is below a tenth of the standard error.

    Bias: 50 φᵈ / (1 - φ) / (n - d); standard error: 1 / (1 - φ) / √n. In each of 50 runs.
    """
    rng = np.random.default_rng(4)
    for _ in range(50):
        values = np.empty(4000)
        now = 50.0
        for n in range(4000):
            values[n] = now
            now = 0.8 * now + rng.normal(0, 1)
        cut = mser5(values)
        assert cut.settled
        assert 50 * 0.8**cut.values / 0.2 / (4000 - cut.values) < 0.1 * (1 / 0.2) / np.sqrt(4000)
        assert cut.values < 1000


def test_a_step_is_cut_where_it_ends() -> None:
    """Noise after 300 values that lie higher: at the step or a few batches later, in each of 20 runs."""
    rng = np.random.default_rng(5)
    for _ in range(20):
        values = rng.normal(0, 1, 2000)
        values[:300] += 20
        assert 300 <= mser5(values).values < 500


def test_a_run_that_never_settles_says_so() -> None:
    """A straight line gets surer by every value that is left out."""
    assert not mser5(np.arange(1000.0)).settled


def test_a_run_without_a_start_loses_next_to_nothing() -> None:
    """Independent values: on average of 100 runs, less than a tenth is cut."""
    rng = np.random.default_rng(6)
    cuts = [mser5(rng.normal(0, 1, 2000)).values for _ in range(100)]
    assert np.mean(cuts) < 200


@given(st.floats(-1e6, 1e6), st.floats(0.1, 1e3), st.integers(100, 400))
def test_the_cut_does_not_depend_on_unit_or_zero(shift: float, scale: float, n: int) -> None:
    """Milliseconds or seconds, from midnight or from noon."""
    values = np.cos(np.arange(n) ** 1.3) + 30 * 0.9 ** np.arange(n)
    assert mser5(values * scale + shift) == mser5(values)


def test_few_values_are_refused() -> None:
    """Twenty batches of five are the least."""
    assert mser5(np.zeros(20 * BATCH)).values == 0
    with pytest.raises(ValueError, match="too few"):
        mser5(np.zeros(20 * BATCH - 1))
    with pytest.raises(ValueError, match="no runs"):
        over_runs([])


def test_runs_are_averaged_as_far_as_the_shortest_goes() -> None:
    """Value by value."""
    assert over_runs([np.array([1.0, 2.0, 9.0]), np.array([3.0, 4.0])]).tolist() == [2, 3]


def test_the_moving_average_is_welchs() -> None:
    """Law (2015), section 9.5.1: one value at the start, then three, then five; the last two have no room."""
    values = np.array([1.0, 2.0, 6.0, 0.0, 1.0, 4.0])
    assert moving_average(values, 2).tolist() == pytest.approx([1, 3, 2, 2.6])
    assert moving_average(values, 9).tolist() == []


def test_a_long_run_is_drawn_in_two_thousand_points_at_most() -> None:
    """Each the mean of as many visits, whose first it names."""
    table = welch_table([np.arange(5000.0)], "web")
    assert table.height == 1666
    assert table["visit"].to_list()[:3] == [0, 3, 6]
    assert table["mean_s"].to_list()[:2] == [1, 4]
    assert table["moving_average_s"].null_count() == 83
