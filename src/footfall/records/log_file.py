"""Somebody's own log as a table, whatever its columns: CSV as text, Parquet with its types."""

from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from footfall.records.errors import BadInputError

PARQUET_SUFFIXES = frozenset({".parquet", ".pq"})
_EXPECTED = "a CSV file in UTF-8 with a heading line, or a Parquet file"


def read_log(path: Path) -> pl.DataFrame:
    """Read every row; a CSV's cells stay text, so that one bad cell spoils its own row alone.

    Raises:
        BadInputError: the file is missing, empty, damaged, not UTF-8, or has no rows.
    """
    if not path.is_file():
        raise BadInputError(str(path), "no such file", _EXPECTED)
    try:
        frame = pl.read_parquet(path) if path.suffix in PARQUET_SUFFIXES else _read_csv(path)
    except UnicodeDecodeError as error:
        raise BadInputError(str(path), f"byte {error.start} is not UTF-8", _EXPECTED) from error
    except (PolarsError, OSError) as error:
        first_line = str(error).partition("\n")[0]
        raise BadInputError(str(path), f"cannot be read ({first_line})", _EXPECTED) from error
    if frame.is_empty():
        raise BadInputError(str(path), "has no rows", _EXPECTED)
    return frame


def _read_csv(path: Path) -> pl.DataFrame:
    # A strict look at the bytes first: the reader would say only that something in the file is amiss.
    path.read_bytes().decode("utf-8-sig")
    return pl.read_csv(path, infer_schema=False)
