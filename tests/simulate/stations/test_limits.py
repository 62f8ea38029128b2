"""Waits with a bound, rate limits, stalls and queues by worker at a request server, worked out by hand."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from footfall._behaviour.capacity_rules import LeakyBucket
from footfall._model.channel import Channel
from footfall._model.model import Model
from footfall._model.station_specs import RateLimit, RequestServer, Retry, Stalls
from footfall._model.value_errors import BadModelError
from footfall._records.errors import InvariantError
from footfall._simulate.day import Day, DayResult
from footfall._simulate.stations.guarded_server import GuardedServerStation
from footfall._simulate.stations.request_servers import SharedRequest
from tests.made_up import number

Channels = Callable[..., Channel]
Models = Callable[..., Model]
Visits = Callable[..., pl.DataFrame]
Served = Callable[..., pl.DataFrame]


def server(slots: int = 1, queue: int = 100, deadline_s: float = 1000, **fields: Any) -> RequestServer:  # noqa: ANN401  any field
    """Make a server whose clients wait for long."""
    return RequestServer(
        slots=number(slots), accept_queue=number(queue), deadline_s=number(deadline_s), **fields
    )


@pytest.fixture
def served(channel: Channels, model: Models, visits: Visits) -> Served:
    """Run a server with work of so many seconds and customers who come at given seconds."""

    def run(
        station: RequestServer, service_s: float, at_s: list[float], length_s: float = 3600
    ) -> pl.DataFrame:
        return visits(model(channel(station, service_s=service_s)), at_s, length_s=length_s)

    return run


def limit(requests_per_s: float, burst: int = 0, excess: str = "at_once") -> RateLimit:
    """Make a rate limit."""
    return RateLimit(requests_per_s=number(requests_per_s), burst=number(burst), excess=excess)


def stalls(length_s: float, every_s: float, first_s: float | None, spacing: str = "periodic") -> Stalls:
    """Make stalls."""
    return Stalls(
        length_s=number(length_s),
        every_s=number(every_s),
        first_s=None if first_s is None else number(first_s),
        spacing=spacing,
    )


def test_a_request_that_waits_too_long_fails_and_work_once_begun_is_not_cut(served: Served) -> None:
    """3 s of work, a bound of 4 s: the second waits 3 s and is served, the third would wait 6 s."""
    found = served(server(queue_timeout_s=number(4)), 3, [0, 0, 0])
    assert found["outcome"].to_list() == ["served", "served", "error"]
    assert found["cause"].to_list()[2] == "queue_timeout"
    assert found["ended_s"].to_list() == pytest.approx([3, 6, 4])
    assert found["wait_s"].to_list() == pytest.approx([0, 3, 4])


def test_a_slot_that_is_free_at_the_end_of_the_longest_wait_is_in_time(served: Served) -> None:
    """Exactly 3 s of wait are allowed and needed."""
    assert served(server(queue_timeout_s=number(3)), 3, [0, 0])["outcome"].to_list() == ["served"] * 2


@pytest.mark.parametrize("stale_work", ["cut", "served", "dropped"])
def test_the_place_of_one_who_waited_too_long_is_free_at_once(served: Served, stale_work: str) -> None:
    """Whatever becomes of stale work: at 2 s the only place is free for the third, served from 10 s on."""
    station = server(queue=1, queue_timeout_s=number(8), stale_work=stale_work)
    found = served(station, 10, [0, 1, 9.5])
    assert found.select("outcome", "ended_s").rows()[1:] == [("error", pytest.approx(9)), ("served", 20)]


def test_a_request_whose_client_has_gone_leaves_the_queue_at_its_bound_too(served: Served) -> None:
    """Stale work of 10 s is served: the second's client goes at 1 s, its place is free at 2 s."""
    busy = server(queue=1, deadline_s=1, queue_timeout_s=number(2), stale_work="served")
    assert served(busy, 10, [0, 0, 1.5, 2.5])["cause"].to_list() == [
        "deadline",
        "deadline",
        "throttled",
        "deadline",
    ]


def test_a_deadline_shorter_than_the_bound_of_the_wait_comes_first(served: Served) -> None:
    """2 s for the answer, 4 s for the wait: a timeout."""
    found = served(server(deadline_s=2, queue_timeout_s=number(4)), 1.5, [0, 0])
    assert found.select("outcome", "cause", "ended_s").rows()[1] == ("timeout", "deadline", 2)


def test_a_wait_that_was_too_long_is_tried_again(served: Served) -> None:
    """One retry after 3 s: it finds the slot free."""
    retry = Retry(
        retries_most=number(1), backoff_s=number(3), backoff_s_most=number(3), jitter_share=number(0)
    )
    found = served(server(queue_timeout_s=number(1), retry=retry), 3, [0, 0])
    assert found.select("outcome", "ended_s").rows()[1] == ("served", pytest.approx(1 + 3 + 3))


def test_time_on_the_way_holds_no_slot_and_is_part_of_every_response(served: Served) -> None:
    """Half a second there: the second request waits for the first alone, a refusal takes the way, too."""
    found = served(server(queue=1, network_s=number(0.5)), 3, [0, 0, 0])
    assert found["outcome"].to_list() == ["served", "served", "throttled"]
    assert found["ended_s"].to_list() == pytest.approx([3.5, 6.5, 0.5])
    assert found["wait_s"].to_list() == pytest.approx([0, 3, 0])


def test_the_deadline_begins_after_the_time_on_the_way(served: Served) -> None:
    """Work of 2 s within a deadline of 2 s is in time, whatever the way takes."""
    found = served(server(network_s=number(1), deadline_s=2), 2, [0, 5])
    assert found["outcome"].to_list() == ["served", "served"]
    late = served(server(network_s=number(1), deadline_s=1), 2, [0])
    assert late.select("outcome", "ended_s").row(0) == ("timeout", pytest.approx(2))


def test_a_burst_passes_and_the_rate_from_then_on(served: Served) -> None:
    """2/s and a burst of 2: three of five at once; half a second later there is room for one."""
    found = served(server(slots=50, rate_limit=limit(2, 2)), 0.1, [0, 0, 0, 0, 0, 0.5, 0.5])
    outcomes = ["served"] * 3 + ["throttled"] * 2 + ["served", "throttled"]
    assert found["outcome"].to_list() == outcomes
    assert set(found.filter(pl.col("outcome") == "throttled")["cause"]) == {"rate_limit"}


def test_requests_exactly_at_the_rate_all_pass(served: Served) -> None:
    """Thirty a second at a limit of 30/s without a burst; of sixty a second every other one."""
    at_s = [k / 30 for k in range(300)]
    found = served(server(slots=50, rate_limit=limit(30)), 0.01, at_s)
    assert set(found["outcome"]) == {"served"}
    twice = served(server(slots=50, rate_limit=limit(30)), 0.01, [k / 60 for k in range(300)])
    assert (twice["outcome"] == "served").sum() == 150


def test_an_excess_that_is_delayed_leaves_at_the_rate(served: Served) -> None:
    """2/s, two may wait: served at 0, 0.5 and 1 s after a wait, the fourth is refused."""
    found = served(server(slots=50, rate_limit=limit(2, 2, "delayed")), 0.25, [0, 0, 0, 0])
    assert found["outcome"].to_list() == ["served"] * 3 + ["throttled"]
    assert found["ended_s"].to_list()[:3] == pytest.approx([0.25, 0.75, 1.25])
    assert found["wait_s"].to_list()[:3] == pytest.approx([0, 0.5, 1])


def test_a_deadline_that_ends_while_a_request_is_held_back_is_a_timeout(served: Served) -> None:
    """0.8 s for the answer: the third would be let through after 1 s; the second has 0.3 s left."""
    found = served(server(slots=50, deadline_s=0.8, rate_limit=limit(2, 5, "delayed")), 0.25, [0, 0, 0])
    assert found["outcome"].to_list() == ["served", "served", "timeout"]
    assert found["ended_s"].to_list() == pytest.approx([0.25, 0.75, 0.8])


def test_work_rests_while_the_server_stalls_and_goes_on_afterwards(served: Served) -> None:
    """Stalls at 10 to 12 s and 30 to 32 s: work of 3 s begun at 9 s ends at 14 s."""
    station = server(slots=2, stalls=stalls(2, 20, 10))
    found = served(station, 3, [5, 9, 11, 11.5, 31])
    assert found["ended_s"].to_list() == pytest.approx([8, 14, 15, 17, 35])
    assert found["wait_s"].to_list() == pytest.approx([0, 0, 1, 2.5, 1])


def test_clients_give_up_while_the_server_stalls_and_free_slots_are_places_to_wait(served: Served) -> None:
    """No accept queue: of two slots one is in work, so one may wait; deadlines end at 11.5 and 13 s."""
    station = server(slots=2, queue=0, deadline_s=2.5, stalls=stalls(4, 40, 10))
    found = served(station, 2, [9, 10.5, 11, 20])
    assert found["outcome"].to_list() == ["timeout", "timeout", "throttled", "served"]
    assert found["ended_s"].to_list() == pytest.approx([11.5, 13, 11, 22])


def test_cores_that_are_shared_stall_together(served: Served) -> None:
    """One core, two requests of 2 s at 0 s: half done at the stall from 1 to 3 s, both done at 6 s."""
    station = server(slots=4, discipline="sharing", stalls=stalls(2, 100, 1))
    assert served(station, 2, [0, 0])["ended_s"].to_list() == pytest.approx([6, 6])


def test_stalls_are_the_same_in_two_runs_and_as_frequent_as_declared(
    channel: Channels, model: Models, people: Callable[..., Any]
) -> None:
    """Of one key: the same; a fifth of a long time is stalled, spaced regularly or at random."""
    for spacing in ("periodic", "random"):
        at_s = [float(k) for k in range(20_000)]
        station = server(slots=50, queue=10_000, stalls=stalls(2, 10, None, spacing))
        made = model(channel(station, service_s=0.01))
        first, second = (Day(made, people(at_s), 7, 20_000).run().visits for _ in range(2))
        assert first.equals(second)
        stalled = (first["wait_s"] > 0).to_numpy().mean()
        assert stalled == pytest.approx(0.2, abs=0.02)


def test_requests_go_to_workers_in_turn_at_random_or_to_the_shortest_queue(served: Served) -> None:
    """Each has 10 s to do; in turn, the fourth waits for the first of three."""
    at_s = [0, 0.1, 0.2, 3]
    in_turn = served(server(slots=3, queues=number(3)), 10, at_s)
    assert in_turn["wait_s"].to_list() == pytest.approx([0, 0, 0, 7])
    crowd = [0.0] * 6
    shortest = served(server(slots=2, queues=number(2), dispatch="shortest"), 10, crowd)
    assert sorted(shortest["wait_s"].to_list()) == pytest.approx([0, 0, 10, 10, 20, 20])
    random = served(server(slots=3, queues=number(3), dispatch="random"), 1, [0.0] * 99)
    longest_s = random["ended_s"].to_numpy().max()
    assert 33 < longest_s < 50
    one = served(server(slots=3), 1, [0.0] * 99)
    assert one["ended_s"].to_numpy().max() == pytest.approx(33)


def test_each_worker_has_an_accept_queue_of_its_own(served: Served) -> None:
    """Two workers with room for one each: four of six at once are taken."""
    found = served(server(slots=2, queue=1, queues=number(2)), 1, [0.0] * 6)
    assert found["outcome"].to_list() == ["served"] * 4 + ["throttled"] * 2


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (lambda: server(slots=3, queues=number(2)), "slots that divide evenly among 2 queues, not 3"),
        (
            lambda: server(slots=4, queues=number(2), discipline="sharing", cores=number(1)),
            "cores that divide evenly among 2 queues, not 1",
        ),
        (lambda: stalls(20, 20, None), "length_s of the stalls below every_s = 20, not 20"),
        (lambda: limit(-1), "-1 is below 0; expected a number, 0 or more"),
        (lambda: limit(1, 1, "later"), "'later' is not allowed here; expected 'at_once' or 'delayed'"),
        (lambda: server(queue_timeout_s=number(-1)), "-1 is below 0; expected a time"),
        (lambda: server(queues=number(0)), "0 is below 1; expected a whole number from 1 on"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(made: Callable[[], object], problem: str) -> None:
    """Each names what would fit."""
    with pytest.raises(BadModelError, match=problem):
        made()


class _LetsAllThrough(LeakyBucket):
    """A rate limit that limits nothing."""

    def enter(self, now_s: float) -> float | None:  # noqa: ARG002  whenever
        """Say yes."""
        return 0.0


def test_a_rate_that_was_exceeded_is_found_out(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The law of every run: no more than the rate and the burst allow."""
    monkeypatch.setattr("footfall._simulate.stations.guarded_server.LeakyBucket", _LetsAllThrough)
    with pytest.raises(InvariantError, match="passed <= rate x time"):
        served(server(slots=50, rate_limit=limit(2, 2)), 0.1, [0.0] * 4)


def test_a_wait_beyond_its_bound_is_found_out(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue that lets nobody go."""
    monkeypatch.setattr(SharedRequest, "leave_queue", lambda _request: None)
    with pytest.raises(InvariantError, match="no wait longer than its bound"):
        served(server(queue_timeout_s=number(2)), 3, [0, 0])


def test_the_limits_that_were_held_are_counted(
    channel: Channels, model: Models, day: Callable[..., DayResult]
) -> None:
    """One for the rate, one for each queue; none where nothing is limited."""
    station = server(slots=2, queues=number(2), queue_timeout_s=number(5), rate_limit=limit(1, 100))
    assert day(model(channel(station, service_s=1)), [0, 0, 0]).laws.limits == 3
    assert day(model(channel(server(stale_work="served"), service_s=1)), [0]).laws.limits == 0


def test_what_is_not_limited_is_served_as_before(
    channel: Channels, model: Models, people: Callable[..., Any]
) -> None:
    """A limit that is never reached gives the same visits as the plain station."""
    at_s = [0.37 * k for k in range(500)]
    plain, limited = (
        Day(model(channel(station, service_s=0.9)), people(at_s), 7, 3600)
        for station in (
            server(slots=3),
            server(slots=3, queue_timeout_s=number(999), rate_limit=limit(99, 9)),
        )
    )
    assert isinstance(limited._stations[0], GuardedServerStation)
    columns = ("customer", "outcome", "wait_s", "served_s", "ended_s")
    both = [day.run().visits.sort("customer").select(columns) for day in (plain, limited)]
    assert both[0].select("customer", "outcome").equals(both[1].select("customer", "outcome"))
    for name in columns[2:]:
        assert both[0][name].to_list() == pytest.approx(both[1][name].to_list(), abs=1e-6)
