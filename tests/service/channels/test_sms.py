"""The SMS hall: commands, the second confirmation by Y, answers polled and posted."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from queue import Queue
from typing import Any

import httpx
import pytest

from footfall._behaviour import customer_rules
from footfall._model.changes import set_number
from footfall._model.channel import Verb
from footfall._model.model import Model
from footfall._service.sms_handlers import parse_command
from tests.service.running import Clock, Running, Start

RICH = 3
"""A subscriber of the small operator whose contract and balance allow anything."""


class Phone:
    """One subscriber's telephone."""

    def __init__(self, running: Running, subscriber: int) -> None:
        """Take it out."""
        self.running = running
        self.msisdn = customer_rules.msisdn(subscriber)
        self.seen = 0
        self.ids = count()

    def send(self, text: str, **more: str) -> httpx.Response:
        """Send a message; give the gateway's answer."""
        body = {"msisdn": self.msisdn, "text": text, "id": f"m{next(self.ids)}"} | more
        return self.running.client.post("/sms/messages", json=body)

    def read(self) -> dict[str, Any]:
        """Wait for the next answer."""
        path = f"/sms/answers/{self.msisdn}?after={self.seen}&wait_s=20"
        answer: dict[str, Any] = self.running.client.get(path).json()["answers"][0]
        self.seen = answer["n"]
        return answer

    def ask(self, text: str) -> str:
        """Send a message and give the code of its answer."""
        assert self.send(text).status_code == 202
        return str(self.read()["code"])


def test_an_order_by_message_is_done_after_y(start: Start) -> None:
    """Nothing is taken before the Y, the price once after it, and a second Y finds nothing."""
    running = start()
    phone = Phone(running, RICH)
    assert phone.ask("MY") == "confirm"
    assert running.ledger()["taken_fen"] == 0
    assert phone.ask(" y ") == "ok"
    assert running.ledger()["taken_fen"] == 500
    assert phone.ask("Y") == "nothing_pending"
    assert running.ledger()["taken_fen"] == 500


def test_n_cancels_the_order(start: Start) -> None:
    """After an N there is nothing to confirm."""
    running = start()
    phone = Phone(running, RICH)
    assert [phone.ask(text) for text in ("MY", "N", "Y")] == ["confirm", "ok", "nothing_pending"]
    assert running.ledger()["taken_fen"] == 0


def test_a_late_y_finds_the_order_expired(start: Start, clock: Clock) -> None:
    """A confirmation after the time is refused, and no money moves."""
    running = start(now_s=clock.now_s)
    phone = Phone(running, RICH)
    assert phone.ask("MY") == "confirm"
    clock.set_forward(61)
    assert phone.ask("Y") == "expired"
    assert running.ledger()["taken_fen"] == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("CX", "ok"),
        ("CZ 2000", "ok"),
        ("CZ 1", "unknown_item"),
        ("CZ", "unknown_command"),
        ("CZ 99999999999999", "unknown_command"),
        ("BL P58", "confirm"),
        ("BL NOPLAN", "unknown_item"),
        ("Y", "nothing_pending"),
        ("N", "nothing_pending"),
        ("hello", "unknown_command"),
        ("全球通", "unknown_command"),
    ],
)
def test_a_message_gets_the_answer_of_its_command(start: Start, text: str, code: str) -> None:
    """Each command is understood, and anything else is told to be unknown."""
    assert Phone(start(), RICH).ask(text) == code


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("cx", Verb.QUERY),
        ("CZ 1000", Verb.ORDER),
        ("bl p58", Verb.ORDER),
        ("Y", Verb.CONFIRM),
        ("?", Verb.BROWSE),
    ],
)
def test_a_command_costs_what_its_verb_costs(text: str, verb: Verb) -> None:
    """The verb decides over service time and faults."""
    assert parse_command(text).verb is verb


def test_a_repeated_message_is_handled_once(start: Start) -> None:
    """The same id again is accepted, answered once, and recharges once."""
    running = start()
    phone = Phone(running, RICH)
    for _ in range(5):
        assert phone.send("CZ 2000", id="same").status_code == 202
    phone.read()
    assert phone.ask("CX") == "ok"
    assert running.ledger()["issued_fen"] == 2000


def test_messages_beyond_the_queue_are_throttled(start: Start, model: Model) -> None:
    """One message is let through, so many wait as the model says, and one more is refused."""
    slow = set_number(set_number(model, "sms.messages_per_s", 0.5), "sms.queue", 3)
    phone = Phone(start(model=slow), RICH)
    statuses = [phone.send("CX").status_code for _ in range(7)]
    assert statuses == [202] * 4 + [429] * 3
    assert phone.send("CX").json()["code"] == "throttled"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"text": "CX", "id": "x" * 65}, 400),
        ({"text": "", "id": "x"}, 400),
        ({"text": "C" * 501, "id": "x"}, 400),
        ({"text": "CX"}, 400),
        ({"text": "CX", "id": "x", "msisdn": "13999999999"}, 404),
        ({"text": "CX", "id": "x", "callback": "http://example.org/"}, 422),
        ({"text": "CX", "id": "x", "callback": "https://127.0.0.1/"}, 422),
        ({"text": "CX", "id": "x", "callback": "http://127.0.0.1@example.org/"}, 422),
        ({"text": "CX", "id": "x", "callback": "http://127.0.0.1/\r\nX: y"}, 422),
        ({"text": "CX", "id": "x", "callback": "http://127.0.0.1:99999/"}, 422),
    ],
)
def test_a_message_with_bad_parts_is_refused(shared: Running, body: dict[str, str], status: int) -> None:
    """Too long, empty, from nobody, or to be answered elsewhere: refused at the gateway."""
    message = {"msisdn": customer_rules.msisdn(RICH)} | body
    assert shared.client.post("/sms/messages", json=message).status_code == status


def test_a_gateway_with_a_key_asks_for_it(start: Start) -> None:
    """Without the right key no message is taken and no answer shown."""
    running = start(gateway_key="gate")
    message = {"msisdn": customer_rules.msisdn(RICH), "text": "CX", "id": "x"}
    for key, status in (("gate", 202), ("wrong", 401), ("", 401)):
        answer = running.client.post("/sms/messages", json=message, headers={"X-Gateway-Key": key})
        assert answer.status_code == status
    assert running.client.get(f"/sms/answers/{customer_rules.msisdn(RICH)}").status_code == 401
    assert _documented_headers(running) == [["X-Gateway-Key"], ["X-Gateway-Key"]]


def test_a_gateway_without_a_key_does_not_mention_one(shared: Running) -> None:
    """What is not looked at is not in the document, whose limits would not hold."""
    assert _documented_headers(shared) == [[], []]


def _documented_headers(running: Running) -> list[list[str]]:
    paths = running.client.get("/openapi.json").json()["paths"]
    operations = paths["/sms/messages"]["post"], paths["/sms/answers/{msisdn}"]["get"]
    return [[each["name"] for each in one["parameters"] if each["in"] == "header"] for one in operations]


@pytest.fixture
def listener() -> Iterator[tuple[str, "Queue[dict[str, Any]]"]]:
    """URL of a server that puts what is posted to it into a queue."""
    posted: Queue[dict[str, Any]] = Queue()

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Taker)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/answers?to=me", posted
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_answer_is_posted_to_the_callback(start: Start, listener: tuple[str, Any]) -> None:
    """The sender's own server gets the same object that a poll shows."""
    url, posted = listener
    phone = Phone(start(), RICH)
    assert phone.send("CX", callback=url).status_code == 202
    assert posted.get(timeout=20) == phone.read()


def test_a_message_accepted_before_the_end_is_handled_after_it(start: Start, model: Model) -> None:
    """A service that stops with messages in its queue handles them when it comes back."""
    slow = set_number(model, "sms.messages_per_s", 0.01)
    running = start(model=slow)
    phone = Phone(running, RICH)
    assert phone.send("CZ 2000").status_code == 202
    running.stop()
    phone.running = start()
    assert phone.read()["code"] == "ok"
    assert phone.running.ledger()["issued_fen"] == 2000
