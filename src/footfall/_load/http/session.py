"""One customer's HTTP session: requests out, answers in, cookies, time limits."""

import re
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass, replace
from email.message import Message
from http.cookiejar import CookieJar, http2time  # type: ignore[attr-defined]  # as the jar reads dates

from gevent.timeout import Timeout

from footfall._load.http.client import Client
from footfall._load.http.connection_options import Address
from footfall._load.http.wire_format import NoAnswerError, ReplyReader
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

# ── The cookies of one customer, by the rules of Python's own cookie jar

_SET = b"set-cookie"
_EXPIRES = re.compile(r"(?i);\s*expires\s*=([^;]*)")
_COOKIES_MOST = 50
"""Of one answer; what comes after them is forgotten."""


class Cookies:
    """What a service gave one customer to send back."""

    __slots__ = ("_address", "_jar")

    def __init__(self, address: Address) -> None:
        """Have none."""
        self._address = address
        self._jar: CookieJar | None = None

    def header(self, path: str) -> str:
        """Give the `Cookie` header for a path below the service; empty: there is none to send."""
        if self._jar is None:
            return ""
        asked = self._asked(path)
        self._jar.add_cookie_header(asked)
        return str(asked.get_header("Cookie", ""))

    def keep(self, path: str, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep what the answer to a path gives."""
        given = [value.decode("latin-1") for name, value in headers if name.lower() == _SET]
        if not given:
            return
        if self._jar is None:
            self._jar = CookieJar()
        self._jar.extract_cookies(_Answered(given[:_COOKIES_MOST]), self._asked(path))  # type: ignore[arg-type]  # all it looks at

    def _asked(self, path: str) -> urllib.request.Request:
        return urllib.request.Request(self._address.url(path))  # noqa: S310  an address that was checked; nothing is opened


class _Answered:
    """An answer, as a cookie jar looks at one."""

    def __init__(self, given: list[str]) -> None:
        self._message = Message()
        for value in given:
            self._message["Set-Cookie"] = _EXPIRES.sub(_readable, value)

    def info(self) -> Message:
        return self._message


def _readable(expires: re.Match[str]) -> str:
    """Give an expiry as it stands, or nothing where it is no date (RFC 6265, 5.2.1): else all are lost."""
    try:
        http2time(expires[1].strip().strip('"'))
    except (ValueError, OverflowError):
        return ""
    return expires[0]


# ── One customer's way to the host: requests of an errand out, answers in, within one time bound each

UNANSWERED = Response(0, problem=NO_ANSWER)


@dataclass(slots=True)
class Exchange:
    """One request and what came of it."""

    answer: Response = UNANSWERED
    reply: ReplyReader | None = None
    """As it came off the connection; None: no whole answer did."""
    connect_s: float = 0.0
    """What it took to open a connection for it, TLS included; 0: a kept one, or none."""
    sent_at: float | None = None
    """`perf_counter` when its last byte was handed to the system; None: it never was."""


class HttpSession:
    """The connections and cookies of one customer."""

    __slots__ = ("_client", "_cookies", "_kept")

    def __init__(self, client: Client) -> None:
        """Connect to nobody yet."""
        self._client = client
        self._kept = client.pool()
        self._cookies = Cookies(client.address)

    def exchange(self, request: RequestSpec, so_far: Exchange | None = None) -> Exchange:
        """Send a request and read its answer to the end; no answer is an answer with a problem.

        `request.timeout_s` bounds the whole: connecting, sending, and the last byte of the answer. Where
        something else ends it, `so_far` holds what was known by then.
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
            return answer_of(request, reply)
        except BadBodyError as error:
            return Response(reply.status, problem=str(error))


_CODING = b"content-encoding"


def answer_of(request: RequestSpec, reply: ReplyReader) -> Response:
    """Give what an answer says, as the request wants to know it: JSON alone, or text and headers, too.

    Raises:
        BadBodyError: the body cannot be unpacked.
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
