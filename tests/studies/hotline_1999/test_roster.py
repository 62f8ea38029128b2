"""Agents are on duty as their calls say, by half hour."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from studies.hotline_1999.roster import SLOTS, joined, shifts

HALF_HOUR_S = 1800.0
SHARES = st.lists(st.sampled_from([0.0, 0.1, 0.35, 0.5, 0.9, 1.0]), min_size=1, max_size=20)


@given(SHARES)
def test_shifts_have_the_shares_that_they_are_made_from(shares: list[float]) -> None:
    """Half hour by half hour, and in order without overlap."""
    whole = np.zeros(SLOTS)
    whole[10 : 10 + len(shares)] = shares
    found = np.zeros(SLOTS)
    last_s = 0.0
    for begins_s, ends_s in shifts(whole):
        assert last_s <= begins_s < ends_s
        last_s = ends_s
        starts = np.arange(SLOTS) * HALF_HOUR_S
        inside = np.minimum(ends_s, starts + HALF_HOUR_S) - np.maximum(begins_s, starts)
        found += np.maximum(inside, 0) / HALF_HOUR_S
    # Shifts with a second or less between them are one.
    assert found == pytest.approx(whole, abs=1e-3)


def test_a_gap_of_the_limit_is_on_duty_and_a_longer_one_is_not() -> None:
    """By hand: calls at 0, 100 and 1401 s that end after 100, 200 and 1500 s."""
    calls = [(0.0, 100.0, 0), (100.0, 200.0, 1), (1401.0, 1500.0, 2)]
    assert joined(calls, 1201.0) == [(0.0, 1500.0)]
    assert joined(calls, 1200.0) == [(0.0, 200.0), (1401.0, 1500.0)]


def test_an_absence_lies_next_to_the_emptier_neighbour() -> None:
    """Half of the first half hour of a shift is its second half, half of the last its first."""
    shares = np.zeros(SLOTS)
    shares[20:23] = (0.5, 1.0, 0.5)
    assert shifts(shares) == [(20.5 * HALF_HOUR_S, 22.5 * HALF_HOUR_S)]
