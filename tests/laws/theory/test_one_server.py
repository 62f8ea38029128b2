"""One server: Pollaczek and Khinchine, processor sharing, fixed service times, priority, retrials."""

from math import exp, factorial

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from footfall.theory.one_server import (
    md1_wait_share,
    md1k,
    mg1_ps_sojourn_mean,
    mg1_wait_mean,
    priority_wait_means,
    retrial_orbit_mean,
)


@pytest.mark.parametrize(("scv", "wait"), [(0, 2), (1, 4), (4, 10)])
def test_waits_grow_with_the_variance_of_the_service(scv: float, wait: float) -> None:
    """M/D/1, M/M/1 and M/H2/1 at a utilisation of 0.8: embedded chains give the same."""
    assert mg1_wait_mean(0.8, 1, scv) == pytest.approx(wait, rel=1e-12)


def test_a_shared_server_does_not_care_for_the_variance() -> None:
    """E[S]/(1 - ρ) at a utilisation of 0.8: five services; a two-dimensional chain gives the same."""
    assert mg1_ps_sojourn_mean(0.8, 1) == pytest.approx(5, rel=1e-12)


def test_fixed_services_meet_erlangs_series() -> None:
    """P(W <= 2.5) at a utilisation of 0.8: Erlang's series and a numerical inversion give the same."""
    assert md1_wait_share(0.8, 1, 2.5) == pytest.approx(0.7048523534916219, rel=1e-13)


@given(busy=st.floats(0.05, 0.95), within=st.floats(0, 8))
def test_fixed_services_meet_the_alternating_series_where_it_holds(busy: float, within: float) -> None:
    """Erlang (1909): (1 - ρ) sum_k (λ(kD - t))^k / k! e^{-λ(kD - t)}, good to a few digits for small t."""
    terms = (
        (busy * (k - within)) ** k / factorial(k) * exp(-busy * (k - within)) for k in range(int(within) + 1)
    )
    assert md1_wait_share(busy, 1, within) == pytest.approx((1 - busy) * sum(terms), rel=1e-7)


@settings(max_examples=5)
@given(busy=st.floats(0.3, 0.95))
def test_fixed_services_stay_exact_far_out(busy: float) -> None:
    """The chances of longer waits add up to the mean wait, where an alternating series is long lost."""
    step = 0.25
    longer = [1 - md1_wait_share(busy, 1, k * step) for k in range(int(12 / (1 - busy) / step))]
    mean = mg1_wait_mean(busy, 1, 0)
    assert sum(longer[1:]) * step <= mean <= sum(longer) * step
    assert all(-1e-12 <= one <= 1 for one in longer)


@pytest.mark.parametrize(("places", "load"), [(1, 0.8), (2, 0.8), (5, 0.9), (5, 1.3), (40, 1.0)])
def test_fixed_services_with_room_meet_the_embedded_chain(places: int, load: float) -> None:
    """Blocked are 1 - 1/(π_0 + ρ), with π of the chain at departures solved as equations."""
    arrivals = [exp(-load) * load**k / factorial(k) for k in range(places + 60)]
    moves = np.zeros((places, places))
    for start in range(places):
        for k, chance in enumerate(arrivals):
            moves[start, min(max(start - 1, 0) + k, places - 1)] += chance
    equations = (moves - np.eye(places)).T
    equations[-1] = 1
    empty = float(np.linalg.solve(equations, np.eye(places)[-1])[0])
    found = md1k(places, load, 1)
    assert found.blocked_share == pytest.approx(1 - 1 / (empty + load), rel=1e-9)
    assert found.occupancy == pytest.approx(1 - empty / (empty + load), rel=1e-9)


def test_one_place_of_fixed_service_is_erlangs_loss() -> None:
    """M/D/1/1 loses ρ/(1 + ρ), whatever the distribution of the service; nobody waits."""
    found = md1k(1, 0.8, 1)
    assert found.blocked_share == pytest.approx(0.8 / 1.8, rel=1e-12)
    assert found.wait_mean == 0
    assert found.waits_share == pytest.approx(0, abs=1e-12)


@given(busy=st.floats(0.1, 0.9))
def test_much_room_for_fixed_services_is_pollaczek_and_khinchine(busy: float) -> None:
    """With 400 places next to nobody is blocked, and the mean wait is that of M/D/1."""
    found = md1k(400, busy, 1)
    assert found.blocked_share == pytest.approx(0, abs=1e-12)
    assert found.wait_mean == pytest.approx(mg1_wait_mean(busy, 1, 0), rel=1e-9)


@pytest.mark.parametrize(("places", "rate", "service"), [(0, 1, 1), (2, 0, 1), (2, 1, -1)])
def test_room_for_nobody_is_refused(places: int, rate: float, service: float) -> None:
    """A place, a rate and a time above zero are needed."""
    with pytest.raises(ValueError, match="above zero"):
        md1k(places, rate, service)


def test_priority_meets_the_two_dimensional_chain() -> None:
    """Arrivals 0.3 and 0.5 of exponential services of 1: Cobham's waits."""
    assert priority_wait_means([0.3, 0.5], [1, 1], [1, 1]) == pytest.approx([8 / 7, 40 / 7], rel=1e-12)


@given(rates=st.lists(st.floats(0.01, 0.2), min_size=1, max_size=4), scv=st.floats(0, 5))
def test_priority_moves_waits_and_makes_none(rates: list[float], scv: float) -> None:
    """With one kind of service the mean over all is that of the queue without priority (Kleinrock 1965)."""
    waits = priority_wait_means(rates, [1] * len(rates), [scv] * len(rates))
    assert waits == sorted(waits)
    mean = sum(rate * wait for rate, wait in zip(rates, waits, strict=True)) / sum(rates)
    assert mean == pytest.approx(mg1_wait_mean(sum(rates), 1, scv), rel=1e-9)


def test_who_will_try_again_meets_the_chain() -> None:
    """M/M/1/1 with retrials: 2.5 in orbit."""
    assert retrial_orbit_mean(0.5, 1, 0.25) == pytest.approx(2.5, rel=1e-12)


@pytest.mark.parametrize("busy", [1, 1.2, -0.1])
def test_a_server_that_cannot_keep_up_is_refused(busy: float) -> None:
    """There is no equilibrium at a utilisation of 1 and above, nor a negative arrival rate."""
    with pytest.raises(ValueError, match="not below 1"):
        mg1_wait_mean(busy, 1, 1)
