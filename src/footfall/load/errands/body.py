"""The body of an answer: whole, unpacked as far as a limit says, as text in its charset and as JSON."""

import codecs
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from email.message import Message
from typing import Any

import brotli

from footfall.load.errands.answers import CUT_SHORT, TOO_LONG, UNREADABLE, Answer

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


def limited_answer(status: int, raw: bytes, headers: Mapping[str, str], bytes_most: int) -> Answer:
    """Give the answer with all that its body holds; one that is cut short or unpacks to more is a problem."""
    try:
        content = unpacked(raw, headers.get("content-encoding", ""), bytes_most)
    except BadBodyError as error:
        return Answer(status, problem=str(error), headers=headers)
    return whole_answer(status, content, headers)


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


def whole_answer(status: int, raw: bytes, headers: Mapping[str, str]) -> Answer:
    """Give the answer with text, headers and JSON; the JSON of what is none is None."""
    charset = charset_of(
        next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    )
    text = raw.decode(charset or "utf-8-sig", errors="replace")
    document = json_of(text if charset else raw)
    data = document if isinstance(document, dict) else {}
    return Answer(status, data, text=text, headers=headers, document=document)


def json_answer(status: int, raw: bytes) -> Answer:
    """Give an answer of the reference service's kind: a JSON object, or nothing that counts."""
    data = json_of(raw) if raw else None
    return Answer(status, data if isinstance(data, dict) else {})


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
