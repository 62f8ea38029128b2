"""ContactCenters' day of M/M/12, and what all its variants print.

Eight hours of 4.2 calls a minute, 2 minutes each; who waits at the end is still served.
P. L'Ecuyer and E. Buist, ContactCenters (Apache-2.0), doc/examples/MMC*.{java,res} in
umontreal-simul/contactcenters.
"""

from footfall._model.durations import Duration, exponential_s
from footfall._model.model import Model
from footfall._model.numbers import HOUR_S, Grade, Number, assumed, public
from footfall._model.profiles import constant
from footfall._model.station_specs import CallCentre
from studies.one_station import AT_ONCE, PLAIN, Customers, one_station
from studies.validation.call_figures import (
    MINUTE_S,
    ended as ended_so,
    ratio,
    talked_s,
    waited_less,
    waited_s,
)
from studies.validation.checks import DayQuantity, Figure
from studies.validation.published.hotline import by_hour

CODE = "ContactCenters MMC.java"
DAYS_PRINTED = 1000
AGENTS = 12
TARGET_S = 20.0
OPENS_H, HOURS = 9, 8
WINDOW_S = (OPENS_H * HOUR_S, (OPENS_H + HOURS) * HOUR_S)


def source(file: str) -> str:
    """Say where the figures of a variant are printed."""
    repository = "umontreal-simul/contactcenters at f5ddb4a, Apache-2.0"
    return f"ContactCenters, doc/examples/{file} ({repository}), 1000 days"


def model(name: str, title: str, lines: Number, patience: Duration) -> Model:
    """Give the day with so many lines and callers so patient."""
    return one_station(
        (name, title),
        CallCentre(
            lines=lines,
            agents=constant(AGENTS, Grade.PUBLIC, f"{CODE}: NUMAGENTS"),
            agents_factor=assumed(1, PLAIN),
            patience=patience,
            talk=exponential_s(public(120, f"{CODE}: 1 / MU = 2 minutes")),
            wrap_up=AT_ONCE,
            agent_share={"query": assumed(1, "no IVR")},
        ),
        Customers(
            per_day=public(4.2 * 60 * HOURS, f"{CODE}: LAMBDA = 4.2 a minute, DAYLENGTH = 8 hours"),
            day_profile=by_hour([1.0] * HOURS, OPENS_H, 0.0, "an even stream; at which hour does not matter"),
        ),
    )


IN_TARGET: DayQuantity = ratio(waited_less(TARGET_S, served=True))
SERVICE_LEVEL: DayQuantity = ratio(waited_less(TARGET_S, served=True), ended_so("served"))
SPEED_OF_ANSWER: DayQuantity = ratio(waited_s(served=True) / MINUTE_S, ended_so("served"))
OCCUPANCY: DayQuantity = ratio(talked_s(*WINDOW_S), AGENTS * HOURS * HOUR_S)


def common(*printed: tuple[float, float]) -> tuple[Figure, ...]:
    """Give what every variant prints, each with its deviation: in target, level, speed, occupancy."""
    names = (
        ("calls served within 20 s, a day", "calls", IN_TARGET),
        ("service level: within 20 s, of those served", "", SERVICE_LEVEL),
        ("speed of answer", "min", SPEED_OF_ANSWER),
        ("occupancy in the 8 hours", "", OCCUPANCY),
    )
    return tuple(
        Figure(name, unit, mean, deviation, DAYS_PRINTED, of)
        for (name, unit, of), (mean, deviation) in zip(names, printed, strict=True)
    )
