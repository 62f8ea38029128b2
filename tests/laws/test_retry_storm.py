"""Clients that time out and try again: the same burst of load passes, or leaves a server dead for good.

One server of 100 requests/s (exponential work), first come, first served; a client gives up after 1 s and
tries up to twice more, at once. From second 5 a burst comes on top. The law, with stale work served: what
stays when the burst is over recovers if λ(1 + r) < μ and else never; a budget of b puts 1 + b in place of
1 + r; a server that cuts what nobody waits for recovers whenever λ < μ (Bronson et al. 2021).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pytest

from footfall._behaviour import keyed
from footfall._model.durations import exponential_s
from footfall._model.numbers import Number
from footfall._model.station_specs import CircuitBreaker, RequestServer, Retry
from footfall._simulate.day import Day
from footfall._simulate.stations.guarded_server import GuardedServerStation
from footfall._workload.arrivals import Arrivals
from footfall.theory.networks import largest_stable_rate
from tests.laws.conftest import SEED, model_of

Numbers = Callable[[float], Number]
SERVICE_PER_S, RETRIES, BUDGET = 100.0, 2, 0.1
BURST_AT_S = 5.0
DEAD, WELL = 0.01, 0.97


@dataclass(frozen=True, slots=True)
class Storm:
    """What became of requests, and how often they were sent."""

    goodput_in_burst: float
    """Share of those answered in time that came in the seconds after the burst."""
    goodput_at_end: float
    """The same of the last 20 s."""
    tries_by_request: float
    times_opened: int


Play = Callable[..., Storm]


def burst(arrivals_per_s: float, more_per_s: float, lasts_s: float, ends_s: float) -> Arrivals:
    """Give a Poisson stream with more of it for a while."""
    times_s = np.array([0.0, BURST_AT_S, BURST_AT_S + lasts_s, ends_s])
    rates = np.array([arrivals_per_s, arrivals_per_s + more_per_s, arrivals_per_s])
    expected = np.concatenate([[0.0], np.cumsum(rates * np.diff(times_s))])
    numbers = np.arange(int(expected[-1] + 6 * expected[-1] ** 0.5), dtype=np.int64)
    keys = keyed.customer_keys(keyed.run_key(SEED, 0), numbers)
    # A unit Poisson stream on the clock of the expected number (Cinlar 1975).
    come = np.cumsum(-np.log(keyed.uniforms(keys, "gap")))
    count = int((come < expected[-1]).sum())
    zeros = np.zeros(count, dtype=np.int64)
    return Arrivals(
        customers=numbers[:count],
        keys=keys[:count],
        at_s=np.interp(come[:count], expected, times_s),
        segments=zeros,
        operations=zeros,
        subscribers=zeros,
        channels=zeros,
    )


@pytest.fixture(scope="module")
def play(number: Numbers) -> Play:
    """Let the burst come upon the server, and see how it does at the end."""

    def run(
        arrivals_per_s: float,
        ends_s: float,
        more_per_s: float,
        lasts_s: float,
        budget_share: float = 0,
        failure_share: float = 0,
        **fields: Any,  # noqa: ANN401  of the server
    ) -> Storm:
        server = RequestServer(
            slots=number(1),
            accept_queue=number(10**6),
            deadline_s=number(1),
            retry=Retry(
                retries_most=number(RETRIES), backoff_s=number(0), retry_budget_share=number(budget_share)
            ),
            breaker=CircuitBreaker(failure_share=number(failure_share)),
            **fields,
        )
        model = model_of(server, exponential_s(number(1 / SERVICE_PER_S)))
        day = Day(model, burst(arrivals_per_s, more_per_s, lasts_s, ends_s), SEED, ends_s)
        visits = day.run().visits
        (station,) = day._stations
        assert isinstance(station, GuardedServerStation)
        after_s = BURST_AT_S + lasts_s
        return Storm(
            goodput_in_burst=goodput(visits, after_s, after_s + 5),
            goodput_at_end=goodput(visits, ends_s - 20, ends_s),
            tries_by_request=1 + station.guard.retries / station.guard.requests,
            times_opened=station.guard.breaker.times_opened if station.guard.breaker else 0,
        )

    return run


def goodput(visits: pl.DataFrame, from_s: float, to_s: float) -> float:
    """Share answered in time, of the requests that came then."""
    found = visits.filter(pl.col("due_s") >= from_s, pl.col("due_s") < to_s)
    return float((found["outcome"] == "served").to_numpy().mean())


@pytest.mark.parametrize("arrivals_per_s", [25, 30, 36, 40, 50, 70])
def test_stale_work_keeps_a_server_dead_above_a_third_of_its_rate(play: Play, arrivals_per_s: float) -> None:
    """R = 2, μ = 100/s: 25 and 30/s recover, from 36/s on not one request in a hundred is answered again."""
    storm = play(arrivals_per_s, 120, more_per_s=200, lasts_s=2, stale_work="served")
    assert storm.goodput_in_burst < 0.2
    if arrivals_per_s < largest_stable_rate(SERVICE_PER_S, RETRIES):
        assert storm.goodput_at_end > WELL
    else:
        assert storm.goodput_at_end < DEAD
        assert storm.tries_by_request > 2.5


@pytest.mark.parametrize("arrivals_per_s", [70, 85, 88, 95])
def test_a_retry_budget_moves_the_threshold_to_ten_elevenths(play: Play, arrivals_per_s: float) -> None:
    """B = 0.1: 70, 85 and 88/s recover, at most one retry in ten requests; 95/s lies above 90.9/s."""
    storm = play(arrivals_per_s, 220, 100, 4, budget_share=BUDGET, stale_work="served")
    assert storm.goodput_in_burst < 0.2
    assert storm.tries_by_request < 1 + BUDGET + 0.01
    if arrivals_per_s < largest_stable_rate(SERVICE_PER_S, RETRIES, BUDGET):
        assert storm.goodput_at_end > WELL
    else:
        assert storm.goodput_at_end < DEAD


@pytest.mark.parametrize("arrivals_per_s", [70, 90, 95])
def test_a_server_that_cuts_stale_work_recovers_up_to_its_own_rate(play: Play, arrivals_per_s: float) -> None:
    """Exact for exponential work: a busy server answers μ requests a second, as old as they may be."""
    storm = play(arrivals_per_s, 80, 100, 4, stale_work="cut")
    assert storm.goodput_at_end > WELL


@pytest.mark.parametrize(("arrivals_per_s", "ends_s"), [(70, 80), (85, 80), (90, 200)])
def test_work_dropped_at_its_turn_recovers_where_served_work_never_does(
    play: Play, arrivals_per_s: float, ends_s: float
) -> None:
    """What begins in time is worked to its end, so some is lost; far beyond the 33/s of stale work served."""
    storm = play(arrivals_per_s, ends_s, 150, 4, stale_work="dropped")
    assert storm.goodput_in_burst < 0.7
    assert storm.goodput_at_end > WELL


def test_work_dropped_at_its_turn_does_not_reach_the_server_s_own_rate(play: Play) -> None:
    """At 95/s half the requests stay unanswered: whoever is served waited nearly to the deadline before."""
    storm = play(95, 120, 100, 4, stale_work="dropped")
    assert 0.3 < storm.goodput_at_end < 0.7


@pytest.mark.parametrize("arrivals_per_s", [50, 70])
def test_a_circuit_breaker_brings_a_dead_server_back(play: Play, arrivals_per_s: float) -> None:
    """Dead for good without one; open for 5 s at a time, it lets the server work off what nobody wants."""
    storm = play(arrivals_per_s, 80, 200, 2, failure_share=0.5, stale_work="served")
    assert storm.goodput_in_burst < 0.2
    assert storm.times_opened >= 1
    assert storm.goodput_at_end > WELL
