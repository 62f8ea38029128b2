"""The channels without a counter: web, WAP, SMS, hotline, terminals, agents."""

from footfall.model.channel import Channel, LogoutReminder, OpeningHours, Verb, Work
from footfall.model.durations import exponential_s
from footfall.model.numbers import assumed as c
from footfall.model.station_specs import CallCentre, Kiosks, MessageGateway, RequestServer
from footfall.records.rows import Outcome
from models.operator.turns import (
    HOUR_S,
    by_half_hour,
    customer_fault,
    human_s,
    it_s,
    screens,
    system_faults,
    turn,
    works,
)

ALL = ("query", "recharge", "transact", "purchase", "roaming")
REMINDER = LogoutReminder(
    forgotten_share=c(0.3, "the article reminds customers to log out in time; share assumed"),
    idle_s=c(600, "session idle time"),
)


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
        opening=OpeningHours(
            opens_s=c(7 * HOUR_S, "malls and hall entrances"), closes_s=c(22 * HOUR_S, "as malls")
        ),
        access_s_mean=c(420, "the way to the nearest terminal"),
        price_yuan=c(0, "free of charge"),
        works=works(0.05, wrong_pin=1.5, billing=0.5, order=1.5, confirm=0.3, no_reply=0.0),
        dialogues={"query": (turn(Verb.LOGIN, 20), turn(Verb.QUERY, 25)), "recharge": order},
    )
