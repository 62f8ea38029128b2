"""Rows of a play while it lasts: the latest in memory, older ones in files, so that memory stays flat."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from footfall.records.tables import table, write_parquet

Row = tuple[object, ...]
KEPT_MOST = 100_000
"""Some 60 MB of rows; a play of minutes never has more, and writes nothing while it lasts."""
SPILLED_AT_ONCE = 2_000
"""Their table is made and written in some ten milliseconds, in which every arrival waits."""


class Rows:
    """Rows of one schema, in the order in which they came."""

    def __init__(self, schema: pl.Schema, parts: Path | None = None) -> None:
        """Start with none; `parts` is a folder for the older ones, None to keep all."""
        self._schema = schema
        self._parts = parts
        self.latest: list[Row] = []
        self.spilled = 0
        """Rows that are in files; `latest[0]` is the row of this number."""

    def __len__(self) -> int:
        """All rows so far."""
        return self.spilled + len(self.latest)

    def add(self, row: Row) -> None:
        """Add a row.

        Raises:
            BadInputError: the older ones cannot be written.
        """
        self.latest.append(row)
        if self._parts is not None and len(self.latest) >= KEPT_MOST + SPILLED_AT_ONCE:
            self._spill(self._parts)

    def since(self, number: int) -> Sequence[Row]:
        """Give the rows from that number on, as far as they are still in memory."""
        return self.latest[max(number - self.spilled, 0) :]

    def frame(self) -> pl.DataFrame:
        """Give all rows as a table."""
        latest = table(self.latest, self._schema)
        if not self.spilled or self._parts is None:
            return latest
        older = pl.read_parquet(sorted(self._parts.glob("*.parquet")))
        return pl.concat([older, latest])

    def end(self) -> None:
        """Remove the files of older rows."""
        if self.spilled and self._parts is not None:
            shutil.rmtree(self._parts, ignore_errors=True)

    def _spill(self, parts: Path) -> None:
        older, self.latest = self.latest[:SPILLED_AT_ONCE], self.latest[SPILLED_AT_ONCE:]
        write_parquet(table(older, self._schema), parts / f"{self.spilled:012d}.parquet")
        self.spilled += len(older)
