"""A planned load step keeps to the budget, whatever the decision on it took."""

import pytest
from hypothesis import given, strategies as st

from footfall._capacity.load_steps import BETWEEN_S, PlannedStep

SECONDS = st.floats(0, 1000)


def step(length_s: float, pause_s: float = 0.0) -> PlannedStep:
    """A step of 10 arrivals/s."""
    return PlannedStep(number=1, offered_per_s=10.0, length_s=length_s, purpose="confirm", pause_s=pause_s)


@given(st.floats(0.1, 1000), SECONDS, SECONDS)
def test_a_step_never_takes_more_than_is_left_nor_less_than_half(
    length_s: float, pause_s: float, left_s: float
) -> None:
    """And its rate and purpose stay."""
    planned = step(length_s, pause_s)
    fitted = planned.within(left_s)
    if fitted is None:
        assert left_s < pause_s + length_s / 2 + BETWEEN_S + 1e-9
    else:
        assert fitted.pause_s + fitted.length_s + BETWEEN_S <= left_s + 1e-3
        assert length_s / 2 - 1e-3 <= fitted.length_s <= length_s
        assert (fitted.offered_per_s, fitted.purpose) == (planned.offered_per_s, planned.purpose)


@pytest.mark.parametrize(
    ("left_s", "length_s"), [(42.0, 40.0), (32.0, 30.0), (22.0, 20.0), (21.0, None), (-5.0, None)]
)
def test_what_fits(left_s: float, length_s: float | None) -> None:
    """A step of 40 s, and 2 s for what comes between."""
    fitted = step(40.0).within(left_s)
    assert (fitted and fitted.length_s) == length_s
