"""What a display of tickets and waiting people says of who came, and what it cannot mean."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st

from studies.offices_warsaw.records import QueueDay
from studies.offices_warsaw.tickets import arrived, called, sharing_numbers
from tests.studies.offices_warsaw.small import SECOND, blank, lived, some_came

A_MINUTE = 1 / 60


def display(called: list[float], waiting: list[int], tickets: list[str], counters: int = 1) -> QueueDay:
    """Give what was seen every five minutes."""
    day = blank(np.zeros(len(called), dtype=np.int64), counters)
    return replace(
        day, called=np.array(called, dtype=np.float64), waiting=np.array(waiting), tickets=tuple(tickets)
    )


@pytest.mark.parametrize("seed", range(5))
def test_who_came_is_found_again_exactly(seed: int) -> None:
    """From a simulated day's display alone, look by look."""
    came = some_came(seed)
    assert arrived(lived(came, 200.0), A_MINUTE).tolist() == came.tolist()


def test_who_waits_at_the_first_look_came_before_it() -> None:
    """Three at the door, one called, two left."""
    day = display([0, 1], [3, 2], ["", "A001"])
    assert arrived(day, A_MINUTE).tolist() == [3, 0]


def test_a_display_that_stood_still_counts_for_all_of_its_time() -> None:
    """A jump by 17 after 15 min: five in the last five minutes, one a minute; 12 over all of it."""
    day = display([0, 1, 0, 0, 17], [0] * 5, ["", "A001", "A001", "A001", "A018"])
    assert called(day, A_MINUTE).tolist() == [0, 1, 4, 4, 9]


def test_numbers_that_go_on_from_the_day_before_are_nobody() -> None:
    """The first ticket is the 73rd: what one counter cannot have called since is left out."""
    day = display([0, 0, 73, 1], [0, 0, 1, 0], ["", "", "P073", "P074"])
    assert called(day, A_MINUTE).tolist() == [0, 0, 5, 1]


def test_a_queue_that_shrinks_without_a_ticket_is_paid_back() -> None:
    """Two go unseen; the three called next are those two and one who came."""
    day = display([0, 0, 3], [2, 0, 0], ["A001", "A001", "A004"])
    assert arrived(day, A_MINUTE).tolist() == [2, 0, 1]


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 20), st.booleans()), min_size=2, max_size=40),
    st.integers(0, 3),
)
def test_arrivals_are_whole_and_never_fewer_than_none(
    looks: list[tuple[int, int, bool]], counters: int
) -> None:
    """Whatever the display shows; and nobody waits who did not come."""
    tickets = [f"A{k if moves else 0:03d}" for k, (_, _, moves) in enumerate(looks)]
    day = display([float(n) for n, _, _ in looks], [n for _, n, _ in looks], tickets, counters)
    came = arrived(day, A_MINUTE)
    assert came.min() >= 0
    assert came.sum() >= day.waiting[-1]


def shown(name: str, *tickets: str) -> QueueDay:
    """Give a queue with the letter B and its tickets of a day."""
    day = display([0.0] * len(tickets), [0] * len(tickets), list(tickets))
    return replace(day, queue=name, letter="B")


def test_queues_with_one_row_of_numbers_are_found() -> None:
    """B002 is called at one counter, B003 at another: neither counts its own customers."""
    days = [shown("1", "B001", "B003"), shown("2", "B002", "B004"), shown("3", "", "")]
    assert sharing_numbers(days) == {"Town/1", "Town/2"}


def test_queues_that_count_for_themselves_share_no_more_than_a_letter() -> None:
    """Both called B002 that day."""
    days = [shown("1", "B001", "B002"), shown("2", "B002", "B003")]
    assert sharing_numbers(days) == set()
    assert sharing_numbers([days[0], replace(days[1], day=SECOND)]) == {"Town/1", "Town/2"}
