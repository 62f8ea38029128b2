"""uvicorn's HTTP/1.1 protocol, with limits on the size and arrival time of a request."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_MOST = 64 * 1024
HEADERS_MOST = 100
REQUEST_S_MOST = 30.0
"""From a request's first byte to its last."""
FIRST_S_MOST = 120.0
"""From a connection's beginning to its first byte."""
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedProtocol(HttpToolsProtocol):
    """One connection; without limits the parser would buffer a head of any length, for any time."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Accept a connection and start waiting for its first byte."""
        super().connection_made(transport)
        self._head_bytes = 0
        self._is_in_head = True
        self._late_at_s: float | None = self.loop.time() + FIRST_S_MOST

    def data_received(self, data: bytes) -> None:
        """Parse received data; a head that is too long closes the connection."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._is_in_head and self._head_bytes > HEAD_BYTES_MOST and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """Start a request."""
        super().on_message_begin()
        self._is_in_head = True
        self._late_at_s = self.loop.time() + REQUEST_S_MOST

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header.

        Raises:
            ValueError: there are too many; the parser turns it into a 400.
        """
        if len(self.headers) >= HEADERS_MOST:
            msg = "too many headers"
            raise ValueError(msg)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Finish the head."""
        self._is_in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Finish the request: any further delay is the service's own."""
        self._late_at_s, self._is_in_head, self._head_bytes = None, True, 0
        super().on_message_complete()

    def close_if_late(self, now_s: float) -> None:
        """Close the connection if its request is overdue; `now_s` is on the event loop's clock."""
        if self._late_at_s is not None and now_s > self._late_at_s:
            self.transport.close()


def close_late(connections: Any, now_s: float) -> None:  # noqa: ANN401  uvicorn's set of protocols of any kind
    """Close all connections whose requests are overdue."""
    for each in list(connections):
        if isinstance(each, BoundedProtocol):
            each.close_if_late(now_s)
