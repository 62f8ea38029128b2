"""Erlang B, C and A and M/M/c/K meet twice-computed values and each other."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats

from footfall.theory.many_servers import (
    erlang_a,
    erlang_a_service_level,
    erlang_b,
    erlang_c,
    erlang_c_service_level,
    erlang_c_wait_mean,
    mdc_wait_mean,
    mgc_ps_sojourn_mean,
    mmck,
)
from footfall.theory.one_server import mg1_ps_sojourn_mean, mg1_wait_mean


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
    with pytest.raises(ValueError, match="unstable"):
        erlang_c(2, 2)


def test_fewer_places_than_servers_are_refused() -> None:
    """M/M/c/K needs K >= c."""
    with pytest.raises(ValueError, match="places"):
        mmck(4, 3, 1, 1)


def test_the_service_level_of_erlang_a_ends_at_all_who_are_served() -> None:
    """However long it may take, who has not abandoned is served; at once, only who does not wait."""
    case = (14, 10 / 3, 1 / 3, 1 / 2)
    found = erlang_a(*case)
    assert erlang_a_service_level(*case, 1e6) == pytest.approx(1 - found.abandons_share, rel=1e-12)
    assert erlang_a_service_level(*case, 0) == pytest.approx(1 - found.waits_share, rel=1e-12)


def test_the_service_level_of_erlang_a_without_haste_is_that_of_erlang_c() -> None:
    """Patience of a century, in the call centre of 14."""
    rates = (14, 100 / 1800, 1 / 180)
    patient = erlang_a_service_level(*rates, 1 / (100 * 365 * 86_400), 20)
    assert patient == pytest.approx(erlang_c_service_level(*rates, 20), rel=1e-6)


@given(
    servers=st.integers(1, 60),
    load_share=st.floats(0.1, 2),
    patience=st.floats(0.05, 20),
    within=st.floats(0, 5),
)
def test_the_service_level_grows_with_time_and_servers(
    servers: int, load_share: float, patience: float, within: float
) -> None:
    """Longer waits that count as good and more servers never harm."""
    load = servers * load_share
    levels = [erlang_a_service_level(servers, load, 1, 1 / patience, t) for t in (0, within, 2 * within)]
    levels.append(erlang_a_service_level(servers + 1, load, 1, 1 / patience, 2 * within))
    assert all(one <= other + 1e-12 for one, other in pairwise(levels))
    assert levels[0] >= -1e-12
    assert levels[-1] <= 1 + 1e-12


def test_a_rate_of_nothing_is_refused() -> None:
    """Nobody comes, or nobody is ever served."""
    with pytest.raises(ValueError, match="above zero"):
        erlang_a(2, 0, 1, 1)


@given(busy=st.floats(0.05, 0.98))
def test_fixed_services_of_one_server_are_pollaczek_and_khinchine(busy: float) -> None:
    """Crommelin's sum at c = 1."""
    assert mdc_wait_mean(1, busy, 1) == pytest.approx(mg1_wait_mean(busy, 1, 0), rel=1e-8)


@given(servers=st.integers(2, 40), busy=st.floats(0.3, 0.97), service=st.floats(0.01, 100))
def test_fixed_services_wait_about_half_as_long(servers: int, busy: float, service: float) -> None:
    """Between the half of M/M/c and the whole of it (Cosmetatos 1975), and in proportion to the service."""
    rate = busy * servers
    found = mdc_wait_mean(servers, rate, 1)
    whole = erlang_c_wait_mean(servers, rate, 1)
    assert whole / 2 <= found * (1 + 1e-9)
    assert found <= whole
    assert mdc_wait_mean(servers, rate / service, service) == pytest.approx(found * service, rel=1e-9)


@pytest.mark.parametrize(("servers", "load"), [(2, 1.4), (3, 2.4), (10, 8.5)])
def test_fixed_services_of_several_servers_meet_the_chain(servers: int, load: float) -> None:
    """In one service all who were served leave and all who came stay: N' = max(N - c, 0) + Poisson(λD)."""
    size = 200
    came = stats.poisson.pmf(np.arange(size), load)
    moves = np.zeros((size, size))
    for start in range(size):
        left = max(start - servers, 0)
        moves[start, left:] = came[: size - left]
    equations = (moves - np.eye(size)).T
    equations[-1] = 1
    inside = np.linalg.solve(equations, np.eye(size)[-1])
    queue_mean = float(inside @ np.maximum(np.arange(size) - servers, 0))
    assert mdc_wait_mean(servers, load, 1) == pytest.approx(queue_mean / load, rel=1e-8)


@given(busy=st.floats(0.05, 0.95))
def test_one_shared_core_is_the_case_of_one_server(busy: float) -> None:
    """M/G/1-PS, and at any number of cores never quicker than the work itself."""
    assert mgc_ps_sojourn_mean(1, busy, 1) == pytest.approx(mg1_ps_sojourn_mean(busy, 1), rel=1e-9)
    assert mgc_ps_sojourn_mean(8, 8 * busy, 1) >= 1


@pytest.mark.parametrize("load", [0, 3, 4])
def test_fixed_services_that_cannot_keep_up_are_refused(load: float) -> None:
    """Three servers have no equilibrium at 3 erlangs and above; no load has no wait to speak of."""
    with pytest.raises(ValueError, match="not between 0 and 3"):
        mdc_wait_mean(3, load, 1)
