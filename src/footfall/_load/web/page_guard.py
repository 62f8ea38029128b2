"""What the page refuses: requests for another host or from another site, and unknown form fields."""

from collections.abc import Iterable, Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass
from ipaddress import ip_address
from math import isfinite
from urllib.parse import urlsplit

from footfall._criteria.lists import criteria_of
from footfall._load.http.wire_format import address_of
from footfall._load.locust_options import AS_IN_HOST, JOBS, OWN, REFERENCE, criterion_lines
from footfall._records.errors import BadInputError, seconds_of

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_WILDCARDS = frozenset({"", "*", "0.0.0.0", "::"})  # noqa: S104  recognised here, bound elsewhere
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_TEXT_MOST = 300
_SEED_MOST = 2**63 - 1
_NUMBERS = {"speed": 1000.0, "scale": 1000.0, "window": 86_400.0}
"""Maximum of the form's numbers, all of them above 0; making the trace may be stricter."""
_LOCUSTS_OWN = frozenset({"user_count", "spawn_rate", "run_time", "profile"})
"""Fields that Locust's form always sends, although the trace determines the arrivals."""


@dataclass(frozen=True, slots=True)
class OwnNames:
    """The host names under which the page may be opened."""

    names: frozenset[str]
    any_address: bool
    """If bound to all addresses of its machine, any IP address is accepted, as DNS cannot forge one."""

    @classmethod
    def of(cls, web_host: str, more: str = "") -> "OwnNames":
        """Return the names of a page bound to `web_host`; `more` has further names, comma-separated."""
        named = {each.strip().strip("[]").lower() for each in more.split(",")} - {""}
        is_wildcard = web_host in _WILDCARDS
        bound = set() if is_wildcard else {web_host.strip("[]").lower()}
        return cls(LOOPBACK_NAMES | named | bound, is_wildcard)

    def include(self, host: str | None) -> bool:
        """Whether a `Host` header names this page (RFC 9110, 7.2); a missing one does not."""
        name = _name_in(host or "")
        return name is not None and (name in self.names or (self.any_address and _is_address(name)))


def is_foreign(method: str, host: str, site: str | None, origin: str | None) -> bool:
    """Whether another web site sends this request, and it may change something.

    Browsers send the site of origin in `Sec-Fetch-Site`; old ones only in `Origin`.
    """
    if method in _READING:
        return False
    if site and site not in {"same-origin", "none"}:
        return True
    if not origin or (origin == "null" and site):
        return False
    try:
        return urlsplit(origin).netloc != host
    except ValueError:
        return True


def check_form(
    form: Mapping[str, Sequence[str]],
    offered: Mapping[str, Sequence[str] | None],
    repeatable: AbstractSet[str] = frozenset(),
) -> None:
    """Check that a form has only fields of the page, each once, with values that the page can send.

    `form` has the values of each field; `offered` the visible options with their choices, None for free text;
    `repeatable` those that may be sent several times. The fields of Locust's own form are known here.

    Raises:
        BadInputError: a field is not on the form, is repeated, or its value is impossible.
    """
    for name, values in form.items():
        if name not in offered and name not in _LOCUSTS_OWN and name != "host":
            raise BadInputError(f"form field {name[:40]!r}", "is not on this form", _known(offered))
        if len(values) != 1 and name not in repeatable:
            raise BadInputError(f"form field {name[:40]!r}", f"sent {len(values)} times", "one value")
        for value in values:
            if len(value) > _TEXT_MOST or not value.isprintable():
                expected = f"at most {_TEXT_MOST} printable characters"
                raise BadInputError(name, "is too long or not printable", expected)
            _check_value(name, value, offered.get(name))
    profile = (form.get("host_profile") or [AS_IN_HOST])[0]
    if "host" in form and profile == AS_IN_HOST:
        address_of(form["host"][0], "Host")
    if (form.get("test") or [""])[0] in JOBS:
        _check_search(form, profile)


def _check_search(form: Mapping[str, Sequence[str]], profile: str) -> None:
    """Check the fields that only a search uses; in a load run they are hidden and say nothing.

    Raises:
        BadInputError: a value is impossible.
    """
    path = (form.get("path") or [""])[0].strip()
    if path and not (path.startswith("/") and path.isascii() and " " not in path):
        raise BadInputError("Path", repr(path), "a path such as /work, or an empty field")
    if path and profile == REFERENCE:
        expected = f"Host profile {AS_IN_HOST!r} or another host, or an empty path"
        raise BadInputError("Path", "the reference service has no such path", expected)
    criteria_of(criterion_lines((form.get("criteria") or [""])[0]), "Criteria")
    if "budget" in form:
        seconds_of(form["budget"][0], "Budget")


def _check_value(name: str, value: str, choices: Sequence[str] | None) -> None:
    if name in _NUMBERS:
        _check_number(name, value, 0.0, _NUMBERS[name])
    elif name == "seed":
        # isdigit alone would accept digits that int() refuses.
        if value and not (value.isascii() and value.isdigit() and int(value) <= _SEED_MOST):
            raise BadInputError("Seed", repr(value), "a whole number, or an empty field")
    elif name == "run_time":
        if value:
            raise BadInputError("Run time", repr(value), "an empty field: Window sets the length of a run")
    elif name in {"user_count", "spawn_rate"}:
        # Locust reads them first; the trace determines the arrivals.
        _check_number(name, value, -1.0, 1e9)
    elif choices is not None and value not in choices:
        raise BadInputError(name, f"{value!r} is not offered", f"one of {', '.join(choices)}")


def _check_number(name: str, value: str, low: float, high: float) -> None:
    if value.strip() in {"", OWN} and name in _NUMBERS:
        return
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not isfinite(number) or not low < number <= high:
        raise BadInputError(name.capitalize(), repr(value), f"a number above {low:g}, at most {high:g}")


def _known(offered: Iterable[str]) -> str:
    return f"one of {', '.join(sorted({*offered, 'host'}))}"


def _name_in(host: str) -> str | None:
    """Return the name in a `Host` header without its port; None if the header is malformed."""
    if not host or len(host) > _TEXT_MOST or any(sign in host for sign in "/@?#,\\ \t"):
        return None
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    return parts.hostname


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
