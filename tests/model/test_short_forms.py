"""A model in as many lines as it has numbers: what may be left out, and what may be written shortly."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st

import footfall as ff
from footfall._model.channel import Verb
from footfall._model.model import ShareDefinition
from footfall._model.numbers import DEFAULT, HALF_HOURS, UNSOURCED, Grade, assumed, leaves
from footfall._model.profiles import constant as all_day
from footfall._model.value_errors import BadModelError
from footfall._simulate.day import simulate_day
from models.mm3 import MODEL as MM3
from models.shop import MODEL as SHOP

WHY = "example"
STAFFED = ff.Channel("hall", ff.Counters(3), service=360)


def written_out() -> ff.Model:
    """Give M/M/3 with every field."""
    one, nothing = assumed(1, WHY), assumed(0, WHY)
    hall = ff.Channel(
        name="hall",
        title="hall",
        nest="physical",
        station=ff.Counters(
            clerks=all_day(3, Grade.ASSUMED, WHY),
            clerks_factor=one,
            room=assumed(float("inf"), WHY),
            patience=ff.never,
            balk_wait=ff.never,
        ),
        sites=one,
        access_s_mean=nothing,
        price_yuan=nothing,
        works={Verb.BROWSE: ff.Work(service=ff.constant(0))},
        dialogues={"query": (ff.Step(Verb.BROWSE, human=ff.exponential(assumed(360, WHY)), pages=one),)},
    )
    everybody = ff.Segment(
        "everybody",
        one,
        month_visits={"query": assumed(31, WHY)},
        day_profile=all_day(1, Grade.ASSUMED, WHY),
        taste=ff.Taste(),
        reach={},
    )
    share = ShareDefinition(
        name="none",
        text="no channel is electronic",
        electronic=(),
        counted=("hall",),
        operations=("query",),
    )
    return ff.Model(
        name="mm3",
        title="One hall, three clerks (M/M/3)",
        population=assumed(480, WHY),
        busy_day_factor=one,
        busyness_cv=nothing,
        segments=(everybody,),
        channels=(hall,),
        choice=ff.NestedLogit(dissimilarity={"physical": one}, constants={}, expected_wait_s={}),
        follow_ups=ff.RetryPolicy(attempts_most=one, by_outcome={}),
        accounts=ff.Accounts(),
        share_definitions=(share,),
    )


def test_the_short_model_is_the_one_with_every_field_written_out() -> None:
    """Same fingerprint, so the same visits at a seed."""
    assert MM3.fingerprint() == written_out().fingerprint()


def test_a_patience_and_a_room_without_end_are_as_ones_that_never_matter() -> None:
    """A thousand years and ten thousand places give the same visits."""
    station = ff.Counters(3, room=10_000, patience=1e9, balk_wait=1e9)
    finite = ff.Model(
        "mm3",
        arrivals=ff.per_hour(20),
        channels=ff.Channel("hall", station, service=ff.exponential(ff.minutes(6))),
    )
    assert simulate_day(finite, 7).visits.equals(simulate_day(MM3, 7).visits)


def test_only_what_the_file_says_without_a_source_is_unsourced() -> None:
    """What is left out has the source "default"."""
    found = {path for path, number in leaves(MM3) if number.source == UNSOURCED}
    assert found == {
        "population",
        "segments.everybody.month_visits.query",
        "channels.hall.station.clerks",
        "channels.hall.dialogues.query.0.human.mean_s",
    }
    assert {number.source for _, number in leaves(MM3)} == {UNSOURCED, DEFAULT}


def test_units_keep_grade_and_source() -> None:
    """Of a sourced number; a plain one has grade C and none."""
    for unit in (
        ff.seconds,
        ff.minutes,
        ff.hours,
        ff.per_second,
        ff.per_hour,
        ff.per_day,
        ff.percent,
        ff.points,
    ):
        number = unit(ff.public(3, "p. 212"))
        assert (number.grade, number.source) == (Grade.PUBLIC, "p. 212")
        assert (unit(3).grade, unit(3).source) == (Grade.ASSUMED, UNSOURCED)
    staff = ff.by_hour({9: ff.public(2, "roster"), 17: 0})
    assert (staff.grade, staff.source) == (Grade.PUBLIC, "roster")


@pytest.mark.parametrize(
    ("given", "seconds"), [("90s", 90), ("90", 90), ("2 min", 120), ("1h30m", 5400), ("250ms", 0.25), (5, 5)]
)
def test_a_time_may_be_a_text_or_a_number(given: str | float, seconds: float) -> None:
    """In a station's own field, and where a distribution could stand."""
    server = ff.RequestServer(8, deadline=given, queue_timeout=given)
    assert float(server.deadline_s) == float(server.queue_timeout_s) == seconds
    assert ff.Counters(3, patience=given).patience.at(0.3) == seconds
    assert ff.constant(given).mean_s == seconds


@given(
    st.dictionaries(
        st.one_of(st.integers(0, 23), st.sampled_from([8.5, "9:30", "17:15", "23:59"])),
        st.floats(0, 100),
        min_size=1,
    )
)
def test_hours_hold_until_the_next(steps: dict[Any, float]) -> None:
    """And the last one until the first of the next day."""
    staff = ff.by_hour(steps)

    def minute(at: Any) -> int:  # noqa: ANN401  number or text
        hours, _, minutes = at.partition(":") if isinstance(at, str) else (int(at), "", int(at * 60) % 60)
        return int(hours) * 60 + int(minutes or 0)

    values = {minute(at): value for at, value in steps.items()}
    for at_min in range(0, 1440, 7):
        before = [m for m in values if m <= at_min]
        assert staff.at(at_min * 60) == values[max(before or values)]
    assert len(staff.values) == (1440 if "23:59" in steps else 96 if "17:15" in steps else HALF_HOURS)


def test_a_rate_by_hours_is_so_many_customers() -> None:
    """Twenty an hour for eight hours."""
    shop = ff.Model("shop", arrivals=ff.per_hour({9: 20, 17: 0}), channels=STAFFED)
    (everybody,) = shop.segments
    assert dict(everybody.month_visits) == pytest.approx({"query": 31})
    assert float(shop.population) == 160
    assert [everybody.day_profile.at(hour * 3600) for hour in (8, 9, 16, 17)] == [0, 20, 20, 0]
    assert float(ff.Model("shop", arrivals="20 per hour", channels=STAFFED).population) == 480


def test_arrivals_are_split_over_segments_and_over_what_they_want() -> None:
    """A segment's own profile and visits stay."""
    night = ff.Segment("night", 0.25, day_profile={22: 1, 23: 0}, title="at night")
    shop = ff.Model(
        "shop",
        arrivals=ff.per_day(100),
        wants={"query": 0.7, "order": 0.3},
        segments=[ff.Segment("young", 0.75), night],
        channels=ff.Channel("hall", ff.Counters(3), service=360, operations=("query", "order")),
    )
    young, late = shop.segments
    assert young.month_visits == late.month_visits == pytest.approx({"query": 21.7, "order": 9.3})
    assert late.day_profile.at(0) == 0
    assert shop.operations == ("query", "order")
    assert set(simulate_day(shop, 1).visits["operation"]) == {"query", "order"}


def test_a_server_s_service_is_its_systems_time_and_a_counter_s_the_clerk_s() -> None:
    """Where somebody is held for the whole visit, the customer's turn takes it."""
    web = ff.Channel("web", ff.RequestServer(8), service="1s")
    assert web.works[Verb.BROWSE].service.mean_s == 1
    assert web.dialogues["query"][0].human.mean_s == 0
    assert (web.nest, STAFFED.nest) == ("electronic", "physical")
    assert STAFFED.dialogues["query"][0].human.mean_s == 360


def test_a_share_that_asks_for_an_agent_holds_for_every_operation() -> None:
    """A number alone, none at all, and one by operation."""
    for asked, found in ((0.3, 0.3), ("30%", 0.3), (None, 1)):
        more: dict[str, Any] = {} if asked is None else {"agent_share": asked}
        phone = ff.Channel("phone", ff.CallCentre(3, talk=60, **more), operations=("query", "order"))
        assert isinstance(phone.station, ff.CallCentre)
        assert phone.station.agent_share == {"query": found, "order": found}


def test_opening_hours_may_be_a_text_or_a_pair() -> None:
    """In hours of the clock."""
    for hours in ("9-17:30", "9:00 - 17:30", (9, 17.5), ("9", "17:30")):
        opening = ff.Channel("hall", ff.Counters(3), service=1, opening=hours).opening
        assert opening is not None
        assert list(map(float, (opening.opens_s, opening.closes_s))) == [9 * 3600, 17.5 * 3600]


def test_people_of_the_shop_choose_between_both_channels() -> None:
    """While the counter is open; before and after, all call."""
    visits = simulate_day(SHOP, 1).visits
    first = visits.filter(visits["attempt"] == 1)
    inside = first.filter(first["due_s"].is_between(9 * 3600, 17 * 3600))
    assert set(inside["channel"]) == {"counter", "phone"}
    assert set(first.filter(first["due_s"] >= 17 * 3600)["channel"]) == {"phone"}


any_of: Any = ff
"""What a type checker would refuse is refused when it runs, too."""
TALK = ff.minutes(3)
STAFF = "expected a number of clerks, such as 3, or by_hour({9: 2, 17: 0})"


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (
            lambda: any_of.Counters(clerks="three"),
            f"Counters clerks: 'three' is not a number; {STAFF}",
        ),
        (
            lambda: any_of.Counters({"half nine": 2}),
            f"Counters clerks: 'half nine' is not a time of day; {STAFF}",
        ),
        (any_of.Counters, f"Counters clerks: missing; {STAFF}"),
        (
            lambda: any_of.Counters(3, patience="soon"),
            "Counters patience.mean_s: 'soon' is not a number; expected a time, such as seconds(90), ",
        ),
        (
            lambda: any_of.Counters(3, rooms=4),
            "Counters rooms: no such field; expected room",
        ),
        (
            lambda: any_of.Counters(3, 4),
            "Counters: 2 values without a name; expected names of fields but for: clerks",
        ),
        (
            lambda: any_of.CallCentre(3, talk=TALK, agent_share=1.3),
            "CallCentre agent_share.*: 1.3 is above 1; expected a share from 0 to 1, such as 0.3 or ",
        ),
        (
            lambda: any_of.CallCentre(3, talk=TALK, redials="often"),
            "CallCentre redials: 'often' is not allowed here; expected 'drawn_anew' or 'as_before'",
        ),
        (
            lambda: any_of.RequestServer(2.5),
            "RequestServer slots: 2.5 is not a whole number; expected a whole number from 1 on, such as 3",
        ),
        (
            lambda: any_of.Channel("hall", 3, service=1),
            "Channel station: 3 is not allowed here; expected a station, such as Counters(3), ",
        ),
        (
            lambda: any_of.Channel("hall", ff.Counters(3)),
            "Channel: service is missing; expected how long a visit takes, such as ",
        ),
        (lambda: any_of.CallCentre(3), "CallCentre talk: missing; expected a time, such as minutes(6), "),
        (
            lambda: any_of.Channel("hall", ff.Counters(3), service=1, opening="nine to five"),
            "Channel opening: 'nine to five' is not a range of opening hours; expected hours of opening",
        ),
        (
            lambda: any_of.Model("shop", arrivals=20, channels=STAFFED),
            "Model: 20 has no unit; expected a rate, such as per_hour(20) or per_hour({9: 20, 17: 0})",
        ),
        (
            lambda: any_of.Model("shop", channels=STAFFED),
            "Model: does not say how many come; expected arrivals=per_hour(20), or ",
        ),
        (
            lambda: any_of.Model("shop", arrivals=ff.per_hour(0), channels=STAFFED),
            "Model: 0 arrivals a day; expected a rate above 0, such as per_hour(20)",
        ),
        (
            lambda: any_of.Model("shop", arrivals=ff.per_hour(1), channels=[STAFFED, STAFFED]),
            "Model: two channels have the same name, 'hall'",
        ),
        (
            lambda: any_of.Model(
                "shop",
                arrivals=ff.per_hour(1),
                segments=[ff.Segment("young", 0.5), ff.Segment("young", 0.5)],
                channels=STAFFED,
            ),
            "Model: two segments have the same name, 'young'",
        ),
        (
            lambda: any_of.Model("shop", arrivals=ff.per_hour(1), wants={"query": 80}, channels=STAFFED),
            "Model: the shares of wants add up to 80; expected shares of what they come for that add up to 1",
        ),
        (
            lambda: any_of.Model("shop", arrivals=ff.per_hour(1), wants=["query"], channels=STAFFED),
            "Model: wants cannot be ['query']; expected shares of what they come for that add up to 1",
        ),
        (
            lambda: any_of.Model("shop", arrivals=ff.per_hour(1), wants={"query": "most"}, channels=STAFFED),
            "Model: wants: 'most' is not a number; expected shares of what they come for",
        ),
        (
            lambda: any_of.Model("shop", arrivals=ff.per_hour(1), wants={"order": 1}, channels=STAFFED),
            "Model: unknown operation order; known: query",
        ),
        (
            lambda: any_of.Model(
                "shop", arrivals=ff.per_hour(1), channels=STAFFED, taste=ff.Taste(trust={"digital": 0.5})
            ),
            "Model: unknown nest digital; known: electronic, physical",
        ),
        (
            lambda: any_of.Model("shop", arrivals=ff.per_hour(1), channels=STAFFED, targets={"hall": 0.9}),
            "Model targets: 'hall' names no operation; expected channel.operation, such as ",
        ),
        (
            lambda: any_of.Model(
                "shop", arrivals=ff.per_hour(1), channels=STAFFED, targets={"hall.qery": 0.9}
            ),
            "Model: unknown operation qery; known: query",
        ),
        (
            lambda: any_of.Model("shop", arrivals="many", channels=STAFFED),
            "Model: 'many' is not a rate; expected",
        ),
        (
            lambda: any_of.Channel("hall", any_of.Counters(3), service=1, opening="17-8"),
            "Channel opening: opens at 17:00 and closes at 8:00; expected hours of opening, such as ",
        ),
        (
            lambda: any_of.Channel("hall", any_of.Counters(3), service={"a": 1}, operations="b"),
            "Channel: service by operation and operations= both name operations; expected one of them",
        ),
        (
            lambda: any_of.RetryPolicy(3, {"abandonned": any_of.AfterFailure(0.5)}),
            "RetryPolicy by_outcome.abandonned: 'abandonned' is not allowed here; expected 'served' or ",
        ),
        (
            lambda: any_of.RetryPolicy(3, {"served": any_of.AfterFailure(0.5)}),
            "RetryPolicy: 'served' is no failure; expected rejected, error, timeout, ",
        ),
        (
            lambda: any_of.RetryPolicy(3, {"abandoned": 0.5}),
            "RetryPolicy by_outcome.abandoned: 0.5 is not allowed here; expected AfterFailure(",
        ),
        (
            lambda: any_of.Fault("x", "service", "lost", "1%"),
            "Fault outcome: 'lost' is not allowed here; expected 'rejected', 'error', 'timeout' or ",
        ),
        (
            lambda: any_of.RequestServer(any_of.unlimited),
            "RequestServer slots: inf is not a whole number; expected a whole number from 1 on, such as 3",
        ),
        (
            lambda: any_of.Channel("hall", any_of.Counters(3), service=1, access=any_of.unlimited),
            "Channel access_s_mean: inf is not a finite number; expected a time, such as seconds(90), ",
        ),
        (lambda: any_of.exponential("never"), "exponential: a time that is exponential ends: its mean is "),
        (lambda: any_of.minutes("six"), "minutes: 'six' is not a number; expected a number"),
        (lambda: any_of.exponential("three"), "exponential mean: 'three' is not a number; expected a time, "),
        (lambda: any_of.lognormal(3, cv=-1), "lognormal cv: -1 is below 0; expected a number, 0 or more"),
        (
            lambda: any_of.by_hour({}),
            "by_hour: has no hours; expected hours and what holds from each on, such as ",
        ),
        (lambda: any_of.source("D"), "source: 'D' is not a grade; expected A or B or C or fit or set"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(made: Callable[[], object], says: str) -> None:
    """With the file and the line of the user's own code, and what was expected, in words."""
    with pytest.raises(BadModelError) as caught:
        made()
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith("tests/model/test_short_forms.py:")
    assert says in line
