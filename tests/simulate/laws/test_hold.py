"""Each law holds for a day worked out by hand, and names what was falsified in it."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from footfall._records.errors import InvariantError
from footfall._records.tables import VISITS, table
from footfall._simulate.day_counts import Counts, IntervalCounts, Shift, seen
from footfall._simulate.invariants import check_invariants, shares

EDGES_S = np.array([0.0, 1800.0, 3600.0])
Row = dict[str, Any]


def visit(customer: int, due_s: float, wait_s: float, ended_s: float, **others: object) -> Row:
    """Give a visit to the hall that was served after a wait."""
    return {
        "customer": customer,
        "subscriber": 0,
        "segment": "all",
        "operation": "query",
        "channel": "hall",
        "site": 0,
        "attempt": 1,
        "due_s": due_s,
        "started_s": due_s,
        "served_s": due_s + wait_s,
        "ended_s": ended_s,
        "human_s": 0.0,
        "outcome": "served",
        "cause": "",
        "wait_s": wait_s,
    } | others


ROWS = (
    visit(0, 600, 0, 1500),
    visit(1, 900, 600, 2000),
    visit(2, 1700, 300, 2900),
    visit(3, 2000, 100, 2100, outcome="abandoned", cause="patience", served_s=None),
)
"""One clerk: 600-1500, 1500-2000, 2000-2900; the fourth customer leaves the line at 2100."""
COUNTS = Counts(
    channels=("hall",),
    operations=("query",),
    edges_s=EDGES_S,
    came=np.array([0, 3, 4]).reshape(3, 1, 1),
    inside=np.array([0, 2, 0]).reshape(3, 1, 1),
    present_s=np.array([[0.0], [1900.0], [3300.0]]),
    accounts=(
        IntervalCounts("hall", "waiting", np.array([0.0, 700, 1000]), np.array([700.0, 300]), by_visits=True),
        IntervalCounts("hall", "service", np.array([0.0, 1200, 2300]), np.array([1200.0, 1100])),
    ),
    shifts=(
        Shift(
            "hall",
            0,
            np.array([600.0, 1500, 2000]),
            np.array([1500.0, 2000, 2900]),
            np.array([0.0, 1000]),
            np.array([2.0, 1]),
        ),
    ),
)


def visits(*rows: Row) -> pl.DataFrame:
    """Give rows as a table."""
    return table([tuple(row[name] for name in VISITS) for row in rows], VISITS)


def with_row(place: int, **changes: object) -> pl.DataFrame:
    """Give the day with one visit changed."""
    return visits(*(row | changes if k == place else row for k, row in enumerate(ROWS)))


def with_account(place: int, **changes: Any) -> Counts:  # noqa: ANN401  fields of Account
    """Give the counts with one account changed."""
    changed = [replace(a, **changes) if k == place else a for k, a in enumerate(COUNTS.accounts)]
    return replace(COUNTS, accounts=tuple(changed))


def test_a_day_worked_by_hand_obeys_every_law() -> None:
    """Two intervals, one station and operation: each law as often as it can be asked."""
    held = check_invariants(visits(*ROWS), COUNTS)
    assert (held.flow, held.little, held.order, held.shares, held.staffing) == (4, 7, 6, 1, 1)
    assert held.checks == 19


BROKEN: dict[str, tuple[Callable[[], pl.DataFrame], Counts, tuple[str, ...]]] = {
    "a customer is gone": (
        lambda: visits(*ROWS[:3]),
        COUNTS,
        ("flow: arrivals = visits due", "hall.query, 00:30 to 01:00", "1 arrivals", "0 visits due"),
    ),
    "a customer is there twice": (
        lambda: visits(*ROWS, ROWS[0]),
        COUNTS,
        ("each attempt once", "hall, customer 0", "2 visits"),
    ),
    "somebody stays inside": (
        lambda: visits(*ROWS),
        replace(COUNTS, inside=np.array([0, 2, 1]).reshape(3, 1, 1)),
        ("served + rejected", "+ inside", "00:30 to 01:00", "1 arrivals", "but 2 served"),
    ),
    "an outcome has no name": (
        lambda: with_row(3, outcome="vanished"),
        COUNTS,
        ("a known outcome", "hall, customer 3"),
    ),
    "a wait is negative": (
        lambda: with_row(0, wait_s=-1.0),
        COUNTS,
        ("no negative wait", "hall, 00:10 to 00:25", "-1 s is below 0 s"),
    ),
    "a wait is no number": (lambda: with_row(0, wait_s=float("nan")), COUNTS, ("no negative wait", "nan")),
    "a wait is longer than its visit": (
        lambda: with_row(3, wait_s=101.0),
        COUNTS,
        ("no wait longer than its visit", "2000 to 2100 s"),
    ),
    "one's own time is negative": (
        lambda: with_row(1, human_s=-0.5),
        COUNTS,
        ("no negative time of one's own", "-0.5 s"),
    ),
    "a visit starts too soon": (
        lambda: with_row(1, started_s=899.0),
        COUNTS,
        ("started no sooner than due", "899 s is below 900 s"),
    ),
    "service comes before the start": (
        lambda: with_row(1, started_s=1600.0),
        COUNTS,
        ("served no sooner than started", "1500 s is below 1600 s"),
    ),
    "a visit ends before its service": (
        lambda: with_row(1, served_s=2001.0),
        COUNTS,
        ("ended no sooner than served", "2000 s is below 2001 s"),
    ),
    "a success has a cause": (lambda: with_row(0, cause="fault"), COUNTS, ("success has no cause",)),
    "the line lost a minute": (
        lambda: visits(*ROWS),
        with_account(0, counted=np.array([0.0, 700, 940])),
        ("Little's law of waiting", "hall, 00:30 to 01:00", "counted 240 customer-seconds", "give 300"),
    ),
    "a server worked a millisecond more than told": (
        lambda: visits(*ROWS),
        with_account(1, from_times=np.array([1200.001, 1100])),
        ("Little's law of service", "hall, 00:00 to 00:30", "counted 1200", "give 1200.001"),
    ),
    "an integral is no number": (
        lambda: visits(*ROWS),
        with_account(1, from_times=np.array([np.nan, 1100])),
        ("Little's law of service", "nan"),
    ),
    "the visits tell other waits than the line": (
        lambda: with_row(1, wait_s=540.0),
        COUNTS,
        ("Little's law of waiting, by the visits", "00:00 to 01:00", "counted 1000", "give 940"),
    ),
    "visits take longer than they are under way": (
        lambda: visits(*ROWS),
        replace(COUNTS, present_s=np.array([[0.0], [1900.0], [3200.0]])),
        ("Little's law of visits", "00:30 to 01:00", "counted 1300", "give 1400"),
    ),
    "one clerk serves two": (
        lambda: visits(*ROWS),
        replace(COUNTS, shifts=(replace(COUNTS.shifts[0], begun_s=np.array([600.0, 1499, 2000])),)),
        ("busy <= staffed or finishing", "hall, site 0, second 1499", "2 are in service", "but 1 servers"),
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_law_is_named_with_its_evidence(what: str) -> None:
    """Law, station, interval and both numbers stand in one line."""
    falsified, counts, words = BROKEN[what]
    with pytest.raises(InvariantError) as raised:
        check_invariants(falsified(), counts)
    told = str(raised.value)
    assert all(word in told for word in words), told
    assert "\n" not in told


def test_shares_that_do_not_add_up_are_named() -> None:
    """A visit whose outcome is none of the names is no share of anything."""
    with pytest.raises(InvariantError, match=r"shares sum to one.*hall\.query.*4 arrivals add up to 0\.75"):
        shares(seen(with_row(2, outcome="vanished"), COUNTS), COUNTS)


def test_who_is_busy_when_the_number_drops_may_finish() -> None:
    """Two clerks until second 1000, each with a customer to 1500: that is no breach."""
    shift = replace(COUNTS.shifts[0], begun_s=np.array([600.0, 700]), ended_s=np.array([1500.0, 1500]))
    assert check_invariants(visits(*ROWS), replace(COUNTS, shifts=(shift,))).staffing == 1


def test_the_evidence_survives_the_way_from_another_process() -> None:
    """Independent days run in processes of their own."""
    error = InvariantError("law", "hall, 00:00 to 00:30", "1 is not 2")
    expected = "violated invariant 'law' at hall, 00:00 to 00:30: 1 is not 2"
    assert str(copy.copy(error)) == str(error) == expected
