"""Which points of a storm map recover: by theory where there is one, by an experiment of others."""

from dataclasses import replace
from math import inf
from statistics import fmean

import numpy as np
import pytest

from footfall._model.durations import Duration, constant_s, exponential_s
from footfall._model.station_specs import RequestServer, Retry
from footfall._simulate.storm_points import (
    StormCase,
    StormPoint,
    found_at,
    recovers,
    run_point,
    seconds_at,
)
from footfall._simulate.storm_simulation import TriggerKind
from footfall.theory.networks import largest_stable_rate
from tests.laws.conftest import model_of
from tests.made_up import number

PER_S = 100.0


def case(service: Duration | None = None, retries: int = 2, slots: int = 1, **fields: object) -> StormCase:
    """Give a server of 100 requests/s whose clients give up after 1 s and try again at once."""
    server = RequestServer.model_validate(
        {
            "slots": number(slots),
            "accept_queue": number(inf),
            "deadline_s": number(1),
            "stale_work": "served",
            "retry": Retry(retries_most=number(retries), backoff_s=number(0)),
        }
        | fields
    )
    service = service or exponential_s(number(slots / PER_S))
    (channel,) = model_of(server, service).channels
    return StormCase(channel=channel, mix={"query": 1.0})


@pytest.mark.parametrize(
    ("retries", "budget_share", "slots"), [(2, 0, 1), (4, 0.1, 4)], ids=["retries", "budget"]
)
def test_three_per_cent_below_the_border_recovers_and_three_above_does_not(
    retries: int, budget_share: float, slots: int
) -> None:
    """λ(1 + r) = μ, and λ(1 + b) = μ with a budget of b, whatever the number of slots."""
    asked = case(retries=retries, slots=slots)
    border = largest_stable_rate(1.0, retries, budget_share or inf)
    below, above = (
        StormPoint(border * share, retries, budget_share, asked.longest_s / 4) for share in (0.97, 1.03)
    )
    assert recovers(asked, below, 1, exact=True)
    assert not recovers(asked, above, 1, exact=True)


def test_a_short_stall_shows_which_points_are_vulnerable() -> None:
    """Beyond the border a stall of 0.3 s passes unseen at a deadline of 1 s, and one of 20 s is for good."""
    asked = replace(case(), longest_s=20)
    states = {
        (load, trigger_s): found_at(asked, StormPoint(load, 2, 0, trigger_s), 2).state
        for load, trigger_s in ((0.2, 0.3), (0.2, 20), (0.5, 0.3), (0.5, 20))
    }
    assert states == {
        (0.2, 0.3): "stable",
        (0.2, 20): "stable",
        (0.5, 0.3): "vulnerable",
        (0.5, 20): "metastable",
    }


@pytest.mark.parametrize("kind", ["outage", "load"])
def test_every_kind_of_trigger_leaves_a_storm_behind(kind: TriggerKind) -> None:
    """Clients with many retries come back together after an outage; extra load fills the queue."""
    asked = replace(
        case(retries=4, retry=Retry(retries_most=number(4), backoff_s=number(2), jitter_share=number(0))),
        trigger=kind,
        strength=2.0,
    )
    assert not run_point(asked, StormPoint(0.6, 4, 0, 10), 0).recovered
    assert run_point(asked, StormPoint(0.1, 4, 0, 10), 0).recovered


def test_a_server_that_cuts_recovers_below_its_own_rate() -> None:
    """Nothing stale is worked off, so retries do no harm for good."""
    assert found_at(case(stale_work="cut"), StormPoint(0.9, 2, 0, 10), 2).state == "stable"
    assert found_at(case(stale_work="served"), StormPoint(0.9, 2, 0, 10), 2).state == "metastable"


@pytest.mark.parametrize("slots", [1, 4])
def test_the_time_to_recover_is_that_of_the_queue_s_drift(slots: int) -> None:
    """While all give up, 1 + r tries a visit come: a wait of w is gone in w/(1 - ρ(1 + r)) (Wald 1944).

    A stall of 4 s leaves its own length and the work of the tries that came meanwhile; at r = 1 and ρ = 0.3
    half of the server is left to work it off.
    """
    asked = case(retries=1, slots=slots)
    point = StormPoint(0.3, 1, 0, 8)
    found = fmean(run_point(asked, point, number).after_s for number in range(6))
    # Of those who came in the stall, all but the last second's have given up and come again once.
    tries_s = 0.3 * (8 + 7)
    expected_s = (tries_s - 1) / (1 - 2 * 0.3)
    assert found == pytest.approx(expected_s, rel=0.15)


def test_the_four_outcomes_of_an_experiment_with_a_database_come_out_in_its_order() -> None:
    """MongoDB, a timeout of 3 s, 4 retries at once (Huang et al., OSDI 2022, figure 4).

    A trigger of 10 s that takes 78 % of the server is survived, one of 80 % never ends; 9 s of it are
    survived, and so are 10 s with 30 % less load. The load is the one thing that the experiment tuned.
    """
    asked = replace(
        case(retries=4, deadline_s=number(3), service=exponential_s(number(0.0005))), trigger="slow"
    )

    def survives(load: float, strength: float, trigger_s: float) -> bool:
        return recovers(replace(asked, strength=strength), StormPoint(load, 4, 0, trigger_s), 1)

    load = 0.38
    outcomes = [
        survives(load, 0.78, 10),
        survives(load, 0.80, 10),
        survives(load, 0.80, 9),
        survives(0.7 * load, 0.80, 10),
    ]
    assert outcomes == [True, False, True, True]


@pytest.mark.parametrize(
    "duration",
    [
        exponential_s(number(2)),
        constant_s(number(2)),
        Duration(law="lognormal", mean_s=number(2), cv=number(0.7)),
        Duration(law="gamma", mean_s=number(2), cv=number(0.7)),
    ],
)
def test_times_in_blocks_are_those_one_by_one(duration: Duration) -> None:
    """The quantile of each uniform number."""
    u = np.array([0.001, 0.3, 0.5, 0.999])
    assert seconds_at(duration, u) == pytest.approx([duration.at(each) for each in u])


def test_capacity_is_what_slots_rate_limit_and_stalls_leave() -> None:
    """In requests a second."""
    assert case(slots=4).capacity_per_s == pytest.approx(100)
    limited = case(rate_limit={"requests_per_s": number(60), "burst": number(1)})
    assert limited.capacity_per_s == 60
    stalled = case(stalls={"length_s": number(2), "every_s": number(20)})
    assert stalled.capacity_per_s == pytest.approx(90)
