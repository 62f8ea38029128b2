"""Requests and responses of the reference service, and the errors that it answers with."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_plus

from pydantic_core import from_json, to_json
from starlette.types import Receive, Scope, Send

# ── API errors: every code with its HTTP status and what it means

ERRORS: dict[str, tuple[int, str]] = {
    "bad_request": (400, "The request does not have the documented form."),
    "wrong_pin": (401, "Number and PIN do not belong together."),
    "no_session": (401, "No open session has this token."),
    "wrong_key": (401, "The gateway's key is missing or wrong."),
    "wrong_token": (401, "The control token is missing or wrong."),
    "not_found": (404, "Not found."),
    "wrong_method": (405, "This path does not support this method."),
    "patience": (408, "The customer lost patience while waiting."),
    "insufficient_funds": (409, "The balance does not cover the price."),
    "under_contract": (409, "The contract of this account forbids a change of plan."),
    "number_taken": (409, "The number is not reserved for this subscriber."),
    "no_visit": (409, "This channel needs a visit in progress."),
    "cancelled": (409, "The order was cancelled."),
    "expired": (410, "The time for the second confirmation has passed."),
    "too_large": (413, "The body is longer than 64 KiB."),
    "unknown_item": (422, "There is no such item to order."),
    "not_offered": (422, "This channel does not offer this operation."),
    "key_reused": (422, "This idempotency key belongs to another order."),
    "unknown_site": (422, "The channel has no such site."),
    "bad_callback": (422, "Answers may be posted to http://127.0.0.1 or http://localhost only."),
    "unknown_command": (422, "The message is not a known command."),
    "nothing_pending": (409, "No order is waiting for confirmation."),
    "rate_limit": (429, "The rate limit is exceeded."),
    "message_rate": (429, "The gateway's queue is full."),
    "internal": (500, "The service failed; its log says why."),
    "throttled": (503, "The queue is full."),
    "queue_timeout": (503, "The request waited too long in the queue."),
    "no_room": (503, "The waiting room is full."),
    "long_queue": (503, "The display shows a longer wait than the customer accepts."),
    "no_line": (503, "All lines are busy."),
    "out_of_order": (503, "All machines at this site are out of order."),
    "closed": (503, "The channel is not open."),
    "outage": (503, "The channel is down."),
    "no_database": (503, "The database cannot be reached; nothing was changed."),
    "commit_unknown": (
        504,
        "The database connection was lost during a commit; repeat the request to learn its outcome.",
    ),
    "breakdown": (502, "The machine broke down."),
    "deadline": (504, "No response within the deadline."),
}


class ApiError(Exception):
    """An error response: HTTP status, code and one sentence."""

    def __init__(self, status: int, code: str, detail: str, retry_after_s: int | None = None) -> None:
        """Create the error; `retry_after_s` becomes the Retry-After header."""
        super().__init__(code)
        self.retry_after_s = retry_after_s
        self.status = status
        self.code = code
        self.detail = detail


def api_error(code: str, detail: str = "", retry_after_s: int | None = None) -> ApiError:
    """Return the error of a code in the table, with the table's sentence unless `detail` is given."""
    status, sentence = ERRORS[code]
    return ApiError(
        status, "throttled" if code == "message_rate" else code, detail or sentence, retry_after_s
    )


# ── One HTTP request and its response, without the cost of a framework

HttpResponse = tuple[int, Any]
"""HTTP status, and the data to send as JSON (None: no body)."""

_BODY_BYTES_MAX = 64 * 1024
TEXT_MAX = 64
_HEADER_MAX = 256
_QUERY_PARTS_MAX = 8
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_NO_FIELDS: dict[str, Any] = {}


class HttpRequest:
    """One request: path parameters, headers, query and JSON body."""

    __slots__ = ("_receive", "_scope", "body", "parameters")

    def __init__(self, scope: Scope, receive: Receive, parameters: tuple[str, ...]) -> None:
        """Wrap an ASGI request."""
        self._scope = scope
        self._receive = receive
        self.parameters = parameters
        self.body = _NO_FIELDS

    def header(self, name: bytes) -> str:
        """Return a header by its lower-case name; empty if absent.

        Raises:
            ApiError: it is longer than 256 bytes.
        """
        for key, value in self._scope["headers"]:
            if key == name:
                if len(value) > _HEADER_MAX:
                    raise api_error("bad_request", f"Header {name.decode()} is too long.")
                return str(value, "latin-1")
        return ""

    async def read_body(self) -> None:
        """Read the JSON object in the body; an empty body is an empty object.

        Raises:
            ApiError: the body is too long, incomplete, or not a JSON object.
        """
        message = await self._receive()
        raw = message.get("body", b"")
        # Stop reading as soon as the body is known to be too long.
        while message.get("more_body", False) and len(raw) <= _BODY_BYTES_MAX:
            message = await self._receive()
            raw += message.get("body", b"")
        if len(raw) > _BODY_BYTES_MAX:
            raise api_error("too_large")
        if message["type"] == "http.disconnect":
            raise api_error("bad_request", "The body is incomplete.")
        if not raw:
            return
        try:
            self.body = from_json(raw, allow_inf_nan=False)
        except ValueError:
            raise api_error("bad_request", "The body is not valid JSON.") from None
        if not isinstance(self.body, dict):
            raise api_error("bad_request", "The body is not a JSON object.")

    async def wait_for_disconnect(self) -> None:
        """Return once the client has disconnected; call only after the body is read."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def text(self, name: str, longest: int = TEXT_MAX) -> str:
        """Return a string field of the body, 1 to `longest` characters.

        Raises:
            ApiError: it is missing, not a string, or too long.
        """
        value = self.body.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= longest or "\x00" in value:
            raise api_error("bad_request", f"{name} must be a string of 1 to {longest} characters.")
        return value

    def number(self, name: str, low: float, high: float) -> float:
        """Return a number of the body, clamped to its bounds; NaN and strings are rejected.

        Raises:
            ApiError: it is missing or not a number.
        """
        return bounded(self.body.get(name), name, low, high)

    def integer(self, name: str) -> int:
        """Return an integer of the body; 3.0 counts as one.

        Raises:
            ApiError: it is missing or not an integer.
        """
        value = integer(self.body.get(name))
        if value is None:
            raise api_error("bad_request", f"{name} must be an integer.")
        return value

    def query_number(self, name: str, default: float, low: float, high: float) -> float:
        """Return a number of the query, clamped to its bounds.

        Raises:
            ApiError: it is not a number.
        """
        for part in str(self._scope["query_string"], "latin-1").split("&", _QUERY_PARTS_MAX):
            key, _, text = part.partition("=")
            if key == name:
                text = unquote_plus(text)
                # float() alone accepts more than JSON does: "1_0", "nan", digits of other scripts.
                if len(text) > TEXT_MAX or not _NUMBER.fullmatch(text):
                    raise api_error("bad_request", f"{name} must be a number.")
                return bounded(float(text), name, low, high)
        return default


def integer(value: object) -> int | None:
    """Return a JSON number as an integer; None if it is not one."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        return None
    return int(value)


def bounded(value: object, name: str, low: float, high: float) -> float:
    """Return a number clamped to its bounds.

    Raises:
        ApiError: it is not a number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124  NaN
        raise api_error("bad_request", f"{name} must be a number.")
    return min(max(value, low), high)


async def send_response(
    send: Send, response: HttpResponse, extra_headers: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    """Send status, length and JSON, with extra headers if given."""
    status, data = response
    body = b"" if data is None else to_json(data)
    headers = [(b"content-length", b"%d" % len(body)), *extra_headers]
    if data is not None:
        headers.append((b"content-type", b"application/json"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
