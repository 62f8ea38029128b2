"""What moves over months: numbers that 76 % cannot identify, and the roll-out of the new systems.

The article gives the start (76 % in 2011) and the three years of the upgrade; all between is assumed. A pair
is a value and the factor within which 90 % of the futures have it.
"""

from footfall import Adoption, Number, article, assumed, public

# Millions, 2010: China Statistical Yearbook 2011, table 3-7 (sixth national census). Largest first.
# fmt: off
POPULATION_M = {
    "guangdong": 104.30, "shandong": 95.79, "henan": 94.02, "sichuan": 80.42, "jiangsu": 78.66,
    "hebei": 71.85, "hunan": 65.68, "anhui": 59.50, "hubei": 57.24, "zhejiang": 54.43, "guangxi": 46.03,
    "yunnan": 45.97, "jiangxi": 44.57, "liaoning": 43.75, "heilongjiang": 38.31, "shaanxi": 37.33,
    "fujian": 36.89, "shanxi": 35.71, "guizhou": 34.75, "chongqing": 28.85, "jilin": 27.46, "gansu": 25.58,
    "inner_mongolia": 24.71, "shanghai": 23.02, "xinjiang": 21.81, "beijing": 19.61, "tianjin": 12.94,
    "hainan": 8.67, "ningxia": 6.30, "qinghai": 5.63, "tibet": 3.00,
}
# fmt: on
START_SHARES = {"web": 0.9, "wap": 0.6, "sms": 0.9, "kiosk": 0.7}
BASS = "average of 213 applications, a year (Sultan, Farley and Lehmann 1990), over 12"
UNLIKE = assumed(2, "no value for these channels: half to twice that of other innovations")
CENSUS = "census of 2010 (China Statistical Yearbook 2011, table 3-7); the same operator's share everywhere"
IN_TURN = "three years for 31 provinces (article); the order, three a quarter by size, is assumed"


def awareness(start_share: float) -> dict[str, object]:
    """Who knows and uses one channel; the rates are those of other innovations, by month."""
    return {
        "start_share": assumed(start_share, "not counted; above the share of visits that choose the channel"),
        "innovation_per_month": (public(0.03 / 12, BASS), UNLIKE),
        "imitation_per_month": (public(0.38 / 12, BASS), UNLIKE),
        "dis_adoption_per_month": assumed((0.002, 2), "2.4 % a year give a channel up"),
        "re_adoption_factor": assumed((0.5, 2), "who left comes back half as readily as others begin"),
    }


def adoption(population_shares: dict[str, Number]) -> Adoption:
    """Give the operator's months for these provinces: three a quarter are upgraded, largest first."""
    order = list(POPULATION_M)
    return Adoption(
        start_share=article(0.76, "electronic share of transactions, 2011"),
        habit_loss_per_month=assumed((0.1, 1.5), "half of a habit is gone after 6.6 months"),
        trust={
            "gain_per_success": assumed((0.01, 2), "trust takes a hundred good visits"),
            "loss_per_failure": assumed((0.03, 2), "a failure weighs three successes"),
        },
        awareness={name: awareness(share) for name, share in START_SHARES.items()},
        upgrade={
            "utility_gain": assumed((0.1, 2.5), "one style and content: 1.8 points of share at 76 %"),
            "failure_factor": assumed((0.8, 1.15), "a fifth of the failures goes with the old systems"),
            "cutover_utility_loss": assumed((0.15, 2), "closed for some hours, and new to everybody"),
            "cutover_failure_factor": assumed((1.5, 1.2), "half as many failures again while it settles"),
        },
        provinces=[
            {
                "name": name,
                "population_share": share,
                "upgrade_month": assumed(3 * (order.index(name) // 3 + 1), IN_TURN),
            }
            for name, share in population_shares.items()
        ],
    )


def all_provinces() -> Adoption:
    """All 31, customers in proportion to the people."""
    total = sum(POPULATION_M.values())
    return adoption({name: public(m / total, CENSUS) for name, m in POPULATION_M.items()})
