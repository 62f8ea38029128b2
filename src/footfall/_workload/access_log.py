"""Access logs of web servers, line by line: combined, JSON, W3C and load balancers."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from re import escape
from typing import Any

import polars as pl

# ── Logs in W3C's extended format, as IIS and CloudFront write them: `#Fields:` names the columns

_STEMS = ("cs-uri-stem", "cs-uri", "cs-uri-path")


def is_w3c(sample: Sequence[str]) -> bool:
    """Tell whether some line names fields."""
    return any(line.lstrip("\ufeff").lower().startswith("#fields:") for line in sample)


@dataclass(slots=True)
class Fields:
    """The fields as the last directive named them."""

    names: list[str] = field(default_factory=list)
    date: str = ""

    def cells(self, line: str) -> tuple[str | None, str | None] | None:
        """Give time (UTC) and path of a line; None: it is a directive, not a row."""
        line = line.lstrip("\ufeff").strip()
        if line.startswith("#"):
            name, _, value = line[1:].partition(":")
            if name.strip().lower() == "fields":
                self.names = [each.lower() for each in value.split()]
            elif name.strip().lower() == "date":
                self.date = value.strip().partition(" ")[0]
            return None
        parts = line.split("\t") if "\t" in line else line.split(" ")
        if len(parts) != len(self.names):
            return None, None
        given = dict(zip(self.names, parts, strict=True))
        day, clock = given.get("date", self.date), given.get("time")
        path = next((given[name] for name in _STEMS if name in given), None)
        query = given.get("cs-uri-query", "-")
        if path is not None and query not in {"-", ""}:
            path = f"{path}?{query}"
        return (f"{day} {clock}+0000" if day and clock else None), path


# ── The path that a request of a log asked for, however the log tells it

_REQUEST = r"(?s)^[!#$%&'*+.^_`|~0-9A-Za-z-]+ +(.*?)(?: HTTP/[\d.]+)?$"
"""A method is a token (RFC 9110, section 5.6.2), so it may have hyphens; a target may hold blanks."""
_ORIGIN = r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*"
"""Scheme and host of an absolute target (RFC 9112, section 3.2.2)."""


def path_of(given: pl.Expr) -> pl.Expr:
    """Give the path and query of a request line, a URL or a path; empty where there is none."""
    text = given.fill_null("").str.strip_chars()
    target = pl.coalesce(text.str.extract(_REQUEST, 1), text).str.replace_all(r'\\"', '"')
    bare = target.str.replace(_ORIGIN, "")
    rooted = pl.when((bare == "") & (target != "")).then(pl.lit("/")).otherwise(bare)
    return pl.when(target == "-").then(pl.lit("")).otherwise(rooted)


# ── Lines of servers' logs as text: a time in brackets, in ISO form or since 1970, and a request in quotes

_QUOTED = r'((?:[^"\\]|\\.)*)'
_AFTER_TIME = rf'\] "{_QUOTED}"'
_WITH_VERSION = r'"((?:[^"\\]|\\.)*? HTTP/[\d.]+)"'
_IN_QUOTES = r'"((?:GET|HEAD|POST|PUT|DELETE|PATCH|OPTIONS|CONNECT|TRACE) [^"]*)"'
_SQUID = r"\s[A-Z_]+/\d{3} \d+ ([A-Z-]+ \S+) "
_PAIRS = r'(?:^|\s)(?:path|uri|url)="?([^"\s]*)'
_BARE = r"(?:^|\s)((?:GET|HEAD|POST|PUT|DELETE|PATCH|OPTIONS) \S+)"
_LIKE_SHARE = 0.3
"""Share of the lines looked at that have to be of a form."""
_DIRECTIVES = {
    "Y": r"\d{4}", "m": r"\d{1,2}", "d": r"\d{1,2}", "e": r" ?\d{1,2}", "H": r"\d{1,2}", "I": r"\d{1,2}",
    "M": r"\d{2}", "S": r"\d{2}", "y": r"\d{2}", "f": r"\d+", "b": r"\w{3}", "B": r"\w+", "a": r"\w{3}",
    "A": r"\w+", "p": r"[AaPp][Mm]", "z": r"(?:Z|[+-]\d{2}:?\d{2})", "T": r"\d{2}:\d{2}:\d{2}",
    "R": r"\d{2}:\d{2}", "D": r"\d{2}/\d{2}/\d{2}", "F": r"\d{4}-\d{2}-\d{2}", "j": r"\d{3}", "s": r"\d+",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LineForm:
    """How a line tells time and request."""

    name: str
    time: str
    """Pattern whose first group is the time."""
    requests: tuple[str, ...]
    """Patterns whose first group is the request; the first that is found counts."""
    needs_request: bool = True
    """Whether a time alone is not enough to know a line by."""


FORMS = (
    LineForm(
        "lines with a time in brackets",
        r"\[(\d{1,2}/\w{3}/\d{4}:\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?: ?[+-]\d{2}:?\d{2})?)\]",
        (_AFTER_TIME, _WITH_VERSION, _IN_QUOTES),
        needs_request=False,
    ),
    LineForm(
        "lines with an ISO time",
        r"(\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z| ?[+-]\d{2}:?\d{2})?)",
        (_AFTER_TIME, _WITH_VERSION, _IN_QUOTES, _PAIRS),
    ),
    LineForm(
        "lines with a time since 1970",
        r"^\[?(\d{10}(?:\.\d+)?|\d{13})\]?\s",
        (_WITH_VERSION, _IN_QUOTES, _SQUID),
    ),
)
"""Common, combined, HAProxy, Traefik, S3; Envoy, load balancers of AWS, routers; Squid."""
_TIMES = LineForm(
    "lines of a time each",
    r"^[\[\"]?(\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}:\d{2}\S*(?: ?[+-]\d{2}:?\d{2})?"
    r"|\d{10}(?:[.,]\d+)?|\d{13}(?:\.\d+)?)[\]\"]?$",
    (_BARE,),
    needs_request=False,
)
"""Times without a request and without a heading."""


def form_of_lines(sample: Sequence[str], time_format: str | None) -> LineForm | None:
    """Give the form that most of some lines have; None: too few have any.

    Of forms that as many have, the earlier counts: before a time in brackets a carrier may have put its own.
    """
    if time_format is None and sample and all(re.search(_TIMES.time, line) for line in sample):
        return _TIMES
    forms = FORMS if time_format is None else (_own(time_format),)
    counts = [sum(_is_of(form, line) for line in sample) for form in forms]
    most = max(counts)
    return None if most == 0 or most < _LIKE_SHARE * len(sample) else forms[counts.index(most)]


def cells_of_lines(lines: Sequence[str], form: LineForm) -> pl.DataFrame:
    """Give time (text, null where there is none) and path of each line."""
    text = pl.Series("line", lines, dtype=pl.String)
    line = pl.col("line")
    found = pl.coalesce(*(line.str.extract(pattern, 1) for pattern in form.requests))
    return text.to_frame().select(time=line.str.extract(form.time, 1), path=path_of(found))


def time_in(text: str) -> str | None:
    """Give the first time in a text that lines of a known form could hold; None: there is none."""
    found = (re.search(form.time, text) for form in FORMS)
    return next((each.group(1) for each in found if each is not None), None)


def _is_of(form: LineForm, line: str) -> bool:
    if not re.search(form.time, line):
        return False
    return not form.needs_request or any(re.search(pattern, line) for pattern in form.requests)


def _own(time_format: str) -> LineForm:
    """Give the form of lines whose time is written in a form of one's own."""
    text = re.sub(r"%[-_0]?\.?\d?([A-Za-z%])", lambda found: f"\x00{found.group(1)}", time_format)
    parts = text.split("\x00")
    pattern = escape(parts[0]) + "".join(
        _DIRECTIVES.get(part[:1], ".+?").replace(r"\d+", r"\.?\d*" if part[:1] == "f" else r"\d+")
        + escape(part[1:])
        for part in parts[1:]
    )
    requests = (_AFTER_TIME, _WITH_VERSION, _IN_QUOTES, _PAIRS, _BARE)
    return LineForm("lines with a time as --time-format says", rf"({pattern})", requests)


# ── Logs of one JSON object a line, however deep time and path lie in it, and wrappers of containers' lines

_DEPTH_MOST = 6
_HEX = re.compile(r"\\x([0-9A-Fa-f]{2})")
_CARRIED = re.compile(r"^\S+ (?:stdout|stderr) [FP] ")
"""What Kubernetes writes before each line of a container."""
_DOCUMENT = re.compile(r"\{$|\[\s*(?:\{|\[|$)")
_MOST = 0.5
_DECODER = json.JSONDecoder()
_BEHIND = frozenset({"", ",", "]", "],"})
"""What may follow an object that stands in an array."""
BEFORE = "before the object"
"""Name of the leaf that holds a time in front of an object, as Caddy's console lines have it."""


def object_of(line: str) -> dict[str, Any] | None:
    """Give the object of a line, also behind a prefix or before a comma; None: there is none."""
    begin = line.find("{")
    if begin < 0:
        return None
    text = line[begin:]
    for candidate in (
        text,
        _HEX.sub(r"\\u00\1", text),
    ):  # nginx escapes bytes in a way that JSON does not know
        try:
            found, end = _DECODER.raw_decode(candidate)
        except (ValueError, RecursionError):
            continue
        return found if isinstance(found, dict) and candidate[end:].strip() in _BEHIND else None
    return None


def leaves_of(line: str) -> dict[str, str]:
    """Give the leaves of a line's object, and under `BEFORE` a time in front of it; empty: no object."""
    found = object_of(line)
    if found is None:
        return {}
    before = line[: line.find("{")]
    time = time_in(before) if before else None
    return flat(found) | ({} if time is None else {BEFORE: time})


def flat(found: dict[str, Any]) -> dict[str, str]:
    """Give the leaves of an object as text, by their path such as `request.uri`."""
    leaves: dict[str, str] = {}
    ways: list[tuple[str, Any, int]] = [("", found, 0)]
    while ways:
        name, value, depth = ways.pop()
        if isinstance(value, dict) and depth < _DEPTH_MOST:
            ways += [(f"{name}.{key}" if name else str(key), part, depth + 1) for key, part in value.items()]
        elif value is not None and not isinstance(value, dict | list):
            leaves.setdefault(name, _text(value))
    return leaves


def _text(value: object) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def is_json(sample: Sequence[str]) -> bool:
    """Tell whether most of some lines hold an object."""
    return bool(sample) and sum(object_of(line) is not None for line in sample) > _MOST * len(sample)


def is_document(sample: Sequence[str]) -> bool:
    """Tell whether lines, of which few hold an object, begin a JSON document of many lines or rows."""
    return bool(sample) and _DOCUMENT.match(sample[0]) is not None


def is_wrapped(sample: Sequence[str]) -> bool:
    """Tell whether most lines are a container's own, wrapped by what runs it."""
    return bool(sample) and sum(unwrapped(line) != line for line in sample) > _MOST * len(sample)


def unwrapped(line: str) -> str:
    """Give the container's own line of one that Docker or Kubernetes wrapped."""
    if line.startswith('{"log":') or ('"stream":' in line and line.startswith("{")):
        inner = (object_of(line) or {}).get("log")
        return inner.rstrip("\n") if isinstance(inner, str) else line
    return _CARRIED.sub("", line, count=1)
