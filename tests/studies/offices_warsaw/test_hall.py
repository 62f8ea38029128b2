"""The simulated counter waits as theory says, and obeys its clerks and its absent customers."""

from dataclasses import replace
from statistics import fmean, stdev

import numpy as np
import pytest
from scipy import stats

from footfall.theory.many_servers import erlang_c_wait_mean
from studies.offices_warsaw.hall import Luck, waiting_seen
from tests.studies.offices_warsaw.small import LOOK_S, blank, offices, some_came


def test_as_many_wait_as_erlang_c_says() -> None:
    """Three counters, 0.6 busy: λ W(q) inside the 99.9 % interval of 20 runs, the interval within ±12 %."""
    per_s, service_s, counters, looks, warm_up = 1 / 100, 180.0, 3, 2000, 100
    lengths = []
    for run in range(20):
        came = some_came(1000 + run, looks, per_s * LOOK_S)
        day = blank(came, counters, since_s=0.0)
        seen = waiting_seen(offices(), day, came, service_s, Luck(1, run))
        lengths.append(float(seen[warm_up:].mean()))
    expected = per_s * erlang_c_wait_mean(counters, per_s, 1 / service_s)
    error = stdev(lengths) / len(lengths) ** 0.5
    assert abs(fmean(lengths) - expected) < float(stats.t.ppf(0.9995, 19)) * error
    assert error * float(stats.t.ppf(0.975, 19)) < 0.12 * expected


def test_who_has_left_is_called_all_the_same_in_half_a_minute() -> None:
    """Nobody of 30 is patient; a counter that opens after five minutes calls ten of them in five."""
    came = np.array([30, 0, 0, 0])
    day = replace(blank(came, 1), counters=np.array([0, 1, 1, 1]))
    seen = waiting_seen(offices(patience_s=1e-3, absent_s=30), day, came, 1e9, Luck(1, 0))
    # One is at the counter whenever somebody looks, and is done an instant later.
    assert seen.tolist() == [30, 29, 20, 10]


def test_without_a_counter_nobody_is_called() -> None:
    """Those who come wait."""
    came = some_came(3)
    seen = waiting_seen(offices(), blank(came, 0), came, 60.0, Luck(1, 0))
    assert seen.tolist() == np.cumsum(came).tolist()


@pytest.mark.parametrize("quicker", [0.5, 0.9])
def test_a_shorter_service_leaves_no_more_waiting(quicker: float) -> None:
    """At every look: first come, first served, with the same luck."""
    came = some_came(4)
    slow, fast = (waiting_seen(offices(), blank(came, 2), came, 400 * k, Luck(1, 0)) for k in (1, quicker))
    assert (fast <= slow).all()
    assert fast.sum() < slow.sum()


def test_a_seed_repeats_and_another_differs() -> None:
    """The same luck gives the same day."""
    came = some_came(5)
    days = [waiting_seen(offices(), blank(came, 2), came, 400.0, Luck(seed, 0)) for seed in (1, 1, 2)]
    assert days[0].tolist() == days[1].tolist()
    assert days[0].tolist() != days[2].tolist()
