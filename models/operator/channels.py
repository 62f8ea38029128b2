"""The operator's channels: web, WAP, SMS, hotline, terminals, halls, agents. No capacity is published."""

import footfall as ff
from footfall import assumed, by_hour

SLIPS = {"wrong_pin": "rejected", "unknown_item": "rejected", "unknown_command": "rejected"}
SLIPS |= {"no_reply": "unconfirmed"}
"""What customers do wrong, and its outcome; all other causes are systems behind the channel."""


def work(mean_s: float, **percent: float) -> ff.Work:
    """Time in the operator's systems for a page or message, and what goes wrong with it, by cause."""
    faults = []
    for cause, share in percent.items():
        if cause in SLIPS:
            faults.append(ff.Fault(cause, "customer", SLIPS[cause], ff.percent(share)))
        else:
            faults.append(ff.Fault(f"{cause}_error", "service", "error", ff.percent(share * 5 / 8)))
            faults.append(ff.Fault(f"{cause}_timeout", "service", "timeout", ff.percent(share * 3 / 8)))
    time = assumed(ff.lognormal(mean_s, cv=0.6), "to be measured on the real system; usual spread of pages")
    return ff.Work(time, assumed(faults, "sized with the other causes to the article's success rate"))


def screens(page_s: float, crm: float, confirm: float, **percent: float) -> dict[str, ff.Work]:
    """What pages cost the systems, and what goes wrong on them, in percent."""
    return {
        "login": work(page_s * 1.5, wrong_pin=percent["wrong_pin"], login=0.15),
        "browse": work(page_s),
        "query": work(page_s * 2, billing=percent["billing"]),
        "order": work(page_s * 3, unknown_item=0.3, crm=crm),
        "confirm": work(page_s * 2, no_reply=percent["no_reply"], crm=confirm),
        "logout": work(page_s / 2),
    }


def person(time: str) -> ff.Duration:
    """What people read, type or say before a step."""
    return assumed(ff.lognormal(time, cv=0.8), "to be observed; people vary")


BUY = "login, browse x3, query, order, query, logout"
BUY_AND_CONFIRM = "login, browse x3, query, order, confirm 15s, logout"
PORTAL = {"query": "login, browse x3, query x3, logout", "recharge": BUY, "transact": BUY_AND_CONFIRM}
PORTAL |= {"purchase": BUY, "roaming": BUY_AND_CONFIRM}
"""8 pages a web visit in all (assumed)."""
REMINDER = ff.LogoutReminder(
    forgotten_share=assumed(0.3, "the article reminds customers to log out in time; share assumed"),
    idle=assumed("10 min", "session idle time"),
)
CONFIRMED_WITHIN = assumed("150s", "second confirmation by code")
WEB = ff.Channel(
    "web",
    ff.RequestServer(
        assumed(24, "three times the busy work at 76 pages/s"),
        accept_queue=assumed(200, "usual backlog"),
        deadline=assumed("5s", "usual gateway timeout"),
    ),
    title="web hall",
    access=assumed("1 min", "start the browser"),
    works=screens(0.03, wrong_pin=1.0, billing=1.05, crm=0.85, confirm=0.25, no_reply=1.5),
    dialogues=PORTAL,
    human=person("7s"),
    confirm_expiry_s=CONFIRMED_WITHIN,
    logout_reminder=REMINDER,
)
WAP = ff.Channel(
    "wap",
    ff.RequestServer(
        assumed(16, "three times the busy work at 23 pages/s"),
        accept_queue=assumed(100, "usual backlog"),
        deadline=assumed("8s", "slow radio links"),
    ),
    title="handheld (WAP) hall",
    access=assumed("30s", "open the handset's browser"),
    price=assumed(0.1, "data fee of a visit"),
    works=screens(0.05, wrong_pin=1.5, billing=1.0, crm=1.6, confirm=0.5, no_reply=2.0),
    dialogues={name: dialogue for name, dialogue in PORTAL.items() if name != "purchase"},
    human=person("9s"),
    confirm_expiry_s=CONFIRMED_WITHIN,
    logout_reminder=REMINDER,
)
SMS = ff.Channel(
    "sms",
    ff.MessageGateway(
        assumed(100, "twice the 47 messages/s of a province at its design peak"),
        queue=assumed(500, "five seconds of messages"),
    ),
    title="SMS hall",
    access=assumed("20s", "type the short code"),
    price=assumed(0.1, "a message"),
    works={
        "query": work(0.12, unknown_command=2.3, billing=0.5),
        "order": work(0.12, unknown_command=2.3, crm=1.6),
        "confirm": work(0.12, no_reply=2.7, crm=0.8),
    },
    dialogues={"query": "query 0s", "recharge": "order 0s"}
    | dict.fromkeys(("transact", "roaming"), "order 0s, confirm"),
    human=person("40s"),
    confirm_expiry_s=assumed("5 min", "five minutes to answer Y"),
)
IVR = "login 25s, query, order 20s"
HOTLINE = ff.Channel(
    "hotline",
    ff.CallCentre(
        by_hour(
            {0: 14, 1: 8, 5: 14, 6: 32, 7: 66, 8: 98, 9: 126, 10: 160, 11: 124, 12: 90, 13: 80, 14: 100}
            | {15: 105, 17: 86, 19: 96, 21: 74, 22: 47, 23: 26},
            "Erlang-A on the load of an ordinary day, abandonment about 2 %",
        ),
        lines=assumed(700, "1.5 times the calls in progress at the design peak"),
        patience=assumed(ff.exponential("3 min"), "about the service time"),
        talk=person("150s"),
        wrap_up=assumed(ff.exponential("25s"), "usual wrap-up"),
        agent_share=assumed(dict.fromkeys(PORTAL, 0.3), "the IVR contains 70 %"),
    ),
    access=assumed("15s", "dial"),
    works={"login": work(0.15, wrong_pin=2.0), "query": work(0.2, billing=0.5), "order": work(0.3, crm=1.2)},
    dialogues={"query": "login 25s, query", "recharge": IVR, "transact": IVR, "roaming": IVR},
    human=person("15s"),
)
KIOSK = ff.Channel(
    "kiosk",
    ff.Kiosks(
        assumed(2, "two a place"),
        up=assumed(ff.exponential("60h"), "a breakdown in 2.5 days"),
        repair=assumed(ff.exponential("3h"), "repaired the same day"),
        patience=assumed(ff.exponential("5 min"), "few wait long for a machine"),
    ),
    title="self-service terminals",
    nest="electronic",
    sites=assumed(300, "places with terminals in a province"),
    opening=assumed(ff.OpeningHours("7h", "22h"), "malls and hall entrances"),
    access=assumed("7 min", "the way to the nearest terminal"),
    works=screens(0.05, wrong_pin=1.5, billing=0.5, crm=1.5, confirm=0.3, no_reply=0.0),
    dialogues={"query": "login, query 25s", "recharge": "login, order 40s"},
    human=person("20s"),
)


def hall(name: str, title: str, clerks: ff.Profile, sites: ff.Number, access: str) -> ff.Channel:
    """One kind of service hall. Most of a visit is talk, in three parts; the clerk's screens take little."""
    return ff.Channel(
        name,
        ff.Counters(
            clerks,
            room=assumed(40, "seats and standing room"),
            patience=assumed(ff.lognormal("40 min", cv=0.6), "who came on purpose stays; most wait a while"),
            balk_wait=assumed(ff.lognormal("30 min", cv=0.6), "crowded halls put people off (article)"),
        ),
        title=title,
        sites=sites,
        opening=assumed(ff.OpeningHours("8.5h", "18.5h"), "usual hall hours: 10 h, as the reference hall"),
        access=assumed(access, "the way to the nearest hall"),
        price=assumed(1, "bus fare"),
        works=screens(0.05, wrong_pin=0.3, billing=0.2, crm=0.8, confirm=0.3, no_reply=0.0),
        dialogues={
            "query": "login, query, query",
            "recharge": "login, query, order",
            "transact": "login 140s, query 140s, order 140s",
            "purchase": "login 3 min, query 3 min, order 3 min",
            "roaming": "login 2 min, query 2 min, order 2 min",
        },
        human=person("1 min"),
    )


OWN_HALL = hall(
    "own_hall",
    "own halls",
    by_hour({8.5: 4, 9.5: 5, 12: 4, 14: 5, 17: 4}, "crowded (over 90 % busy) at the busiest hour"),
    assumed(200, "a third of the province's 645 halls"),
    access="20 min",
)
PARTNER_HALL = hall(
    "partner_hall",
    "partner halls",
    by_hour({8.5: 2, 10: 3, 11.5: 2}, "two clerks, three in the late morning"),
    assumed(445, "two thirds of the province's 645 halls"),
    access="12 min",
)
AGENT = ff.Channel(
    "agent",
    ff.RequestServer(
        assumed(8, "far above the load"),
        accept_queue=assumed(50, "small"),
        deadline=assumed("5s", "usual timeout"),
    ),
    title="agents' channel",
    nest="physical",
    access=assumed("5 min", "the shop at the corner"),
    works=screens(0.04, wrong_pin=0.5, billing=0.3, crm=1.0, confirm=0.3, no_reply=0.0),
    dialogues=dict.fromkeys(("recharge", "purchase"), "login, browse, order 12s, logout 3s"),
    human=person("4s"),
)
