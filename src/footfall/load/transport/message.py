"""A request as bytes: nothing that it holds can be taken for a second one."""

import re
from typing import TYPE_CHECKING

from footfall.load.transport.address import Address
from footfall.load.transport.problems import NoAnswerError
from footfall.load.transport.reply import HEAD_BYTES_MOST
from footfall.records.outcomes import HEADER_NOT_SENDABLE, PATH_NOT_SENDABLE

if TYPE_CHECKING:
    from footfall.load.transport.client import Sendable

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
