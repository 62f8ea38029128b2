"""A web server's day, July 1995: requests to NASA's Kennedy Space Center, workdays and weekends.

From the log of 1,891,714 requests of 1 to 28 July (Internet Traffic Archive; Arlitt and Williamson 1996).
When requests come, and how much days differ, was fitted to July's whole days; the log tells no service
times and no capacity, so the server is assumed. `MODEL` is a workday, `MODELS` has both.
"""

import json
from pathlib import Path
from typing import Any

import footfall as ff
from footfall import assumed, by_hour, fitted

DAYS_A_MONTH = 31
NO_LOG = "the log does not tell"
FITTED: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("july_1995.json").read_text(encoding="utf-8")
)


def source(days: str) -> str:
    """Say what the numbers of workdays or weekends rest on."""
    found = FITTED[days]
    return f"fitted from NASA-KSC requests, {found['days']} {days} of 1 to 27 July 1995"


WEB = ff.Channel(
    "web",
    ff.RequestServer(
        assumed(64, f"{NO_LOG}; processes of a server of that time"),
        accept_queue=assumed(128, f"{NO_LOG}; a usual backlog"),
        deadline=assumed(60, f"{NO_LOG}; a browser's patience"),
    ),
    title="web server",
    works={"browse": ff.exponential(assumed(2, f"{NO_LOG}; a few seconds over the lines of that time"))},
    dialogues={"request": ff.Step("browse")},
)


def day_of(days: str) -> ff.Model:
    """Give the model of a mean day of the `workdays` or `weekends`."""
    found, told = FITTED[days], source(days)
    total = sum(found["arrivals_per_half_hour"])
    people = round(total)
    busy = found["busyness"]
    everybody = ff.Segment(
        "everybody",
        assumed(1, "all of them"),
        month_visits={"request": fitted(DAYS_A_MONTH * total / people, told)},
        day_profile=by_hour(found["arrivals_per_half_hour"], told, "fit"),
    )
    return ff.Model(
        "web_portal_1995",
        f"A web server's day, 1995: {days}",
        population=fitted(people, f"{told}; {total:,.1f} requests a day"),
        busyness_cv=fitted(busy["cv"], f"{told}; 95 %: {busy['low']:.3f} to {busy['high']:.3f}"),
        segments=everybody,
        channels=WEB,
    )


MODELS = {days: day_of(days) for days in FITTED}
MODEL = MODELS["workdays"]
