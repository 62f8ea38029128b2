"""Shared cores and stale work, worked out by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from footfall._model.changes import with_outage
from footfall._model.channel import Channel, Fault, Step, Verb, Work
from footfall._model.durations import Duration
from footfall._model.model import Model
from footfall._model.numbers import Number
from footfall._model.station_specs import RequestServer

Numbers = Callable[[float], Number]
Servers = Callable[..., RequestServer]
Channels = Callable[..., Channel]
Models = Callable[..., Model]
Visits = Callable[..., pl.DataFrame]


@pytest.fixture(scope="session")
def server(number: Numbers) -> Servers:
    """Make a server of one core, shared unless told otherwise."""

    def make(slots: int = 9, queue: int = 9, deadline_s: float = 100, **fields: Any) -> RequestServer:  # noqa: ANN401  any field
        whole: dict[str, Any] = {"discipline": "sharing"} | fields
        return RequestServer(
            slots=number(slots), accept_queue=number(queue), deadline_s=number(deadline_s), **whole
        )

    return make


def test_two_requests_share_one_core(
    server: Servers, channel: Channels, model: Models, visits: Visits
) -> None:
    """3 s each, at 0 and 1 s: the first has 2 s left at 1 s, so ends at 5 s; the second then has 1 s."""
    found = visits(model(channel(server(), service_s=3)), [0, 1])
    assert found["ended_s"].to_list() == pytest.approx([5, 6], abs=1e-9)
    assert found["wait_s"].to_list() == [0, 0]


def test_a_request_never_has_more_than_one_core(
    server: Servers, channel: Channels, model: Models, visits: Visits, number: Numbers
) -> None:
    """Two cores, 3 s each at 0, 0 and 1 s: alone or by two at full speed, by three at two thirds.

    At 1 s the first two have 2 s left: 3 s of sharing, to 4 s; the third has 1 s left then, and a core.
    """
    found = visits(model(channel(server(cores=number(2)), service_s=3)), [0, 0, 1])
    assert found["ended_s"].to_list() == pytest.approx([4, 4, 5], abs=1e-9)


def test_slots_limit_how_many_share_and_the_queue_how_many_wait(
    server: Servers, channel: Channels, model: Models, visits: Visits
) -> None:
    """Two slots, one place, 1 s each: two end at 2 s, the third at 3 s, the fourth is sent away."""
    found = visits(model(channel(server(slots=2, queue=1), service_s=1)), [0, 0, 0, 0])
    assert found["outcome"].to_list() == ["served"] * 3 + ["throttled"]
    assert found["ended_s"].to_list() == pytest.approx([2, 2, 3, 0], abs=1e-9)
    assert found["wait_s"].to_list() == pytest.approx([0, 0, 2, 0], abs=1e-9)


def test_a_request_cut_at_the_deadline_gives_its_share_to_the_others(
    server: Servers, channel: Channels, model: Models, visits: Visits
) -> None:
    """3 s each at 0, 0 and 4 s, deadline 5 s: at 5 s two are cut, and the third has 8/3 s left, alone."""
    found = visits(model(channel(server(deadline_s=5), service_s=3)), [0, 0, 4])
    assert found["outcome"].to_list() == ["timeout", "timeout", "served"]
    assert found["ended_s"].to_list() == pytest.approx([5, 5, 5 + 8 / 3], abs=1e-9)


def test_an_answer_at_the_very_deadline_is_in_time(
    server: Servers, channel: Channels, model: Models, visits: Visits
) -> None:
    """Two of 3 s at once share a core for exactly 6 s."""
    found = visits(model(channel(server(deadline_s=6), service_s=3)), [0, 0])
    assert found["outcome"].to_list() == ["served", "served"]


@pytest.mark.parametrize(
    ("stale_work", "outcome", "ended_s"),
    [("cut", "served", 8), ("dropped", "served", 9), ("served", "timeout", 9.5)],
)
def test_stale_work_is_in_the_way_of_others(
    server: Servers,
    channel: Channels,
    model: Models,
    visits: Visits,
    stale_work: str,
    outcome: str,
    ended_s: float,
) -> None:
    """One slot, 3 s of work, a deadline of 5 s, three at once and a fourth at 4.5 s; two are given up at 5 s.

    Cut, the slot is free at 5 s. Else the second is worked on to 6 s; the third is dropped then, or worked
    off to 9 s, half a second before the fourth gives up.
    """
    slots = server(slots=1, deadline_s=5, discipline="slots", stale_work=stale_work)
    found = visits(model(channel(slots, service_s=3)), [0, 0, 0, 4.5])
    assert found["outcome"].to_list() == ["served", "timeout", "timeout", outcome]
    assert found["ended_s"].to_list() == pytest.approx([3, 5, 5, ended_s], abs=1e-9)


def test_who_gave_up_keeps_a_place_unless_cut(
    server: Servers, channel: Channels, model: Models, visits: Visits
) -> None:
    """20 s of work, one slot, one place taken at 1 s: at 7 s it is free only if both givings-up were seen."""
    for stale_work, outcome in (("cut", "timeout"), ("dropped", "throttled"), ("served", "throttled")):
        slots = server(slots=1, queue=1, deadline_s=5, stale_work=stale_work)
        found = visits(model(channel(slots, service_s=20)), [0, 1, 7])
        assert found["outcome"].to_list() == ["timeout", "timeout", outcome]


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    slots=st.integers(1, 3),
    queue=st.integers(0, 3),
    deadline_s=st.sampled_from([1.0, 3.0, 100.0]),
    pages=st.integers(1, 3),
)
def test_with_a_core_for_every_slot_sharing_is_slots(
    seed: int,
    slots: int,
    queue: int,
    deadline_s: float,
    pages: int,
    server: Servers,
    channel: Channels,
    model: Models,
    visits: Visits,
    number: Numbers,
    turn: Callable[..., Step],
    exponential: Callable[[float], Duration],
) -> None:
    """Another station, written for more, gives the same visits: outcomes, causes and times."""
    faults = (Fault(cause="db_down", by="service", outcome="error", share=number(0.1)),)
    works = {verb: Work(service=exponential(1), faults=faults) for verb in Verb}
    dialogues = {"query": (turn(Verb.LOGIN, 0.3), turn(Verb.QUERY, 0.7, pages))}
    arrivals_s = np.sort(np.random.default_rng(seed).uniform(0, 60, 40)).tolist()
    days = []
    for fields in ({"discipline": "slots"}, {"cores": number(slots)}):
        station = server(slots, queue, deadline_s, **fields)
        played = with_outage(model(channel(station, works=works, dialogues=dialogues)), "one", 20, 22)
        days.append(visits(played, arrivals_s))
    plain, shared = days
    for name in ("outcome", "cause", "human_s"):
        assert plain[name].to_list() == shared[name].to_list()
    for name in ("ended_s", "wait_s"):
        assert plain[name].to_list() == pytest.approx(shared[name].to_list(), abs=1e-6)
