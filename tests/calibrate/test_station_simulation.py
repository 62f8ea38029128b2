"""Stations simulated request by request in step: the day's simulation, formulas, and identities."""

from dataclasses import replace
from math import inf, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from footfall import theory
from footfall._calibrate.station_events import StationArrivals, served_by_events
from footfall._calibrate.station_parameters import LawFamily, ServiceLaw, StationParameters
from footfall._calibrate.station_runs import OfferedRequests, RequestEnd, drawn_work_s
from footfall._calibrate.station_simulation import serve, simulate_arrivals, simulate_runs, simulate_steady
from tests.calibrate.simpy_station import simpy_ends

REQUESTS = 300


def station(
    family: LawFamily = "exponential",
    mean_s: float = 0.04,
    cv: float = 1.0,
    **limits: Any,  # noqa: ANN401  fields of any type
) -> StationParameters:
    """A station with one kind of requests."""
    law = ServiceLaw(family=family, mean_s=mean_s, cv=cv)
    return StationParameters(kinds=("*",), laws=(law,), fault_shares=(0.0,), **limits)


def offered(of: StationParameters, per_s: float, seed: int = 1, requests: int = REQUESTS) -> OfferedRequests:
    """A column of Poisson arrivals, its first stall within the first period."""
    rng = np.random.default_rng(seed)
    sent_s = np.cumsum(rng.exponential(1 / per_s, (requests, 1)), axis=0)
    first_s = rng.random(1) * (of.stall_every_s - of.stall_length_s) if of.stall_length_s else np.zeros(1)
    return OfferedRequests(
        sent_s=sent_s,
        kind=np.zeros((requests, 1), dtype=np.int64),
        work_s=drawn_work_s(of.laws[0], requests, rng)[:, None],
        is_fault=np.zeros((requests, 1), dtype=np.bool_),
        dispatch_u=rng.random((requests, 1)),
        first_stall_s=first_s,
    )


# ── The same requests at the same station of the day's simulation: customer by customer

LIMITS: dict[str, dict[str, Any]] = {
    "slots": {"slots": 3},
    "accept queue": {"slots": 3, "accept_queue": 4},
    "no places to wait": {"slots": 3, "accept_queue": 0},
    "deadline that cuts": {"slots": 3, "deadline_s": 0.1},
    "deadline, work goes on": {"slots": 3, "deadline_s": 0.1, "stale_work": "served"},
    "deadline, dropped in its turn": {"slots": 3, "deadline_s": 0.1, "stale_work": "dropped"},
    "deadline and accept queue": {"slots": 2, "deadline_s": 0.08, "accept_queue": 3},
    "queue timeout": {"slots": 3, "queue_timeout_s": 0.05},
    "queue timeout and deadline": {"slots": 3, "queue_timeout_s": 0.05, "deadline_s": 0.1, "accept_queue": 5},
    "served stale, then too long in the queue": {
        "slots": 2,
        "queue_timeout_s": 0.09,
        "deadline_s": 0.06,
        "stale_work": "served",
    },
    "rate limit": {"slots": 5, "rate_limit_per_s": 60.0, "rate_limit_burst": 3},
    "stalls": {"slots": 4, "stall_length_s": 0.3, "stall_every_s": 1.5},
    "stalls and deadline": {"slots": 4, "stall_length_s": 0.3, "stall_every_s": 1.5, "deadline_s": 0.2},
    "stalls and accept queue": {"slots": 4, "stall_length_s": 0.3, "stall_every_s": 1.5, "accept_queue": 12},
    "stalls and queue timeout": {
        "slots": 3,
        "stall_length_s": 0.3,
        "stall_every_s": 1.5,
        "queue_timeout_s": 0.1,
    },
    "queues in turn": {"slots": 4, "queues": 4, "accept_queue": 2},
    "the shortest of the queues": {"slots": 4, "queues": 2, "dispatch": "shortest", "accept_queue": 3},
    "shared cores": {"slots": 10, "cores": 3},
    "shared cores with limits": {
        "slots": 6,
        "cores": 3,
        "accept_queue": 3,
        "deadline_s": 0.2,
        "queue_timeout_s": 0.1,
    },
    "shared cores with stalls": {"slots": 8, "cores": 3, "stall_length_s": 0.3, "stall_every_s": 1.5},
    "two workers that share": {"slots": 10, "cores": 2, "queues": 2, "deadline_s": 0.3},
}


@pytest.mark.parametrize("name", LIMITS)
def test_every_request_ends_as_in_the_simulation_of_a_day(name: str) -> None:
    """At the same arrivals and work: the same end and response time, below and above the capacity."""
    seen = set()
    for number, per_s in enumerate((45.0, 70.0, 120.0)):
        one = station(**LIMITS[name])
        requests = offered(one, per_s, seed=number)
        runs = serve([one], requests)
        response_s, end = simpy_ends(one, requests)
        np.testing.assert_array_equal(runs.end[:, 0], end)
        np.testing.assert_allclose(runs.response_s[:, 0], response_s, atol=1e-6)
        seen |= set(end.tolist())
    limits = {"accept_queue", "deadline_s", "queue_timeout_s", "rate_limit_per_s"} & set(LIMITS[name])
    assert len(seen) >= 1 + bool(limits)


# ── Identities


@st.composite
def stations(draw: st.DrawFn) -> StationParameters:
    """Stations with one queue and any limits."""
    maybe = st.sampled_from
    stalls = draw(maybe([(0.0, inf), (0.2, 1.0), (0.5, 3.0)]))
    return station(
        mean_s=draw(maybe([0.02, 0.04])),
        slots=draw(st.integers(1, 6)),
        accept_queue=draw(maybe([inf, 0, 1, 2, 5])),
        deadline_s=draw(maybe([inf, 0.05, 0.15])),
        stale_work=draw(maybe(["cut", "served", "dropped"])),
        queue_timeout_s=draw(maybe([inf, 0.04, 0.12])),
        stall_length_s=stalls[0],
        stall_every_s=stalls[1],
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(stations(), min_size=1, max_size=4), st.integers(0, 2**31), st.floats(20.0, 200.0))
def test_many_stations_in_step_are_each_alone_event_by_event(
    many: list[StationParameters], seed: int, per_s: float
) -> None:
    """Columns do not disturb each other, and the recursion is the simulation by events."""
    columns = [offered(one, per_s, seed + number, requests=80) for number, one in enumerate(many)]
    first_s = np.array([column.first_stall_s[0] for column in columns if column.first_stall_s is not None])
    together = serve(
        many,
        OfferedRequests(
            sent_s=np.hstack([column.sent_s for column in columns]),
            kind=np.hstack([column.kind for column in columns]),
            work_s=np.hstack([column.work_s for column in columns]),
            is_fault=np.hstack([column.is_fault for column in columns]),
            first_stall_s=first_s,
        ),
    )
    for number, (one, column) in enumerate(zip(many, columns, strict=True)):
        if not one.stall_length_s:
            sent_s = column.sent_s[:, 0]
            by_events = served_by_events(
                one,
                StationArrivals(
                    came=sent_s,
                    work_s=column.work_s[:, 0],
                    gives_up=sent_s + one.deadline_s,
                    leaves=sent_s + one.queue_timeout_s,
                ),
            )
            np.testing.assert_array_equal(together.end[:, number], by_events[1])
        alone = serve([one], column)
        np.testing.assert_array_equal(together.end[:, number], alone.end[:, 0])
        np.testing.assert_allclose(together.response_s[:, number], alone.response_s[:, 0], atol=1e-9)


def test_columns_of_different_lengths_are_padded() -> None:
    """A station at half the rate has half the requests; the others are absent and count nowhere."""
    one = station(slots=3)
    runs = simulate_runs([one, one], [40.0, 20.0], length_s=10.0, seed=1)
    assert runs.is_present.sum(axis=0).tolist() == [400, 200]
    assert runs.success_share.tolist() == [1.0, 1.0]
    assert (runs.response_s[200:, 1] == 0).all()
    assert np.nanmax(np.where(runs.is_present, runs.sent_s, np.nan)) <= 10.0


def test_a_log_of_a_column_has_its_requests_and_status() -> None:
    """What the generator would have written: one row a request that is there."""
    one = station(slots=2, accept_queue=0)
    runs = simulate_runs([one, one], [80.0, 20.0], length_s=10.0, seed=1)
    log = runs.request_log(1, one.kinds, run="step 1", length_s=10.0)
    assert log.requests == 200
    assert log.offered_per_s == pytest.approx(20.0)
    assert set(log.status.tolist()) == {200, 503}
    assert log.is_success.tolist() == (log.status == 200).tolist()


def test_given_arrivals_meet_every_station() -> None:
    """The same times at each column; kinds have the work of their own law."""
    laws = (
        ServiceLaw(family="constant", mean_s=0.01, cv=0.0),
        ServiceLaw(family="constant", mean_s=0.3, cv=0.0),
    )
    one = StationParameters(kinds=("a", "b"), laws=laws, fault_shares=(0.0, 1.0), network_s=0.005)
    sent_s, kind = np.array([0.0, 1.0, 2.0]), np.array([0, 1, 0])
    runs = simulate_arrivals([one, one], sent_s, kind, seed=1)
    np.testing.assert_allclose(runs.response_s, [[0.015] * 2, [0.305] * 2, [0.015] * 2])
    assert runs.end[:, 0].tolist() == [RequestEnd.SERVED, RequestEnd.FAULT, RequestEnd.SERVED]


def test_at_several_rates_a_station_has_the_same_random_numbers() -> None:
    """Without limits the response times at any rate are the same draws of work."""
    runs = simulate_steady([station()], np.array([[10.0, 50.0]]), requests=100, seed=3)
    np.testing.assert_allclose(runs.response_s[:, 0], runs.response_s[:, 1], atol=1e-9)
    np.testing.assert_allclose(runs.sent_s[:, 0], 5 * runs.sent_s[:, 1])


@pytest.mark.parametrize(
    ("family", "cv"),
    [
        ("constant", 0.0),
        ("uniform", 0.4),
        ("exponential", 1.0),
        ("gamma", 0.5),
        ("lognormal", 1.5),
        ("weibull", 0.7),
    ],
)
def test_a_law_has_its_mean_and_its_spread(family: LawFamily, cv: float) -> None:
    """Of 100,000 draws, within four standard errors of the mean, and 3 % of the spread."""
    work_s = drawn_work_s(ServiceLaw(family=family, mean_s=0.2, cv=cv), 100_000, np.random.default_rng(1))
    assert abs(work_s.mean() - 0.2) <= 4 * 0.2 * cv / sqrt(100_000) + 1e-12
    assert work_s.std() == pytest.approx(0.2 * cv, rel=0.03)
    assert (work_s >= 0).all()


# ── Formulas


def half_width(values: np.ndarray) -> float:
    """Of the mean over independent columns, four standard errors."""
    return float(4 * values.std(ddof=1) / sqrt(len(values)))


def steady_means_s(one: StationParameters, per_s: float, columns: int = 64) -> np.ndarray:
    """Mean response time of the long run, a value a column."""
    runs = simulate_steady([one] * columns, np.full(columns, per_s), requests=2000, seed=5)
    means: np.ndarray = runs.response_s.mean(axis=0)
    return means


def test_many_servers_wait_as_erlang_says() -> None:
    """M/M/3 at 80 %: Erlang C."""
    means = steady_means_s(station(slots=3), 60.0)
    expected = theory.erlang_c_wait_mean(3, 60.0, 25.0) + 0.04
    assert abs(means.mean() - expected) <= half_width(means) < 0.1 * expected


def test_one_server_waits_as_pollaczek_and_khinchine_say() -> None:
    """M/G/1 with gamma work of cv 0.5 at 60 %: the same formula as `footfall.theory`."""
    means = steady_means_s(station("gamma", cv=0.5, slots=1), 15.0)
    expected = theory.mg1_wait_mean(15.0, 0.04, 0.5**2) + 0.04
    assert abs(means.mean() - expected) <= half_width(means) < 0.05 * expected


def test_a_loss_system_refuses_as_erlang_says_whatever_the_law() -> None:
    """M/G/7/7: Erlang B."""
    one = station("lognormal", 0.05, 0.5, slots=7, accept_queue=0)
    runs = simulate_steady([one] * 64, np.full(64, 140.0), requests=2000, seed=5)
    refused = 1 - runs.success_share
    assert abs(refused.mean() - theory.erlang_b(7, 7.0)) <= half_width(refused) < 0.01


def test_a_bounded_queue_refuses_as_its_chain_says() -> None:
    """M/D/1/K: two places, constant work."""
    one = station("constant", 0.04, 0.0, slots=1, accept_queue=2)
    runs = simulate_steady([one] * 64, np.full(64, 22.0), requests=2000, seed=5)
    refused = 1 - runs.success_share
    expected = theory.md1k(3, 22.0, 0.04).blocked_share
    assert abs(refused.mean() - expected) <= half_width(refused) < 0.01


def test_shared_cores_are_insensitive_to_the_law() -> None:
    """M/G/1-PS: the mean depends on the mean work alone."""
    one = station("gamma", cv=2.0, slots=10**6, cores=1)
    means = steady_means_s(one, 15.0, columns=8)
    expected = theory.mg1_ps_sojourn_mean(15.0, 0.04)
    assert abs(means.mean() - expected) <= half_width(means) < 0.25 * expected


def test_a_station_at_rest_is_not_changed_by_limits_that_are_never_reached() -> None:
    """At a low rate every limit is invisible: the same response times with and without."""
    plain = station(slots=40)
    limited = replace(plain, accept_queue=100, deadline_s=30.0, queue_timeout_s=20.0)
    runs = serve([plain, limited], _twice(offered(plain, 10.0)))
    np.testing.assert_allclose(runs.response_s[:, 0], runs.response_s[:, 1], atol=1e-9)


def _twice(requests: OfferedRequests) -> OfferedRequests:
    return OfferedRequests(
        sent_s=np.repeat(requests.sent_s, 2, axis=1),
        kind=np.repeat(requests.kind, 2, axis=1),
        work_s=np.repeat(requests.work_s, 2, axis=1),
        is_fault=np.repeat(requests.is_fault, 2, axis=1),
    )
