"""Segments: three ages in town and country."""

import footfall as ff
from footfall import assumed, public
from models.operator.demand import CUSTOMERS_M, DEMAND_M, millions

URBAN = public(0.418, "urban share of Guangxi, 2011 statistical communiqué")
AREAS = {"urban": float(URBAN), "rural": 1 - URBAN}
AGES = {"young": 0.42, "middle": 0.40, "older": 0.18}
"""Under 35, 35 to 54, 55 and over, of those with a mobile phone."""
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
TRUST = {"young": 0.8, "middle": 0.65, "older": 0.4}
HABIT = {"young": 0.7, "middle": 0.5, "older": 0.25}
WEB_REACH = {"young": 0.75, "middle": 0.5, "older": 0.2}
WAP_REACH = {"young": 0.6, "middle": 0.3, "older": 0.08}


def segment(age: str, area: str, mean_activity: float) -> ff.Segment:
    """Those of an age in town or country; the country's trust and reach are lower."""
    rural = area == "rural"
    activity = ACTIVITY[area] * ACTIVITY[age] / mean_activity
    reach, less_trust = (0.7, 0.1) if rural else (1.0, 0.0)
    return ff.Segment(
        f"{age}_{area}",
        assumed(AGES[age] * AREAS[area], "age share times urban or rural share"),
        title=f"{age}, {'country' if rural else 'town'}",
        month_visits={
            name: assumed(
                sum(millions(name).values()) / CUSTOMERS_M * activity, "national errands a head, by activity"
            )
            for name in DEMAND_M
        },
        day_profile=ff.by_hour(HOURS[area], "busy hour 10 % of the day"),
        taste=ff.Taste(
            per_wait_min=assumed(PER_WAIT_MIN[age], "no published value: the young are short of time"),
            per_access_min=assumed(-0.02, "no published value"),
            per_yuan=assumed(-0.26, "no published value"),
            per_trust=assumed(1.0, "scale of trust"),
            per_habit=assumed(1.16, "no published value"),
            trust={
                "physical": assumed(0.9, "face to face reassures (article, section on Guangxi)"),
                "electronic": assumed(TRUST[age] - less_trust, "rural and older customers trust it less"),
            },
            habit={
                "physical": assumed(1 - HABIT[age], "old habits (article)"),
                "electronic": assumed(HABIT[age], "the young use it already"),
            },
        ),
        reach={
            "web": assumed(WEB_REACH[age] * reach, "has a computer with internet"),
            "wap": assumed(WAP_REACH[age] * reach, "handset with data; 3G was 53.94 M of 655.44 M"),
        },
    )


MEAN = sum(AREAS[area] * AGES[age] * ACTIVITY[area] * ACTIVITY[age] for area in AREAS for age in AGES)
SEGMENTS = tuple(segment(age, area, MEAN) for area in AREAS for age in AGES)
