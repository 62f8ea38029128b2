"""What a response means for a visit, and its body read within limits."""

import codecs
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

import brotli

from footfall._load.secrets import cleaned, shown_code
from footfall._records.rows import Outcome

# ── What an answer means for a visit: one table, and never success by default

Ending = tuple[Outcome, str]
"""How a visit ends, and why; the reason is empty when it is served."""
SERVED: Ending = (Outcome.SERVED, "")
UNREACHABLE = "unreachable"
CONNECTION_LOST = "connection_lost"
NO_ANSWER = "no_answer"
TOO_LONG = "answer_too_long"
HEAD_TOO_LONG = "answer_head_too_long"
CUT_SHORT = "answer_cut_short"
UNREADABLE = "unreadable_answer"
UNEXPECTED = "unexpected_answer"
UNTRUSTED = "certificate_not_trusted"
TLS_FAILED = "tls_failed"

_BY_CODE = {
    "wrong_pin": Outcome.REJECTED,
    "insufficient_funds": Outcome.REJECTED,
    "under_contract": Outcome.REJECTED,
    "unknown_item": Outcome.REJECTED,
    "unknown_command": Outcome.REJECTED,
    "number_taken": Outcome.REJECTED,
    "expired": Outcome.UNCONFIRMED,
    "nothing_pending": Outcome.UNCONFIRMED,
    "patience": Outcome.ABANDONED,
    "long_queue": Outcome.BALKED,
    "throttled": Outcome.THROTTLED,
    "no_line": Outcome.BLOCKED,
    "no_room": Outcome.BLOCKED,
    "closed": Outcome.CLOSED,
    "out_of_order": Outcome.ERROR,
    "outage": Outcome.ERROR,
    "no_visit": Outcome.ERROR,
    "no_session": Outcome.ERROR,
    "key_reused": Outcome.ERROR,
    "deadline": Outcome.TIMEOUT,
}
_BY_STATUS = {
    408: Outcome.ABANDONED,
    409: Outcome.REJECTED,
    410: Outcome.UNCONFIRMED,
    429: Outcome.THROTTLED,
    504: Outcome.TIMEOUT,
}
"""For codes that the table above does not know: causes that a model names itself."""
_SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class Response:
    """What came back for one request."""

    status: int
    """HTTP status; 0 when there was no answer."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """The JSON object of the body; empty when there was none."""
    problem: str = ""
    """Why there was no answer, or none that can be read; empty when there was one."""
    text: str = ""
    """The body, where the request keeps it."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """As `text`."""
    document: Any = None
    """The JSON of the body, of any kind; None when it is none. As `text`."""

    @property
    def code(self) -> str:
        """The code that the answer names, as it stands there; empty if it names none."""
        code = self.data.get("code", "")
        return code if isinstance(code, str) else ""


def ending_of(answer: Response, hidden: Iterable[str] = ()) -> Ending:
    """How a visit ends with an answer other than the one that was asked for; never `served`.

    `hidden` texts, secrets that the service may repeat, are in no cause.
    """
    if answer.problem:
        return Outcome.TIMEOUT if answer.problem == NO_ANSWER else Outcome.ERROR, answer.problem
    if answer.status in _SUCCESS:
        return Outcome.ERROR, UNEXPECTED
    if answer.code in _BY_CODE:
        return _BY_CODE[answer.code], answer.code
    cause = shown_code(answer.code, hidden) or cleaned(f"http_{answer.status}")
    return _BY_STATUS.get(answer.status, Outcome.ERROR), cause


# ── The body of an answer: whole, unpacked as far as a limit says, as text in its charset and as JSON

ACCEPTED = "gzip, deflate, br"
"""What `unpacked` can undo."""
_GZIP = 16 + zlib.MAX_WBITS
_GZIP_HEAD = b"\x1f\x8b"
_CODINGS_MOST = 3
_MEMBERS_MOST = 64
_CONTENT_TYPE_MOST = 500
_NO_CHARSETS = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "utf_7", "mbcs"}
)
"""Codecs of Python's that no web page is written in; some take minutes for what is made for them."""


class BadBodyError(Exception):
    """A body cannot be used; carries the cause."""


def joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Give headers by names in small letters; values of equal names have commas between (RFC 9110, 5.3)."""
    found: dict[str, str] = {}
    for name, raw in headers:
        key = name.decode("latin-1").lower()
        try:
            value = raw.decode()
        except UnicodeDecodeError:
            value = raw.decode("latin-1")
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def unpacked(raw: bytes, coding: str, bytes_most: int) -> bytes:
    """Undo `Content-Encoding`.

    Raises:
        BadBodyError: the coding is unknown, the body is damaged or not whole, or it unpacks to more.
    """
    codings = [name for part in coding.lower().split(",") if (name := part.strip()) not in {"", "identity"}]
    if not raw or not codings:
        return raw
    if len(codings) > _CODINGS_MOST:
        raise BadBodyError(UNREADABLE)
    for name in reversed(codings):
        undo = _UNDO.get(name)
        if undo is None:
            raise BadBodyError(UNREADABLE)
        try:
            raw = undo(raw, bytes_most)
        except (zlib.error, brotli.error) as error:
            raise BadBodyError(UNREADABLE) from error
        if len(raw) > bytes_most:
            raise BadBodyError(TOO_LONG)
    return raw


def whole_answer(status: int, raw: bytes, headers: Mapping[str, str]) -> Response:
    """Give the answer with text, headers and JSON; the JSON of what is none is None."""
    charset = charset_of(
        next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    )
    text = raw.decode(charset or "utf-8-sig", errors="replace")
    document = json_of(text if charset else raw)
    data = document if isinstance(document, dict) else {}
    return Response(status, data, text=text, headers=headers, document=document)


def json_answer(status: int, raw: bytes) -> Response:
    """Give an answer of the reference service's kind: a JSON object, or nothing that counts."""
    data = json_of(raw) if raw else None
    return Response(status, data if isinstance(data, dict) else {})


def json_of(content: str | bytes) -> Any:  # noqa: ANN401  JSON
    """Give the JSON of a text, None if it is none: damaged, too deep, with a number too long to be one."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def charset_of(content_type: str) -> str:
    """Give the charset that a Content-Type names; empty if it names none that we know."""
    if "charset" not in content_type.lower():
        return ""
    message = Message()
    message["Content-Type"] = " ".join(content_type[:_CONTENT_TYPE_MOST].split())
    charset = message.get_content_charset("")
    try:
        found = codecs.lookup(charset)
        "".encode(charset)
    except (LookupError, ValueError):
        return ""
    if found.name.replace("-", "_") in _NO_CHARSETS:
        return ""
    return {"utf-8": "utf-8-sig"}.get(found.name, found.name)


def _inflated(raw: bytes, bytes_most: int, window: int) -> bytes:
    found = b""
    for _ in range(_MEMBERS_MOST):
        engine = zlib.decompressobj(window)
        found += engine.decompress(raw, bytes_most + 1 - len(found))
        if len(found) > bytes_most:
            return found
        if not engine.eof:
            raise BadBodyError(CUT_SHORT)
        # A file of gzip may have several members; what else comes after one is padding.
        raw = engine.unused_data
        if not raw.startswith(_GZIP_HEAD) or window != _GZIP:
            return found
    raise BadBodyError(UNREADABLE)


def _deflated(raw: bytes, bytes_most: int) -> bytes:
    """By zlib's format, as the standard says, or without its frame, as some send it (RFC 9110, 8.4.1.2)."""
    try:
        return _inflated(raw, bytes_most, zlib.MAX_WBITS)
    except zlib.error:
        return _inflated(raw, bytes_most, -zlib.MAX_WBITS)


def _brotli(raw: bytes, bytes_most: int) -> bytes:
    engine = brotli.Decompressor()
    found: bytes = engine.process(raw, output_buffer_limit=bytes_most + 1)
    while len(found) <= bytes_most and not engine.is_finished():
        more = engine.process(b"", output_buffer_limit=bytes_most + 1 - len(found))
        if not more:
            raise BadBodyError(CUT_SHORT)
        found += more
    return found


_UNDO: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": lambda raw, most: _inflated(raw, most, _GZIP),
    "x-gzip": lambda raw, most: _inflated(raw, most, _GZIP),
    "deflate": _deflated,
    "br": _brotli,
}
