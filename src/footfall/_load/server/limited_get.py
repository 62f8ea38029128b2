"""A GET on a kept connection, within limits of time and size; redirects are not followed."""

import http.client
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from footfall._load.http.wire_format import DEFAULT_TRANSPORT, Address, TransportOptions
from footfall._load.server.server_sampler import SourceError

BYTES_MOST = 8 * 1024 * 1024
_PIECE_BYTES = 64 * 1024
_REDIRECTS = range(300, 400)


@dataclass(frozen=True, slots=True, kw_only=True)
class GetOptions:
    """How an address is asked."""

    timeout_s: float = 2.0
    """For each step of the exchange, and for the whole of it."""
    bytes_most: int = BYTES_MOST
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """With every request; they may hold secrets."""
    transport: TransportOptions = DEFAULT_TRANSPORT
    """Which certificates are trusted."""


class LimitedGet:
    """One server, asked again and again by one thread."""

    def __init__(self, address: Address, options: GetOptions) -> None:
        """Open no connection yet."""
        self._address = address
        self._options = options
        self._connection: http.client.HTTPConnection | None = None

    def get(self, target: str) -> tuple[int, bytes]:
        """Return status and body; a kept connection that was closed meanwhile is opened again, once.

        Raises:
            SourceError: there is no whole response within the limits.
        """
        try:
            return self._asked(target)
        except SourceError:
            self.close()
            raise
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise _failed(error) from error

    def close(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _asked(self, target: str) -> tuple[int, bytes]:
        is_kept = self._connection is not None
        try:
            return self._exchange(target)
        except (ConnectionError, http.client.HTTPException):
            if not is_kept:
                raise
        self.close()
        return self._exchange(target)

    def _exchange(self, target: str) -> tuple[int, bytes]:
        until_s = time.monotonic() + self._options.timeout_s
        if self._connection is None:
            self._connection = self._opened()
        self._connection.request("GET", target, headers=dict(self._options.headers))
        with self._connection.getresponse() as response:
            body = self._body(response, until_s)
        if response.will_close:
            self.close()
        return response.status, body

    def _body(self, response: http.client.HTTPResponse, until_s: float) -> bytes:
        if response.status in _REDIRECTS:
            msg = f"status {response.status}: it redirects, which is not followed; give the final address"
            raise SourceError(msg)
        body = bytearray()
        while piece := response.read1(_PIECE_BYTES):
            body += piece
            if len(body) > self._options.bytes_most:
                msg = f"more than {self._options.bytes_most:,} bytes"
                raise SourceError(msg)
            if time.monotonic() > until_s:
                raise TimeoutError
        if response.length:
            msg = f"cut short: {response.length:,} bytes are missing"
            raise SourceError(msg)
        return bytes(body)

    def _opened(self) -> http.client.HTTPConnection:
        host, port, timeout_s = self._address.name, self._address.port, self._options.timeout_s
        if self._address.is_secure:
            context = tls_context(self._options.transport)
            return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)
        return http.client.HTTPConnection(host, port, timeout=timeout_s)


def tls_context(transport: TransportOptions) -> ssl.SSLContext:
    """Return how certificates are checked: as the generator checks those of the service."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if transport.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif transport.trusted:
        context.load_verify_locations(**transport.trusted)
    else:
        context.load_default_certs()
    return context


def _failed(error: Exception) -> SourceError:
    if isinstance(error, TimeoutError):
        return SourceError("no whole response in time")
    if isinstance(error, ssl.SSLCertVerificationError):
        return SourceError(f"its certificate is not trusted ({error.verify_message})")
    if isinstance(error, ConnectionRefusedError):
        return SourceError("connection refused")
    # Texts of other errors may quote what was sent.
    return SourceError(f"no response ({type(error).__name__})")
