"""Recorded and predicted calls become months, days and half hours whose figures are plain means."""

from datetime import date, timedelta

import polars as pl
import pytest

from studies.hotline_1999.measures import by_day, by_half_hour, by_month

WORLDS = ("recorded", "predicted")


def calls(days: int, *, half_hour: int = 20) -> pl.DataFrame:
    """Give two calls a day; the n-th day waits n and 3n seconds, and is predicted at twice that."""
    rows = []
    for n in range(days):
        for wait_s in (float(n), 3.0 * n):
            waits = {"recorded": wait_s, "predicted": 2 * wait_s}
            row = {"day": date(1999, 1, 30) + timedelta(days=n), "half_hour": half_hour}
            for world in WORLDS:
                row |= {
                    f"wait_s_{world}": waits[world],
                    f"waited_{world}": float(waits[world] > 0),
                    f"waited_20_s_{world}": float(waits[world] > 20),
                    f"abandoned_{world}": 0.25,
                }
            rows.append(row)
    return pl.DataFrame(rows)


def test_a_month_holds_the_means_of_its_calls() -> None:
    """Worked by hand: two days of January, one of February."""
    january, february = by_month(calls(3)).iter_rows(named=True)
    assert (january["month"], january["days"], january["offered"]) == ("1999-01", 2, 4)
    assert january["wait_s_mean_recorded"] == 1.0
    assert january["wait_s_mean_predicted"] == 2.0
    assert january["waited_share_recorded"] == 0.5
    assert january["abandoned_share_predicted"] == 0.25
    assert (february["days"], february["wait_s_mean_recorded"]) == (1, 4.0)


def test_days_that_rise_together_correlate_and_one_day_tells_nothing() -> None:
    """The prediction is twice the record, day by day."""
    january, february = by_month(calls(3)).iter_rows(named=True)
    assert january["day_correlation"] == pytest.approx(1)
    assert february["day_correlation"] is None
    assert february["wait_s_mean_difference_low"] is None


def test_the_difference_has_the_interval_of_the_days() -> None:
    """Differences of 0 and 2 s: 1 ± t(1) 1."""
    january = by_month(calls(2)).row(0, named=True)
    assert january["wait_s_mean_difference_low"] == pytest.approx(1 - 12.706, abs=1e-3)
    assert january["wait_s_mean_difference_high"] == pytest.approx(1 + 12.706, abs=1e-3)


@pytest.mark.parametrize(("half_hour", "expected"), [(39, None), (40, 1.0)])
def test_the_evening_begins_at_eight(half_hour: int, expected: float | None) -> None:
    """A half hour before is none of it."""
    january = by_month(calls(2, half_hour=half_hour)).row(0, named=True)
    assert january["evening_wait_s_mean_recorded"] == expected


def test_days_and_half_hours_keep_every_call() -> None:
    """Their numbers sum to all."""
    rows = pl.concat([calls(4), calls(3, half_hour=21)])
    assert by_day(rows)["offered"].sum() == by_half_hour(rows)["offered"].sum() == rows.height
    assert by_half_hour(rows)["half_hour"].to_list() == [20, 21]
