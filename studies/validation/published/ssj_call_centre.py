"""SSJ's call centre: 13 hours, agents by the hour, a day busier than another, a tenth without patience.

P. L'Ecuyer and others, SSJ (Apache-2.0), src/main/docs/examples/tutorial/CallCenter.{java,dat,res} in
umontreal-simul/ssj. Whoever is talking when the agents get fewer is served to the end; calls stop after
the 13th hour, and the last agents serve who still waits. SSJ divides each day's sums by the expected calls.
"""

from math import sqrt

from footfall._model.durations import Mixture, Part, exponential_s
from footfall._model.numbers import assumed, public
from footfall._model.station_specs import CallCentre
from studies.one_station import AT_ONCE, PLAIN, Customers, one_station
from studies.validation.call_figures import ended, ratio, waited_less, waited_s
from studies.validation.checks import Figure
from studies.validation.published.hotline import by_hour

SOURCE = "SSJ, tutorial example CallCenter.res (umontreal-simul/ssj at 98d9a6af, Apache-2.0), 10,000 days"
DATA = "SSJ tutorial CallCenter.dat"
DAYS = 120

OPENS_H = 8
AGENTS = [4, 6, 8, 8, 8, 7, 8, 8, 6, 6, 4, 4, 4]
CALLS_PER_H = [100, 150, 150, 180, 200, 150, 150, 150, 120, 100, 80, 70, 60]
CALLS_EXPECTED = sum(CALLS_PER_H)
DAYS_PRINTED = 10_000

MODEL = one_station(
    ("ssj_call_centre", "SSJ's call centre of 13 hours"),
    CallCentre(
        lines=assumed(10_000, PLAIN),
        agents=by_hour([float(agents) for agents in AGENTS], OPENS_H, 4.0, DATA),
        agents_factor=assumed(1, PLAIN),
        patience=Mixture(
            parts=(Part(name="at_once", share=public(0.1, f"{DATA}: p"), time=AT_ONCE),),
            rest=exponential_s(public(1000, f"{DATA}: 1 / nu")),
        ),
        talk=exponential_s(public(100, f"{DATA}: alpha / beta, a gamma of shape 1")),
        wrap_up=AT_ONCE,
        agent_share={"query": assumed(1, "no IVR")},
    ),
    Customers(
        per_day=public(CALLS_EXPECTED, f"{DATA}: the sum of its hourly rates"),
        day_profile=by_hour([float(calls) for calls in CALLS_PER_H], OPENS_H, 0.0, DATA),
        busyness_cv=public(1 / sqrt(400), "a gamma of shape 400 and mean 1, drawn once a day"),
    ),
)

FIGURES = (
    Figure("calls a day", "calls", 1660.366, 93.620, DAYS_PRINTED, ratio(waited_less(1e9, served=False))),
    Figure(
        "wait a call expected", "s", 4.713, 1.997, DAYS_PRINTED, ratio(waited_s(served=False), CALLS_EXPECTED)
    ),
    Figure(
        "calls that waited less than 20 s, a call expected",
        "",
        0.925,
        0.040,
        DAYS_PRINTED,
        ratio(waited_less(20, served=False), CALLS_EXPECTED),
    ),
    Figure(
        "calls lost, a call expected",
        "",
        0.020,
        0.0067,
        DAYS_PRINTED,
        ratio(ended("abandoned"), CALLS_EXPECTED),
    ),
)
