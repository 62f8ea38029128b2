"""The arrivals of July and August 1995, fitted apart and compared."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from footfall._fit.arrival_fit import EVERY, ArrivalsFit, fit_arrivals
from footfall._model.numbers import DAY_S, HALF_HOUR_S, HALF_HOURS
from footfall._records.errors import BadInputError
from footfall._records.log_file import read_log
from footfall._workload.log_mapping import WEEKDAYS

WORKDAYS = WEEKDAYS[:5]
"""Monday to Friday."""
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


def rows_of_counts(
    counts: Iterable[int], first: datetime, step_s: float = 1.0, kind: str = "request"
) -> pl.DataFrame:
    """Give a row for each half hour of each whole day, weighing its count, as `fit_arrivals` takes them.

    `counts` follow one another every `step_s` from `first` on; a day cut short at an end is left out.
    """
    values = np.fromiter(counts, dtype=np.float64)
    midnight = datetime.combine(first.date(), datetime.min.time(), tzinfo=first.tzinfo)
    since_s = (first - midnight).total_seconds() + np.arange(values.size) * step_s
    days = int(since_s[-1] // DAY_S) + 1 if values.size else 0
    cells = (since_s // HALF_HOUR_S).astype(np.int64)
    sums = np.bincount(cells, values, days * HALF_HOURS).reshape(days, HALF_HOURS)
    begins, ends = np.arange(days) * DAY_S, np.arange(1, days + 1) * DAY_S
    # A log's first second is often the one after midnight.
    whole = (begins + 2 * step_s > since_s[:1].sum()) & (ends <= since_s[-1:].sum() + 2 * step_s)
    kept = np.flatnonzero(whole)
    dates = [first.date() + timedelta(days=int(k)) for k in kept]
    return pl.DataFrame(
        {
            "day": pl.Series([day for day in dates for _ in range(HALF_HOURS)], dtype=pl.Date),
            "weekday": pl.Series(
                [WEEKDAYS[day.weekday()] for day in dates for _ in range(HALF_HOURS)], dtype=pl.String
            ),
            "half_hour": np.tile(np.arange(HALF_HOURS), len(dates)),
            "kind": pl.Series([kind] * (HALF_HOURS * len(dates)), dtype=pl.String),
            "weight": sums[kept].ravel(),
        }
    )
