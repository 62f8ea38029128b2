"""What a response means for a visit, and how its body is read within limits."""

import codecs
import contextlib
import errno
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

import brotli
import gevent

from footfall._load.secrets import cleaned, shown_code
from footfall._records.load_generator import NO_DESCRIPTOR, NO_PORT
from footfall._records.rows import Outcome

# ── What a response means for a visit: one table, and never success by default

Ending = tuple[Outcome, str]
"""Outcome and cause of a visit; the cause is empty if it was served."""
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
"""For codes that are not in the table above, such as causes named by a model."""
_SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class Response:
    """The response to one request."""

    status: int
    """HTTP status; 0 if there was no response."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """The JSON object of the body; empty if there is none."""
    problem: str = ""
    """Why there was no readable response; empty if there was one."""
    text: str = ""
    """The body, if the request keeps it."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """The headers, if the request keeps them."""
    document: Any = None
    """The JSON of the body, if the request keeps it and it is JSON; otherwise None."""

    @property
    def code(self) -> str:
        """The error code in the response, unchanged; empty if there is none."""
        code = self.data.get("code", "")
        return code if isinstance(code, str) else ""


def ending_of(answer: Response, hidden: Iterable[str] = ()) -> Ending:
    """Return how a visit ends with a response that is not a success; never `served`.

    `hidden` are secrets that the service may repeat; no cause contains them.
    """
    if answer.problem:
        return Outcome.TIMEOUT if answer.problem == NO_ANSWER else Outcome.ERROR, answer.problem
    if answer.status in _SUCCESS:
        return Outcome.ERROR, UNEXPECTED
    if answer.code in _BY_CODE:
        return _BY_CODE[answer.code], answer.code
    cause = shown_code(answer.code, hidden) or cleaned(f"http_{answer.status}")
    return _BY_STATUS.get(answer.status, Outcome.ERROR), cause


# ── What a request of an own Locust user means for a visit, from its response or exception

CHECK_FAILED = "check_failed"
"""Cause of a request that its user marked as failed although its status was a success."""
CONNECTION_FAILED = "connection_failed"
_GOOD = range(200, 400)
_BY_GRPC_CODE = {"deadline_exceeded": Outcome.TIMEOUT, "resource_exhausted": Outcome.THROTTLED}
"""Status codes of gRPC whose outcome is not `error`."""


def ending_of_request(response: object, exception: BaseException | None) -> Ending:
    """Return how a visit ends with a request, from Locust's event, without the exception's text."""
    if exception is None:
        return SERVED
    status = status_in(response)
    if status in _GOOD:
        return Outcome.ERROR, CHECK_FAILED
    return ending_of(Response(status)) if status else _ending_by(exception)


def _ending_by(exception: BaseException) -> Ending:
    """Return the ending of a request without a response."""
    if (ran_out := _ran_out(exception)) is not None:
        return Outcome.ERROR, ran_out
    if isinstance(exception, TimeoutError | gevent.Timeout) or "timeout" in type(exception).__name__.lower():
        return Outcome.TIMEOUT, NO_ANSWER
    if code := _grpc_code(exception):
        return _BY_GRPC_CODE.get(code, Outcome.ERROR), f"grpc_{code}"
    if isinstance(exception, ConnectionError) or "connection" in type(exception).__name__.lower():
        return Outcome.ERROR, CONNECTION_FAILED
    return Outcome.ERROR, cleaned(f"raised_{type(exception).__name__}")


def status_in(response: object) -> int:
    """Return the status of a response of any client; 0 if it has none."""
    status = getattr(response, "status_code", 0)
    return status if isinstance(status, int) else 0


def _ran_out(exception: BaseException) -> str | None:
    """Return the resource that the generator ran out of; clients wrap the error, but keep its text."""
    text = str(exception)
    for number, cause in ((errno.EMFILE, NO_DESCRIPTOR), (errno.EADDRNOTAVAIL, NO_PORT)):
        if getattr(exception, "errno", None) == number or f"[Errno {number}]" in text:
            return cause
    return None


def _grpc_code(exception: BaseException) -> str:
    code = getattr(exception, "code", None)
    if callable(code):
        with contextlib.suppress(Exception):
            return cleaned(str(getattr(code(), "name", "")).lower())
    return ""


# ── The body of a response: complete, decompressed up to a limit, as text in its charset and as JSON

ACCEPTED = "gzip, deflate, br"
"""Content codings that `unpacked` can decode."""
_GZIP = 16 + zlib.MAX_WBITS
_GZIP_HEAD = b"\x1f\x8b"
_CODINGS_MOST = 3
_MEMBERS_MOST = 64
_CONTENT_TYPE_MOST = 500
_NO_CHARSETS = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "utf_7", "mbcs"}
)
"""Python codecs that are not charsets of web pages; some take minutes on malicious input."""


class BadBodyError(Exception):
    """A body cannot be used; the text is the cause."""


def joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by names in lower case; values of equal names are joined by commas (RFC 9110, 5.3)."""
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
    """Decode `Content-Encoding`.

    Raises:
        BadBodyError: the coding is unknown, the body is damaged or incomplete, or exceeds the limit.
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
    """Return the response with text, headers and JSON; None if it is not JSON."""
    charset = _charset_of(
        next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    )
    text = raw.decode(charset or "utf-8-sig", errors="replace")
    document = json_of(text if charset else raw)
    data = document if isinstance(document, dict) else {}
    return Response(status, data, text=text, headers=headers, document=document)


def json_answer(status: int, raw: bytes) -> Response:
    """Return a response of the reference service: a JSON object, otherwise empty."""
    data = json_of(raw) if raw else None
    return Response(status, data if isinstance(data, dict) else {})


def json_of(content: str | bytes) -> Any:  # noqa: ANN401  JSON
    """Return the JSON of a text; None if it is damaged, nested too deep, or has a number that is too long."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _charset_of(content_type: str) -> str:
    """Return the charset of a Content-Type; empty if it has none that is known."""
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
        # A gzip file may have several members; anything else after one is padding.
        raw = engine.unused_data
        if not raw.startswith(_GZIP_HEAD) or window != _GZIP:
            return found
    raise BadBodyError(UNREADABLE)


def _deflated(raw: bytes, bytes_most: int) -> bytes:
    """Decode zlib's format, as the standard says, or raw deflate, as some send it (RFC 9110, 8.4.1.2)."""
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
