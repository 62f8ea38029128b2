"""Months foretold beside recorded ones: expected sums, and ranges that hold what they promise."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from studies.hotline_1999.forecast_measures import (
    against_last_month,
    against_last_week,
    beside,
    by_day,
    by_half_hour,
    by_month,
    calibrated,
    with_level,
    within_range,
)
from studies.hotline_1999.measures import by_month as of_calls

SUNDAY = date(1999, 6, 6)
WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday")


def sums(offered: float, wait_s: float) -> dict[str, float]:
    """Give the sums of a half hour in which half waited and a quarter left."""
    return {
        "offered": offered, "wait_s": wait_s, "waited": offered / 2,
        "waited_20_s": offered / 4, "abandoned": offered / 4,
    }  # fmt: skip


def recorded(
    waits_s: list[float], half_hour: int = 20, first: date = SUNDAY, calls: float = 10
) -> pl.DataFrame:
    """Give days from a Sunday on, each of some calls that waited so long together."""
    rows: list[dict[str, Any]] = []
    for n, wait_s in enumerate(waits_s):
        day = first + timedelta(days=n % 5 + 7 * (n // 5))
        told = {"day": day, "month": f"{day:%Y-%m}", "weekday": WEEKDAYS[n % 5], "half_hour": half_hour}
        rows.append(told | sums(calls, wait_s))
    schema = {"day": pl.Date, "month": pl.String, "weekday": pl.String, "half_hour": pl.Int64}
    return pl.DataFrame(rows, schema=schema | dict.fromkeys(sums(1, 1), pl.Float64))


def predicted(runs: dict[str, list[tuple[float, float]]], half_hour: int = 20) -> pl.DataFrame:
    """Give the calls and the waits of each replication of each weekday of June."""
    rows = [
        {"month": "1999-06", "weekday": weekday, "replication": n, "half_hour": half_hour} | sums(*run)
        for weekday, told in runs.items()
        for n, run in enumerate(told)
    ]
    return pl.DataFrame(rows)


NONE = {"1999-06": recorded([], first=date(1999, 5, 2))}
BOTH = {"sunday": [(8.0, 100.0), (12.0, 500.0)], "monday": [(20.0, 200.0), (20.0, 400.0)]}


def test_a_month_is_the_ratio_of_expected_sums() -> None:
    """By hand: Sunday 10 calls wait 300 s, Monday 20 wait 300 s; 600 over 30, beside 100 and 300 over 20."""
    month = by_month(recorded([100, 300]), predicted(BOTH), NONE).row(0, named=True)
    assert (month["month"], month["days"], month["offered"]) == ("1999-06", 2, 20)
    assert month["offered_predicted"] == 30
    assert (month["wait_s_mean_recorded"], month["wait_s_mean_predicted"]) == (20, 20)
    assert month["waited_share_predicted"] == 0.5
    assert month["abandoned_share_recorded"] == 0.25
    assert month["evening_wait_s_mean_recorded"] is None
    assert month["wait_s_mean_earlier"] is None


def test_what_was_recorded_before_stands_beside() -> None:
    """All months before, and none after; months that were not predicted get no row."""
    may = recorded([50, 150], first=date(1999, 5, 2))
    july = recorded([900], first=date(1999, 7, 4))
    months = by_month(pl.concat([recorded([100, 300]), july]), predicted(BOTH), {"1999-06": may})
    assert months["month"].to_list() == ["1999-06"]
    assert months["wait_s_mean_earlier"].to_list() == [10.0]


def test_the_names_are_those_of_predicted_calls() -> None:
    """Whoever reads the months of one mode can read the other's."""
    one = {"day": SUNDAY, "half_hour": 20} | {
        f"{name}_{world}": 1.0
        for name in ("wait_s", "waited", "waited_20_s", "abandoned")
        for world in ("recorded", "predicted")
    }
    assert set(of_calls(pl.DataFrame([one])).columns) < set(
        by_month(recorded([100, 300]), predicted(BOTH), NONE).columns
    )


def test_days_have_the_range_of_their_weekday() -> None:
    """Sundays of 12.5 and 41.7 s a call: the range lies inside, and 30 s within it, 50 s not."""
    days = by_day(recorded([300, 300, 300, 300, 300, 500]), predicted(BOTH), NONE)
    assert days["day"].to_list() == [SUNDAY, SUNDAY + timedelta(days=1), SUNDAY + timedelta(days=7)]
    sunday = days.row(0, named=True)
    assert 12.5 < sunday["wait_s_mean_predicted_low"] < 14
    assert 40 < sunday["wait_s_mean_predicted_high"] < 41.7
    assert within_range(days) == 1


def test_half_hours_without_a_call_have_no_row() -> None:
    """And those with calls keep all."""
    empty = recorded([0, 0], half_hour=6, calls=0)
    seen = recorded([100, 300])
    foretold = pl.concat([predicted(BOTH), predicted(BOTH, half_hour=6)])
    half_hours = by_half_hour(beside(pl.concat([empty, seen]), foretold))
    assert half_hours["half_hour"].to_list() == [20]
    assert half_hours["offered"].to_list() == [20]


def test_what_is_learned_from_corrects_the_prediction() -> None:
    """Known days wait 60 s a call where their own fit says 30: predicted waits double, and odds are kept."""
    known = {"1999-06": recorded([600, 600], first=date(1999, 5, 2))}
    before = predicted({"sunday": [(10.0, 300.0)], "monday": [(10.0, 300.0)]})
    found = calibrated(predicted(BOTH), before, known)
    assert found["wait_s"].to_list() == [200.0, 1000.0, 400.0, 800.0]
    assert found["waited"].to_list() == pytest.approx([4, 6, 10, 10])
    more = before.with_columns(abandoned=pl.col("offered") / 2)
    fewer = calibrated(predicted(BOTH), more, known)
    # A quarter recorded where a half was simulated: a third of the odds, of a quarter a tenth.
    assert fewer["abandoned"].to_list() == pytest.approx([0.8, 1.2, 2, 2])


def test_without_waits_there_is_no_range() -> None:
    """A wait of nothing has no logarithm."""
    month = by_month(recorded([100]), predicted({"sunday": [(10.0, 0.0), (8.0, 0.0)]}), NONE).row(
        0, named=True
    )
    assert month["wait_s_mean_predicted_low"] is None
    assert month["wait_s_mean_predicted_high"] is None


def test_the_nearer_of_prediction_and_last_month_is_named() -> None:
    """20 s are predicted and were recorded, 10 s in the month before; an unusual day is compared and said."""
    known = {"1999-06": recorded([1000, 1000], first=date(1999, 5, 2), calls=100)}
    months = by_month(recorded([100, 300]), predicted(BOTH), known)
    month = months.row(0, named=True)
    assert (month["nearer"], month["wait_s_mean_last_month"], month["offered_last_month"]) == (
        "predicted", 10, 200,
    )  # fmt: skip
    assert month["days_unusual"] == 2
    found = against_last_month(months)
    assert found is not None
    assert (found.cases, found.naive_nearer, found.error_mean, found.naive_error_mean) == (1, 0, 0, 10)
    days = against_last_week(by_day(recorded([100, 300]), predicted(BOTH), known))
    assert days is not None
    assert days.cases == 2


def test_a_day_has_its_months_range_in_its_own() -> None:
    """Independent on the logarithmic scale: a day of factor 2 in a month of factor 2 has one of 2^√2."""
    day = {"month": "m", "wait_s_mean_predicted": 10.0}
    day |= {f"wait_s_mean_predicted_{end}": value for end, value in (("low", 5.0), ("high", 20.0))}
    (wider,) = with_level(pl.DataFrame([day]), pl.DataFrame([day])).rows(named=True)
    assert wider["wait_s_mean_predicted_high"] == pytest.approx(10 * 2**2**0.5)
    assert wider["wait_s_mean_predicted_low"] == pytest.approx(10 / 2**2**0.5)
