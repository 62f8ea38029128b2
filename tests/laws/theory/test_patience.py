"""Patience of any distribution: exact where it is known, and the laws that hold for all."""

from math import exp, expm1

import pytest
from hypothesis import given, settings, strategies as st

from footfall._model.durations import DistributionFamily, Duration
from footfall.theory.many_servers import (
    PatienceDistribution,
    erlang_a,
    erlang_a_general,
    erlang_a_general_service_level,
    erlang_a_service_level,
    erlang_b,
    erlang_c,
    erlang_c_wait_mean,
)
from tests.made_up import number


def exponential(rate: float) -> PatienceDistribution:
    """Give an exponential patience."""
    return PatienceDistribution(lambda time: exp(-rate * time))


def constant(limit: float) -> PatienceDistribution:
    """Give a patience that never varies."""
    return PatienceDistribution(lambda time: float(time < limit), breaks=(limit,))


@pytest.mark.parametrize(
    ("servers", "arrival_rate", "service_rate", "abandonment_rate"),
    [(1, 0.5, 1, 1), (14, 100 / 30, 1 / 3, 0.5), (50, 60, 1, 1), (100, 100, 1, 0.5), (2000, 2100, 1, 0.2)],
)
def test_exponential_patience_is_erlang_a(
    servers: int, arrival_rate: float, service_rate: float, abandonment_rate: float
) -> None:
    """All figures to nine digits, from one agent to two thousand, also overloaded."""
    known = erlang_a(servers, arrival_rate, service_rate, abandonment_rate)
    patience = exponential(abandonment_rate)
    found = erlang_a_general(servers, arrival_rate, service_rate, patience)
    for name in ("waits_share", "abandons_share", "wait_mean", "queue_mean", "occupancy"):
        assert getattr(found, name) == pytest.approx(getattr(known, name), rel=1e-9), name
    for within in (0.0, 0.05, 1.0):
        level = erlang_a_general_service_level(servers, arrival_rate, service_rate, patience, within)
        expected = erlang_a_service_level(servers, arrival_rate, service_rate, abandonment_rate, within)
        assert level == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("servers", "arrival_rate", "limit"), [(1, 0.8, 2), (10, 8, 0.3), (10, 13, 0.5)])
def test_constant_patience_is_the_queue_of_bounded_wait(
    servers: int, arrival_rate: float, limit: float
) -> None:
    """M/M/c+D: J = (e^{kd} - 1)/k + e^{kd}/(cμ), k = λ - cμ; P(abandon) is of those offered more than d."""
    rate = arrival_rate - servers
    grown = exp(rate * limit)
    whole = expm1(rate * limit) / rate + grown / servers
    weight = arrival_rate / (1 / erlang_b(servers - 1, arrival_rate) + arrival_rate * whole)
    found = erlang_a_general(servers, arrival_rate, 1, constant(limit))
    assert found.waits_share == pytest.approx(weight * whole, rel=1e-12)
    assert found.abandons_share == pytest.approx(weight * grown / servers, rel=1e-12)


def test_endless_patience_is_erlang_c_and_none_is_erlang_b() -> None:
    """The two limits."""
    patient = erlang_a_general(10, 8, 1, PatienceDistribution(lambda _time: 1.0))
    assert patient.waits_share == pytest.approx(erlang_c(10, 8), rel=1e-12)
    assert patient.wait_mean == pytest.approx(erlang_c_wait_mean(10, 8, 1), rel=1e-12)
    assert patient.abandons_share == 0
    at_once = erlang_a_general(10, 8, 1, PatienceDistribution(lambda _time: 0.0))
    assert at_once.abandons_share == at_once.waits_share == pytest.approx(erlang_b(10, 8), rel=1e-12)
    assert at_once.wait_mean == 0


@settings(max_examples=20, deadline=None)
@given(
    law=st.sampled_from(
        [
            DistributionFamily.LOGNORMAL,
            DistributionFamily.WEIBULL,
            DistributionFamily.GAMMA,
            DistributionFamily.HYPEREXPONENTIAL,
        ]
    ),
    cv=st.floats(0.3, 3),
    mean=st.floats(0.1, 10),
    servers=st.integers(1, 60),
    load_share=st.floats(0.3, 1.6),
)
def test_flow_is_conserved_whatever_the_patience(
    law: DistributionFamily, cv: float, mean: float, servers: int, load_share: float
) -> None:
    """Served at all = 1 - abandoned; the wait is at most the mean patience; more agents lose fewer."""
    cv += law is DistributionFamily.HYPEREXPONENTIAL
    patience = PatienceDistribution(Duration(law=law, mean_s=number(mean), cv=number(cv)).survival)
    arrival_rate = servers * load_share
    found = erlang_a_general(servers, arrival_rate, 1, patience)
    level = erlang_a_general_service_level(servers, arrival_rate, 1, patience, 1e4)
    assert level == pytest.approx(1 - found.abandons_share, rel=1e-9)
    assert 0 < found.abandons_share < found.waits_share <= 1 + 1e-12
    assert found.wait_mean < mean
    assert found.occupancy <= 1 + 1e-12
    more = erlang_a_general(servers + 1, arrival_rate, 1, patience)
    assert more.abandons_share < found.abandons_share


def test_a_mixture_bends_between_its_parts() -> None:
    """A tenth leaves at once: with the others endlessly patient, M/M/c whose queue 9 of 10 join.

    By birth and death: π_k = π_{k-1} a/k up to c, and 0.9 a/c times the one before from there on.
    """
    terms = [1.0]
    for k in range(1, 400):
        terms.append(terms[-1] * (8 / k if k <= 10 else 0.9 * 8 / 10))
    total = sum(terms)
    waits = sum(terms[10:]) / total
    found = erlang_a_general(10, 8, 1, PatienceDistribution(lambda _time: 0.9))
    assert found.waits_share == pytest.approx(waits, rel=1e-12)
    assert found.abandons_share == pytest.approx(0.1 * waits, rel=1e-12)
    assert found.queue_mean == pytest.approx(sum(j * t for j, t in enumerate(terms[10:])) / total, rel=1e-9)


@pytest.mark.parametrize(
    ("servers", "arrival_rate", "share"), [(0, 1, 0.5), (1, 0, 0.5), (1, 2, 0.5), (1, 1, 1.0)]
)
def test_a_queue_without_limit_is_refused(servers: int, arrival_rate: float, share: float) -> None:
    """Those who never leave come faster than they are served; or there is nothing to serve."""
    with pytest.raises(ValueError, match=r"unstable|above zero"):
        erlang_a_general(servers, arrival_rate, 1, PatienceDistribution(lambda _time: share))
