"""The operator's channels: web, WAP, SMS, hotline, terminals, halls, agents. No capacity is published."""

import footfall as ff
from footfall import assumed, by_hour, hours, minutes, percent

ALL = ("query", "recharge", "transact", "purchase", "roaming")
TO_THE_ARTICLE = "sized with the other causes to the article's success rate"


def person(seconds: float) -> ff.Duration:
    """Time that a person reads, types or says something."""
    if not seconds:
        return ff.constant(assumed(0, "at once"))
    return ff.lognormal(assumed(seconds, "to be observed"), cv=assumed(0.8, "people vary"))


def system(seconds: float) -> ff.Duration:
    """Time in the operator's systems, for a page or message."""
    spread = assumed(0.6, "usual spread of page times")
    return ff.lognormal(assumed(seconds, "to be measured on the real system"), cv=spread)


def step(verb: str, own_s: float, pages: int = 1) -> ff.Step:
    """What a customer asks after `own_s` seconds of their own."""
    return ff.Step(verb, person(own_s), assumed(pages, "8 pages a web visit in all (assumed)"))


def slip(cause: str, outcome: str, share_percent: float) -> ff.Fault:
    """What customers do wrong."""
    return ff.Fault(cause, "customer", outcome, percent(assumed(share_percent, TO_THE_ARTICLE)))


def silence(share_percent: float) -> ff.Fault:
    """Who is asked to confirm and does not."""
    return slip("no_reply", "unconfirmed", share_percent)


def breaks(behind: str, share_percent: float) -> tuple[ff.Fault, ...]:
    """Errors and timeouts of a system behind the channel, 5 to 3."""
    why = f"{behind} behind the channel; {TO_THE_ARTICLE}"
    return (
        ff.Fault(f"{behind}_error", "service", "error", percent(assumed(share_percent * 5 / 8, why))),
        ff.Fault(f"{behind}_timeout", "service", "timeout", percent(assumed(share_percent * 3 / 8, why))),
    )


def screens(  # noqa: PLR0913  a share of each cause
    page_s: float, *, wrong_pin: float, billing: float, order: float, confirm: float, no_reply: float
) -> dict[str, ff.Work]:
    """What pages cost the systems, and what goes wrong on them, in percent."""
    pin, item = slip("wrong_pin", "rejected", wrong_pin), slip("unknown_item", "rejected", 0.3)
    return {
        "login": ff.Work(system(page_s * 1.5), (pin, *breaks("login", 0.15))),
        "browse": ff.Work(system(page_s)),
        "query": ff.Work(system(page_s * 2), breaks("billing", billing)),
        "order": ff.Work(system(page_s * 3), (item, *breaks("crm", order))),
        "confirm": ff.Work(system(page_s * 2), (silence(no_reply), *breaks("crm", confirm))),
        "logout": ff.Work(system(page_s / 2)),
    }


def eight_pages(own_s: float, offers: tuple[str, ...]) -> dict[str, tuple[ff.Step, ...]]:
    """What one does on a portal, by operation."""
    enter, leave = (step("login", own_s), step("browse", own_s, 3)), step("logout", own_s)
    order = (*enter, step("query", own_s), step("order", own_s))
    plain, confirmed = (*order, step("query", own_s), leave), (*order, step("confirm", 15), leave)
    visits = {"query": (*enter, step("query", own_s, 3), leave), "recharge": plain, "transact": confirmed}
    visits |= {"purchase": plain, "roaming": confirmed}
    return {name: visits[name] for name in offers}


REMINDER = ff.LogoutReminder(
    forgotten_share=assumed(0.3, "the article reminds customers to log out in time; share assumed"),
    idle_s=assumed(600, "session idle time"),
)
CONFIRMED_WITHIN = assumed(150, "second confirmation by code")
WEB = ff.Channel(
    "web",
    ff.RequestServer(
        assumed(24, "three times the busy work at 76 pages/s"),
        accept_queue=assumed(200, "usual backlog"),
        deadline=assumed(5, "usual gateway timeout"),
    ),
    title="web hall",
    access=assumed(60, "start the browser"),
    works=screens(0.03, wrong_pin=1.0, billing=1.05, order=0.85, confirm=0.25, no_reply=1.5),
    dialogues=eight_pages(7, ALL),
    confirm_expiry_s=CONFIRMED_WITHIN,
    logout_reminder=REMINDER,
)
WAP = ff.Channel(
    "wap",
    ff.RequestServer(
        assumed(16, "three times the busy work at 23 pages/s"),
        accept_queue=assumed(100, "usual backlog"),
        deadline=assumed(8, "slow radio links"),
    ),
    title="handheld (WAP) hall",
    access=assumed(30, "open the handset's browser"),
    price=assumed(0.1, "data fee of a visit"),
    works=screens(0.05, wrong_pin=1.5, billing=1.0, order=1.6, confirm=0.5, no_reply=2.0),
    dialogues=eight_pages(9, ("query", "recharge", "transact", "roaming")),
    confirm_expiry_s=CONFIRMED_WITHIN,
    logout_reminder=REMINDER,
)

UNKNOWN = slip("unknown_command", "rejected", 2.3)
SMS_CONFIRMED = (step("order", 0), step("confirm", 40))
SMS = ff.Channel(
    "sms",
    ff.MessageGateway(
        assumed(100, "twice the 47 messages/s of a province at its design peak"),
        queue=assumed(500, "five seconds of messages"),
    ),
    title="SMS hall",
    access=assumed(20, "type the short code"),
    price=assumed(0.1, "a message"),
    works={
        "query": ff.Work(system(0.12), (UNKNOWN, *breaks("billing", 0.5))),
        "order": ff.Work(system(0.12), (UNKNOWN, *breaks("crm", 1.6))),
        "confirm": ff.Work(system(0.12), (silence(2.7), *breaks("crm", 0.8))),
    },
    dialogues={
        "query": step("query", 0),
        "recharge": step("order", 0),
        "transact": SMS_CONFIRMED,
        "roaming": SMS_CONFIRMED,
    },
    confirm_expiry_s=assumed(300, "five minutes to answer Y"),
)

IVR_ORDER = (step("login", 25), step("query", 15), step("order", 20))
HOTLINE = ff.Channel(
    "hotline",
    ff.CallCentre(
        by_hour(
            {0: 14, 1: 8, 5: 14, 6: 32, 7: 66, 8: 98, 9: 126, 10: 160, 11: 124, 12: 90, 13: 80, 14: 100}
            | {15: 105, 17: 86, 19: 96, 21: 74, 22: 47, 23: 26},
            "Erlang-A on the load of an ordinary day, abandonment about 2 %",
        ),
        lines=assumed(700, "1.5 times the calls in progress at the design peak"),
        patience=ff.exponential(assumed(180, "about the service time")),
        talk=person(150),
        wrap_up=ff.exponential(assumed(25, "usual wrap-up")),
        agent_share=dict.fromkeys(ALL, assumed(0.3, "the IVR contains 70 %")),
    ),
    access=assumed(15, "dial"),
    works={
        "login": ff.Work(system(0.15), slip("wrong_pin", "rejected", 2.0)),
        "query": ff.Work(system(0.2), breaks("billing", 0.5)),
        "order": ff.Work(system(0.3), breaks("crm", 1.2)),
    },
    dialogues={"query": (step("login", 25), step("query", 15))}
    | dict.fromkeys(("recharge", "transact", "roaming"), IVR_ORDER),
)

KIOSK = ff.Channel(
    "kiosk",
    ff.Kiosks(
        assumed(2, "two a place"),
        up=ff.exponential(hours(assumed(60, "a breakdown in 2.5 days"))),
        repair=ff.exponential(hours(assumed(3, "repaired the same day"))),
        patience=ff.exponential(assumed(300, "few wait long for a machine")),
    ),
    title="self-service terminals",
    nest="electronic",
    sites=assumed(300, "places with terminals in a province"),
    opening=ff.OpeningHours(hours(assumed(7, "malls and hall entrances")), hours(assumed(22, "as malls"))),
    access=assumed(420, "the way to the nearest terminal"),
    works=screens(0.05, wrong_pin=1.5, billing=0.5, order=1.5, confirm=0.3, no_reply=0.0),
    dialogues={
        "query": (step("login", 20), step("query", 25)),
        "recharge": (step("login", 20), step("order", 40)),
    },
)


def at_a_counter(minutes_of: dict[str, float]) -> dict[str, tuple[ff.Step, ...]]:
    """Most of the visit is talk, in three parts; the clerk's screens take little."""
    return {
        name: tuple(
            step(verb, whole * 60 / 3) for verb in ("login", "query", "query" if name == "query" else "order")
        )
        for name, whole in minutes_of.items()
    }


def hall(name: str, title: str, clerks: ff.Profile, *, sites: ff.Number, way_minutes: float) -> ff.Channel:
    """One kind of service hall."""
    return ff.Channel(
        name,
        ff.Counters(
            clerks,
            room=assumed(40, "seats and standing room"),
            patience=ff.lognormal(
                minutes(assumed(40, "people who came on purpose stay")), assumed(0.6, "most wait a while")
            ),
            balk_wait=ff.lognormal(
                minutes(assumed(30, "crowded halls put people off (article)")), assumed(0.6, "people vary")
            ),
        ),
        title=title,
        sites=sites,
        opening=ff.OpeningHours(
            hours(assumed(8.5, "usual hall hours")), hours(assumed(18.5, "10 h, as the reference hall"))
        ),
        access=minutes(assumed(way_minutes, "the way to the nearest hall")),
        price=assumed(1, "bus fare"),
        works=screens(0.05, wrong_pin=0.3, billing=0.2, order=0.8, confirm=0.3, no_reply=0.0),
        dialogues=at_a_counter({"query": 3, "recharge": 3, "transact": 7, "purchase": 9, "roaming": 6}),
    )


OWN_CLERKS = by_hour({8.5: 4, 9.5: 5, 12: 4, 14: 5, 17: 4}, "crowded (over 90 % busy) at the busiest hour")
PARTNER_CLERKS = by_hour({8.5: 2, 10: 3, 11.5: 2}, "two clerks, three in the late morning")
THIRD, THIRDS = "a third of the province's 645 halls", "two thirds of the province's 645 halls"
OWN_HALL = hall("own_hall", "own halls", OWN_CLERKS, sites=assumed(200, THIRD), way_minutes=20)
PARTNER_HALL = hall(
    "partner_hall", "partner halls", PARTNER_CLERKS, sites=assumed(445, THIRDS), way_minutes=12
)

AGENT_ORDER = (step("login", 4), step("browse", 4), step("order", 12), step("logout", 3))
AGENT = ff.Channel(
    "agent",
    ff.RequestServer(
        assumed(8, "far above the load"),
        accept_queue=assumed(50, "small"),
        deadline=assumed(5, "usual timeout"),
    ),
    title="agents' channel",
    nest="physical",
    access=assumed(300, "the shop at the corner"),
    works=screens(0.04, wrong_pin=0.5, billing=0.3, order=1.0, confirm=0.3, no_reply=0.0),
    dialogues={"recharge": AGENT_ORDER, "purchase": AGENT_ORDER},
)
