"""Figures of the service under load, as they were sampled during a run: rows and their files."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import polars as pl

from footfall._records.tables import read_parquet, schema_of, table, write_csv, write_parquet

SERVER_FILE = "server.parquet"
SERVER_CSV_FILE = "server.csv"


class ServerRow(NamedTuple):
    """One figure of the service at one moment of the run; a tuple in the order of its columns."""

    second: float
    """When it was read, on the clock of the run; negative before the first arrival."""
    source: str
    """Where it was read: `process`, `port`, `machine`, `service` (the reference service) or `metrics`."""
    name: str
    """What it is, such as `cpu`, `accept_queue`, `web.waiting`, or the name of a `[[metric]]`."""
    value: float
    """A rate, such as `cpu`, is the mean since the row before."""
    unit: str
    """Such as `cores`, `bytes`, `connections`; empty: none was given."""


SERVER_ROWS = schema_of(ServerRow)


def server_table(rows: Iterable[ServerRow]) -> pl.DataFrame:
    """Return rows as a table, in the order of time."""
    return table(list(rows), SERVER_ROWS).sort("second", "source", "name", maintain_order=True)


def write_server_rows(rows: pl.DataFrame, folder: Path) -> None:
    """Write `server.parquet` and `server.csv` into a run folder.

    Raises:
        BadInputError: the folder cannot be written.
    """
    write_parquet(rows, folder / SERVER_FILE)
    write_csv(rows, folder / SERVER_CSV_FILE)


def read_server_rows(folder: Path) -> pl.DataFrame:
    """Return the rows of a run folder; an empty table if nothing was sampled.

    Raises:
        BadInputError: the file is damaged.
    """
    path = folder / SERVER_FILE
    return read_parquet(path, SERVER_ROWS) if path.is_file() else SERVER_ROWS.to_frame()
