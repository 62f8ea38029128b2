"""Habit, trust and awareness move as their equations say."""

from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from footfall._choice.month_step import Hazards, awareness_after, habit_after, trust_after
from footfall.theory.fluid import bass_share

shares = st.floats(0, 1)
visits = st.floats(0, 50)
parts = st.floats(0, 1)
INNOVATION, IMITATION = 0.03 / 12, 0.38 / 12
"""Of the average innovation, per month (Sultan, Farley and Lehmann 1990)."""


def one(*values: float) -> tuple[Any, ...]:
    """Give arrays of one future."""
    return tuple(np.array([value]) for value in values)


def aware_after(months: int, aware: float, *rates: float) -> tuple[float, float]:
    """Give who never used it and who does after so many months."""
    never, using = one(1 - aware, aware)
    for _ in range(months):
        never, using = awareness_after(never, using, Hazards(*one(*rates)))
    return float(never[0]), float(using[0])


@given(habit=shares, chosen=shares)
def test_a_habit_that_is_never_lost_stays_and_one_lost_at_once_is_the_last_choice(
    habit: float, chosen: float
) -> None:
    """R = 1 and r = 0."""
    assert habit_after(*one(habit, chosen, 0.0)) == habit
    assert habit_after(*one(habit, chosen, 1.0)) == chosen


def test_half_of_a_habit_is_gone_after_its_half_life() -> None:
    """At r = 0.9 after ln 2 / -ln 0.9 = 6.58 months: 0.9^6 of it is left after six."""
    habit = np.array([1.0])
    for _ in range(6):
        habit = habit_after(habit, *one(0.0, 0.1))
    assert habit[0] == pytest.approx(0.9**6, rel=1e-12)


@given(trust=shares, served=visits, failed=visits, gain=parts, loss=parts)
def test_trust_stays_within_0_and_1_whatever_happens(
    trust: float, served: float, failed: float, gain: float, loss: float
) -> None:
    """Without a clamp: each visit goes a part of the way."""
    after = float(trust_after(*one(trust, served, failed, gain, loss))[0])
    assert -1e-12 <= after <= 1 + 1e-12


@given(trust=shares, visited=visits, low=shares, high=shares, gain=parts, loss=parts)
def test_more_success_of_the_same_visits_never_leaves_less_trust(
    trust: float, visited: float, low: float, high: float, gain: float, loss: float
) -> None:
    """At any start and any parts."""
    low, high = sorted((low, high))
    after = [
        trust_after(*one(trust, visited * share, visited * (1 - share), gain, loss))[0]
        for share in (low, high)
    ]
    assert after[0] <= after[1] + 1e-12


def test_one_visit_moves_trust_by_its_part_of_the_way() -> None:
    """For few visits the change is gain (1 - T) for each success and loss T for each failure."""
    few = 1e-6
    for visits_of, change in (((few, 0.0), 0.004), ((0.0, few), -0.018)):
        after = trust_after(*one(0.6, *visits_of, 0.01, 0.03))[0]
        assert (after - 0.6) / few == pytest.approx(change, rel=1e-4)


@pytest.mark.parametrize("months", [1, 12, 36, 120])
def test_awareness_without_leavers_is_bass(months: int) -> None:
    """Bass (1969), equation 4, from nobody."""
    _, aware = aware_after(months, 0.0, INNOVATION, IMITATION, 0.0, 0.0)
    assert aware == pytest.approx(bass_share(months, INNOVATION, IMITATION), abs=1e-9)


def test_with_leavers_who_return_like_others_awareness_reaches_its_equilibrium() -> None:
    """With k = 1: q A^2 + (p + d - q) A - p = 0; the positive root, from above and from below."""
    p, q, d = INNOVATION, IMITATION, 0.01
    root = ((q - p - d) + sqrt((q - p - d) ** 2 + 4 * q * p)) / (2 * q)
    assert 0.6 < root < 0.8
    for start in (0.0, 1.0):
        assert aware_after(1200, start, p, q, d, 1.0)[1] == pytest.approx(root, abs=1e-9)


def test_with_leavers_who_never_return_nobody_is_left() -> None:
    """K = 0: whoever leaves is lost."""
    assert aware_after(1200, 0.5, 0.1, IMITATION, 0.02, 0.0)[1] < 1e-9


@given(start=shares, p=st.floats(0, 0.3), q=st.floats(0, 0.3), d=st.floats(0, 0.3), k=st.floats(0, 2))
def test_nobody_is_lost_or_made(start: float, p: float, q: float, d: float, k: float) -> None:
    """Who never used it, who does and who left it are shares, also at rates far above real ones."""
    never, aware = aware_after(12, start, p, q, d, k)
    assert -1e-9 <= never <= 1 + 1e-9
    assert -1e-9 <= aware <= 1 + 1e-9
    assert never + aware <= 1 + 1e-9
