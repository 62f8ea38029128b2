"""One connection to the host: opened, asked, found to be still open, closed."""

import errno
import os
import resource
import socket as system
from functools import cache
from math import inf
from time import perf_counter
from typing import Any

import gevent.socket
import gevent.ssl

from footfall.load.errands.answers import CONNECTION_LOST, UNREACHABLE
from footfall.load.transport.problems import ClosedError, NoAnswerError, cause_of, words_of
from footfall.load.transport.reply import READ_BYTES, ReplyReader

SocketAddress = tuple[Any, Any, int, Any]
"""Family, kind, protocol and address, as `getaddrinfo` gives them."""
_PEEK = system.MSG_PEEK | getattr(system, "MSG_DONTWAIT", 0)
_FOR_FILES = 24
"""File descriptors that no connection takes: the run's own files, its log and modules need some."""
_GONE = (BrokenPipeError, ConnectionResetError)


class Connection:
    """A socket, with TLS where the host wants it; used by one request at a time."""

    __slots__ = ("_socket", "sent_at")

    def __init__(self, socket: Any) -> None:  # noqa: ANN401  gevent's own kind
        """Take an open socket."""
        self._socket = socket
        self.sent_at = 0.0
        """`perf_counter` when the last byte of the request was handed to the system; 0: it was not."""

    @property
    def is_open(self) -> bool:
        """Whether it can take a request: neither closed by the service nor with bytes that nobody asked for.

        By a look that takes nothing away, neither waits nor yields, and works for any number of descriptors,
        which `select` does not.
        """
        try:
            self._socket._sock.recv(1, _PEEK)  # noqa: SLF001  gevent's would wait
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            return False
        return False

    def exchange(self, message: bytes, reader: ReplyReader) -> None:
        """Send a request and read its answer to its end; whatever goes wrong, the connection is closed.

        Raises:
            ClosedError: it was closed before a byte of the answer.
            NoAnswerError: the answer is not whole, not readable, or too long.
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
        """Let go of it."""
        socket, self._socket = self._socket, _CLOSED
        socket.close()

    @property
    def is_closed(self) -> bool:
        """Whether it was let go."""
        return self._socket is _CLOSED

    def _send(self, message: bytes) -> bool:
        """Send a request; returns whether the service stopped reading it, though it may have answered."""
        try:
            self._socket.sendall(message)
        except _GONE:
            is_broken = True
        else:
            is_broken = False
        self.sent_at = perf_counter()
        return is_broken


def _first(socket: Any) -> bytes:  # noqa: ANN401  gevent's own kind
    """Give the first bytes of an answer.

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
    """What stands where a socket was."""

    def close(self) -> None:
        """Do nothing."""

    @property
    def _sock(self) -> "_Closed":
        return self

    def recv(self, *_: int) -> bytes:
        """Give what a closed connection gives."""
        return b""


_CLOSED = _Closed()


def opened(addresses: list[SocketAddress], context: Any, name: str) -> Connection:  # noqa: ANN401  gevent's own kind
    """Connect to the first of these addresses that answers, and move it to the front of the list.

    `context` is what TLS is spoken with, None for none; `name` is what the certificate must be for.

    Raises:
        NoAnswerError: nobody answers at any of them, or the generator has run out of ports or descriptors.
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
    # A connection that breaks before it is one was not there.
    raise NoAnswerError(UNREACHABLE if problem == CONNECTION_LOST else problem, words=words)


def _leave_descriptors(given: int) -> None:
    if given >= _descriptors_most():
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


@cache
def _descriptors_most() -> float:
    """The first descriptor that no connection may have; the system gives the lowest that is free."""
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
