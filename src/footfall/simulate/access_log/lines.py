"""Lines of servers' logs as text: a time in brackets, in ISO form or since 1970, and a request in quotes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from re import escape

import polars as pl

from footfall.simulate.access_log.paths import path_of

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
