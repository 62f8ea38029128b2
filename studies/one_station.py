"""What the smallest systems have in common: one station, customers who come once and want one thing."""

from typing import NamedTuple

import footfall as ff

PLAIN = "the system has nothing of the kind"
AT_ONCE = ff.constant(ff.assumed(0, PLAIN))
FOR_EVER = ff.never
ENDLESS = ff.assumed(10**6, "room for all")
AnyStation = ff.Counters | ff.Kiosks | ff.CallCentre | ff.MessageGateway | ff.RequestServer
_DAYS_A_MONTH = 31


class Customers(NamedTuple):
    """How many come, when, and what they want."""

    per_day: ff.Number
    day_profile: ff.Profile = ff.by_hour({0: 1}, "an even stream")
    busyness_cv: ff.Number = ff.assumed(0, "a plain Poisson stream")
    wants: dict[str, float] = {"query": 1.0}  # noqa: RUF012  nobody changes it
    """Share of the customers by operation."""


def one_station(
    named: tuple[str, str], station: AnyStation, customers: Customers, service: ff.Duration = AT_ONCE
) -> ff.Model:
    """Give a model of a name and a title whose customers go home whatever becomes of them.

    A hotline's talk is the station's own; at all others, `service` is what one visit takes.
    """
    once_a_day = "each of a day's expected customers comes once a day"
    everybody = ff.Segment(
        "everybody",
        ff.assumed(1, PLAIN),
        month_visits={
            operation: ff.assumed(_DAYS_A_MONTH * share, once_a_day)
            for operation, share in customers.wants.items()
        },
        day_profile=customers.day_profile,
    )
    return ff.Model(
        *named,
        population=customers.per_day,
        busyness_cv=customers.busyness_cv,
        segments=everybody,
        channels=ff.Channel(
            "station", station, service=service, operations=tuple(customers.wants), nest="physical"
        ),
    )
