"""Questions to a server, within limits: against real servers, good and bad ones."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from footfall._load.http.wire_format import address_of
from footfall._load.server.limited_get import GetOptions, LimitedGet
from footfall._load.server.server_sampler import SourceError

Answer = Callable[[socket.socket, bytes], None]
"""Writes an answer to a request head; the connection is closed when it raises `ConnectionError`."""


@contextmanager
def server(answer: Answer) -> Iterator[str]:
    """Serve connections in threads, each request by the answer; gives the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(connection: socket.socket) -> None:
            with connection:
                try:
                    while head := connection.recv(65_536):
                        answer(connection, head)
                except OSError:
                    return

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def whole(body: bytes, head: bytes = b"") -> bytes:
    """Give a whole answer."""
    return b"HTTP/1.1 200 OK\r\n" + head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def getter(url: str, timeout_s: float = 5.0, **options: object) -> LimitedGet:
    """Give what asks the address."""
    return LimitedGet(address_of(url, "url"), GetOptions(timeout_s=timeout_s, **options))  # type: ignore[arg-type]  # its fields


def test_the_headers_are_sent_and_the_connection_is_kept() -> None:
    """Two questions come over one connection, each with the headers."""
    seen: list[tuple[int, bytes]] = []

    def answer(connection: socket.socket, head: bytes) -> None:
        seen.append((connection.getpeername()[1], head))
        connection.sendall(whole(b"yes"))

    with server(answer) as url:
        asked = getter(url, headers={"Authorization": "Bearer abc"})
        assert asked.get("/a") == (200, b"yes")
        assert asked.get("/b?c=d") == (200, b"yes")
        asked.close()
    assert len({port for port, _ in seen}) == 1
    assert b"GET /b?c=d HTTP/1.1" in seen[1][1]
    assert all(b"Authorization: Bearer abc" in head for _, head in seen)


def test_a_kept_connection_that_the_server_closed_is_opened_again() -> None:
    """Servers close idle connections; that is no failure."""

    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(whole(b"once"))
        raise ConnectionError

    with server(answer) as url:
        asked = getter(url)
        assert [asked.get("/")[1] for _ in range(3)] == [b"once"] * 3
        asked.close()


def test_a_redirect_is_not_followed() -> None:
    """A header with a secret never goes to another host."""
    moved = b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n"
    redirected = pytest.raises(SourceError, match="302: it redirects, which is not followed")
    with server(lambda connection, _: connection.sendall(moved)) as url, redirected:
        getter(url).get("/")


def test_a_body_that_is_too_long_is_not_read_to_its_end() -> None:
    """The limit holds whether or not the length is announced."""
    long = whole(b"x" * 200_000)
    refused = pytest.raises(SourceError, match="more than 1,000 bytes")
    with server(lambda connection, _: connection.sendall(long)) as url, refused:
        getter(url, bytes_most=1_000).get("/")


def test_an_answer_that_drips_is_given_up() -> None:
    """Each byte arrives in time, the whole never does."""
    is_over = threading.Event()

    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not is_over.wait(0.02):
            connection.sendall(b"x")

    with server(answer) as url, pytest.raises(SourceError, match="no whole response in time"):
        getter(url, timeout_s=0.2).get("/")
    is_over.set()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "no response"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "no response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", "cut short: 46 bytes are missing"),
    ],
    ids=["nothing", "no HTTP", "cut short"],
)
def test_what_is_no_whole_answer_is_none(answer: bytes, reason: str) -> None:
    """Nothing of it is used."""

    def broken(connection: socket.socket, _: bytes) -> None:
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_RDWR)

    with server(broken) as url, pytest.raises(SourceError, match=reason):
        getter(url).get("/")


def test_a_server_that_is_not_there_is_said_to_be_so() -> None:
    """In plain words."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(SourceError, match="connection refused"):
        getter(f"http://127.0.0.1:{port}").get("/")
