"""Integrals over intervals are what adding up the overlaps one by one gives."""

import itertools

import numpy as np
import pytest
from hypothesis import given, strategies as st

from footfall._simulate.day_counts import intervals, level_seconds, work_seconds

EDGES = st.lists(st.floats(1, 5000), min_size=1, max_size=8, unique=True).map(
    lambda found: np.array([0.0, *sorted(found)])
)
STAYS = st.lists(st.tuples(st.floats(0, 6000), st.floats(0, 4000)), max_size=30)
MESSAGES = st.lists(st.floats(0, 3000), max_size=30)


@given(edges_s=EDGES, stays=STAYS)
def test_levels_are_the_sum_of_all_overlaps(
    edges_s: np.ndarray[tuple[int], np.dtype[np.float64]], stays: list[tuple[float, float]]
) -> None:
    """Each stay's overlap with each interval; who goes after the last edge is there up to it."""
    begun = [at_s for at_s, _ in stays]
    ended = [at_s + for_s for at_s, for_s in stays]
    found = level_seconds(begun, sorted(ended), edges_s)
    expected = [
        sum(max(0.0, min(b, to_s) - max(a, from_s)) for a, b in zip(begun, ended, strict=True))
        for from_s, to_s in itertools.pairwise(edges_s)
    ]
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_who_has_no_end_is_there_to_the_last_edge() -> None:
    """One comes at 5 and stays, one is there from 0 to 15."""
    assert level_seconds([5, 0], [15], np.array([0.0, 10, 20])).tolist() == [15, 15]


@given(edges_s=EDGES, came=MESSAGES, service_s=st.sampled_from([0.5, 7.0, 400.0]))
def test_work_in_hand_is_the_integral_of_the_backlog(
    edges_s: np.ndarray[tuple[int], np.dtype[np.float64]], came: list[float], service_s: float
) -> None:
    """The backlog of one server, integrated piece by piece between all that happens."""
    came.sort()
    gone, free_s = [], 0.0
    for at_s in came:
        free_s = max(at_s, free_s) + service_s
        gone.append(free_s)

    def backlog_s(at_s: float) -> float:
        inside = [g for c, g in zip(came, gone, strict=True) if c <= at_s < g]
        return max(inside) - at_s if inside else 0.0

    found = work_seconds(came, gone, service_s, edges_s)
    for k, (from_s, to_s) in enumerate(itertools.pairwise(edges_s)):
        cuts = sorted({from_s, to_s, *(t for t in (*came, *gone) if from_s < t < to_s)})
        # Linear between the cuts: the middle times the width.
        expected = sum((b - a) * backlog_s((a + b) / 2) for a, b in itertools.pairwise(cuts))
        assert found[k] == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_an_edge_belongs_to_the_interval_that_begins_with_it() -> None:
    """Also where the last interval is of another width."""
    edges_s = np.array([0.0, 10, 20, 25])
    assert intervals(np.array([0, 9.9, 10, 20, 24.9, 25, 99]), edges_s).tolist() == [0, 0, 1, 2, 2, 3, 3]
