"""Limits, stalls and queues by worker at a request server, held against theory."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from footfall._model.durations import DistributionFamily, Duration, exponential_s
from footfall._model.station_specs import RateLimit, RequestServer, Stalls
from footfall.theory.many_servers import PatienceDistribution, erlang_a_general, erlang_c_wait_mean
from footfall.theory.one_server import (
    md1k,
    mg1_interrupted_sojourn_mean,
    mg1_ps_sojourn_mean,
    mg1_wait_mean,
    round_robin_wait_mean,
)
from tests.laws.conftest import Experiment
from tests.made_up import number

SECOND = exponential_s(number(1))
FEW = {"customers": 3000, "replications": 10}
"""A tenth of the usual numbers: each of these systems is simple, and theory is exact."""


def server(slots: int, **fields: Any) -> RequestServer:  # noqa: ANN401  any field of it
    """Make a server with room for all, whose clients wait for ever."""
    endless: dict[str, Any] = {"accept_queue": number(10**6), "deadline_s": number(1e9)}
    return RequestServer(slots=number(slots), **endless | fields)


def share(outcome: str) -> "object":
    """Give the share of requests that ended so."""
    return lambda visits: float((visits["outcome"] == outcome).to_numpy().mean())


def wait_s(visits: pl.DataFrame) -> float:
    """Mean wait of all."""
    return float(visits["wait_s"].to_numpy().mean())


def sojourn_s(visits: pl.DataFrame) -> float:
    """Mean time from request to answer."""
    return float((visits["ended_s"] - visits["due_s"]).to_numpy().mean())


def test_a_bound_on_the_wait_is_a_constant_patience(experiment: Experiment) -> None:
    """M/M/3+D, 3.3 erlangs, 1.5 service times of wait at most (Baccelli and Hebuterne 1981)."""
    exact = erlang_a_general(3, 3.3, 1, PatienceDistribution(lambda t: float(t < 1.5), (1.5,)))
    failed, waited = experiment(
        server(3, queue_timeout_s=number(1.5)), SECOND, 3.3, share("error"), wait_s, **FEW
    )
    failed.agrees_with(exact.abandons_share, 0.09)
    waited.agrees_with(exact.wait_mean, 0.07)


@pytest.mark.parametrize("excess", ["at_once", "delayed"])
def test_a_rate_limit_refuses_what_a_queue_of_its_burst_would(experiment: Experiment, excess: str) -> None:
    """M/D/1/K with K = burst + 1 places, delayed or not; delayed, its wait is that queue's, too."""
    exact = md1k(6, 0.95, 1)
    limit = RateLimit(requests_per_s=number(1), burst=number(5), excess=excess)
    refused, waited = experiment(
        server(10**5, rate_limit=limit),
        Duration(law=DistributionFamily.CONSTANT, mean_s=number(0.5)),
        0.95,
        share("throttled"),
        lambda visits: wait_s(visits.filter(pl.col("outcome") == "served")),
        **FEW,
    )
    refused.agrees_with(exact.blocked_share, 0.12)
    if excess == "delayed":
        waited.agrees_with(exact.wait_mean, 0.07)
    else:
        assert set(waited.values) == {0.0}


@pytest.mark.parametrize("discipline", ["slots", "sharing"])
def test_a_server_that_stalls_has_the_sojourn_of_an_interrupted_one(
    experiment: Experiment, discipline: str
) -> None:
    """M/M/1 at half load that stalls a tenth of the time at random: the same mean if all share it."""
    stalls = Stalls(length_s=number(2), every_s=number(20), spacing="random")
    station = server(1, stalls=stalls)
    if discipline == "sharing":
        station = server(10**5, discipline="sharing", cores=number(1), stalls=stalls)
    exact = mg1_interrupted_sojourn_mean(0.5, 1, 1, (2, 20))
    (found,) = experiment(station, SECOND, 0.5, sojourn_s, **FEW)
    found.agrees_with(exact, 0.12)


def test_without_stalls_the_interrupted_server_is_a_plain_one() -> None:
    """The formula at length 0; and it refuses a load that the time left cannot bear."""
    assert mg1_interrupted_sojourn_mean(0.8, 1, 0.5, (0, 1)) == pytest.approx(1 + mg1_wait_mean(0.8, 1, 0.5))
    with pytest.raises(ValueError, match=r"works only 0.75 of it"):
        mg1_interrupted_sojourn_mean(0.8, 1, 1, (1, 4))


def test_requests_at_random_to_workers_wait_as_at_each_alone(experiment: Experiment) -> None:
    """Three times M/M/1 at 0.75, where one queue for all would wait less than a third of it."""
    (found,) = experiment(server(3, queues=number(3), dispatch="random"), SECOND, 2.25, wait_s, **FEW)
    found.agrees_with(mg1_wait_mean(0.75, 1, 1), 0.2)
    assert erlang_c_wait_mean(3, 2.25, 1) < mg1_wait_mean(0.75, 1, 1) / 3


def test_requests_in_turn_to_workers_wait_as_e_c_m_1(experiment: Experiment) -> None:
    """Three workers at 0.75, each with Erlang times between its requests."""
    (found,) = experiment(server(3, queues=number(3)), SECOND, 2.25, wait_s, **FEW)
    found.agrees_with(round_robin_wait_mean(3, 2.25, 1), 0.15)


def test_one_worker_in_turn_is_m_m_1() -> None:
    """The formula for one; and it refuses overload."""
    assert round_robin_wait_mean(1, 0.6, 1) == pytest.approx(mg1_wait_mean(0.6, 1, 1))
    with pytest.raises(ValueError, match="the queue is unstable"):
        round_robin_wait_mean(3, 3.3, 1)


def test_requests_to_the_shorter_of_two_queues_follow_the_balance_equations(experiment: Experiment) -> None:
    """The number inside by the chain of both queues, cut off at 30 each; the time by Little's law."""
    (found,) = experiment(server(2, queues=number(2), dispatch="shortest"), SECOND, 1.5, sojourn_s, **FEW)
    found.agrees_with(_shorter_of_two(1.5, 30) / 1.5, 0.1)


def test_workers_whose_slots_share_cores_are_each_as_alone(experiment: Experiment) -> None:
    """Two workers of one core each, at random: processor sharing at half of the rate."""
    station = server(2 * 10**4, queues=number(2), dispatch="random", discipline="sharing", cores=number(2))
    (found,) = experiment(station, SECOND, 1.0, sojourn_s, **FEW)
    found.agrees_with(mg1_ps_sojourn_mean(0.5, 1), 0.12)


def _shorter_of_two(arrival_rate: float, most: int) -> float:
    """Mean number inside two M/M/1 whose arrivals join the shorter, the first of equal ones."""
    size = most + 1
    generator = np.zeros((size * size, size * size))
    for one in range(size):
        for other in range(size):
            here = one * size + other
            to = (one + 1, other) if one <= other else (one, other + 1)
            moves = [(to, arrival_rate)] if max(to) <= most else []
            moves += [((one - 1, other), 1.0)] * (one > 0) + [((one, other - 1), 1.0)] * (other > 0)
            for (first, second), rate in moves:
                generator[here, first * size + second] += rate
                generator[here, here] -= rate
    equations = np.vstack([generator.T[:-1], np.ones(size * size)])
    shares = np.linalg.solve(equations, np.append(np.zeros(size * size - 1), 1.0))
    inside = np.add.outer(np.arange(size), np.arange(size)).ravel()
    return float(shares @ inside)
