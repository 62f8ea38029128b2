"""Work rests while a server stalls, and goes on where it was."""

import pytest
from hypothesis import given, strategies as st

from footfall._behaviour.capacity_rules import StallPlan
from footfall._model.station_specs import Stalls
from tests.made_up import number

ZERO_S = 1000.0


def plan(length_s: float = 2, every_s: float = 10, first_s: float = 5) -> StallPlan:
    """Give stalls of 2 s every 10 s from second 5 of the run on, on a clock that shows 1,000 then."""
    stalls = Stalls(length_s=number(length_s), every_s=number(every_s), first_s=number(first_s))
    return StallPlan(stalls, 1, "web", ZERO_S)


@pytest.mark.parametrize(
    ("begins_s", "work_s", "ends_s"),
    [(0, 5, 5), (0, 5.5, 7.5), (4, 12, 20), (5, 1, 8), (6.5, 1, 8), (7, 1, 8), (-3, 1, -2), (0, 8, 10)],
)
def test_what_is_left_goes_on_after_the_stall(begins_s: float, work_s: float, ends_s: float) -> None:
    """Stalls from 5 to 7, 15 to 17 …: work begins in none of them and rests in each that it meets."""
    assert plan().ends(ZERO_S + begins_s, work_s) == pytest.approx(ZERO_S + ends_s)


def test_no_stalls_are_no_plan() -> None:
    """A length of 0: work ends when it would."""
    assert plan(length_s=0).ends(3, 4) == 7
    assert list(plan(length_s=0)) == []


@given(begins_s=st.floats(0, 100), works_s=st.lists(st.floats(0, 20), min_size=1, max_size=5))
def test_work_in_parts_ends_when_it_does_in_one(begins_s: float, works_s: list[float]) -> None:
    """One part after the other, through any number of stalls."""
    at_s = ZERO_S + begins_s
    for work_s in works_s:
        at_s = plan().ends(at_s, work_s)
    assert at_s == pytest.approx(plan().ends(ZERO_S + begins_s, sum(works_s)), abs=2.000001)
    worked_s = sum(works_s)
    assert at_s - ZERO_S - begins_s >= worked_s - 1e-6
