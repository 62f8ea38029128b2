"""The cells of a log that the mapping names, read: clocks, durations, words."""

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass

import polars as pl

from footfall.records.errors import BadInputError
from footfall.records.log_file import Table
from footfall.simulate.fit.clocks import Moments, after_midnight, form_of, moments, resolved
from footfall.simulate.fit.mapping import Mapping
from footfall.simulate.fit.numbers import decimal_mark, durations

NO_ARRIVAL = "no arrival time"
UNREADABLE_ARRIVAL = "arrival time cannot be read"
CLOCKS = ("arrived", "began", "ended", "left")
SPANS = ("wait_s", "service_s")
SPANS_HINT = (
    "in [options] duration_unit (of numbers) and decimal; H:MM:SS, MM:SS, 3m 20s and PT3M20S are read"
)
_WORDS = ("kind", "agent", "customer")
_DOUBT_S = 1e-3


@dataclass(frozen=True, slots=True)
class Cells:
    """A row for each row of the log: row, clocks, given durations, differences, words."""

    frame: pl.DataFrame
    """row, arrived, began, ended, left (wall-clock seconds since 1970); given_wait_s, given_service_s;
    began_after_arrived_s, left_after_arrived_s, ended_after_began_s (differences of instants); kind, agent,
    customer, word; empty: no arrival time is told; nowhere: the zone's clocks left it out; doubtful: they
    showed it twice, and a difference depends on which is meant."""
    raw: pl.DataFrame
    names: MappingOf[str, str]

    def example(self, reason: str, row: int) -> str | None:
        """Give the cell of a row that a reason is about, and what would help; None: it is about none."""
        fields = {
            UNREADABLE_ARRIVAL: ("arrived",),
            "served, service missing or unreadable": ("service_s", "ended", "began"),
            "served, wait missing or unreadable": ("wait_s", "began"),
            "abandoned, wait missing or unreadable": ("wait_s", "left"),
        }.get(reason, ())
        for field in fields:
            value = None if field not in self.names else self.raw[self.names[field]][row - 1]
            if value is not None:
                return _told(field, self.names[field], str(value))
        return None


def read_cells(log: Table, mapping: Mapping) -> Cells:
    """Read the named columns.

    Raises:
        BadInputError: the log has no such column, or none of the cells of a column can be read.
    """
    table, columns, options = log.frame, mapping.columns, mapping.options
    named = named_columns(table, mapping)
    clocks = {
        field: moments(table, named[field], options, columns.date) for field in CLOCKS if field in named
    }
    spans = [table[named[field]] for field in SPANS if field in named]
    mark = decimal_mark(spans, options.decimal, "the durations")
    given = {field: durations(table, named[field], options, mark) for field in SPANS if field in named}
    for field, read in {**{field: each.wall_s for field, each in clocks.items()}, **given}.items():
        _some_is_read(log, named[field], field, read)
    text: dict[str, pl.Series] = {field: _text(table[named[field]]) for field in _WORDS if field in named}
    for who in {"agent", "customer"} & set(text):
        text[who] = text[who].set(text[who].is_in(list(options.nobody)), None)
    nothing = pl.Series([None], dtype=pl.Float64).new_from_index(0, table.height)
    words = _text(table[named["outcome"]]) if columns.outcome else nothing.cast(pl.String)
    frame = pl.DataFrame({"row": pl.int_range(1, table.height + 1, eager=True)}).with_columns(
        *(given.get(field, nothing).alias(f"given_{field}") for field in SPANS),
        *(text.get(field, nothing.cast(pl.String)).alias(field) for field in _WORDS),
        word=words,
        empty=_text(table[named["arrived"]]).is_null(),
    )
    return Cells(_with_clocks(frame, clocks, mapping), table, named)


def named_columns(table: pl.DataFrame, mapping: Mapping) -> dict[str, str]:
    """Give the name of the column that holds each thing that the mapping names.

    Raises:
        BadInputError: the log has no such column.
    """
    named = {field: name for field, name in mapping.columns if name is not None}
    for field, name in named.items():
        if name not in table.columns:
            place = f"columns.{'class' if field == 'kind' else field}"
            raise BadInputError(place, f"the log has no column {name!r}", " or ".join(table.columns[:30]))
    return named


def _text(cells: pl.Series) -> pl.Series:
    text = cells.cast(pl.String, strict=False).str.strip_chars()
    return text.set((text == "").fill_null(value=False), None)


def _some_is_read(log: Table, name: str, field: str, read: pl.Series) -> None:
    """Refuse a column of which no cell can be read: it does not hold what the mapping says."""
    told = _text(log.frame[name])
    if read.null_count() < read.len() or told.null_count() == told.len():
        return
    first = int(told.is_not_null().arg_true()[0])
    place = log.place(first)
    problem = f"no cell of the column {name!r} can be read; the first, in {place}, is {told[first][:60]!r}"
    raise BadInputError(f"columns.{field}", problem, _hint(field, str(told[first])))


def _hint(field: str, value: str) -> str:
    return f"in [options] {form_of(value)}" if field in CLOCKS else SPANS_HINT


def _told(field: str, name: str, value: str) -> str:
    return f"{value[:60]!r} in the column {name!r}; {_hint(field, value)}"


def _with_clocks(frame: pl.DataFrame, clocks: dict[str, Moments], mapping: Mapping) -> pl.DataFrame:
    """Add the clocks, and the differences of the instants that they stand for."""
    nothing = pl.Series([None], dtype=pl.Float64).new_from_index(0, frame.height)
    known = {field: clocks.get(field, Moments(nothing, nothing)) for field in CLOCKS}
    frame = frame.with_columns(each.wall_s.alias(field) for field, each in known.items())
    if mapping.columns.date is not None:
        later = [after_midnight(pl.col(name), pl.col("arrived")).alias(name) for name in ("began", "left")]
        frame = frame.with_columns(*later).with_columns(
            after_midnight(pl.col("ended"), pl.col("began")).alias("ended")
        )
    for field, each in known.items():
        first, last = resolved(frame[field], each.utc_s, mapping.options.timezone)
        frame = frame.with_columns(first.alias(f"{field}_first"), last.alias(f"{field}_last"))
    pairs = (("began", "arrived"), ("left", "arrived"), ("ended", "began"))
    for later_field, earlier in pairs:
        # The shortest difference that does not run backwards, and whether another is as possible.
        ends, begins = (
            (f"{later_field}_first", f"{later_field}_last"),
            (f"{earlier}_first", f"{earlier}_last"),
        )
        ways = [pl.col(end) - pl.col(begin) for end in ends for begin in begins]
        forward = [pl.when(way >= 0).then(way) for way in ways]
        least = pl.min_horizontal(*forward)
        twice = (pl.col(ends[0]) != pl.col(ends[1])) != (pl.col(begins[0]) != pl.col(begins[1]))
        frame = frame.with_columns(
            pl.coalesce(least, pl.max_horizontal(*ways)).alias(f"{later_field}_after_{earlier}_s"),
            (twice & (pl.max_horizontal(*forward) - least > _DOUBT_S))
            .fill_null(value=False)
            .alias(f"{later_field}_doubtful"),
        )
    nowhere = pl.any_horizontal(
        *(pl.col(field).is_not_null() & pl.col(f"{field}_first").is_null() for field in CLOCKS)
    )
    doubtful = pl.any_horizontal(*(pl.col(f"{later}_doubtful") for later, _ in pairs))
    return frame.with_columns(nowhere=nowhere, doubtful=doubtful)
