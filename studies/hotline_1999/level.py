"""Between all earlier months and the last of them: the level of calls, agents and services to expect."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, log

import polars as pl

from footfall._fit.fit import Fitted
from footfall._model.model import Model

FULL_DAYS = 20
"""With so many regular days a month weighs as much as all before it."""


@dataclass(frozen=True, slots=True)
class Level:
    """Factors on what all earlier months taught: 1 is their mean."""

    calls: float = 1.0
    """On calls a day."""
    agents: float = 1.0
    """On agents on duty."""
    service: float = 1.0
    """On the length of a service."""


def level_of(earlier: Fitted, months: Sequence[Fitted]) -> Level:
    """Give the level that earlier months taught, the last ones most; `months` are their own fits, in order.

    Exponential smoothing of logarithms (Brown 1959): level = (1 - w) level + w log(month / all), beginning
    at the first month, with w = d / (d + 20) for the month's d regular days: half for a full month, less
    for one that has just begun. The weight is fixed, not estimated: so few months would not tell it.
    """
    levels = [0.0, 0.0, 0.0]
    for number, month in enumerate(months):
        days = len(month.arrivals.days)
        weight = days / (days + FULL_DAYS) if number else 1.0
        ratios = (_calls(earlier, month), _agents(earlier, month), _service(earlier, month))
        levels = [(1 - weight) * old + weight * log(ratio) for old, ratio in zip(levels, ratios, strict=True)]
    return Level(*(exp(level) for level in levels))


def with_service_times(model: Model, factor: float) -> Model:
    """Give a fitted model of a hotline with all its services so many times as long."""
    channel = model.channels[0]
    station = channel.station
    if station.kind != "call_centre":
        return model
    callers = {
        kind: caller.model_copy(update={"talk": caller.talk.times(factor)}) if caller.talk else caller
        for kind, caller in station.callers.items()
    }
    longer = station.model_copy(update={"talk": station.talk.times(factor), "callers": callers})
    return model.model_copy(update={"channels": (channel.model_copy(update={"station": longer}),)})


def with_own_level(level: Level, own: str) -> Level:
    """Give the level where one input (or `all`) is the month's own and is not moved."""
    ones = {"arrivals": ("calls",), "staff": ("agents",), "handling": ("service",)}
    names = ones.get(own, ("calls", "agents", "service"))
    return replace(level, **dict.fromkeys(names, 1.0))


def _calls(earlier: Fitted, month: Fitted) -> float:
    """Calls of a month over the means of its weekdays."""
    totals = month.arrivals.totals
    usual = dict(earlier.arrivals.totals.group_by("weekday").agg(pl.col("arrivals").mean()).iter_rows())
    expected = sum(usual[weekday] for weekday in totals["weekday"])
    return float(totals["arrivals"].sum()) / expected if expected > 0 else 1.0


def _agents(earlier: Fitted, month: Fitted) -> float:
    """Agents on duty in a month over the means of its weekdays."""
    if earlier.staff is None or month.staff is None:
        return 1.0
    weekdays = month.arrivals.totals["weekday"].to_list()
    own, usual = (
        sum(sum(staff.profile(name)) for name in weekdays) for staff in (month.staff, earlier.staff)
    )
    return own / usual if own > 0 and usual > 0 else 1.0


def _service(earlier: Fitted, month: Fitted) -> float:
    own, usual = month.every.service, earlier.every.service
    if own is None or usual is None or not usual.mean_s.value or not own.mean_s.value:
        return 1.0
    return float(own.mean_s.value / usual.mean_s.value)
