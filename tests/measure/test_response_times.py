"""Bounds of percentiles and means of times that remember."""

import numpy as np
import pytest

from footfall._measure.quantile_bounds import quantile_bounds
from footfall._measure.run_data import alike
from footfall._stats.response_times import (
    Slow,
    mean_bounds,
    memory_of,
    slow_of,
    slow_share_bounds,
    tells_a_share,
    visits_to_decide_mean,
    visits_to_decide_slow,
)


def _times(n: int, memory: float = 0.0, seed: int = 1) -> np.ndarray:
    draws = np.random.default_rng(seed).standard_normal(n)
    logs = np.zeros(n)
    for i in range(1, n):
        logs[i] = memory * logs[i - 1] + np.sqrt(1 - memory**2) * draws[i]
    return np.exp(logs)


def _slow(times: np.ndarray, limit_s: float, quantile: float) -> Slow:
    return slow_of(times > limit_s, memory_of(times, quantile))


@pytest.mark.parametrize(("visits", "passes"), [(426, True), (368, False), (117, False)])
def test_a_percentile_far_below_its_limit_passes_as_a_clean_share_does(visits: int, passes: bool) -> None:  # noqa: FBT001 - a table's column
    """426 visits of at most 776 ms bound the 95th percentile by 800 ms, and 369 would."""
    times = np.minimum(0.4 + 0.05 * _times(visits), 0.776)
    slow = _slow(times, 0.8, 0.95)

    assert (slow_share_bounds(slow).high <= 0.05) is passes


def test_a_pause_that_bunches_the_slowest_visits_undoes_no_clear_pass() -> None:
    """413 visits, all below a quarter of the limit; a pause of the machine made five in a row the slowest."""
    times = 0.4 + 0.05 * _times(413)
    times[200:205] = 0.78
    slow = _slow(times, 3.0, 0.95)

    assert slow.effect > 1.5
    assert slow_share_bounds(slow).high <= 0.05
    assert slow_share_bounds(slow, longest=20).high > 0.05


@pytest.mark.parametrize(("n", "limit_s"), [(117, 60.0), (300, 9.0), (500, 7.5), (300, 3.5)])
def test_the_number_of_visits_that_is_named_decides(n: int, limit_s: float) -> None:
    """In at least eight of ten other runs of the same service."""
    times = _times(n, seed=4)
    needed = visits_to_decide_slow(_slow(times, limit_s, 0.95))
    assert needed is not None
    decided = 0
    for seed in range(10, 20):
        longer = _times(needed, seed=seed)
        bounds = slow_share_bounds(_slow(longer, limit_s, 0.95))
        decided += bounds.high <= 0.05 or bounds.low > 0.05

    assert decided >= 8


def test_the_number_of_visits_that_is_named_for_a_mean_decides() -> None:
    """In at least eight of ten other runs of the same service, whose mean is 1.65 s."""
    needed = visits_to_decide_mean(_times(200, seed=2), 2.5)
    assert needed is not None

    assert sum(mean_bounds(_times(needed, seed=seed)).high < 2.5 for seed in range(30, 40)) >= 8
    assert visits_to_decide_mean(np.ones(5), 1.0) is None


def test_times_that_remember_tell_less() -> None:
    """Bounds of the same values are wider where neighbours are alike, or there are none."""
    alone, alike = _times(8000), _times(8000, memory=0.9)

    assert quantile_bounds(alike, 0.95).half_width > 2 * quantile_bounds(alone, 0.95).half_width
    assert mean_bounds(alike).half_width > 2 * mean_bounds(alone).half_width
    assert quantile_bounds(_times(1000, memory=0.9), 0.95).half_width == np.inf


def test_the_bounds_hold_the_figure() -> None:
    """Of independent lognormal times, and they are narrow."""
    times = _times(5000, seed=8)

    for bounds, truth in ((quantile_bounds(times, 0.95), 5.18), (mean_bounds(times), 1.649)):
        assert bounds.low < truth < bounds.high
        assert bounds.half_width < 0.12 * truth


def test_equal_times_are_no_memory() -> None:
    """A clock of whole seconds does not make neighbours alike, and a constant has a sharp mean."""
    times = np.ones(500)

    assert slow_share_bounds(_slow(times, 2, 0.95)).high < 0.05
    assert slow_share_bounds(_slow(times, 0.5, 0.95)).low > 0.7
    assert mean_bounds(times) == (1.0, 1.0)


def test_a_time_that_is_not_known_is_endless() -> None:
    """A tenth of the visits was never answered: the 95th percentile cannot be shown to be below anything."""
    times = np.where(np.arange(1000) % 10 == 3, np.inf, _times(1000))

    assert slow_share_bounds(_slow(times, 1e9, 0.95)).low > 0.05


def test_forty_visits_that_are_all_too_slow_fail() -> None:
    """Forty of forty beyond the limit of a 95th percentile; of a median it would be a queue's doing."""
    times = _times(40, memory=0.9)

    assert slow_share_bounds(_slow(times, 0, 0.95)).low > 0.05
    assert slow_share_bounds(_slow(times, 0, 0.5)).low == 0


@pytest.mark.parametrize("n", [1, 2, 19, 50])
def test_a_handful_of_visits_has_a_number_that_would_decide(n: int) -> None:
    """None of so few is beyond their own 95th percentile; that is no reason for "no number of visits"."""
    needed = visits_to_decide_slow(_slow(np.linspace(0.1, 0.2, n), 3.0, 0.95))
    assert needed is not None
    assert needed >= 369  # what a run needs in which no visit is slow (docs/reference/criteria.md)


def test_visits_like_their_neighbours_are_said_to_tell_little() -> None:
    """736 visits far below the limit, whose times drift: the reason is that, not the declared episodes."""
    drifting = _slow(_times(736, memory=0.99), 1e3, 0.95)
    assert not tells_a_share(drifting)
    said = alike(drifting)
    assert said.startswith("visits one after the other took about as long, so 736 of them tell as much as ")
    assert said.endswith("and 50 are needed")
    assert alike(_slow(np.linspace(0.1, 0.1, 3), 1.0, 0.95)) == "at least 50 visits are needed"
    assert tells_a_share(_slow(_times(736), 1e3, 0.95))
