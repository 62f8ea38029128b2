"""One HTTP request and its answer, without a framework's cost."""

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import unquote_plus

from pydantic_core import from_json, to_json

from footfall.service.api_errors import api_error

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Scope = MutableMapping[str, Any]
Answer = tuple[int, Any]
"""HTTP status, and what becomes JSON; None: no body."""

BODY_BYTES_MAX = 64 * 1024
TEXT_MAX = 64
HEADER_MAX = 256
_QUERY_PARTS_MAX = 8
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_NO_FIELDS: dict[str, Any] = {}


class HttpRequest:
    """One request: its path's parameters, headers, query, and JSON body."""

    __slots__ = ("_receive", "_scope", "body", "parameters")

    def __init__(self, scope: Scope, receive: Receive, parameters: tuple[str, ...]) -> None:
        """Note where the request comes from."""
        self._scope = scope
        self._receive = receive
        self.parameters = parameters
        self.body = _NO_FIELDS

    def header(self, name: bytes) -> str:
        """Give a header by its lower-case name; empty when there is none.

        Raises:
            RefusalError: it is longer than 256 bytes.
        """
        for key, value in self._scope["headers"]:
            if key == name:
                if len(value) > HEADER_MAX:
                    raise api_error("bad_request", f"Header {name.decode()} is too long.")
                return str(value, "latin-1")
        return ""

    async def read_body(self) -> None:
        """Read the JSON object that the request carries; an empty body is an empty object.

        Raises:
            RefusalError: it is too long, did not come whole, or is no JSON object.
        """
        message = await self._receive()
        raw = message.get("body", b"")
        # No byte more is waited for than it takes to see that it is too long.
        while message.get("more_body", False) and len(raw) <= BODY_BYTES_MAX:
            message = await self._receive()
            raw += message.get("body", b"")
        if len(raw) > BODY_BYTES_MAX:
            raise api_error("too_large")
        if message["type"] == "http.disconnect":
            raise api_error("bad_request", "The body did not come whole.")
        if not raw:
            return
        try:
            self.body = from_json(raw, allow_inf_nan=False)
        except ValueError:
            raise api_error("bad_request", "The body is no JSON.") from None
        if not isinstance(self.body, dict):
            raise api_error("bad_request", "The body is no JSON object.")

    async def gone(self) -> None:
        """Return when the client has gone; call it only after the body is read."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def text(self, name: str, longest: int = TEXT_MAX) -> str:
        """Give a text of the body, 1 to `longest` characters.

        Raises:
            RefusalError: it is missing, no text, or too long.
        """
        value = self.body.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= longest or "\x00" in value:
            raise api_error("bad_request", f"{name} is a text of 1 to {longest} characters.")
        return value

    def number(self, name: str, low: float, high: float) -> float:
        """Give a number of the body, forced into its bounds; NaN and text are refused.

        Raises:
            RefusalError: it is missing or no number.
        """
        return bounded(self.body.get(name), name, low, high)

    def whole(self, name: str) -> int:
        """Give a whole number of the body; 3.0 is one.

        Raises:
            RefusalError: it is missing or no whole number.
        """
        value = whole(self.body.get(name))
        if value is None:
            raise api_error("bad_request", f"{name} is a whole number.")
        return value

    def query_number(self, name: str, default: float, low: float, high: float) -> float:
        """Give a number of the query, forced into its bounds.

        Raises:
            RefusalError: it is no number.
        """
        for part in str(self._scope["query_string"], "latin-1").split("&", _QUERY_PARTS_MAX):
            key, _, text = part.partition("=")
            if key == name:
                text = unquote_plus(text)
                # float alone takes more than JSON does: "1_0", "nan", digits of other scripts.
                if len(text) > TEXT_MAX or not _NUMBER.fullmatch(text):
                    raise api_error("bad_request", f"{name} is a number.")
                return bounded(float(text), name, low, high)
        return default


def whole(value: object) -> int | None:
    """Give a JSON number as a whole one; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        return None
    return int(value)


def bounded(value: object, name: str, low: float, high: float) -> float:
    """Give a number forced into its bounds.

    Raises:
        RefusalError: it is no number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124  NaN
        raise api_error("bad_request", f"{name} is a number.")
    return min(max(value, low), high)


async def send_answer(send: Send, answer: Answer, more: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """Send status, length and JSON, with more headers if there are any."""
    status, data = answer
    body = b"" if data is None else to_json(data)
    headers = [(b"content-length", b"%d" % len(body)), *more]
    if data is not None:
        headers.append((b"content-type", b"application/json"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
