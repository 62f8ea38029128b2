"""The client of a host: its address looked up once, its connections, and what is counted of them."""

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any, Protocol

import gevent.socket
import gevent.ssl
from gevent.lock import RLock

from footfall.load.errands.answers import CONNECTION_LOST, UNREACHABLE
from footfall.load.transport.address import Address
from footfall.load.transport.connection import Connection, SocketAddress, opened
from footfall.load.transport.message import HARMLESS, message_of
from footfall.load.transport.options import TransportOptions
from footfall.load.transport.problems import ClosedError, NoAnswerError, cause_of
from footfall.load.transport.reply import ReplyReader

OPENED, HANDSHAKES, REUSED, REPEATED = "opened", "tls_handshakes", "reused", "repeated"
"""What is counted, beside the causes of connections that could not be opened."""


class Sendable(Protocol):
    """A request as it is sent."""

    @property
    def method(self) -> str:
        """Its method."""

    @property
    def target(self) -> str:
        """Path below the service."""

    @property
    def payload(self) -> bytes | None:
        """Body; None: none."""

    @property
    def sent_headers(self) -> Mapping[str, str]:
        """All headers but those of the connection and the body's length."""

    @property
    def answer_bytes_most(self) -> int:
        """A longer body is given up."""


class Client:
    """Requests to one host; shared by all customers of a process."""

    def __init__(
        self,
        address: Address,
        options: TransportOptions | None = None,
        count: Callable[[str], None] = lambda _name: None,
    ) -> None:
        """Connect to nobody yet; `count` hears of every connection by what became of it."""
        self.address = address
        self.options = options or TransportOptions()
        self._count = count
        self._context = _tls(self.options) if address.is_secure else None
        self._addresses: list[SocketAddress] = []
        self._looking_up = RLock()
        self._shared: list[Connection] = []

    def look_up(self) -> None:
        """Look the host's name up, once for all connections: each look-up would wait for a thread.

        Raises:
            NoAnswerError: the name is not known.
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
        """Whether all customers use the same connections."""
        return self.options.connections == "shared"

    def pool(self) -> list[Connection]:
        """Give the kept connections of one customer: their own, or those that all share."""
        return self._shared if self.is_shared else []

    def close(self) -> None:
        """Close the connections that all share."""
        while self._shared:
            self._shared.pop().close()

    def ask(
        self, request: Sendable, kept: list[Connection], on_sent: Callable[[float, float], None]
    ) -> ReplyReader:
        """Send a request and read its answer to the end.

        `on_sent` hears what it took to connect, seconds, and when it was sent (`perf_counter`).

        A GET is sent once more, on a new connection, where a kept one was closed before a byte of the answer.

        Raises:
            NoAnswerError: there is none.
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
                if request.method not in HARMLESS:
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
    # Not `create_default_context`, whose sockets block a process that gevent has not patched.
    context = gevent.ssl.SSLContext(gevent.ssl.PROTOCOL_TLS_CLIENT)
    if trusted := options.trusted:
        context.load_verify_locations(**trusted)
    else:
        context.load_default_certs()
    if options.insecure:
        context.check_hostname = False
        context.verify_mode = gevent.ssl.CERT_NONE
    return context
