"""The bank's hotline: what was calibrated on February predicts the other months as closely as is claimed."""

import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from footfall._records.log_file import read_log
from studies.hotline_1999.hurry import hurry_of
from studies.hotline_1999.measures import by_month
from studies.hotline_1999.model import EAGERNESS, HOTLINE
from studies.hotline_1999.pauses import calibrated
from studies.hotline_1999.predict import predict
from studies.hotline_1999.records import RecordedDay, regular_days

DATA = Path(os.environ.get("FOOTFALL_DATA") or Path(__file__).parents[4] / "shared" / "data")
CALLS = DATA / "anonbank_calls_1999_jan_may.parquet"
TRUTH = DATA / "anonbank_truth_day_halfhour_jan_may.parquet"
pytestmark = pytest.mark.skipif(
    not CALLS.is_file(), reason=f"no {CALLS.name}: name its folder in FOOTFALL_DATA"
)
POINT = 0.01


@pytest.fixture(scope="module")
def days() -> list[RecordedDay]:
    """Give the regular days of January to May."""
    return regular_days(read_log(CALLS), CALLS.name)


@pytest.fixture(scope="module")
def months(days: list[RecordedDay]) -> dict[str, dict[str, Any]]:
    """Predict every month, once for all tests."""
    return {row["month"]: row for row in by_month(predict(HOTLINE, days, 1)).iter_rows(named=True)}


def test_the_constants_are_those_of_february_alone(days: list[RecordedDay]) -> None:
    """Calibrated anew on its 20 days they are the model's, to the last digit kept."""
    february = [day for day in days if day.month == "1999-02"]
    assert len(february) == 20
    assert calibrated(HOTLINE, february, EAGERNESS, HOTLINE.pauses.source) == HOTLINE.pauses
    assert hurry_of(HOTLINE, february) == HOTLINE.hurry


def test_the_recorded_figures_are_those_of_the_truth(months: dict[str, dict[str, Any]]) -> None:
    """Of every month whose regular days are the same; of January one more day counts as regular here."""
    truth = (
        pl.read_parquet(TRUTH)
        .filter((pl.col("pool") == "regular") & pl.col("regular_day"))
        .group_by(month=pl.col("date").dt.strftime("%Y-%m"))
        .agg(
            pl.col("arrivals", "waited", "waited_gt20", "sum_wait_s", "abandoned").sum(),
            days=pl.col("date").n_unique(),
        )
    )
    for row in truth.filter(pl.col("month") != "1999-01").iter_rows(named=True):
        found = months[row["month"]]
        assert (found["days"], found["offered"]) == (row["days"], row["arrivals"])
        for name, total in (
            ("wait_s_mean", "sum_wait_s"),
            ("waited_share", "waited"),
            ("waited_20_s_share", "waited_gt20"),
            ("abandoned_share", "abandoned"),
        ):
            assert found[f"{name}_recorded"] == pytest.approx(row[total] / row["arrivals"], rel=1e-3), name


def off(row: dict[str, Any], name: str) -> float:
    """Give predicted less recorded."""
    return float(row[f"{name}_predicted"] - row[f"{name}_recorded"])


@pytest.mark.parametrize("month", ["1999-01", "1999-02", "1999-03", "1999-04", "1999-05"])
def test_a_month_is_predicted_closely(months: dict[str, dict[str, Any]], month: str) -> None:
    """Mean wait within 10 %, abandonment within 1.5 points, the share that waits within 3, days in order."""
    row = months[month]
    assert abs(off(row, "wait_s_mean")) < 0.10 * row["wait_s_mean_recorded"]
    assert abs(off(row, "abandoned_share")) < 1.5 * POINT
    assert abs(off(row, "waited_share")) < 3.0 * POINT
    assert row["day_correlation"] > 0.70


@pytest.mark.parametrize("month", ["1999-02", "1999-03", "1999-04", "1999-05"])
def test_evenings_are_predicted_within_a_quarter(months: dict[str, dict[str, Any]], month: str) -> None:
    """January's are not (+26 %): its agents came back faster after 22:00 than February's did."""
    row = months[month]
    assert abs(off(row, "evening_wait_s_mean")) < 0.25 * row["evening_wait_s_mean_recorded"]
