"""Halls, worked out by hand."""

from collections.abc import Callable

import polars as pl
import pytest

from footfall._model.changes import with_outage
from footfall._model.channel import Channel, Fault, OpeningHours, Verb, Work
from footfall._model.durations import Duration, exponential_s
from footfall._model.model import Model
from footfall._model.numbers import Grade, Number, Profile
from footfall._model.population import RetryPolicy
from footfall._model.profiles import profile
from footfall._model.station_specs import Counters
from footfall._records.rows import Outcome

Numbers = Callable[[float], Number]
Exactly = Callable[[float], Duration]
Halls = Callable[..., Counters]
Channels = Callable[..., Channel]
Models = Callable[..., Model]
Visits = Callable[..., pl.DataFrame]


@pytest.fixture(scope="session")
def hall(number: Numbers, exactly: Exactly, all_day: Callable[[float], Profile]) -> Halls:
    """Make a hall of one clerk, much room and endless patience, unless told otherwise."""

    def make(
        clerks: Profile | None = None, room: int = 100, patience_s: float = 1e9, balk_s: float = 1e9
    ) -> Counters:
        return Counters(
            clerks=clerks or all_day(1),
            clerks_factor=number(1),
            room=number(room),
            patience=exactly(patience_s),
            balk_wait=exactly(balk_s),
        )

    return make


def test_a_clerk_whose_shift_ends_finishes_the_customer_at_hand(
    hall: Halls, channel: Channels, model: Models, visits: Visits
) -> None:
    """No clerk from 30 to 60 minutes: the first visit runs over, the second waits for the next shift."""
    shifts = profile([1.0, 0.0, *[1.0] * 46], Grade.ASSUMED, "test")
    found = visits(model(channel(hall(shifts), human_s=1000)), [1000, 1100])
    assert found["served_s"].to_list() == [1000, 3600]
    assert found["ended_s"].to_list() == [2000, 4600]
    assert found["wait_s"].to_list() == [0, 2500]


def test_more_clerks_call_at_once_those_who_wait(
    hall: Halls, channel: Channels, model: Models, visits: Visits
) -> None:
    """From the second half hour on there are three."""
    shifts = profile([1.0, *[3.0] * 47], Grade.ASSUMED, "test")
    found = visits(model(channel(hall(shifts), human_s=1000)), [1500, 1600, 1700, 1750])
    assert found["served_s"].to_list() == [1500, 1800, 1800, 2500]


def test_who_is_inside_at_closing_time_is_served_and_who_comes_then_is_not(
    hall: Halls, channel: Channels, model: Models, visits: Visits, number: Numbers
) -> None:
    """The hall closes at one o'clock; the second of two waits beyond it."""
    hours = OpeningHours(opens_s=number(0), closes_s=number(3600))
    found = visits(model(channel(hall(), human_s=1000, opening=hours)), [3000, 3599, 3600])
    assert found["outcome"].to_list() == ["served", "served", "closed"]
    assert found["ended_s"].to_list() == [4000, 5000, 3600]
    assert found["started_s"].to_list() == [3000, 3599, None]


def test_a_full_room_turns_away(hall: Halls, channel: Channels, model: Models, visits: Visits) -> None:
    """One at the counter, one on the only seat: the third is blocked, and comes again when a seat is free."""
    found = visits(model(channel(hall(room=1), human_s=100)), [0, 1, 2, 101])
    assert found["outcome"].to_list() == ["served", "served", "blocked", "served"]
    assert found["cause"].to_list() == ["", "", "no_room", ""]


def test_who_reads_too_long_a_wait_off_the_display_does_not_join(
    hall: Halls, channel: Channels, model: Models, visits: Visits
) -> None:
    """100 s a visit: the display says 100 s to the second and 200 s to the third, who bears 150 s."""
    found = visits(model(channel(hall(balk_s=150), human_s=100)), [0, 1, 2])
    assert found["outcome"].to_list() == ["served", "served", "balked"]
    assert found["ended_s"].to_list() == [100, 200, 2]


def test_who_loses_patience_leaves_and_is_passed_over(
    hall: Halls, channel: Channels, model: Models, visits: Visits
) -> None:
    """The second leaves after 50 s; the third, who came later, is next."""
    found = visits(model(channel(hall(patience_s=50), human_s=100)), [0, 1, 60])
    assert found["outcome"].to_list() == ["served", "abandoned", "served"]
    assert found["wait_s"].to_list() == [0, 50, 40]
    assert found["ended_s"].to_list() == [100, 51, 200]


def test_who_is_called_at_the_instant_their_patience_ends_is_served(
    hall: Halls, channel: Channels, model: Models, visits: Visits
) -> None:
    """The visit before ended by a timer that was set earlier, so the call comes first."""
    found = visits(model(channel(hall(patience_s=90), human_s=100)), [0, 10])
    assert found["outcome"].to_list() == ["served", "served"]
    assert found["served_s"].to_list() == [0, 100]


def test_the_next_in_line_is_called_before_who_leaves_decides(  # the order of things at one instant
    hall: Halls,
    channel: Channels,
    model: Models,
    visits: Visits,
    number: Numbers,
    exactly: Exactly,
    follow_ups: Callable[..., RetryPolicy],
) -> None:
    """A customer who failed and tries again at once finds the clerk taken by the next in line."""
    fault = Fault(cause="down", by="service", outcome=Outcome.ERROR, share=number(1))
    works = {Verb.QUERY: Work(service=exactly(0), faults=(fault,))}
    rules = follow_ups(2, error=(1, 0, 0))
    found = visits(model(channel(hall(), human_s=100, works=works), follow_ups=rules), [0, 50])
    assert found["customer"].to_list() == [0, 0, 1, 1]
    assert found["served_s"].to_list() == [0, 200, 100, 300]
    assert set(found["outcome"]) == {"error"}


def test_every_site_has_a_line_of_its_own(
    hall: Halls, channel: Channels, model: Models, visits: Visits, number: Numbers
) -> None:
    """50 customers at once over 8 sites: at each they are served one after another from second 0 on."""
    found = visits(model(channel(hall(), human_s=100, sites=number(8))), [0.0] * 50)
    assert found["site"].n_unique() > 5
    for (_site,), group in found.group_by("site"):
        assert sorted(group["served_s"]) == [100.0 * k for k in range(group.height)]


def test_a_visit_in_one_sleep_is_the_visit_step_by_step(
    hall: Halls, number: Numbers, channel: Channels, model: Models, visits: Visits
) -> None:
    """An outage that nobody meets makes the hall go step by step: the same ends, causes and times."""
    faults = tuple(
        Fault.model_validate({"cause": cause, "by": by, "outcome": outcome, "share": number(0.2)})
        for cause, by, outcome in (
            ("backend", "service", Outcome.ERROR),
            ("wrong_pin", "customer", Outcome.REJECTED),
            ("hung_up", "customer", Outcome.UNCONFIRMED),
        )
    )
    work = Work(service=exponential_s(number(20)), faults=faults)
    place = channel(hall(patience_s=900), human_s=30, works=dict.fromkeys(Verb, work))
    place = place.model_copy(update={"dialogues": {"query": place.dialogues["query"] * 3}})
    came_s = [37.0 * k for k in range(120)]
    at_once, by_step = (
        visits(made, came_s) for made in (model(place), with_outage(model(place), "one", 80_000, 80_001))
    )
    assert set(at_once["cause"]) >= {"", "backend", "wrong_pin", "hung_up"}
    same = ["customer", "outcome", "cause", "attempt"]
    assert at_once.select(same).equals(by_step.select(same))
    for time_s in ("due_s", "ended_s", "human_s", "wait_s"):
        assert at_once[time_s].to_list() == pytest.approx(by_step[time_s].to_list(), abs=1e-6)
