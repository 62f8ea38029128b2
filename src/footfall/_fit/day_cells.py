"""Cells of a log as numbers and times, counts by weekday and half hour, and kinds of customers."""

import re
from bisect import bisect_right
from collections.abc import Mapping as MappingOf, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import polars as pl

from footfall._model.numbers import DAY_S, HOUR_S
from footfall._records.errors import BadInputError
from footfall._records.log_file import Table
from footfall._workload.access_log import Moments, after_midnight, form_of, moments, resolved
from footfall._workload.log_mapping import UNIT_S, Mapping, Options

# ── Numbers and durations in common notations; unreadable cells become null

Mark = Literal[".", ","]
_GROUPING = r"[\s\u00a0\u202f'’_]"
_COMMA = (
    r"^[+-]?(?:\d*,(?:\d{1,2}|\d{4,})|0,\d{3}|\d{1,3}(?:\.\d{3})+,\d+|\d{4,},\d+|\d{1,3}(?:\.\d{3}){2,})$"
)
"""Valid with a decimal comma only."""
_POINT = (
    r"^[+-]?(?:\d*\.(?:\d{1,2}|\d{4,})|0\.\d{3}|\d{1,3}(?:,\d{3})+\.\d+|\d{4,}\.\d+|\d{1,3}(?:,\d{3}){2,})$"
)
"""Valid with a decimal point only."""
_EITHER = r"^[+-]?[1-9]\d{0,2},\d{3}$"
"""Ambiguous: 1,234 may be above a thousand, or between one and two."""
_NUMBER = r"(\d+(?:[.,]\d+)?)"
_CLOCK = r"^([+-]?)(?:(\d+)\s*(?:days?,?|d|\.)\s*)?(\d+):(\d{2}):(\d{2}(?:[.,]\d+)?)$"
_MINUTES = r"^([+-]?)(\d+):(\d{2}(?:[.,]\d+)?)$"
_WORDS = (
    rf"(?i)^(?:{_NUMBER}\s*(?:d|days?))?[\s,]*(?:{_NUMBER}\s*(?:h|hrs?|hours?))?[\s,]*"
    rf"(?:{_NUMBER}\s*(?:m|mins?|minutes?|['′]))?[\s,]*(?:{_NUMBER}\s*(?:s|secs?|seconds?|[\"″]))?[\s,]*"
    rf"(?:{_NUMBER}\s*(?:ms|milliseconds?))?$"
)
_ISO = rf"(?i)^P(?:{_NUMBER}D)?(?:T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?$"
_SECONDS_MOST = 1e8
"""Three years: anything longer is an error."""
_DURATIONS = "numbers (duration_unit, decimal), H:MM:SS, MM:SS, 3m 20s or PT3M20S"


def decimal_mark(columns: Sequence[pl.Series], given: Mark | None, where: str) -> Mark:
    """Determine the decimal mark, comma or point, from all numbers of a table together.

    Raises:
        BadInputError: all numbers are ambiguous.
    """
    if given is not None:
        return given
    doubtful: str | None = None
    commas = points = 0
    for column in columns:
        if column.dtype != pl.String:
            continue
        cells = column.unique().str.replace_all(_GROUPING, "").drop_nulls()
        cells = cells.filter(cells.str.contains("[,.]"))
        commas += int(cells.str.contains(_COMMA).sum())
        points += int(cells.str.contains(_POINT).sum())
        doubtful = doubtful or next(iter(cells.filter(cells.str.contains(_EITHER)).sort().head(1)), None)
    if doubtful is not None and commas == points == 0:
        problem = f"{doubtful!r} may be {doubtful.replace(',', '.')} or {doubtful.replace(',', '')}"
        raise BadInputError(where, problem, 'decimal = "," or decimal = "." in [options]')
    return "," if commas > points else "."


def numbers(cells: pl.Series, mark: Mark = ".") -> pl.Series:
    """Parse cells as finite numbers; the other mark, blanks or apostrophes may group digits in threes."""
    if cells.dtype != pl.String:
        found = cells.cast(pl.Float64, strict=False)
    else:
        text = cells.str.strip_chars()
        other = "," if mark == "." else "."
        groups = rf"^([+-]?\d{{1,3}}(?:(?:{_GROUPING}|\{other})\d{{3}})+)(\{mark}\d+)?$"
        text = pl.select(
            pl.when(text.str.contains(groups))
            .then(text.str.replace_all(rf"{_GROUPING}|\{other}", ""))
            .otherwise(text)
        ).to_series()
        if mark == ",":
            text = text.set(text.str.contains(r"\.").fill_null(value=False), None).str.replace(
                ",", ".", literal=True
            )
        found = text.cast(pl.Float64, strict=False)
    return found.set(~found.is_finite().fill_null(value=True), None).alias(cells.name)


def durations(frame: pl.DataFrame, column: str, options: Options, mark: Mark = ".") -> pl.Series:
    """Parse a column of durations in seconds; null if a cell cannot be read or exceeds three years.

    Numbers are in `duration_unit`; H:MM:SS, MM:SS, `3m 20s` and PT3M20S (ISO 8601) have their own units.

    Raises:
        BadInputError: the column is of a type that cannot hold durations.
    """
    seconds = _durations(frame[column], column, UNIT_S[options.duration_unit], mark)
    return seconds.set((seconds.abs() > _SECONDS_MOST).fill_null(value=True), None)


def _durations(cells: pl.Series, column: str, unit_s: float, mark: Mark) -> pl.Series:
    if isinstance(cells.dtype, pl.Duration):
        return cells.dt.total_microseconds().cast(pl.Float64) / 1e6
    if cells.dtype == pl.Time:
        return cells.cast(pl.Int64).cast(pl.Float64) / 1e9
    if cells.dtype != pl.String and not cells.dtype.is_numeric():
        raise BadInputError(f"column {column!r}", f"holds {cells.dtype}", _DURATIONS)
    seconds = numbers(cells, mark) * unit_s
    if cells.dtype != pl.String:
        return seconds
    rest = cells.str.strip_chars().set(seconds.is_not_null(), None)
    rest = rest.set(rest == "", None)
    if rest.null_count() == rest.len():
        return seconds
    parsed = rest.to_frame("cell").select(
        pl.coalesce(
            _signed(_CLOCK, (DAY_S, HOUR_S, 60.0, 1.0)),
            _signed(_MINUTES, (60.0, 1.0)),
            _summed(_WORDS, (DAY_S, HOUR_S, 60.0, 1.0, 1e-3)),
            _summed(_ISO, (DAY_S, HOUR_S, 60.0, 1.0)),
        )
    )
    return pl.select(pl.coalesce(seconds, parsed.to_series())).to_series().alias(column)


def _signed(pattern: str, units_s: tuple[float, ...]) -> pl.Expr:
    groups = pl.col("cell").str.extract_groups(pattern)
    sign = pl.when(groups.struct.field("1") == "-").then(-1.0).otherwise(1.0)
    return sign * _sum(groups, units_s, 2)


def _summed(pattern: str, units_s: tuple[float, ...]) -> pl.Expr:
    return _sum(pl.col("cell").str.extract_groups(pattern), units_s, 1)


def _sum(groups: pl.Expr, units_s: tuple[float, ...], first: int) -> pl.Expr:
    """Add up the parts that are present, each in its unit; null if none is."""
    parts = [
        groups.struct.field(str(first + k)).str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
        * unit_s
        for k, unit_s in enumerate(units_s)
    ]
    any_part = pl.any_horizontal(*(part.is_not_null() for part in parts))
    return pl.when(any_part).then(pl.sum_horizontal(*(part.fill_null(0.0) for part in parts)))


# ── Read the cells named by the mapping: clocks, durations, words

NO_ARRIVAL = "no arrival time"
UNREADABLE_ARRIVAL = "arrival time cannot be read"
CLOCKS = ("arrived", "began", "ended", "left")
SPANS = ("wait_s", "service_s")
_SPANS_HINT = (
    "in [options] duration_unit (of numbers) and decimal; H:MM:SS, MM:SS, 3m 20s and PT3M20S are read"
)
_WORDS_CELLS = ("kind", "agent", "customer")
_DOUBT_S = 1e-3


@dataclass(frozen=True, slots=True)
class Cells:
    """A row for each row of the log: row, clocks, given durations, differences, words."""

    frame: pl.DataFrame
    """row, arrived, began, ended, left (wall-clock seconds since 1970); given_wait_s, given_service_s;
    began_after_arrived_s, left_after_arrived_s, ended_after_began_s (differences of instants); kind, agent,
    customer, word; empty: no arrival time; nowhere: a time skipped by a clock change; doubtful: a time
    repeated by a clock change, and a difference depends on which is meant."""
    raw: pl.DataFrame
    names: MappingOf[str, str]

    def example(self, reason: str, row: int) -> str | None:
        """Return the cell of a row that a reason refers to, with a hint; None if it refers to none."""
        fields = {
            UNREADABLE_ARRIVAL: ("arrived",),
            "served, service missing or unreadable": ("service_s", "ended", "began"),
            "served, wait missing or unreadable": ("wait_s", "began"),
            "abandoned, wait missing or unreadable": ("wait_s", "left"),
        }.get(reason, ())
        for field in fields:
            value = None if field not in self.names else self.raw[self.names[field]][row - 1]
            if value is not None:
                return _described(field, self.names[field], str(value))
        return None


def read_cells(log: Table, mapping: Mapping) -> Cells:
    """Read the named columns.

    Raises:
        BadInputError: a mapped column is missing, or none of its cells can be read.
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
    text: dict[str, pl.Series] = {
        field: _text(table[named[field]]) for field in _WORDS_CELLS if field in named
    }
    for who in {"agent", "customer"} & set(text):
        text[who] = text[who].set(text[who].is_in(list(options.anonymous)), None)
    nothing = pl.Series([None], dtype=pl.Float64).new_from_index(0, table.height)
    words = _text(table[named["outcome"]]) if columns.outcome else nothing.cast(pl.String)
    frame = pl.DataFrame({"row": pl.int_range(1, table.height + 1, eager=True)}).with_columns(
        *(given.get(field, nothing).alias(f"given_{field}") for field in SPANS),
        *(text.get(field, nothing.cast(pl.String)).alias(field) for field in _WORDS_CELLS),
        word=words,
        empty=_text(table[named["arrived"]]).is_null(),
    )
    return Cells(_with_clocks(frame, clocks, mapping), table, named)


def named_columns(table: pl.DataFrame, mapping: Mapping) -> dict[str, str]:
    """Return the mapped columns, by field.

    Raises:
        BadInputError: a mapped column is missing.
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
    """Reject a column of which no cell can be read: the mapping must be wrong."""
    text = _text(log.frame[name])
    if read.null_count() < read.len() or text.null_count() == text.len():
        return
    first = int(text.is_not_null().arg_true()[0])
    place = log.place(first)
    problem = f"no cell of the column {name!r} can be read; the first, in {place}, is {text[first][:60]!r}"
    raise BadInputError(f"columns.{field}", problem, _hint(field, str(text[first])))


def _hint(field: str, value: str) -> str:
    return f"in [options] {form_of(value)}" if field in CLOCKS else _SPANS_HINT


def _described(field: str, name: str, value: str) -> str:
    return f"{value[:60]!r} in the column {name!r}; {_hint(field, value)}"


def _with_clocks(frame: pl.DataFrame, clocks: dict[str, Moments], mapping: Mapping) -> pl.DataFrame:
    """Add the clocks, and the differences of their instants."""
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
        # The shortest difference that is not negative, and whether another one is possible.
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


# ── Kinds of customers: the classes of a log, rare ones grouped, optionally by part of the day

ALL = "all"
OTHER = "other"


def kinds(classes: pl.Series, at_s: pl.Series, options: Options) -> pl.Series:
    """Return each row's kind: its class as an identifier, and the part of the day.

    A class is `other` if it is missing, has fewer rows than `class_rows_least`, or is not among the
    `classes_most` most frequent.
    """
    if classes.null_count() == classes.len():
        named = pl.Series("kind", [ALL] * classes.len())
    else:
        counts = classes.drop_nulls().value_counts(sort=True)
        kept = counts.filter(pl.col("count") >= options.class_rows_least).head(options.classes_most)
        names = _plain_names(sorted(kept.to_series(0)))
        named = classes.replace_strict(names, default=OTHER, return_dtype=pl.String)
    if options.day_parts_h:
        hours = (at_s % DAY_S) / HOUR_S
        bounds = list(options.day_parts_h)
        labels = dict(enumerate(_part_names(options.day_parts_h)))
        parts = hours.map_elements(lambda hour: bisect_right(bounds, hour), return_dtype=pl.Int64)
        named = named + "_" + parts.replace_strict(labels, return_dtype=pl.String)
    return named.alias("kind")


def _part_names(day_parts_h: tuple[float, ...]) -> list[str]:
    """Return the names of the parts of the day, such as 00_20 and 20_24; one more than there are bounds."""
    bounds = [0.0, *day_parts_h, 24.0]
    return [f"{_hour(low)}_{_hour(high)}" for low, high in pairwise(bounds)]


def _hour(hour: float) -> str:
    minutes = round(hour * 60)
    return f"{minutes // 60:02d}" + (f"{minutes % 60:02d}" if minutes % 60 else "")


def _plain_names(classes: list[str]) -> dict[str, str]:
    """Give each class a unique name of letters, digits and underscores, usable in paths."""
    names: dict[str, str] = {}
    for each in classes:
        plain = re.sub(r"\W+", "_", each).strip("_")[:40] or "class"
        name, n = plain, 1
        while name in {*names.values(), OTHER}:
            n += 1
            name = f"{plain}_{n}"
        names[each] = name
    return names
