"""The interval of a change holds it as often as it says, also where neighbours resemble each other."""

import numpy as np
import pytest
from numpy.typing import NDArray

from footfall.measure.bootstrap import block_length, change_interval


def _correlated(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Times whose neighbours resemble each other, as in a queue: exp of an autoregression of 0.6."""
    noise = rng.normal(size=n + 50)
    level = np.zeros(n + 50)
    for k in range(1, n + 50):
        level[k] = 0.6 * level[k - 1] + noise[k]
    return np.exp(0.3 * level[50:])


@pytest.mark.parametrize("q", [None, 0.5, 0.95])
def test_no_change_lies_inside_most_times(q: float | None) -> None:
    """Of 60 pairs of runs of the same service the interval misses zero in one of ten at most."""
    rng = np.random.default_rng(5)
    missed = 0
    for _ in range(60):
        low, high = change_interval(_correlated(rng, 600), _correlated(rng, 600), q, as_ratio=True)
        missed += not low <= 0 <= high
    assert missed <= 7


def test_a_service_that_is_a_fifth_slower_is_seen_to_be() -> None:
    """The interval holds +20 %, leaves zero outside, and is narrow."""
    rng = np.random.default_rng(6)
    low, high = change_interval(1.2 * _correlated(rng, 4000), _correlated(rng, 4000), 0.95, as_ratio=True)
    assert 0 < low < 0.2 < high
    assert high - low < 0.15
    low, high = change_interval(0.3 + _correlated(rng, 4000), _correlated(rng, 4000), None, as_ratio=False)
    assert 0.2 < low < 0.3 < high < 0.4


def test_it_gives_the_same_every_time_and_blocks_grow_with_the_run() -> None:
    """A verdict must repeat."""
    values = _correlated(np.random.default_rng(7), 300)
    first, again = (change_interval(values, values[::-1], 0.9, as_ratio=True) for _ in range(2))
    assert first == again
    assert [block_length(n) for n in (1, 8, 1000, 8000)] == [1, 2, 10, 20]
