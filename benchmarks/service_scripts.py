"""What the customers of `bench_service` send: each script is one kind of customer on one channel."""

import itertools
import json
from collections.abc import Callable, Generator
from typing import Any

from footfall._behaviour import customer_rules

SEED = 7
Answer = tuple[int, bytes]
Script = Generator[bytes, Answer, None]
HEAD_END = b"\r\n\r\n"
_keys = itertools.count()


def request(method: str, path: str, body: dict[str, Any] | None = None, **headers: str) -> bytes:
    """Give the bytes of a request."""
    data = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(data)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + HEAD_END + data


def bare_get(_: int) -> Script:
    """Ask the bare route for what it has, as a query does."""
    ask = request("GET", "/", Authorization="Bearer " + "x" * 32)
    while True:
        status, _body = yield ask
        assert status == 200


def bare_post(_: int) -> Script:
    """Bring the bare route something, as an order does."""
    body = {"operation": "recharge", "item": "voucher", "amount_fen": 3000}
    ask = request("POST", "/", body, Authorization="Bearer " + "x" * 32, Idempotency_Key="k12345")
    while True:
        status, _body = yield ask
        assert status == 200


def log_in(channel: str, number: int, **headers: str) -> Generator[bytes, Answer, str]:
    """Log a subscriber in; give the Authorization header."""
    body = {"msisdn": customer_rules.msisdn(number), "pin": customer_rules.pin(SEED, number)}
    status, answer = yield request("POST", f"/{channel}/login", body, **headers)
    assert status == 200, answer
    return f"Bearer {json.loads(answer)['token']}"


def web_page(_: int) -> Script:
    """Look at the plans."""
    ask = request("GET", "/web/pages/plans")
    while True:
        status, _body = yield ask
        assert status == 200


def web_query(number: int) -> Script:
    """Look at one's account."""
    ask = request("GET", "/web/account", Authorization=(yield from log_in("web", number)))
    while True:
        status, _body = yield ask
        assert status == 200


def web_session(number: int) -> Script:
    """Log in and out: two commits."""
    while True:
        token = yield from log_in("web", number)
        status, _body = yield request("POST", "/web/logout", Authorization=token)
        assert status == 204


def web_order(number: int) -> Script:
    """Order and confirm: two commits."""
    token = yield from log_in("web", number)
    body = {"operation": "roaming", "item": "roaming"}
    while True:
        headers = {"Authorization": token, "Idempotency_Key": f"k{next(_keys)}"}
        status, answer = yield request("POST", "/web/orders", body, **headers)
        assert status == 202, answer
        path = f"/web/orders/{json.loads(answer)['order']}/confirm"
        status, answer = yield request("POST", path, Authorization=token)
        assert status == 200, answer


def recharging(channel: str) -> Callable[[int], Script]:
    """Give the script that recharges on a channel: one commit each."""

    def script(number: int) -> Script:
        token = yield from log_in(channel, number)
        body = {"operation": "recharge", "item": "voucher", "amount_fen": 3000}
        while True:
            headers = {"Authorization": token, "Idempotency_Key": f"k{next(_keys)}"}
            status, answer = yield request("POST", f"/{channel}/orders", body, **headers)
            assert status == 201, answer

    return script


def visiting(channel: str) -> Callable[[int], Script]:
    """Give the script of visits to a hall, a kiosk or the hotline: come, log in, look, recharge, go."""

    def script(number: int) -> Script:
        while True:
            body = {"site": 0 if channel == "hotline" else number, "patience_s": 10}
            status, answer = yield request("POST", f"/{channel}/visits", body)
            assert status == 201, answer
            visit = json.loads(answer)["visit"]
            if channel == "hotline":
                path = f"/hotline/visits/{visit}/agent"
                status, answer = yield request("POST", path, {"patience_s": 10})
                assert status == 200, answer
            headers = {"X_Visit": visit}
            headers["Authorization"] = yield from log_in(channel, number, **headers)
            status, answer = yield request("GET", f"/{channel}/account", **headers)
            assert status == 200, answer
            key = {"Idempotency_Key": f"k{next(_keys)}"}
            wish = {"operation": "recharge", "item": "voucher", "amount_fen": 3000}
            status, answer = yield request("POST", f"/{channel}/orders", wish, **headers, **key)
            assert status == 201, answer
            status, answer = yield request("DELETE", f"/{channel}/visits/{visit}")
            assert status == 204, answer

    return script


def messaging(text: str) -> Callable[[int], Script]:
    """Give the script that sends a message and waits for its answer: two commits for each message."""

    def script(number: int) -> Script:
        msisdn = customer_rules.msisdn(number)
        seen = yield from _last_answer(msisdn)
        while True:
            body = {"msisdn": msisdn, "text": text, "id": f"m{next(_keys)}"}
            status, answer = yield request("POST", "/sms/messages", body)
            assert status == 202, answer
            status, answer = yield request("GET", f"/sms/answers/{msisdn}?after={seen}&wait_s=10")
            answers = json.loads(answer)["answers"]
            assert status == 200
            assert [one["code"] for one in answers] == ["ok"]
            seen = answers[0]["n"]

    return script


def _last_answer(msisdn: str) -> Generator[bytes, Answer, int]:
    """Number of the newest answer that an earlier round left."""
    seen = 0
    while True:
        _status, answer = yield request("GET", f"/sms/answers/{msisdn}?after={seen}")
        answers = json.loads(answer)["answers"]
        if not answers:
            return seen
        seen = answers[-1]["n"]


SCRIPTS: dict[str, Callable[[int], Script]] = {
    "web page": web_page,
    "web query": web_query,
    "web login + logout": web_session,
    "web order + confirm": web_order,
    "web recharge": recharging("web"),
    "wap recharge": recharging("wap"),
    "agent recharge": recharging("agent"),
    "own_hall visit": visiting("own_hall"),
    "partner_hall visit": visiting("partner_hall"),
    "kiosk visit": visiting("kiosk"),
    "hotline call": visiting("hotline"),
    "sms query": messaging("CX"),
    "sms recharge": messaging("CZ 3000"),
}

READING = ("web page", "web query")
"""Scripts that only ask: their bare route is a GET, that of the others a POST which reads its body."""
