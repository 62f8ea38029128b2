"""Cases or counts by month and channel, read from a table."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall._fit.day_cells import Mark, numbers
from footfall._fit.log_rows import RowStatus, set_aside
from footfall._fit.share_mapping import ShareMapping
from footfall._fit.share_model import MONTHS_OF_A_YEAR, Floats
from footfall._model.numbers import DAY_S
from footfall._records.errors import NUMBER_MOST, BadInputError
from footfall._records.log_file import TOTALS, Table
from footfall._workload.access_log import GUESSES, form_of, moments
from footfall._workload.log_mapping import IGNORED, Options

# ── Days, written as times, days or months

_CLOCK = r"\d:\d{2}|T\d{4}"
_MONTH_FORMS = (
    (r"^(\d{4})[-/.](\d{1,2})$", "${1}-${2}"),
    (r"^(\d{4})(0[1-9]|1[0-2])$", "${1}-${2}"),
    (r"^(\d{4}) ?[Mm](\d{1,2})$", "${1}-${2}"),
    (r"^(\d{4})年 ?(\d{1,2})月(?:份)?$", "${1}-${2}"),
    (r"^(\d{1,2})[-/.](\d{4})$", "${2}-${1}"),
)
_NAMED_MONTHS = ("%d %b %y", "%d %B %y", "%d %b %Y", "%d %B %Y", "%d %Y %b", "%d %Y %B")
_NAMED_DAYS = ("%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y")
_DAY_FORMS = (
    (r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$", "${1}-${2}-${3}"),
    (r"^(\d{4})(\d{2})(\d{2})$", "${1}-${2}-${3}"),
    (r"^(\d{4})年 ?(\d{1,2})月 ?(\d{1,2})日$", "${1}-${2}-${3}"),
    (r"^(\d{1,2})\.(\d{1,2})\.(\d{4})$", "${3}-${2}-${1}"),
)
_LEAST, _MOST = 190_001, 210_012
"""Numbers in this range are months, such as 201506; eight digits are days, such as 20150612."""
_DAY_LEAST, _DAY_MOST = 19_000_101, 21_001_231


def days_of(frame: pl.DataFrame, column: str, options: Options, date: str | None = None) -> pl.Series:
    """Return the day of each cell, of a month its first. Null: empty or unreadable.

    Raises:
        BadInputError: the column cannot hold times, or `time_format` is invalid.
    """
    cells = frame[column]
    if isinstance(cells.dtype, pl.Date):
        return cells
    if cells.dtype.is_integer():
        inside = cells.is_between(_LEAST, _MOST) | cells.is_between(_DAY_LEAST, _DAY_MOST)
        if inside.fill_null(value=True).all():
            cells = cells.cast(pl.String)
    elif isinstance(cells.dtype, pl.Categorical | pl.Enum):
        cells = cells.cast(pl.String)
    if cells.dtype != pl.String or date is not None:
        return _day(moments(frame, column, options, date).wall_s)
    text = cells.str.strip_chars()
    if options.time_format is not None:
        return _asked(text, options)
    plain = text.str.contains(_CLOCK).fill_null(value=False)
    found = _read(text.set(plain, None))
    rest = text.set(found.is_not_null(), None)
    if rest.null_count() == rest.len():
        return found
    parsed = _day(moments(rest.to_frame(column), column, options).wall_s)
    return pl.select(pl.coalesce(found, parsed)).to_series().alias(column)


def hint_of(value: str) -> str:
    """Suggest a time format for a day that could not be read."""
    if ":" in value:
        return f"in [options] {form_of(value)}"
    forms = dict.fromkeys(form.partition(" %H")[0].partition(" %I")[0] for form in GUESSES)
    cell = pl.Series([value.strip()])
    fits = [form for form in forms if cell.str.to_date(form, strict=False).null_count() == 0][:2]
    proposed = " or ".join(f'"{form}"' for form in fits) or 'such as "%d/%m/%Y"'
    return f"in [options] time_format {proposed}"


def _read(text: pl.Series) -> pl.Series:
    """Parse days and months without a time of day in unambiguous forms."""
    named = pl.col("t").str.replace_all(r"[-/.,]? +|[-/.]", " ")
    ways = [
        *(_matched(pattern, form + "-01") for pattern, form in _MONTH_FORMS),
        *(_matched(pattern, form) for pattern, form in _DAY_FORMS),
        *((pl.lit("01 ") + named).str.to_date(form, strict=False) for form in _NAMED_MONTHS),
        *(named.str.to_date(form, strict=False) for form in _NAMED_DAYS),
    ]
    return text.to_frame("t").select(pl.coalesce(ways)).to_series()


def _matched(pattern: str, form: str) -> pl.Expr:
    parsed = pl.when(pl.col("t").str.contains(pattern)).then(pl.col("t").str.replace(pattern, form))
    return parsed.str.to_date("%Y-%m-%d", strict=False)


def _asked(text: pl.Series, options: Options) -> pl.Series:
    """Parse by `time_format`, which may omit the time of day and the day of the month."""
    given = options.time_format
    forms = (given,) if isinstance(given, str) else given or ()
    found = pl.Series([None], dtype=pl.Date).new_from_index(0, text.len())
    for form in forms:
        rest = text.set(found.is_not_null(), None)
        is_month = not any(part in form for part in ("%d", "%e", "%j", "%F", "%D", "%s", "%x", "%v"))
        is_day = not any(part in form for part in ("%H", "%I", "%T", "%R", "%s", "%k", "%l", "%c", "%r"))
        before, after = ("01 ", "%d ") if is_month else ("", ""), (" 00:00", " %H:%M") if is_day else ("", "")
        cells = rest.to_frame("t").select(pl.lit(before[0]) + pl.col("t") + pl.lit(after[0])).to_series()
        whole = before[1] + form + after[1]
        one = options.model_copy(update={"time_format": whole})
        parsed = _day(moments(cells.to_frame("t"), "t", one).wall_s)
        found = pl.select(pl.coalesce(found, parsed)).to_series()
    return found


def _day(wall_s: pl.Series) -> pl.Series:
    return pl.select(pl.from_epoch((pl.lit(wall_s) // DAY_S).cast(pl.Int64), time_unit="d")).to_series()


# ── Counts by month and channel, with the status of every row

OTHER, OTHER_ELECTRONIC = "other", "other electronic"
_USED = "used"
_NO_DAY, _BAD_DAY = "no time, day or month", "time, day or month cannot be read"
_DAYS_MISSING_MOST = 3
"""At either end of the record, this many days without a case can be holidays and weekends."""
_MONTHLY_DAYS = 26
"""Rows this far apart are monthly."""
_NAME_MOST = 40
_MARKS: tuple[Mark, ...] = (".", ",")


@dataclass(frozen=True, slots=True)
class CaseCounts:
    """Cases by month and channel."""

    names: tuple[str, ...]
    """Channels, in descending order of the last year's cases."""
    electronic: tuple[str, ...]
    months: NDArray[np.int64]
    """Shape (months,): months with cases, counted from year 0, in order."""
    counts: Floats
    """Shape (months, channels)."""
    covered: Floats
    """Shape (months,): part of the month that the record covers."""
    read: int
    """Rows of the table."""
    row_statuses: tuple[RowStatus, ...]
    """How they were used; the counts add up to `read`."""
    notes: tuple[str, ...]

    @property
    def cases(self) -> int:
        """Number of all cases."""
        return round(float(self.counts.sum()))


def month_name(month: int) -> str:
    """Format a month since year 0, such as 2015-06."""
    return f"{month // MONTHS_OF_A_YEAR:04d}-{month % MONTHS_OF_A_YEAR + 1:02d}"


def counted(table: Table, mapping: ShareMapping) -> CaseCounts:
    """Count the cases of a table by its mapping.

    Raises:
        BadInputError: a mapped column is missing, or no row can be used.
    """
    columns = _columns(table.frame, mapping)
    long = _long(table, mapping, columns).with_columns(channel=pl.lit(None, dtype=pl.String))
    names = {word: mapping.channel_of(word) for word in long["word"].unique().drop_nulls().to_list()}
    if mapping.is_wide:
        names = {name: name for name in mapping.channels}
    elif not mapping.channels:
        names = {word: None if word.lower() in TOTALS else _plain(word) for word in names}
    long = long.with_columns(
        channel=pl.col("word").replace_strict(names, default=None, return_dtype=pl.String)
    )
    long = long.with_columns(reason=pl.coalesce(*_reasons(mapping)))
    row_statuses = _row_statuses(table, long, mapping)
    used = long.filter(pl.col("reason") == _USED)
    if used.height and not float(used["count"].sum()):
        raise BadInputError("the table", "counts no case of any channel", "counts above 0")
    if used.is_empty():
        most = max(row_statuses, key=lambda status: (status.use == "none", status.rows))
        reason = f"{most.reason} ({most.rows:,} rows, the first is {most.place})"
        reason = reason if most.example is None else f"{reason}: {most.example}"
        problem = f"none of {table.frame.height:,} rows can be used: {reason}"
        raise BadInputError("the table", problem, "rows that the mapping describes")
    return _by_month(table, used, row_statuses, mapping)


def _columns(frame: pl.DataFrame, mapping: ShareMapping) -> dict[str, str]:
    """Return the channel of each column of counts; empty if rows name their channel.

    Raises:
        BadInputError: a mapped column is missing.
    """
    known = " or ".join(frame.columns[:30])
    for field, name in mapping.columns:
        if name is not None and name not in frame.columns:
            raise BadInputError(f"columns.{field}", f"the table has no column {name!r}", known)
    if not mapping.is_wide:
        return {}
    found = {
        column: channel
        for column in frame.columns
        if column not in mapping.names and (channel := mapping.channel_of(column)) is not None
    }
    for name in mapping.channels:
        if name != IGNORED and name not in found.values():
            raise BadInputError(f"channels.{name}", "the table has no such column", known)
    return {column: channel for column, channel in found.items() if channel != IGNORED}


def _long(table: Table, mapping: ShareMapping, columns: dict[str, str]) -> pl.DataFrame:
    """Return a row per case or count: row (from 0), day, word, count (null if unreadable)."""
    frame = table.frame
    day = days_of(frame, mapping.columns.arrived, mapping.options.reading, mapping.columns.date)
    base = pl.DataFrame({"row": pl.int_range(0, frame.height, eager=True), "day": day.alias("day")})
    base = base.with_columns(no_day=_text(frame[mapping.columns.arrived]).is_null())
    counts = list(columns) or ([mapping.columns.count] if mapping.columns.count else [])
    read = _read_counts([frame[name] for name in counts], mapping.options.decimal)
    if mapping.is_wide:
        # A row with an unreadable cell is excluded entirely: its shares are unknown.
        bad = pl.select(pl.any_horizontal(*(pl.lit(each).is_null() for each in read.values()))).to_series()
        parts = [
            base.with_columns(word=pl.lit(channel), count=pl.select(pl.when(~bad).then(each)).to_series())
            for name, each in read.items()
            for channel in [columns[name]]
        ]
        return pl.concat(parts)
    channel = mapping.columns.channel or ""
    count = read[counts[0]] if counts else pl.Series("count", [1.0]).new_from_index(0, frame.height)
    return base.with_columns(word=_text(frame[channel]), count=count)


def _read_counts(columns: list[pl.Series], mark: Mark | None) -> dict[str, pl.Series]:
    """Return counts by column; 1.200 and 1,200 are both twelve hundred, since a count has no fraction."""
    ways = [{cells.name: _counts(cells, mark) for cells in columns} for mark in ((mark,) if mark else _MARKS)]
    return min(ways, key=lambda way: sum(each.null_count() for each in way.values()))


def _counts(cells: pl.Series, mark: Mark) -> pl.Series:
    """Return counts; an empty cell is 0, anything but an integer from 0 up is null."""
    values = numbers(cells, mark)
    values = values.set(_text(cells).is_null(), 0.0)
    right = (values >= 0) & (values <= NUMBER_MOST) & ((values - values.round()).abs() < 1e-6)  # noqa: PLR2004  rounding
    return values.set(~right.fill_null(value=False), None)


def _text(cells: pl.Series) -> pl.Series:
    text = cells.cast(pl.String, strict=False).str.strip_chars()
    return text.set((text == "").fill_null(value=False), None)


def _plain(word: str) -> str:
    """Return a word as a printable name."""
    printed = "".join(each if each.isprintable() else " " for each in word).strip() or "unnamed"
    return printed if len(printed) <= _NAME_MOST else printed[: _NAME_MOST - 1] + "…"


def _reasons(mapping: ShareMapping) -> list[pl.Expr]:
    options = mapping.options
    early = pl.lit(value=False) if options.first_day is None else pl.col("day") < options.first_day
    late = pl.lit(value=False) if options.last_day is None else pl.col("day") > options.last_day
    return [
        pl.when(pl.col("no_day")).then(pl.lit(_NO_DAY)),
        pl.when(pl.col("day").is_null()).then(pl.lit(_BAD_DAY)),
        pl.when(early | late).then(pl.lit("outside `from` and `until`")),
        pl.when(pl.col("word").is_null()).then(pl.lit("no channel")),
        pl.when(pl.col("channel") == IGNORED).then(pl.lit("ignored channel")),
        pl.when(pl.col("channel").is_null()).then(
            pl.lit("channel that [channels] does not name" if mapping.channels else "a total of others")
        ),
        pl.when(pl.col("count").is_null()).then(pl.lit("count is not a whole number of 0 or more")),
        pl.lit(_USED),
    ]


def _row_statuses(table: Table, long: pl.DataFrame, mapping: ShareMapping) -> tuple[RowStatus, ...]:
    """Count the rows of the table by status, used ones first, then by number."""
    rows = long.unique("row", keep="first", maintain_order=True)
    grouped = rows.group_by("reason").agg(rows=pl.len(), row=pl.col("row").min())
    found = [
        RowStatus(
            use="whole" if each["reason"] == _USED else "none",
            reason=each["reason"],
            rows=each["rows"],
            first_row=each["row"] + 1,
            where=table.place(each["row"]),
            example=_example(table, mapping, each["reason"], each["row"]),
        )
        for each in grouped.iter_rows(named=True)
    ]
    found += set_aside(table)
    return tuple(sorted(found, key=lambda status: (status.use != "whole", -status.rows, status.reason)))


def _example(table: Table, mapping: ShareMapping, reason: str, row: int) -> str | None:
    """Return the cell that a reason refers to, with a hint."""
    columns = mapping.columns
    if reason == _BAD_DAY:
        value = str(table.frame[columns.arrived][row])
        return f"{value[:60]!r} in the column {columns.arrived!r}; {hint_of(value)}"
    if reason.startswith("channel that") and columns.channel:
        return f"{_plain(str(table.frame[columns.channel][row]))!r}"
    if reason.startswith("count") and columns.count:
        value = str(table.frame[columns.count][row])[:60]
        return f"{value!r} in the column {columns.count!r}; cases are needed, not shares"
    return None


def _by_month(
    table: Table, used: pl.DataFrame, row_statuses: tuple[RowStatus, ...], mapping: ShareMapping
) -> CaseCounts:
    cells = used.with_columns(
        month=pl.col("day").dt.year().cast(pl.Int64) * MONTHS_OF_A_YEAR + pl.col("day").dt.month() - 1
    )
    sums = cells.group_by("month", "channel").agg(pl.col("count").sum()).filter(pl.col("count") > 0)
    names, notes = _grouped(sums, mapping)
    electronic = [name for name in mapping.options.electronic if name in names.values()]
    missing = [name for name in mapping.options.electronic if name not in names]
    if missing and not mapping.channels:
        known = " or ".join(map(repr, sorted(names)[:30]))
        raise BadInputError("options.electronic", f"the table has no channel {missing[0]!r}", known)
    sums = sums.with_columns(pl.col("channel").replace_strict(names))
    sums = sums.group_by("month", "channel").agg(pl.col("count").sum())
    wide = sums.pivot(on="channel", index="month", values="count").fill_null(0.0).sort("month")
    months = wide["month"].to_numpy()
    recent = wide.filter(pl.col("month") > months[-1] - MONTHS_OF_A_YEAR)
    order = sorted(
        (name for name in wide.columns if name != "month"),
        key=lambda name: (name in {OTHER, OTHER_ELECTRONIC}, -float(recent[name].sum()), name),
    )
    electronic += [OTHER_ELECTRONIC] * (OTHER_ELECTRONIC in order)
    covered, coverage_notes = _covered(used["day"], months)
    gaps = sorted(set(range(int(months[0]), int(months[-1]) + 1)) - set(months.tolist()))
    if gaps:
        named = ", ".join(map(month_name, gaps[:6])) + (" …" if len(gaps) > 6 else "")  # noqa: PLR2004  one line
        coverage_notes = [*coverage_notes, f"no case in {named}: a gap, which the forecast bridges"]
    never = [name for name in mapping.channels if name != IGNORED and name not in names]
    if never and not mapping.is_wide:
        coverage_notes = [
            *coverage_notes,
            f"no case of {', '.join(never)}: none of its words in [channels] occurs in the table",
        ]
    return CaseCounts(
        names=tuple(order),
        electronic=tuple(electronic),
        months=months.astype(np.int64),
        counts=wide.select(order).to_numpy().astype(np.float64),
        covered=covered,
        read=table.frame.height + len(table.aside),
        row_statuses=row_statuses,
        notes=(*table.notes, *notes, *coverage_notes),
    )


def _grouped(sums: pl.DataFrame, mapping: ShareMapping) -> tuple[dict[str, str], list[str]]:
    """Return the name that each channel is counted under, its own or `other`, and a note on grouping."""
    last = sums["month"].max()
    recent = pl.col("count").filter(pl.col("month") > pl.lit(last) - MONTHS_OF_A_YEAR).sum()
    ranked = (
        sums.group_by("channel")
        .agg(recent=recent, count=pl.col("count").sum())
        .sort("recent", "count", "channel", descending=[True, True, False])["channel"]
        .to_list()
    )
    most = mapping.options.channels_most
    small = ranked[most:] if len(ranked) > most + 1 else []
    electronic = set(mapping.options.electronic)
    names = {
        name: (OTHER_ELECTRONIC if name in electronic else OTHER) if name in small else name
        for name in ranked
    }
    if not small:
        return names, []
    return names, [
        f"the {len(small):,} smallest of {len(ranked):,} channels are grouped together (channels_most)"
    ]


def _covered(days: pl.Series, months: NDArray[np.int64]) -> tuple[Floats, list[str]]:
    """Return the part of each month that the record covers: the first and the last may be incomplete."""
    dates = days.unique().drop_nulls().sort()
    covered = np.ones(months.size)
    gaps = np.diff(dates.cast(pl.Date).cast(pl.Int32).to_numpy())
    gap = float(np.median(gaps)) if gaps.size else 1.0
    if gap >= _MONTHLY_DAYS:
        return covered, []
    allowed = max(_DAYS_MISSING_MOST, 2 * (gap - 1))
    first, last = dates[0], dates[-1]
    notes = []
    for place, missing, day in ((0, first.day - 1, first), (-1, _days_in(last) - last.day - (gap - 1), last)):
        if missing > allowed:
            covered[place] -= missing / _days_in(day)
            part = f"begins on {day}" if place == 0 else f"ends on {day}"
            notes.append(f"the record {part}: {month_name(int(months[place]))} is weighted by its days")
    return np.clip(covered, 0.02, 1.0), notes


def _days_in(day: date) -> int:
    return monthrange(day.year, day.month)[1]
