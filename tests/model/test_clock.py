"""The second of the day at a second of a run."""

import pytest
from hypothesis import given, strategies as st

from footfall._behaviour.capacity_rules import Roster
from footfall._model.model import THE_DAYS_OWN, DayClock
from footfall._model.numbers import DAY_S, HALF_HOUR_S, Grade
from footfall._model.profiles import profile

WINDOWS = st.builds(
    DayClock,
    starts_s=st.floats(0, DAY_S / 2),
    speed=st.floats(0.5, 500),
    length_s=st.floats(1, DAY_S / 2),
)


@given(st.floats(0, 5 * DAY_S))
def test_a_day_s_own_clock_is_the_run_s(at_s: float) -> None:
    """Nothing changes for whoever simulates days."""
    assert THE_DAYS_OWN.day_s(at_s) == at_s


@given(clock=WINDOWS, one=st.floats(-10, DAY_S), other=st.floats(-10, DAY_S))
def test_it_never_runs_backwards_and_never_leaves_its_window(
    clock: DayClock, one: float, other: float
) -> None:
    """Before play and long after it, too."""
    first, second = clock.day_s(min(one, other)), clock.day_s(max(one, other))
    assert clock.starts_s <= first <= second < clock.starts_s + clock.length_s


@given(clock=WINDOWS)
def test_the_half_hours_of_a_window_come_when_its_clock_strikes_them(clock: DayClock) -> None:
    """Each once, in order, and there are no others."""
    struck = list(clock.half_hours(1.0))
    ends_s = clock.starts_s + clock.length_s
    inside = [k * HALF_HOUR_S for k in range(200) if clock.starts_s < k * HALF_HOUR_S < ends_s]
    assert [day_s for _, day_s in struck] == inside
    for at_s, day_s in struck:
        assert clock.starts_s + at_s * clock.speed == pytest.approx(day_s)


def test_a_day_in_five_minutes_has_the_shifts_of_a_day() -> None:
    """Ten clerks from 9:00 to 17:00 are there from 112.5 s to 212.5 s at 288 times the speed."""
    clerks = profile([0.0] * 9 + [10.0] * 8 + [0.0] * 7, Grade.ASSUMED, "test")
    clock = DayClock(starts_s=0.0, speed=288.0, length_s=DAY_S)
    roster = Roster(clerks, 1.0, clock=clock)
    changes = [(change.at_s, change.day_s, change.servers) for change in roster.changes(300.0)]
    assert changes == [(112.5, 9 * 3600.0, 10), (212.5, 17 * 3600.0, 0)]
    assert [roster.at(second) for second in (0, 112.6, 212.4, 212.6, 900)] == [0, 10, 10, 0, 0]
