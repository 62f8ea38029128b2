"""Who is on duty: whole people, whose mean is what was planned where they are rounded at random."""

from math import sqrt

import pytest
from hypothesis import given, strategies as st

from footfall._behaviour import keyed
from footfall._behaviour.capacity_rules import Roster, call_s_mean, rosters, times_of
from footfall._model.channel import Channel, Verb, Work
from footfall._model.numbers import DAY_S, HALF_HOUR_S, Grade
from footfall._model.profiles import profile
from footfall._model.station_specs import AgentGroup, CallCentre, Caller
from tests.made_up import always, number, seconds, turns

RISING = profile([k / 7 for k in range(48)], Grade.ASSUMED, "test")
HOTLINE = CallCentre(
    lines=number(10),
    agents=always(7.4),
    agents_factor=number(1),
    rounding="random",
    groups=(AgentGroup(name="tellers", agents=always(2.5), skills=("recharge",)),),
    patience=seconds(60),
    talk=seconds(100),
    wrap_up=seconds(20),
    agent_share={},
    callers={"recharge": Caller(talk=seconds(50))},
)


@given(
    planned=st.floats(0, 50), factor=st.floats(0, 3), key=st.integers(0, 2**64 - 1), at_s=st.floats(0, DAY_S)
)
def test_random_rounding_gives_the_whole_number_below_or_above(
    planned: float, factor: float, key: int, at_s: float
) -> None:
    """And a whole number as it is."""
    found = Roster(always(planned), factor, "random", key).at(at_s)
    assert abs(found - planned * factor) < 1
    assert Roster(always(round(planned)), 1, "random", key).at(at_s) == round(planned)


def test_random_rounding_is_right_in_the_mean_and_rounding_to_the_nearest_is_not() -> None:
    """7.4 planned, 4,800 half hours of 100 days: within 4 standard errors of 7.4, where the nearest is 7."""
    counts = [
        Roster(always(7.4), 1, "random", keyed.run_key(1, day)).at(k * HALF_HOUR_S)
        for day in range(100)
        for k in range(48)
    ]
    assert abs(sum(counts) / len(counts) - 7.4) < 4 * sqrt(0.4 * 0.6 / len(counts))
    assert Roster(always(7.4), 1).at(0) == 7


@pytest.mark.parametrize("rounding", ["nearest", "random"])
def test_the_changes_tell_the_roster_of_all_half_hours(rounding: str) -> None:
    """Whoever follows them has the number of every half hour, on both days of a long run."""
    roster = Roster(RISING, 1.3, "random" if rounding == "random" else "nearest", 5)
    changes = {change.at_s: change.servers for change in roster.changes(1.5 * DAY_S)}
    followed = roster.at(0)
    for k in range(96):
        followed = changes.get(k * HALF_HOUR_S, followed)
        assert followed == roster.at(k * HALF_HOUR_S)


def test_groups_and_days_have_luck_of_their_own() -> None:
    """Two groups, two sites or two replications are not rounded alike."""
    tellers, agents = rosters(HOTLINE, "hotline", 3).values()
    assert agents.staff.values[0] == 7.4
    halves = [
        Roster(always(0.5), 1, "random", key, purpose)
        for key, purpose in ((3, agents.purpose), (3, tellers.purpose), (4, agents.purpose))
    ]
    rounded = {tuple(roster.at(k * HALF_HOUR_S) for k in range(48)) for roster in halves}
    assert len(rounded) == 3


def test_a_call_holds_an_agent_for_talk_screens_and_wrap_up() -> None:
    """The first turn is the IVR's; recharging has a talk of its own, and the station's wrap-up."""
    channel = Channel(
        name="hotline",
        title="hotline",
        nest="electronic",
        station=HOTLINE,
        sites=number(1),
        access_s_mean=number(0),
        price_yuan=number(0),
        works={verb: Work(service=seconds(3)) for verb in Verb},
        dialogues=dict.fromkeys(("query", "recharge"), turns(Verb.LOGIN, Verb.QUERY, Verb.ORDER)),
    )
    assert call_s_mean(channel, HOTLINE, "query") == 126
    assert call_s_mean(channel, HOTLINE, "recharge") == 76
    assert times_of(HOTLINE, "recharge", "patience") is HOTLINE.patience
