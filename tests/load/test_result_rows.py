"""A long play keeps its latest rows in memory and loses none."""

from pathlib import Path

import polars as pl
import pytest

from footfall._load import result_files
from footfall._load.result_files import ResultRows

SCHEMA = pl.Schema({"number": pl.Int64, "name": pl.String})


def test_older_rows_go_to_files_and_come_back_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 95 rows 30 are kept or a few more; the table has all, and the files go with the play."""
    monkeypatch.setattr(result_files, "KEPT_MOST", 30)
    monkeypatch.setattr(result_files, "SPILLED_AT_ONCE", 10)
    kept = ResultRows(SCHEMA, tmp_path / "parts")
    for number in range(95):
        kept.add((number, f"row {number}"))
        assert len(kept.latest) < 40
    assert len(kept) == 95
    assert kept.spilled == 60
    assert [row[0] for row in kept.since(93)] == [93, 94]
    assert kept.frame()["number"].to_list() == list(range(95))
    kept.end()
    assert not (tmp_path / "parts").exists()


def test_a_short_play_writes_nothing_while_it_lasts(tmp_path: Path) -> None:
    """All its rows are in memory."""
    kept = ResultRows(SCHEMA, tmp_path / "parts")
    for number in range(1000):
        kept.add((number, "row"))
    assert not (tmp_path / "parts").exists()
    assert kept.frame().height == 1000
