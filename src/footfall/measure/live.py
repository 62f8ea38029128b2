"""A run in progress: its table and curves, from the rows recorded so far."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall.criteria.objects import Scope
from footfall.measure.prediction import compare
from footfall.measure.summary import ALL, RESPONSE_S, SERVED, Targets, measures
from footfall.stats.intervals import wilson
from footfall.stats.percentiles import at_percentile, nearest_rank

STARTS = pl.Schema({"arrival": pl.Int64, "lag_s": pl.Float64})
BINS_MOST = 300
TRAILING_BINS = 5
"""Number of bins whose ended visits enter a percentile over time."""
_WIDTHS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
_LAG = pl.col("lag_s")
_KEYS = ["channel", "operation"]

Values = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSummary:
    """State of a run at one moment."""

    now_s: float
    """Seconds since the start of the run."""
    arrivals: pl.DataFrame
    """All of the trace, columns of `ARRIVALS`."""
    starts: pl.DataFrame
    """Those started, columns of `STARTS`."""
    predicted: pl.DataFrame
    """All visits that the prediction holds, columns of `VISITS`."""
    measured: pl.DataFrame
    """Those ended, columns of `VISITS`."""
    targets: Targets = field(default_factory=dict)

    def predicted_so_far(self) -> pl.DataFrame:
        """Visits that should have ended by now, to compare with those that have."""
        return self.predicted.filter(pl.col("ended_s") <= self.now_s)


def live_rows(so_far: LiveSummary) -> list[dict[str, Any]]:
    """Rows by channel and operation, totals of channels, and the total of all, which is the first.

    Due and sent arrivals are counted under their first choice, visits where they took place. Shares and
    percentiles are those of `measures`, of whatever has ended; None where there is nothing yet.
    """
    worlds = [
        measures(visits, world, so_far.targets)
        for world, visits in (("predicted", so_far.predicted_so_far()), ("measured", so_far.measured))
    ]
    tail = worlds[1].select(*_KEYS, "served", pl.col("response_s_p99").alias("measured_response_s_p99"))
    table = (
        _arrivals(so_far)
        .join(compare(*worlds), on=_KEYS, how="full", coalesce=True)
        .join(tail, on=_KEYS, how="left", maintain_order="left")
        .filter((pl.col("channel") != ALL) | (pl.col("operation") == ALL))
        .with_columns(pl.col("due", "sent", "measured_visits", "predicted_visits", "served").fill_null(0))
        .sort(pl.col("channel") != ALL, "channel", pl.col("operation") != ALL, "operation")
    )
    return table.to_dicts()


def live_series(so_far: LiveSummary, scope: Scope, length_s: float) -> dict[str, Any]:
    """Return curves of a scope over the seconds of the run, in equal bins, as lists.

    `at_s` are the bins' ends. Rates and lag belong to the bin, the success share to all that ended by its
    end (with its Wilson interval), `response_s_p95` to the last `TRAILING_BINS` bins. Bins to come have
    arrivals due and what is predicted, and None for all else.
    """
    width_s = bin_width_s(length_s)
    ends = np.arange(1, max(math.ceil(max(length_s, so_far.now_s) / width_s), 1) + 1) * width_s
    due = _of(so_far.arrivals, scope)
    sent = due.join(so_far.starts, on="arrival", how="inner").with_columns(
        (pl.col("due_s") + _LAG).alias("sent_s")
    )
    known = int(np.searchsorted(ends, so_far.now_s, side="right"))
    measured, predicted = _of(so_far.measured, scope), _of(so_far.predicted, scope)
    success = _success(measured, ends[:known])
    lags = _by_bin(sent["sent_s"].to_numpy(), sent["lag_s"].to_numpy(), ends[:known], 1)
    return {
        "bin_s": width_s,
        "at_s": [float(end) for end in ends],
        "known": known,
        "due_per_s": _rate(due["due_s"].to_numpy(), ends, length_s),
        "sent_per_s": _rate(sent["sent_s"].to_numpy(), ends[:known], length_s),
        "success_share": [share for share, _, _ in success],
        "success_share_low": [low for _, low, _ in success],
        "success_share_high": [high for _, _, high in success],
        "predicted_success_share": [share for share, _, _ in _success(predicted, ends)],
        "response_s_p95": _p95(measured, ends[:known]),
        "predicted_response_s_p95": _p95(predicted, ends),
        "lag_s_p99": [None if lag is None else max(lag, 0.0) for lag in lags],
    }


def bin_width_s(length_s: float) -> float:
    """Give the width of the bins: the smallest round one that makes no more than `BINS_MOST`."""
    return next((float(width) for width in _WIDTHS_S if length_s / width <= BINS_MOST), length_s / BINS_MOST)


def _arrivals(so_far: LiveSummary) -> pl.DataFrame:
    """Due and sent arrivals so far, and their lag, by first choice, with totals."""
    now = so_far.arrivals.join(so_far.starts, on="arrival", how="left")
    figures = [
        (pl.col("due_s") <= so_far.now_s).sum().alias("due"),
        _LAG.count().alias("sent"),
        at_percentile(_LAG, 99).alias("lag_s_p99"),
    ]
    tables = [
        now.group_by(keys).agg(figures) if keys else now.select(figures) for keys in (_KEYS, ["channel"], [])
    ]
    whole = [
        table.with_columns(pl.lit(ALL).alias(key) for key in _KEYS if key not in table.columns)
        for table in tables
    ]
    return pl.concat([table.select(*_KEYS, "due", "sent", "lag_s_p99") for table in whole])


def _of(rows: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    """Rows of a scope; its patterns may hold `*`."""
    if scope == Scope():
        return rows
    pairs = [pair for pair in rows.select(_KEYS).unique().rows() if scope.matches(*pair)]
    wanted = pl.DataFrame(pairs, schema=dict.fromkeys(_KEYS, pl.String), orient="row")
    return rows.join(wanted, on=_KEYS, how="semi", maintain_order="left")


def _rate(at_s: Values, ends: Values, length_s: float) -> list[float | None]:
    """Events per second in each bin; None once none is due any more, unless some come late."""
    if not len(ends):
        return []
    width_s = float(ends[0])
    counts = np.diff(np.searchsorted(np.sort(at_s), ends), prepend=0)
    is_after = ends - width_s >= length_s
    return [
        None if after and not count else count / width_s
        for after, count in zip(is_after.tolist(), counts.tolist(), strict=True)
    ]


def _success(visits: pl.DataFrame, ends: Values) -> list[tuple[float | None, float | None, float | None]]:
    """Share of the visits ended by each bin's end that were served, with its bounds."""
    ordered = visits.select("ended_s", SERVED.alias("served")).sort("ended_s")
    counts = np.searchsorted(ordered["ended_s"].to_numpy(), ends, side="right")
    served = np.concatenate([[0], np.cumsum(ordered["served"].to_numpy())])
    found: list[tuple[float | None, float | None, float | None]] = []
    for n in counts:
        if n == 0:
            found.append((None, None, None))
            continue
        bounds = wilson(int(served[n]), int(n))
        found.append((float(served[n] / n), bounds.low, bounds.high))
    return found


def _p95(visits: pl.DataFrame, ends: Values) -> list[float | None]:
    times = visits.select("ended_s", RESPONSE_S.alias("response_s"))
    ended, response = times["ended_s"].to_numpy(), times["response_s"].to_numpy()
    return _by_bin(ended, response, ends, TRAILING_BINS, quantile=0.95)


def _by_bin(
    at_s: Values, values: Values, ends: Values, trailing: int, *, quantile: float = 0.99
) -> list[float | None]:
    """Quantile of the values in each bin and the ones before it, `trailing` in all."""
    order = np.argsort(at_s, kind="stable")
    ordered = values[order]
    reached = np.concatenate([np.zeros(trailing, int), np.searchsorted(at_s[order], ends, side="right")])
    return [
        nearest_rank(sorted(ordered[first:last].tolist()), quantile) if last > first else None
        for first, last in zip(reached[:-trailing], reached[trailing:], strict=True)
    ]
