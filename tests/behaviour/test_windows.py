"""How long sessions, orders and answers are waited for: one rule for the simulation and the service."""

from collections.abc import Callable

import pytest

from footfall._behaviour.capacity_rules import (
    SESSION_IDLE_S,
    has_lapsed,
    message_answer_s_most,
    session_idle_s,
    uses_session,
)
from footfall._model.channel import Channel, LogoutReminder, Verb
from footfall._model.station_specs import MessageGateway, RequestServer
from tests.made_up import number

WEB = RequestServer(slots=number(1), accept_queue=number(1), deadline_s=number(5))


def test_a_window_holds_to_its_last_instant() -> None:
    """Of ten seconds the tenth still counts, and nothing after it."""
    assert not has_lapsed(5, 15, 10)
    assert has_lapsed(5, 15.001, 10)


def test_a_session_lives_as_long_as_the_reminder_says(channel: Callable[..., Channel]) -> None:
    """Without a reminder half an hour, or what the service is told."""
    reminder = LogoutReminder(forgotten_share=number(0), idle_s=number(600))
    assert session_idle_s(channel(WEB, logout_reminder=reminder)) == 600
    assert session_idle_s(channel(WEB)) == SESSION_IDLE_S
    assert session_idle_s(channel(WEB), default_s=60) == 60


@pytest.mark.parametrize("verb", list(Verb))
def test_only_pages_of_the_account_use_the_session(verb: Verb) -> None:
    """To log in one needs none, and tariffs are for all."""
    assert uses_session(verb) == (verb not in {Verb.LOGIN, Verb.BROWSE})


def test_an_answer_is_waited_for_as_long_as_a_full_queue_takes(channel: Callable[..., Channel]) -> None:
    """500 messages at 15 a second take 33.4 s, and the systems behind them 20 times 0.1 s at most."""
    sms = MessageGateway(messages_per_s=number(15), queue=number(500))
    assert message_answer_s_most(channel(sms, service_s=0.1)) == pytest.approx(501 / 15 + 2)
    assert message_answer_s_most(channel(WEB, service_s=0.1)) == 0
