"""Somebody's own log is read whole or refused in one line."""

from pathlib import Path

import polars as pl
import pytest

from footfall._records.errors import BadInputError
from footfall._records.log_file import read_log

TABLE = pl.DataFrame({"time": ["2024-01-01 08:00:00", "", "?"], "wait": ["1", "x", None]})


def test_a_csv_keeps_every_row_and_every_cell_as_text(tmp_path: Path) -> None:
    """One bad number does not change how the others are read; a missing cell is nothing."""
    path = tmp_path / "calls.csv"
    path.write_text("\ufefftime,wait\n2024-01-01 08:00:00,1\n,x\n?\n", encoding="utf-8")
    read = read_log(path)
    assert read.columns == ["time", "wait"]
    assert read["wait"].to_list() == ["1", "x", None]
    assert read.height == 3


def test_a_parquet_file_keeps_its_types(tmp_path: Path) -> None:
    """Nothing is told twice."""
    path = tmp_path / "calls.parquet"
    typed = pl.DataFrame({"at_s": [1.5, 2.5]})
    typed.write_parquet(path)
    assert read_log(path).equals(typed)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "cannot be read"),
        (b"time,wait\n", "has no rows"),
        (b"time,wait\n1,2,3,4\n", "has no rows below its heading"),
        (b"\x28\xb5\x2f\xfdxx", "is packed with zstd, which this Python cannot unpack|cannot be read"),
        (b"\x1f\x8bnot gzip at all", "cannot be read"),
        (b"PK\x03\x04no sheet", "cannot be read"),
        (bytes(range(256)) * 9, "is not a text file"),
        (b'time,wait\n"1,2\n' + b"3,4\n" * 200, "a quoted cell ends only in line 202"),
    ],
    ids=["empty", "heading alone", "more cells than headings", "zstd", "gzip", "zip", "bytes", "open quote"],
)
def test_a_csv_that_is_none_is_refused(content: bytes, told: str, tmp_path: Path) -> None:
    """The line names the file and what was found."""
    path = tmp_path / "calls.csv"
    path.write_bytes(content)
    with pytest.raises(BadInputError, match=rf"calls\.csv(:| line 2:) {told}"):
        read_log(path)


def test_half_a_parquet_file_is_refused(tmp_path: Path) -> None:
    """A copy that was cut short."""
    whole, half = tmp_path / "whole.parquet", tmp_path / "half.parquet"
    TABLE.write_parquet(whole)
    half.write_bytes(whole.read_bytes()[:100])
    with pytest.raises(BadInputError, match=r"half\.parquet: cannot be read"):
        read_log(half)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Nothing is guessed."""
    with pytest.raises(BadInputError, match=r"nowhere\.csv: no such file"):
        read_log(tmp_path / "nowhere.csv")
