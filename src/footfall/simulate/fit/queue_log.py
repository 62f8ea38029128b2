"""The queue log of an Asterisk telephone switch as calls: one call is several lines."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from footfall.records.errors import BadInputError
from footfall.records.log_file import Aside, File, Table
from footfall.records.text_file import encoding_of, lines_of
from footfall.simulate.fit.mapping import Mapping, mapping_of

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
_NOBODY = ["NONE", "unknown", "anonymous", "Anonymous", "private", "Unavailable"]
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
    """A call that waits or is served in a queue."""

    entered: _Event
    caller: str
    connected: _Event | None = None


@dataclass(slots=True)
class _Calls:
    """Calls as their lines come."""

    open: dict[str, _Call] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    aside: list[Aside] = field(default_factory=list)

    def take(self, event: _Event) -> None:
        """Take the next line in order of time."""
        call = self.open.get(event.call)
        if event.name == "ENTERQUEUE":
            if call is not None:
                self.aside.append(
                    Aside("a call that entered another queue without an end", call.entered.line)
                )
            caller = event.data[1] if len(event.data) > 1 else ""
            self.open[event.call] = _Call(event, caller)
        elif event.name in {"CONNECT", *SERVED, *LEFT}:
            self._known(event, call)
        self.seen.add(event.call)

    def _known(self, event: _Event, call: _Call | None) -> None:
        if call is None:
            if event.call not in self.seen:
                self.aside.append(Aside(_BEFORE, event.line))
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
    """Tell whether a file is a queue log, by its first lines.

    Raises:
        BadInputError: the file cannot be read.
    """
    head = [
        line for line in islice(lines_of(path, encoding_of(path, whole=False)), _LOOKED_AT) if line.strip()
    ]
    return bool(head) and sum(map(bool, map(_LINE.match, head))) > _LIKE_SHARE * len(head)


def queue_mapping(text: str | None, where: str) -> Mapping:
    """Give the mapping of a queue log; a TOML file may change its [options] and [outcomes].

    Raises:
        BadInputError: it is no TOML, or an option is wrong.
    """
    try:
        data = tomllib.loads(text or "")
    except tomllib.TOMLDecodeError as error:
        raise BadInputError(where, f"is no TOML ({error})", "[options] and [outcomes]") from error
    options = {"nobody": _NOBODY} | data.get("options", {})
    return mapping_of({"outcomes": OUTCOMES} | data | {"columns": COLUMNS, "options": options}, where)


def read_queue_log(paths: Sequence[Path]) -> Table:
    """Read a queue log and its rotated files, in any order, as a table of calls; `COLUMNS` names its columns.

    A wait runs from ENTERQUEUE to CONNECT or to the event that ends it, a service from CONNECT to its end; a
    call that enters a second queue is a call there, too. Times are seconds since 1970 in UTC.

    Raises:
        BadInputError: a file cannot be read, or no call is whole.
    """
    calls, files, events, first_line = _Calls(), [], [], 1
    for path in paths:
        files.append(File(path.name, first_line))
        for number, line in enumerate(lines_of(path, encoding_of(path, whole=False)), first_line):
            first_line = number + 1
            if event := _event(line, number):
                events.append(event)
            elif line.strip():
                calls.aside.append(Aside("no line of a queue log", number))
    # Files by their first time; within a second the order of the lines counts.
    for event in sorted(events, key=lambda each: each.at_s):
        calls.take(event)
    calls.aside += [Aside(_AFTER, call.entered.line) for call in calls.open.values()]
    if not calls.rows:
        told = ", ".join(f"{n:,} × {reason}" for reason, n in Counter(a.reason for a in calls.aside).items())
        raise BadInputError(str(paths[0]), f"no call is whole ({told})", "a queue log with its rotated files")
    schema = {
        "entered": pl.Float64, "wait_s": pl.Float64, "service_s": pl.Float64, "event": pl.String,
        "queue": pl.String, "agent": pl.String, "caller": pl.String, "line": pl.Int64,
    }  # fmt: skip
    frame = pl.DataFrame(calls.rows, schema=schema, orient="row").sort("entered", maintain_order=True)
    many = tuple(files) if len(files) > 1 else ()
    aside = tuple(sorted(calls.aside, key=lambda each: each.line))
    return Table(frame.drop("line"), frame["line"], aside, _notes(frame, events), many)


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
    """Give wait and service of one who was served, by the lines' times, else as the last line tells them."""
    if call.connected is not None:
        return call.connected.at_s - call.entered.at_s, event.at_s - call.connected.at_s
    told = list(_numbers(event.data[2:4] if event.name == "TRANSFER" else event.data[:2]))
    return (told[0], told[1]) if len(told) > 1 else (None, None)


def _numbers(cells: Sequence[str]) -> Iterator[float]:
    return (float(cell) for cell in cells if cell.isdigit())


def _notes(frame: pl.DataFrame, events: list[_Event]) -> tuple[str, ...]:
    rings = sum(event.name == "RINGNOANSWER" for event in events)
    others = frame.filter(pl.col("event").is_in(["EXITWITHTIMEOUT", "EXITEMPTY", "EXITWITHKEY"])).height
    told = f"{frame.height:,} calls in {len(events):,} lines; {rings:,} times an agent did not answer"
    notes = [f"a queue log: {told}"]
    if others:
        notes.append(
            f"{others:,} calls were sent on by the switch (timeout, no agent, key): in the model they wait on"
        )
    return tuple(notes)
