"""HTTP requests as bytes, answers parsed within limits, and why a request got no answer."""

import errno
import re
import socket
import ssl
from typing import TYPE_CHECKING

import httptools

from footfall._load.http.connection_options import Address
from footfall._load.responses import (
    CONNECTION_LOST,
    CUT_SHORT,
    HEAD_TOO_LONG,
    NO_ANSWER,
    TLS_FAILED,
    TOO_LONG,
    UNREACHABLE,
    UNREADABLE,
    UNTRUSTED,
)
from footfall._records.load_generator import NO_DESCRIPTOR, NO_PORT
from footfall._records.rows import HEADER_NOT_SENDABLE, PATH_NOT_SENDABLE

# ── Why a request got no answer: a few causes, each in one word, taken from the kind of an error alone

_BY_NUMBER = {
    errno.EADDRNOTAVAIL: NO_PORT,
    errno.EMFILE: NO_DESCRIPTOR,
    errno.ENFILE: NO_DESCRIPTOR,
    errno.ECONNREFUSED: UNREACHABLE,
    errno.EHOSTUNREACH: UNREACHABLE,
    errno.ENETUNREACH: UNREACHABLE,
    errno.ETIMEDOUT: NO_ANSWER,
}


class NoAnswerError(Exception):
    """A request has no answer, or none that can be used."""

    def __init__(self, cause: str, status: int = 0, words: str = "") -> None:
        """Keep the cause, the status where the head of an answer has come, and the system's own words."""
        super().__init__(cause)
        self.cause = cause
        self.status = status
        self.words = words or cause


class ClosedError(Exception):
    """A connection was closed before a byte of the answer; a kept one may just have been."""


def cause_of(error: OSError) -> str:
    """Give the cause of an error of the system's."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return UNTRUSTED
    if isinstance(error, ssl.SSLError):
        return TLS_FAILED
    if isinstance(error, socket.gaierror):
        return UNREACHABLE
    return _BY_NUMBER.get(error.errno or 0, CONNECTION_LOST)


def words_of(error: OSError) -> str:
    """Give the system's own words for an error."""
    told = getattr(error, "verify_message", "") or error.strerror or type(error).__name__
    return str(told).lower()


# ── Read one answer off a connection by llhttp, within limits that are counted before anything is parsed

READ_BYTES = 16 * 1024
HEAD_BYTES_MOST = 64 * 1024
"""Bytes in a row that are no part of a body: status lines, headers, lengths of chunks, trailers."""
_FINAL = 200
_SWITCHED = 101
_CONTROLS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
"""What no header holds (RFC 9110, 5.5)."""
_WITHOUT_BODY = frozenset({204, 304})


class ReplyReader:
    """One answer while it is read: feed it bytes until it `is_done`."""

    __slots__ = (
        "_body",
        "_bytes_most",
        "_has_extra",
        "_is_head",
        "_keeps",
        "_parser",
        "_seen_body",
        "_silent",
        "_size",
        "headers",
        "is_done",
        "status",
    )

    def __init__(self, method: str, bytes_most: int) -> None:
        """Expect the answer to a request by this method, with a body of at most so many bytes."""
        self._is_head = method == "HEAD"
        self._bytes_most = bytes_most
        self._parser = httptools.HttpResponseParser(self)
        # A header may go on in the next line (RFC 9112, 5.2); `on_header` refuses what else gets through.
        self._parser.set_dangerous_leniencies(lenient_headers=True)
        self._body: list[bytes] = []
        self._size = 0
        self._silent = 0
        self._seen_body = False
        self._keeps = False
        self._has_extra = False
        self.status = 0
        """0 until the head of the final answer has come."""
        self.headers: list[tuple[bytes, bytes]] = []
        self.is_done = False

    def feed(self, data: bytes) -> None:
        """Read on; at most `READ_BYTES` at a time.

        Raises:
            NoAnswerError: it is no HTTP, or longer than the limits allow.
        """
        if self._silent >= HEAD_BYTES_MOST:
            raise NoAnswerError(HEAD_TOO_LONG, self.status)
        self._seen_body = False
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            # What comes after the end of an answer is no part of it; the connection is of no further use.
            if not self.is_done:
                raise NoAnswerError(UNREADABLE, self.status) from error
            self._has_extra = True
        if self._size > self._bytes_most:
            raise NoAnswerError(TOO_LONG, self.status)
        self._silent = 0 if self._seen_body else self._silent + len(data)

    def end(self) -> None:
        """Take note that the connection was closed by the service.

        Raises:
            NoAnswerError: the answer is not whole.
        """
        if self.is_done:
            return
        told = {name.lower() for name, _ in self.headers}
        if not self.status or b"content-length" in told or b"transfer-encoding" in told:
            raise NoAnswerError(CUT_SHORT, self.status)
        self.is_done = True

    @property
    def keeps(self) -> bool:
        """Whether the connection can take the next request."""
        return self._keeps and not self._has_extra

    @property
    def size(self) -> int:
        """Bytes of the body, as they came."""
        return self._size

    @property
    def status_code(self) -> int:
        """The status, as listeners of Locust's `request` event call it."""
        return self.status

    @property
    def body(self) -> bytes:
        """The body as it came."""
        return b"".join(self._body)

    def on_message_begin(self) -> None:
        """Hear from the parser that an answer begins."""
        self._has_extra |= self.is_done

    def on_header(self, name: bytes, value: bytes) -> None:
        """Hear of a header; those of trailers are not minded."""
        if _CONTROLS.search(value):
            raise NoAnswerError(UNREADABLE, self.status)
        if not self.status:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Hear that a head is whole; those of interim answers (1xx) are forgotten."""
        status = self._parser.get_status_code()
        if self.is_done:
            return
        if status == _SWITCHED:
            # Nobody has asked for another protocol.
            raise NoAnswerError(UNREADABLE, status)
        if status < _FINAL:
            self.headers = []
            return
        self.status = status
        if self._is_head:
            self._finish()
        elif status not in _WITHOUT_BODY and self._is_packed_twice():
            raise NoAnswerError(UNREADABLE, status)

    def on_body(self, data: bytes) -> None:
        """Hear of a part of the body."""
        if self.is_done:
            self._has_extra = True
            return
        self._seen_body = True
        self._size += len(data)
        if self._size <= self._bytes_most:
            self._body.append(data)

    def on_message_complete(self) -> None:
        """Hear that an answer is whole."""
        if self.status and not self.is_done:
            self._finish()

    def _finish(self) -> None:
        self.is_done = True
        self._keeps = self._parser.should_keep_alive()

    def _is_packed_twice(self) -> bool:
        """Whether the transfer is packed, for which nobody has asked."""
        return any(
            name.lower() == b"transfer-encoding" and value.strip().lower() != b"chunked"
            for name, value in self.headers
        )


# ── A request as bytes: nothing that it holds can be taken for a second one

if TYPE_CHECKING:
    from footfall._load.http.client import Sendable

HARMLESS = frozenset({"GET", "HEAD"})
"""Methods of which a repeat changes nothing (RFC 9110, 9.2.1), as far as we repeat them."""
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})
_TARGET = re.compile(r"/[!-~]*")
_VALUE = re.compile(r"[\t -~\xa0-\xff]*")
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def is_header_value(text: str) -> bool:
    """Whether a header can hold a text: Latin-1 without control characters (RFC 9110, 5.5)."""
    return _VALUE.fullmatch(text) is not None


def message_of(address: Address, request: "Sendable", *, closes: bool = False) -> bytes:
    """Give a request as it is sent; `closes` says that the connection is not kept.

    Raises:
        NoAnswerError: the path is no ASCII, or a header has what none can hold: a line break, another
            control character, a letter beyond Latin-1 (RFC 9110, 5.5).
    """
    headers, target, payload = request.sent_headers, address.target(request.target), request.payload
    if not _TARGET.fullmatch(target):
        raise NoAnswerError(PATH_NOT_SENDABLE)
    lines = [f"{request.method} {target} HTTP/1.1"]
    if not any(name.lower() == "host" for name in headers):
        lines.append(f"Host: {address.host_header}")
    for name, value in headers.items():
        if not is_header_value(value) or not _NAME.fullmatch(name):
            raise NoAnswerError(HEADER_NOT_SENDABLE)
        lines.append(f"{name}: {value}")
    if payload is not None or request.method not in _BODILESS:
        lines.append(f"Content-Length: {len(payload or b'')}")
    if closes:
        lines.append("Connection: close")
    head = "\r\n".join(lines)
    if len(head) > HEAD_BYTES_MOST:
        raise NoAnswerError(PATH_NOT_SENDABLE if len(target) > HEAD_BYTES_MOST // 2 else HEADER_NOT_SENDABLE)
    return f"{head}\r\n\r\n".encode("latin-1") + (payload or b"")
