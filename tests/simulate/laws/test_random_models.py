"""Whatever the model: all laws hold, a seed repeats, every arrival ends in exactly one named state."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from footfall._model.channel import Channel, Fault, LogoutReminder, OpeningHours, Outage, Verb, Work
from footfall._model.durations import DistributionFamily, Duration
from footfall._model.model import Model
from footfall._model.numbers import HALF_HOURS, Grade, Profile
from footfall._model.station_specs import (
    AgentGroup,
    Callback,
    CallCentre,
    Counters,
    Kiosks,
    MessageGateway,
    RateLimit,
    RequestServer,
    Retry,
    Stalls,
    Station,
)
from footfall._records.rows import OUTCOMES, Outcome
from footfall._simulate.day import DayResult, simulate_day
from tests import made_up

SECONDS = st.sampled_from([0.0, 0.5, 30.0, 600.0, 7200.0])
SHARES = st.sampled_from([0.0, 0.1, 0.5, 1.0])
COUNTS = st.integers(0, 3)
FOUR_HOURS = 8
STAFF = st.lists(st.integers(0, 3), min_size=HALF_HOURS // FOUR_HOURS, max_size=HALF_HOURS // FOUR_HOURS)
"""Numbers of servers, or of arrivals, by four hours."""
EXAMPLES = 90
CALLBACK = Callback(
    offered_wait_s=made_up.number(60), accepted_share=made_up.number(0.5), latest_s=made_up.number(3600)
)
GROUP = AgentGroup(name="experts", agents=made_up.always(1), skills=("query",))


@st.composite
def durations(draw: st.DrawFn) -> Duration:
    """Give a time of any law."""
    mean_s, law = (
        draw(SECONDS),
        draw(
            st.sampled_from(
                [DistributionFamily.CONSTANT, DistributionFamily.EXPONENTIAL, DistributionFamily.LOGNORMAL]
            )
        ),
    )
    cv = made_up.number(0.8) if law is DistributionFamily.LOGNORMAL else None
    return Duration(law=law, mean_s=made_up.number(mean_s), cv=cv)


@st.composite
def profiles(draw: st.DrawFn, values: st.SearchStrategy[list[int]] = STAFF) -> Profile:
    """Give a number for each half hour."""
    found = tuple(float(value) for value in draw(values) for _ in range(FOUR_HOURS))
    return Profile(values=found, grade=Grade.ASSUMED, source="made up for a test")


@st.composite
def stations(draw: st.DrawFn) -> Station:
    """Give a station of any kind, often too small."""
    patience, one_or_more = draw(durations()), made_up.number(draw(st.integers(1, 3)))
    kind = draw(st.sampled_from(["counters", "kiosks", "call_centre", "gateway", "server"]))
    if kind == "counters":
        return Counters(
            clerks=draw(profiles()),
            clerks_factor=made_up.number(1),
            room=made_up.number(draw(COUNTS)),
            patience=patience,
            balk_wait=draw(durations()),
        )
    if kind == "kiosks":
        up = made_up.seconds(draw(st.sampled_from([0.0, 3000.0])))
        return Kiosks(machines=one_or_more, up=up, repair=made_up.seconds(4000), patience=patience)
    if kind == "call_centre":
        return CallCentre(
            lines=made_up.number(draw(st.integers(1, 9))),
            agents=draw(profiles()),
            agents_factor=made_up.number(1),
            patience=patience,
            talk=draw(durations()),
            wrap_up=draw(durations()),
            agent_share={"query": made_up.number(draw(SHARES))},
            callback=draw(st.sampled_from([None, CALLBACK])),
            groups=draw(st.sampled_from([(), (GROUP,)])),
        )
    if kind == "gateway":
        rate = made_up.number(draw(st.sampled_from([0.002, 0.1, 5.0])))
        return MessageGateway(
            messages_per_s=rate,
            queue=made_up.number(draw(COUNTS)),
            connections=made_up.number(draw(st.integers(1, 2))),
        )
    queues = draw(st.integers(1, 2))
    return RequestServer(
        slots=made_up.number(queues * draw(st.sampled_from([1, 2, 12]))),
        accept_queue=made_up.number(draw(COUNTS)),
        deadline_s=made_up.number(draw(st.sampled_from([1.0, 900.0]))),
        discipline=draw(st.sampled_from(["slots", "sharing"])),
        stale_work=draw(st.sampled_from(["cut", "served", "dropped"])),
        retry=Retry(retries_most=made_up.number(draw(st.integers(0, 2)))),
        queue_timeout_s=made_up.number(draw(st.sampled_from([0, 20]))),
        network_s=made_up.number(draw(st.sampled_from([0, 1]))),
        queues=made_up.number(queues),
        cores=made_up.number(queues),
        dispatch=draw(st.sampled_from(["round_robin", "random", "shortest"])),
        rate_limit=RateLimit(
            requests_per_s=made_up.number(draw(st.sampled_from([0.0, 0.005]))),
            burst=made_up.number(draw(COUNTS)),
            excess=draw(st.sampled_from(["at_once", "delayed"])),
        ),
        stalls=Stalls(
            length_s=made_up.number(draw(st.sampled_from([0.0, 400.0]))),
            every_s=made_up.number(5000),
            spacing=draw(st.sampled_from(["periodic", "random"])),
        ),
    )


@st.composite
def channels(draw: st.DrawFn) -> dict[str, Any]:
    """Give what the maker of channels takes: a station, its dialogue, outages, opening hours, reminders."""
    turns = draw(st.lists(st.tuples(durations(), st.integers(1, 3)), min_size=1, max_size=2))
    service = draw(durations())
    outage = Outage(starts_s=made_up.number(30_000), ends_s=made_up.number(45_000))
    opening = OpeningHours(opens_s=made_up.number(20_000), closes_s=made_up.number(60_000))
    reminder = LogoutReminder(forgotten_share=made_up.number(0.5), idle_s=made_up.number(300))
    fault = Fault(cause="fault", by="service", outcome=Outcome.ERROR, share=made_up.number(draw(SHARES)))
    return {
        "station": draw(stations()),
        "sites": made_up.number(draw(st.integers(1, 2))),
        "opening": draw(st.sampled_from([None, opening])),
        "outages": draw(st.sampled_from([(), (outage,)])),
        "logout_reminder": draw(st.sampled_from([None, reminder])),
        "works": {verb: Work(service=service, faults=(fault,)) for verb in Verb},
        "turns": turns,
    }


Rules = dict[str, tuple[float, float, float]]
RULES = st.dictionaries(
    st.sampled_from(["error", "abandoned", "balked", "blocked", "throttled", "timeout", "closed"]),
    st.tuples(st.sampled_from([0.0, 0.5]), st.sampled_from([0.0, 0.5]), SECONDS),
)


@pytest.fixture(scope="module")
def build(
    model: Callable[..., Model],
    channel: Callable[..., Channel],
    segment: Callable[..., Any],
    follow_ups: Callable[..., Any],
) -> Callable[..., Model]:
    """Make the model of what was drawn."""

    def make(drawn: list[dict[str, Any]], profile: Profile, rules: Rules, customers: int) -> Model:
        made = []
        for number, parts in enumerate(drawn):
            turns = tuple(
                made_up.turns(Verb.QUERY)[0].model_copy(
                    update={"human": human, "pages": made_up.number(pages)}
                )
                for human, pages in parts["turns"]
            )
            others = {key: value for key, value in parts.items() if key not in {"turns", "station"}}
            made.append(channel(parts["station"], name=f"c{number}", dialogues={"query": turns}, **others))
        return model(
            *made,
            population=made_up.number(customers),
            segments=(segment(day_profile=profile),),
            follow_ups=follow_ups(3, **rules),
        )

    return make


@settings(max_examples=EXAMPLES)
@given(
    drawn=st.lists(channels(), min_size=1, max_size=3),
    profile=profiles(STAFF.filter(any)),
    rules=RULES,
    customers=st.sampled_from([1, 60, 250]),
    seed=st.integers(0, 1000),
)
def test_any_small_model_obeys_all_laws_and_repeats(
    drawn: list[dict[str, Any]],
    profile: Profile,
    rules: Rules,
    customers: int,
    seed: int,
    build: Callable[..., Model],
) -> None:
    """Breaking one would have ended the run; all that were due have been checked."""
    played = build(drawn, profile, rules, customers)
    result = simulate_day(played, seed)
    every_arrival_ends_in_one_state(result)
    if result.visits.height:
        assert min(result.laws.flow, result.laws.little, result.laws.shares) > 0
    assert simulate_day(played, seed).visits.equals(result.visits)


def every_arrival_ends_in_one_state(result: DayResult) -> None:
    """Each customer's last attempt has one of the names, and no attempt has two ends."""
    visits = result.visits
    assert visits.select("customer", "attempt").is_unique().all()
    ends = visits.sort("attempt").group_by("customer").agg(pl.col("outcome").last())
    assert set(ends["outcome"]) <= set(OUTCOMES)
    assert sorted(ends["customer"]) == sorted(result.arrivals["customer"])
