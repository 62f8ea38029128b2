"""One customer's HTTP session: requests and responses, cookies, time limits."""

import re
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass, replace
from email.message import Message
from http.cookiejar import CookieJar, http2time  # type: ignore[attr-defined]  # as the jar reads dates

from gevent.timeout import Timeout

from footfall._load.http.client import Client
from footfall._load.http.wire_format import Address, NoAnswerError, ReplyReader
from footfall._load.responses import (
    NO_ANSWER,
    BadBodyError,
    Response,
    joined,
    json_answer,
    unpacked,
    whole_answer,
)
from footfall._load.visit import RequestSpec

# ── The cookies of one customer, by the rules of Python's cookie jar

_SET = b"set-cookie"
_EXPIRES = re.compile(r"(?i);\s*expires\s*=([^;]*)")
_COOKIES_MOST = 50
"""Per response; further ones are ignored."""


class Cookies:
    """The cookies of one customer."""

    __slots__ = ("_address", "_jar")

    def __init__(self, address: Address) -> None:
        """Begin without cookies."""
        self._address = address
        self._jar: CookieJar | None = None

    def header(self, path: str) -> str:
        """Return the `Cookie` header for a path of the service; empty if there is none."""
        if self._jar is None:
            return ""
        asked = self._asked(path)
        self._jar.add_cookie_header(asked)
        return str(asked.get_header("Cookie", ""))

    def keep(self, path: str, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Store the cookies of the response to a path."""
        given = [value.decode("latin-1") for name, value in headers if name.lower() == _SET]
        if not given:
            return
        if self._jar is None:
            self._jar = CookieJar()
        self._jar.extract_cookies(_Answered(given[:_COOKIES_MOST]), self._asked(path))  # type: ignore[arg-type]  # all that it reads

    def _asked(self, path: str) -> urllib.request.Request:
        return urllib.request.Request(self._address.url(path))  # noqa: S310  a checked address; nothing is opened


class _Answered:
    """A response as a cookie jar reads it."""

    def __init__(self, given: list[str]) -> None:
        self._message = Message()
        for value in given:
            self._message["Set-Cookie"] = _EXPIRES.sub(_readable, value)

    def info(self) -> Message:
        return self._message


def _readable(expires: re.Match[str]) -> str:
    """Return an expiry, or nothing if it is not a date (RFC 6265, 5.2.1): otherwise all cookies are lost."""
    try:
        http2time(expires[1].strip().strip('"'))
    except (ValueError, OverflowError):
        return ""
    return expires[0]


# ── One customer's requests and their responses, each within a time limit

UNANSWERED = Response(0, problem=NO_ANSWER)


@dataclass(slots=True)
class Exchange:
    """One request and its result."""

    answer: Response = UNANSWERED
    reply: ReplyReader | None = None
    """The response as it was read; None: there was no complete one."""
    connect_s: float = 0.0
    """Time to open a connection for it, with TLS; 0: a kept one was used, or none was opened."""
    sent_at: float | None = None
    """`perf_counter` when its last byte was passed to the system; None: it never was."""


class HttpSession:
    """The connections and cookies of one customer."""

    __slots__ = ("_client", "_cookies", "_kept")

    def __init__(self, client: Client) -> None:
        """Open no connection yet."""
        self._client = client
        self._kept = client.pool()
        self._cookies = Cookies(client.address)

    def exchange(self, request: RequestSpec, so_far: Exchange | None = None) -> Exchange:
        """Send a request and read its whole response; without one, `problem` says why.

        `request.timeout_s` limits the whole exchange, from connecting to the last byte of the response. If an
        exception ends it, `so_far` holds what was known by then.
        """
        done = so_far or Exchange()

        def note_sent(connect_s: float, sent_at: float) -> None:
            done.connect_s, done.sent_at = connect_s, sent_at

        if (
            request.keeps_cookies
            and not _names(request, "cookie")
            and (cookie := self._cookies.header(request.target))
        ):
            request = replace(request, headers={**request.headers, "Cookie": cookie})
        timeout = Timeout.start_new(request.timeout_s)
        try:
            done.reply = self._client.ask(request, self._kept, note_sent)
        except NoAnswerError as error:
            done.answer = Response(error.status, problem=error.cause)
        except Timeout as passed:
            if passed is not timeout:
                raise
        finally:
            timeout.close()
        if done.reply is not None:
            done.answer = self._read(request, done.reply)
        return done

    def close(self) -> None:
        """Close the customer's own connections."""
        while self._kept and not self._client.is_shared:
            self._kept.pop().close()

    def _read(self, request: RequestSpec, reply: ReplyReader) -> Response:
        if request.keeps_cookies:
            self._cookies.keep(request.target, reply.headers)
        try:
            return _answer_of(request, reply)
        except BadBodyError as error:
            return Response(reply.status, problem=str(error))


_CODING = b"content-encoding"


def _answer_of(request: RequestSpec, reply: ReplyReader) -> Response:
    """Return the response as the request needs it: only JSON, or also text and headers.

    Raises:
        BadBodyError: the body cannot be decompressed.
    """
    wanted = (
        reply.headers
        if request.keeps_text
        else [each for each in reply.headers if each[0].lower() == _CODING]
    )
    headers = joined(wanted) if wanted else {}
    body = unpacked(reply.body, headers.get("content-encoding", ""), request.answer_bytes_most)
    return (
        whole_answer(reply.status, body, headers) if request.keeps_text else json_answer(reply.status, body)
    )


def _names(request: RequestSpec, header: str) -> bool:
    return any(name.lower() == header for name in request.headers)
