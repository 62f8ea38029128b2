"""Clock times and durations of a log as seconds, cell by cell: what cannot be read becomes nothing."""

import polars as pl

from footfall.records.errors import BadInputError
from footfall.simulate.fit.mapping import UNIT_S, Options
from footfall.simulate.spec.base import DAY_S

NAIVE_FORMATS = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S%.f", "%y%m%d %H:%M:%S%.f")
ZONED_FORMATS = ("%Y-%m-%d %H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f %z")
UTC = "UTC"
_SECONDS_SINCE_1970 = r"^\d{9,10}(\.\d+)?$"
"""Since March 1973, so that no day written in eight digits is taken for one."""
_HALF_DAY_S = DAY_S / 2


def instants(frame: pl.DataFrame, column: str, options: Options, date: str | None = None) -> pl.Series:
    """Give a column of clock times as wall-clock seconds since 1970; null where a cell cannot be read.

    Text is read by `time_format` or as ISO 8601; numbers are seconds since 1970 in UTC; a time with an
    offset is told on the clocks of `timezone`.

    Raises:
        BadInputError: the column cannot hold times of the day.
    """
    cells = frame[column]
    if date is not None:
        cells = _day_text(frame[date]) + " " + cells.cast(pl.String).str.strip_chars()
    kind = cells.dtype
    if kind in {pl.String, pl.Categorical}:
        told = _from_text(cells.cast(pl.String), options)
    elif isinstance(kind, pl.Datetime):
        told = cells
    elif kind.is_numeric():
        told = _from_number(cells)
    else:
        raise BadInputError(f"columns.{column}", f"holds {kind}", "times of the day, as text, time or number")
    if isinstance(told.dtype, pl.Datetime) and told.dtype.time_zone is not None:
        told = told.dt.convert_time_zone(options.timezone or UTC).dt.replace_time_zone(None)
    return told.cast(pl.Datetime("us")).dt.timestamp("us").cast(pl.Float64) / 1e6


def after_midnight(times: pl.Expr, arrived: pl.Expr) -> pl.Expr:
    """Give times without a date of their own, put after the arrival where they pass midnight."""
    return pl.when(times < arrived - _HALF_DAY_S).then(times + DAY_S).otherwise(times)


def durations(frame: pl.DataFrame, column: str, options: Options) -> pl.Series:
    """Give a column of durations in seconds; null where a cell cannot be read or is not finite."""
    cells = frame[column]
    if cells.dtype == pl.Duration:
        return cells.dt.total_microseconds().cast(pl.Float64) / 1e6
    if cells.dtype == pl.String:
        cells = cells.str.strip_chars()
    seconds = cells.cast(pl.Float64, strict=False) * UNIT_S[options.duration_unit]
    return seconds.set(~seconds.is_finite().fill_null(value=True), None)


def _day_text(days: pl.Series) -> pl.Series:
    if isinstance(days.dtype, pl.Datetime | pl.Date):
        return days.dt.strftime("%Y-%m-%d")
    return days.cast(pl.String).str.strip_chars()


def _from_text(cells: pl.Series, options: Options) -> pl.Series:
    """Read text, first as times without an offset from UTC, what is left as times with one."""
    if options.time_format is not None:
        return _read(cells, (options.time_format,), zoned="%z" in options.time_format)
    text = cells.str.strip_chars().str.replace(r"[Zz]$", "+0000").str.replace("T", " ", literal=True)
    naive = _read(text, NAIVE_FORMATS, zoned=False)
    if naive.null_count() == text.null_count():
        return naive
    number = _from_number(text.set(~text.str.contains(_SECONDS_SINCE_1970).fill_null(value=True), None))
    zoned = pl.select(pl.coalesce(_read(text, ZONED_FORMATS, zoned=True), number)).to_series()
    local = zoned.dt.convert_time_zone(options.timezone or UTC).dt.replace_time_zone(None)
    return pl.select(pl.coalesce(naive, local)).to_series()


def _from_number(seconds: pl.Series) -> pl.Series:
    """Read seconds since 1970 in UTC."""
    micros = seconds.cast(pl.Float64, strict=False) * 1e6
    return micros.cast(pl.Int64, strict=False).cast(pl.Datetime("us", UTC))


def _read(text: pl.Series, formats: tuple[str, ...], *, zoned: bool) -> pl.Series:
    kind = pl.Datetime("us", UTC if zoned else None)
    read = [text.str.strptime(kind, form, strict=False) for form in formats]
    return pl.select(pl.coalesce(*read)).to_series()
