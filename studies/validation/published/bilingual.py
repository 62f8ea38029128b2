"""ContactCenters' bilingual call centre: two languages, any idle agent who speaks it, callers who try again.

Calls of each language come at 100/h from 8 to 9 and at 50/h until 17. Seven agents speak English, seven
Spanish, four both; a call goes to any idle agent who speaks its language, each as likely. Of those who hang
up three in four call again after 20 minutes, with the patience and talk of their first call. P. L'Ecuyer
and E. Buist, ContactCenters (Apache-2.0), doc/examples/Bilingual.{java,res} in
umontreal-simul/contactcenters. It prints weeks of five independent days; the figures here are of a day.
Whoever still waits at 17 is cut off there and hangs up here: 0.06 callers in a week.
"""

from math import sqrt

import polars as pl

from footfall._model.durations import constant_s, exponential_s, uniform_s
from footfall._model.numbers import DAY_S, HOUR_S, assumed, public
from footfall._model.population import AfterFailure, RetryPolicy
from footfall._model.station_specs import AgentGroup, CallCentre, Caller
from footfall._records.rows import Outcome
from studies.one_station import AT_ONCE, PLAIN, Customers, one_station
from studies.validation.call_figures import ended, ratio, talked_s
from studies.validation.checks import DayQuantity, Figure
from studies.validation.published.hotline import by_hour

CODE = "ContactCenters Bilingual.java"
SOURCE = "ContactCenters, doc/examples/Bilingual.res (umontreal-simul/contactcenters, Apache-2.0), 1000 weeks"
DAYS = 120
DAYS_OF_A_WEEK, WEEKS_PRINTED = 5, 1000
OPENS_H, HOURS = 8, 9
ONE_LANGUAGE, BOTH = 7, 4
CALLS_EXPECTED = 2 * 500
TARGET_S = 60.0
_TRIES_MOST = 1000
SPANISH = uniform_s(public(240, f"{CODE}: STIMESPANISHMIN"), public(360, f"{CODE}: STIMESPANISHMAX"))

MODEL = one_station(
    ("bilingual", "ContactCenters' bilingual call centre"),
    CallCentre(
        lines=public(40, f"{CODE}: NUMTRUNKS"),
        agents=by_hour([float(BOTH)] * HOURS, OPENS_H, 0.0, f"{CODE}: NUMAGENTS, bilingual"),
        agents_factor=assumed(1, PLAIN),
        groups=tuple(
            AgentGroup(
                name=f"{language}_only",
                agents=by_hour([float(ONE_LANGUAGE)] * HOURS, OPENS_H, 0.0, f"{CODE}: NUMAGENTS, {language}"),
                skills=(language,),
            )
            for language in ("english", "spanish")
        ),
        agent_choice="random",
        patience=exponential_s(public(120, f"{CODE}: PTIME = 2 minutes")),
        talk=uniform_s(public(180, f"{CODE}: STIMEENGLISHMIN"), public(420, f"{CODE}: STIMEENGLISHMAX")),
        callers={"spanish": Caller(talk=SPANISH)},
        wrap_up=AT_ONCE,
        agent_share={"english": assumed(1, "no IVR"), "spanish": assumed(1, "no IVR")},
        redials="as_before",
    ),
    Customers(
        per_day=public(CALLS_EXPECTED, f"{CODE}: a fifth of EXPARRIVALS for each language"),
        day_profile=by_hour([100.0] + [50.0] * (HOURS - 1), OPENS_H, 0.0, f"{CODE}: calls an hour"),
        wants={"english": 0.5, "spanish": 0.5},
    ),
).model_copy(
    update={
        "follow_ups": RetryPolicy(
            attempts_most=assumed(_TRIES_MOST, "as often as it takes"),
            by_outcome={
                Outcome.ABANDONED: AfterFailure(
                    retry_share=public(0.75, f"{CODE}: PROBCBACK"),
                    switch_share=assumed(0, PLAIN),
                    delay=constant_s(public(1200, f"{CODE}: CBACKTIME = 20 minutes")),
                )
            },
        ),
    }
)


def _of_a_day(what: tuple[str, str], of: DayQuantity, printed: tuple[float, float], parts: float) -> Figure:
    """Give a figure of a day by its name and unit; what a week adds up is printed for `parts` days."""
    mean, deviation = printed
    by_day = deviation * sqrt(DAYS_OF_A_WEEK) / parts
    return Figure(*what, mean / parts, by_day, DAYS_OF_A_WEEK * WEEKS_PRINTED, of, step=0.001 / parts)


def _count(name: str, of: pl.Expr, mean: float, deviation: float) -> Figure:
    """Give a number of calls a day."""
    return _of_a_day((name, "calls"), ratio(of), (mean, deviation), DAYS_OF_A_WEEK)


# The program counts a call by all that its caller has waited, in former calls, too.
_WAITED_S = pl.col("wait_s").sum().over("customer")
_IN_TARGET = ((pl.col("outcome") == "served") & (_WAITED_S < TARGET_S)).sum()
_OCCUPANCY = ratio(100 * talked_s(0, DAY_S), (2 * ONE_LANGUAGE + BOTH) * HOURS * HOUR_S)

FIGURES = (
    _count("calls a day, first and again", pl.len(), 5110.161, 83.029),
    _count("calls in English", (pl.col("operation") == "english").sum(), 2555.811, 56.822),
    _count("calls again", (pl.col("attempt") > 1).sum(), 107.168, 21.377),
    _count("calls served", ended("served"), 4967.235, 69.111),
    _count("calls abandoned", ended("abandoned"), 142.868, 26.740),
    _count("calls served within a minute", _IN_TARGET, 4896.885, 66.002),
    _of_a_day(("service level", "%"), ratio(100 * _IN_TARGET, CALLS_EXPECTED), (97.938, 1.320), 1),
    _of_a_day(("occupancy of all agents", "%"), _OCCUPANCY, (51.103, 0.719), 1),
)
