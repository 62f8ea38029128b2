"""The ledger under many customers at once: money, numbers, orders, in both databases."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest

from footfall._model.model import Model
from tests.service.running import Clock, Running, Start

THREADS = 12
ORDERS = 2000
SUBSCRIBERS = 50


def together(work: Callable[[int], Any], times: int) -> list[Any]:
    """Do some work many times, from all threads at once."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, range(times)))


def test_money_is_conserved_under_concurrent_orders(start: Start, database: str) -> None:
    """Whatever order customers shop in: opening + recharged - taken is what the accounts hold."""
    running = start(database=database)
    tokens = [running.log_in("agent", n) for n in range(SUBSCRIBERS)]
    rng = Random(1)
    picks = [rng.choice(("recharge", "transact", "roaming")) for _ in range(ORDERS)]
    items: dict[str, dict[str, object]] = {
        "recharge": {"item": "voucher", "amount_fen": 1500},
        "transact": {"item": "P58"},
        "roaming": {"item": "roaming"},
    }

    def shop(turn: int) -> tuple[str, int]:
        answer = running.order(
            "agent", tokens[turn % SUBSCRIBERS], f"k{turn}", picks[turn], **items[picks[turn]]
        )
        return picks[turn], answer.status_code

    seen = Counter(together(shop, ORDERS))
    ledger = running.ledger()
    assert ledger["conserved"]
    assert ledger["accounts_in_debt"] == 0
    assert ledger["orders_executed_twice"] == 0
    assert ledger["issued_fen"] == 1500 * seen["recharge", 201]
    assert ledger["taken_fen"] == 1000 * seen["transact", 201] + 500 * seen["roaming", 201]
    assert ledger["orders"] == {"done": sum(n for (_, status), n in seen.items() if status == 201)}
    assert {status for _, status in seen} == {201, 409}


def test_a_number_is_never_sold_twice(start: Start, database: str) -> None:
    """Customers who fight for the same few numbers over two channels get each number once."""
    running = start(database=database, numbers=30)
    people = [
        (channel, running.log_in(channel, n)) for channel in ("web", "agent") for n in range(SUBSCRIBERS)
    ]

    def buy(turn: int) -> str | None:
        channel, headers = people[turn % len(people)]
        offered = running.client.get(f"/{channel}/numbers", headers=headers).json()["numbers"]
        for number in offered[:3]:
            reserve = running.client.post(f"/{channel}/numbers/{number}/reserve", headers=headers)
            if reserve.status_code != 200:
                assert reserve.json()["code"] == "number_taken"
                continue
            placed = running.order(channel, headers, f"k{turn}", "purchase", item=number)
            if placed.status_code == 202:
                path = f"/{channel}/orders/{placed.json()['order']}/confirm"
                placed = running.client.post(path, headers=headers)
            if placed.status_code in {200, 201}:
                assert placed.json()["state"] == "done"
                return str(number)
            assert placed.json()["code"] in {"number_taken", "insufficient_funds"}
        return None

    sold = [number for number in together(buy, 400) if number]
    ledger = running.ledger()
    assert len(sold) == len(set(sold)) == ledger["numbers_sold"] > 10
    assert ledger["numbers_sold_twice"] == ledger["numbers_sold_without_order"] == 0
    assert ledger["conserved"]


def test_a_retried_order_is_executed_once(start: Start, database: str) -> None:
    """The same key from many threads at once gives one order, and its money moves once."""
    running = start(database=database)
    headers = running.log_in("agent", 3)

    def retry(turn: int) -> tuple[int, int]:
        answer = running.order(
            "agent", headers, f"key-{turn % 20}", "recharge", item="voucher", amount_fen=2000
        )
        return turn % 20, answer.json()["order"]

    answers = together(retry, 800)
    assert len(set(answers)) == 20
    ledger = running.ledger()
    assert ledger["issued_fen"] == 20 * 2000
    assert ledger["orders"] == {"done": 20}
    assert ledger["conserved"]


def test_a_repeated_confirmation_is_executed_once(start: Start, database: str) -> None:
    """Confirming from many threads at once takes the price once."""
    running = start(database=database)
    headers = _who_may_change_plan(running)
    order = running.order("web", headers, "k", "transact", item="P88").json()["order"]
    path = f"/web/orders/{order}/confirm"

    def confirm(_: int) -> tuple[int, str]:
        answer = running.client.post(path, headers=headers)
        return answer.status_code, answer.json()["state"]

    assert set(together(confirm, 100)) == {(200, "done")}
    assert running.ledger()["taken_fen"] == 1000
    assert running.client.get("/web/account", headers=headers).json()["plan"] == "P88"


def test_a_key_does_not_serve_for_another_order(start: Start) -> None:
    """The same key with another body is refused, and the first order stays what it was."""
    running = start()
    headers = running.log_in("agent", 3)
    assert (
        running.order("agent", headers, "k", "recharge", item="voucher", amount_fen=2000).status_code == 201
    )
    other = running.order("agent", headers, "k", "recharge", item="voucher", amount_fen=3000)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert running.ledger()["issued_fen"] == 2000


def test_two_customers_may_use_the_same_key(start: Start) -> None:
    """A key belongs to its subscriber alone."""
    running = start()
    for n in (3, 4):
        headers = running.log_in("agent", n)
        answer = running.order("agent", headers, "k", "recharge", item="voucher", amount_fen=2000)
        assert answer.status_code == 201
    assert running.ledger()["issued_fen"] == 4000


def test_a_late_confirmation_finds_the_order_expired(start: Start, clock: Clock) -> None:
    """Confirmed within the time it is done; a second later it is gone, and no money has moved."""
    running = start(now_s=clock.now_s)
    headers = _who_may_change_plan(running)
    early = running.order("web", headers, "early", "transact", item="P88").json()
    assert early["state"] == "pending"
    assert early["expires_s"] == 60
    clock.set_forward(60)
    assert running.client.post(f"/web/orders/{early['order']}/confirm", headers=headers).status_code == 200
    late = running.order("web", headers, "late", "transact", item="P18").json()["order"]
    clock.set_forward(61)
    refused = running.client.post(f"/web/orders/{late}/confirm", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (410, "expired")
    assert running.client.get(f"/web/orders/{late}", headers=headers).json()["state"] == "expired"
    assert running.ledger()["taken_fen"] == 1000


def test_a_reservation_expires(start: Start, clock: Clock) -> None:
    """A reserved number is nobody else's until its time is over, and not its holder's after it."""
    running = start(now_s=clock.now_s)
    first, second = running.log_in("agent", 1), running.log_in("agent", 2)
    number = running.client.get("/agent/numbers?limit=1").json()["numbers"][0]
    path = f"/agent/numbers/{number}/reserve"
    reserved = running.client.post(path, headers=first)
    assert (reserved.status_code, reserved.json()["expires_s"]) == (200, 120)
    assert running.client.post(path, headers=second).json()["code"] == "number_taken"
    clock.set_forward(121)
    late = running.order("agent", first, "late", "purchase", item=number)
    assert (late.status_code, late.json()["code"]) == (409, "number_taken")
    assert running.client.post(path, headers=second).status_code == 200
    assert running.order("agent", second, "k", "purchase", item=number).status_code == 201


def test_a_released_number_can_be_had_by_another(start: Start) -> None:
    """Release gives a number back, but only by the one who holds it."""
    running = start()
    first, second = running.log_in("agent", 1), running.log_in("agent", 2)
    number = running.client.get("/agent/numbers?limit=1").json()["numbers"][0]
    running.client.post(f"/agent/numbers/{number}/reserve", headers=first)
    assert running.client.post(f"/agent/numbers/{number}/release", headers=second).status_code == 204
    assert running.client.post(f"/agent/numbers/{number}/reserve", headers=second).status_code == 409
    assert running.client.post(f"/agent/numbers/{number}/release", headers=first).status_code == 204
    assert running.client.post(f"/agent/numbers/{number}/reserve", headers=second).status_code == 200


def test_the_confirmation_of_a_purchase_outlives_its_reservation(start: Start, clock: Clock) -> None:
    """An order that waits keeps its number for as long as it may be confirmed."""
    running = start(now_s=clock.now_s, reservation_s=10.0)
    headers = running.log_in("web", 1)
    number = running.client.get("/web/numbers?limit=1").json()["numbers"][0]
    running.client.post(f"/web/numbers/{number}/reserve", headers=headers)
    order = running.order("web", headers, "k", "purchase", item=number).json()["order"]
    clock.set_forward(50)
    other = running.log_in("agent", 2)
    assert running.client.post(f"/agent/numbers/{number}/reserve", headers=other).status_code == 409
    assert running.client.post(f"/web/orders/{order}/confirm", headers=headers).status_code == 200
    assert running.ledger()["numbers_sold"] == 1


@pytest.mark.parametrize(
    ("operation", "body", "status", "code"),
    [
        ("transact", {"item": "P58"}, 201, None),
        ("transact", {"item": "nonsense"}, 422, "unknown_item"),
        ("roaming", {"item": "nonsense"}, 422, "unknown_item"),
        ("recharge", {"item": "voucher", "amount_fen": 999}, 422, "unknown_item"),
        ("recharge", {"item": "voucher", "amount_fen": 50_001}, 422, "unknown_item"),
        ("recharge", {"item": "voucher", "amount_fen": 1500.5}, 400, "bad_request"),
        ("recharge", {"item": "voucher", "amount_fen": True}, 400, "bad_request"),
        ("recharge", {"item": "voucher"}, 422, "unknown_item"),
        ("purchase", {"item": "18911111111"}, 422, "unknown_item"),
        ("steal", {"item": "money"}, 422, "unknown_item"),
        ("transact", {"item": ""}, 400, "bad_request"),
        ("transact", {}, 400, "bad_request"),
    ],
)
def test_only_what_is_offered_can_be_ordered(
    start: Start, operation: str, body: dict[str, Any], status: int, code: str | None
) -> None:
    """A good order is done; a bad one is refused by its cause, and nothing is kept of it."""
    running = start()
    headers = _who_may_change_plan(running, "agent")
    answer = running.order("agent", headers, "k", operation, **body)
    assert (answer.status_code, answer.json().get("code")) == (status, code)
    assert running.ledger()["orders"] == ({"done": 1} if status == 201 else {})


def test_the_business_refuses_as_the_model_says(start: Start, model: Model) -> None:
    """Without funds, or under contract, an order is refused in the service as in the simulated day."""
    from footfall._behaviour.customer_rules import account, refusal

    running = start()
    for n in range(SUBSCRIBERS):
        cause = refusal(model.accounts, "transact", account(model.accounts, 7, n))
        answer = running.order("agent", running.log_in("agent", n), "k", "transact", item="P58")
        assert answer.json().get("code") == cause


def _who_may_change_plan(running: Running, channel: str = "web") -> dict[str, str]:
    """Headers of the first subscriber whose contract and balance allow anything."""
    for n in range(SUBSCRIBERS):
        headers: dict[str, str] = running.log_in(channel, n)
        path = f"/{channel}/account"
        account = running.client.get(path, headers=headers).json()
        if not account["under_contract"] and account["balance_fen"] > 5000:
            return headers
    raise AssertionError
