"""Predicted and measured values side by side, ranges of a run, and naive forecasts."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from statistics import fmean, stdev

import polars as pl

from footfall._measure.summary import ALL, RESPONSE_S, measures
from footfall._records.tables import REPLICATIONS
from footfall._stats.intervals import Interval, student_t, t_interval, wilson
from footfall._stats.precision import batch_means_interval, batch_percentile_interval

# ── Predicted and measured values side by side, and the prediction range of a run

# ── Prediction and measurement side by side

_KEYS = ["channel", "operation"]
_FIGURES = [
    "visits",
    "success_share",
    "success_share_low",
    "success_share_high",
    "wait_s_mean",
    "response_s_p50",
    "response_s_p95",
]


def compare(predicted: pl.DataFrame, measured: pl.DataFrame) -> pl.DataFrame:
    """Two tables of `MEASURES` as one row a channel and operation; null where a world saw no visit.

    Columns: channel, operation, then each figure as `predicted_…` and `measured_…`, then `target_share`.
    """
    worlds = {"predicted": predicted, "measured": measured}
    sides = [
        frame.select(
            *_KEYS,
            *(pl.col(name).alias(f"{world}_{name}") for name in _FIGURES),
            pl.col("target_share").alias(f"{world}_target_share"),
        )
        for world, frame in worlds.items()
    ]
    joined = sides[0].join(sides[1], on=_KEYS, how="full", coalesce=True)
    target = pl.coalesce("measured_target_share", "predicted_target_share").alias("target_share")
    totals_last = [pl.col(key) == "*" for key in _KEYS]
    return joined.sort(*totals_last, *_KEYS).select(
        *_KEYS, *(f"{world}_{name}" for name in _FIGURES for world in worlds), target
    )


# ── Prediction ranges of shares and times, from replications

TIMES = ("wait_s_mean", "response_s_p50", "response_s_p95", "response_s_p99")
_LEAST_S = 1e-6
"""Smallest time on a log scale; shorter times are not distinguished."""


def replications(visits: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Figures of each replication (`VISITS` each), numbered from 0, as `REPLICATIONS`, totals included."""
    tables = [
        measures(each, "predicted").with_columns(pl.lit(number).alias("replication"))
        for number, each in enumerate(visits)
    ]
    whole = pl.concat(tables) if tables else REPLICATIONS.to_frame()
    return whole.select(pl.col(name).cast(kind) for name, kind in REPLICATIONS.items())


def foreseen(table: pl.DataFrame) -> pl.DataFrame:
    """Mean and 95 % range of a run, by channel and operation of `REPLICATIONS` (with `*`, the totals).

    Columns: channel, operation, replications, visits, then success_share and each of `TIMES` with `_low` and
    `_high`; the mean of times is geometric. Fewer than two replications have no range (null).
    """
    rows = [_row(keys, group) for keys, group in table.group_by(_KEYS, maintain_order=True)]
    ranges = [f"{name}{end}" for name in ("success_share", *TIMES) for end in ("", "_low", "_high")]
    schema = dict.fromkeys(_KEYS, pl.String) | {"replications": pl.Int64, "visits": pl.Float64}
    return pl.DataFrame(rows, schema=schema | dict.fromkeys(ranges, pl.Float64), orient="row")


def range_of_shares(served: Sequence[int], visits: Sequence[int]) -> Interval:
    """Range in which the share of one more run lies with 95 %: mean ± t(n-1) s √(1 + 1/n), within 0 and 1.

    Where all replications agree, s says nothing: then Wilson's bounds of all their visits taken together.
    Source: G. J. Hahn and W. Q. Meeker, Statistical Intervals (1991), section 4.7, equation 4.9.

    Raises:
        ValueError: fewer than two replications.
    """
    shares = [k / n for k, n in zip(served, visits, strict=True)]
    if max(shares) == min(shares):
        return wilson(sum(served), sum(visits))
    found = next_value(shares)
    return Interval(max(0.0, found.low), min(1.0, found.high))


def next_value(values: Sequence[float]) -> Interval:
    """Range of one more value like these, normal and independent: mean ± t(n-1) s √(1 + 1/n).

    Source: as `range_of_shares`.

    Raises:
        ValueError: fewer than two values.
    """
    n = len(values)
    if n <= 1:
        msg = f"a range of one more value needs two values or more, got {n}"
        raise ValueError(msg)
    mean = fmean(values)
    half_width = student_t(n - 1) * stdev(values, mean) * math.sqrt(1 + 1 / n)
    return Interval(mean - half_width, mean + half_width)


def _row(keys: tuple[object, ...], group: pl.DataFrame) -> tuple[object, ...]:
    served, visits = group["served"].to_list(), group["visits"].to_list()
    n = group.height
    shares = fmean(k / of for k, of in zip(served, visits, strict=True))
    bounds = range_of_shares(served, visits) if n > 1 else (None, None)
    row: list[object] = [*keys, n, fmean(visits), shares, *bounds]
    for name in TIMES:
        row += _times(group[name].drop_nulls().to_list())
    return tuple(row)


def _times(seconds: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    """Geometric mean and range of a time, which cannot be below 0 and is skewed where there are queues."""
    if not seconds:
        return None, None, None
    logs = [math.log(max(each, _LEAST_S)) for each in seconds]
    middle_s = math.exp(fmean(logs))
    if len(logs) == 1:
        return middle_s, None, None
    low, high = next_value(logs)
    return middle_s, math.exp(low), math.exp(high)


# ── Mean waits and 95th percentiles of one run with their intervals, by channel and operation

P95 = 0.95
BOUNDS = pl.Schema(
    {
        "world": pl.String,
        "channel": pl.String,
        "operation": pl.String,
        "wait_s_mean_low": pl.Float64,
        "wait_s_mean_high": pl.Float64,
        "response_s_p95_low": pl.Float64,
        "response_s_p95_high": pl.Float64,
    }
)


def bounds(visits: pl.DataFrame, world: str) -> pl.DataFrame:
    """95 % bounds within one run of `wait_s_mean` and `response_s_p95`, rows as those of `measures`.

    By batch means over the visits in the order in which they were due; null where there are too few.
    """
    if visits.is_empty():
        return BOUNDS.to_frame()
    needed = visits.sort("due_s", "customer", "attempt").select(
        "channel",
        "operation",
        RESPONSE_S.alias("response_s"),
        # A visit that never started has no wait to average.
        pl.when(pl.col("started_s").is_not_null()).then("wait_s").alias("wait_s"),
    )
    rows = [
        (world, *(key.get(name, ALL) for name in ("channel", "operation")), *_bounds(part))
        for keys in (("channel", "operation"), ("channel",), ("operation",), ())
        for key, part in _parts(needed, keys)
    ]
    return pl.DataFrame(rows, schema=BOUNDS, orient="row")


def _parts(frame: pl.DataFrame, keys: tuple[str, ...]) -> Iterable[tuple[Mapping[str, str], pl.DataFrame]]:
    if not keys:
        yield {}, frame
        return
    for values, part in frame.group_by(keys, maintain_order=True):
        yield dict(zip(keys, map(str, values), strict=True)), part


def _bounds(part: pl.DataFrame) -> tuple[float | None, ...]:
    waits = part["wait_s"].drop_nulls().to_numpy()
    mean = batch_means_interval(waits)
    tail = batch_percentile_interval(part["response_s"].to_numpy(), P95)
    return (*_ends(mean), *_ends(tail))


def _ends(interval: Interval | None) -> tuple[float | None, float | None]:
    if interval is None:
        return None, None
    low, high = (end if math.isfinite(end) else None for end in interval)
    return low, high


# ── Predictions compared with naive ones, such as "as last week"


@dataclass(frozen=True, slots=True)
class ForecastComparison:
    """A prediction and a naive one made at the same time, compared with the same records."""

    cases: int
    naive_nearer: int
    """Cases in which the naive prediction was closer."""
    error_mean: float
    """Mean absolute error of the prediction."""
    naive_error_mean: float
    gain_low: float
    """Lower 95 % bound of the mean by which the prediction was nearer (Student's t, case by case)."""

    @property
    def is_naive_better(self) -> bool:
        """Whether the naive mean error is less."""
        return self.naive_error_mean < self.error_mean


def compare_forecasts(
    recorded: Sequence[float], predicted: Sequence[float], naive: Sequence[float]
) -> ForecastComparison | None:
    """Count errors of a prediction and of the naive one; None: there is nothing to compare."""
    if not recorded:
        return None
    errors = [abs(value - was) for value, was in zip(predicted, recorded, strict=True)]
    naive_errors = [abs(value - was) for value, was in zip(naive, recorded, strict=True)]
    nearer = sum(other < own for own, other in zip(errors, naive_errors, strict=True))
    gains = [other - own for own, other in zip(errors, naive_errors, strict=True)]
    gain_low = t_interval(gains).low if len(gains) > 1 else -inf
    return ForecastComparison(len(errors), nearer, fmean(errors), fmean(naive_errors), gain_low)


def sentence(found: ForecastComparison | None, naive: str, things: str, unit: str, digits: int = 1) -> str:
    """Say in one sentence which is better, and by how much."""
    if found is None:
        return f"No {things} have a naive prediction to compare with."
    own, other = f"{found.error_mean:.{digits}f} {unit}", f"{found.naive_error_mean:.{digits}f} {unit}"
    counted = f"“{naive}” was nearer in {found.naive_nearer} of {found.cases} {things}"
    if own == other:
        return f"{counted}; mean error {other}, the same as the prediction's: the prediction is no better."
    if found.is_naive_better:
        return f"{counted}; mean error {other} against {own} for the prediction: plan with “{naive}”."
    compared = f"{counted}; mean error {other} against {own} for the prediction"
    if found.gain_low <= 0:
        return f"{compared}: nearer so far, but {found.cases} {things} are too few to tell which is better."
    return f"{compared}: the prediction is better."
