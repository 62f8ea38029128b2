"""Networks and retries meet values computed twice."""

import pytest
from hypothesis import given, strategies as st

from footfall.theory.many_servers import erlang_b
from footfall.theory.networks import largest_stable_rate, network_sojourn_mean, retrying, traffic


def test_a_tandem_with_feedback_meets_the_two_dimensional_chain() -> None:
    """Five a second through servers of 8 and 10; one in ten comes back."""
    assert network_sojourn_mean([5, 0], [[0, 1], [0.1, 0]], [8, 10], [1, 1]) == pytest.approx(
        0.7045454545454546, rel=1e-12
    )


def test_feedback_makes_visits() -> None:
    """λ/(1 - p)."""
    assert traffic([9], [[0.1]]) == pytest.approx([10], rel=1e-12)


@pytest.mark.parametrize("routing", [[[1.0]], [[1.2]]])
def test_customers_who_never_leave_are_refused(routing: list[list[float]]) -> None:
    """All of them, or more than all, come back."""
    with pytest.raises(ValueError, match="leave eventually"):
        traffic([1], routing)


@pytest.mark.parametrize(("load", "tries"), [(90, 1.0473324110225048), (100, 1.5380377279162234)])
def test_retries_on_blocking_meet_the_root(load: float, tries: float) -> None:
    """100 lines, three more tries: fixed point and Brent's root agree."""
    assert retrying(100, load, 3).amplification == pytest.approx(tries, rel=1e-11)


def test_who_is_blocked_four_times_fails() -> None:
    """1.7 % of customers at 100 erlangs on 100 lines, while 36 % of the tries are blocked."""
    assert retrying(100, 100, 3).fails_share == pytest.approx(0.0169542627, rel=1e-8)


@given(servers=st.integers(1, 200), load_share=st.floats(0.1, 3), retries=st.integers(0, 10))
def test_customers_are_served_or_fail(servers: int, load_share: float, retries: int) -> None:
    """Tries times those let in is those who did not fail."""
    load = servers * load_share
    found = retrying(servers, load, retries)
    assert 1 <= found.amplification <= retries + 1
    served = found.amplification * (1 - found.blocked_share)
    assert served == pytest.approx(1 - found.fails_share, abs=1e-9)
    assert found.blocked_share >= erlang_b(servers, load) - 1e-12


def test_retries_divide_the_rate_that_a_server_can_recover_from() -> None:
    """Two retries and stale work: of 100 a second, 33 are safe."""
    assert largest_stable_rate(100, 2) == pytest.approx(100 / 3, rel=1e-12)


def test_a_budget_of_retries_divides_it_by_less() -> None:
    """One retry in ten requests: 90.9 of 100 a second are safe; a budget of more than all retries is none."""
    assert largest_stable_rate(100, 2, 0.1) == pytest.approx(100 / 1.1, rel=1e-12)
    assert largest_stable_rate(100, 2, 5) == largest_stable_rate(100, 2)
