"""Half hours of queues become queues, offices and days whose figures are plain sums and means."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from studies.offices_warsaw.measures import agreement, by_day, by_half_hour, by_office, by_queue

DAYS = (date(2020, 1, 7), date(2020, 1, 8))


def looks(times: float = 1.0, *, days: tuple[date, ...] = DAYS) -> pl.DataFrame:
    """Give two queues of Town and one of Port, of 1, 2 and 4 waiting; `times` as many are predicted."""
    rows: list[dict[str, Any]] = []
    for day in days:
        for office, queue, waiting in (("Town", "A", 1.0), ("Town", "B", 2.0), ("Port", "A", 4.0)):
            for half_hour in (16, 17):
                seen = waiting * (1 + half_hour - 16) * day.day / 7
                rows.append(
                    {
                        "day": day, "office": office, "queue": queue, "title": queue, "service_s_mean": 60.0,
                        "half_hour": half_hour,
                        "arrivals_recorded": 10.0 * waiting, "arrivals_first_days": 5.0,
                        "counters_recorded": 2.0, "counters_first_days": 3.0, "waiting_recorded": seen,
                        "waiting_predicted": times * seen, "waiting_first_days": waiting,
                    }
                )  # fmt: skip
    return pl.DataFrame(rows)


def test_a_queue_has_sums_of_a_day_and_means_of_its_half_hours() -> None:
    """Worked by hand: ten customers a half hour, 1 and 2 waiting, and 8/7 as many on the second day."""
    town = by_queue(looks(3.0)).row(0, named=True)
    assert (town["office"], town["queue"], town["days"]) == ("Town", "A", 2)
    assert town["arrivals_recorded"] == pytest.approx(20)
    assert town["counters_first_days"] == pytest.approx(3)
    assert town["waiting_recorded"] == pytest.approx(1.5 * 7.5 / 7)
    assert town["waiting_predicted"] == pytest.approx(3 * town["waiting_recorded"])


def test_an_office_is_the_sum_of_its_queues_the_busiest_first() -> None:
    """Port has 80 customers a day, Town 60; nothing is near at three times as much."""
    port, town = by_office(looks(3.0)).iter_rows(named=True)
    assert (port["office"], town["office"], town["queues"]) == ("Port", "Town", 2)
    assert (port["arrivals_recorded"], town["arrivals_recorded"]) == (80, 60)
    assert (town["counters_recorded"], town["near_share"]) == (4, 0)
    assert town["waiting_correlation"] == pytest.approx(1)
    assert town["arrivals_correlation"] is None


def test_days_and_half_hours_are_sums_over_the_queues() -> None:
    """Seven queues' worth of one waiting: 7 and 14 in the half hours, the day between them."""
    first, second = by_day(looks()).iter_rows(named=True)
    assert first["waiting_recorded"] == pytest.approx(10.5)
    assert second["waiting_recorded"] == pytest.approx(12)
    assert first["arrivals_recorded"] == 140
    early, late = by_half_hour(looks()).iter_rows(named=True)
    assert early["waiting_recorded"] * 2 == pytest.approx(late["waiting_recorded"])
    assert early["arrivals_recorded"] == 70


@pytest.mark.parametrize(("times", "near_share"), [(1.0, 1.0), (2.0, 1.0), (2.1, 0), (0.5, 1.0), (0.4, 0)])
def test_agreement_counts_the_queues_within_a_factor_of_two(times: float, near_share: float) -> None:
    """Up or down; the ratio is told, too."""
    found = agreement(looks(times))
    assert found["waiting_predicted_ratio"] == pytest.approx(times)
    assert found["waiting_predicted_near_share"] == near_share
    assert found["waiting_predicted_rank_correlation"] == pytest.approx(1)
    assert found["waiting_predicted_day_correlation"] == pytest.approx(1)
    assert (found["queues"], found["long_queues"], found["days"], found["customers"]) == (3, 3, 2, 280)
    assert found["arrivals_ratio"] == pytest.approx(30 / 140)


def test_what_does_not_vary_has_no_correlation() -> None:
    """A single day, and nobody who waits, tell nothing; there is no ratio to nothing."""
    assert agreement(looks(days=DAYS[:1]))["waiting_predicted_day_correlation"] is None
    nobody = looks().with_columns(waiting_recorded=pl.lit(0.0), waiting_predicted=pl.lit(0.0))
    found = agreement(nobody)
    assert found["waiting_predicted_ratio"] is None
    assert found["waiting_predicted_rank_correlation"] is None
    assert found["waiting_predicted_near_share"] == 1


def test_half_hours_in_which_nobody_looked_are_left_out() -> None:
    """They are no zeros."""
    seen = looks()
    gap = seen.with_columns(
        pl.when(pl.col("half_hour") == 16).then(None).otherwise(pl.col(name)).alias(name)
        for name in ("waiting_recorded", "waiting_predicted", "counters_recorded")
    )
    late = by_queue(seen.filter(pl.col("half_hour") == 17))
    assert by_queue(gap)["waiting_recorded"].to_list() == late["waiting_recorded"].to_list()
