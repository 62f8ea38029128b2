"""What moves over months: the operator's slopes, which 76 % cannot identify, and its roll-out.

The article gives the start (76 % in 2011) and the three years of the upgrade; all between is assumed.
"""

from footfall import Number, article, assumed, public
from footfall._model.population import Adoption, Awareness, Province, Slope, Trust, Upgrade

# Millions, 2010: China Statistical Yearbook 2011, table 3-7 (sixth national census). Largest first.
# fmt: off
POPULATION_M = {
    "guangdong": 104.30, "shandong": 95.79, "henan": 94.02, "sichuan": 80.42, "jiangsu": 78.66,
    "hebei": 71.85, "hunan": 65.68, "anhui": 59.50, "hubei": 57.24, "zhejiang": 54.43,
    "guangxi": 46.03, "yunnan": 45.97, "jiangxi": 44.57, "liaoning": 43.75, "heilongjiang": 38.31,
    "shaanxi": 37.33, "fujian": 36.89, "shanxi": 35.71, "guizhou": 34.75, "chongqing": 28.85,
    "jilin": 27.46, "gansu": 25.58, "inner_mongolia": 24.71, "shanghai": 23.02, "xinjiang": 21.81,
    "beijing": 19.61, "tianjin": 12.94, "hainan": 8.67, "ningxia": 6.30, "qinghai": 5.63,
    "tibet": 3.00,
}
# fmt: on
START_SHARES = {"web": 0.9, "wap": 0.6, "sms": 0.9, "kiosk": 0.7}
UNKNOWN = "no value published: wide"


def slope(value: Number, range_factor: float, why: str = UNKNOWN) -> Slope:
    """Give a number with the range in which 90 % of the futures have it."""
    return Slope(value=value, range_factor=assumed(range_factor, why))


def awareness(start_share: float) -> Awareness:
    """Give one channel's awareness; the rates are those of other innovations, by month."""
    bass = "average of 213 applications, a year (Sultan, Farley and Lehmann 1990), over 12"
    unlike = "no value for these channels: half to twice that of other innovations"
    counted = "nobody counted it; above the share of errands that choose the channel"
    return Awareness(
        start_share=assumed(start_share, counted),
        innovation_per_month=slope(public(0.03 / 12, bass), 2, unlike),
        imitation_per_month=slope(public(0.38 / 12, bass), 2, unlike),
        dis_adoption_per_month=slope(assumed(0.002, "2.4 % a year give a channel up"), 2),
        re_adoption_factor=slope(assumed(0.5, "who left comes back half as readily as others begin"), 2),
    )


def adoption(*provinces: Province) -> Adoption:
    """Give the operator's months for these provinces."""
    return Adoption(
        start_share=article(0.76, "electronic share of transactions, 2011"),
        habit_loss_per_month=slope(assumed(0.1, "half of a habit is gone after 6.6 months"), 1.5),
        trust=Trust(
            gain_per_success=slope(assumed(0.01, "trust takes a hundred good visits"), 2),
            loss_per_failure=slope(assumed(0.03, "a failure weighs three successes; no published value"), 2),
        ),
        awareness={name: awareness(share) for name, share in START_SHARES.items()},
        upgrade=Upgrade(
            utility_gain=slope(assumed(0.1, "one style and content: 1.8 points of share at 76 %"), 2.5),
            failure_factor=slope(assumed(0.8, "a fifth of the failures goes with the old systems"), 1.15),
            cutover_utility_loss=slope(assumed(0.15, "closed for some hours, and new to everybody"), 2),
            cutover_failure_factor=slope(assumed(1.5, "half as many failures again while it settles"), 1.2),
        ),
        provinces=provinces,
    )


def upgrade_month(name: str) -> Number:
    """Month of a province's cut-over: three a quarter, largest first, all within three years."""
    why = "three years for 31 provinces (article); the order, three a quarter by size, is assumed"
    return assumed(3 * (list(POPULATION_M).index(name) // 3 + 1), why)


def all_provinces() -> tuple[Province, ...]:
    """All 31, customers in proportion to the people."""
    total = sum(POPULATION_M.values())
    why = "census of 2010 (China Statistical Yearbook 2011, table 3-7); the same operator's share everywhere"
    return tuple(
        Province(name=name, population_share=public(m / total, why), upgrade_month=upgrade_month(name))
        for name, m in POPULATION_M.items()
    )
