"""Days of a table that may be written as times, days or months."""

import polars as pl

from footfall.simulate.fit.clocks import GUESSES, form_of, moments
from footfall.simulate.fit.mapping import Options
from footfall.simulate.spec.base import DAY_S

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
"""Numbers in between are months, as 201506; eight digits are days, as 20150612."""
_DAY_LEAST, _DAY_MOST = 19_000_101, 21_001_231


def days_of(frame: pl.DataFrame, column: str, options: Options, date: str | None = None) -> pl.Series:
    """Give the day of each cell; that of a month is its first. Null: empty, or it cannot be read.

    Raises:
        BadInputError: the column cannot hold times, or `time_format` is none.
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
    told = _day(moments(rest.to_frame(column), column, options).wall_s)
    return pl.select(pl.coalesce(found, told)).to_series().alias(column)


def hint_of(value: str) -> str:
    """Say how a day that could not be read might be told."""
    if ":" in value:
        return f"in [options] {form_of(value)}"
    forms = dict.fromkeys(form.partition(" %H")[0].partition(" %I")[0] for form in GUESSES)
    cell = pl.Series([value.strip()])
    fits = [form for form in forms if cell.str.to_date(form, strict=False).null_count() == 0][:2]
    proposed = " or ".join(f'"{form}"' for form in fits) or 'such as "%d/%m/%Y"'
    return f"in [options] time_format {proposed}"


def _read(text: pl.Series) -> pl.Series:
    """Read days and months without a clock in the forms that leave no doubt."""
    named = pl.col("t").str.replace_all(r"[-/.,]? +|[-/.]", " ")
    ways = [
        *(_matched(pattern, form + "-01") for pattern, form in _MONTH_FORMS),
        *(_matched(pattern, form) for pattern, form in _DAY_FORMS),
        *((pl.lit("01 ") + named).str.to_date(form, strict=False) for form in _NAMED_MONTHS),
        *(named.str.to_date(form, strict=False) for form in _NAMED_DAYS),
    ]
    return text.to_frame("t").select(pl.coalesce(ways)).to_series()


def _matched(pattern: str, form: str) -> pl.Expr:
    told = pl.when(pl.col("t").str.contains(pattern)).then(pl.col("t").str.replace(pattern, form))
    return told.str.to_date("%Y-%m-%d", strict=False)


def _asked(text: pl.Series, options: Options) -> pl.Series:
    """Read by `time_format`, which may leave out the clock, and the day of the month."""
    given = options.time_format
    asked = (given,) if isinstance(given, str) else given or ()
    found = pl.Series([None], dtype=pl.Date).new_from_index(0, text.len())
    for form in asked:
        rest = text.set(found.is_not_null(), None)
        is_month = not any(part in form for part in ("%d", "%e", "%j", "%F", "%D", "%s", "%x", "%v"))
        is_day = not any(part in form for part in ("%H", "%I", "%T", "%R", "%s", "%k", "%l", "%c", "%r"))
        before, after = ("01 ", "%d ") if is_month else ("", ""), (" 00:00", " %H:%M") if is_day else ("", "")
        cells = rest.to_frame("t").select(pl.lit(before[0]) + pl.col("t") + pl.lit(after[0])).to_series()
        whole = before[1] + form + after[1]
        one = options.model_copy(update={"time_format": whole})
        told = _day(moments(cells.to_frame("t"), "t", one).wall_s)
        found = pl.select(pl.coalesce(found, told)).to_series()
    return found


def _day(wall_s: pl.Series) -> pl.Series:
    return pl.select(pl.from_epoch((pl.lit(wall_s) // DAY_S).cast(pl.Int64), time_unit="d")).to_series()
