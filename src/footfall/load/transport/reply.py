"""Read one answer off a connection by llhttp, within limits that are counted before anything is parsed."""

import re

import httptools

from footfall.load.errands.answers import CUT_SHORT, HEAD_TOO_LONG, TOO_LONG, UNREADABLE
from footfall.load.transport.problems import NoAnswerError

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
