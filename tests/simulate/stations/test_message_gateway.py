"""The message gateway, worked out by hand."""

from collections.abc import Callable

import polars as pl
import pytest

from footfall.simulate.day import DayResult
from footfall.simulate.spec.channel import Channel, LogoutReminder, Turn, Verb
from footfall.simulate.spec.model import Model
from footfall.simulate.spec.number import Number
from footfall.simulate.spec.station import MessageGateway, RequestServer

Numbers = Callable[[float], Number]
Channels = Callable[..., Channel]
Models = Callable[..., Model]
Visits = Callable[..., pl.DataFrame]


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
    channel: Channels, model: Models, visits: Visits, number: Numbers, turn: Callable[..., Turn]
) -> None:
    """The reply comes after 400 s, the confirmation holds for 300 s; at 300 s sharp it still holds."""
    gateway = MessageGateway(messages_per_s=number(1), queue=number(10))
    for reply_s, outcome, cause in ((400, "unconfirmed", "expired"), (300, "served", "")):
        dialogue = (turn(Verb.ORDER), turn(Verb.CONFIRM, reply_s))
        sms = channel(gateway, dialogues={"query": dialogue}, confirm_expiry_s=number(300))
        found = visits(model(sms), [0])
        assert (found["outcome"][0], found["cause"][0]) == (outcome, cause)
        assert found["ended_s"][0] == reply_s + 2


def test_a_forgotten_logout_sends_a_reminder_through_the_same_gateway(
    channel: Channels, model: Models, day: Callable[..., DayResult], number: Numbers
) -> None:
    """The session ends at 5 s, the reminder goes at 15 s and is in the way of a message of that time."""
    web = channel(
        RequestServer(slots=number(1), accept_queue=number(1), deadline_s=number(10)),
        service_s=5,
        logout_reminder=LogoutReminder(forgotten_share=number(1), idle_s=number(10)),
    )
    sms = channel(MessageGateway(messages_per_s=number(1), queue=number(10)), name="sms")
    result = day(model(web, sms), [0, 15.5], channels=[0, 1])
    assert result.logout_reminders == 1
    assert result.visits.sort("customer")["ended_s"].to_list() == [5, 17]


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
