"""Read a table of any shape: CSV of any dialect, spreadsheets, Parquet."""

import csv
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from footfall._records.errors import BadInputError
from footfall._records.text_file import LINE_MOST, begins_with, encoding_of, lines_of

# ── Spreadsheets (Excel, OpenDocument) as rows of text, read by an optional package

BYTES_MOST = 2**29
"""Largest size of a spreadsheet file, unpacked."""
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_HINT = "the package for sheets: pip install 'footfall[excel]'; or the sheet saved as CSV"


def is_sheet(path: Path) -> bool:
    """Return whether a file is a spreadsheet, by its first bytes."""
    return begins_with(path, 4) in {_ZIP, _OLE}


def _sheet_rows(path: Path, sheet: str | None = None) -> Iterator[tuple[int, list[str]]]:
    """Yield number and cells of each row of a sheet (None: the first); dates and times in ISO format.

    Raises:
        BadInputError: the package is missing, the file is damaged or too large, or has no such sheet.
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError as error:
        raise BadInputError(str(path), "is a spreadsheet", _HINT) from error
    _check(path)
    try:
        with CalamineWorkbook.from_path(path) as book:
            names = book.sheet_names
            chosen = sheet or next(iter(names), "")
            found = chosen in names
            rows = book.get_sheet_by_name(chosen).to_python(skip_empty_area=False) if found else []
    except (CalamineError, OSError, ValueError, IndexError) as error:
        raise BadInputError(str(path), f"cannot be read ({error})", "a spreadsheet or CSV") from error
    if not found:
        raise BadInputError(str(path), f"has no sheet {chosen!r}", " or ".join(names))
    return ((number, [_cell_text(cell) for cell in row]) for number, row in enumerate(rows, 1))


def _check(path: Path) -> None:
    if begins_with(path, 4) != _ZIP:
        return
    try:
        with zipfile.ZipFile(path) as parts:
            size = sum(part.file_size for part in parts.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise BadInputError(str(path), f"cannot be read ({error})", "a whole spreadsheet, or CSV") from error
    if size > BYTES_MOST:
        raise BadInputError(str(path), f"unpacks to {size:,} bytes", f"at most {BYTES_MOST:,}")


def _cell_text(cell: Any) -> str:  # noqa: ANN401  what a sheet holds
    """Return a cell as in a CSV file."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)  # noqa: PLR2004  exact
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return _clock(cell.total_seconds())
    return str(cell)


def _clock(seconds: float) -> str:
    whole, part = divmod(abs(seconds), 1)
    minutes, second = divmod(int(whole), 60)
    hours, minute = divmod(minutes, 60)
    fraction = f"{part:.6f}"[1:].rstrip("0").rstrip(".") if part else ""
    return f"{'-' if seconds < 0 else ''}{hours}:{minute:02d}:{second:02d}{fraction}"


# ── User tables with arbitrary columns: CSV of any dialect as text, spreadsheets, Parquet with its types

_PARQUET_SUFFIXES = frozenset({".parquet", ".pq"})
ROWS_MOST, _CELLS_MOST = 10_000_000, 200_000_000
"""A small Parquet file may contain billions of rows."""
_SEPARATORS = (",", ";", "\t", "|")
TOTALS = frozenset(
    {"total", "totals", "grand", "subtotal", "sub-total", "sum", "sums", "average", "averages", "mean"}
    | {"summe", "gesamt", "insgesamt", "somme", "totale", "totaal", "suma", "итого", "всего"}
    | {"合计", "总计", "小计", "平均"}
)
"""First words of rows of totals."""
_EXPECTED = "a CSV file with a heading line, an Excel sheet, or a Parquet file"
_HEAD_ROWS = 60
"""The heading is within this number of rows."""
_BATCH = 50_000
_QUOTED_LINES_MOST = 100
_CELL_MOST = 1 << 17
"""Characters; a longer cell means a damaged file."""
_SHORT_SHARE = 0.01
"""More short lines than this share come from a program that omits trailing empty cells."""
_Row = tuple[int, list[str]]
_Way = tuple[str, list[_Row], Iterator[_Row]]


@dataclass(frozen=True, slots=True)
class SetAside:
    """A line that is not a row of the table, and why."""

    reason: str
    line: int
    """Number in the file, from 1."""


@dataclass(frozen=True, slots=True)
class File:
    """One of several files with consecutive line numbers."""

    name: str
    first_line: int


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a file, their positions, and the lines set aside."""

    frame: pl.DataFrame
    lines: pl.Series | None = None
    """Line number of each row in the file (or its row in the sheet); None: the file has no lines."""
    aside: tuple[SetAside, ...] = ()
    notes: tuple[str, ...] = ()
    """How the file was read, if not obvious."""
    files: tuple[File, ...] = ()
    """The files of the rows, if several; their line numbers are consecutive."""

    def place(self, row: int) -> str:
        """Describe the position of a row (from 0)."""
        return f"row {row + 1:,}" if self.lines is None else self.place_of(int(self.lines[row]))

    def place_of(self, line: int) -> str:
        """Describe the position of a line."""
        file = next((each for each in reversed(self.files) if each.first_line <= line), None)
        return f"line {line:,}" if file is None else f"{file.name} line {line - file.first_line + 1:,}"


@dataclass(frozen=True, slots=True)
class TableForm:
    """What is known about a table's format; the rest is detected."""

    names: frozenset[str] = frozenset()
    """Columns in the heading: the first line with all of them is the heading."""
    encoding: str | None = None
    separator: str | None = None
    sheet: str | None = None
    """Name of the sheet; None: the first."""


def read_log(path: Path) -> pl.DataFrame:
    """Read every row of a table; CSV cells stay text, so that one bad cell affects only its own row.

    Raises:
        BadInputError: the file is missing, empty, damaged, has no rows, or a line that is not a row.
    """
    table = read_table(path)
    if table.aside:
        first = table.aside[0]
        raise BadInputError(f"{path} line {first.line}", first.reason, "as many cells as the heading has")
    return table.frame


def read_table(path: Path, form: TableForm | None = None) -> Table:
    """Read a table; lines that are not rows of it are set aside with their numbers.

    Set aside are lines with more cells than the heading, lines with fewer (unless they are more than 1 %:
    then trailing empty cells were omitted), repeated headings, and rows of totals. Lines above the heading
    are skipped. Cells of CSV files and sheets are text, empty ones null.

    Raises:
        BadInputError: the file is missing, empty, damaged, too large, or has no rows.
    """
    form = form or TableForm()
    if not path.is_file():
        raise BadInputError(str(path), "no such file", _EXPECTED)
    if path.suffix in _PARQUET_SUFFIXES or begins_with(path, 4) == b"PAR1":
        table = Table(_parquet(path))
    elif is_sheet(path):
        table = _Reader(path, form).table([(",", _sheet_rows(path, form.sheet))], ())
    else:
        table = _text(path, form)
    if table.frame.is_empty():
        reason = f"; line {table.aside[0].line}: {table.aside[0].reason}" if table.aside else ""
        raise BadInputError(str(path), f"has no rows below its heading{reason}", _EXPECTED)
    return table


def joined(tables: Sequence[tuple[str, Table]]) -> Table:
    """Concatenate the tables of several files, given by name.

    Raises:
        BadInputError: they have different columns.
    """
    if len(tables) == 1:
        return tables[0][1]
    first_name, first = tables[0]
    files, aside, lines, begins = [], [], [], 0
    for name, table in tables:
        if table.frame.schema != first.frame.schema:
            missing = ", ".join(sorted(set(first.frame.columns) ^ set(table.frame.columns))) or "their types"
            raise BadInputError(
                name, f"does not have the columns of {first_name} ({missing})", "files of one form"
            )
        own = pl.int_range(1, table.frame.height + 1, eager=True) if table.lines is None else table.lines
        files.append(File(name, begins + 1))
        lines.append(own + begins)
        aside += [SetAside(each.reason, each.line + begins) for each in table.aside]
        begins += max(int(own[-1]), max((each.line for each in table.aside), default=0))
    notes = tuple(dict.fromkeys(note for _, table in tables for note in table.notes))
    return Table(pl.concat([t.frame for _, t in tables]), pl.concat(lines), tuple(aside), notes, tuple(files))


def _parquet(path: Path) -> pl.DataFrame:
    try:
        columns = len(pl.read_parquet_schema(path))
        rows = int(pl.scan_parquet(path).select(pl.len()).collect().item())
        if rows > ROWS_MOST or rows * columns > _CELLS_MOST:
            found = f"{rows:,} rows of {columns} columns"
            bound = f"at most {ROWS_MOST:,} rows and {_CELLS_MOST:,} cells; split it, by month for instance"
            raise BadInputError(str(path), found, bound)
        return pl.read_parquet(path)
    except (PolarsError, OSError, pl.exceptions.PanicException) as error:
        first_line = str(error).partition("\n")[0]
        raise BadInputError(str(path), f"cannot be read ({first_line})", "a whole Parquet file") from error


def _text(path: Path, form: TableForm) -> Table:
    encoding = encoding_of(path, form.encoding, whole=True)
    notes = () if encoding in {"utf_8", "utf_8_sig"} or form.encoding else (f"read as {encoding}",)
    if form.separator is not None and len(form.separator) != 1:
        raise BadInputError(f"separator {form.separator!r}", "is not one character", '";", "\\t" or another')
    separators = _SEPARATORS if form.separator is None else (form.separator,)
    ways = [(each, _csv_rows(path, encoding, each)) for each in separators]
    return _Reader(path, form).table(ways, notes)


def _csv_rows(path: Path, encoding: str, separator: str) -> Iterator[_Row]:
    """Yield the rows of a CSV file with the number of their first line."""
    lines = _Lines(lines_of(path, encoding))
    csv.field_size_limit(LINE_MOST * (_QUOTED_LINES_MOST + 1))
    reader = csv.reader(lines, delimiter=separator)
    first = 1
    try:
        for cells in reader:
            where, last = f"{path} line {first}", reader.line_num
            if last - first >= _QUOTED_LINES_MOST:
                problem = f"a quoted cell ends only in line {last}"
                raise BadInputError(where, problem, "a closing quote near its opening one")
            if last > first and lines.ended and lines.quotes % 2:
                problem = f"a quoted cell never ends: it would hold all lines up to {last}"
                raise BadInputError(where, problem, "a closing quote near its opening one")
            lines.quotes = 0
            yield first, cells
            first = last + 1
    except csv.Error as error:
        raise BadInputError(f"{path} line {first}", f"cannot be read ({error})", _EXPECTED) from error


class _Lines:
    """Lines without zero bytes; counts their quotes, and notes whether the end was reached."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.quotes = 0
        self.ended = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = next(self._lines, None)
        if line is None:
            self.ended = True
            raise StopIteration
        self.quotes += line.count('"')
        return line.replace("\x00", "")


class _Reader:
    """Reads the rows of one file below its heading."""

    def __init__(self, path: Path, form: TableForm) -> None:
        self._path, self._form = path, form
        self._aside: list[SetAside] = []
        self._short: list[_Row] = []

    def table(self, ways: Sequence[tuple[str, Iterable[_Row]]], notes: tuple[str, ...]) -> Table:
        """Read the rows with the most likely of several separators."""
        heads = [(separator, iter(rows)) for separator, rows in ways]
        looked = [(separator, list(islice(rows, _HEAD_ROWS)), rows) for separator, rows in heads]
        _, head, rest = self._likeliest(looked)
        place = self._heading([cells for _, cells in head])
        if place is None:
            raise BadInputError(str(self._path), "cannot be read (it has no heading line)", _EXPECTED)
        line, cells = head[place]
        names = _names(cells)
        above = sum(any(map(str.strip, cells)) for _, cells in head[:place])
        if above:
            notes = (*notes, f"the heading is line {line}; {above} lines above it were skipped")
        frame, lines = self._frame(names, chain(head[place + 1 :], rest))
        aside = tuple(sorted(self._aside, key=lambda each: each.line))
        return Table(frame, lines, aside, notes)

    def _likeliest(self, ways: list[_Way]) -> _Way:
        """Choose the separator that gives a line with all named columns, else the most uniform lines."""
        if self._form.names:
            for way in ways:
                if any(self._form.names <= set(_stripped(cells)) for _, cells in way[1]):
                    return way
        return max(ways, key=lambda way: _alike([cells for _, cells in way[1]]))

    def _heading(self, head: list[list[str]]) -> int | None:
        """Return the index of the heading: it has the named columns, or is the first of the usual width."""
        if self._form.names:
            for place, cells in enumerate(head):
                if self._form.names <= set(_stripped(cells)):
                    return place
        width = _width(head)
        for place, cells in enumerate(head):
            full = [cell for cell in _stripped(cells) if cell]
            if full and len(_trimmed(cells)) >= width and (len(full) == len(cells) or width == 1):
                return place
        return next((place for place, cells in enumerate(head) if any(map(str.strip, cells))), None)

    def _frame(self, names: list[str], rows: Iterable[_Row]) -> tuple[pl.DataFrame, pl.Series]:
        parts: list[pl.DataFrame] = []
        kept: list[_Row] = []
        count = 0
        for row in rows:
            if self._belongs(names, row):
                kept.append(row)
                count += 1
            if len(kept) == _BATCH:
                parts.append(_part(names, kept))
                kept = []
            if count > ROWS_MOST or count * len(names) > _CELLS_MOST:
                raise BadInputError(
                    str(self._path), f"more than {ROWS_MOST:,} rows", "a smaller file, by month"
                )
        if len(self._short) > _SHORT_SHARE * count:
            kept += self._short
        else:
            self._aside += [
                SetAside(f"{len(cells)} cells instead of {len(names)}", line) for line, cells in self._short
            ]
        parts.append(_part(names, kept))
        frame = pl.concat(parts).sort("\x00line", maintain_order=True)
        return frame.drop("\x00line"), frame["\x00line"]

    def _belongs(self, names: list[str], row: _Row) -> bool:
        """Return whether a row belongs to the table; others are set aside, short ones for later."""
        line, cells = row
        filled = _trimmed(cells)
        if not filled:
            return False
        stripped = _stripped(filled)
        first = next(filter(None, stripped))
        if any(len(cell) > _CELL_MOST for cell in filled):
            self._aside.append(SetAside(f"a cell of more than {_CELL_MOST:,} characters", line))
        elif len(filled) > len(names):
            self._aside.append(SetAside(f"{len(filled)} cells instead of {len(names)}", line))
        elif stripped[0] in {"", names[0]} and _names(cells) == names:
            self._aside.append(SetAside("the heading again", line))
        elif first.casefold().rstrip(":").partition(" ")[0] in TOTALS:
            self._aside.append(SetAside("a row of totals", line))
        elif len(cells) < len(names):
            self._short.append(row)
        else:
            return True
        return False


def _part(names: list[str], rows: list[_Row]) -> pl.DataFrame:
    """Return rows as text, with missing or empty cells as null."""
    width = len(names)
    cells = [(row + [""] * (width - len(row)))[:width] for _, row in rows]
    columns: Iterable[Sequence[str]] = zip(*cells, strict=True) if cells else [()] * width
    texts = pl.DataFrame(
        [pl.Series(name, list(column), dtype=pl.String) for name, column in zip(names, columns, strict=True)]
    ).with_columns(pl.all().replace("", None))
    return texts.with_columns(pl.Series("\x00line", [line for line, _ in rows], dtype=pl.Int64))


def _stripped(cells: Sequence[str]) -> list[str]:
    return [cell.strip().lstrip("\ufeff") for cell in cells]


def _trimmed(cells: Sequence[str]) -> list[str]:
    """Remove trailing empty cells."""
    filled = len(cells)
    while filled and not cells[filled - 1].strip():
        filled -= 1
    return list(cells[:filled])


def _names(cells: Sequence[str]) -> list[str]:
    """Give each column a unique name."""
    names: dict[str, int] = {}
    """Number of occurrences of each name."""
    for place, cell in enumerate(_stripped(_trimmed(cells)), 1):
        name = base = cell or f"column_{place}"
        while name in names:
            names[base] += 1
            name = f"{base}_{names[base]}"
        names[name] = 1
    return list(names)


def _width(head: list[list[str]]) -> int:
    """Return the most frequent number of cells; of equally frequent ones, the largest."""
    widths = [len(cells) for cells in head if any(map(str.strip, cells))]
    return max(set(widths), key=lambda width: (widths.count(width), width), default=0)


def _alike(head: list[list[str]]) -> float:
    """Score a separator: how many lines have the usual number of cells, if that is two or more."""
    width = _width(head)
    return sum(len(cells) == width for cells in head) * (1 + min(width, 50) / 100) if width > 1 else 0.0
