"""Rows of a spreadsheet (Excel, OpenDocument) as text, with the optional package that reads it."""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from footfall.records.errors import BadInputError
from footfall.records.text_file import begins_with

BYTES_MOST = 2**29
"""Of all the parts of a sheet's file, unpacked."""
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_HINT = "the package for sheets: pip install 'footfall[excel]'; or the sheet saved as CSV"


def is_sheet(path: Path) -> bool:
    """Tell whether a file is a spreadsheet, by its first bytes."""
    return begins_with(path, 4) in {_ZIP, _OLE}


def sheet_rows(path: Path, sheet: str | None = None) -> Iterator[tuple[int, list[str]]]:
    """Give number and cells of each row of a sheet (None: of the first); dates and times in ISO form.

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
    return ((number, [_text(cell) for cell in row]) for number, row in enumerate(rows, 1))


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


def _text(cell: Any) -> str:  # noqa: ANN401  what a sheet holds
    """Give a cell as a CSV file would have it."""
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
