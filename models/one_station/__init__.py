"""What the smallest systems have in common: one station, customers who come once and want one thing."""

from typing import NamedTuple

from footfall.model.channel import Channel, Step, Verb, Work
from footfall.model.durations import Duration, constant_s
from footfall.model.model import Model, ShareDefinition
from footfall.model.numbers import Grade, Number, Profile, constant
from footfall.model.numbers import assumed as c
from footfall.model.population import Choice, FollowUps, Segment, no_accounts, no_taste
from footfall.model.station_specs import Station

PLAIN = "the system has nothing of the kind"
AT_ONCE = constant_s(c(0, PLAIN))
FOR_EVER = constant_s(c(1e9, "they wait for ever"))
ENDLESS = c(10**6, "room for all")
_DAYS_A_MONTH = 31
_BY_HAND = {"counters", "kiosks"}
"""Stations that serve for as long as the customer's turn takes; the others take their system's time."""


class Customers(NamedTuple):
    """How many come, when, and what they want."""

    per_day: Number
    day_profile: Profile = constant(1, Grade.ASSUMED, "an even stream")
    busyness_cv: Number = c(0, "a plain Poisson stream")
    wants: dict[str, float] = {"query": 1.0}  # noqa: RUF012  nobody changes it
    """Share of the customers by operation."""


def one_station(
    named: tuple[str, str], station: Station, customers: Customers, service: Duration = AT_ONCE
) -> Model:
    """Give a model of a name and a title whose customers go home whatever becomes of them.

    A hotline's talk is the station's own; at all others, `service` is what one visit takes.
    """
    return Model(
        name=named[0],
        title=named[1],
        population=customers.per_day,
        busy_day_factor=c(1, PLAIN),
        busyness_cv=customers.busyness_cv,
        segments=(_everybody(customers),),
        channels=(_channel(station, service, tuple(customers.wants)),),
        choice=Choice(dissimilarity={"physical": c(1, PLAIN)}, constants={}, expected_wait_s={}),
        follow_ups=FollowUps(attempts_most=c(1, "nobody tries again"), by_outcome={}),
        accounts=no_accounts(PLAIN),
        share_definitions=(
            ShareDefinition(
                name="none",
                text="one station: no share of anything",
                electronic=(),
                counted=("station",),
                operations=tuple(customers.wants),
            ),
        ),
    )


def _channel(station: Station, service: Duration, operations: tuple[str, ...]) -> Channel:
    by_hand = station.kind in _BY_HAND
    turn = Step(verb=Verb.QUERY, human=service if by_hand else AT_ONCE, pages=c(1, PLAIN))
    return Channel(
        name="station",
        title="station",
        nest="physical",
        station=station,
        sites=c(1, PLAIN),
        access_s_mean=c(0, PLAIN),
        price_yuan=c(0, PLAIN),
        works={Verb.QUERY: Work(service=AT_ONCE if by_hand else service)},
        dialogues=dict.fromkeys(operations, (turn,)),
    )


def _everybody(customers: Customers) -> Segment:
    return Segment(
        name="everybody",
        title="everybody",
        population_share=c(1, PLAIN),
        month_visits={
            operation: c(_DAYS_A_MONTH * share, "each of a day's expected customers comes once a day")
            for operation, share in customers.wants.items()
        },
        day_profile=customers.day_profile,
        taste=no_taste(PLAIN),
        reach={},
    )
