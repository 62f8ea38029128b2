"""When visits did well again after a disturbance."""

from math import inf

import numpy as np
import pytest

from footfall._stats.recovery import VISITS_A_BIN, recovery

RATE = 30.0
EVERY_S = np.arange(0, 60, 1 / RATE)


def found(*bad_s: tuple[float, float], disturbed: tuple[float, float] = (10, 20)) -> float:
    """Give the time to recover of visits that fail in some times only."""
    is_served = np.ones(len(EVERY_S), dtype=bool)
    for begins_s, ends_s in bad_s:
        is_served &= (begins_s > EVERY_S) | (ends_s <= EVERY_S)
    return recovery(EVERY_S, is_served, disturbed, RATE).after_s


@pytest.mark.parametrize(
    ("bad_s", "after_s"),
    [
        ((), 0),
        (((10, 20),), 0),
        (((10, 25),), 5),
        (((10, 25.5),), 6),
        (((10, 22), (30, 31)), 11),
        (((10, 60),), inf),
        (((10, 58.5),), inf),
        (((10, 25), (59, 60)), inf),
    ],
)
def test_it_has_recovered_when_no_bin_does_badly_any_more(
    bad_s: tuple[tuple[float, float], ...], after_s: float
) -> None:
    """To the end of the last bad second; what is good for the last seconds alone shows nothing."""
    assert VISITS_A_BIN == RATE
    assert found(*bad_s) == pytest.approx(after_s)


def test_faults_that_are_always_there_are_no_disturbance() -> None:
    """A third fails before, meanwhile and after."""
    is_served = np.arange(len(EVERY_S)) % 3 > 0
    seen = recovery(EVERY_S, is_served, (10, 20), RATE)
    assert seen.after_s == 0
    assert seen.usual_share == pytest.approx(2 / 3, abs=0.01)


def test_what_was_never_well_does_not_recover() -> None:
    """Nor does a run in which none came after the disturbance, or before."""
    assert not recovery(EVERY_S, np.zeros(len(EVERY_S), dtype=bool), (10, 20), RATE).recovered
    early = EVERY_S[EVERY_S < 20]
    assert not recovery(early, np.ones(len(early), dtype=bool), (10, 20), RATE).recovered
    late = EVERY_S[EVERY_S > 20]
    assert not recovery(late, np.ones(len(late), dtype=bool), (10, 20), RATE).recovered
