"""Visits and requests by channel and operation: `measures.csv`, `requests.csv`, and the electronic share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from footfall._records.rows import Outcome
from footfall._records.tables import HITS, MEASURES
from footfall._stats.intervals import Interval, at_percentile, wilson

# ── Summary of visits by channel and operation, predicted or measured: the table `measures.csv`

ALL = "*"
"""Stands for all channels, or all operations, in a total."""

RESPONSE_S = pl.col("ended_s") - pl.col("due_s") - pl.col("human_s")
"""Seconds the customer waited for the operator, from the due time, in every visit, failed ones too."""

WAIT_S_MEAN = pl.col("wait_s").filter(pl.col("started_s").is_not_null()).mean()
"""Mean seconds in queues, over the visits that started; null if none did."""

SERVED = pl.col("outcome") == Outcome.SERVED.value

Targets = Mapping[tuple[str, str], float]
"""Target success share (0..1) of a channel and operation; `*` as a key means a total."""


def measures(visits: pl.DataFrame, world: str, targets: Targets | None = None) -> pl.DataFrame:
    """Visits of one world as rows of `MEASURES`: each channel and operation present, then the totals.

    The success share is served / all visits with its Wilson interval; percentiles are exact, by nearest
    rank, over all visits, so that a slow failure counts as slow. No visits give no rows.
    """
    if visits.is_empty():
        return MEASURES.to_frame()
    known = targets or {}
    by_both = _totals(visits, ["channel", "operation"])
    by_channel = _totals(visits, ["channel"])
    by_operation = _totals(visits, ["operation"])
    counted = pl.concat([by_both, by_channel, by_operation, _totals(visits, [])])
    bounds = [_bounds(row) for row in counted.select("served", "visits").iter_rows()]
    return counted.with_columns(
        pl.lit(world).alias("world"),
        (pl.col("served") / pl.col("visits")).alias("success_share"),
        pl.Series("success_share_low", [b.low for b in bounds], pl.Float64),
        pl.Series("success_share_high", [b.high for b in bounds], pl.Float64),
        pl.Series(
            "target_share",
            [known.get(k) for k in counted.select("channel", "operation").iter_rows()],
            pl.Float64,
        ),
    ).select(pl.col(name).cast(kind) for name, kind in MEASURES.items())


def _totals(visits: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Counts and times by the keys; the keys that are left out become `*`."""
    figures = [
        pl.len().alias("visits"),
        SERVED.sum().alias("served"),
        WAIT_S_MEAN.alias("wait_s_mean"),
        *(at_percentile(RESPONSE_S, p).alias(f"response_s_p{p}") for p in (50, 95, 99)),
    ]
    rows = visits.group_by(keys).agg(figures).sort(keys) if keys else visits.select(figures)
    others = [name for name in ("channel", "operation") if name not in keys]
    return rows.with_columns(pl.lit(ALL).alias(name) for name in others).select(
        "channel", "operation", *(figure.meta.output_name() for figure in figures)
    )


def _bounds(row: tuple[int, int]) -> Interval:
    served, visits = row
    return wilson(served, visits)


# ── Success of the first attempt, and of the whole journey


def first_try_and_eventual(visits: pl.DataFrame) -> pl.DataFrame:
    """Return the success of journeys by the channel and operation of their first attempt.

    A journey is all attempts of one customer. Columns: channel, operation, journeys (their number),
    `first_try_share` and `eventual_share` with Wilson bounds, attempts_mean. A journey whose first attempt is
    not in the table is left out.
    """
    whole = (
        visits.sort("customer", "attempt")
        .group_by("customer", maintain_order=True)
        .agg(
            pl.col("channel").first(),
            pl.col("operation").first(),
            (pl.col("attempt").first() == 1).alias("whole"),
            SERVED.first().alias("first_try"),
            SERVED.any().alias("eventual"),
            pl.len().alias("attempts"),
        )
        .filter("whole")
    )
    counted = (
        whole.group_by("channel", "operation")
        .agg(
            pl.len().alias("journeys"),
            pl.col("first_try").sum(),
            pl.col("eventual").sum(),
            pl.col("attempts").mean().alias("attempts_mean"),
        )
        .sort("channel", "operation")
    )
    shares = [column for name in ("first_try", "eventual") for column in _share(counted, name)]
    return counted.select("channel", "operation", "journeys", *shares, "attempts_mean")


def outcomes(visits: pl.DataFrame) -> pl.DataFrame:
    """Visits by channel, operation, outcome and cause, the commonest first.

    Columns: channel, operation, outcome, cause, visits, `visits_share` (of that channel and operation).
    """
    return (
        visits.group_by("channel", "operation", "outcome", "cause")
        .agg(pl.len().cast(pl.Int64).alias("visits"))
        .with_columns(
            (pl.col("visits") / pl.col("visits").sum().over("channel", "operation")).alias("visits_share")
        )
        .sort(
            "channel",
            "operation",
            "visits",
            "outcome",
            "cause",
            descending=[False, False, True, False, False],
        )
    )


def _share(counted: pl.DataFrame, name: str) -> list[pl.Series]:
    pairs = counted.select(name, "journeys").iter_rows()
    bounds: list[Interval] = [wilson(successes, n) for successes, n in pairs]
    return [
        (counted[name] / counted["journeys"]).alias(f"{name}_share"),
        pl.Series(f"{name}_share_low", [b.low for b in bounds], pl.Float64),
        pl.Series(f"{name}_share_high", [b.high for b in bounds], pl.Float64),
    ]


# ── The electronic share of completed business, by a declared definition

HALF_HOUR_S = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRule:
    """Which completed visits are counted for an electronic share, and which of them are electronic."""

    electronic: frozenset[str]
    """Channels that count as electronic."""
    excluded: frozenset[str] = frozenset()
    """Channels that are left out of numerator and denominator."""
    operations: frozenset[str] = frozenset()
    """Operations that count as business; none named: all."""

    @property
    def text(self) -> str:
        """The definition as one line, printed wherever the share is."""
        left_out = f"; not counted: {_list(self.excluded)}" if self.excluded else ""
        business = _list(self.operations) or "visits"
        return f"electronic: {_list(self.electronic)}; of completed {business}{left_out}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectronicShare:
    """The electronic share (0..1) of completed business, with 95 % Wilson bounds; None if there is none."""

    electronic: int
    completed: int
    share: float | None
    share_low: float | None
    share_high: float | None
    definition: str


def electronic_share(visits: pl.DataFrame, definition: ShareRule) -> ElectronicShare:
    """The share over all the visits given."""
    channels = _completed(visits, definition)["channel"]
    completed = len(channels)
    electronic = int(channels.is_in(sorted(definition.electronic)).sum())
    bounds = wilson(electronic, completed) if completed else (None, None)
    return ElectronicShare(
        electronic=electronic,
        completed=completed,
        share=electronic / completed if completed else None,
        share_low=bounds[0],
        share_high=bounds[1],
        definition=definition.text,
    )


def completed_by_half_hour(visits: pl.DataFrame, definition: ShareRule) -> pl.DataFrame:
    """Completed business by half hour of its due time and channel.

    Columns: half_hour_s (its start), channel, electronic (bool), completed.
    """
    return (
        _completed(visits, definition)
        .group_by(half_hour(), "channel")
        .agg(pl.len().cast(pl.Int64).alias("completed"))
        .with_columns(pl.col("channel").is_in(sorted(definition.electronic)).alias("electronic"))
        .sort("half_hour_s", "channel")
        .select("half_hour_s", "channel", "electronic", "completed")
    )


def half_hour() -> pl.Expr:
    """Start, in seconds of the day's clock, of the half hour in which a row is due."""
    return ((pl.col("due_s") // HALF_HOUR_S) * HALF_HOUR_S).cast(pl.Int64).alias("half_hour_s")


def _completed(visits: pl.DataFrame, definition: ShareRule) -> pl.DataFrame:
    operations = definition.operations
    counts = SERVED & ~pl.col("channel").is_in(sorted(definition.excluded))
    return visits.filter(counts & pl.col("operation").is_in(sorted(operations)) if operations else counts)


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


# ── Summary of requests by channel, operation and step: the table `requests.csv`

_KEYS = ["channel", "operation", "step"]
_CAUSES_MOST = 3
_TIME_S = pl.col("ended_s") - pl.col("asked_s")
REQUESTS = pl.Schema(
    {
        **dict.fromkeys(_KEYS, pl.String),
        "requests": pl.Int64,
        "failed": pl.Int64,
        "failed_share": pl.Float64,
        "failed_share_low": pl.Float64,
        "failed_share_high": pl.Float64,
        "time_s_p50": pl.Float64,
        "time_s_p95": pl.Float64,
        "time_s_p99": pl.Float64,
        "causes": pl.String,
    }
)


def by_request(hits: pl.DataFrame) -> pl.DataFrame:
    """Give the table `REQUESTS` of rows of `HITS`: a row for each channel, operation and step.

    A request fails when its outcome is not `served`; the share has Wilson's interval. Times are seconds from
    when the customer was ready to send it until it was answered or given up, failed ones too, by nearest
    rank. `causes` names the most frequent outcomes and statuses of those that failed, with their numbers.
    """
    if hits.is_empty():
        return REQUESTS.to_frame()
    timed = hits.select(HITS.names()).with_columns(_TIME_S.alias("time_s"))
    table = timed.group_by(_KEYS).agg(
        pl.len().cast(pl.Int64).alias("requests"),
        (~SERVED).sum().cast(pl.Int64).alias("failed"),
        *(at_percentile(pl.col("time_s"), p).alias(f"time_s_p{p}") for p in (50, 95, 99)),
    )
    bounds = [wilson(failed, n) for failed, n in table.select("failed", "requests").rows()]
    return (
        table.with_columns(
            (pl.col("failed") / pl.col("requests")).alias("failed_share"),
            pl.Series("failed_share_low", [b.low for b in bounds], pl.Float64),
            pl.Series("failed_share_high", [b.high for b in bounds], pl.Float64),
        )
        .join(_causes(timed.filter(~SERVED)), on=_KEYS, how="left")
        .with_columns(pl.col("causes").fill_null(""))
        .sort(_KEYS)
        .select(pl.col(name).cast(kind) for name, kind in REQUESTS.items())
    )


def _causes(failed: pl.DataFrame) -> pl.DataFrame:
    """Name the most frequent ways to fail: `error 500 ×12, timeout without an answer ×3`."""
    answer = (
        pl.when(pl.col("status") == 0)
        .then(pl.lit("without an answer"))
        .otherwise(pl.col("status").cast(pl.String))
    )
    return (
        failed.group_by(*_KEYS, "outcome", "status")
        .agg(pl.len().alias("n"))
        .sort("n", "outcome", "status", descending=[True, False, False])
        .with_columns(pl.format("{} {} ×{}", "outcome", answer, "n").alias("cause"))
        .group_by(_KEYS, maintain_order=True)
        .agg(pl.col("cause").head(_CAUSES_MOST).str.join(", ").alias("causes"))
    )
