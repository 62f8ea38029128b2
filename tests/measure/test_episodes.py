"""Bounds of a share whose bad visits come in episodes."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from footfall._stats.episodes import (
    Episodes,
    at_most,
    bad_share_bounds,
    episodes_of,
    spectral_effect,
    visits_to_decide,
)
from footfall._stats.intervals import wilson


def _clean(visits: int) -> Episodes:
    return Episodes(visits=visits, bad=0, episodes=0)


@pytest.mark.parametrize(
    ("limit", "longest", "visits"),
    [(0.05, 1, 74), (0.05, 5, 369), (0.05, 20, 1476), (0.05, 60, 4427), (0.1, 5, 185), (0.01, 60, 22134)],
)
def test_a_clean_run_passes_from_a_known_number_of_visits(limit: float, longest: float, visits: int) -> None:
    """3.69 times the declared length over the share that is allowed: exp(-n q / length) is 2.5 %."""
    assert bad_share_bounds(_clean(visits), longest).high <= limit
    assert bad_share_bounds(_clean(visits - 1), longest).high > limit
    assert visits_to_decide(_clean(100 if limit == 0.01 else 36), limit, longest) == max(visits, 37)


def test_many_single_failures_are_judged_by_wilson() -> None:
    """Where failures are scattered, the bounds are hardly wider than for independent visits."""
    bad = np.random.default_rng(5).random(4000) < 0.05
    seen, plain = episodes_of(bad), wilson(int(bad.sum()), 4000)
    found = bad_share_bounds(seen)

    assert found.low <= plain.low
    assert plain.high <= found.high
    assert found.half_width < 1.2 * plain.half_width


@given(st.lists(st.booleans(), min_size=1, max_size=300))
def test_the_account_of_episodes_adds_up(flags: list[bool]) -> None:
    """Good and bad make all; the bounds hold the share; an episode is as long as it is."""
    seen = episodes_of(np.array(flags))
    runs = [len(run) for run in "".join("x" if flag else " " for flag in flags).split()]
    bounds = bad_share_bounds(seen)

    assert (seen.visits, seen.bad, seen.episodes) == (len(flags), sum(flags), len(runs))
    assert seen.longest == max(runs, default=0)
    assert seen.effect >= 1
    assert 0 <= bounds.low <= seen.share <= bounds.high <= 1


@given(st.integers(1, 2000), st.integers(0, 4), st.sampled_from([1.0, 5.0, 20.0, 60.0]))
def test_with_few_episodes_one_failure_more_is_never_better(visits: int, bad: int, longest: float) -> None:
    """An episode's length is not known from the run: the upper bound grows with each failure, and with it."""
    if bad >= visits:
        return
    few = [Episodes(visits=visits, bad=count, episodes=min(count, 4)) for count in (bad, bad + 1)]
    fewer, more = (bad_share_bounds(each, longest).high for each in few)

    assert bad == 4 or fewer <= more + 1e-9
    assert fewer <= bad_share_bounds(few[0], longest + 1).high + 1e-9


def test_scattered_failures_show_that_they_are_scattered() -> None:
    """Chosen, and said in the docs: of 400 visits five scattered failures pass 95 %, one to four do not yet.

    Fewer than five do not show how long an episode lasts, so that the declared length counts.
    """
    highs = [bad_share_bounds(Episodes(visits=400, bad=bad, episodes=bad)).high for bad in range(6)]

    assert [high <= 0.05 for high in highs] == [True, False, False, False, False, True]


def test_one_long_outage_proves_no_share_and_a_gross_one_fails() -> None:
    """A fifth of 400 visits in one episode is undecided against 95 %, six tenths are not."""
    fifth, most = np.zeros((2, 400), dtype=bool)
    fifth[100:180] = True
    most[100:340] = True

    assert bad_share_bounds(episodes_of(fifth)).low <= 0.05 < bad_share_bounds(episodes_of(fifth)).high
    assert bad_share_bounds(episodes_of(most)).low > 0.05
    assert bad_share_bounds(episodes_of(np.ones(65, dtype=bool))).low > 0.7
    assert bad_share_bounds(episodes_of(np.ones(5, dtype=bool))).low < 0.05


def test_customers_whose_visits_lie_apart_tell_as_much_as_they_are() -> None:
    """Five visits each, all good or all bad, interleaved: D is about five, which no neighbour shows."""
    fails = np.random.default_rng(3).random(400) < 0.05
    customers = np.tile(np.arange(400), 5)
    bad = fails[customers]

    assert episodes_of(bad, customers).effect > 4


@pytest.mark.parametrize(("memory", "effect"), [(0.0, 1), (0.5, 3), (0.8, 9)])
def test_the_effect_of_an_autoregressive_series_is_found(memory: float, effect: float) -> None:
    """(1 + phi) / (1 - phi)."""
    draws = np.random.default_rng(1).standard_normal(20_000)
    values = np.zeros(20_000)
    for i in range(1, 20_000):
        values[i] = memory * values[i - 1] + draws[i]

    assert spectral_effect(values) == pytest.approx(effect, rel=0.15)


def test_the_law_of_episodes_is_a_probability() -> None:
    """Episodes of one visit are Poisson; longer ones make few visits likelier; all visits are certain."""
    poisson = sum(np.exp(-5.0) * 5.0**k / np.prod(np.arange(1, k + 1)) for k in range(4))

    assert at_most(3, 5.0, 1.0) == pytest.approx(poisson)
    assert at_most(0, 20.0, 5.0) == pytest.approx(np.exp(-4.0))
    assert at_most(3, 5.0, 5.0) > at_most(3, 5.0, 1.0)
    assert at_most(10_000, 20.0, 5.0) == pytest.approx(1)


@pytest.mark.parametrize(
    ("share", "length", "n", "limit"),
    [(0.02, 1, 300, 0.05), (0.03, 3, 800, 0.05), (0.12, 2, 150, 0.05), (0.004, 1, 500, 0.01)],
)
def test_the_number_of_visits_that_is_named_is_enough(
    share: float, length: int, n: int, limit: float
) -> None:
    """The same series played on until then is decided."""
    rng = np.random.default_rng(11)
    bad = np.repeat(rng.random(n // length) < share, length)
    seen = episodes_of(bad)
    needed = visits_to_decide(seen, limit)
    assert needed is not None
    longer = np.tile(bad, -(-needed // len(bad)))[:needed]
    bounds = bad_share_bounds(episodes_of(longer))

    assert bounds.high <= limit or bounds.low > limit


def test_no_visits_have_no_share() -> None:
    """Nothing is not 0 %."""
    with pytest.raises(ValueError, match="no visits"):
        bad_share_bounds(_clean(0))
