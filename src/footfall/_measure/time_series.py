"""Visits over the clock of a day and of a run, also while it lasts, and over months."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall._criteria.objects import Scope
from footfall._measure.prediction import compare
from footfall._measure.summary import ALL, RESPONSE_S, SERVED, WAIT_S_MEAN, Targets, half_hour, measures
from footfall._stats.intervals import at_percentile, nearest_rank, wilson

# ── Visits over a day, a run and months, and response times by percentile

# ── Visits, waits and spillover over the day

HOUR_S = 3600
MINUTE_S = 60.0


def due_by_half_hour(rows: pl.DataFrame) -> pl.DataFrame:
    """Arrivals or visits by half hour and channel: half_hour_s, channel, due."""
    return (
        rows.group_by(half_hour(), "channel")
        .agg(pl.len().cast(pl.Int64).alias("due"))
        .sort("half_hour_s", "channel")
    )


def waits_by_hour(visits: pl.DataFrame) -> pl.DataFrame:
    """Waiting by hour of the due time and channel.

    Columns: hour, channel, visits, closed (visits that found it shut), began, wait_s_mean (time in
    lines, over the visits that began; null where none did).
    """
    hour = (pl.col("due_s") // HOUR_S).cast(pl.Int64).alias("hour")
    return (
        visits.group_by(hour, "channel")
        .agg(
            pl.len().cast(pl.Int64).alias("visits"),
            (pl.col("outcome") == "closed").sum().cast(pl.Int64).alias("closed"),
            pl.col("started_s").count().cast(pl.Int64).alias("began"),
            WAIT_S_MEAN.alias("wait_s_mean"),
        )
        .sort("hour", "channel")
    )


def spillover(
    ordinary: pl.DataFrame, what_if: pl.DataFrame, world: str, bin_s: float = MINUTE_S
) -> pl.DataFrame:
    """Visits per minute by channel in two runs on the same clock, and what the change put on each channel.

    Columns: world, minute_s (start of the bin), channel, ordinary_per_min, what_if_per_min, spill_per_min.
    Every channel has every bin between the first and the last of both runs; a bin without visits is 0.

    Raises:
        ValueError: the bin has no width.
    """
    if bin_s <= 0:
        msg = f"a bin of {bin_s} s"
        raise ValueError(msg)
    runs = {"ordinary_per_min": ordinary, "what_if_per_min": what_if}
    counted = [
        frame.group_by((pl.col("due_s") // bin_s).cast(pl.Int64).alias("bin"), "channel").agg(
            (pl.len() * MINUTE_S / bin_s).alias(name)
        )
        for name, frame in runs.items()
    ]
    seen = pl.concat([frame.select("bin", "channel") for frame in counted])
    numbers = seen["bin"].to_list()
    every = range(min(numbers), max(numbers) + 1) if numbers else range(0)
    bins = pl.DataFrame({"bin": every}, schema={"bin": pl.Int64})
    grid = seen.select("channel").unique().join(bins, how="cross")
    for frame in counted:
        grid = grid.join(frame, on=["bin", "channel"], how="left")
    rates = pl.col("ordinary_per_min", "what_if_per_min").fill_null(0.0)
    return (
        grid.with_columns(
            rates, pl.lit(world).alias("world"), (pl.col("bin") * float(bin_s)).alias("minute_s")
        )
        .with_columns((pl.col("what_if_per_min") - pl.col("ordinary_per_min")).alias("spill_per_min"))
        .sort("channel", "minute_s")
        .select("world", "minute_s", "channel", "ordinary_per_min", "what_if_per_min", "spill_per_min")
    )


# ── A run over time: arrivals, success, response times and lag, bin by bin

Values = NDArray[np.floating[Any]]

BINS_MOST = 48
_ARRIVALS_LEAST = 20
"""A bin has at least this mean number of arrivals, if the run has three such bins."""
WIDTHS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
SERIES = pl.Schema(
    {
        "world": pl.String,
        "at_s": pl.Float64,
        "bin_s": pl.Float64,
        "due_per_s": pl.Float64,
        "started_per_s": pl.Float64,
        "visits": pl.Int64,
        "success_share": pl.Float64,
        "success_share_low": pl.Float64,
        "success_share_high": pl.Float64,
        "response_s_p50": pl.Float64,
        "response_s_p95": pl.Float64,
        "lag_s_p99": pl.Float64,
    }
)


def run_series(
    arrivals: pl.DataFrame, predicted: pl.DataFrame, measured: pl.DataFrame, length_s: float
) -> pl.DataFrame:
    """Give the table `SERIES`: a row for each bin of each world that has visits; seconds of the run.

    `arrivals` has `due_s` of all customers; `predicted` and `measured` are tables of `VISITS`; `length_s` is
    the length of the run. `due_per_s` counts planned arrivals, `started_per_s` first attempts by the moment
    at which they began. Success, with Wilson's interval, and response times are of the visits due in the
    bin, failed ones too; lag is of the first attempts due in it. What a bin has none of is null. The bins end
    with the run, or with the last measured visit.
    """
    worlds = [(name, frame) for name, frame in (("predicted", predicted), ("measured", measured))]
    worlds = [(name, frame) for name, frame in worlds if not frame.is_empty()]
    if not worlds:
        return SERIES.to_frame()
    ends = [length_s, _last(arrivals), _last(measured)]
    width_s = bin_width_s(length_s or max(ends), arrivals.height)
    edges = np.arange(math.floor(max(ends) / width_s) + 2) * width_s
    due = np.histogram(arrivals["due_s"].to_numpy(), edges)[0] / width_s
    return pl.concat([_of_world(frame, name, edges, due) for name, frame in worlds])


def bin_width_s(length_s: float, arrivals: int) -> float:
    """Give the smallest round width that makes at most `BINS_MOST` bins, wide enough for their arrivals."""
    wanted = length_s * _ARRIVALS_LEAST / max(arrivals, 1)
    least_s = max(length_s / BINS_MOST, min(wanted, length_s / 3))
    return float(next((width for width in WIDTHS_S if width >= least_s), least_s))


def _last(rows: pl.DataFrame) -> float:
    last = rows["due_s"].max()
    return float(last) if isinstance(last, (int, float)) else 0.0


def _of_world(visits: pl.DataFrame, world: str, edges: Values, due: Values) -> pl.DataFrame:
    width_s = float(edges[1])
    first = pl.col("attempt") == 1
    binned = visits.with_columns(
        (pl.col("due_s") / width_s).floor().cast(pl.Int64).alias("bin"), RESPONSE_S.alias("response_s")
    )
    figures = binned.group_by("bin").agg(
        pl.len().cast(pl.Int64).alias("visits"),
        SERVED.sum().cast(pl.Int64).alias("served"),
        *(at_percentile(pl.col("response_s"), p).alias(f"response_s_p{p}") for p in (50, 95)),
    )
    late = binned.filter(first & pl.col("started_s").is_not_null()).with_columns(
        (pl.col("started_s") - pl.col("due_s")).alias("lag_s")
    )
    lags = late.group_by("bin").agg(at_percentile(pl.col("lag_s"), 99).alias("lag_s_p99"))
    started = np.histogram(late["started_s"].to_numpy(), edges)[0] / width_s
    grid = pl.DataFrame(
        {"bin": np.arange(len(edges) - 1), "at_s": edges[:-1], "due_per_s": due, "started_per_s": started}
    )
    table = grid.join(figures, on="bin", how="left").join(lags, on="bin", how="left").sort("bin")
    pairs = table.select("served", "visits").rows()
    bounds = [wilson(served, n) if n else None for served, n in pairs]
    return table.with_columns(
        pl.lit(world).alias("world"),
        pl.lit(width_s).alias("bin_s"),
        pl.col("visits").fill_null(0),
        (pl.col("served") / pl.col("visits")).alias("success_share"),
        pl.Series("success_share_low", [b and b.low for b in bounds], pl.Float64),
        pl.Series("success_share_high", [b and b.high for b in bounds], pl.Float64),
        pl.col("lag_s_p99") if world == "measured" else pl.lit(None, pl.Float64).alias("lag_s_p99"),
    ).select(pl.col(name).cast(kind) for name, kind in SERIES.items())


# ── Response times by percentile, from the median to the tail

CURVES = pl.Schema({"curve": pl.String, "visits": pl.Int64, "percentile": pl.Float64, "seconds": pl.Float64})
PREDICTED, MEASURED, SERVICE = "predicted", "measured", "measured, from its start"
_POINTS = 41
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
    even = 100 - 100 * 10 ** -np.linspace(np.log10(2), _TAIL, _POINTS)
    return [
        (percentile, nearest_rank(ordered, percentile / 100))
        for percentile in sorted({*(round(float(each), 4) for each in even), *NAMED})
        if (100 - percentile) * len(ordered) >= 100 - 1e-6
    ]


# ── The electronic share over months: quantiles over futures, and how many of them meet the KPI

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_SAME = 1e-9
"""A share that misses the KPI by no more than rounding meets it."""


def fan(shares: pl.DataFrame, kpi_share: float) -> pl.DataFrame:
    """Quantiles of the share over futures, and how many futures meet the KPI, by definition and month.

    `shares` has definition, month and electronic_share, a row a future. Columns: definition, month, futures,
    electronic_share_p05 to _p95, kpi_share, futures_met, and `met_share` with Wilson bounds.
    """
    share = pl.col("electronic_share")
    quantiles = [
        share.quantile(q, interpolation="linear").alias(f"electronic_share_p{q * 100:02.0f}")
        for q in _QUANTILES
    ]
    counted = shares.group_by("definition", "month", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("futures"),
        *quantiles,
        pl.lit(kpi_share).alias("kpi_share"),
        (share >= kpi_share - _SAME).sum().cast(pl.Int64).alias("futures_met"),
    )
    bounds = [wilson(met, futures) for met, futures in counted.select("futures_met", "futures").iter_rows()]
    return counted.with_columns(
        (pl.col("futures_met") / pl.col("futures")).alias("met_share"),
        pl.Series("met_share_low", [b.low for b in bounds], pl.Float64),
        pl.Series("met_share_high", [b.high for b in bounds], pl.Float64),
    )


def month_likely(months: pl.DataFrame) -> int | None:
    """First month from which on, to the last one, at least half of the futures meet the KPI, if any."""
    likely = None
    for month, met_share in months.sort("month").select("month", "met_share").iter_rows():
        if met_share < 0.5:  # noqa: PLR2004  half
            likely = None
        elif likely is None:
            likely = month
    return likely


# ── A run in progress: its table and curves, from the rows recorded so far

STARTS = pl.Schema({"arrival": pl.Int64, "lag_s": pl.Float64})
LIVE_BINS_MOST = 300
_TRAILING_BINS = 5
"""Number of bins whose ended visits enter a percentile over time."""
_WIDTHS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
_LAG = pl.col("lag_s")
_KEYS = ["channel", "operation"]


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
    end (with its Wilson interval), `response_s_p95` to the last `_TRAILING_BINS` bins. Bins to come have
    arrivals due and what is predicted, and None for all else.
    """
    width_s = live_bin_width_s(length_s)
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


def live_bin_width_s(length_s: float) -> float:
    """Give the width of the bins: the smallest round one that makes no more than `BINS_MOST`."""
    return next(
        (float(width) for width in _WIDTHS_S if length_s / width <= LIVE_BINS_MOST), length_s / LIVE_BINS_MOST
    )


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
    return _by_bin(ended, response, ends, _TRAILING_BINS, quantile=0.95)


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
