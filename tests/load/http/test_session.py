"""What comes back over a real connection is one answer or one problem, whole and within its bounds."""

import gzip
import math
import resource
import socket
import time
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import closing

import brotli
import pytest

from footfall._load.http.client import Client, _descriptors_most
from footfall._load.http.session import Exchange, HttpSession
from footfall._load.http.wire_format import Sharing, TransportOptions, address_of
from footfall._load.responses import Response
from footfall._load.visit import RequestSpec, status_is
from tests.load.http.raw_server import RawServer, always, raw_server

JSON = b'{"ok": true, "state": "done"}'
LIMIT = 10_000


def asks(method: str = "GET", timeout_s: float = 20, **more: str) -> RequestSpec:
    """Give a request that any answer is right for."""
    return RequestSpec(
        channel="web",
        method=method,
        path=more.pop("path", "/page"),
        is_right=status_is(200),
        headers=more,
        timeout_s=timeout_s,
        answer_bytes_most=LIMIT,
        keeps_text=True,
        keeps_cookies=True,
    )


def client_of(here: RawServer, connections: Sharing = "customer") -> tuple[Client, Counter[str]]:
    """Give a client of a server, and what it counts."""
    counts: Counter[str] = Counter()

    def count(name: str) -> None:
        counts[name] += 1

    return Client(address_of(here.host, "--host"), TransportOptions(connections=connections), count), counts


def answered(*parts: bytes, request: RequestSpec | None = None) -> Response:
    """Ask a server that sends these bytes and closes."""
    with raw_server(always(*parts)) as here, closing(HttpSession(client_of(here)[0])) as session:
        return session.exchange(request or asks()).answer


def page(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    """Give an answer with its length."""
    lines = [b"HTTP/1.1 " + status, *headers, b"Content-Length: %d" % len(body)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (page(JSON), 200),
        (page(JSON, status=b"200"), 200),
        (page(JSON, status=b"999 Mine"), 999),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + page(JSON), 200),
        (
            CHUNKED
            + b"5;ext=1\r\n"
            + JSON[:5]
            + b"\r\n%x\r\n" % (len(JSON) - 5)
            + JSON[5:]
            + b"\r\n0\r\nA: b\r\n\r\n",
            200,
        ),
        (b"HTTP/1.0 200 OK\r\n\r\n" + JSON, 200),
        (b"HTTP/1.1 102 Processing\r\nContent-Length: 5\r\n\r\n" + page(JSON), 200),
        (page(JSON, b"X-A: one\r\n two", b"X-B: c\r\n\td"), 200),
        (CHUNKED + b'%x;a="b;c"\r\n' % len(JSON) + JSON + b"\r\n000;d\r\nSet-Cookie: a=b\r\n\r\n", 200),
        (page(gzip.compress(JSON), b"Content-Encoding: gzip"), 200),
        (page(gzip.compress(JSON[:9]) + gzip.compress(JSON[9:]), b"content-encoding: GZIP"), 200),
        (page(zlib.compress(JSON), b"Content-Encoding: deflate"), 200),
        (page(zlib.compress(JSON)[2:-4], b"Content-Encoding: deflate"), 200),
        (page(brotli.compress(JSON), b"Content-Encoding: br"), 200),
        (page(gzip.compress(brotli.compress(JSON)), b"Content-Encoding: br", b"Content-Encoding: gzip"), 200),
        (page(b"\xef\xbb\xbf" + JSON, b"Content-Type: application/json; charset=utf-8"), 200),
        (page(JSON.decode().encode("utf-16"), b'Content-Type: application/json; charset="UTF-16"'), 200),
        (page(JSON, b"Content-Type: text/html; charset=no-such"), 200),
        (page(JSON, b"Content-Type: text/html; charset=punycode"), 200),
        (page(JSON, b"Content-Type: text/html; charset=hex"), 200),
    ],
)
def test_a_whole_answer_is_an_answer_however_it_is_packed(raw: bytes, status: int) -> None:
    """Interim answers, chunks, trailers, an end that is the connection's, three packings, charsets."""
    found = answered(raw)
    assert (found.problem, found.status, found.document) == ("", status, {"ok": True, "state": "done"})


@pytest.mark.parametrize("status", [b"304 Not Modified", b"204 No Content"])
@pytest.mark.parametrize("header", [b"Transfer-Encoding: chunked", b"Content-Length: 1234", b"ETag: a"])
def test_an_answer_that_has_no_body_is_whole_at_its_head(status: bytes, header: bytes) -> None:
    """Whatever its headers say, and though the connection stays open."""
    raw = b"HTTP/1.1 " + status + b"\r\n" + header + b"\r\n\r\n"
    with raw_server(always(raw, keep=True)) as here:
        client, counts = client_of(here)
        with closing(HttpSession(client)) as session:
            for _ in range(2):
                assert session.exchange(asks()).answer.status == int(status[:3])
        assert counts == {"opened": 1, "reused": 1}


def test_the_answer_to_head_is_its_head() -> None:
    """Its length is that of a body that does not come; one that comes is no answer to the next."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
    assert answered(head, request=asks("HEAD")).problem == ""
    with raw_server(always(head + b"evil", keep=True)) as here:
        with closing(HttpSession(client_of(here)[0])) as session:
            assert [session.exchange(asks("HEAD")).answer.status for _ in range(2)] == [200, 200]
        assert here.connections == 2


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (page(JSON)[:-1], "answer_cut_short"),
        (CHUNKED + b"%x\r\n" % len(JSON) + JSON + b"\r\n", "answer_cut_short"),
        (b"HTTP/1.1 200 OK\r\nContent-", "answer_cut_short"),
        (b"", "connection_lost"),
        (page(gzip.compress(JSON)[:-9], b"Content-Encoding: gzip"), "answer_cut_short"),
        (page(zlib.compress(JSON)[:-1], b"Content-Encoding: deflate"), "answer_cut_short"),
        (page(brotli.compress(JSON)[:-1], b"Content-Encoding: br"), "answer_cut_short"),
        (page(b"no gzip", b"Content-Encoding: gzip"), "unreadable_answer"),
        (page(JSON, b"Content-Encoding: zstd"), "unreadable_answer"),
        (page(gzip.compress(b"x" * 10 * LIMIT), b"Content-Encoding: gzip"), "answer_too_long"),
        (page(brotli.compress(b"x" * 10 * LIMIT), b"Content-Encoding: br"), "answer_too_long"),
        (
            page(b"".join(gzip.compress(b"") for _ in range(100)), b"Content-Encoding: gzip"),
            "unreadable_answer",
        ),
        (page(b"x" * (LIMIT + 1)), "answer_too_long"),
        (b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * (LIMIT + 1), "answer_too_long"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n", "answer_head_too_long"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 40_000 + b"\r\n", "answer_head_too_long"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 8_000, "answer_head_too_long"),
        (CHUNKED + b"1;" + b"x" * 200_000 + b"\r\n", "answer_head_too_long"),
        (CHUNKED + b"0\r\n" + b"X: y\r\n" * 40_000, "answer_head_too_long"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "unreadable_answer"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "unreadable_answer",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "unreadable_answer"),
        (page(JSON, b"X: a\0b"), "unreadable_answer"),
        (page(JSON, b"X: a\rb"), "unreadable_answer"),
        (page(JSON, b"X : a"), "unreadable_answer"),
        (page(JSON, b"nonsense"), "unreadable_answer"),
        (
            page(gzip.compress(gzip.compress(b"x" * 10 * LIMIT)), b"Content-Encoding: gzip, gzip"),
            "answer_too_long",
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "unreadable_answer"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: h2\r\nConnection: Upgrade\r\n\r\n", "unreadable_answer"),
    ],
)
def test_what_is_no_whole_answer_is_a_problem(raw: bytes, problem: str) -> None:
    """Cut short, packed wrongly, too long in any part, two lengths, another protocol."""
    assert answered(raw).problem == problem


def test_one_time_bound_holds_for_the_whole_exchange() -> None:
    """A byte now and then is no reason to wait for the next: head, body, and a service that does not read."""

    def dripping(prefix: bytes) -> Callable[[socket.socket, bytes], bool]:
        def script(connection: socket.socket, _head: bytes) -> bool:
            connection.sendall(prefix)
            while True:
                connection.sendall(b"x")
                time.sleep(0.02)

        return script

    for prefix in (
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n",
    ):
        with raw_server(dripping(prefix)) as here:
            session = HttpSession(client_of(here)[0])
            assert session.exchange(asks(timeout_s=0.1)).answer == Response(0, problem="no_answer")


def test_headers_that_stand_twice_keep_both_values_and_small_letters_are_no_matter() -> None:
    """With a comma between, in their order (RFC 9110, 5.3); bytes beyond ASCII are UTF-8 or Latin-1."""
    found = answered(page(JSON, b"Via: a", b"via: b", "X-A: ü".encode(), "X-B: ü".encode("latin-1")))
    assert (found.headers["via"], found.headers["x-a"], found.headers["x-b"]) == ("a, b", "ü", "ü")


def test_the_charset_of_the_content_type_counts() -> None:
    """Latin-1, and Big5 in quotes; without one, UTF-8."""
    for charset, text in (("ISO-8859-1", "für"), ('"Big5"', "帳單"), ("windows-1251", "счёт")):
        raw = page(text.encode(charset.strip('"')), f"Content-Type: text/html; charset={charset}".encode())
        assert answered(raw).text == text
    assert answered(page("帳單".encode(), b"Content-Type: text/html")).text == "帳單"


@pytest.mark.parametrize(("connections", "opened"), [("customer", 2), ("shared", 1), ("request", 6)], ids=str)
def test_connections_are_each_customers_own_or_shared_or_one_for_each_request(
    connections: Sharing, opened: int
) -> None:
    """Two customers, one after the other, with three requests each."""
    with raw_server(always(page(JSON), keep=True)) as here:
        client, counts = client_of(here, connections)
        for _ in range(2):
            with closing(HttpSession(client)) as session:
                assert [session.exchange(asks()).answer.status for _ in range(3)] == [200] * 3
        client.close()
        assert here.connections == opened == counts["opened"]
        assert counts["reused"] == 6 - opened
        says_close = [b"Connection: close" in head for head in here.requests]
        assert says_close == [connections == "request"] * 6


def ended_connection(method: str) -> tuple[Exchange, Counter[str], RawServer]:
    """Ask once, then once more on the kept connection, which is closed without a byte."""

    def script(connection: socket.socket, head: bytes) -> bool:
        if head.startswith(b"GET /first"):
            connection.sendall(page(JSON))
            return True
        if len(here.requests) == 2:
            return False
        connection.sendall(page(JSON))
        return True

    with raw_server(script) as here:
        client, counts = client_of(here)
        with closing(HttpSession(client)) as session:
            session.exchange(asks(path="/first"))
            return session.exchange(asks(method)), counts, here


def test_a_get_is_repeated_once_where_a_kept_connection_was_closed_without_a_byte_and_counted() -> None:
    """As browsers do; an order is not, since it is unknown whether it was executed."""
    done, counts, here = ended_connection("GET")
    assert (done.answer.status, done.answer.problem) == (200, "")
    assert len(here.requests) == 3
    assert counts == {"opened": 2, "reused": 1, "repeated": 1}
    done, counts, here = ended_connection("POST")
    assert done.answer.problem == "connection_lost"
    assert len(here.requests) == 2
    assert counts == {"opened": 1, "reused": 1}


def test_a_get_is_never_repeated_on_a_new_connection() -> None:
    """There it is the service that does not answer."""
    with raw_server(always()) as here:
        client, counts = client_of(here)
        assert HttpSession(client).exchange(asks()).answer.problem == "connection_lost"
        assert (len(here.requests), counts) == (1, {"opened": 1})


def test_a_kept_connection_that_was_closed_meanwhile_or_has_unexpected_bytes_is_not_used() -> None:
    """Found out before anything is sent, so that an order is sent, too, and once."""
    for extra in (b"", b"HTTP/1.1 408 Request Timeout\r\n\r\n"):
        with raw_server(always(page(JSON) + extra)) as here:
            client, counts = client_of(here)
            with closing(HttpSession(client)) as session:
                session.exchange(asks())
                time.sleep(0.05)
                assert session.exchange(asks("POST")).answer.status == 200
            assert (len(here.requests), counts) == (2, {"opened": 2})


def test_cookies_go_back_to_where_they_came_from() -> None:
    """All that an answer sets, for the length of the journey; another customer has none."""
    with raw_server(
        always(page(JSON, b"Set-Cookie: sid=abc; Path=/", b"set-cookie: lang=de; Path=/"), keep=True)
    ) as here:
        client, _ = client_of(here)
        with closing(HttpSession(client)) as session, closing(HttpSession(client)) as other:
            for each in (session, session, other):
                each.exchange(asks())
    cookies = [b"Cookie: " in head for head in here.requests]
    assert cookies == [False, True, False]
    assert b"sid=abc" in here.requests[1]
    assert b"lang=de" in here.requests[1]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "expires", ["Thu, 99 Foo 2099 00:00:00 GMT", "Thu, 01-Foo-2099 00:00:00 GMT", "soon", "", '"x"']
)
def test_an_expiry_that_is_no_date_loses_no_cookie(expires: str) -> None:
    """Neither its own nor another of the same answer; one that has passed is not sent."""
    given = (
        f"Set-Cookie: sid=abc; Expires={expires}; Path=/".encode(),
        b"Set-Cookie: lang=de",
        b"Set-Cookie: old=1; Expires=Thu, 01 Jan 2015 00:00:00 GMT",
    )
    with raw_server(always(page(JSON, *given), keep=True)) as here:
        with closing(HttpSession(client_of(here)[0])) as session:
            for _ in range(2):
                session.exchange(asks())
        assert b"Cookie: lang=de; sid=abc\r\n" in here.requests[1]


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    """Wherever it leads."""
    with raw_server(always(page(b"", b"Location: /other", status=b"302 Found"), keep=True)) as here:
        with closing(HttpSession(client_of(here)[0])) as session:
            assert session.exchange(asks()).answer.status == 302
        assert len(here.requests) == 1


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (asks(X="b\r\n\r\nGET /c HTTP/1.1"), "header_not_sendable"),
        (asks(X="b\u2028c"), "header_not_sendable"),
        (asks(X="Łukasz"), "header_not_sendable"),
        (asks(X="\ud800"), "header_not_sendable"),
        (asks(X="x" * 70_000), "header_not_sendable"),
        (asks(path="/a\r\nX: b"), "path_not_sendable"),
        (asks(path="/a b"), "path_not_sendable"),
        (asks(path="/ä"), "path_not_sendable"),
        (asks(path="/" + "a" * 70_000), "path_not_sendable"),
    ],
    ids=range(9),
)
def test_what_would_not_be_one_request_is_not_sent(request_: RequestSpec, problem: str) -> None:
    """Whatever the service sent before."""
    with raw_server(always(page(JSON))) as here:
        done = HttpSession(client_of(here)[0]).exchange(request_)
        assert (done.answer, done.sent_at) == (Response(0, problem=problem), None)
        assert here.connections == 0


def test_letters_of_latin_1_are_sent_as_such() -> None:
    """One byte each."""
    with raw_server(always(page(JSON))) as here:
        with closing(HttpSession(client_of(here)[0])) as session:
            assert session.exchange(asks(X="Müller")).answer.status == 200
        assert "X: Müller".encode("latin-1") in here.requests[0]


def test_an_answer_that_comes_before_the_request_was_read_is_an_answer() -> None:
    """A service may refuse a long body by its head and close."""
    body = {"text": "x" * 8_000_000}
    request = RequestSpec(channel="web", method="POST", path="/", is_right=status_is(413), body=body)
    with raw_server(always(page(b"", status=b"413 Too Large"))) as here:
        found = HttpSession(client_of(here)[0]).exchange(request).answer
    # The system may drop what came before its reset was read; then the connection was lost.
    assert (found.status, found.problem) in {(413, ""), (0, "connection_lost")}


def test_a_host_without_a_service_is_unreachable(free_port: int) -> None:
    """And counted as not opened; so is an unknown host name."""
    client, counts = client_of(RawServer(free_port))
    assert HttpSession(client).exchange(asks()).answer.problem == "unreachable"
    assert counts == {"unreachable": 1}
    nowhere = Client(address_of("http://no-such-host.invalid", "--host"))
    assert HttpSession(nowhere).exchange(asks()).answer.problem == "unreachable"


def test_connections_leave_file_descriptors_for_the_runs_own_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is out of them says so, and can still write its files and read what it imports."""
    monkeypatch.setattr("footfall._load.http.client._descriptors_most", lambda: 3)
    with raw_server(always(page(JSON))) as here:
        client, counts = client_of(here)
        with closing(HttpSession(client)) as session:
            assert session.exchange(asks()).answer.problem == "no_file_descriptor"
        assert counts == {"no_file_descriptor": 1}
        assert here.connections == 0


@pytest.mark.parametrize(("limit", "most"), [(1024, 1000), (30, 15), (resource.RLIM_INFINITY, math.inf)])
def test_two_dozen_descriptors_are_left_or_half_of_a_few(
    monkeypatch: pytest.MonkeyPatch, limit: int, most: float
) -> None:
    """Whatever the limit is."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
    assert _descriptors_most.__wrapped__() == most
