"""HTTP/1.1 as bytes: connection options, requests written and answers read."""

import errno
import re
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args
from urllib.parse import quote, urlsplit

import httptools

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
from footfall._records.errors import BadInputError
from footfall._records.load_generator import NO_DESCRIPTOR, NO_PORT
from footfall._records.rows import HEADER_NOT_SENDABLE, PATH_NOT_SENDABLE

# ── How connections are made: address, sharing, trusted certificates

# ── How connections are shared, and which certificates are trusted

Sharing = Literal["customer", "shared", "request"]
SHARINGS: tuple[Sharing, ...] = get_args(Sharing)
_CA_BYTES_MOST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportOptions:
    """Options of connections; plain data without secrets, which workers are sent."""

    connections: Sharing = "customer"
    """`customer`: each has its own, kept for the journey; `shared`: one pool; `request`: a new one each."""
    ca_pem: str = ""
    """CA certificates, in PEM, that are trusted instead of the system's; empty: the system's."""
    insecure: bool = False
    """Whether certificates are not checked."""

    @property
    def trusted(self) -> dict[str, str]:
        """Return arguments for `SSLContext.load_verify_locations`; empty: the system's certificates."""
        if self.ca_pem:
            return {"cadata": self.ca_pem}
        if _has_system_certificates():
            return {}
        import certifi

        return {"cafile": certifi.where()}

    @property
    def for_manifest(self) -> dict[str, Any]:
        """Return the manifest's entries."""
        own_ca = {"own_ca": True} if self.ca_pem else {}
        return {"connections": self.connections} | own_ca | ({"insecure": True} if self.insecure else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportAsked:
    """Options as given; None: the endpoints file's value, otherwise the default."""

    connections: Sharing | None = None
    ca_file: Path | None = None
    insecure: bool = False

    def options(self, sharing: Sharing | None = None, ca_file: Path | None = None) -> TransportOptions:
        """Return the effective options: as given, otherwise the endpoints file's, otherwise the default.

        Raises:
            BadInputError: the file of certificates cannot be read.
        """
        chosen, where = (self.ca_file, "--ca-file") if self.ca_file else (ca_file, "ca_file")
        return TransportOptions(
            connections=self.connections or sharing or "customer",
            ca_pem=read_ca(chosen, where) if chosen and not self.insecure else "",
            insecure=self.insecure,
        )


def _has_system_certificates() -> bool:
    import ssl

    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())))


DEFAULT_TRANSPORT = TransportOptions()


def read_ca(path: Path, where: str) -> str:
    """Read a file of certificates.

    Raises:
        BadInputError: it cannot be read, or has no certificate.
    """
    import ssl

    expected = "a file with the certificate of the service's CA, in PEM"
    try:
        if path.stat().st_size > _CA_BYTES_MOST:
            raise BadInputError(f"{where} {path}", f"more than {_CA_BYTES_MOST} bytes", expected)
        text = path.read_text(encoding="utf-8")
        # A private key in the same file must not be sent to workers.
        start, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
        found = [part.partition(end)[0] for part in text.split(start)[1:]]
        pem = "".join(f"{start}{part}{end}\n" for part in found)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "holds no certificate in PEM"
        reason = "holds no certificate in PEM" if isinstance(error, ssl.SSLError | ValueError) else reason
        raise BadInputError(f"{where} {path}", reason.lower(), expected) from error
    return pem


# ── The address of a service, and how paths are joined to it

_EXPECTED = "http://… or https://…"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """Address of a service: `http://127.0.0.1:8080/api/v1/` has the prefix `/api/v1`."""

    scheme: str
    name: str
    """Host name for look-ups: ASCII, without brackets."""
    port: int
    prefix: str
    """Prefix of every path: empty, or such as `/api/v1` without a trailing slash."""
    host_header: str

    @property
    def is_secure(self) -> bool:
        """Whether it uses TLS."""
        return self.scheme == "https"

    def target(self, path: str) -> str:
        """Return the full path: `/orders` is `/api/v1/orders`."""
        return f"{self.prefix}{path}"

    def url(self, path: str = "") -> str:
        """Return the full address of a path of the service."""
        return f"{self.scheme}://{self.host_header}{self.target(path)}"


def address_of(host: str, where: str) -> Address:
    """Parse the address of a service; `where` names it in errors.

    Raises:
        BadInputError: it is not an address, or has a user, a password, a query or a fragment.
    """
    try:
        url = urlsplit(host)
        port = url.port
        name = (url.hostname or "").encode("ascii" if (url.hostname or "").isascii() else "idna").decode()
    except ValueError as error:
        raise BadInputError(where, str(error).lower(), _EXPECTED) from error
    if url.username is not None or url.password is not None:
        # Addresses are shown in manifests and reports.
        option = where.split(maxsplit=1)[0]
        raise BadInputError(option, "contains a user or a password", "them in [auth] of the endpoints file")
    fits = url.scheme in _PORTS and name and port != 0 and all("!" <= letter <= "~" for letter in name)
    if not fits:
        raise BadInputError(where, "is not the address of a web service", _EXPECTED)
    if url.query or url.fragment:
        raise BadInputError(where, "has a query or a fragment", _EXPECTED)
    shown = f"[{name}]" if ":" in name else name
    return Address(
        scheme=url.scheme,
        name=name,
        port=port or _PORTS[url.scheme],
        prefix=quote(url.path, safe="/%:@!$&'()*+,;=~-._").rstrip("/"),
        host_header=shown if port is None else f"{shown}:{port}",
    )


# ── HTTP requests as bytes, responses parsed within limits, and causes of missing responses

# ── Why a request has no response: a few causes, derived from the type of an error only

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
    """A request has no response, or none that can be used."""

    def __init__(self, cause: str, status: int = 0, words: str = "") -> None:
        """Take the cause, the status if the head of a response has arrived, and the system's message."""
        super().__init__(cause)
        self.cause = cause
        self.status = status
        self.words = words or cause


class ClosedError(Exception):
    """A connection was closed before a byte of the response, as may happen to a kept one."""


def cause_of(error: OSError) -> str:
    """Return the cause of a system error."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return UNTRUSTED
    if isinstance(error, ssl.SSLError):
        return TLS_FAILED
    if isinstance(error, socket.gaierror):
        return UNREACHABLE
    return _BY_NUMBER.get(error.errno or 0, CONNECTION_LOST)


def words_of(error: OSError) -> str:
    """Return the system's message of an error."""
    message = getattr(error, "verify_message", "") or error.strerror or type(error).__name__
    return str(message).lower()


# ── Reading one response with llhttp, within limits that are checked before parsing

READ_BYTES = 16 * 1024
HEAD_BYTES_MOST = 64 * 1024
"""Consecutive bytes outside of a body: status lines, headers, lengths of chunks, trailers."""
_FINAL = 200
_SWITCHED = 101
_CONTROLS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
"""Characters that headers must not contain (RFC 9110, 5.5)."""
_WITHOUT_BODY = frozenset({204, 304})


class ReplyReader:
    """One response while it is read: feed it bytes until it `is_done`."""

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
        """Expect the response to a request by this method, with a body of at most `bytes_most`."""
        self._is_head = method == "HEAD"
        self._bytes_most = bytes_most
        self._parser = httptools.HttpResponseParser(self)
        # Headers may continue on the next line (RFC 9112, 5.2); `on_header` refuses what else is let through.
        self._parser.set_dangerous_leniencies(lenient_headers=True)
        self._body: list[bytes] = []
        self._size = 0
        self._silent = 0
        self._seen_body = False
        self._keeps = False
        self._has_extra = False
        self.status = 0
        """0 until the head of the final response has arrived."""
        self.headers: list[tuple[bytes, bytes]] = []
        self.is_done = False

    def feed(self, data: bytes) -> None:
        """Parse further bytes, at most `READ_BYTES` at a time.

        Raises:
            NoAnswerError: it is not HTTP, or exceeds a limit.
        """
        if self._silent >= HEAD_BYTES_MOST:
            raise NoAnswerError(HEAD_TOO_LONG, self.status)
        self._seen_body = False
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            # Bytes after the end of a response are not part of it; the connection cannot be used again.
            if not self.is_done:
                raise NoAnswerError(UNREADABLE, self.status) from error
            self._has_extra = True
        if self._size > self._bytes_most:
            raise NoAnswerError(TOO_LONG, self.status)
        self._silent = 0 if self._seen_body else self._silent + len(data)

    def end(self) -> None:
        """Handle that the service has closed the connection.

        Raises:
            NoAnswerError: the response is incomplete.
        """
        if self.is_done:
            return
        names = {name.lower() for name, _ in self.headers}
        if not self.status or b"content-length" in names or b"transfer-encoding" in names:
            raise NoAnswerError(CUT_SHORT, self.status)
        self.is_done = True

    @property
    def keeps(self) -> bool:
        """Whether the connection can take the next request."""
        return self._keeps and not self._has_extra

    @property
    def size(self) -> int:
        """Bytes of the body, before decompression."""
        return self._size

    @property
    def status_code(self) -> int:
        """The status, by the name that listeners of Locust's `request` event use."""
        return self.status

    @property
    def body(self) -> bytes:
        """The body, before decompression."""
        return b"".join(self._body)

    def on_message_begin(self) -> None:
        """Handle the parser's event that a response begins."""
        self._has_extra |= self.is_done

    def on_header(self, name: bytes, value: bytes) -> None:
        """Handle a header; those of trailers are ignored."""
        if _CONTROLS.search(value):
            raise NoAnswerError(UNREADABLE, self.status)
        if not self.status:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Handle the end of a head; those of interim responses (1xx) are ignored."""
        status = self._parser.get_status_code()
        if self.is_done:
            return
        if status == _SWITCHED:
            # No other protocol was requested.
            raise NoAnswerError(UNREADABLE, status)
        if status < _FINAL:
            self.headers = []
            return
        self.status = status
        if self._is_head:
            self._finish()
        elif status not in _WITHOUT_BODY and self._has_transfer_coding():
            raise NoAnswerError(UNREADABLE, status)

    def on_body(self, data: bytes) -> None:
        """Handle a part of the body."""
        if self.is_done:
            self._has_extra = True
            return
        self._seen_body = True
        self._size += len(data)
        if self._size <= self._bytes_most:
            self._body.append(data)

    def on_message_complete(self) -> None:
        """Handle the end of a response."""
        if self.status and not self.is_done:
            self._finish()

    def _finish(self) -> None:
        self.is_done = True
        self._keeps = self._parser.should_keep_alive()

    def _has_transfer_coding(self) -> bool:
        """Whether there is a transfer coding other than chunked, which was not requested."""
        return any(
            name.lower() == b"transfer-encoding" and value.strip().lower() != b"chunked"
            for name, value in self.headers
        )


# ── A request as bytes: no content can be taken for a second request

if TYPE_CHECKING:
    from footfall._load.http.client import Sendable

SAFE_METHODS = frozenset({"GET", "HEAD"})
"""Safe methods (RFC 9110, 9.2.1), which may be repeated."""
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})
_TARGET = re.compile(r"/[!-~]*")
_VALUE = re.compile(r"[\t -~\xa0-\xff]*")
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def is_header_value(text: str) -> bool:
    """Whether a header can hold a text: Latin-1 without control characters (RFC 9110, 5.5)."""
    return _VALUE.fullmatch(text) is not None


def message_of(address: Address, request: "Sendable", *, closes: bool = False) -> bytes:
    """Return a request as bytes; with `closes` the connection is not kept.

    Raises:
        NoAnswerError: the path is not ASCII, or a header has a control character, such as a line break, or a
            character outside Latin-1 (RFC 9110, 5.5).
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
