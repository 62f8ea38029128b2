"""Waits at a channel when so many come: the closed forms at their limits, and what callers share."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.model.channel import Channel, Step
from footfall.model.durations import Duration, exponential_s
from footfall.model.numbers import HALF_HOURS, Number, Profile
from footfall.model.station_specs import CallCentre, Counters, Kiosks, MessageGateway
from footfall.simulate.equilibrium.stations import wait_mean, waits_s
from footfall.theory import erlang_a, mmck
from tests import made_up

RATES = st.floats(0.05, 3)


@given(servers=st.integers(1, 30), load=RATES, patience=RATES)
def test_with_endless_room_it_is_erlang_a(servers: int, load: float, patience: float) -> None:
    """To nine digits, under and over capacity."""
    rates = (load * servers, 1.0, patience)
    assert wait_mean(servers, None, rates) == pytest.approx(erlang_a(servers, *rates).wait_mean, rel=1e-9)


@given(servers=st.integers(1, 20), room=st.integers(0, 30), load=RATES)
def test_with_endless_patience_it_is_a_queue_with_limited_room(servers: int, room: int, load: float) -> None:
    """M/M/c/K, to nine digits; with no room nobody waits."""
    found = wait_mean(servers, room, (load * servers, 1.0, 0.0))
    expected = mmck(servers, servers + room, load * servers, 1.0).wait_mean
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-15)


@given(rate=st.floats(0.01, 5), more=st.floats(1.01, 2), patience=st.floats(0.01, 2), room=st.integers(1, 40))
def test_more_who_come_never_wait_less(rate: float, more: float, patience: float, room: int) -> None:
    """The wait does not fall with the arrival rate: what makes a fixed point unique."""
    few, many = (wait_mean(3, room, (by * rate, 1.0, patience)) for by in (1, more))
    assert many >= few * (1 - 1e-12)


def test_nobody_waits_where_nobody_comes_and_without_end_where_nobody_serves() -> None:
    """No arrivals: 0; no clerk: until patience ends; neither: refused."""
    assert wait_mean(2, 10, (0.0, 1.0, 1.0)) == 0
    assert wait_mean(0, None, (0.1, 1.0, 1 / 600)) == pytest.approx(600, rel=1e-6)
    with pytest.raises(ValueError, match="nobody serves and nobody gives up"):
        wait_mean(0, 5, (1.0, 1.0, 0.0))


@pytest.fixture(scope="session")
def hall(channel: Callable[..., Channel], exponential: Callable[[float], Duration]) -> Channel:
    """Give two halls of three clerks, 300 s a visit, patience 1200 s, room for 50."""
    number, always = made_up.number, made_up.always
    station = Counters(
        clerks=always(3),
        clerks_factor=number(1),
        room=number(50),
        patience=exponential(1200),
        balk_wait=made_up.seconds(1e9),
    )
    return channel(station, human_s=300, sites=number(2))


def test_a_hall_is_an_erlang_a_queue_a_site(hall: Channel) -> None:
    """Half of the arrivals come to each of the two halls, every half hour alike."""
    found = waits_s(hall, {"query": np.full(HALF_HOURS, 0.018)})
    assert found == pytest.approx(erlang_a(3, 0.009, 1 / 300, 1 / 1200).wait_mean, rel=1e-6)


def test_a_load_is_carried_into_the_next_half_hour(hall: Channel) -> None:
    """A rush in one half hour leaves work, and so a wait, to the next; before it there is less."""
    rates = np.full(HALF_HOURS, 0.01)
    rates[20] = 0.025
    found = waits_s(hall, {"query": rates})
    assert found[20] > found[21] > found[23] == pytest.approx(found[19], rel=1e-2)


def test_no_clerks_of_a_half_hour_no_service(hall: Channel) -> None:
    """Only those half hours have waits in which somebody comes."""
    rates = np.zeros(HALF_HOURS)
    rates[20] = 0.01
    found = waits_s(hall, {"query": rates})
    assert found[20] > 0
    assert found.sum() == found[20]


def test_callers_whom_the_ivr_helps_do_not_wait(
    channel: Callable[..., Channel], turn: Callable[..., Step], exponential: Callable[[float], Duration]
) -> None:
    """The wait for an agent, times the share who ask for one; the agents' load is theirs alone."""
    number = made_up.number
    agents = CallCentre(
        lines=number(200),
        agents=made_up.always(4),
        agents_factor=number(1),
        patience=exponential(180),
        talk=exponential(150),
        wrap_up=exponential(25),
        agent_share={"query": number(0.25)},
    )
    hotline = channel(agents, dialogues={"query": (turn(human_s=20), turn(human_s=30))}, service_s=5.0)
    found = waits_s(hotline, {"query": np.full(HALF_HOURS, 0.08)})
    for_agent = erlang_a(4, 0.02, 1 / 180, 1 / 180).wait_mean
    assert found == pytest.approx(0.25 * for_agent, rel=1e-6)


def test_terminals_wait_for_those_in_order(
    channel: Callable[..., Channel], number: Callable[[float], Number]
) -> None:
    """Two machines, each down a tenth of the time: the mean over both, one, and none."""
    patience = exponential_s(number(300))
    up, repair = exponential_s(number(9000)), exponential_s(number(1000))
    kiosks = Kiosks(machines=number(2), up=up, repair=repair, patience=patience)
    found = waits_s(channel(kiosks, human_s=60.0), {"query": np.full(HALF_HOURS, 0.02)})
    two, one = (erlang_a(machines, 0.02, 1 / 60, 1 / 300).wait_mean for machines in (2, 1))
    assert found == pytest.approx(0.81 * two + 0.18 * one, rel=1e-6)


def test_a_gateway_has_no_line_that_is_noticed(
    channel: Callable[..., Channel], all_day: Callable[[float], Profile]
) -> None:
    """Messages wait seconds at most, and customers do not choose by it."""
    gateway = MessageGateway(messages_per_s=made_up.number(1), queue=made_up.number(5))
    rates = np.array(all_day(3.0).values)
    assert not waits_s(channel(gateway), {"query": rates}).any()
