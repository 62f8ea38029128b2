"""A table of counts, such as requests a second, as rows that arrivals can be fitted to."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from footfall.simulate.fit.mapping import WEEKDAYS
from footfall.simulate.spec.base import DAY_S, HALF_HOUR_S, HALF_HOURS

WORKDAYS = WEEKDAYS[:5]
"""Monday to Friday."""


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
