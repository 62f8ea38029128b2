"""Rows of a log as calls or visits, each used or excluded with a reason; also Asterisk queue logs."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import polars as pl

from footfall._fit.day_cells import NO_ARRIVAL, UNREADABLE_ARRIVAL, Cells, kinds, read_cells
from footfall._model.numbers import DAY_S, HALF_HOUR_S
from footfall._records.errors import BadInputError
from footfall._records.log_file import File, SetAside, Table
from footfall._records.rows import Outcome
from footfall._records.text_file import encoding_of, lines_of
from footfall._workload.log_mapping import IGNORED, WEEKDAYS, Mapping, mapping_of

# ── Rows by the mapping: how each is used, and why it is not used in full

Use = Literal["whole", "arrival", "none"]
WHOLE = "used in full"
_HELPERS = ("use", "reason", "word", "empty", "nowhere", "doubtful", "zero")
_WORDS_LISTED = 8
"""Number of unknown or ignored words listed individually; the rest are grouped."""


@dataclass(frozen=True, slots=True)
class RowStatus:
    """How some rows are used, and why."""

    use: Use
    """`whole`: in full; `arrival`: as arrivals only; `none`: not used."""
    reason: str
    rows: int
    first_row: int
    """Number of the first of them, from 1; 0: a line that is not a row of the table."""
    where: str = ""
    """Position of the first of them in the file."""
    example: str | None = None
    """The unreadable cell of the first of them, and which option would help."""

    @property
    def place(self) -> str:
        """Position of the first of them."""
        return self.where or f"row {self.first_row:,}"


@dataclass(frozen=True, slots=True)
class LogRows:
    """The usable rows of a log, and the status of all rows."""

    frame: pl.DataFrame
    """In order of arrival: row, day, weekday, half_hour, at_s, kind, outcome, wait_s, service_s, began_s,
    ended_s, agent, customer. Times are wall-clock seconds since 1970; unknown is null."""
    read: int
    row_statuses: tuple[RowStatus, ...]
    """Their rows add up to `read`."""
    notes: tuple[str, ...] = ()
    """What was assumed where the log is ambiguous."""


def rows_of(log: pl.DataFrame | Table, mapping: Mapping) -> LogRows:
    """Read a log by its mapping.

    Raises:
        BadInputError: a mapped column is missing or cannot be read, or no row can be used.
    """
    log = log if isinstance(log, Table) else Table(log)
    cells = read_cells(log, mapping)
    frame = _derived(cells.frame, mapping)
    frame = frame.with_columns(reason=_set_aside(frame, mapping)).with_columns(
        use=pl.when(pl.col("reason").is_null()).then(pl.lit("whole")).otherwise(pl.lit("none"))
    )
    frame = _without_low_days(frame, mapping)
    partly = pl.coalesce(*_partly(mapping))
    known = pl.col("use") == "whole"
    frame = frame.with_columns(
        use=pl.when(known & partly.is_not_null()).then(pl.lit("arrival")).otherwise("use"),
        reason=pl.when(known).then(pl.coalesce(partly, pl.lit(WHOLE))).otherwise("reason"),
    )
    row_statuses = _row_statuses(frame, log, cells)
    used = frame.filter(pl.col("use") != "none")
    if used.is_empty():
        problem = f"none of {frame.height:,} rows can be used: {_most_frequent(row_statuses)}"
        raise BadInputError("the log", problem, "rows that the mapping describes")
    if used.filter(pl.col("use") == "whole").is_empty():
        problem = f"none of {used.height:,} rows has valid times: {_most_frequent(row_statuses)}"
        raise BadInputError("the log", problem, "other columns or units; or no columns of waits and services")
    notes = (*log.notes, *_notes(used, mapping))
    whole = pl.col("use") == "whole"
    times = ("wait_s", "service_s", "began_s", "ended_s")
    used = used.with_columns(
        *(pl.when(whole & pl.col(name).is_not_null()).then(name).otherwise(None) for name in times),
        kinds(used["kind"], used["at_s"], mapping.options),
    )
    read = frame.height + len(log.aside)
    return LogRows(used.drop(*_HELPERS).sort("at_s", "row"), read, row_statuses, notes)


def _most_frequent(row_statuses: Sequence[RowStatus]) -> str:
    """Describe why most rows are not used in full, and the first of them."""
    most = max(row_statuses, key=lambda status: status.rows)
    text = f"{most.reason} ({most.rows:,} rows, the first is {most.place})"
    return text if most.example is None else f"{text}: {most.example}"


def _derived(frame: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """Derive outcome, wait and service, from clocks or as given; differences are between instants."""
    columns, tolerance_s = mapping.columns, mapping.options.clock_tolerance_s
    began, arrived = pl.col("began"), pl.col("arrived")
    service = pl.col("given_service_s") if columns.service_s else pl.col("ended_after_began_s")
    frame = frame.with_columns(service_s=_nearly(service, tolerance_s))
    frame = frame.with_columns(
        outcome=_outcome(frame, mapping),
        zero=pl.lit(value=columns.outcome is None and mapping.options.station != "web")
        & (pl.col("service_s") == 0),
    )
    left = pl.col("outcome") == Outcome.ABANDONED.value
    waited = pl.col("began_after_arrived_s")
    clocks = pl.when(left).then(pl.coalesce("left_after_arrived_s", waited)).otherwise(waited)
    wait = pl.col("given_wait_s") if columns.wait_s else clocks
    service = pl.when(left).then(None).otherwise(pl.col("service_s"))
    frame = frame.with_columns(wait_s=_nearly(wait, tolerance_s), service_s=service)
    start = began if columns.began else arrived + pl.col("wait_s").fill_null(0.0)
    day = pl.from_epoch((arrived // DAY_S).cast(pl.Int64), time_unit="d")
    names = dict(enumerate(WEEKDAYS, 1))
    return frame.select(
        "row",
        day=day,
        weekday=day.dt.weekday().replace_strict(names, return_dtype=pl.String),
        half_hour=((arrived % DAY_S) // HALF_HOUR_S).cast(pl.Int64),
        at_s=arrived,
        kind="kind",
        word="word",
        outcome="outcome",
        wait_s="wait_s",
        service_s="service_s",
        began_s=start,
        ended_s=start + pl.col("service_s"),
        agent="agent",
        customer="customer",
        empty="empty",
        nowhere="nowhere",
        doubtful="doubtful",
        zero="zero",
    )


def _nearly(seconds: pl.Expr, tolerance_s: float) -> pl.Expr:
    """Treat slightly negative values as 0."""
    return pl.when(seconds.is_between(-tolerance_s, 0)).then(0.0).otherwise(seconds)


def _outcome(frame: pl.DataFrame, mapping: Mapping) -> pl.Expr:
    """Return the outcome of each row by its word; without words, rows with a service time were served."""
    if mapping.columns.outcome is None:
        served, left = pl.lit(Outcome.SERVED.value), pl.lit(Outcome.ABANDONED.value)
        has_service = pl.col("given_service_s" if mapping.columns.service_s else "ended").is_not_null()
        waited = pl.col("given_wait_s" if mapping.columns.wait_s else "left").is_not_null()
        if mapping.options.station != "web":
            # Switches write unanswered calls as a talk time of 0 s.
            is_zero = pl.col("service_s").fill_null(1.0) == 0
            has_service, waited = has_service & ~is_zero, waited | is_zero
        return pl.when(has_service).then(served).when(waited).then(left).otherwise(served)
    meaning = {word: mapping.outcome_of(word) for word in frame["word"].drop_nulls().unique()}
    return pl.col("word").replace_strict(meaning, default=None, return_dtype=pl.String)


def _set_aside(frame: pl.DataFrame, mapping: Mapping) -> pl.Expr:
    """Return the first reason why a row is not used at all, null for the others."""
    options = mapping.options
    word, outcome, day = pl.col("word"), pl.col("outcome"), pl.col("day")
    # In Polars each link of the chain has a different type.
    reasons: Any = (
        pl.when(pl.col("at_s").is_null() & pl.col("empty"))
        .then(pl.lit(NO_ARRIVAL))
        .when(pl.col("at_s").is_null())
        .then(pl.lit(UNREADABLE_ARRIVAL))
        .when(pl.col("nowhere"))
        .then(pl.lit(f"a time skipped by the clock change in {options.timezone}"))
    )
    if options.first_day is not None:
        reasons = reasons.when(day < options.first_day).then(pl.lit("before the first day selected"))
    if options.last_day is not None:
        reasons = reasons.when(day > options.last_day).then(pl.lit("after the last day selected"))
    if mapping.columns.outcome is not None:
        ignored = outcome == IGNORED
        unknown = pl.concat_str(
            pl.lit("outcome not in the mapping: "), _described(frame, word, outcome.is_null())
        )
        ignored_text = pl.concat_str(pl.lit("ignored outcome: "), _described(frame, word, ignored))
        reasons = (
            reasons.when(word.is_null() | (word == ""))
            .then(pl.lit("no outcome"))
            .when(ignored)
            .then(ignored_text)
            .when(outcome.is_null())
            .then(unknown)
        )
    if options.classes:
        expected = pl.col("kind").is_in(list(options.classes)).fill_null(value=False)
        reasons = reasons.when(~expected).then(pl.lit("class not selected"))
    result: pl.Expr = reasons.when(~pl.col("weekday").is_in(list(options.weekdays))).then(
        pl.lit("weekday not selected")
    )
    return result


def _described(frame: pl.DataFrame, word: pl.Expr, which: pl.Expr) -> pl.Expr:
    """Return the word if it is one of the most frequent, else `other words`."""
    most = frame.filter(which)["word"].drop_nulls().value_counts(sort=True)["word"].head(_WORDS_LISTED)
    return pl.when(word.is_in(most.to_list())).then(word).otherwise(pl.lit("other words"))


def _without_low_days(frame: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """Exclude days with far fewer rows than usual for their weekday."""
    share = mapping.options.low_day_share
    if not share:
        return frame
    whole = frame.filter(pl.col("use") == "whole")
    days = whole.group_by("day", "weekday").len("n")
    low = days.filter(pl.col("n") < share * pl.col("n").median().over("weekday"))["day"]
    is_low = (pl.col("use") == "whole") & pl.col("day").is_in(low.to_list())
    return frame.with_columns(
        use=pl.when(is_low).then(pl.lit("none")).otherwise("use"),
        reason=pl.when(is_low)
        .then(pl.lit(f"day with less than {share:g} of its weekday's median"))
        .otherwise("reason"),
    )


def _partly(mapping: Mapping) -> list[pl.Expr]:
    """Return the reasons why a row counts as an arrival only, null for the others."""
    columns, options = mapping.columns, mapping.options
    wait, service = pl.col("wait_s"), pl.col("service_s")
    served = pl.col("outcome") == Outcome.SERVED.value
    abandoned = pl.col("outcome") == Outcome.ABANDONED.value
    reasons: list[pl.Expr] = [
        pl.when(pl.col("doubtful")).then(
            pl.lit("in the repeated hour of a clock change: wait or service unknown")
        )
    ]
    if columns.wait_s or columns.began or columns.left:
        waits = columns.wait_s or columns.began
        reasons += [
            pl.when(wait < 0).then(pl.lit("negative wait")),
            pl.when(abandoned & wait.is_null()).then(pl.lit("abandoned, wait missing or unreadable")),
        ]
        if waits:
            reasons += [pl.when(served & wait.is_null()).then(pl.lit("served, wait missing or unreadable"))]
    if columns.service_s or columns.ended:
        text = f"service over {options.long_service_s:g} s"
        reasons += [
            pl.when(service < 0).then(pl.lit("negative service")),
            pl.when(served & service.is_null()).then(pl.lit("served, service missing or unreadable")),
            pl.when(service > options.long_service_s).then(pl.lit(text)),
        ]
    return reasons


def _row_statuses(frame: pl.DataFrame, log: Table, cells: Cells) -> tuple[RowStatus, ...]:
    """Count the rows by status, used ones first, then by number."""
    counted = frame.group_by("use", "reason").agg(rows=pl.len(), first_row=pl.col("row").min())
    rank = {"whole": 0, "arrival": 1, "none": 2}
    found = [
        RowStatus(
            **row,
            where=log.place(row["first_row"] - 1),
            example=cells.example(row["reason"], row["first_row"]),
        )
        for row in counted.iter_rows(named=True)
    ]
    found += set_aside(log)
    return tuple(sorted(found, key=lambda status: (rank[status.use], -status.rows, status.reason)))


def set_aside(log: Table) -> list[RowStatus]:
    """Count the lines of a file that are not rows of its table."""
    found = []
    for reason in {each.reason for each in log.aside}:
        lines = [each.line for each in log.aside if each.reason == reason]
        found.append(RowStatus("none", reason, len(lines), 0, log.place_of(min(lines))))
    return found


def _notes(used: pl.DataFrame, mapping: Mapping) -> list[str]:
    """Describe what was assumed."""
    notes = []
    if zero := int(used["zero"].sum()):
        notes.append(f"{zero:,} rows have a service of 0 s and no outcome: treated as abandoned")
    if twice := int(used["doubtful"].sum()):
        notes.append(
            f"{twice:,} rows are in the repeated hour of a clock change in {mapping.options.timezone} "
            "and ambiguous: they count as arrivals only"
        )
    return notes


# ── Asterisk queue logs as calls: each call spans several lines

SERVED = ("COMPLETEAGENT", "COMPLETECALLER", "TRANSFER", "BLINDTRANSFER", "ATTENDEDTRANSFER")
LEFT = ("ABANDON", "EXITWITHTIMEOUT", "EXITEMPTY", "EXITWITHKEY")
COLUMNS = {
    "arrived": "entered", "wait_s": "wait_s", "service_s": "service_s", "outcome": "event",
    "class": "queue", "agent": "agent", "customer": "caller",
}  # fmt: skip
OUTCOMES = {
    "served": list(SERVED),
    "abandoned": ["ABANDON"],
    "timeout": ["EXITWITHTIMEOUT"],
    "closed": ["EXITEMPTY", "EXITWITHKEY"],
}
_ANONYMOUS = ["NONE", "unknown", "anonymous", "Anonymous", "private", "Unavailable"]
_LINE = re.compile(r"^\d{9,10}(?:\.\d+)?\|[^|]*\|[^|]*\|[^|]*\|[A-Z]+")
_LOOKED_AT, _LIKE_SHARE = 50, 0.5
_FIELDS_LEAST = 5
_BEFORE = "a call that began before the log"
_AFTER = "a call that had not ended when the log does"


@dataclass(frozen=True, slots=True)
class _Event:
    """One line: when (seconds since 1970), which call, where, what."""

    at_s: float
    call: str
    queue: str
    agent: str
    name: str
    data: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class _Call:
    """A call waiting or being served in a queue."""

    entered: _Event
    caller: str
    connected: _Event | None = None


@dataclass(slots=True)
class _Calls:
    """Collects calls from their lines."""

    open: dict[str, _Call] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    aside: list[SetAside] = field(default_factory=list)

    def take(self, event: _Event) -> None:
        """Process the next line in order of time."""
        call = self.open.get(event.call)
        if event.name == "ENTERQUEUE":
            if call is not None:
                self.aside.append(
                    SetAside("a call that entered another queue without ending", call.entered.line)
                )
            caller = event.data[1] if len(event.data) > 1 else ""
            self.open[event.call] = _Call(event, caller)
        elif event.name in {"CONNECT", *SERVED, *LEFT}:
            self._known(event, call)
        self.seen.add(event.call)

    def _known(self, event: _Event, call: _Call | None) -> None:
        if call is None:
            if event.call not in self.seen:
                self.aside.append(SetAside(_BEFORE, event.line))
        elif event.name == "CONNECT":
            self.open[event.call] = replace(call, connected=event)
        elif event.name in SERVED:
            self._close(event, call, *_times(event, call))
        else:
            self._close(event, call, event.at_s - call.entered.at_s, None)

    def _close(self, event: _Event, call: _Call, wait_s: float | None, service_s: float | None) -> None:
        del self.open[event.call]
        agent = (call.connected or event).agent if event.name in SERVED else None
        entered = call.entered
        self.rows.append(
            (entered.at_s, wait_s, service_s, event.name, entered.queue, agent, call.caller, entered.line)
        )


def is_queue_log(path: Path) -> bool:
    """Return whether a file is a queue log, judging by its first lines.

    Raises:
        BadInputError: the file cannot be read.
    """
    head = [
        line for line in islice(lines_of(path, encoding_of(path, whole=False)), _LOOKED_AT) if line.strip()
    ]
    return bool(head) and sum(map(bool, map(_LINE.match, head))) > _LIKE_SHARE * len(head)


def queue_mapping(text: str | None, where: str) -> Mapping:
    """Return the mapping of a queue log; a TOML text may override its [options] and [outcomes].

    Raises:
        BadInputError: it is not valid TOML, or an option is wrong.
    """
    try:
        data = tomllib.loads(text or "")
    except tomllib.TOMLDecodeError as error:
        raise BadInputError(where, f"is not valid TOML ({error})", "[options] and [outcomes]") from error
    options = data.get("options", {})
    if isinstance(options, dict) and not options.keys() & {"anonymous", "nobody"}:
        options = {"anonymous": _ANONYMOUS} | options
    return mapping_of({"outcomes": OUTCOMES} | data | {"columns": COLUMNS, "options": options}, where)


def read_queue_log(paths: Sequence[Path]) -> Table:
    """Read a queue log and its rotated files, in any order, as a table of calls with the columns `COLUMNS`.

    A wait lasts from ENTERQUEUE to CONNECT or to the event that ends it, a service from CONNECT to its end; a
    call that enters a second queue counts as a call there, too. Times are seconds since 1970 in UTC.

    Raises:
        BadInputError: a file cannot be read, or no call is complete.
    """
    calls, files, events, first_line = _Calls(), [], [], 1
    for path in paths:
        files.append(File(path.name, first_line))
        for number, line in enumerate(lines_of(path, encoding_of(path, whole=False)), first_line):
            first_line = number + 1
            if event := _event(line, number):
                events.append(event)
            elif line.strip():
                calls.aside.append(SetAside("not a line of a queue log", number))
    # In order of time; within a second, in order of the lines.
    for event in sorted(events, key=lambda each: each.at_s):
        calls.take(event)
    calls.aside += [SetAside(_AFTER, call.entered.line) for call in calls.open.values()]
    if not calls.rows:
        reasons = ", ".join(
            f"{n:,} × {reason}" for reason, n in Counter(a.reason for a in calls.aside).items()
        )
        raise BadInputError(
            str(paths[0]), f"no call is whole ({reasons})", "a queue log with its rotated files"
        )
    schema = {
        "entered": pl.Float64, "wait_s": pl.Float64, "service_s": pl.Float64, "event": pl.String,
        "queue": pl.String, "agent": pl.String, "caller": pl.String, "line": pl.Int64,
    }  # fmt: skip
    frame = pl.DataFrame(calls.rows, schema=schema, orient="row").sort("entered", maintain_order=True)
    many = tuple(files) if len(files) > 1 else ()
    aside = tuple(sorted(calls.aside, key=lambda each: each.line))
    return Table(frame.drop("line"), frame["line"], aside, _queue_log_notes(frame, events), many)


def _event(line: str, number: int) -> _Event | None:
    parts = line.strip().split("|")
    if len(parts) < _FIELDS_LEAST:
        return None
    try:
        at_s = float(parts[0])
    except ValueError:
        return None
    return _Event(at_s, parts[1], parts[2], parts[3], parts[4].upper(), tuple(parts[5:]), number)


def _times(event: _Event, call: _Call) -> tuple[float | None, float | None]:
    """Return wait and service of a served call: from the lines' times, else from the last line's data."""
    if call.connected is not None:
        return call.connected.at_s - call.entered.at_s, event.at_s - call.connected.at_s
    seconds = list(_numbers(event.data[2:4] if event.name == "TRANSFER" else event.data[:2]))
    return (seconds[0], seconds[1]) if len(seconds) > 1 else (None, None)


def _numbers(cells: Sequence[str]) -> Iterator[float]:
    return (float(cell) for cell in cells if cell.isdigit())


def _queue_log_notes(frame: pl.DataFrame, events: list[_Event]) -> tuple[str, ...]:
    rings = sum(event.name == "RINGNOANSWER" for event in events)
    others = frame.filter(pl.col("event").is_in(["EXITWITHTIMEOUT", "EXITEMPTY", "EXITWITHKEY"])).height
    text = f"{frame.height:,} calls in {len(events):,} lines; {rings:,} times an agent did not answer"
    notes = [f"a queue log: {text}"]
    if others:
        notes.append(
            f"{others:,} calls were sent on by the switch (timeout, no agent, key); "
            "in the model they keep waiting"
        )
    return tuple(notes)
