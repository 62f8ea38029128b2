"""Read a server's log: common or combined log format, JSON lines, CSV or Parquet with a column of times."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from footfall.records.errors import BadInputError
from footfall.records.log_file import PARQUET_SUFFIXES, read_log
from footfall.simulate.fit.clocks import instants
from footfall.simulate.fit.mapping import Options

BYTES_MOST = 4 * 2**30
TIME_COLUMNS = ("time", "timestamp", "@timestamp", "ts", "datetime", "time_local", "date")
PATH_COLUMNS = ("path", "url", "uri", "request", "target")
_COMMON_TIME = r"\[(\d{2}/\w{3}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\]"
_COMMON_PATH = r'\] "(?:[A-Za-z]+ )?([^ "]*)'
_OFFSET = r"\d:\d{2}(?::\d{2}(?:\.\d+)?)? ?([+-])(\d{2}):?(\d{2})$"
_TIME_FORMAT = "%d/%b/%Y:%H:%M:%S %z"
_EXPECTED = "common or combined log format, JSON lines, or CSV or Parquet with a column of times"


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests of a log in the order of their times; rows without a readable time are counted."""

    frame: pl.DataFrame
    """at_s: seconds since 1970 on the clock of the log's first row, UTC where it tells no offset; path: text,
    empty where the log tells none."""
    read: int
    """Rows of the log."""
    first_unreadable: int | None
    """Number of the first row without a readable time, from 1; None: there is none."""

    @property
    def unreadable(self) -> int:
        """Rows without a readable time."""
        return self.read - self.frame.height


def read_requests(path: Path, time_column: str | None = None, path_column: str | None = None) -> Requests:
    """Read a log; its form is told by its first line, the columns by their names unless they are given.

    Raises:
        BadInputError: there is no such file, it is too large, has no such column, or tells no time at all.
    """
    if not path.is_file():
        raise BadInputError(str(path), "no such file", _EXPECTED)
    if path.stat().st_size > BYTES_MOST:
        raise BadInputError(str(path), f"{path.stat().st_size:,} bytes", f"at most {BYTES_MOST:,}")
    cells, options = _cells(path, time_column, path_column)
    at_s = instants(cells, "time", options)
    known = at_s.is_not_null()
    if not known.any():
        raise BadInputError(str(path), "no row has a time that can be read", _EXPECTED)
    frame = pl.DataFrame(
        {"at_s": at_s + _offset_s(cells["time"]), "path": cells["path"].fill_null("")}
    ).filter(known)
    first = None if known.all() else int((~known).arg_true()[0]) + 1
    return Requests(frame.sort("at_s", maintain_order=True), cells.height, first)


def _offset_s(times: pl.Series) -> float:
    """Give the offset from UTC that the first time with one tells, such as -14,400 s for -0400."""
    if times.dtype != pl.String:
        return 0.0
    told = times.str.extract_groups(_OFFSET).struct.unnest().drop_nulls().head(1)
    if told.is_empty():
        return 0.0
    sign, hours, minutes = told.row(0)
    return float(f"{sign}1") * (int(hours) * 3600 + int(minutes) * 60)


def _cells(path: Path, time_column: str | None, path_column: str | None) -> tuple[pl.DataFrame, Options]:
    """Give the columns time and path as the log has them, and how its times are read."""
    if path.suffix in PARQUET_SUFFIXES:
        return _columns(read_log(path), path, time_column, path_column), Options()
    with path.open("rb") as file:
        first = file.readline(1 << 20).decode("utf-8", errors="replace").strip()
    if re.search(_COMMON_TIME, first):
        return _common(path), Options(time_format=_TIME_FORMAT)
    if first.startswith("{"):
        return _columns(_json_lines(path), path, time_column, path_column), Options()
    return _columns(read_log(path), path, time_column, path_column), Options()


def _common(path: Path) -> pl.DataFrame:
    # Servers log whatever bytes they were sent.
    text = path.read_bytes().decode("utf-8", errors="replace")
    lines = pl.Series("line", text.splitlines(), dtype=pl.String)
    lines = lines.filter(lines.str.strip_chars() != "")
    return pl.DataFrame(
        {"time": lines.str.extract(_COMMON_TIME, 1), "path": lines.str.extract(_COMMON_PATH, 1)}
    )


def _json_lines(path: Path) -> pl.DataFrame:
    rows: list[dict[str, str]] = []
    with path.open("rb") as file:
        for line in file:
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError:
                row = {}
            rows.append(
                {str(k): str(v) for k, v in row.items() if v is not None} if isinstance(row, dict) else {}
            )
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pl.DataFrame(
        {name: [row.get(name) for row in rows] for name in names}, schema=dict.fromkeys(names, pl.String)
    )


def _columns(
    frame: pl.DataFrame, path: Path, time_column: str | None, path_column: str | None
) -> pl.DataFrame:
    time = _column(frame, path, time_column, TIME_COLUMNS)
    if time is None:
        expected = f"one of {', '.join(TIME_COLUMNS)}, or --time-column"
        raise BadInputError(str(path), f"no column of times among {', '.join(frame.columns)}", expected)
    where = _column(frame, path, path_column, PATH_COLUMNS)
    none = pl.Series("path", [""], dtype=pl.String).new_from_index(0, frame.height)
    paths = none if where is None else frame[where].cast(pl.String).alias("path")
    return pl.DataFrame([frame[time].alias("time"), paths])


def _column(frame: pl.DataFrame, path: Path, asked: str | None, usual: tuple[str, ...]) -> str | None:
    if asked is not None and asked not in frame.columns:
        raise BadInputError(str(path), f"has no column {asked!r}", f"one of {', '.join(frame.columns)}")
    return asked or next((name for name in usual if name in frame.columns), None)
