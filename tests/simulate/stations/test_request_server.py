"""Request slots and the dialogue of pages, worked out by hand."""

from collections.abc import Callable

import polars as pl
import pytest

from footfall._model.changes import set_number, with_outage
from footfall._model.channel import Channel, Fault, LogoutReminder, Step, Verb, Work
from footfall._model.durations import Duration
from footfall._model.model import Model
from footfall._model.numbers import Number
from footfall._model.station_specs import RequestServer
from footfall._records.rows import Outcome

Numbers = Callable[[float], Number]
Exactly = Callable[[float], Duration]
Servers = Callable[..., RequestServer]
Channels = Callable[..., Channel]
Models = Callable[..., Model]
Visits = Callable[..., pl.DataFrame]
Turns = Callable[..., Step]


@pytest.fixture(scope="session")
def server(number: Numbers) -> Servers:
    """Make a server of one slot."""

    def make(slots: int = 1, queue: int = 1, deadline_s: float = 5) -> RequestServer:
        return RequestServer(slots=number(slots), accept_queue=number(queue), deadline_s=number(deadline_s))

    return make


def test_a_deadline_ends_the_request_and_frees_the_slot(
    server: Servers, channel: Channels, model: Models, visits: Visits
) -> None:
    """3 s a page: the second is cut at 5 s, the third finds no place, the fourth begins at 5 s."""
    found = visits(model(channel(server(), service_s=3)), [0, 0, 0, 4])
    assert found["outcome"].to_list() == ["served", "timeout", "throttled", "served"]
    assert found["ended_s"].to_list() == [3, 5, 0, 8]
    assert found["wait_s"].to_list() == [0, 3, 0, 1]


def test_who_waits_to_the_deadline_is_never_served(
    server: Servers, channel: Channels, model: Models, visits: Visits
) -> None:
    """4 s a page: the second begins at 4 s and is cut at 5 s; the third's wait ends at that same second."""
    found = visits(model(channel(server(queue=2), service_s=4)), [0, 0, 0])
    assert found["outcome"].to_list() == ["served", "timeout", "timeout"]
    assert found["served_s"].to_list() == [0, 4, None]
    assert found["ended_s"].to_list() == [4, 5, 5]


def test_a_page_slower_than_the_deadline_holds_its_slot_no_longer(
    server: Servers, channel: Channels, model: Models, visits: Visits
) -> None:
    """50 s of work are given up after 5 s."""
    found = visits(model(channel(server(), service_s=50)), [0, 6])
    assert found["outcome"].to_list() == ["timeout", "timeout"]
    assert found["ended_s"].to_list() == [5, 11]


def test_between_pages_nothing_is_held_and_the_next_in_line_comes_first(
    server: Servers, channel: Channels, model: Models, visits: Visits, turn: Turns
) -> None:
    """Two sessions of three pages of 1 s on one slot take turns."""
    pages = {"query": (turn(pages=3),)}
    found = visits(model(channel(server(), service_s=1, dialogues=pages)), [0, 0])
    assert found["ended_s"].to_list() == [5, 6]
    assert found["wait_s"].to_list() == [2, 3]


def test_reading_time_is_the_customer_s_own(
    server: Servers, channel: Channels, model: Models, visits: Visits, turn: Turns
) -> None:
    """Two turns of 7 s of reading and 1 s of work: 16 s in all, 14 of them their own."""
    pages = {"query": (turn(Verb.LOGIN, 7), turn(Verb.QUERY, 7))}
    found = visits(model(channel(server(), service_s=1, dialogues=pages)), [0])
    assert found.select("served_s", "ended_s", "human_s").rows() == [(7, 16, 14)]


@pytest.mark.parametrize(
    ("by", "outcome", "cause", "ended_s"),
    [
        ("service", "error", "db_down", 2),
        ("customer", "rejected", "wrong_pin", 2),
        ("customer", "unconfirmed", "no_reply", 1),
    ],
)
def test_a_fault_ends_the_visit_with_its_own_cause(
    server: Servers,
    channel: Channels,
    model: Models,
    visits: Visits,
    number: Numbers,
    exactly: Exactly,
    turn: Turns,
    by: str,
    outcome: str,
    cause: str,
    ended_s: float,
) -> None:
    """It is answered after the work was done; whoever never replies sends no request at all."""
    fault = Fault(cause=cause, by=by, outcome=outcome, share=number(1))
    works = {
        Verb.LOGIN: Work(service=exactly(1)),
        Verb.ORDER: Work(service=exactly(1), faults=(fault,)),
        Verb.LOGOUT: Work(service=exactly(1)),
    }
    dialogue = {"query": (turn(Verb.LOGIN), turn(Verb.ORDER), turn(Verb.LOGOUT))}
    found = visits(model(channel(server(), works=works, dialogues=dialogue)), [0])
    assert found.select("outcome", "cause", "ended_s").rows() == [(outcome, cause, ended_s)]


def test_faults_strike_as_often_as_they_should(
    server: Servers, channel: Channels, model: Models, visits: Visits, number: Numbers, exactly: Exactly
) -> None:
    """Two causes of 20 and 10 percent over 4,000 visits, within 4 standard errors."""
    faults = tuple(
        Fault(cause=cause, by="service", outcome=Outcome.ERROR, share=number(share))
        for cause, share in (("crm", 0.2), ("billing", 0.1))
    )
    works = {Verb.QUERY: Work(service=exactly(0.001), faults=faults)}
    found = visits(model(channel(server(), works=works)), [float(k) for k in range(4000)])
    for cause, share in (("crm", 0.2), ("billing", 0.1), ("", 0.7)):
        count = found.filter(pl.col("cause") == cause).height
        assert abs(count / 4000 - share) < 4 * (share * (1 - share) / 4000) ** 0.5


def test_the_business_refuses_an_order_of_who_is_under_contract(
    server: Servers,
    channel: Channels,
    model: Models,
    visits: Visits,
    segment: Callable[..., object],
    number: Numbers,
    turn: Turns,
) -> None:
    """`rejected`, cause `under_contract`, by the account and not by chance."""
    orders = {"transact": (turn(Verb.ORDER),)}
    people = (segment(month_visits={"transact": number(31)}),)
    played = set_number(
        model(channel(server(), service_s=1, dialogues=orders), segments=people), "under_contract_share", 1
    )
    found = visits(played, [0, 10])
    assert found["outcome"].to_list() == ["rejected", "rejected"]
    assert set(found["cause"]) == {"under_contract"}


def test_an_outage_fails_every_page_that_begins_in_it_and_no_other(
    server: Servers, channel: Channels, model: Models, visits: Visits
) -> None:
    """From 100 to 200 s; the page comes after 10 s of reading."""
    played = with_outage(model(channel(server(), human_s=10, service_s=1)), "one", 100, 200)
    found = visits(played, [80, 89.5, 95, 150, 185, 195])
    assert found["outcome"].to_list() == ["served", "served", "error", "error", "error", "served"]
    assert set(found.filter(pl.col("outcome") == "error")["cause"]) == {"outage"}
    assert found["ended_s"].to_list() == [91, 100.5, 105, 160, 195, 206]


def test_a_session_that_is_over_before_its_next_page_fails_it(
    server: Servers,
    channel: Channels,
    model: Models,
    visits: Visits,
    number: Numbers,
    turn: Turns,
) -> None:
    """Logged in at 0 s, the customer asks for the account after 10 s: a session of 9 s is over."""
    for idle_s, ending in ((10, ("served", "")), (9, ("error", "no_session"))):
        reminder = LogoutReminder(forgotten_share=number(0), idle_s=number(idle_s))
        dialogue = (turn(Verb.LOGIN), turn(Verb.QUERY, 10))
        found = visits(model(channel(server(), dialogues={"query": dialogue}, logout_reminder=reminder)), [0])
        assert (found["outcome"][0], found["cause"][0], found["ended_s"][0]) == (*ending, 10)


def test_a_session_ends_while_its_owner_queues(
    server: Servers,
    channel: Channels,
    model: Models,
    visits: Visits,
    number: Numbers,
    turn: Turns,
) -> None:
    """One slot, pages of 2 s, four customers: it is 8 s from page to page, none of it the customers' own.

    Whose second page begins more than 7 s after their first is not logged in any more; the page is
    worked on all the same, so those behind wait as long.
    """
    for idle_s, outcomes in ((8, ["served"] * 4), (7, ["error"] * 4)):
        web = channel(
            server(queue=10, deadline_s=60),
            service_s=2,
            dialogues={"query": (turn(Verb.LOGIN), turn(Verb.QUERY))},
            logout_reminder=LogoutReminder(forgotten_share=number(0), idle_s=number(idle_s)),
        )
        found = visits(model(web), [0] * 4).sort("customer")
        assert found["outcome"].to_list() == outcomes
        assert found["ended_s"].to_list() == [10, 12, 14, 16]


@pytest.mark.parametrize(("between", "outcome"), [(Verb.QUERY, "served"), (Verb.BROWSE, "error")])
def test_pages_of_the_account_renew_a_session_and_public_pages_do_not(
    between: Verb,
    outcome: str,
    server: Servers,
    channel: Channels,
    model: Models,
    visits: Visits,
    number: Numbers,
    turn: Turns,
) -> None:
    """Six seconds and six more are longer than the ten of a session, unless it was used between."""
    web = channel(
        server(),
        dialogues={"query": (turn(Verb.LOGIN), turn(between, 6), turn(Verb.QUERY, 6))},
        logout_reminder=LogoutReminder(forgotten_share=number(0), idle_s=number(10)),
    )
    assert visits(model(web), [0])["outcome"].to_list() == [outcome]
