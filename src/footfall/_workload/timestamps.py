"""Clock times of a table, cell by cell, as instants and as a clock on the wall shows them."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl
from polars.exceptions import PanicException, PolarsError

from footfall._model.numbers import DAY_S
from footfall._records.errors import BadInputError
from footfall._workload.log_mapping import Options

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
