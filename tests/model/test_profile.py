"""Day profiles by half hour and finer: what they hold, and what is refused."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from footfall._behaviour.capacity_rules import Roster
from footfall._model.model import DayClock
from footfall._model.numbers import DAY_S, INTERVALS_OF_A_DAY, Grade, Profile
from footfall._model.profiles import profile


def made(values: list[float]) -> Profile:
    """Give a profile of test values."""
    return profile(values, Grade.ASSUMED, "test")


@given(count=st.sampled_from(INTERVALS_OF_A_DAY), at_s=st.floats(0, DAY_S - 1e-6))
def test_every_second_of_a_day_has_the_value_of_its_interval(count: int, at_s: float) -> None:
    """Values 0, 1, 2 … tell the number of the interval; the next day is the same."""
    steps = made([float(k) for k in range(count)])
    assert steps.at(at_s) == at_s // (DAY_S / count) == at_s // steps.interval_s
    assert steps.at(at_s + DAY_S) == steps.at((at_s + DAY_S) % DAY_S)


@pytest.mark.parametrize("count", INTERVALS_OF_A_DAY)
def test_half_hours_of_a_finer_profile_are_means(count: int) -> None:
    """Their mean is that of the whole; of half hours they are the values themselves."""
    fine = made([float(k * k % 17) for k in range(count)])
    halves = fine.by_half_hour()
    assert len(halves) == 48
    assert sum(halves) / 48 == pytest.approx(sum(fine.values) / count)
    assert count > 48 or halves == fine.values


def test_a_constant_profile_is_the_same_at_any_clock() -> None:
    """Hourly, by half hour or by minute."""
    assert {made([3.0] * count).by_half_hour() for count in (24, *INTERVALS_OF_A_DAY)} == {(3.0,) * 48}


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ([1.0] * 47, "not 47"),
        ([1.0] * 144, "not 144"),
        ([], "not 0"),
        ([1.0] * 95 + [-1.0], "none negative"),
        ([float("nan")] * 48, "finite"),
        ([float("inf")] * 24, "finite"),
    ],
)
def test_other_values_are_refused(values: list[float], problem: str) -> None:
    """Counts that do not divide a day as declared, and values that are no numbers of anything."""
    with pytest.raises(ValueError, match=problem):
        made(values)


def test_staff_by_minute_change_by_minute() -> None:
    """A clerk away from 12:01 to 12:03 is away then, in the day and in a window played twice as fast."""
    clerks = [2.0] * 1440
    clerks[721] = clerks[722] = 1.0
    noon = DayClock(starts_s=43_200, speed=2, length_s=600)
    for clock, seconds in ((DayClock(), [43_260.0, 43_380.0]), (noon, [30.0, 90.0])):
        changes = Roster(made(clerks), 1.0, clock=clock).changes(DAY_S)
        assert [(change.at_s, change.servers) for change in changes] == list(
            zip(seconds, (1, 2), strict=True)
        )


def test_staff_rounded_at_random_are_drawn_for_each_interval() -> None:
    """Seven and a half agents, by five minutes: 7 or 8, about as often, and not by half hours."""
    roster = Roster(made([7.5] * 288), 1.0, "random", key=1, purpose="test")
    staff = [roster.at(k * 300.0) for k in range(288)]
    assert set(staff) == {7, 8}
    assert 110 < staff.count(8) < 178
    assert any(one != other for k, (one, other) in enumerate(pairwise(staff)) if k % 6 != 5)
