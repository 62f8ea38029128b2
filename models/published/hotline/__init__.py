"""What the published hotlines have in common: one kind of caller, one group of agents, no IVR."""

from typing import NamedTuple

from footfall.simulate.day import single_visit
from footfall.simulate.spec.base import Profile, profile
from footfall.simulate.spec.channel import Channel, Turn, Verb, Work
from footfall.simulate.spec.duration import constant_s
from footfall.simulate.spec.model import Model, ShareDefinition
from footfall.simulate.spec.number import Grade, Number
from footfall.simulate.spec.number import assumed as c
from footfall.simulate.spec.people import Accounts, Choice, FollowUps, Segment, Taste
from footfall.simulate.spec.station import CallCentre

HOURS = 24
PLAIN = "the published system has nothing of the kind"
AT_ONCE = constant_s(c(0, PLAIN))
FOR_EVER = constant_s(c(1e9, "callers wait for ever"))


class Calls(NamedTuple):
    """How many call, and when."""

    per_day: Number
    day_profile: Profile
    busyness_cv: Number


def by_hour(values: list[float], opens_h: int, afterwards: float, source: str) -> Profile:
    """Give the hours of a working day that begins at `opens_h`, and one value for all other hours."""
    before, after = [afterwards] * opens_h, [afterwards] * (HOURS - opens_h - len(values))
    return profile([*before, *values, *after], Grade.PUBLIC, source)


def hotline(name: str, title: str, station: CallCentre, calls: Calls) -> Model:
    """Give a model whose callers ask once for an agent, and go home whatever comes of it."""
    return Model(
        name=name,
        title=title,
        population=calls.per_day,
        busy_day_factor=c(1, PLAIN),
        busyness_cv=calls.busyness_cv,
        segments=(_callers(calls),),
        channels=(_channel(station),),
        choice=Choice(dissimilarity={"electronic": c(1, PLAIN)}, constants={}, expected_wait_s={}),
        follow_ups=FollowUps(attempts_most=c(1, "nobody calls again"), by_outcome={}),
        accounts=Accounts(
            subscribers=c(1, PLAIN),
            balance_yuan_mean=c(1, PLAIN),
            balance_cv=c(1, PLAIN),
            price_yuan={},
            under_contract_share=c(0, PLAIN),
        ),
        share_definitions=(
            ShareDefinition(
                name="none",
                text="one hotline: no share of anything",
                electronic=(),
                counted=("hotline",),
                operations=("query",),
            ),
        ),
        journey=single_visit,
    )


def _channel(station: CallCentre) -> Channel:
    return Channel(
        name="hotline",
        title="hotline",
        nest="electronic",
        station=station,
        sites=c(1, PLAIN),
        access_s_mean=c(0, PLAIN),
        price_yuan=c(0, PLAIN),
        works={Verb.QUERY: Work(service=AT_ONCE)},
        dialogues={"query": (Turn(verb=Verb.QUERY, human=AT_ONCE, pages=c(1, PLAIN)),)},
    )


def _callers(calls: Calls) -> Segment:
    return Segment(
        name="callers",
        title="callers",
        population_share=c(1, PLAIN),
        month_visits={"query": c(31, "each of a day's expected callers calls once on each of its days")},
        day_profile=calls.day_profile,
        taste=Taste(
            per_wait_min=c(0, PLAIN),
            per_access_min=c(0, PLAIN),
            per_yuan=c(0, PLAIN),
            per_trust=c(0, PLAIN),
            per_habit=c(0, PLAIN),
            trust={},
            habit={},
        ),
        reach={},
    )
