"""Service halls: own and partner."""

from footfall.model.channel import Channel, OpeningHours
from footfall.model.durations import lognormal_s
from footfall.model.numbers import DayProfile, Number
from footfall.model.numbers import assumed as c
from footfall.model.station_specs import Counters
from models.operator.turns import HOUR_S, MINUTE_S, by_half_hour, clerk_talk, works

HALL_HOURS = OpeningHours(
    opens_s=c(8.5 * HOUR_S, "usual hall hours"), closes_s=c(18.5 * HOUR_S, "10 h, as the reference hall")
)


def hall(name: str, title: str, sites: Number, clerks: DayProfile, access_min: float) -> Channel:
    """One kind of service hall."""
    return Channel(
        name=name,
        title=title,
        nest="physical",
        sites=sites,
        station=Counters(
            clerks=clerks,
            clerks_factor=c(1, "as staffed"),
            room=c(40, "seats and standing room"),
            patience=lognormal_s(
                c(40 * MINUTE_S, "people who came on purpose stay"), c(0.6, "most wait a while")
            ),
            balk_wait=lognormal_s(
                c(30 * MINUTE_S, "crowded halls put people off (article)"), c(0.6, "people vary")
            ),
        ),
        opening=HALL_HOURS,
        access_s_mean=c(access_min * MINUTE_S, "the way to the nearest hall"),
        price_yuan=c(1, "bus fare"),
        works=works(0.05, wrong_pin=0.3, billing=0.2, order=0.8, confirm=0.3, no_reply=0.0),
        dialogues=clerk_talk({"query": 3, "recharge": 3, "transact": 7, "purchase": 9, "roaming": 6}),
    )


def halls() -> tuple[Channel, Channel]:
    """Own and partner halls: 20,000 in the nation (assumed), 645 in a province."""
    own = by_half_hour({8.5: 4, 9.5: 5, 12: 4, 14: 5, 17: 4}, "crowded (over 90 % busy) at the busiest hour")
    partner = by_half_hour({8.5: 2, 10: 3, 11.5: 2}, "two clerks, three in the late morning")
    return (
        hall("own_hall", "own halls", c(200, "a third of the province's 645 halls"), own, 20),
        hall("partner_hall", "partner halls", c(445, "two thirds of the province's 645 halls"), partner, 12),
    )
