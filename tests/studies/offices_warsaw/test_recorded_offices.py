"""Warsaw's offices, January 2020: what a display cannot mean, and how near two days come to the next."""

import os
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from footfall._model.numbers import assumed
from footfall._records.log_file import read_log
from studies.offices_warsaw.calibrate import calibrated
from studies.offices_warsaw.measures import against_naive, agreement, by_day
from studies.offices_warsaw.model import FIRST_DAYS, OFFICES, SOURCE
from studies.offices_warsaw.predict import later_days, predict, with_last_week
from studies.offices_warsaw.records import QueueDay, queue_days
from studies.offices_warsaw.tickets import arrived, called, sharing_numbers

DATA = Path(os.environ.get("FOOTFALL_DATA") or Path(__file__).parents[4] / "shared" / "data")
SNAPSHOTS = DATA / "warsaw_hall_queues_5min_2019-12-30_2020-01-10.parquet"
pytestmark = pytest.mark.skipif(
    not SNAPSHOTS.is_file(), reason=f"no {SNAPSHOTS.name}: name its folder in FOOTFALL_DATA"
)
MOST_PER_S = float(OFFICES.called_most_per_s)


@pytest.fixture(scope="module")
def days() -> list[QueueDay]:
    """Give every queue of every day."""
    return queue_days(read_log(SNAPSHOTS), SNAPSHOTS.name)


@pytest.fixture(scope="module")
def looks(days: list[QueueDay]) -> pl.DataFrame:
    """Predict the later days, once for all tests; two simulated days for each are enough here."""
    few = OFFICES.model_copy(update={"replications": assumed(2, "enough for a test")})
    return predict(few, later_days(OFFICES, days, SNAPSHOTS.name), 1)


@pytest.fixture(scope="module")
def found(looks: pl.DataFrame) -> dict[str, Any]:
    """Give how near it is."""
    return agreement(looks)


def one(days: list[QueueDay], name: str, day: date) -> QueueDay:
    """Give one queue's day."""
    return next(each for each in days if (each.name, each.day) == (name, day))


def test_the_service_times_are_those_of_the_first_days_alone(days: list[QueueDay]) -> None:
    """Calibrated anew, the queues of three offices are the model's, to the last digit kept."""
    some = {"UD_Zoliborz", "USC_Andersa", "UD_Rembertow"}
    known = tuple(queue for queue in OFFICES.queues if queue.office in some)
    assert len(known) == 12
    first = [day for day in days if day.office in some]
    assert calibrated(OFFICES, first, SOURCE) == known


def test_holidays_are_no_days_and_december_is_not_predicted(
    days: list[QueueDay], looks: pl.DataFrame
) -> None:
    """Nobody was called on 1 and 6 January."""
    seen = {day.day for day in days}
    assert len(seen) == 8
    assert not seen & {date(2020, 1, 1), date(2020, 1, 6)}
    assert sorted(looks["day"].unique()) == [date(2020, 1, day) for day in (7, 8, 9, 10)]


def test_numbers_that_went_on_overnight_are_no_customers(days: list[QueueDay]) -> None:
    """The first ticket of a queue in Ochota on the 8th is R070, the last of the 7th was R069."""
    day = one(days, "UD_Ochota/600", date(2020, 1, 8))
    assert day.called.max() == 70
    assert called(day, MOST_PER_S).max() <= 15


def test_a_display_that_stood_still_makes_no_rush(days: list[QueueDay]) -> None:
    """K228 stood for over half an hour on the 3rd, then came K271: 43 customers, not in four minutes."""
    day = one(days, "UD_Praga_Poludnie/175", date(2020, 1, 3))
    assert day.called.max() == 43
    made = called(day, MOST_PER_S)
    assert made.max() < 20
    assert made.sum() == pytest.approx(day.called.sum())


def test_queues_of_one_row_of_numbers_are_found(days: list[QueueDay]) -> None:
    """Six of Rembertow count each other's B; Wola's A, at two places, count for themselves."""
    shared = sharing_numbers(days)
    assert {f"UD_Rembertow/{queue}" for queue in (144, 145, 146, 147, 148, 1000002)} <= shared
    assert not {"UD_Wola/182", "UD_Wola/202"} & shared
    assert not shared & {queue.name for queue in OFFICES.queues}


def test_the_plain_and_the_cleaned_count_differ_by_little_in_sum(days: list[QueueDay]) -> None:
    """Some 2 % of the tickets of the modelled queues cannot be their customers'."""
    names = {queue.name for queue in OFFICES.queues}
    later = [day for day in days if day.name in names and day.day > max(FIRST_DAYS)]
    plain = sum(float(day.called.sum()) for day in later)
    cleaned = sum(float(called(day, MOST_PER_S).sum()) for day in later)
    came = sum(int(arrived(day, MOST_PER_S).sum()) for day in later)
    assert 0.97 < cleaned / plain < 0.99
    assert came / cleaned == pytest.approx(1, abs=0.01)


def test_arrivals_and_counters_come_again(found: dict[str, Any]) -> None:
    """Sums within 2 %, half hours of the mean day correlate by 0.9, queues keep their order."""
    assert (found["queues"], found["days"]) == (157, 4)
    for name in ("arrivals", "counters"):
        assert found[f"{name}_ratio"] == pytest.approx(1, abs=0.02)
        assert found[f"{name}_half_hour_correlation"] > 0.89
        assert found[f"{name}_rank_correlation"] > 0.92


def test_queue_lengths_are_plausible_and_no_more(found: dict[str, Any]) -> None:
    """A sixth too long at most; three quarters of the queues within a factor of 2, 85 % of the long ones."""
    assert 0.95 < found["waiting_predicted_ratio"] < 1.17
    assert found["waiting_predicted_near_share"] > 0.72
    assert found["waiting_predicted_near_share_long"] > 0.84
    assert found["waiting_predicted_rank_correlation"] > 0.9
    assert found["waiting_predicted_half_hour_correlation"] > 0.93


def test_it_is_worth_more_than_to_expect_the_first_days_again(found: dict[str, Any]) -> None:
    """In level, in the share of near queues and in their order."""
    levels = [abs(found[f"waiting_{guess}_ratio"] - 1) for guess in ("predicted", "first_days")]
    assert levels[0] < 0.75 * levels[1]
    for name in ("near_share", "near_share_long", "rank_correlation"):
        assert found[f"waiting_predicted_{name}"] > found[f"waiting_first_days_{name}"], name


def test_single_days_are_told_apart_poorly(found: dict[str, Any], looks: pl.DataFrame) -> None:
    """Whether a day is longer than usual is known a little; the whole city's is predicted within 30 %."""
    assert 0.3 < found["waiting_predicted_day_correlation"] < 0.6
    city = by_day(looks)
    off = (city["waiting_predicted"] / city["waiting_recorded"]).to_numpy()
    assert np.abs(off - 1).max() < 0.3


def test_the_naive_of_the_same_age_stands_beside(days: list[QueueDay], looks: pl.DataFrame) -> None:
    """9 and 10 January have a week before, 7 and 8 none; here the simulation is a little better."""
    found = against_naive(with_last_week(OFFICES, looks, days))
    assert found["vs_last_week_queue_days"] == found["vs_first_days_queue_days"] // 2 == 314
    assert found["vs_last_week_error_share"] == pytest.approx(0.67, abs=0.02)
    assert found["vs_first_days_error_share"] == pytest.approx(0.51, abs=0.02)
    assert found["vs_first_days_predicted_error_share"] == pytest.approx(0.48, abs=0.03)
