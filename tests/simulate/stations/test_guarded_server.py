"""Retries, budgets and circuit breakers at a request server, worked out by hand."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from footfall._model.changes import with_outage
from footfall._model.channel import Channel, Fault, LogoutReminder, Step, Verb, Work
from footfall._model.durations import Duration
from footfall._model.model import Model
from footfall._model.numbers import DAY_S, Number
from footfall._model.station_specs import CircuitBreaker, RequestServer, Retry
from footfall._simulate.day import Day
from footfall._simulate.stations.guarded_server import GuardedServerStation

SEED = 7
Numbers = Callable[[float], Number]
Servers = Callable[..., RequestServer]
Channels = Callable[..., Channel]
Models = Callable[..., Model]
Visits = Callable[..., pl.DataFrame]
Retries = Callable[..., Retry]


@pytest.fixture(scope="session")
def retry(number: Numbers) -> Retries:
    """Make a policy of one retry after exactly 2 s, any number changed."""

    def make(**numbers: float) -> Retry:
        whole = {"retries_most": 1, "backoff_s": 2, "backoff_s_most": 60, "jitter_share": 0}
        return Retry(**{name: number(value) for name, value in (whole | numbers).items()})

    return make


@pytest.fixture(scope="session")
def server(number: Numbers) -> Servers:
    """Make a server of one slot and a deadline of 5 s."""

    def make(slots: int = 1, queue: int = 1, deadline_s: float = 5, **fields: Any) -> RequestServer:  # noqa: ANN401  any field
        return RequestServer(
            slots=number(slots), accept_queue=number(queue), deadline_s=number(deadline_s), **fields
        )

    return make


@pytest.fixture(scope="session")
def station(people: Callable[..., Any]) -> Callable[[Model, Sequence[float]], GuardedServerStation]:
    """Run a model's one station and give it as it is at the end of the day."""

    def run(model: Model, at_s: Sequence[float]) -> GuardedServerStation:
        day = Day(model, people(at_s), SEED, DAY_S)
        day.run()
        (found,) = day._stations
        assert isinstance(found, GuardedServerStation)
        return found

    return run


def test_a_request_that_found_no_place_is_sent_again_after_its_pause(
    server: Servers, channel: Channels, model: Models, visits: Visits, retry: Retries
) -> None:
    """3 s of work: the third finds slot and place taken, and at 4 s the place is free: served 6 to 9 s."""
    found = visits(model(channel(server(deadline_s=7, retry=retry(backoff_s=4)), service_s=3)), [0, 0, 0])
    assert found["outcome"].to_list() == ["served"] * 3
    assert found["ended_s"].to_list() == pytest.approx([3, 6, 9])
    assert found["wait_s"].to_list() == pytest.approx([0, 3, 2])
    assert found["attempt"].to_list() == [1, 1, 1]


def test_pauses_double_and_are_capped(
    server: Servers, channel: Channels, model: Models, visits: Visits, retry: Retries
) -> None:
    """A page of 50 s never comes in 5 s: four tries of 5 s, pauses of 2, 4 and 5 s between."""
    policy = retry(retries_most=3, backoff_s_most=5)
    found = visits(model(channel(server(retry=policy), service_s=50)), [0])
    assert found.select("outcome", "cause", "ended_s").rows() == [("timeout", "deadline", 31)]


def test_every_try_has_the_whole_deadline_and_stale_tries_are_in_the_way_of_their_own_client(
    server: Servers, channel: Channels, model: Models, visits: Visits, retry: Retries
) -> None:
    """6 s of work, a deadline of 5 s, no pause: served to the end, the first try delays the second to 6 s."""
    policy = retry(backoff_s=0)
    found = visits(model(channel(server(retry=policy, stale_work="served"), service_s=6)), [0])
    assert found.select("outcome", "served_s", "ended_s", "wait_s").rows() == [("timeout", 0, 10, 1)]


def test_a_retry_draws_anew_whether_the_operator_s_systems_fail(
    server: Servers,
    channel: Channels,
    model: Models,
    visits: Visits,
    retry: Retries,
    number: Numbers,
    exactly: Callable[[float], Duration],
) -> None:
    """Half of all tries fail: a quarter of 4,000 visits with one retry, an eighth with two."""
    fault = Fault(cause="db_down", by="service", outcome="error", share=number(0.5))
    works = {Verb.QUERY: Work(service=exactly(0.001), faults=(fault,))}
    for retries in (1, 2):
        policy = retry(retries_most=retries, backoff_s=0)
        found = visits(model(channel(server(retry=policy), works=works)), [float(k) for k in range(4000)])
        share = 0.5 ** (retries + 1)
        failed = found.filter(pl.col("cause") == "db_down").height / 4000
        assert abs(failed - share) < 4 * (share * (1 - share) / 4000) ** 0.5


@pytest.mark.parametrize(
    ("by", "outcome", "tries"),
    [("service", "rejected", 1), ("customer", "rejected", 1), ("service", "error", 2)],
)
def test_only_failures_are_sent_again(
    server: Servers,
    channel: Channels,
    model: Models,
    visits: Visits,
    retry: Retries,
    number: Numbers,
    exactly: Callable[[float], Duration],
    by: str,
    outcome: str,
    tries: int,
) -> None:
    """A wrong PIN or a refusal is an answer; a broken database is not. Each try takes 1 s, the pause 2 s."""
    fault = Fault(cause="why", by=by, outcome=outcome, share=number(1))
    works = {Verb.QUERY: Work(service=exactly(1), faults=(fault,))}
    found = visits(model(channel(server(retry=retry()), works=works)), [0])
    assert found.select("outcome", "cause").rows() == [(outcome, "why")]
    assert found["ended_s"][0] == pytest.approx(tries + 2 * (tries - 1))


def test_an_outage_that_ends_in_time_is_not_noticed(
    server: Servers, channel: Channels, model: Models, visits: Visits, retry: Retries
) -> None:
    """Down from 10 to 11 s: the request of 10.5 s is sent again at 12.5 s; without retries it fails."""
    for policy, outcome in ((retry(), "served"), (retry(retries_most=0), "error")):
        guarded = server(retry=policy, stale_work="dropped")
        found = visits(with_outage(model(channel(guarded, service_s=1)), "one", 10, 11), [10.5])
        assert found["outcome"].to_list() == [outcome]


def test_a_budget_stops_retries_that_the_requests_have_not_paid_for(
    server: Servers,
    channel: Channels,
    model: Models,
    station: Callable[..., GuardedServerStation],
    retry: Retries,
) -> None:
    """Nothing is ever served: 100 requests pay for 10 retries at a tenth each, and 3 were in the bucket.

    The first request finds the bucket full, so its own tenth is lost.
    """
    policy = retry(retries_most=5, backoff_s=0, retry_budget_share=0.1, retry_budget_burst=3)
    played = model(channel(server(retry=policy), service_s=50))
    found = station(played, [100.0 * k for k in range(101)])
    assert (found.guard.requests, found.guard.retries) == (101, 13)


def test_an_open_circuit_fails_at_once_and_a_probe_closes_it(
    server: Servers, channel: Channels, model: Models, visits: Visits, number: Numbers
) -> None:
    """Two of three fail: open from 10.4 s for 5 s; the probe of 15.5 s passes alone, and closes it."""
    breaker = CircuitBreaker(
        failure_share=number(0.6), window_s=number(10), requests_least=number(2), open_s=number(5)
    )
    played = with_outage(model(channel(server(breaker=breaker), service_s=0.1)), "one", 10, 12)
    found = visits(played, [9, 10, 10.4, 10.5, 13, 15, 15.5, 15.55, 16, 16.2])
    causes = ["", "outage", "outage", *["circuit_open"] * 3, "", "circuit_open", "", ""]
    assert found["cause"].to_list() == causes
    assert set(found.filter(pl.col("cause") == "circuit_open")["outcome"]) == {"throttled"}
    open_s = found.filter(pl.col("cause") == "circuit_open").select(pl.col("ended_s") - pl.col("due_s"))
    assert open_s.to_series().to_list() == [0] * 4


def test_an_open_circuit_is_not_tried_again(
    server: Servers, channel: Channels, model: Models, visits: Visits, number: Numbers, retry: Retries
) -> None:
    """One failure opens it; the retry after 2 s meets it open and ends the visit there."""
    breaker = CircuitBreaker(failure_share=number(0.5), requests_least=number(1))
    guarded = server(breaker=breaker, retry=retry(retries_most=5))
    found = visits(model(channel(guarded, service_s=50)), [0])
    assert found.select("outcome", "cause", "ended_s").rows() == [("throttled", "circuit_open", 7)]


def test_who_forgets_to_log_out_sends_one_request_less(
    server: Servers,
    channel: Channels,
    model: Models,
    station: Callable[..., GuardedServerStation],
    number: Numbers,
    turn: Callable[..., Step],
) -> None:
    """Two turns of two and one pages, and a logout that nobody or everybody leaves out."""
    pages = {"query": (turn(Verb.LOGIN, pages=2), turn(Verb.QUERY), turn(Verb.LOGOUT))}
    for share, requests in ((0, 4), (1, 3)):
        reminder = LogoutReminder(forgotten_share=number(share), idle_s=number(10))
        guarded = channel(
            server(stale_work="dropped"), service_s=0.1, dialogues=pages, logout_reminder=reminder
        )
        assert station(model(guarded), [0]).guard.requests == requests


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    slots=st.integers(1, 3),
    queue=st.integers(0, 3),
    discipline=st.sampled_from(["slots", "sharing"]),
    stale_work=st.sampled_from(["cut", "served", "dropped"]),
    retries=st.integers(0, 3),
    budget_share=st.sampled_from([0.0, 0.3]),
    failure_share=st.sampled_from([0.0, 0.5]),
)
def test_any_mix_of_behaviours_keeps_the_laws_and_ends_empty(
    seed: int,
    slots: int,
    queue: int,
    discipline: str,
    stale_work: str,
    retries: int,
    budget_share: float,
    failure_share: float,
    server: Servers,
    channel: Channels,
    model: Models,
    retry: Retries,
    number: Numbers,
    people: Callable[..., Any],
    turn: Callable[..., Step],
    exponential: Callable[[float], Duration],
) -> None:
    """Every visit ends once, its wait within its time; at the end no slot is held and nobody waits."""
    guarded = server(
        slots,
        queue,
        2,
        discipline=discipline,
        stale_work=stale_work,
        retry=retry(retries_most=retries, backoff_s=0.5, retry_budget_share=budget_share, jitter_share=1),
        breaker=CircuitBreaker(failure_share=number(failure_share), requests_least=number(5)),
    )
    works = {verb: Work(service=exponential(1)) for verb in Verb}
    pages = {"query": (turn(Verb.LOGIN, 0.3), turn(Verb.QUERY, 0.7, pages=2))}
    at_s = np.sort(np.random.default_rng(seed).uniform(0, 60, 50)).tolist()
    one = with_outage(model(channel(guarded, works=works, dialogues=pages)), "one", 20, 22)
    day = Day(one, people(at_s), SEED, DAY_S)
    visits = day.run().visits
    (station,) = day._stations
    assert visits.height == 50
    assert set(visits["outcome"]) <= {"served", "timeout", "throttled", "error"}
    assert (visits["wait_s"] >= 0).all()
    assert (visits["wait_s"] <= visits["ended_s"] - visits["due_s"] + 1e-9).all()
    if isinstance(station, GuardedServerStation):
        (worker,) = station.workers.servers
        assert (worker.in_work, worker.waiting) == (0, 0)
        assert station.guard.retries <= retries * station.guard.requests
