"""Requests of an access log as arrivals: which request is which operation of the model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from re import escape

import numpy as np
import polars as pl

from footfall._behaviour import keyed
from footfall._model.model import Model
from footfall._records.errors import BadInputError
from footfall._records.log_file import ROWS_MOST, TableForm, is_sheet, read_table
from footfall._records.text_file import begins_with, encoding_of, lines_of
from footfall._workload import access_log
from footfall._workload.access_log import form_of, moments
from footfall._workload.log_mapping import Options

# ── Read a server's log: when its requests came and what they asked for, in every common form

TIME_COLUMNS = (
    *("startutc", "start_time", "msec", "time_iso8601", "@timestamp", "timestamp", "ts", "datetime"),
    *("time_local", "time", "requesttime", "request_time_iso", "eventtime", "edgestarttimestamp"),
    *("date", access_log.BEFORE),
)
"""Names of columns of times, the finer first; in any case, and also of what lies deeper in an object."""
PATH_COLUMNS = (
    *("path", "request_path", "requestpath", "request_uri", "uri", "url", "request_url", "requesturl"),
    *("requesturi", "clientrequesturi", "clientrequestpath"),
    *("cs-uri-stem", "original", "x-envoy-original-path", "request", "request_line", "requestline", "target"),
)
_LOOKED_AT = 200
_BATCH = 100_000
_LATEST_OF_OLD_S = 3e8
"""Times before July 1979 are durations or counters that have the name of a time."""
_READABLE_SHARE = 0.5
_OFFSET = r"\d:\d{2}(?::\d{2}(?:[.,]\d+)?)? ?(?:[Zz]|UTC|GMT|([+-])(\d{2}):?(\d{2})?)$"
_EXPECTED = "lines of a web server's or balancer's log, JSON lines, W3C, or a table with a column of times"
_HINT = "--time-column and --time-format say which and how written"


@dataclass(frozen=True, slots=True)
class LogForm:
    """What is known of a log; what is not is found out."""

    time_column: str | None = None
    """Of a table, or of JSON, where dots lead deeper: `request.time`."""
    path_column: str | None = None
    time_format: str | None = None
    """Such as "%d/%m/%Y %H:%M:%S"; None: the usual forms, and numbers since 1970 in any unit."""

    @property
    def options(self) -> Options:
        """How times are read."""
        return Options(time_format=self.time_format)


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests of a log in the order of their times; rows without a readable time are counted."""

    frame: pl.DataFrame
    """at_s: seconds since 1970 on the clock of the log's first row, UTC where it tells no offset; path: text
    with its query, empty where the log tells none."""
    read: int
    """Rows of the log."""
    first_unreadable: int | None
    """Number of the first line (in Parquet: row) without a readable time, from 1; None: there is none."""
    unreadable_example: str | None = None
    """What stands there."""
    form: str = ""
    """How the log was read."""

    @property
    def unreadable(self) -> int:
        """Rows without a readable time."""
        return self.read - self.frame.height


def read_requests(path: Path, form: LogForm | None = None) -> Requests:
    """Read a log; its form is found from its first 200 lines, its columns from their names.

    Raises:
        BadInputError: there is no such file, it is too large, has no such column, or tells no time at all.
    """
    form = form or LogForm()
    if not path.is_file():
        raise BadInputError(str(path), "no such file", _EXPECTED)
    collected = _Collected(path, form)
    if begins_with(path, 4) == b"PAR1" or path.suffix in {".parquet", ".pq"} or is_sheet(path):
        collected.form = "a table"
        _take_table(collected)
    else:
        _take_text(collected)
    return collected.requests()


@dataclass(slots=True)
class _Collected:
    """The rows of a log so far."""

    path: Path
    asked: LogForm
    form: str = ""
    parts: list[pl.DataFrame] = field(default_factory=list)
    read: int = 0
    offset_s: float | None = None
    first: tuple[int, str] | None = None

    def take(self, cells: pl.DataFrame, places: Sequence[int], given: Sequence[str] | None = None) -> None:
        """Take rows with time and path, their line numbers and what stands there."""
        if cells.is_empty():
            return
        found = moments(cells, "time", self.asked.options)
        if self.offset_s is None:
            self.offset_s = _offset_s(cells["time"])
        at_s = pl.select(pl.coalesce(found.utc_s + (self.offset_s or 0.0), found.wall_s)).to_series()
        known = at_s.is_not_null()
        self.read += cells.height
        self.parts.append(pl.DataFrame({"at_s": at_s, "path": cells["path"].fill_null("")}).filter(known))
        if self.first is None and not known.all():
            place = int((~known).arg_true()[0])
            text = str(cells["time"][place] if given is None else given[place])
            self.first = (places[place], text.strip()[:80])
        if self.read > ROWS_MOST:
            raise BadInputError(
                str(self.path), f"more than {ROWS_MOST:,} rows", "a part of it, such as a day"
            )

    def requests(self) -> Requests:
        """Give all requests.

        Raises:
            BadInputError: none has a time that can be read.
        """
        frame = pl.concat(self.parts) if self.parts else pl.DataFrame()
        if frame.is_empty():
            if self.first is None:
                raise BadInputError(str(self.path), "has no rows", _EXPECTED)
            line, text = self.first
            problem = f"no row has a time that can be read; the first, in line {line}, is {text!r}"
            raise BadInputError(str(self.path), problem, f"{_EXPECTED}; {_HINT}, {_proposed(text)}")
        number, example = self.first or (None, None)
        ordered = frame.sort("at_s", maintain_order=True)
        return Requests(ordered, self.read, number, example, self.form)


def _offset_s(times: pl.Series) -> float | None:
    """Give the offset from UTC that the first time with one tells, such as -14,400 s for -0400."""
    if times.dtype != pl.String:
        return None
    given = times.filter(times.str.contains(_OFFSET)).head(1)
    if given.is_empty():
        return None
    sign, hours, minutes = given.str.extract_groups(_OFFSET).struct.unnest().row(0)
    return float(f"{sign or '+'}1") * (int(hours or 0) * 3600 + int(minutes or 0) * 60)


def _take_text(log: _Collected) -> None:
    """Read a log of lines by the form that its first lines have."""
    encoding = encoding_of(log.path, whole=False)
    head = list(islice(lines_of(log.path, encoding), _LOOKED_AT))
    plain = [line.strip() for line in head if line.strip()]
    if not plain:
        raise BadInputError(str(log.path), "has no rows", _EXPECTED)
    if wrapped := access_log.is_wrapped(plain):
        plain = [access_log.unwrapped(line) for line in plain]
    lines = _numbered(log.path, encoding, wrapped=wrapped)
    own = access_log.form_of_lines(plain, log.asked.time_format) if log.asked.time_column is None else None
    if access_log.is_w3c(plain):
        log.form = "W3C extended format"
        _take_w3c(log, lines)
    elif access_log.is_json(plain):
        log.form = "JSON lines"
        _take_json(log, lines, plain)
    elif own is not None:
        log.form = own.name
        for numbers, batch in _batches(lines):
            log.take(access_log.cells_of_lines(batch, own), numbers, batch)
    elif access_log.is_document(plain):
        expected = "an object a line, as jq -c '.[]' FILE (of an array) or jq -c . FILE writes it"
        raise BadInputError(str(log.path), "is a JSON document of many lines or of one", expected)
    else:
        log.form = "a table"
        _take_table(log)
    log.form += " of containers" if wrapped else ""


def _numbered(path: Path, encoding: str, *, wrapped: bool) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines_of(path, encoding), 1):
        text = line.strip()
        if text:
            yield number, access_log.unwrapped(text) if wrapped else text


def _batches(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[list[int], list[str]]]:
    while batch := list(islice(lines, _BATCH)):
        yield [number for number, _ in batch], [line for _, line in batch]


def _cells(rows: Sequence[tuple[str | None, str | None]]) -> pl.DataFrame:
    schema = {"time": pl.String, "path": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        path=access_log.path_of(pl.col("path"))
    )


def _take_w3c(log: _Collected, lines: Iterator[tuple[int, str]]) -> None:
    fields = access_log.Fields()
    for numbers, batch in _batches(lines):
        given = [(number, line, fields.cells(line)) for number, line in zip(numbers, batch, strict=True)]
        rows = [(number, line, cells) for number, line, cells in given if cells is not None]
        log.take(_cells([each[2] for each in rows]), [each[0] for each in rows], [each[1] for each in rows])


def _take_json(log: _Collected, lines: Iterator[tuple[int, str]], sample: Sequence[str]) -> None:
    looked = [found for line in sample if (found := access_log.leaves_of(line))]
    names = list(dict.fromkeys(name for row in looked for name in row))
    table = pl.DataFrame({name: [row.get(name) for row in looked] for name in names})
    time, path = _columns(table, log)
    for numbers, batch in _batches((n, line) for n, line in lines if line not in {"[", "]", "],"}):
        rows = [access_log.leaves_of(line) for line in batch]
        log.take(_cells([(row.get(time), row.get(path or "")) for row in rows]), numbers, batch)


def _take_table(log: _Collected) -> None:
    names = {log.asked.time_column, log.asked.path_column} - {None}
    table = read_table(log.path, TableForm(names=frozenset(map(str, names))))
    frame = table.frame
    if log.asked.time_column is None and {"date", "time"} <= {name.casefold() for name in frame.columns}:
        frame = _with_days(frame)
    time, path = _columns(frame, log)
    none = pl.Series("path", [""], dtype=pl.String).new_from_index(0, frame.height)
    paths = none if path is None else frame[path].cast(pl.String).alias("path")
    cells = pl.DataFrame([frame[time].alias("time"), paths]).with_columns(
        path=access_log.path_of(pl.col("path"))
    )
    places = range(1, cells.height + 1) if table.lines is None else table.lines.to_list()
    log.take(cells, places)
    for aside in table.aside:
        log.read += 1
        log.first = min(log.first or (aside.line, aside.reason), (aside.line, aside.reason))


def _with_days(frame: pl.DataFrame) -> pl.DataFrame:
    """Join a day and a clock that stand in columns of their own."""
    named = {name.casefold(): name for name in frame.columns}
    date, time = frame[named["date"]], frame[named["time"]]
    if date.dtype != pl.String or time.dtype != pl.String or date.str.contains(":").any():
        return frame
    return frame.with_columns((date + " " + time).alias(named["time"])).drop(named["date"])


def _columns(frame: pl.DataFrame, log: _Collected) -> tuple[str, str | None]:
    """Give the names of the columns of times and of paths: as asked, or the first usual ones that fit."""
    known = frame.columns
    for asked in (log.asked.time_column, log.asked.path_column):
        if asked is not None and asked not in known:
            raise BadInputError(str(log.path), f"has no column {asked!r}", f"one of {', '.join(known[:30])}")
    usual = [name for wanted in TIME_COLUMNS for name in known if _last(name) == wanted]
    time = log.asked.time_column or next(
        (name for name in usual if _is_time(frame.head(_LOOKED_AT), name, log.asked.options)), None
    )
    if time is None and usual:
        time = usual[0]  # the message will show what stands there
    if time is None and len(known) == 1 and log.asked.time_column is None:
        problem = f"its lines are in no known format; the first is {known[0].strip()[:80]!r}"
        raise BadInputError(str(log.path), problem, f"{_EXPECTED}; {_HINT}, {_proposed(known[0])}")
    if time is None:
        expected = f"one of {', '.join(TIME_COLUMNS)}, or --time-column"
        raise BadInputError(str(log.path), f"no column of times among {', '.join(known[:30])}", expected)
    paths = [name for wanted in PATH_COLUMNS for name in known if _last(name) == wanted and name != time]
    return time, log.asked.path_column or next(iter(paths), None)


def _last(name: str) -> str:
    return name.casefold().rpartition(".")[2]


def _is_time(frame: pl.DataFrame, name: str, options: Options) -> bool:
    try:
        wall_s = moments(frame, name, options).wall_s
    except BadInputError:
        return False
    given = frame[name].drop_nulls().len()
    return bool(given) and int((wall_s > _LATEST_OF_OLD_S).sum()) >= _READABLE_SHARE * given


def _proposed(time: str) -> str:
    """Name formats for --time-format, as `form_of` does for the key of a mapping."""
    formats = form_of(time).removeprefix("time_format ")
    return formats if formats.startswith("such as") else f"such as {formats}"


# ── Which operation a request of a log stands for, and which customer makes it

_FORM = "CHANNEL.OPERATION, or PATTERN=CHANNEL.OPERATION such as /pay/*=web.recharge"


@dataclass(frozen=True, slots=True)
class Rule:
    """Requests whose path matches stand for an operation at a channel; the first rule that matches counts."""

    pattern: str
    """With `*` for any text and `?` for any letter."""
    channel: str
    operation: str


def rule_of(text: str, model: Model) -> Rule:
    """Read a rule.

    Raises:
        BadInputError: it is none, or the model has no such channel or operation.
    """
    where = f"--as {text}"
    pattern, _, target = text.rpartition("=")
    channel, dot, operation = target.partition(".")
    if not (dot and channel and operation):
        raise BadInputError(where, "names no operation", _FORM)
    channels = {each.name: each for each in model.channels}
    if channel not in channels:
        raise BadInputError(where, f"no channel {channel!r} in {model.name}", " or ".join(channels))
    known = channels[channel].dialogues
    if operation not in known:
        raise BadInputError(where, f"{channel} has no operation {operation!r}", " or ".join(known))
    return Rule(pattern or "*", channel, operation)


def demand_of_requests(
    requests: pl.DataFrame, rules: Sequence[Rule], model: Model, seed: int
) -> pl.DataFrame:
    """Give those who come (at_s, customer, segment, operation, channel) for the requests that a rule names.

    The segment of each is drawn by how often its people want the operation, of those that reach the channel.

    Raises:
        BadInputError: an operation has no demand in the model.
    """
    named = ruled(requests, rules).filter(pl.col("rule").is_not_null())
    customers = np.arange(named.height, dtype=np.int64)
    draws = keyed.uniforms(keyed.customer_keys(keyed.run_key(seed, 0), customers), "segment of a request")
    named = named.with_columns(customer=customers, u=draws)
    parts = [
        named.filter(pl.col("rule") == k).with_columns(
            segment=_segments(model, rule), operation=pl.lit(rule.operation), channel=pl.lit(rule.channel)
        )
        for k, rule in enumerate(rules)
    ]
    table = pl.concat(parts).sort("customer")
    return table.select("at_s", "customer", "segment", "operation", "channel")


def ruled(requests: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """Give the requests with the place of the first rule that names each, null where none does.

    A rule names a path with its query, or without it.
    """
    if "rule" in requests.columns:
        return requests
    place = pl.lit(None, dtype=pl.Int64)
    for k in reversed(range(len(rules))):
        regex = _regex(rules[k].pattern)
        matches = pl.col("path").str.contains(regex) | pl.col("bare").str.contains(regex)
        place = pl.when(matches).then(k).otherwise(place)
    bare = pl.col("path").str.replace(r"(?s)[?#].*$", "")
    return requests.with_columns(bare=bare).with_columns(rule=place).drop("bare")


def _regex(pattern: str) -> str:
    """Give a pattern in the table library's own kind of expression."""
    text = escape(pattern).replace(escape("*"), ".*").replace(escape("?"), ".")
    return f"(?s)^{text}$"


def _segments(model: Model, rule: Rule) -> pl.Expr:
    weights = {
        segment.name: float(segment.population_share) * float(segment.month_visits.get(rule.operation, 0.0))
        * float(segment.reach.get(rule.channel, 1.0))
        for segment in model.segments
    }  # fmt: skip
    total = sum(weights.values())
    if not total > 0:
        raise BadInputError(
            f"--as {rule.channel}.{rule.operation}", "has no demand in this model", "another operation"
        )
    bounds = np.cumsum(list(weights.values())) / total
    chosen = pl.lit(list(weights)[-1])
    for name, bound in reversed(list(zip(weights, bounds, strict=True))):
        chosen = pl.when(pl.col("u") < bound).then(pl.lit(name)).otherwise(chosen)
    return chosen
