"""A visit walks the model's dialogue, and is served only if every turn was."""

from dataclasses import replace

import pytest

import footfall as ff
from footfall._load.reference_steps import PATIENCE_S_MAX
from footfall._load.responses import Response
from footfall._load.visit import OrderOutcome, RequestSpec
from footfall._model.channel import LogoutReminder
from footfall._records.rows import Outcome
from tests.load.scripted import Script, ScriptedWire, customer_at, served
from tests.load.small import (
    GATEWAY,
    HALL,
    HOTLINE,
    TWICE as CONFIRMED,
    WEB,
    channel,
    customer_error_of,
    small_model,
    works,
)
from tests.made_up import number

SERVED = (Outcome.SERVED, "")
ENTER = ["POST /login", "GET /pages/home", "GET /account"]


def steps_of(name: str, operation: str, script: Script = lambda _request: None) -> list[str]:
    """Give the steps that a customer takes at a channel of the small model."""
    wire = ScriptedWire(script)
    served(small_model(), customer_at(name, operation, wire))
    return [step.removeprefix(f"{name} ") for step in wire.steps()]


def answering(step: str, answer: Response) -> Script:
    """Give a script that answers one step otherwise."""
    return lambda request: answer if request.step == step else None


@pytest.mark.parametrize(
    ("name", "operation", "steps"),
    [
        ("web", "query", [*ENTER, "POST /logout"]),
        ("web", "recharge", [*ENTER, "POST /orders", "POST /logout"]),
        ("web", "transact", [*ENTER, "POST /orders", "POST /orders/{order}/confirm", "POST /logout"]),
        (
            "agent",
            "purchase",
            [*ENTER, "GET /numbers", "POST /numbers/{number}/reserve", "POST /orders", "POST /logout"],
        ),
        ("kiosk", "query", ["POST /visits", *ENTER, "POST /logout", "DELETE /visits/{visit}"]),
        (
            "own_hall",
            "roaming",
            ["POST /visits", *ENTER, "POST /orders", "POST /logout", "DELETE /visits/{visit}"],
        ),
        ("sms", "query", ["POST /messages", "GET /answers"]),
        ("sms", "transact", ["POST /messages", "GET /answers", "POST /messages", "GET /answers"]),
    ],
)
def test_a_visit_walks_the_dialogue_of_its_channel_and_operation(
    name: str, operation: str, steps: list[str]
) -> None:
    """Each turn is a request or more, in the model's order; what is held is let go at the end."""
    assert steps_of(name, operation) == steps


def test_every_turn_takes_the_customers_own_time_and_that_is_noted() -> None:
    """Four turns of one second each are four seconds of the customer's own."""
    wire = ScriptedWire(request_s=0.5)
    attempt, ending = served(small_model(), customer_at("web", "query", wire))
    assert ending == SERVED
    assert attempt.human_s == 4.0
    assert wire.clock_s == 4.0 + 4 * 0.5
    assert attempt.served_s == 1.0


def test_the_wait_is_what_the_service_tells_and_service_begins_when_it_is_over() -> None:
    """Due at 0, the grant takes half a second."""
    attempt, ending = served(small_model(), customer_at("kiosk", "query", ScriptedWire(request_s=0.5)))
    assert ending == SERVED
    assert attempt.wait_s == 0.25
    assert attempt.served_s == 0.5


def test_a_caller_whom_the_ivr_cannot_help_waits_for_an_agent_and_talks() -> None:
    """After the first turn; the caller's own time for the other turns lies in the talk (2 s)."""
    everybody = HOTLINE.model_copy(update={"agent_share": {"query": number(1)}})
    model = small_model(channels=(channel("hotline", everybody),), share_definitions=())
    wire = ScriptedWire(request_s=1)
    attempt, ending = served(model, customer_at("hotline", "query", wire))
    assert ending == SERVED
    assert wire.steps()[1:3] == ["hotline POST /login", "hotline POST /visits/{visit}/agent"]
    assert attempt.human_s == 1.0 + 2.0
    assert attempt.wait_s == 0.75


def repr_short(value: object) -> str:
    """Name a case."""
    return repr(value)[:12]


@pytest.mark.parametrize(
    ("waited_s", "wait_s"),
    [
        *[(0.25, 0.25), (7, 1.0), (10**400, 1.0), (float("inf"), 1.0), (-1, 0.0), (float("nan"), 0.0)],
        *[(True, 0.0), ("1", 0.0), ([1], 0.0), (None, 0.0)],
    ],
    ids=repr_short,
)
def test_no_wait_is_longer_than_the_request(waited_s: object, wait_s: float) -> None:
    """The service says how long; what is no number of seconds is nought."""

    def script(request: RequestSpec) -> Response | None:
        if request.step != "POST /visits":
            return None
        return Response(201, {"visit": "v1", "waited_s": waited_s})

    attempt, ending = served(small_model(), customer_at("kiosk", "query", ScriptedWire(script, request_s=1)))
    assert (attempt.wait_s, ending) == (wait_s, SERVED)


@pytest.mark.parametrize(
    ("name", "step", "answer", "ending"),
    [
        ("web", "POST /login", Response(401, {"code": "wrong_pin"}), (Outcome.REJECTED, "wrong_pin")),
        (
            "web",
            "POST /orders",
            Response(202, {"order": 5, "state": "done"}),
            (Outcome.ERROR, "unexpected_answer"),
        ),
        (
            "web",
            "POST /orders",
            Response(201, {"order": 5, "state": "done"}),
            (Outcome.ERROR, "unexpected_answer"),
        ),
        ("web", "POST /orders", Response(202, {"state": "pending"}), (Outcome.ERROR, "unexpected_answer")),
        (
            "web",
            "POST /orders/{order}/confirm",
            Response(200, {"state": "pending"}),
            (Outcome.ERROR, "unexpected_answer"),
        ),
        (
            "web",
            "POST /orders/{order}/confirm",
            Response(410, {"code": "expired"}),
            (Outcome.UNCONFIRMED, "expired"),
        ),
        ("web", "GET /account", Response(200, {}), (Outcome.ERROR, "unexpected_answer")),
        ("web", "POST /logout", Response(503, {"code": "throttled"}), (Outcome.THROTTLED, "throttled")),
        ("own_hall", "POST /visits", Response(408, {"code": "patience"}), (Outcome.ABANDONED, "patience")),
        ("own_hall", "POST /visits", Response(201, {}), (Outcome.ERROR, "unexpected_answer")),
        ("sms", "POST /messages", Response(429, {"code": "throttled"}), (Outcome.THROTTLED, "throttled")),
        ("sms", "GET /answers", Response(200, {"answers": [7]}), (Outcome.ERROR, "unexpected_answer")),
        ("sms", "GET /answers", Response(0, problem="unreachable"), (Outcome.ERROR, "unreachable")),
    ],
)
def test_one_wrong_answer_ends_the_visit(name: str, step: str, answer: Response, ending: object) -> None:
    """A visit is never better than its worst turn, though all others went well."""
    _, found = served(small_model(), customer_at(name, "transact", ScriptedWire(answering(step, answer))))
    assert found == ending


def test_what_is_held_is_let_go_also_after_a_failure() -> None:
    """The clerk is free for the next customer."""
    steps = steps_of("own_hall", "recharge", answering("POST /orders", Response(502, {"code": "crm_error"})))
    assert steps[-2:] == ["POST /orders", "DELETE /visits/{visit}"]


@pytest.mark.parametrize(("balk_wait", "reported"), [(ff.never, None), (ff.constant(90), 90.0)])
def test_who_never_balks_says_nothing_of_it(balk_wait: ff.Duration, reported: float | None) -> None:
    """JSON has no infinite number, and without one the service lets everybody join."""
    station = HALL.model_copy(update={"balk_wait": balk_wait, "patience": ff.never})
    hall = channel("own_hall", station, nest="physical")
    wire = ScriptedWire(lambda _request: None)
    model = small_model()
    others = tuple(each for each in model.channels if each.name != "own_hall")
    served(model.model_copy(update={"channels": (*others, hall)}), customer_at("own_hall", "query", wire))
    body = wire.requests[0].body
    assert isinstance(body, dict)
    assert body.get("balk_wait_s") == reported
    assert body["patience_s"] == PATIENCE_S_MAX


def test_nothing_is_let_go_that_was_not_held() -> None:
    """Who found no room has no visit to end."""
    assert steps_of("own_hall", "query", answering("POST /visits", Response(503, {"code": "no_room"}))) == [
        "POST /visits"
    ]


def test_a_wrong_pin_is_really_sent() -> None:
    """And if the service lets it pass, that is an error of the service and no success."""
    model = small_model(channels=(channel("web", WEB, works=works(login=customer_error_of("wrong_pin"))),))
    wire = ScriptedWire(answering("POST /login", Response(401, {"code": "wrong_pin"})))
    customer = customer_at("web", "query", wire)
    assert served(model, customer)[1] == (Outcome.REJECTED, "wrong_pin")
    assert wire.requests[0].body == {"msisdn": customer.identity.msisdn, "pin": customer.identity.wrong_pin}
    careless = served(model, customer_at("web", "query", ScriptedWire()))
    assert careless[1] == (Outcome.ERROR, "wrong_pin_accepted")


def test_an_unknown_item_and_a_mistyped_message_are_really_sent() -> None:
    """The service gets something that it cannot know."""
    web = channel("web", WEB, works=works(order=customer_error_of("unknown_item")))
    wire = ScriptedWire(answering("POST /orders", Response(422, {"code": "unknown_item"})))
    assert served(small_model(channels=(web,)), customer_at("web", "recharge", wire))[1] == (
        Outcome.REJECTED,
        "unknown_item",
    )
    assert (wire.requests[-1].body or {})["item"] == "no-such-item"
    query = {"query": small_model().channel("sms").dialogues["query"]}
    sms = channel("sms", GATEWAY, works=works(query=customer_error_of("unknown_command")), dialogues=query)
    model = small_model(channels=(sms, channel("web", WEB)))
    wire = ScriptedWire()
    served(model, customer_at("sms", "query", wire))
    assert (wire.requests[0].body or {})["text"] == "?CX"


def test_who_does_not_reply_sends_nothing() -> None:
    """The confirmation is the request that is missing."""
    silent = works(confirm=customer_error_of("no_reply", Outcome.UNCONFIRMED))
    web = channel("web", WEB, works=silent, dialogues=CONFIRMED, confirm_expiry_s=number(60))
    wire = ScriptedWire()
    _, ending = served(small_model(channels=(web,)), customer_at("web", "transact", wire))
    assert ending == (Outcome.UNCONFIRMED, "no_reply")
    assert wire.steps()[-1] == "web POST /orders"


def test_who_forgets_to_log_out_sends_no_logout_and_is_served() -> None:
    """The reminder is the service's business."""
    reminder = LogoutReminder(forgotten_share=number(1), idle_s=number(60))
    wire = ScriptedWire()
    model = small_model(channels=(channel("web", WEB, logout_reminder=reminder),))
    assert served(model, customer_at("web", "query", wire))[1] == SERVED
    assert "web POST /logout" not in wire.steps()


def test_who_finds_a_number_taken_reserves_the_next_one_but_not_for_ever() -> None:
    """Three are tried, then the visit is refused."""
    taken = Response(409, {"code": "number_taken"})

    def second(request: RequestSpec) -> Response | None:
        return taken if request.path == "/numbers/n1/reserve" else None

    wire = ScriptedWire(second)
    assert served(small_model(), customer_at("agent", "purchase", wire))[1] == SERVED
    order = next(request for request in wire.requests if request.step == "POST /orders")
    assert (order.body or {})["item"] == "n2"

    wire = ScriptedWire(answering("POST /numbers/{number}/reserve", taken))
    assert served(small_model(), customer_at("agent", "purchase", wire))[1] == (
        Outcome.REJECTED,
        "number_taken",
    )
    assert wire.steps().count("agent POST /numbers/{number}/reserve") == 3


def test_an_order_that_may_have_been_executed_is_placed_again_under_its_key() -> None:
    """So it is executed once; one that expired meanwhile is placed anew."""
    unsettled = OrderOutcome(key="before", item="P38")
    wire = ScriptedWire(answering("POST /orders", Response(200, {"order": 5, "state": "done"})))
    assert served(small_model(), customer_at("web", "transact", wire), unsettled)[1] == SERVED
    order = next(request for request in wire.requests if request.step == "POST /orders")
    assert order.headers["Idempotency-Key"] == "before"
    assert (order.body or {})["item"] == "P38"

    def expired(request: RequestSpec) -> Response | None:
        is_old = request.headers.get("Idempotency-Key") == "before"
        return Response(200, {"order": 5, "state": "expired"}) if is_old else None

    wire = ScriptedWire(expired)
    assert served(small_model(), customer_at("web", "transact", wire), replace(unsettled))[1] == SERVED
    keys = [r.headers["Idempotency-Key"] for r in wire.requests if r.step == "POST /orders"]
    assert keys[0] == "before"
    assert len(set(keys)) == 2


def test_who_orders_the_wrong_thing_this_time_orders_it_anew() -> None:
    """A customer error does not repeat the previous order, which stays unsettled."""
    web = channel("web", WEB, works=works(order=customer_error_of("unknown_item")))
    wire = ScriptedWire(answering("POST /orders", Response(422, {"code": "unknown_item"})))
    customer = customer_at("web", "recharge", wire)
    attempt, ending = served(
        small_model(channels=(web,)), customer, OrderOutcome(key="before", item="voucher")
    )
    assert ending == (Outcome.REJECTED, "unknown_item")
    assert attempt.open_order is None
    assert wire.requests[-1].headers["Idempotency-Key"] != "before"


def test_an_answer_to_another_message_is_not_ours() -> None:
    """Who shares the number gets theirs; ours never comes, which is a timeout."""
    other = Response(200, {"answers": [{"n": 1, "to_id": "another", "code": "ok"}]})
    wire = ScriptedWire(answering("GET /answers", other), request_s=1.0)
    _, ending = served(small_model(), customer_at("sms", "query", wire))
    assert ending == (Outcome.TIMEOUT, "no_answer")
    assert "after=1&" in wire.requests[-1].path
