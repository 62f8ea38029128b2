"""Segments: age by area."""

from footfall.model.numbers import Grade, profile, public
from footfall.model.numbers import assumed as c
from footfall.model.population import Segment, Taste
from models.operator.demand import CUSTOMERS_M, DEMAND_M, millions

AREAS = {"urban": public(0.418, "urban share of Guangxi, 2011 statistical communiqué"), "rural": None}
AGES = {
    "young": c(0.42, "under 35, of those with a mobile phone"),
    "middle": c(0.40, "35 to 54"),
    "older": c(0.18, "55 and over"),
}
ACTIVITY = {"young": 1.2, "middle": 1.0, "older": 0.6, "urban": 1.15, "rural": 0.9}
# fmt: off
HOURS = {
    "urban": [0.8, 0.5, 0.3, 0.2, 0.2, 0.4, 1.2, 2.5, 5, 8, 10.8, 8.5,
              6, 6, 7.5, 8, 7.5, 6, 5, 6, 7, 5.5, 3.5, 1.8],
    "rural": [0.4, 0.2, 0.2, 0.2, 0.3, 0.9, 2.2, 4.5, 7, 9.5, 11.0, 8.5,
              6, 5, 6.5, 7, 6.5, 6, 5, 5, 4.5, 3, 1.6, 0.8],
}
# fmt: on
PER_WAIT_MIN = {"young": -0.06, "middle": -0.04, "older": -0.02}
ELECTRONIC_TRUST = {"young": 0.8, "middle": 0.65, "older": 0.4}
ELECTRONIC_HABIT = {"young": 0.7, "middle": 0.5, "older": 0.25}
WEB_REACH = {"young": 0.75, "middle": 0.5, "older": 0.2}
WAP_REACH = {"young": 0.6, "middle": 0.3, "older": 0.08}
LESS_IN_THE_COUNTRY = 0.7


def segments() -> tuple[Segment, ...]:
    """Six segments: three ages in town and country."""
    urban = float(AREAS["urban"] or 0)
    shares = {"urban": urban, "rural": 1 - urban}
    mean_activity = sum(
        shares[area] * AGES[age] * ACTIVITY[area] * ACTIVITY[age] for area in AREAS for age in AGES
    )
    return tuple(
        segment(age, area, shares[area], ACTIVITY[area] * ACTIVITY[age] / mean_activity)
        for area in AREAS
        for age in AGES
    )


def segment(age: str, area: str, area_share: float, activity: float) -> Segment:
    """One segment; `activity` is its errands a head over the mean."""
    rural = area == "rural"
    reach = LESS_IN_THE_COUNTRY if rural else 1.0
    trust = ELECTRONIC_TRUST[age] - (0.1 if rural else 0.0)
    return Segment(
        name=f"{age}_{area}",
        title=f"{age}, {'country' if rural else 'town'}",
        population_share=c(AGES[age] * area_share, "age share times urban or rural share"),
        month_visits={
            name: c(
                sum(millions(name).values()) / CUSTOMERS_M * activity, "national errands a head, by activity"
            )
            for name in DEMAND_M
        },
        day_profile=profile(HOURS[area], Grade.ASSUMED, "busy hour 10 % of the day"),
        taste=Taste(
            per_wait_min=c(PER_WAIT_MIN[age], "no published value: the young are short of time"),
            per_access_min=c(-0.02, "no published value"),
            per_yuan=c(-0.26, "no published value"),
            per_trust=c(1.0, "scale of trust"),
            per_habit=c(1.16, "no published value"),
            trust={
                "physical": c(0.9, "face to face reassures (article, section on Guangxi)"),
                "electronic": c(trust, "rural and older customers trust it less"),
            },
            habit={
                "physical": c(1 - ELECTRONIC_HABIT[age], "old habits (article)"),
                "electronic": c(ELECTRONIC_HABIT[age], "the young use it already"),
            },
        ),
        reach={
            "web": c(WEB_REACH[age] * reach, "has a computer with internet"),
            "wap": c(WAP_REACH[age] * reach, "handset with data; 3G was 53.94 M of 655.44 M"),
        },
    )
