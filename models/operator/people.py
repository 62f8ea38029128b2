"""Segments: three ages in town and country."""

import footfall as ff
from footfall import assumed
from models.operator.demand import CUSTOMERS_M, DEMAND_M, millions

URBAN = 0.418
"""Urban share of Guangxi (2011 statistical communiqué)."""
# Under 35, 35 to 54, 55 and over, of those with a mobile phone; the country's trust and reach are lower.
# fmt: off
#           share  activity  per_wait_min  trust  habit  web   wap
AGES = {
    "young":  (0.42,  1.2,     -0.06,       0.8,   0.7,  0.75, 0.6),
    "middle": (0.40,  1.0,     -0.04,       0.65,  0.5,  0.5,  0.3),
    "older":  (0.18,  0.6,     -0.02,       0.4,   0.25, 0.2,  0.08),
}
#           share      activity  less_trust  reach
AREAS = {
    "urban": (URBAN,     1.15,     0.0,        1.0),
    "rural": (1 - URBAN, 0.9,      0.1,        0.7),
}
HOURS = {
    "urban": (0.8, 0.5, 0.3, 0.2, 0.2, 0.4, 1.2, 2.5, 5, 8, 10.8, 8.5,
              6, 6, 7.5, 8, 7.5, 6, 5, 6, 7, 5.5, 3.5, 1.8),
    "rural": (0.4, 0.2, 0.2, 0.2, 0.3, 0.9, 2.2, 4.5, 7, 9.5, 11, 8.5,
              6, 5, 6.5, 7, 6.5, 6, 5, 5, 4.5, 3, 1.6, 0.8),
}
# fmt: on
MEAN_ACTIVITY = sum(area[0] * age[0] * area[1] * age[1] for area in AREAS.values() for age in AGES.values())


def segment(age: str, area: str) -> ff.Segment:
    """Those of an age in town or country."""
    age_share, age_activity, per_wait_min, trust, habit, web, wap = AGES[age]
    area_share, area_activity, less_trust, reach = AREAS[area]
    trust -= less_trust
    activity = area_activity * age_activity / MEAN_ACTIVITY
    visits = {name: sum(millions(name).values()) / CUSTOMERS_M * activity for name in DEMAND_M}
    return ff.Segment(
        f"{age}_{area}",
        assumed(age_share * area_share, "age share times urban or rural share"),
        title=f"{age}, {'country' if area == 'rural' else 'town'}",
        month_visits=assumed(visits, "national visits a head, by activity"),
        day_profile=ff.by_hour(HOURS[area], "busy hour 10 % of the day"),
        taste=assumed(
            ff.Taste(
                per_wait_min=assumed(per_wait_min, "no published value: the young are short of time"),
                per_access_min=-0.02,
                per_yuan=-0.26,
                per_trust=assumed(1, "scale of trust"),
                per_habit=1.16,
                trust={"physical": assumed(0.9, "face to face reassures (article)"), "electronic": trust},
                habit=assumed({"physical": 1 - habit, "electronic": habit}, "old habits (article)"),
            ),
            "no published value; rural and older customers trust electronic channels less",
        ),
        reach={
            "web": assumed(web * reach, "has a computer with internet"),
            "wap": assumed(wap * reach, "handset with data; 3G was 53.94 M of 655.44 M"),
        },
    )


SEGMENTS = tuple(segment(age, area) for area in AREAS for age in AGES)
