"""Snapshots are read as they are, from Parquet and CSV, and bad ones are refused in one line."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from footfall._records.errors import BadInputError
from studies.offices_warsaw.predict import later_days
from studies.offices_warsaw.profiles import came_in, seen_in
from studies.offices_warsaw.records import COLUMNS, QueueDay, queue_days
from tests.studies.offices_warsaw.small import (
    FIRST,
    LATER,
    SECOND,
    lived,
    offices,
    queue,
    snapshots,
    some_came,
)


@pytest.fixture(scope="module")
def days() -> list[QueueDay]:
    """Give a queue's two days."""
    return [lived(some_came(k), 200.0, day=day) for k, day in enumerate((FIRST, LATER))]


def same(one: QueueDay, other: QueueDay) -> bool:
    """Whether two days are the same in all that was seen."""
    arrays = all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("at_s", "counters", "waiting", "called")
    )
    return arrays and (one.name, one.day, one.tickets) == (other.name, other.day, other.tickets)


def test_days_are_read_as_they_were_written_whatever_the_order(days: list[QueueDay]) -> None:
    """With each snapshot twice, backwards, and as the text of a CSV."""
    table = snapshots(days)
    for given in (table, pl.concat([table.reverse(), table]), table.with_columns(pl.all().cast(pl.String))):
        found = queue_days(given, "snapshots")
        assert len(found) == len(days)
        assert all(same(one, other) for one, other in zip(found, days, strict=True))


def test_a_day_on_which_nobody_is_called_is_no_day(days: list[QueueDay]) -> None:
    """Holidays are polled, too."""
    table = snapshots(days)
    holiday = table.with_columns(pl.col("ts") - timedelta(days=1), served=pl.lit(0.0)).head(96)
    assert [day.day for day in queue_days(pl.concat([table, holiday]), "snapshots")] == [FIRST, LATER]


@pytest.mark.parametrize("name", COLUMNS)
def test_a_missing_column_is_named(days: list[QueueDay], name: str) -> None:
    """With all that is expected."""
    with pytest.raises(BadInputError, match=rf"has no column '{name}'; expected office, queue_id"):
        queue_days(snapshots(days).drop(name), "snapshots")


@pytest.mark.parametrize(
    ("name", "cell", "expected"), [("queue_len", "many", "a number"), ("ts", "noon", "a time")]
)
def test_a_bad_cell_is_named(days: list[QueueDay], name: str, cell: str, expected: str) -> None:
    """By its row, as a spreadsheet counts them."""
    text = snapshots(days).with_columns(pl.all().cast(pl.String))
    bad = text.with_columns(
        pl.when(pl.int_range(pl.len()) == 3).then(pl.lit(cell)).otherwise(name).alias(name)
    )
    with pytest.raises(BadInputError, match=rf"row 5, column '{name}': '{cell}'; expected {expected}"):
        queue_days(bad, "snapshots")


def test_offices_at_rest_are_refused(days: list[QueueDay]) -> None:
    """Nobody was ever called."""
    with pytest.raises(BadInputError, match="nobody was called"):
        queue_days(snapshots(days).with_columns(served=pl.lit(0.0)), "snapshots")


def test_only_days_after_the_calibrated_ones_are_predicted(days: list[QueueDay]) -> None:
    """And only of queues that the offices know."""
    town = offices(queue("A", 200.0))
    assert [day.day for day in later_days(town, days, "snapshots")] == [LATER]
    for unknown in (days[:1], [lived(some_came(1), 200.0, day=LATER, name="Z")]):
        with pytest.raises(BadInputError, match=f"has no day after {SECOND}"):
            later_days(town, unknown, "snapshots")


def test_half_hours_hold_everybody_and_the_mean_of_what_was_seen(days: list[QueueDay]) -> None:
    """Who waits at the door counts to the first half hour; one without a look is not a number."""
    came = some_came(0)
    came[0] = 4
    town = offices()
    assert came_in(town, days[0], came).sum() == pytest.approx(came.sum())
    assert came_in(town, days[0], came)[0] >= came[:6].sum()
    seen = seen_in(town, days[0], days[0].waiting)
    assert seen[1] == days[0].waiting[6:12].mean()
    late = queue_days(snapshots(days[:1]).tail(90), "snapshots")[0]
    assert np.isnan(seen_in(town, late, late.waiting)[0])
