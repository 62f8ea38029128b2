"""Response times by percentile, from the median into the tail."""

import numpy as np
import polars as pl

from footfall.measure.interval import nearest_rank
from footfall.measure.summary import RESPONSE_S

CURVES = pl.Schema({"curve": pl.String, "visits": pl.Int64, "percentile": pl.Float64, "seconds": pl.Float64})
PREDICTED, MEASURED, SERVICE = "predicted", "measured", "measured, from its start"
POINTS = 41
NAMED = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99)
"""Percentiles that every curve has, as far as it goes."""
_TAIL = 4.0
"""Up to a share of 10⁻⁴ beyond: the percentile 99.99."""


def percentile_curves(predicted: pl.DataFrame, measured: pl.DataFrame) -> pl.DataFrame:
    """Give the table `CURVES` of two tables of `VISITS`; percentiles in 0..100, times in seconds.

    `predicted` and `measured` count from the due time; `measured, from its start` counts from when the visit
    began, and leaves out those that never did. All are less the customer's own time and hold failed visits
    too. A curve has percentiles 100 (1 - 10⁻ˣ), x evenly spaced, and those of `NAMED`, as far as one visit at
    least lies beyond.
    """
    began = measured.filter(pl.col("started_s").is_not_null())
    times = {
        PREDICTED: predicted.select(RESPONSE_S).to_series(),
        MEASURED: measured.select(RESPONSE_S).to_series(),
        SERVICE: began.select(pl.col("ended_s") - pl.col("started_s") - pl.col("human_s")).to_series(),
    }
    rows = [
        (name, len(values), percentile, max(seconds, 0.0))
        for name, values in times.items()
        for percentile, seconds in _curve(values)
    ]
    return pl.DataFrame(rows, schema=CURVES, orient="row")


def _curve(values: pl.Series) -> list[tuple[float, float]]:
    ordered = values.sort().to_list()
    even = 100 - 100 * 10 ** -np.linspace(np.log10(2), _TAIL, POINTS)
    return [
        (percentile, nearest_rank(ordered, percentile / 100))
        for percentile in sorted({*(round(float(each), 4) for each in even), *NAMED})
        if (100 - percentile) * len(ordered) >= 100 - 1e-6
    ]
