"""Access logs of web servers: lines, paths and timestamps in their common forms."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from re import escape
from typing import Any

import polars as pl
from polars.exceptions import PanicException, PolarsError

from footfall._model.numbers import DAY_S
from footfall._records.errors import BadInputError
from footfall._workload.log_mapping import Options

# ── Clock times of a table, cell by cell, as instants and as a clock on the wall shows them

NAIVE_FORMATS = (
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M:%S%.f",
    "%Y/%m/%d %H:%M",
    "%d/%b/%Y:%H:%M:%S%.f",
    "%d.%m.%y %H:%M:%S%.f",  # before four digits, which take two for the year 24
    "%d.%m.%y %H:%M",
    "%d.%m.%Y %H:%M:%S%.f",
    "%d.%m.%Y %H:%M",
    "%d-%b-%Y %H:%M:%S%.f",
    "%d %b %Y %H:%M:%S%.f",
    "%Y%m%d %H:%M:%S%.f",
    "%Y%m%d %H%M%S%.f",
    "%y%m%d %H:%M:%S%.f",
    "%Y-%m-%d %I:%M:%S %p",
    "%Y-%m-%d %I:%M %p",
)
ZONED_FORMATS = (
    "%Y-%m-%d %H:%M:%S%.f%z",
    "%Y-%m-%d %H:%M%z",
    "%Y/%m/%d %H:%M:%S%.f%z",
    "%d/%b/%Y:%H:%M:%S%.f%z",
    "%Y%m%d %H%M%S%.f%z",
)
GUESSES = (
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%d/%m/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%d-%m-%Y %H:%M:%S",
    "%m-%d-%Y %H:%M:%S",
    "%d/%m/%y %H:%M:%S",
    "%m/%d/%y %H:%M:%S",
    "%b %d %Y %I:%M:%S %p",
    "%b %d %Y %H:%M:%S",
    "%a %b %d %H:%M:%S %Y",
)
"""Forms that are proposed and never taken without being asked for: day and month could be mixed up."""
UTC = "UTC"
_EPOCHS = ((1e11, 1.0), (1e14, 1e-3), (1e17, 1e-6), (float("inf"), 1e-9))
"""Numbers below the bound count since 1970 in that unit: seconds until 5138, milliseconds from 1973 on."""
_SECONDS_LEAST, _SECONDS_MOST = -6e10, 2.5e11
"""From the year 68 to 9892: times beyond are mistakes."""
_EPOCH_TEXT = r"^(?:\d{9,10}|\d{12,13}|\d{15,16}|\d{18,19})(?:[.,]\d*)?$"
"""From 1973 on in seconds, 2001 in finer units, so that no day written in eight digits is taken for one."""
_SERIAL_TEXT = r"^[2-7]\d{4}(?:[.,]\d+)?$"
_SERIAL_OF_1970 = 25_569
"""Days that spreadsheets count from 30 December 1899 to 1970."""
_HALF_DAY_S = DAY_S / 2


@dataclass(frozen=True, slots=True)
class Moments:
    """A column of clock times; null where a cell is empty or cannot be read."""

    wall_s: pl.Series
    """Seconds from 1970 to what the clock on the wall showed."""
    utc_s: pl.Series
    """Seconds since 1970 in UTC; null where the cell tells no offset."""


def moments(frame: pl.DataFrame, column: str, options: Options, date: str | None = None) -> Moments:
    """Read a column of clock times.

    Text is read by `time_format`, or as ISO 8601 and like forms, as numbers since 1970 in UTC (seconds to
    nanoseconds, by their size) or as a spreadsheet's days; a time with an offset is converted to the clock of
    `timezone`, without one on UTC's.

    Raises:
        BadInputError: the column cannot hold times of the day, or `time_format` is none.
    """
    cells = frame[column]
    if date is not None:
        cells = _day_text(frame[date]) + " " + cells.cast(pl.String).str.strip_chars()
    kind = cells.dtype
    nothing = pl.Series([None], dtype=pl.Float64).new_from_index(0, cells.len())
    if kind in {pl.String, pl.Categorical}:
        naive_s, utc_s = _from_text(cells.cast(pl.String), options)
    elif isinstance(kind, pl.Datetime):
        local_s = _seconds(cells.cast(pl.Datetime("us", kind.time_zone)))
        naive_s, utc_s = (local_s, nothing) if kind.time_zone is None else (nothing, local_s)
    elif kind.is_numeric():
        naive_s, utc_s = nothing, _from_number(cells)
    else:
        expected = "times of the day, as text, time or number"
        raise BadInputError(f"columns.{column}", f"holds {kind}", expected)
    local_s = _seconds(
        _datetimes(utc_s).dt.convert_time_zone(options.timezone or UTC).dt.replace_time_zone(None)
    )
    wall_s = pl.select(pl.coalesce(naive_s, local_s)).to_series().alias(column)
    inside = wall_s.is_between(_SECONDS_LEAST, _SECONDS_MOST).fill_null(value=False)
    return Moments(wall_s.set(~inside, None), utc_s.set(~inside, None))


def after_midnight(times: pl.Expr, arrived: pl.Expr) -> pl.Expr:
    """Give times without a date of their own, put after the arrival where they pass midnight."""
    return pl.when(times < arrived - _HALF_DAY_S).then(times + DAY_S).otherwise(times)


def resolved(wall_s: pl.Series, utc_s: pl.Series, timezone: str | None) -> tuple[pl.Series, pl.Series]:
    """Give the first and the last instant (seconds since 1970, UTC) at which the wall's clock showed a time.

    They differ in the hour that a zone's clocks show twice, and are null in the one that they leave out.
    Without a zone a clock without offset is taken for UTC's.
    """
    if timezone is None:
        both = pl.select(pl.coalesce(utc_s, wall_s)).to_series()
        return both, both
    naive = _datetimes(wall_s).dt.replace_time_zone(None)
    first = naive.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    last = naive.dt.replace_time_zone(timezone, ambiguous="latest", non_existent="null")
    found = [pl.select(pl.coalesce(utc_s, _seconds(each))).to_series() for each in (first, last)]
    return found[0], found[1]


def form_of(value: str) -> str:
    """Say how a clock time that could not be read might be read: forms of `time_format` that read it."""
    fits = [form for form in GUESSES if not _read(pl.Series([value.strip()]), (form,)).null_count()][:2]
    proposed = " or ".join(f'"{form}"' for form in fits) or 'such as "%d/%m/%Y %H:%M:%S"'
    return f"time_format {proposed}"


def _day_text(days: pl.Series) -> pl.Series:
    if isinstance(days.dtype, pl.Datetime | pl.Date):
        return days.dt.strftime("%Y-%m-%d")
    return days.cast(pl.String).str.strip_chars().str.replace(r" 00:00:00(?:\.0+)?$", "")


def _from_text(cells: pl.Series, options: Options) -> tuple[pl.Series, pl.Series]:
    """Read text: seconds on the wall of times without an offset, and since 1970 in UTC of those with one."""
    if options.time_format is not None:
        asked = (options.time_format,) if isinstance(options.time_format, str) else options.time_format
        text = cells.str.strip_chars()
        return (
            _read(text, [form for form in asked if "%z" not in form]),
            _read(text, [form for form in asked if "%z" in form]),
        )
    text = (
        cells.str.strip_chars("[] \t\r\n\u00a0")
        .str.replace(r"(?i)(?: ?Z| UTC| GMT)$", "+0000")
        .str.replace(r"^(\d{4}[-/]?\d{2}[-/]?\d{2})[Tt]", "$1 ")
        .str.replace(r"(:\d{2}),(\d)", "$1.$2")
        .str.replace(r"(\d) ?([+-]\d{2})$", "$1${2}00")
        .str.replace(r"(\d) ([+-]\d{2}:?\d{2})$", "$1$2")
    )
    naive = _read(text, NAIVE_FORMATS)
    if naive.null_count() == text.null_count():
        return naive, pl.Series([None], dtype=pl.Float64).new_from_index(0, text.len())
    rest = text.set(naive.is_not_null(), None)
    zoned = _read(rest, ZONED_FORMATS)
    epochs = rest.set(~rest.str.contains(_EPOCH_TEXT).fill_null(value=False), None)
    number = _from_number(epochs.str.replace(",", ".", literal=True))
    serial = rest.set(~rest.str.contains(_SERIAL_TEXT).fill_null(value=False), None)
    days = serial.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False) - _SERIAL_OF_1970
    return (
        # A spreadsheet's days hold a millisecond, not a microsecond.
        pl.select(pl.coalesce(naive, (days * DAY_S).round(3))).to_series(),
        pl.select(pl.coalesce(zoned, number)).to_series(),
    )


def _from_number(cells: pl.Series) -> pl.Series:
    """Read numbers since 1970 in UTC, each in the unit that its size tells; null where none is finite."""
    number = cells.cast(pl.Float64, strict=False)
    number = number.set(~number.is_finite().fill_null(value=True), None)
    size = pl.col("n").abs()
    unit: pl.Expr = pl.lit(_EPOCHS[-1][1])
    for bound, unit_s in reversed(_EPOCHS[:-1]):
        unit = pl.when(size < bound).then(unit_s).otherwise(unit)
    return number.to_frame("n").select((pl.col("n") * unit).round(6)).to_series()


def _read(text: pl.Series, formats: Iterable[str]) -> pl.Series:
    """Read text by the first of some formats that fits, as seconds since 1970."""
    found = pl.Series([None], dtype=pl.Float64).new_from_index(0, text.len())
    rest = text
    for form in formats:
        if rest.null_count() == rest.len():
            break
        kind = pl.Datetime("us", UTC if "%z" in form else None)
        try:
            read_s = _seconds(rest.str.strptime(kind, form, strict=False))
        except (PolarsError, PanicException, ValueError) as error:
            problem = f"{form!r} is not a format of date and time"
            raise BadInputError("time_format", problem, 'one such as "%d/%m/%Y %H:%M:%S"') from error
        found = pl.select(pl.coalesce(found, read_s)).to_series()
        rest = rest.set(read_s.is_not_null(), None)
    return found


def _seconds(times: pl.Series) -> pl.Series:
    return times.dt.timestamp("us").cast(pl.Float64) / 1e6


def _datetimes(seconds: pl.Series) -> pl.Series:
    """Give seconds since 1970 as times in UTC; null beyond the calendar."""
    inside = seconds.is_between(_SECONDS_LEAST, _SECONDS_MOST).fill_null(value=False)
    micros = (seconds.set(~inside, None) * 1e6).round().cast(pl.Int64, strict=False)
    return micros.cast(pl.Datetime("us", UTC))


# ── Access logs of web servers, line by line: combined, JSON, W3C and load balancers

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


def _time_in(text: str) -> str | None:
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


def _object_of(line: str) -> dict[str, Any] | None:
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
    found = _object_of(line)
    if found is None:
        return {}
    before = line[: line.find("{")]
    time = _time_in(before) if before else None
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
    return bool(sample) and sum(_object_of(line) is not None for line in sample) > _MOST * len(sample)


def is_document(sample: Sequence[str]) -> bool:
    """Tell whether lines, of which few hold an object, begin a JSON document of many lines or rows."""
    return bool(sample) and _DOCUMENT.match(sample[0]) is not None


def is_wrapped(sample: Sequence[str]) -> bool:
    """Tell whether most lines are a container's own, wrapped by what runs it."""
    return bool(sample) and sum(unwrapped(line) != line for line in sample) > _MOST * len(sample)


def unwrapped(line: str) -> str:
    """Give the container's own line of one that Docker or Kubernetes wrapped."""
    if line.startswith('{"log":') or ('"stream":' in line and line.startswith("{")):
        inner = (_object_of(line) or {}).get("log")
        return inner.rstrip("\n") if isinstance(inner, str) else line
    return _CARRIED.sub("", line, count=1)
