"""When work began, from arrivals and departures alone."""

import numpy as np
from hypothesis import given, settings, strategies as st

from footfall._calibrate.queue_orders import slot_begins, slot_free_from


def ends_in_order(came_s: np.ndarray, work_s: np.ndarray, slots: int) -> np.ndarray:
    """Departures of one queue in the order of arrival before so many slots (Kiefer and Wolfowitz 1955)."""
    free_s, ended_s = np.zeros(slots), np.zeros(len(came_s))
    for place, (at_s, own_s) in enumerate(zip(came_s, work_s, strict=True)):
        ended_s[place] = max(at_s, free_s[0]) + own_s
        free_s[0] = ended_s[place]
        free_s.sort()
    return ended_s


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), slots=st.integers(1, 6))
def test_neighbours_that_changed_places_have_no_work_below_0(seed: int, slots: int) -> None:
    """Pairs that came in the other order than they were sent: the times of work are possible again."""
    rng = np.random.default_rng(seed)
    came_s = np.cumsum(rng.exponential(0.01, 200))
    work_s = rng.gamma(0.5, 0.02 * slots * 0.8, 200)
    ended_s = ends_in_order(came_s, work_s, slots)
    pairs = np.flatnonzero(rng.random(199) < 0.2)
    pairs = pairs[np.diff(pairs, prepend=-2) > 1]
    order = np.arange(200)
    order[pairs], order[pairs + 1] = order[pairs + 1], order[pairs].copy()
    sent_s = came_s.copy()
    sent_s[pairs + 1] = came_s[pairs] + 1e-4
    ended_s = ended_s[order]
    table = slot_free_from(ended_s, slots + 1)
    plain = ended_s - np.maximum(sent_s, table[:, slots - 1])
    found = ended_s - np.maximum(sent_s, slot_begins(sent_s, ended_s, table, slots))
    assert found.min() >= plain.min()
    assert (found < -2e-4).sum() <= (plain < -2e-4).sum() * 0.2


def test_requests_far_apart_keep_their_order() -> None:
    """A wrong number of slots is not excused: only those sent together may have changed places."""
    sent_s = np.array([0.0, 0.01, 0.02])
    ended_s = np.array([1.0, 0.5, 0.3])
    table = slot_free_from(ended_s, 2)
    assert slot_begins(sent_s, ended_s, table, 1).tolist() == table[:, 0].tolist()
