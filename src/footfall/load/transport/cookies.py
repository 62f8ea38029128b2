"""The cookies of one customer, by the rules of Python's own cookie jar."""

import re
from collections.abc import Iterable
from email.message import Message
from http.cookiejar import CookieJar, http2time  # type: ignore[attr-defined]  # as the jar reads dates
from urllib.request import Request

from footfall.load.transport.address import Address

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

    def _asked(self, path: str) -> Request:
        return Request(self._address.url(path))  # noqa: S310  an address that was checked; nothing is opened


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
