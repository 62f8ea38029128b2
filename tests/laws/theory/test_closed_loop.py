"""Closed loops and the bend of throughput meet values computed twice, and other programs' fits."""

import pytest
from hypothesis import given, strategies as st

from footfall.theory.networks import Scalability, closed_loop, fit_scalability, knee_users

SPEC_SDM91 = (
    (1, 18, 36, 72, 108, 144, 216),
    (64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2),
)
"""Gunther, Guerrilla Capacity Planning (2007), table of SPEC SDM91: users, scripts an hour."""


def test_a_closed_loop_meets_the_convolution() -> None:
    """120 users who think 5 s, 40 and 25 ms of work: Buzen's algorithm with 50 digits."""
    found = closed_loop(120, 5, (0.04, 0.025))
    assert found.throughput == pytest.approx(22.456956869440113, rel=1e-13)
    assert found.response_mean == pytest.approx(0.3435557051498138, rel=1e-12)
    assert knee_users(5, (0.04, 0.025)) == pytest.approx(126.625, rel=1e-12)


@given(
    users=st.integers(1, 300),
    think_s=st.floats(0, 20),
    demands_s=st.lists(st.floats(0.001, 1), min_size=1, max_size=4),
)
def test_users_are_conserved_and_no_bound_is_passed(
    users: int, think_s: float, demands_s: list[float]
) -> None:
    """Everybody thinks or waits; throughput stays below both asymptotes."""
    found = closed_loop(users, think_s, demands_s)
    assert found.throughput * think_s + sum(found.queue_means) == pytest.approx(users, rel=1e-9)
    assert found.throughput <= min(1 / max(demands_s), users / (think_s + sum(demands_s))) * (1 + 1e-9)


def test_the_peak_of_the_scalability_law_meets_its_formula() -> None:
    """α 0.02, β 0.0003, γ 120."""
    law = Scalability(0.02, 0.0003, 120)
    assert law.peak_users == pytest.approx(57.154760664940824, rel=1e-12)
    assert law.throughput(law.peak_users) == pytest.approx(2222.5162364683015, rel=1e-12)


def test_the_fit_meets_that_of_the_package_usl_of_r() -> None:
    """0.02773, 1.044e-4 and 90.00 in the package's own test output; its peak is 1,884 at 96.52."""
    law = fit_scalability(*SPEC_SDM91)
    assert law.contention == pytest.approx(0.02773, abs=5e-6)
    assert law.coherence == pytest.approx(1.044e-4, abs=5e-8)
    assert law.rate == pytest.approx(90.00, abs=0.01)
    assert law.peak_users == pytest.approx(96.52, abs=0.005)


def test_without_coherence_cost_there_is_no_peak() -> None:
    """Amdahl's law only ever flattens."""
    assert Scalability(0.1, 0, 1).peak_users == float("inf")


def test_two_points_fit_no_law_of_three_numbers() -> None:
    """Three unknowns want three points."""
    with pytest.raises(ValueError, match="three or more"):
        fit_scalability((1, 2), (10, 19))
