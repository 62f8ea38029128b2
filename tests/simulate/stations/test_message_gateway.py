"""The message gateway, worked out by hand."""

from collections.abc import Callable

import polars as pl
import pytest

from footfall._model.channel import Channel, LogoutReminder, Step, Verb, Work
from footfall._model.model import Model
from footfall._model.numbers import Number
from footfall._model.station_specs import MessageGateway, RequestServer
from footfall._simulate.day import DayResult
from tests.made_up import seconds

Numbers = Callable[[float], Number]
Channels = Callable[..., Channel]
Models = Callable[..., Model]
Visits = Callable[..., pl.DataFrame]
Turns = Callable[..., Step]


@pytest.mark.parametrize("queue", [0, 1, 2, 7])
def test_the_queue_holds_so_many_messages_and_not_one_more(
    queue: int, channel: Channels, model: Models, visits: Visits, number: Numbers
) -> None:
    """Ten messages at once at one a second: one is let through, `queue` wait, the rest are throttled."""
    gateway = MessageGateway(messages_per_s=number(1), queue=number(queue))
    found = visits(model(channel(gateway)), [0.5] * 10)
    inside = queue + 1
    assert found["outcome"].to_list() == ["served"] * inside + ["throttled"] * (10 - inside)
    assert found["ended_s"].to_list()[:inside] == [1.5 + k for k in range(inside)]
    assert found["wait_s"].to_list()[:inside] == [1.0 + k for k in range(inside)]


def test_a_message_half_let_through_still_counts(
    channel: Channels, model: Models, visits: Visits, number: Numbers
) -> None:
    """A queue of one: at 1.5 s one message is on its way and one waits, at 2 s the line has moved."""
    gateway = MessageGateway(messages_per_s=number(1), queue=number(1))
    found = visits(model(channel(gateway)), [0, 0, 0.5, 1.0, 1.5, 2.0])
    outcomes = ["served", "served", "throttled", "served", "throttled", "served"]
    assert found["outcome"].to_list() == outcomes


def test_an_order_confirmed_too_late_has_expired(
    channel: Channels, model: Models, visits: Visits, number: Numbers, turn: Turns
) -> None:
    """It holds for 300 s from when the order was handled; at 300 s sharp, transit included, it still does."""
    gateway = MessageGateway(messages_per_s=number(1), queue=number(10))
    for reply_s, outcome, cause in ((299.5, "unconfirmed", "expired"), (299, "served", "")):
        dialogue = (turn(Verb.ORDER), turn(Verb.CONFIRM, reply_s))
        sms = channel(gateway, dialogues={"query": dialogue}, confirm_expiry_s=number(300))
        found = visits(model(sms), [0])
        assert (found["outcome"][0], found["cause"][0]) == (outcome, cause)
        assert found["ended_s"][0] == reply_s + 2


def test_a_confirmation_that_waits_in_the_queue_expires_there(
    channel: Channels, model: Models, visits: Visits, number: Numbers, turn: Turns
) -> None:
    """A reply at once, behind nine messages of a second each: 10 s after its order it is within 10 s only."""
    gateway = MessageGateway(messages_per_s=number(1), queue=number(20))
    dialogue = (turn(Verb.ORDER), turn(Verb.CONFIRM))
    for expiry_s, outcome in ((10, "served"), (9.5, "unconfirmed")):
        sms = channel(gateway, dialogues={"query": dialogue}, confirm_expiry_s=number(expiry_s))
        found = visits(model(sms), [0] * 10).filter(pl.col("customer") == 0)
        assert (found["outcome"][0], found["human_s"][0], found["ended_s"][0]) == (outcome, 0, 11)


def test_a_forgotten_logout_sends_a_reminder_through_the_same_gateway(
    channel: Channels,
    model: Models,
    day: Callable[..., DayResult],
    number: Numbers,
    turn: Turns,
) -> None:
    """Last used at 5 s, the session is over at 15 s; the reminder delays a message of that time."""
    web = channel(
        RequestServer(slots=number(1), accept_queue=number(1), deadline_s=number(10)),
        service_s=5,
        dialogues={"query": (turn(Verb.LOGIN), turn(Verb.QUERY))},
        logout_reminder=LogoutReminder(forgotten_share=number(1), idle_s=number(10)),
    )
    sms = channel(MessageGateway(messages_per_s=number(1), queue=number(10)), name="sms")
    result = day(model(web, sms), [0, 15.5], channels=[0, 1])
    assert result.logout_reminders == 1
    assert result.visits.sort("customer")["ended_s"].to_list() == [10, 17]


def test_a_visit_that_failed_leaves_its_session_open(
    channel: Channels,
    model: Models,
    day: Callable[..., DayResult],
    number: Numbers,
    turn: Turns,
) -> None:
    """A page past its deadline ends the visit before its logout: the reminder comes all the same."""
    web = channel(
        RequestServer(slots=number(1), accept_queue=number(1), deadline_s=number(4)),
        dialogues={"query": (turn(Verb.LOGIN), turn(Verb.QUERY), turn(Verb.LOGOUT))},
        works={verb: Work(service=seconds(5 if verb is Verb.QUERY else 1)) for verb in Verb},
        logout_reminder=LogoutReminder(forgotten_share=number(0), idle_s=number(10)),
    )
    sms = channel(MessageGateway(messages_per_s=number(1), queue=number(10)), name="sms")
    result = day(model(web, sms), [0])
    assert result.visits["cause"].to_list() == ["deadline"]
    assert result.logout_reminders == 1


def test_nobody_is_reminded_who_logged_out_or_was_not_served(
    channel: Channels, model: Models, day: Callable[..., DayResult], number: Numbers
) -> None:
    """Share 0, and a visit that timed out."""
    server = RequestServer(slots=number(1), accept_queue=number(1), deadline_s=number(10))
    sms = channel(MessageGateway(messages_per_s=number(1), queue=number(10)), name="sms")
    for share, service_s in ((0, 5), (1, 50)):
        reminder = LogoutReminder(forgotten_share=number(share), idle_s=number(10))
        web = channel(server, service_s=service_s, logout_reminder=reminder)
        assert day(model(web, sms), [0]).logout_reminders == 0
