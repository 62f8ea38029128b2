"""Text in CSV cells that no spreadsheet takes for a formula."""

import csv
import re
from io import StringIO

import polars as pl

_FORMULA = "=+-@\t\r\n＝＋－＠"
"""Full-width signs begin formulas in East Asian spreadsheets."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?%?", re.ASCII)


def plain_cell(text: str) -> str:
    """Give a text as a cell that a spreadsheet shows and never runs: a formula gets an apostrophe before it.

    A number stays as it is, with its sign. Source: OWASP, "CSV Injection" (2023).
    """
    return f"'{text}" if text[:1] and text[0] in _FORMULA and not _NUMBER.fullmatch(text) else text


def plain_cells(frame: pl.DataFrame) -> pl.DataFrame:
    """Give a table whose texts and column names are all plain cells; numbers and times are untouched."""
    plain = [_plain(column) for column in frame.iter_columns()]
    names = {column.name: plain_cell(column.name) for column in plain}
    return pl.DataFrame(plain).rename({old: new for old, new in names.items() if old != new})


def plain_csv(text: str) -> str:
    """Give a CSV text with plain cells alone."""
    out = StringIO()
    rows = csv.reader(StringIO(text, newline=""))
    csv.writer(out).writerows([plain_cell(cell) for cell in row] for row in rows)
    return out.getvalue()


def _plain(column: pl.Series) -> pl.Series:
    if not isinstance(column.dtype, pl.String | pl.Categorical | pl.Enum):
        return column
    texts = {text: plain_cell(text) for text in column.cast(pl.String).unique().drop_nulls()}
    changed = {old: new for old, new in texts.items() if old != new}
    return column.cast(pl.String).replace(changed) if changed else column
