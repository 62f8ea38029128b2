"""Rows as tables: one schema per kind, Parquet and CSV, read with checks and written atomically."""

import csv
import re
from collections.abc import Callable, Sequence
from html import escape
from io import StringIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, get_type_hints

import polars as pl
from polars.exceptions import PolarsError

from footfall._records.errors import BadInputError, InvariantError
from footfall._records.rows import OUTCOMES, Arrival, Hit, Measure, Outcome, Replication, Visit

# ── CSV cells that a spreadsheet does not interpret as formulas

_FORMULA = "=+-@\t\r\n＝＋－＠"
"""Full-width signs start formulas in East Asian spreadsheets."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?%?", re.ASCII)


def plain_cell(text: str) -> str:
    """Return a cell that a spreadsheet shows and never evaluates: a formula is prefixed by an apostrophe.

    A number is unchanged, with its sign. Source: OWASP, "CSV Injection" (2023).
    """
    return f"'{text}" if text[:1] and text[0] in _FORMULA and not _NUMBER.fullmatch(text) else text


def plain_cells(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a table whose texts and column names are plain cells; numbers and times are unchanged."""
    plain = [_plain(column) for column in frame.iter_columns()]
    names = {column.name: plain_cell(column.name) for column in plain}
    return pl.DataFrame(plain).rename({old: new for old, new in names.items() if old != new})


def plain_csv(text: str) -> str:
    """Return a CSV text with plain cells only."""
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


_POLARS_TYPES: dict[Any, Any] = {
    int: pl.Int64,
    float: pl.Float64,
    float | None: pl.Float64,
    str: pl.String,
}


def schema_of(row: type) -> pl.Schema:
    """Return the schema of a row's table, in the order of its fields."""
    return pl.Schema({name: _POLARS_TYPES[kind] for name, kind in get_type_hints(row).items()})


_ROUNDING_S = 1e-3
"""Tolerance for clock readings of two processes, if another worker took over a customer."""
ARRIVALS = schema_of(Arrival)
VISITS = schema_of(Visit)
HITS = schema_of(Hit)
MEASURES = schema_of(Measure)
REPLICATIONS = schema_of(Replication)


def table(rows: list[Any], schema: pl.Schema) -> pl.DataFrame:
    """Return rows (dataclasses, or tuples in the order of the schema) as a table of that schema."""
    plain = [r if isinstance(r, tuple) else tuple(getattr(r, name) for name in schema) for r in rows]
    return pl.DataFrame(plain, schema=schema, orient="row")


def check_visits(visits: pl.DataFrame) -> None:
    """Check the invariants of `Visit` on a whole table, column by column.

    Raises:
        InvariantError: an invariant is violated; the message names it and the first customer concerned.
    """
    times = ["due_s", "started_s", "served_s", "ended_s", "human_s", "wait_s"]
    started = pl.col("started_s").fill_null(pl.col("due_s"))
    served = pl.col("served_s").fill_null(started)
    is_served = pl.col("outcome") == Outcome.SERVED.value
    response_s = pl.col("ended_s") - pl.col("due_s") - pl.col("human_s")
    invariants = {
        "no empty cell": pl.all_horizontal(pl.exclude("started_s", "served_s").is_not_null()),
        "finite times, none negative": pl.all_horizontal(
            (pl.col(name).is_finite() & (pl.col(name) >= 0)).fill_null(value=True) for name in times
        ),
        "no negative response time": response_s >= -_ROUNDING_S,
        "times in order": (pl.col("due_s") <= started) & (started <= served) & (served <= pl.col("ended_s")),
        "a known outcome": pl.col("outcome").is_in(OUTCOMES),
        "success has no cause": is_served == (pl.col("cause") == ""),
        "success was served": ~is_served | pl.col("served_s").is_not_null(),
        "attempts count from 1": pl.col("attempt") >= 1,
        "each attempt once": pl.struct("customer", "attempt").is_unique(),
    }
    checked = visits.select(holds.all().alias(name) for name, holds in invariants.items()).row(0, named=True)
    for name, holds in invariants.items():
        if not checked[name]:
            broken = visits.filter(~holds)
            where = f"{broken['channel'][0]}, customer {broken['customer'][0]}"
            raise InvariantError(name, where, f"{broken.height} visits violate it")


def write_parquet(frame: pl.DataFrame, path: Path) -> None:
    """Write a table atomically: the path has either the whole table or its earlier content.

    Raises:
        BadInputError: the folder cannot be written.
    """
    write_atomically(path, frame.write_parquet)


def write_csv(frame: pl.DataFrame, path: Path) -> None:
    """Write a table as CSV, atomically; no text in it is a formula for a spreadsheet.

    Raises:
        BadInputError: the folder cannot be written.
    """
    write_atomically(path, plain_cells(frame).write_csv)


def write_text(text: str, path: Path) -> None:
    """Write a text file atomically, as UTF-8.

    Raises:
        BadInputError: the folder cannot be written.
    """
    write_atomically(path, lambda target: target.write_text(text, encoding="utf-8"))


def read_parquet(path: Path, schema: pl.Schema) -> pl.DataFrame:
    """Read a table and check that it has the columns of the schema.

    Raises:
        BadInputError: the file is missing, truncated, not Parquet, or of another kind.
    """
    return _read(path, schema, lambda: pl.read_parquet(path))


def read_csv(path: Path, schema: pl.Schema) -> pl.DataFrame:
    """Read a CSV table and check its columns.

    Raises:
        BadInputError: the file is missing, malformed, or of another kind.
    """
    return _read(path, schema, lambda: pl.read_csv(path, schema_overrides=schema))


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file next to `path`, then rename it into place.

    Raises:
        BadInputError: the folder cannot be created or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            draft = Path(file.name)
    except OSError as error:
        raise BadInputError(str(path.parent), _reason(error), "a folder that can be written") from error
    try:
        write(draft)
        draft.chmod(0o644)
        draft.replace(path)
    except OSError as error:
        raise BadInputError(str(path), _reason(error), "a place that can be written") from error
    finally:
        draft.unlink(missing_ok=True)


def _read(path: Path, schema: pl.Schema, read: Callable[[], pl.DataFrame]) -> pl.DataFrame:
    if not path.is_file():
        raise BadInputError(str(path), "no such file", "a table written by footfall")
    try:
        frame = read()
    except (PolarsError, OSError) as error:
        first_line = str(error).partition("\n")[0]
        raise BadInputError(str(path), f"cannot be read ({first_line})", "a whole table") from error
    missing = [name for name in schema if name not in frame.columns]
    if missing:
        raise BadInputError(str(path), f"columns {', '.join(missing)} are missing", "a table of that kind")
    try:
        return frame.select([pl.col(name).cast(kind) for name, kind in schema.items()])
    except PolarsError as error:
        raise BadInputError(str(path), "a column has another type", str(dict(schema))) from error


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


# ── A table for a notebook


def html_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as HTML with all text escaped; an empty string if there are no rows."""
    if not rows:
        return ""
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
