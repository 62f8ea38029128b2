"""The arrivals of July and August 1995, fitted apart and compared."""

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from footfall.fit.arrival_fit import EVERY, ArrivalsFit, fit_arrivals
from footfall.fit.day_cells import WORKDAYS, rows_of_counts
from footfall.records.errors import BadInputError
from footfall.records.log_file import read_log

KINDS = ("workdays", "weekends")
MONTHS = {"jul": 7, "aug": 8}
"""Word of the column `part`, and month."""
SERVER_OFF = [datetime(1995, 8, day).date() for day in (1, 2, 3)]  # noqa: DTZ001  a clock on a wall
_COLUMNS = ("part", "n")


def read_requests(path: Path) -> pl.DataFrame:
    """Read a table of requests per second: `part` (jul or aug) and `n`, a row a second.

    Raises:
        BadInputError: there is no such file, or it is no such table.
    """
    table = read_log(path)
    expected = "columns part (jul or aug) and n: requests, a row a second"
    for name in _COLUMNS:
        if name not in table.columns:
            raise BadInputError(str(path), f"has no column {name!r}", expected)
    for part in MONTHS:
        if table.filter(pl.col("part") == part).is_empty():
            raise BadInputError(str(path), f"has no row with part = {part!r}", expected)
    return table


def month_fits(requests: pl.DataFrame, part: str) -> dict[str, ArrivalsFit]:
    """Fit the arrivals of a month's workdays and weekends; days on which the server was off are left out."""
    counts = requests.filter(pl.col("part") == part)["n"].to_list()
    rows = rows_of_counts(counts, datetime(1995, MONTHS[part], 1, 0, 0, 1))  # noqa: DTZ001  as above
    rows = rows.filter(~pl.col("day").is_in(SERVER_OFF))
    at_work = pl.col("weekday").is_in(WORKDAYS)
    return {
        name: fit_arrivals(rows.filter(own)) for name, own in zip(KINDS, (at_work, ~at_work), strict=True)
    }


def compared(july: dict[str, ArrivalsFit], august: dict[str, ArrivalsFit]) -> list[dict[str, Any]]:
    """Give a row for workdays and one for weekends: shape, level and variation of days of both months."""
    rows = []
    for kind in KINDS:
        profiles = [np.array(month[kind].profile(EVERY)) for month in (july, august)]
        row: dict[str, Any] = {
            "days": kind,
            "half_hours_correlation": float(np.corrcoef(profiles[0], profiles[1])[0, 1]),
            "requests_per_day_july": float(profiles[0].sum()),
            "requests_per_day_august": float(profiles[1].sum()),
        }
        for name, month in (("july", july), ("august", august)):
            busyness = month[kind].busyness
            row |= {
                f"busyness_cv_{name}": busyness and busyness.cv,
                f"busyness_cv_{name}_low": busyness and busyness.low,
                f"busyness_cv_{name}_high": busyness and busyness.high,
            }
        rows.append(row)
    return rows
