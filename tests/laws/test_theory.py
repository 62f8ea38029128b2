"""The closed forms meet published and twice-computed values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.simulate.theory import (
    erlang_a,
    erlang_b,
    erlang_c,
    erlang_c_service_level,
    erlang_c_wait_mean,
    mmck,
)


@pytest.mark.parametrize(
    ("servers", "load", "lost"),
    [(10, 7, 0.07874088296957026), (100, 90, 0.026957380464359228), (1000, 1000, 0.02481191764616041)],
)
def test_erlang_b_meets_its_table(servers: int, load: float, lost: float) -> None:
    """Recursion against 50-digit sums."""
    assert erlang_b(servers, load) == pytest.approx(lost, rel=1e-12)


def test_erlang_c_meets_the_call_centre_of_14() -> None:
    """100 calls in 30 minutes of 3 minutes each, 14 agents."""
    rates = (14, 100 / 1800, 1 / 180)
    assert erlang_c(14, 10) == pytest.approx(0.17413193359505, rel=1e-12)
    assert erlang_c_wait_mean(*rates) == pytest.approx(7.83593701177724, rel=1e-12)
    assert erlang_c_service_level(*rates, 20) == pytest.approx(0.8883500191794668, rel=1e-12)


@pytest.mark.parametrize(
    ("case", "waits", "abandons"),
    [
        ((100, 100, 1, 0.5), 0.5967031380195729, 0.033030152528288115),
        ((50, 60, 1, 1), 0.9155933189063081, 0.17199155109128586),
        ((14, 10 / 3, 1 / 3, 1 / 2), 0.1269763400797955, 0.022839286531818777),
    ],
)
def test_erlang_a_meets_the_birth_death_solution(
    case: tuple[int, float, float, float], waits: float, abandons: float
) -> None:
    """Series against a dense Markov chain."""
    found = erlang_a(*case)
    assert found.waits_share == pytest.approx(waits, rel=1e-11)
    assert found.abandons_share == pytest.approx(abandons, rel=1e-11)


def test_a_hall_with_20_places_meets_the_birth_death_solution() -> None:
    """M/M/4/20: 1.2 a minute, 3 minutes each."""
    found = mmck(4, 20, 1.2, 1 / 3)
    assert found.blocked_share == pytest.approx(0.016804982302188652, rel=1e-11)
    assert found.wait_mean == pytest.approx(3.585000937990499, rel=1e-11)


@given(servers=st.integers(1, 200), load_share=st.floats(0.05, 0.99))
def test_waiting_is_never_rarer_than_loss(servers: int, load_share: float) -> None:
    """Those who may wait keep servers busier: B <= C <= 1."""
    load = servers * load_share
    assert 0 <= erlang_b(servers, load) <= erlang_c(servers, load) + 1e-12 <= 1 + 1e-9


def test_an_overloaded_queue_without_limit_is_refused() -> None:
    """Erlang C has no answer at load >= servers."""
    with pytest.raises(ValueError, match="no limit"):
        erlang_c(2, 2)


def test_fewer_places_than_servers_are_refused() -> None:
    """M/M/c/K needs K >= c."""
    with pytest.raises(ValueError, match="places"):
        mmck(4, 3, 1, 1)
