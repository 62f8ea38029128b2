"""One province of 31: the customers and channels of a large mobile operator, as of January 2012.

The article (May 2012, on China Mobile's electronic channels) gives national figures; a province is
1/31 of them. It gives no capacity, no latency, no hotline, kiosk or hall volume: those are
assumptions (grade C), each with its reason. `footfall show models/guangxi.py` lists them all.
"""

from footfall.records.outcomes import Outcome
from footfall.simulate.calibrate import calibrated
from footfall.simulate.day import errand
from footfall.simulate.spec.base import DayProfile, profile
from footfall.simulate.spec.channel import Channel, Fault, LogoutReminder, Opening, Turn, Verb, Work
from footfall.simulate.spec.duration import Duration, constant_s, exponential_s, lognormal_s
from footfall.simulate.spec.model import Model, ShareDefinition, Target
from footfall.simulate.spec.number import Grade, Number, article, public
from footfall.simulate.spec.number import assumed as c
from footfall.simulate.spec.people import Accounts, Choice, FollowUp, FollowUps, Segment, Taste
from footfall.simulate.spec.station import CallCentre, Counters, Kiosks, MessageGateway, RequestServer

PROVINCES = 31
CUSTOMERS_M = 655.44
MINUTE_S = 60.0
HOUR_S = 3600.0

# Errands of the nation in a month, millions, by operation and first choice of channel. The article's
# 250 M SMS transactions are given; the split of the rest is the reference split (SMS = 60 % of
# electronic business), spread over operations by assumption. Queries: web page views (1,629 M, given)
# at 8 a visit less the visits that transact; the rest assumed.
DEMAND_M = {
    "query": {"web": 120.3, "sms": 125.0, "hotline": 56.6, "wap": 29.2, "kiosk": 10.0}
    | {"own_hall": 8.0, "partner_hall": 6.0},
    "recharge": {"web": 32.0, "sms": 112.0, "hotline": 20.0, "wap": 9.0, "kiosk": 20.8}
    | {"own_hall": 14.0, "partner_hall": 27.2, "agent": 22.0},
    "transact": {"web": 40.3, "sms": 133.0, "hotline": 16.7, "wap": 10.8}
    | {"own_hall": 34.4, "partner_hall": 36.9},
    "purchase": {"web": 7.0, "own_hall": 9.0, "partner_hall": 7.8, "agent": 5.0},
    "roaming": {"web": 4.0, "sms": 5.0, "hotline": 5.0, "wap": 1.0, "own_hall": 1.8, "partner_hall": 0.5},
}
HALL_DEMAND = c(0.995, "scales the halls' first choices so that the share of served business is the article's 76 %")


def millions(operation: str) -> dict[str, float]:
    """Monthly errands of the nation by first choice of channel, millions."""
    halls = {"own_hall", "partner_hall"}
    return {k: m * (HALL_DEMAND if k in halls else 1.0) for k, m in DEMAND_M[operation].items()}


def observed_shares(operation: str) -> dict[str, Number]:
    """First choices of an operation by channel, as shares."""
    volumes = millions(operation)
    why = "reference split of the article's month over channels"
    return {name: c(volume / sum(volumes.values()), why) for name, volume in volumes.items()}


# --- Segments: age by area ------------------------------------------------------------------------

AREAS = {"urban": public(0.418, "urban share of Guangxi, 2011 statistical communiqué"), "rural": None}
AGES = {
    "young": c(0.42, "under 35, of those with a mobile phone"),
    "middle": c(0.40, "35 to 54"),
    "older": c(0.18, "55 and over"),
}
ACTIVITY = {"young": 1.2, "middle": 1.0, "older": 0.6, "urban": 1.15, "rural": 0.9}
HOURS = {
    "urban": [0.8, 0.5, 0.3, 0.2, 0.2, 0.4, 1.2, 2.5, 5, 8, 10.8, 8.5, 6, 6, 7.5, 8, 7.5, 6, 5, 6, 7, 5.5, 3.5, 1.8],
    "rural": [0.4, 0.2, 0.2, 0.2, 0.3, 0.9, 2.2, 4.5, 7, 9.5, 11.0, 8.5, 6, 5, 6.5, 7, 6.5, 6, 5, 5, 4.5, 3, 1.6, 0.8],
}
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
            name: c(sum(millions(name).values()) / CUSTOMERS_M * activity, "national errands a head, by activity")
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


# --- Channels -------------------------------------------------------------------------------------


def fault(cause: str, by: str, outcome: Outcome, percent: float, why: str) -> Fault:
    """A cause of failure; the percentages are set so that all causes together give the article's rates."""
    return Fault(cause=cause, by=by, outcome=outcome, share=c(percent / 100, why))


def system_faults(percent: float, system: str) -> tuple[Fault, ...]:
    """Errors and timeouts of one system behind a channel, 5 to 3."""
    why = f"{system} behind the channel; sized with the other causes to the article's success rate"
    return (
        fault(f"{system}_error", "service", Outcome.ERROR, percent * 5 / 8, why),
        fault(f"{system}_timeout", "service", Outcome.TIMEOUT, percent * 3 / 8, why),
    )


def customer_fault(cause: str, outcome: Outcome, percent: float) -> Fault:
    """A slip of the customer."""
    return fault(cause, "customer", outcome, percent, "sized with the other causes to the article's success rate")


def it_s(seconds: float) -> Duration:
    """Time in the operator's systems, lognormal."""
    return lognormal_s(c(seconds, "to be measured on the real system"), c(0.6, "usual spread of page times"))


def human_s(seconds: float) -> Duration:
    """The customer's own time, lognormal."""
    return lognormal_s(c(seconds, "to be observed"), c(0.8, "people vary"))


def turn(verb: Verb, own_s: float, pages: int = 1) -> Turn:
    """A turn after `own_s` seconds of the customer's own time."""
    own = human_s(own_s) if own_s else constant_s(c(0, "at once"))
    return Turn(verb=verb, human=own, pages=c(pages, "8 pages a web visit in all (assumed)"))


def works(  # noqa: PLR0913  one percentage a cause
    page_s: float, *, wrong_pin: float, billing: float, order: float, confirm: float, no_reply: float
) -> dict[Verb, Work]:
    """Describe the turns of a screen channel; faults in percent."""
    login_faults = (customer_fault("wrong_pin", Outcome.REJECTED, wrong_pin), *system_faults(0.15, "login"))
    order_faults = (customer_fault("unknown_item", Outcome.REJECTED, 0.3), *system_faults(order, "crm"))
    confirm_faults = (customer_fault("no_reply", Outcome.UNCONFIRMED, no_reply), *system_faults(confirm, "crm"))
    return {
        Verb.LOGIN: Work(service=it_s(page_s * 1.5), faults=login_faults),
        Verb.BROWSE: Work(service=it_s(page_s)),
        Verb.QUERY: Work(service=it_s(page_s * 2), faults=system_faults(billing, "billing")),
        Verb.ORDER: Work(service=it_s(page_s * 3), faults=order_faults),
        Verb.CONFIRM: Work(service=it_s(page_s * 2), faults=confirm_faults),
        Verb.LOGOUT: Work(service=it_s(page_s / 2)),
    }


def screens(own_s: float, *, confirms: bool, offers: tuple[str, ...]) -> dict[str, tuple[Turn, ...]]:
    """Dialogues of a channel with pages: 8 pages a visit."""
    enter = (turn(Verb.LOGIN, own_s), turn(Verb.BROWSE, own_s, 3))
    leave = (turn(Verb.LOGOUT, own_s),)
    query = (*enter, turn(Verb.QUERY, own_s, 3), *leave)
    order = (*enter, turn(Verb.QUERY, own_s), turn(Verb.ORDER, own_s))
    second = (turn(Verb.CONFIRM, 15),) if confirms else (turn(Verb.QUERY, own_s),)
    plain = (*order, turn(Verb.QUERY, own_s), *leave)
    dialogues = {"query": query, "recharge": plain, "purchase": plain}
    dialogues |= {name: (*order, *second, *leave) for name in ("transact", "roaming")}
    return {name: dialogues[name] for name in offers}


def clerk_talk(minutes: dict[str, float]) -> dict[str, tuple[Turn, ...]]:
    """Dialogues at a counter: most of the visit is talk, the clerk's screens take little."""
    dialogues = {}
    for name, whole in minutes.items():
        part_s = whole * MINUTE_S / 3
        last = Verb.QUERY if name == "query" else Verb.ORDER
        dialogues[name] = (turn(Verb.LOGIN, part_s), turn(Verb.QUERY, part_s), turn(last, part_s))
    return dialogues


ALL = ("query", "recharge", "transact", "purchase", "roaming")
HALL_HOURS = Opening(
    opens_s=c(8.5 * HOUR_S, "usual hall hours"), closes_s=c(18.5 * HOUR_S, "10 h, as the reference hall")
)
REMINDER = LogoutReminder(
    forgotten_share=c(0.3, "the article reminds customers to log out in time; share assumed"),
    idle_s=c(600, "session idle time"),
)


def by_half_hour(values: dict[float, float], why: str) -> DayProfile:
    """Staff in force from each hour on, half hours as .5; before the first and after the last as the last."""
    hours = sorted(values)
    steps = [max((h for h in hours if h <= k / 2), default=hours[-1]) for k in range(48)]
    return profile([values[h] for h in steps], Grade.ASSUMED, why)


def web() -> Channel:
    """Web hall."""
    return Channel(
        name="web",
        title="web hall",
        nest="electronic",
        sites=c(1, "one portal"),
        station=RequestServer(
            slots=c(24, "three times the busy work at 76 pages/s"),
            accept_queue=c(200, "usual backlog"),
            deadline_s=c(5, "usual gateway timeout"),
        ),
        access_s_mean=c(60, "start the browser"),
        price_yuan=c(0, "free of charge"),
        works=works(0.03, wrong_pin=1.0, billing=1.05, order=0.85, confirm=0.25, no_reply=1.5),
        dialogues=screens(7, confirms=True, offers=ALL),
        confirm_expiry_s=c(150, "second confirmation by code"),
        logout_reminder=REMINDER,
    )


def wap() -> Channel:
    """Handheld (WAP) hall."""
    return Channel(
        name="wap",
        title="handheld (WAP) hall",
        nest="electronic",
        sites=c(1, "one portal"),
        station=RequestServer(
            slots=c(16, "three times the busy work at 23 pages/s"),
            accept_queue=c(100, "usual backlog"),
            deadline_s=c(8, "slow radio links"),
        ),
        access_s_mean=c(30, "open the handset's browser"),
        price_yuan=c(0.1, "data fee of a visit"),
        works=works(0.05, wrong_pin=1.5, billing=1.0, order=1.6, confirm=0.5, no_reply=2.0),
        dialogues=screens(9, confirms=True, offers=("query", "recharge", "transact", "roaming")),
        confirm_expiry_s=c(150, "second confirmation by code"),
        logout_reminder=REMINDER,
    )


def agent() -> Channel:
    """Agents' electronic channel."""
    order = (turn(Verb.LOGIN, 4), turn(Verb.BROWSE, 4), turn(Verb.ORDER, 12), turn(Verb.LOGOUT, 3))
    return Channel(
        name="agent",
        title="agents' channel",
        nest="physical",
        sites=c(1, "one system"),
        station=RequestServer(
            slots=c(8, "far above the load"), accept_queue=c(50, "small"), deadline_s=c(5, "usual timeout")
        ),
        access_s_mean=c(300, "the shop at the corner"),
        price_yuan=c(0, "the agent lives off commission"),
        works=works(0.04, wrong_pin=0.5, billing=0.3, order=1.0, confirm=0.3, no_reply=0.0),
        dialogues={"recharge": order, "purchase": order},
    )


def sms() -> Channel:
    """SMS hall."""
    message = it_s(0.12)
    unknown = customer_fault("unknown_command", Outcome.REJECTED, 2.3)
    silent = customer_fault("no_reply", Outcome.UNCONFIRMED, 2.7)
    ask, order = turn(Verb.QUERY, 0), turn(Verb.ORDER, 0)
    confirmed = (order, turn(Verb.CONFIRM, 40))
    return Channel(
        name="sms",
        title="SMS hall",
        nest="electronic",
        sites=c(1, "one short code"),
        station=MessageGateway(
            messages_per_s=c(100, "twice the 47 messages/s of a province at its design peak"),
            queue=c(500, "five seconds of messages"),
        ),
        access_s_mean=c(20, "type the short code"),
        price_yuan=c(0.1, "a message"),
        works={
            Verb.QUERY: Work(service=message, faults=(unknown, *system_faults(0.5, "billing"))),
            Verb.ORDER: Work(service=message, faults=(unknown, *system_faults(1.6, "crm"))),
            Verb.CONFIRM: Work(service=message, faults=(silent, *system_faults(0.8, "crm"))),
        },
        dialogues={"query": (ask,), "recharge": (order,), "transact": confirmed, "roaming": confirmed},
        confirm_expiry_s=c(300, "five minutes to answer Y"),
    )


def hotline() -> Channel:
    """Hotline hall: IVR, then agents."""
    ivr = {Verb.LOGIN: it_s(0.15), Verb.QUERY: it_s(0.2), Verb.ORDER: it_s(0.3)}
    enter = turn(Verb.LOGIN, 25)
    order = (enter, turn(Verb.QUERY, 15), turn(Verb.ORDER, 20))
    return Channel(
        name="hotline",
        title="hotline",
        nest="electronic",
        sites=c(1, "one number"),
        station=CallCentre(
            lines=c(700, "1.5 times the calls in progress at the design peak"),
            agents=by_half_hour(
                {0: 14, 1: 8, 5: 14, 6: 32, 7: 66, 8: 98, 9: 126, 10: 160, 11: 124, 12: 90, 13: 80, 14: 100}
                | {15: 105, 17: 86, 19: 96, 21: 74, 22: 47, 23: 26},
                "Erlang-A on the load of an ordinary day, abandonment about 2 %",
            ),
            agents_factor=c(1, "as staffed"),
            patience=exponential_s(c(180, "about the service time")),
            talk=human_s(150),
            wrap_up=exponential_s(c(25, "usual wrap-up")),
            agent_share=dict.fromkeys(ALL, c(0.3, "the IVR contains 70 %")),
        ),
        access_s_mean=c(15, "dial"),
        price_yuan=c(0, "free of charge"),
        works={
            Verb.LOGIN: Work(
                service=ivr[Verb.LOGIN], faults=(customer_fault("wrong_pin", Outcome.REJECTED, 2.0),)
            ),
            Verb.QUERY: Work(service=ivr[Verb.QUERY], faults=system_faults(0.5, "billing")),
            Verb.ORDER: Work(service=ivr[Verb.ORDER], faults=system_faults(1.2, "crm")),
        },
        dialogues={
            "query": (enter, turn(Verb.QUERY, 15)),
            "recharge": order,
            "transact": order,
            "roaming": order,
        },
    )


def kiosk() -> Channel:
    """Self-service terminals."""
    order = (turn(Verb.LOGIN, 20), turn(Verb.ORDER, 40))
    return Channel(
        name="kiosk",
        title="self-service terminals",
        nest="electronic",
        sites=c(300, "places with terminals in a province"),
        station=Kiosks(
            machines=c(2, "two a place"),
            up=exponential_s(c(60 * HOUR_S, "a breakdown in 2.5 days")),
            repair=exponential_s(c(3 * HOUR_S, "repaired the same day")),
            patience=exponential_s(c(300, "few wait long for a machine")),
        ),
        opening=Opening(opens_s=c(7 * HOUR_S, "malls and hall entrances"), closes_s=c(22 * HOUR_S, "as malls")),
        access_s_mean=c(420, "the way to the nearest terminal"),
        price_yuan=c(0, "free of charge"),
        works=works(0.05, wrong_pin=1.5, billing=0.5, order=1.5, confirm=0.3, no_reply=0.0),
        dialogues={"query": (turn(Verb.LOGIN, 20), turn(Verb.QUERY, 25)), "recharge": order},
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
            patience=lognormal_s(c(40 * MINUTE_S, "people who came on purpose stay"), c(0.6, "most wait a while")),
            balk_wait=lognormal_s(c(30 * MINUTE_S, "crowded halls put people off (article)"), c(0.6, "people vary")),
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


# --- What customers expect, and what they do after a failure -------------------------------------


def follow_up(retry: float, switch: float, delay_min: float) -> FollowUp:
    """Shares of retry and switch, and the mean delay before."""
    why = "no published value for these channels; one retry by most is usual"
    return FollowUp(
        retry_share=c(retry, why), switch_share=c(switch, why), delay=exponential_s(c(delay_min * MINUTE_S, why))
    )


FOLLOW_UPS = FollowUps(
    attempts_most=c(3, "few try more often on one day"),
    by_outcome={
        Outcome.REJECTED: follow_up(0.25, 0.1, 2),
        Outcome.ERROR: follow_up(0.35, 0.4, 2),
        Outcome.TIMEOUT: follow_up(0.45, 0.3, 1),
        Outcome.THROTTLED: follow_up(0.5, 0.3, 2),
        Outcome.BLOCKED: follow_up(0.6, 0.2, 3),
        Outcome.ABANDONED: follow_up(0.3, 0.4, 10),
        Outcome.BALKED: follow_up(0.2, 0.5, 20),
        Outcome.UNCONFIRMED: follow_up(0.3, 0.05, 15),
        Outcome.CLOSED: follow_up(0.0, 0.6, 5),
    },
)

OWN_WAIT_S = [0] * 9 + [200, 420, 420, 240, 200, 200, 240, 200, 150] + [0] * 6
PARTNER_WAIT_S = [0] * 9 + [200, 360, 300, 300, 240, 240, 240, 200, 150] + [0] * 6


def choice() -> Choice:
    """Nested logit; the constants come from `calibrated`."""
    why = "near the fixed point of the simulated waits"
    return Choice(
        dissimilarity={
            "physical": c(0.62, "estimate on a synthetic set; no published value"),
            "electronic": c(0.76, "estimate on a synthetic set; no published value"),
        },
        constants={},
        expected_wait_s={
            "own_hall": profile(list(map(float, OWN_WAIT_S)), Grade.ASSUMED, why),
            "partner_hall": profile(list(map(float, PARTNER_WAIT_S)), Grade.ASSUMED, why),
        },
    )


ACCOUNTS = Accounts(
    subscribers=c(20_000, "accounts that the reference service keeps"),
    balance_yuan_mean=c(80, "prepaid balance"),
    balance_cv=c(0.8, "prepaid balances vary widely"),
    price_yuan={
        "transact": c(10, "first month of an added service"),
        "purchase": c(5, "number fee"),
        "roaming": c(10, "deposit"),
    },
    under_contract_share=c(0.008, "contracts that forbid a change of plan"),
)

ELECTRONIC = ("web", "sms", "hotline", "wap", "kiosk")
HALLS = ("own_hall", "partner_hall")
BUSINESS = ("recharge", "transact", "purchase", "roaming")
DEFINITIONS = (
    ShareDefinition(
        name="article",
        text="served business transactions; hotline and terminals count as electronic, agents not counted",
        electronic=ELECTRONIC,
        counted=ELECTRONIC + HALLS,
        operations=BUSINESS,
    ),
    ShareDefinition(
        name="without_kiosks",
        text="served business transactions; terminals count as physical, agents not counted",
        electronic=("web", "sms", "hotline", "wap"),
        counted=ELECTRONIC + HALLS,
        operations=BUSINESS,
    ),
)

MODEL = calibrated(
    Model(
        name="guangxi",
        title="Guangxi: one province of 31",
        population=public(round(CUSTOMERS_M * 1e6 / PROVINCES), "655.44 M customers in January 2012, over 31"),
        busy_day_factor=c(1, "an ordinary day"),
        busyness_cv=c(0.05, "days differ by a few percent"),
        segments=segments(),
        channels=(web(), sms(), hotline(), wap(), kiosk(), *halls(), agent()),
        choice=choice(),
        follow_ups=FOLLOW_UPS,
        accounts=ACCOUNTS,
        share_definitions=DEFINITIONS,
        targets=(
            Target(channel="web", operation="query", success_share=article(0.978, "web query success")),
            Target(channel="web", operation="transact", success_share=article(0.933, "web transaction success")),
            Target(channel="sms", operation="transact", success_share=article(0.911, "SMS transaction success")),
        ),
        journey=errand,
    ),
    {operation: observed_shares(operation) for operation in DEMAND_M},
)
