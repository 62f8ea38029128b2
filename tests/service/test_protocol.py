"""What comes over a connection has bounds: its head, its headers, its time; half a request is none."""

import json
import socket

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from footfall._service import server
from tests.service.running import START_S_MAX, Running, Start


def talk(running: Running, *parts: bytes) -> bytes:
    """Send bytes and give all that comes back until the service closes the connection."""
    with socket.create_connection(("127.0.0.1", running.service.port), timeout=START_S_MAX) as connection:
        told = b""
        try:
            for part in parts:
                connection.sendall(part)
            while got := connection.recv(65536):
                told += got
        except ConnectionError:
            pass  # closed while more was on its way
        return told


CLOSE = b"connection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ([b"GET /health HTTP/1.1\r\nhost: x\r\n", CLOSE], b"200"),
        ([b"GET /health HTTP/1.1\r\nx: ", b"y" * 66_000], b"431"),
        ([b"GET /", b"y" * 66_000], b"431"),
        ([b"GET /health HTTP/1.1\r\n", b"a: b\r\n" * 200, CLOSE], b"400"),
        ([b"GET /health HTTP/1.1\r\n", b"a: " + b"b" * 300 + b"\r\n", CLOSE], b"200"),
        ([b"GET * HTTP/1.1\r\n", CLOSE], b"404"),
        ([b"GET /\xc3\xa9 HTTP/1.1\r\n", CLOSE], b"400"),
        ([b"GET /" + b"a/" * 9000 + b" HTTP/1.1\r\n", CLOSE], b"404"),
        ([b"GET /health HTTP/9.9\r\n", CLOSE], b"400"),
        ([b"POST /web/login HTTP/1.1\r\ncontent-length: -1\r\n", CLOSE], b"400"),
        ([b"POST /web/login HTTP/1.1\r\ncontent-length: 3\r\n", CLOSE, b"{}}"], b"400"),
        ([b"POST /web/login HTTP/1.1\r\ntransfer-encoding: chunked\r\n", CLOSE, b"zz\r\n"], b"400"),
        ([b"POST /web/login HTTP/1.1\r\ncontent-length: 99999999\r\n", CLOSE, b"[" * 70_000], b"413"),
        ([b"POST /web/login HTTP/1.1\r\ncontent-length: 9\r\n", CLOSE, b'{"a":1e9}'], b"400"),
    ],
)
def test_a_request_is_answered_whatever_its_shape(shared: Running, parts: list[bytes], status: bytes) -> None:
    """With a refusal where it is too long or no HTTP, and the connection is closed."""
    assert talk(shared, *parts).startswith(b"HTTP/1.1 " + status)
    assert shared.client.get("/health").status_code == 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAMES = ("msisdn", "pin", "operation", "item", "amount_fen", "site", "patience_s", "text", "id", "callback")
PATHS = (
    "/web/login",
    "/web/orders",
    "/kiosk/visits",
    "/sms/messages",
    "/control/play",
    "/hotline/visits/x/agent",
)


@given(path=st.sampled_from(PATHS), body=st.dictionaries(st.sampled_from(NAMES), JSON), raw=st.binary())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_body_is_refused_and_breaks_nothing(
    shared: Running, path: str, body: dict[str, object], raw: bytes
) -> None:
    """Wrong types, huge numbers, bytes that are no JSON: a status below 500, with a code."""
    for content in (json.dumps(body).encode(), raw):
        answer = shared.client.post(path, content=content)
        assert 400 <= answer.status_code < 500, answer.text
        assert answer.json()["code"]


@pytest.mark.parametrize(
    "part", [b"", b"GET /health HT", b"POST /web/login HTTP/1.1\r\ncontent-length: 9\r\n\r\n{"]
)
def test_a_connection_whose_request_does_not_arrive_is_closed(
    start: Start, monkeypatch: pytest.MonkeyPatch, part: bytes
) -> None:
    """At its first byte, in its head and in its body; one that is between two requests is kept."""
    monkeypatch.setattr(server, "REQUEST_S_MOST", 0.0)
    monkeypatch.setattr(server, "FIRST_S_MOST", 0.0)
    running = start()
    with socket.create_connection(("127.0.0.1", running.service.port), timeout=START_S_MAX) as kept:
        ask = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n"
        kept.sendall(ask)
        assert kept.recv(65536).startswith(b"HTTP/1.1 200")
        told = talk(running, part)
        assert told == b"" or told.startswith(b"HTTP/1.1 400")
        kept.sendall(ask)
        assert kept.recv(65536).startswith(b"HTTP/1.1 200")


def test_a_request_that_did_not_come_whole_is_not_carried_out(start: Start) -> None:
    """A confirmation needs no body; if one was promised and the connection ends, nothing is confirmed."""
    running = start()
    headers = running.log_in("web", 1)
    order = running.order("web", headers, "k", "roaming", item="roaming").json()["order"]
    lines = [f"POST /web/orders/{order}/confirm HTTP/1.1", "content-length: 9"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection(("127.0.0.1", running.service.port)) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        connection.shutdown(socket.SHUT_WR)
    assert running.client.get("/health").status_code == 200
    shown = running.client.get(f"/web/orders/{order}", headers=headers)
    assert shown.json()["state"] == "pending"
