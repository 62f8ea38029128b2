"""A call centre that another program published with its results."""

from math import sqrt

import pytest

from footfall.simulate.arrivals import crowd
from footfall.simulate.day import Day
from footfall.simulate.spec.base import Profile, profile
from footfall.simulate.spec.duration import exponential_s
from footfall.simulate.spec.model import Model
from footfall.simulate.spec.number import Grade
from footfall.simulate.spec.times import Mixture, Part
from tests.laws.conftest import SEED, Found, model_of
from tests.laws.staffed import hotline
from tests.made_up import number, seconds

CALLS_A_DAY = 1660
AGENTS = (4, 6, 8, 8, 8, 7, 8, 8, 6, 6, 4, 4, 4)
CALLS_A_HOUR = (100, 150, 150, 180, 200, 150, 150, 150, 120, 100, 80, 70, 60)
DAYS = 80


def by_hour(values: tuple[int, ...], later: int) -> Profile:
    """Give the 13 hours of the day, and what holds after them."""
    return profile([float(v) for v in (*values, *[later] * (24 - len(values)))], Grade.PUBLIC, "SSJ")


@pytest.fixture(scope="module")
def ssj() -> Model:
    """Give SSJ's call centre: 100 s of service; a tenth hang up when they must wait, others after 1000 s."""
    at_once = Part(name="at_once", share=number(0.1), time=seconds(0))
    patience = Mixture(parts=(at_once,), rest=exponential_s(number(1000)))
    station = hotline(0, patience=patience, talk=exponential_s(number(100)))
    model = model_of(station.model_copy(update={"agents": by_hour(AGENTS, AGENTS[-1])}), seconds(0))
    callers = model.segments[0].model_copy(update={"day_profile": by_hour(CALLS_A_HOUR, 0)})
    busyness = {"population": number(CALLS_A_DAY), "busyness_cv": number(1 / sqrt(400))}
    return model.model_copy(update={"segments": (callers,)} | busyness)


def test_the_call_centre_of_ssj_waits_and_loses_as_ssj_printed(ssj: Model) -> None:
    """10,000 days of SSJ: 4.713 s of wait, 92.5 % within 20 s, 2.0 % lost, by expected call (CallCenter.res).

    L'Ecuyer, Meliani and Vaucher 2002, SSJ tutorial. The staff changes by the hour, whoever is talking
    when it drops finishes, and the day's gamma busyness has the shape 400.
    """
    rows = []
    for day in range(DAYS):
        visits = Day(ssj, crowd(ssj, SEED, day), SEED).run().visits
        waits_s, lost = visits["wait_s"].to_numpy(), visits["outcome"] == "abandoned"
        rows.append([waits_s.sum(), (waits_s < 20).sum(), lost.sum()])
    wait_s, within, lost_share = (
        Found([value / CALLS_A_DAY for value in column]) for column in zip(*rows, strict=True)
    )
    wait_s.agrees_with(4.713, 0.12)
    within.agrees_with(0.925, 0.01)
    lost_share.agrees_with(0.020, 0.08)
