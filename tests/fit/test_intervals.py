"""Counts per interval become arrivals and a mean service time, and no more than they tell."""

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, strategies as st

from footfall._fit.arrival_fit import EVERY
from footfall._fit.fit import Fitted, fit_log
from footfall._fit.fitted_model import Named, model_of
from footfall._records.errors import BadInputError
from footfall._workload.log_mapping import mapping_of

MONDAY = datetime(2023, 9, 4)  # noqa: DTZ001  wall-clock
COLUMNS = {
    "arrived": "interval", "count": "offered", "served_count": "handled", "abandoned_count": "lost",
    "service_s_mean": "aht",
}  # fmt: skip


def table(minutes: int = 15, days: int = 3, **cells: Any) -> pl.DataFrame:  # noqa: ANN401  any cell
    """Give a table of counts: 4 an interval, 3 handled in 185 s each, 1 lost, unless told otherwise."""
    at = [MONDAY + timedelta(minutes=minutes * k) for k in range(days * 1440 // minutes)]
    plain = {"offered": "4", "handled": "3", "lost": "1", "aht": "185.0"} | cells
    return pl.DataFrame({"interval": [f"{each:%Y-%m-%d %H:%M:%S}" for each in at]}).with_columns(
        pl.lit(value).alias(name) for name, value in plain.items()
    )


def fit(frame: pl.DataFrame, columns: dict[str, str] | None = None, **options: Any) -> Fitted:  # noqa: ANN401  any option
    """Fit a table of counts."""
    return fit_log(frame, mapping_of({"columns": columns or COLUMNS, "options": options}, "test"))


@pytest.mark.parametrize("minutes", [1, 5, 15, 20, 30, 45, 60])
def test_no_arrival_is_lost_whatever_the_intervals(minutes: int) -> None:
    """The day has all of them, and each half hour its share."""
    found = fit(table(minutes, days=8))
    assert sum(found.arrivals.profile(EVERY)) == pytest.approx(4 * 1440 / minutes)
    assert found.arrivals.profile(EVERY) == pytest.approx([4 * 30 / minutes] * 48)
    assert (found.arrivals.dispersion is None) == (minutes > 30)
    assert found.interval_s == minutes * 60


def test_the_mean_service_time_is_of_all_served_and_its_law_is_assumed() -> None:
    """Weighed by who was served; an interval without anybody says nothing."""
    frame = table().with_columns(
        handled=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("30")).otherwise("handled"),
        aht=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("0:05:00")).otherwise("aht"),
    )
    service = fit(frame).every.service
    assert service is not None
    assert service.mean_s.value == pytest.approx((30 * 300 + 287 * 3 * 185) / (30 + 287 * 3))
    assert service.mean_s.low < service.mean_s.value < service.mean_s.high
    model = model_of(fit(frame), Named("m", "M", "a log"))
    assert model.channels[0].station.kind == "call_centre"
    assert "exponential" in str(model.channels[0].station)


def test_counts_without_service_times_are_arrivals_alone() -> None:
    """And no service is made up."""
    found = fit(table(), {"arrived": "interval", "count": "offered"})
    assert found.every.service is None
    assert found.every.outcomes == {}


def test_rows_that_are_no_counts_are_set_aside_and_add_up() -> None:
    """A total, a negative one, words, a time that is none: each with its cell."""
    frame = table(days=2)
    bad = pl.DataFrame(
        {
            "interval": ["2023-09-05 24:61", "2023-09-05 00:00:00", "2023-09-05 00:15:00", ""],
            "offered": ["4", "-1", "many", "4"], "handled": "3", "lost": "1", "aht": "185.0",
        }
    )  # fmt: skip
    found = fit(pl.concat([frame, bad]))
    told = {status.reason: (status.rows, status.example) for status in found.row_statuses}
    assert told["negative count"] == (1, None)
    assert told["count missing or unreadable"] == (1, "'many' in the column 'offered'")
    assert told["no arrival time"] == (1, None)
    assert "time_format" in str(told["arrival time cannot be read"][1])
    assert sum(status.rows for status in found.row_statuses) == found.read == frame.height + 4


@given(st.lists(st.integers(0, 500), min_size=96, max_size=96))
def test_the_profile_has_the_counts_of_its_day(counts: list[int]) -> None:
    """Quarter hours are added up to half hours."""
    frame = table(days=1).with_columns(offered=pl.Series([str(count) for count in counts]))
    if not any(counts):
        with pytest.raises(BadInputError, match="all counts are 0"):
            fit(frame)
        return
    profile = fit(frame).arrivals.profile(EVERY)
    assert profile == pytest.approx([counts[2 * k] + counts[2 * k + 1] for k in range(48)])


@pytest.mark.parametrize("minutes", [15, 30, 60])
def test_counts_are_not_taken_for_customers(minutes: int) -> None:
    """Rows like a clock without a column of counts are refused, and the likely column is named."""
    with pytest.raises(BadInputError, match=rf'the rows are {minutes} min apart.*count = "offered"'):
        fit(table(minutes), {"arrived": "interval"})


def test_customers_who_come_in_whole_minutes_are_not_taken_for_counts() -> None:
    """Two at once, or gaps, are no clock."""
    frame = table(15)
    twice = pl.concat([frame, frame.head(1)])
    assert fit(twice, {"arrived": "interval"}).used == twice.height
    gaps = frame.filter(pl.int_range(pl.len()) % 3 != 0)
    assert fit(gaps, {"arrived": "interval"}).used == gaps.height


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"arrived": "a", "served_count": "b"}, "`served_count` needs `count`"),
        ({"arrived": "a", "count": "b", "wait_s": "c"}, "`wait_s` is of one customer and `count` of many"),
    ],
)
def test_a_mapping_of_counts_and_customers_is_refused(columns: dict[str, str], told: str) -> None:
    """A row is the one or the other."""
    with pytest.raises(BadInputError, match=told):
        mapping_of({"columns": columns}, "test")


def test_intervals_over_an_hour_tell_nothing_of_the_day() -> None:
    """One count a day is refused, and a lone row needs its length."""
    with pytest.raises(
        BadInputError, match=r"the lengths of the intervals are 1440 min; expected .* at most 60"
    ):
        fit(table(1440, days=9))
    with pytest.raises(BadInputError, match=r"cannot be determined; expected .*interval_min"):
        fit(table().head(1))
    assert fit(table().head(1), interval_min=15).arrivals.profile(EVERY)[0] == 4


def test_days_with_fewer_intervals_are_told() -> None:
    """They count as empty there."""
    found = fit(table(days=15).head(14 * 96 + 10))
    assert any("1 days have fewer intervals" in note for note in found.notes)


def test_an_interval_may_be_told_by_both_its_ends_and_its_day_apart() -> None:
    """As reports of telephone systems have it."""
    frame = table(30, days=2).with_columns(
        day=pl.col("interval").str.head(10), interval=pl.col("interval").str.slice(11, 5) + " - 24:00"
    )
    found = fit(frame, {"arrived": "interval", "date": "day", "count": "offered"})
    assert found.arrivals.profile(EVERY) == [4.0] * 48
