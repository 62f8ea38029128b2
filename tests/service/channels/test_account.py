"""Who gets in, and who sees what."""

import pytest

from footfall._behaviour import customer_rules
from footfall._model.model import Model
from tests.service.running import Clock, Running, Start


def test_an_account_is_what_the_seed_and_the_model_say(shared: Running, model: Model) -> None:
    """Number, balance and contract in the service are those of the simulated day."""
    for n in (0, 7, 49):
        shown = shared.client.get("/web/account", headers=shared.log_in("web", n)).json()
        opening = customer_rules.account(model.accounts, 7, n)
        assert shown["msisdn"] == customer_rules.msisdn(n)
        assert shown["balance_fen"] == opening.balance_fen
        assert shown["under_contract"] is opening.under_contract


@pytest.mark.parametrize("msisdn", [customer_rules.msisdn(3), "13999999999"])
def test_a_wrong_pin_and_an_unknown_number_are_told_alike(shared: Running, msisdn: str) -> None:
    """Neither opens a session, and the answer does not tell which numbers exist."""
    answer = shared.client.post("/web/login", json={"msisdn": msisdn, "pin": customer_rules.pin(7, 4)})
    assert answer.status_code == 401
    assert answer.json() == {"code": "wrong_pin", "detail": "Number and PIN do not belong together."}


def test_logout_kills_the_token(start: Start) -> None:
    """After the logout the token opens nothing, not even another logout."""
    running = start()
    headers = running.log_in("web", 3)
    assert running.client.post("/web/logout", headers=headers).status_code == 204
    for method, path in (("GET", "/web/account"), ("POST", "/web/logout")):
        answer = running.client.request(method, path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "no_session")


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x", "Basic {}", "bearer {}", "Bearer {}x", "Bearer 全"]
)
def test_only_the_token_itself_opens_the_session(shared: Running, header: str) -> None:
    """What is almost the token is refused like any other."""
    token = shared.log_in("web", 3)["Authorization"].split()[1]
    answer = shared.client.get("/web/account", headers={b"Authorization": header.format(token).encode()})
    assert (answer.status_code, answer.json()["code"]) == (401, "no_session")


def test_a_token_is_good_for_its_own_channel_only(shared: Running) -> None:
    """A session of the web hall is none of the agents' channel."""
    answer = shared.client.get("/agent/account", headers=shared.log_in("web", 3))
    assert (answer.status_code, answer.json()["code"]) == (401, "no_session")


def test_nobody_reaches_the_order_of_another(start: Start) -> None:
    """To show or confirm somebody else's order is answered as if there were none."""
    running = start()
    mine, other = running.log_in("web", 3), running.log_in("web", 4)
    placed = running.order("web", mine, "k", "roaming", item="roaming").json()["order"]
    for method, path in (("GET", f"/web/orders/{placed}"), ("POST", f"/web/orders/{placed}/confirm")):
        answer = running.client.request(method, path, headers=other)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert running.client.post(f"/web/orders/{placed}/confirm", headers=mine).status_code == 200


def test_a_bill_shows_what_moved(start: Start) -> None:
    """Recharges are positive, prices negative, newest first, and they explain the balance."""
    running = start()
    headers = running.log_in("agent", 3)
    before = running.client.get("/agent/account", headers=headers).json()["balance_fen"]
    running.order("agent", headers, "a", "recharge", item="voucher", amount_fen=3000)
    running.order("agent", headers, "b", "roaming", item="roaming")
    entries = running.client.get("/agent/account/bill", headers=headers).json()["entries"]
    assert [entry["amount_fen"] for entry in entries] == [-500, 3000]
    account_now = running.client.get("/agent/account", headers=headers).json()
    assert account_now["balance_fen"] == before + 2500
    assert account_now["roaming"] is True
    usage = running.client.get("/agent/account/usage", headers=headers).json()
    assert usage == {"plan": account_now["plan"], "orders": {"done": 2}}


def test_sessions_outlive_a_restart(start: Start) -> None:
    """Who was logged in when the service ended still is when it comes back; who had logged out is not."""
    running = start()
    stays, leaves = running.log_in("web", 3), running.log_in("web", 4)
    running.client.post("/web/logout", headers=leaves)
    running.stop()
    again = start()
    assert again.client.get("/web/account", headers=stays).status_code == 200
    assert again.client.get("/web/account", headers=leaves).status_code == 401


def test_an_idle_session_ends_with_a_reminder(start: Start, clock: Clock) -> None:
    """Who forgot to log out is logged out and told so by a message."""
    running = start(now_s=clock.now_s)
    headers = running.log_in("web", 3)
    clock.set_forward(301)
    path = f"/sms/answers/{customer_rules.msisdn(3)}?wait_s=20"
    answers = running.client.get(path).json()["answers"]
    assert [(answer["code"], answer["to_id"]) for answer in answers] == [("logout_reminder", None)]
    assert running.client.get("/web/account", headers=headers).status_code == 401
