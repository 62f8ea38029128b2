"""The HTTP/1.1 client of a host: connections opened, reused and closed, and what is counted of them."""

import errno
import os
import resource
import socket as system
from collections.abc import Callable, Mapping
from functools import cache
from math import inf
from time import perf_counter
from typing import Any, Protocol

import gevent.socket
import gevent.ssl
from gevent.lock import RLock

from footfall._load.http.wire_format import (
    READ_BYTES,
    SAFE_METHODS,
    Address,
    ClosedError,
    NoAnswerError,
    ReplyReader,
    TransportOptions,
    cause_of,
    message_of,
    words_of,
)
from footfall._load.responses import CONNECTION_LOST, UNREACHABLE

# ── One connection to the host: opened, used, checked, closed

SocketAddress = tuple[Any, Any, int, Any]
"""Family, kind, protocol and address, as `getaddrinfo` gives them."""
_PEEK = system.MSG_PEEK | getattr(system, "MSG_DONTWAIT", 0)
_FOR_FILES = 24
"""File descriptors that are reserved for the run's own files, its log and modules."""
_GONE = (BrokenPipeError, ConnectionResetError)


class Connection:
    """A socket, with TLS if the host uses it; for one request at a time."""

    __slots__ = ("_socket", "sent_at")

    def __init__(self, socket: Any) -> None:  # noqa: ANN401  gevent's own kind
        """Take an open socket."""
        self._socket = socket
        self.sent_at = 0.0
        """`perf_counter` when the last byte of the request was handed to the system; 0: it was not."""

    @property
    def is_open(self) -> bool:
        """Whether it can take a request: the service has not closed it and has sent no unexpected bytes.

        By a peek, which consumes nothing, neither waits nor yields, and works for any number of descriptors,
        unlike `select`.
        """
        try:
            self._socket._sock.recv(1, _PEEK)  # noqa: SLF001  gevent's would wait
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            return False
        return False

    def exchange(self, message: bytes, reader: ReplyReader) -> None:
        """Send a request and read its whole response; on any error the connection is closed.

        Raises:
            ClosedError: it was closed before a byte of the response.
            NoAnswerError: the response is incomplete, unreadable, or too long.
            OSError: the connection broke.
        """
        socket, self.sent_at = self._socket, 0.0
        try:
            broken = self._send(message)
            reader.feed(_first(socket))
            while not reader.is_done:
                if data := socket.recv(READ_BYTES):
                    reader.feed(data)
                else:
                    reader.end()
        except BaseException:
            self.close()
            raise
        if broken or not reader.keeps:
            self.close()

    def close(self) -> None:
        """Close it."""
        socket, self._socket = self._socket, _CLOSED
        socket.close()

    @property
    def is_closed(self) -> bool:
        """Whether `close` has been called."""
        return self._socket is _CLOSED

    def _send(self, message: bytes) -> bool:
        """Send a request; returns whether the service stopped reading it (it may have responded)."""
        try:
            self._socket.sendall(message)
        except _GONE:
            is_broken = True
        else:
            is_broken = False
        self.sent_at = perf_counter()
        return is_broken


def _first(socket: Any) -> bytes:  # noqa: ANN401  gevent's own kind
    """Return the first bytes of a response.

    Raises:
        ClosedError: the connection was closed before any.
    """
    try:
        data = socket.recv(READ_BYTES)
    except _GONE:
        data = b""
    if not data:
        raise ClosedError
    return bytes(data)


class _Closed:
    """Stands in for a socket that was closed."""

    def close(self) -> None:
        """Do nothing."""

    @property
    def _sock(self) -> "_Closed":
        return self

    def recv(self, *_: int) -> bytes:
        """Return no bytes, like a closed connection."""
        return b""


_CLOSED = _Closed()


def opened(addresses: list[SocketAddress], context: Any, name: str) -> Connection:  # noqa: ANN401  gevent's own kind
    """Connect to the first of these addresses that accepts, and move it to the front of the list.

    `context` is that of TLS, None without TLS; `name` is the host that the certificate must be for.

    Raises:
        NoAnswerError: none of them accepts, or the generator has run out of ports or descriptors.
    """
    problem, words = UNREACHABLE, "no address"
    for address in list(addresses):
        try:
            socket = _connected(address, context, name)
        except OSError as error:
            problem, words = cause_of(error), words_of(error)
            continue
        if address != addresses[0]:
            addresses.sort(key=lambda each: each != address)
        return Connection(socket)
    # A connection that breaks while it is opened counts as not opened.
    raise NoAnswerError(UNREACHABLE if problem == CONNECTION_LOST else problem, words=words)


def _leave_descriptors(given: int) -> None:
    if given >= _descriptors_most():
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


@cache
def _descriptors_most() -> float:
    """Return the first descriptor that connections must not use; the system assigns the lowest free one."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return inf if limit == resource.RLIM_INFINITY else max(limit - _FOR_FILES, limit // 2)


def _connected(address: SocketAddress, context: Any, name: str) -> Any:  # noqa: ANN401  gevent's own kind
    family, kind, protocol, where = address
    socket = gevent.socket.socket(family, kind, protocol)
    try:
        _leave_descriptors(socket.fileno())
        socket.setsockopt(system.IPPROTO_TCP, system.TCP_NODELAY, 1)
        socket.connect(where)
        return socket if context is None else context.wrap_socket(socket, server_hostname=name)
    except BaseException:
        socket.close()
        raise


# ── The client of a host: its address, looked up once, its connections, and their counts

OPENED, HANDSHAKES, REUSED, REPEATED = "opened", "tls_handshakes", "reused", "repeated"
"""Names of counts, in addition to the causes of connections that could not be opened."""


class Sendable(Protocol):
    """A request that the client can send."""

    @property
    def method(self) -> str:
        """Its method."""

    @property
    def target(self) -> str:
        """Path on the service."""

    @property
    def payload(self) -> bytes | None:
        """Body; None: none."""

    @property
    def sent_headers(self) -> Mapping[str, str]:
        """All headers except those of the connection and the body's length."""

    @property
    def answer_bytes_most(self) -> int:
        """A longer body is an error."""


class Client:
    """Requests to one host; shared by all customers of a process."""

    def __init__(
        self,
        address: Address,
        options: TransportOptions | None = None,
        count: Callable[[str], None] = lambda _name: None,
    ) -> None:
        """Open no connection yet; `count` is called with a name for everything that is counted."""
        self.address = address
        self.options = options or TransportOptions()
        self._count = count
        self._context = _tls(self.options) if address.is_secure else None
        self._addresses: list[SocketAddress] = []
        self._looking_up = RLock()
        self._shared: list[Connection] = []

    def look_up(self) -> None:
        """Look up the host's name, once for all connections: each look-up would wait for a thread.

        Raises:
            NoAnswerError: the name is unknown.
        """
        with self._looking_up:
            if self._addresses:
                return
            where = self.address
            try:
                found = gevent.socket.getaddrinfo(where.name, where.port, 0, gevent.socket.SOCK_STREAM)
            except (OSError, UnicodeError) as error:
                raise NoAnswerError(UNREACHABLE, words="no such host") from error
            self._addresses = [(*each[:3], each[4]) for each in found]

    @property
    def is_shared(self) -> bool:
        """Whether all customers share connections."""
        return self.options.connections == "shared"

    def pool(self) -> list[Connection]:
        """Return the pool for one customer: a new one, or the shared one."""
        return self._shared if self.is_shared else []

    def close(self) -> None:
        """Close the shared connections."""
        while self._shared:
            self._shared.pop().close()

    def ask(
        self, request: Sendable, kept: list[Connection], on_sent: Callable[[float, float], None]
    ) -> ReplyReader:
        """Send a request and read its whole response.

        `on_sent` is called with the time to connect, seconds, and the time of sending (`perf_counter`).

        A GET or HEAD is repeated once, on a new connection, if a kept one was closed before any byte came.

        Raises:
            NoAnswerError: there is no usable response.
        """
        message = message_of(self.address, request, closes=self.options.connections == "request")
        while kept:
            connection = kept.pop()
            if not connection.is_open:
                connection.close()
                continue
            self._count(REUSED)
            try:
                return self._exchange(connection, 0.0, (request, message), kept, on_sent)
            except ClosedError:
                if request.method not in SAFE_METHODS:
                    raise NoAnswerError(CONNECTION_LOST) from None
                self._count(REPEATED)
                break
        began_at = perf_counter()
        connection = self._open()
        connect_s = perf_counter() - began_at
        try:
            return self._exchange(connection, connect_s, (request, message), kept, on_sent)
        except ClosedError:
            raise NoAnswerError(CONNECTION_LOST) from None

    def _open(self) -> Connection:
        if not self._addresses:
            self.look_up()
        try:
            connection = opened(self._addresses, self._context, self.address.name)
        except NoAnswerError as error:
            self._count(error.cause)
            raise
        self._count(OPENED)
        if self._context is not None:
            self._count(HANDSHAKES)
        return connection

    def _exchange(
        self,
        connection: Connection,
        connect_s: float,
        asked: tuple[Sendable, bytes],
        kept: list[Connection],
        on_sent: Callable[[float, float], None],
    ) -> ReplyReader:
        request, message = asked
        reader = ReplyReader(request.method, request.answer_bytes_most)
        try:
            connection.exchange(message, reader)
        except OSError as error:
            raise NoAnswerError(cause_of(error), reader.status) from error
        finally:
            if connection.sent_at:
                on_sent(connect_s, connection.sent_at)
        if connection.is_closed:
            return reader
        if self.options.connections == "request":
            connection.close()
        else:
            kept.append(connection)
        return reader


def _tls(options: TransportOptions) -> Any:  # noqa: ANN401  gevent's own kind
    # Sockets of `create_default_context` would block in a process that gevent has not patched.
    context = gevent.ssl.SSLContext(gevent.ssl.PROTOCOL_TLS_CLIENT)
    if trusted := options.trusted:
        context.load_verify_locations(**trusted)
    else:
        context.load_default_certs()
    if options.insecure:
        context.check_hostname = False
        context.verify_mode = gevent.ssl.CERT_NONE
    return context
