"""A service time is found again from who waited, and only busy queues of their own numbers are taken."""

from dataclasses import replace

import numpy as np
import pytest

from studies.offices_warsaw.calibrate import SERVICE_S_LEAST, calibrated, service_s_mean
from studies.offices_warsaw.derived import derived_text, queues_in
from studies.offices_warsaw.records import QueueDay
from tests.studies.offices_warsaw.small import FIRST, LATER, SECOND, blank, lived, offices, some_came


def two_days(service_s: float, name: str = "A") -> list[QueueDay]:
    """Give the first days of a queue."""
    return [lived(some_came(k), service_s, day=day, name=name) for k, day in enumerate((FIRST, SECOND))]


def test_the_service_time_is_found_again() -> None:
    """From 12 days of a queue that is 0.93 busy, within a tenth."""
    days = [lived(some_came(k), 370.0) for k in range(12)]
    assert service_s_mean(offices(), days) == pytest.approx(370, rel=0.1)


def test_a_queue_in_which_nobody_waited_has_the_least_service_time() -> None:
    """Nothing else can be told."""
    assert service_s_mean(offices(), [blank(np.zeros(96, dtype=np.int64), 2)]) < 1.01 * SERVICE_S_LEAST


def test_only_busy_queues_with_a_letter_and_numbers_of_their_own_are_taken() -> None:
    """Not one that shows others' tickets, not one with a call an hour, not one that shares its numbers."""
    busy = two_days(300.0)
    mixed = [replace(day, queue="B", own_share=0.9) for day in two_days(300.0)]
    quiet = [lived(some_came(9, mean=0.05), 300.0, day=FIRST, name="C")]
    shared = [
        replace(day, queue=name, letter="D", tickets=(f"D{name}",) * 96) for day in busy for name in "56"
    ]
    (found,) = calibrated(offices(), [*busy, *mixed, *quiet, *shared], "made up")
    assert found.name == "Town/A"


def test_later_days_change_nothing() -> None:
    """What is to be predicted is not looked at."""
    first = two_days(300.0)
    later = lived(some_came(7, mean=3.0), 300.0, day=LATER)
    assert calibrated(offices(), [*first, later], "made up") == calibrated(offices(), first, "made up")


def test_the_profiles_are_the_means_of_the_first_days() -> None:
    """Arrivals add up to those of the two days, by half; counters are those that were open."""
    first = two_days(300.0)
    (found,) = calibrated(offices(), first, "made up")
    came = sum(int(some_came(k).sum()) for k in range(2))
    # Who came in the last five minutes did so after the last look.
    assert sum(found.arrivals.values) == pytest.approx(came / 2, abs=0.1)
    assert set(found.counters.values) == {0.0, 2.0}
    assert [k for k, value in enumerate(found.counters.values) if value] == list(range(16, 32))


def test_what_was_derived_is_read_as_it_was_written() -> None:
    """To the last digit kept, with grade and source."""
    found = calibrated(offices(), two_days(300.0), "made up")
    assert queues_in(derived_text(found), "made up") == found
