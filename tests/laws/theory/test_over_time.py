"""Loads that change over the day meet closed forms, and each other."""

from math import pi, sin

import pytest
from hypothesis import given, settings, strategies as st

from footfall.theory.fluid import FluidStation, load_by_interval, servers_for, sinusoidal_load, transient
from footfall.theory.many_servers import erlang_a, erlang_c


def test_a_sinusoidal_day_meets_the_differential_equation() -> None:
    """100(1 + 0.6 sin) an hour over 24 h, half an hour each: the load at 8 h."""
    assert sinusoidal_load(8, 100, 0.6, 24, 0.5) == pytest.approx(77.47350641128004, rel=1e-12)


def test_loads_by_interval_follow_the_sinusoid() -> None:
    """Short intervals of the sinusoid's own rate: their loads are its load in their middle."""
    rates = [100 * (1 + 0.6 * sin(2 * pi * (k + 0.5) / 240)) for k in range(240)]
    loads = load_by_interval(rates, 0.1, 0.5)
    for k in (0, 40, 80, 200):
        assert loads[k] == pytest.approx(sinusoidal_load((k + 0.5) / 10, 100, 0.6, 24, 0.5), rel=1e-3)


@given(rates=st.lists(st.floats(0, 100), min_size=1, max_size=50), service=st.floats(0.01, 30))
def test_a_repeating_day_neither_makes_nor_loses_work(rates: list[float], service: float) -> None:
    """The mean load is the mean rate times the service time; an empty start has less."""
    loads = load_by_interval(rates, 1, service)
    assert sum(loads) == pytest.approx(sum(rates) * service, rel=1e-9, abs=1e-9)
    empty = load_by_interval(rates, 1, service, begins_empty=True)
    assert all(one <= other + 1e-9 for one, other in zip(empty, loads, strict=True))


@given(load=st.floats(0.01, 500), share=st.floats(0.01, 0.9))
def test_servers_are_enough_and_not_one_too_many(load: float, share: float) -> None:
    """Erlang C holds with them; with one less it does not, or the queue has no limit."""
    servers = servers_for(load, share)
    assert erlang_c(servers, load) <= share
    assert servers - 1 <= load or erlang_c(servers - 1, load) > share


def test_no_load_takes_no_servers() -> None:
    """The hall is closed."""
    assert servers_for(0, 0.2) == 0


def test_a_steady_rate_settles_at_erlang_a() -> None:
    """14 agents, 200 calls an hour of 3 minutes, 3 minutes of patience: after ten hours."""
    found = transient(lambda _: 200 / 3600, FluidStation(14, 1 / 180, 1 / 180), [36_000])[0]
    expected = erlang_a(14, 200 / 3600, 1 / 180, 1 / 180)
    assert found.queue_mean == pytest.approx(expected.queue_mean, rel=1e-6)
    assert found.all_busy_share == pytest.approx(expected.waits_share, rel=1e-6)


def test_with_servers_for_all_a_changing_day_is_that_of_the_sinusoid() -> None:
    """Nobody waits at 60 servers for a load around 10: after three days both solutions are one."""

    def rate(hour: float) -> float:
        return 20 * (1 + 0.6 * sin(2 * pi * hour / 24))

    for moment in transient(rate, FluidStation(60, 2), [72, 76, 80, 84]):
        expected = sinusoidal_load(moment.at, 20, 0.6, 24, 0.5)
        assert moment.in_system_mean == pytest.approx(expected, rel=1e-6)


@settings(max_examples=20)
@given(
    servers=st.integers(1, 12),
    patience_s=st.floats(30, 900),
    swing=st.floats(0, 1),
    calls_per_h=st.floats(1, 200),
)
def test_time_waited_is_the_queue_summed_and_abandonment_its_share(
    servers: int, patience_s: float, swing: float, calls_per_h: float
) -> None:
    """Abandoned = θ times the time waited, at every moment; arrivals are the integral of their rate."""
    station = FluidStation(servers, 1 / 180, 1 / patience_s)

    def rate(at: float) -> float:
        return calls_per_h / 3600 * (1 + swing * sin(2 * pi * at / 7200))

    for moment in transient(rate, station, [1800, 3600, 7200]):
        assert moment.abandoned == pytest.approx(moment.queue_time / patience_s, rel=1e-6, abs=1e-6)
        assert moment.abandoned <= moment.arrivals_finding_all_busy + 1e-6
        assert moment.in_system_mean + moment.abandoned <= moment.arrivals + 1e-6
    assert moment.arrivals == pytest.approx(2 * calls_per_h, rel=1e-7)


def test_moments_out_of_order_are_refused() -> None:
    """Time runs one way."""
    with pytest.raises(ValueError, match="increase"):
        transient(lambda _: 1, FluidStation(1, 1), [2, 1])
