"""Requests that share cores: the sojourns of theory, whatever the law of the work.

Expected values: Kleinrock 1967 and 1976 (volume II, section 4.4), Sakata, Noguchi and Oizumi 1971,
Cohen 1979.
"""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from footfall._behaviour import keyed
from footfall._behaviour.customer_rules import SERVICE
from footfall._model.durations import DistributionFamily, Duration
from footfall._model.numbers import Number
from footfall._model.station_specs import RequestServer
from footfall._simulate.day import Day
from footfall.theory.many_servers import mgc_ps_sojourn_mean, mmck
from footfall.theory.one_server import mg1_ps_sojourn_mean
from tests.laws.conftest import SEED, Experiment, Found, model_of, poisson_crowd

Numbers = Callable[[float], Number]
LAWS = [
    (DistributionFamily.CONSTANT, None),
    (DistributionFamily.EXPONENTIAL, None),
    (DistributionFamily.LOGNORMAL, 2.0),
]
"""Work of a mean of 1 s: no variance, that of memorylessness, and four times that."""
NAMES = ["constant", "exponential", "lognormal"]


def sojourn_s(visits: pl.DataFrame) -> float:
    """Mean time from request to answer."""
    return float((visits["ended_s"] - visits["due_s"]).to_numpy().mean())


def throttled(visits: pl.DataFrame) -> float:
    """Share of requests that found all slots taken."""
    return float((visits["outcome"] == "throttled").to_numpy().mean())


@pytest.fixture(scope="module")
def shared(number: Numbers) -> Callable[..., RequestServer]:
    """Make a server whose requests share cores, without a deadline."""

    def make(cores: int = 1, slots: int = 10**6) -> RequestServer:
        return RequestServer(
            slots=number(slots),
            accept_queue=number(0),
            deadline_s=number(1e9),
            discipline="sharing",
            cores=number(cores),
        )

    return make


@pytest.fixture(scope="module")
def work(number: Numbers) -> Callable[..., Duration]:
    """Make a second of work of some law."""
    return lambda law, cv: Duration(law=law, mean_s=number(1), cv=None if cv is None else number(cv))


@pytest.mark.parametrize(("law", "cv"), LAWS, ids=NAMES)
def test_a_shared_core_takes_the_same_mean_time_whatever_the_law(
    experiment: Experiment,
    shared: Callable[..., RequestServer],
    work: Callable[..., Duration],
    law: DistributionFamily,
    cv: float | None,
) -> None:
    """M/G/1-PS at a utilisation of 0.6: E[S]/(1 - ρ) = 2.5 s."""
    (found,) = experiment(shared(), work(law, cv), 0.6, sojourn_s, customers=6000)
    found.agrees_with(mg1_ps_sojourn_mean(0.6, 1), 0.06)


@pytest.mark.parametrize(("law", "cv"), LAWS[1:], ids=NAMES[1:])
def test_shared_cores_take_the_time_of_erlang_c_whatever_the_law(
    experiment: Experiment,
    shared: Callable[..., RequestServer],
    work: Callable[..., Duration],
    law: DistributionFamily,
    cv: float | None,
) -> None:
    """Four cores at 2.8 erlangs: the birth and death of M/M/4, so its mean sojourn, 1.3572 s."""
    (found,) = experiment(shared(4), work(law, cv), 2.8, sojourn_s, customers=6000)
    assert mgc_ps_sojourn_mean(4, 2.8, 1) == pytest.approx(1.3572, abs=1e-4)
    found.agrees_with(mgc_ps_sojourn_mean(4, 2.8, 1), 0.05)


def test_a_limit_on_shared_requests_throttles_as_birth_and_death_say(
    experiment: Experiment, shared: Callable[..., RequestServer], work: Callable[..., Duration]
) -> None:
    """M/G/1/5-PS at a load of 0.9 blocks as M/M/1/5 does, whatever the law (Cohen 1979)."""
    (found,) = experiment(
        shared(slots=5), work(DistributionFamily.LOGNORMAL, 2.0), 0.9, throttled, customers=6000
    )
    found.agrees_with(mmck(1, 5, 0.9, 1).blocked_share, 0.06)


def test_a_request_takes_in_proportion_to_its_work(
    shared: Callable[..., RequestServer], work: Callable[..., Duration]
) -> None:
    """E[T | x] = x/(1 - ρ): small, middling and large requests are all slowed down alike, by 2 at ρ = 0.5."""
    law = work(DistributionFamily.LOGNORMAL, 2.0)
    model = model_of(shared(), law)
    slowdowns: list[list[float]] = []
    for replication in range(10):
        people = poisson_crowd(6000, 0.5, replication)
        visits = Day(model, people, SEED, float(people.at_s[-1]) + 1).run().visits.sort("customer")
        taken_s = (visits["ended_s"] - visits["due_s"]).to_numpy()
        work_s = np.array([law.at(u) for u in keyed.uniforms(people.keys, SERVICE, 1, 0)])
        thirds = np.digitize(work_s, np.quantile(work_s, [1 / 3, 2 / 3]))
        slowdowns.append([float(taken_s[thirds == k].mean() / work_s[thirds == k].mean()) for k in range(3)])
    for third in zip(*slowdowns, strict=True):
        Found(list(third)).agrees_with(2.0, 0.08)
