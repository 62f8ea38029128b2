"""A web server's day, July 1995: requests to NASA's Kennedy Space Center, workdays and weekends.

From the log of 1,891,714 requests of 1 to 28 July (Internet Traffic Archive; Arlitt and Williamson 1996).
When requests come, and how much days differ, was fitted to July's whole days; the log tells no service
times and no capacity, so the server is assumed. `MODEL` is a workday, `MODELS` has both.
"""

import json
from pathlib import Path
from typing import Any

from footfall.model.channel import Channel, Step, Verb, Work
from footfall.model.durations import constant_s, exponential_s
from footfall.model.model import Model, ShareDefinition
from footfall.model.numbers import Grade, assumed, fitted, profile
from footfall.model.population import Choice, FollowUps, Segment, no_accounts, no_taste
from footfall.model.station_specs import RequestServer

DAYS_A_MONTH = 31
NEUTRAL = "one channel: nothing to choose"
NO_LOG = "the log does not tell"
FITTED: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("july_1995.json").read_text(encoding="utf-8")
)


def source(days: str) -> str:
    """Say what the numbers of workdays or weekends rest on."""
    found = FITTED[days]
    return f"fitted from NASA-KSC requests, {found['days']} {days} of 1 to 27 July 1995"


WEB = Channel(
    name="web",
    title="web server",
    nest="electronic",
    station=RequestServer(
        slots=assumed(64, f"{NO_LOG}; processes of a server of that time"),
        accept_queue=assumed(128, f"{NO_LOG}; a usual backlog"),
        deadline_s=assumed(60, f"{NO_LOG}; a browser's patience"),
    ),
    sites=assumed(1, "one server"),
    access_s_mean=assumed(0, NEUTRAL),
    price_yuan=assumed(0, NEUTRAL),
    works={
        Verb.BROWSE: Work(
            service=exponential_s(assumed(2, f"{NO_LOG}; a few seconds over the lines of that time"))
        )
    },
    dialogues={
        "request": (
            Step(
                verb=Verb.BROWSE,
                human=constant_s(assumed(0, "a request is the log's unit")),
                pages=assumed(1, "a request is the log's unit"),
            ),
        )
    },
)


def day_of(days: str) -> Model:
    """Give the model of a mean day of the `workdays` or `weekends`."""
    found, told = FITTED[days], source(days)
    total = sum(found["arrivals_per_half_hour"])
    people = round(total)
    busy = found["busyness"]
    return Model(
        name="web_portal_1995",
        title=f"A web server's day, 1995: {days}",
        population=fitted(people, f"{told}; {total:,.1f} requests a day"),
        busy_day_factor=assumed(1, "an ordinary day"),
        busyness_cv=fitted(busy["cv"], f"{told}; 95 %: {busy['low']:.3f} to {busy['high']:.3f}"),
        segments=(
            Segment(
                name="everybody",
                title="everybody",
                population_share=assumed(1, "all of them"),
                month_visits={"request": fitted(DAYS_A_MONTH * total / people, told)},
                day_profile=profile(found["arrivals_per_half_hour"], Grade.FITTED, told),
                taste=no_taste(NEUTRAL),
                reach={},
            ),
        ),
        channels=(WEB,),
        choice=Choice(dissimilarity={"electronic": assumed(1, NEUTRAL)}, constants={}, expected_wait_s={}),
        follow_ups=FollowUps(attempts_most=assumed(1, NO_LOG), by_outcome={}),
        accounts=no_accounts("no accounts"),
        share_definitions=(
            ShareDefinition(
                name="all",
                text="one channel, and it is electronic",
                electronic=("web",),
                counted=("web",),
                operations=("request",),
            ),
        ),
    )


MODELS = {days: day_of(days) for days in FITTED}
MODEL = MODELS["workdays"]
