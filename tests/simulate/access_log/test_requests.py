"""Logs of every form tell the same requests at the same times; what cannot be read is counted."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.records.errors import BadInputError
from footfall.simulate.access_log.requests import read_requests

MIDNIGHT_S = datetime(1995, 8, 9, tzinfo=UTC).timestamp()
PATHS = ("/pay/bill", "/shuttle/", "/a b")
COMMON = '{host} - - [{at:%d/%b/%Y:%H:%M:%S} -0400] "GET {path} HTTP/1.0" 200 17'
COMBINED = COMMON + ' "http://x/" "Mozilla/5.0 (X; [11/Aug/1999])"'


def times(seconds: list[int]) -> list[datetime]:
    """Give times of 9 August 1995."""
    return [datetime(1995, 8, 9) + timedelta(seconds=each) for each in seconds]  # noqa: DTZ001  wall-clock


def written(folder: Path, form: str, seconds: list[int]) -> Path:
    """Write a log of a form."""
    rows = list(zip(times(seconds), PATHS * len(seconds), strict=False))
    if form in {"common", "combined"}:
        line = COMMON if form == "common" else COMBINED
        lines = [line.format(host="h", at=at, path=path) for at, path in rows]
    elif form == "json":
        lines = [f'{{"ts": "{at.isoformat()}-04:00", "status": 200, "url": "{path}"}}' for at, path in rows]
    else:
        lines = ["status,time,path", *(f"200,{at.isoformat(sep=' ')},{path}" for at, path in rows)]
    path = folder / f"{form}.log"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("form", ["common", "combined", "json", "csv"])
@given(seconds=st.lists(st.integers(0, 86_399), min_size=1, max_size=30))
def test_every_form_tells_the_wall_clock_of_the_server(
    tmp_path_factory: pytest.TempPathFactory, form: str, seconds: list[int]
) -> None:
    """To the second, in order, none lost."""
    read = read_requests(written(tmp_path_factory.mktemp("log"), form, seconds))
    assert (read.read, read.unreadable, read.first_unreadable) == (len(seconds), 0, None)
    assert read.frame["at_s"].to_list() == [MIDNIGHT_S + each for each in sorted(seconds)]


@pytest.mark.parametrize("form", ["common", "json", "csv"])
def test_paths_stay_with_their_times(tmp_path: Path, form: str) -> None:
    """Also when the log is out of order."""
    frame = read_requests(written(tmp_path, form, [7, 3])).frame
    assert frame["path"].to_list() == ["/shuttle/", "/pay/bill"]


def test_numbers_are_seconds_since_1970(tmp_path: Path) -> None:
    """With their fractions, in a column of any name."""
    path = tmp_path / "log.csv"
    path.write_text("began,x\n807926400.25,1\n807926400.75,2\n", encoding="utf-8")
    assert read_requests(path, "began").frame["at_s"].to_list() == [807926400.25, 807926400.75]


def test_rows_without_a_readable_time_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    """Whatever bytes they are of."""
    path = written(tmp_path, "common", [1, 2])
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([lines[0], b"\xff\xfe nonsense", lines[1], b"- - [31/Feb/1995] x"]))
    read = read_requests(path)
    assert (read.read, read.unreadable, read.first_unreadable) == (4, 2, 2)


def test_parquet_is_read_with_its_own_types(tmp_path: Path) -> None:
    """A column of times needs no words."""
    path = tmp_path / "log.parquet"
    pl.DataFrame({"timestamp": times([5, 4])}).write_parquet(path)
    assert read_requests(path).frame["at_s"].to_list() == [MIDNIGHT_S + 4, MIDNIGHT_S + 5]


@pytest.mark.parametrize(
    ("text", "column", "told"),
    [
        ("a,b\n1,2\n", None, "no column of times among a, b"),
        ("a,b\n1,2\n", "c", "has no column 'c'"),
        ("time,b\nsoon,2\n", None, "no row has a time that can be read"),
        ("", None, "cannot be read|has no rows"),
    ],
)
def test_a_log_that_tells_no_times_gets_one_line(
    tmp_path: Path, text: str, column: str | None, told: str
) -> None:
    """What is missing, and what was expected."""
    path = tmp_path / "bad.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInputError, match=told):
        read_requests(path, column)
