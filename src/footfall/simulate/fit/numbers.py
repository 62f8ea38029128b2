"""Numbers and durations of a table as people write them, cell by cell: what cannot be read becomes null."""

from collections.abc import Sequence
from typing import Literal

import polars as pl

from footfall.records.errors import BadInputError
from footfall.simulate.fit.mapping import UNIT_S, Options
from footfall.simulate.spec.base import DAY_S, HOUR_S

Mark = Literal[".", ","]
_GROUPING = r"[\s\u00a0\u202f'’_]"
_COMMA = (
    r"^[+-]?(?:\d*,(?:\d{1,2}|\d{4,})|0,\d{3}|\d{1,3}(?:\.\d{3})+,\d+|\d{4,},\d+|\d{1,3}(?:\.\d{3}){2,})$"
)
"""Only with a decimal comma."""
_POINT = (
    r"^[+-]?(?:\d*\.(?:\d{1,2}|\d{4,})|0\.\d{3}|\d{1,3}(?:,\d{3})+\.\d+|\d{4,}\.\d+|\d{1,3}(?:,\d{3}){2,})$"
)
"""Only with a decimal point."""
_EITHER = r"^[+-]?[1-9]\d{0,2},\d{3}$"
"""1,234: a thousand and more, or one and a bit."""
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
"""Three years: what lasts longer is a mistake."""
_DURATIONS = "numbers (duration_unit, decimal), H:MM:SS, MM:SS, 3m 20s or PT3M20S"


def decimal_mark(columns: Sequence[pl.Series], asked: Mark | None, where: str) -> Mark:
    """Tell by all numbers of a table together whether 12,5 or 12.5 is twelve and a half.

    Raises:
        BadInputError: every number that could tell may be read in both ways.
    """
    if asked is not None:
        return asked
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
    """Give cells as finite numbers; the other mark, blanks or apostrophes may group digits in threes."""
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
    """Give a column of durations in seconds; null where a cell cannot be read or is of over three years.

    Numbers are in `duration_unit`; H:MM:SS, MM:SS, `3m 20s` and PT3M20S (ISO 8601) say their units.

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
    told = rest.to_frame("cell").select(
        pl.coalesce(
            _signed(_CLOCK, (DAY_S, HOUR_S, 60.0, 1.0)),
            _signed(_MINUTES, (60.0, 1.0)),
            _summed(_WORDS, (DAY_S, HOUR_S, 60.0, 1.0, 1e-3)),
            _summed(_ISO, (DAY_S, HOUR_S, 60.0, 1.0)),
        )
    )
    return pl.select(pl.coalesce(seconds, told.to_series())).to_series().alias(column)


def _signed(pattern: str, units_s: tuple[float, ...]) -> pl.Expr:
    groups = pl.col("cell").str.extract_groups(pattern)
    sign = pl.when(groups.struct.field("1") == "-").then(-1.0).otherwise(1.0)
    return sign * _sum(groups, units_s, 2)


def _summed(pattern: str, units_s: tuple[float, ...]) -> pl.Expr:
    return _sum(pl.col("cell").str.extract_groups(pattern), units_s, 1)


def _sum(groups: pl.Expr, units_s: tuple[float, ...], first: int) -> pl.Expr:
    """Add up the parts that are told, each in its unit; null where none is."""
    parts = [
        groups.struct.field(str(first + k)).str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
        * unit_s
        for k, unit_s in enumerate(units_s)
    ]
    any_told = pl.any_horizontal(*(part.is_not_null() for part in parts))
    return pl.when(any_told).then(pl.sum_horizontal(*(part.fill_null(0.0) for part in parts)))
