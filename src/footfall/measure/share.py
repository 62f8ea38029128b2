"""Which share of the completed business went through electronic channels, by a declared definition."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from footfall.measure.interval import wilson
from footfall.measure.summary import SERVED

HALF_HOUR_S = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareDefinition:
    """What counts as electronic, and what as business; without it a share means nothing."""

    electronic: frozenset[str]
    """Channels that count as electronic."""
    excluded: frozenset[str] = frozenset()
    """Channels that count neither way: they stay out of the denominator too."""
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


def electronic_share(visits: pl.DataFrame, definition: ShareDefinition) -> ElectronicShare:
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


def completed_by_half_hour(visits: pl.DataFrame, definition: ShareDefinition) -> pl.DataFrame:
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


def share_by_half_hour(visits: pl.DataFrame, definition: ShareDefinition) -> pl.DataFrame:
    """The electronic share half hour by half hour.

    Columns: half_hour_s, electronic, completed, `electronic_share` with Wilson bounds.
    """
    counted = (
        completed_by_half_hour(visits, definition)
        .group_by("half_hour_s")
        .agg(pl.col("completed").filter("electronic").sum().alias("electronic"), pl.col("completed").sum())
        .sort("half_hour_s")
    )
    bounds = [wilson(e, n) for e, n in counted.select("electronic", "completed").iter_rows()]
    return counted.with_columns(
        (pl.col("electronic") / pl.col("completed")).alias("electronic_share"),
        pl.Series("electronic_share_low", [b.low for b in bounds], pl.Float64),
        pl.Series("electronic_share_high", [b.high for b in bounds], pl.Float64),
    )


def half_hour() -> pl.Expr:
    """Start, in seconds of the day's clock, of the half hour in which a row is due."""
    return ((pl.col("due_s") // HALF_HOUR_S) * HALF_HOUR_S).cast(pl.Int64).alias("half_hour_s")


def _completed(visits: pl.DataFrame, definition: ShareDefinition) -> pl.DataFrame:
    operations = definition.operations
    counts = SERVED & ~pl.col("channel").is_in(sorted(definition.excluded))
    return visits.filter(counts & pl.col("operation").is_in(sorted(operations)) if operations else counts)


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
