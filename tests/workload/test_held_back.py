"""Arrivals held back for a while: the surge after an outage."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from footfall._records.errors import BadInputError
from footfall._runs.make_trace import make_trace
from footfall._workload.held_back import HeldBack, with_held_back

HELD = HeldBack(from_share=0.3, to_share=0.4, until_share=0.5)


@given(
    due=st.lists(st.floats(0, 99.9), min_size=1, max_size=50),
    marks=st.lists(st.floats(0.01, 1), min_size=3, max_size=3, unique=True),
)
def test_everyone_comes_in_the_order_in_which_they_were_due_and_nobody_in_between(
    due: list[float], marks: list[float]
) -> None:
    """Those held back come after the pause, in their order; all others when they were due."""
    start, stop, until = sorted(marks)
    held = HeldBack(from_share=start, to_share=stop, until_share=until)
    due_s = np.sort(np.array(due))
    moved_s = held.moved_s(due_s, 100.0)
    is_held = (due_s >= 100 * start) & (due_s < 100 * stop)
    assert (moved_s[~is_held] == due_s[~is_held]).all()
    assert (np.diff(moved_s[is_held]) >= 0).all()
    assert (moved_s[is_held] >= 100 * stop - 1e-9).all()
    assert (moved_s[is_held] <= 100 * until + 1e-9).all()


def test_a_trace_keeps_its_customers_and_has_a_pause_and_a_surge() -> None:
    """The rows are those of before, sorted by when they come."""
    trace = make_trace(model="models/mm3.py", window="1h", speed=30)
    moved = with_held_back(trace, HELD)
    assert sorted(moved.arrivals["customer"]) == sorted(trace.arrivals["customer"])
    assert moved.arrivals["due_s"].is_sorted()
    assert moved.arrivals["arrival"].to_list() == list(range(moved.arrivals.height))
    due_s, at_s = (moved.arrivals[name].to_numpy() for name in ("due_s", "at_s"))
    assert not ((due_s >= 36) & (due_s < 48)).any()
    assert at_s == pytest.approx(trace.info.play.starts_s + 30 * due_s)


@pytest.mark.parametrize("shares", [(0.5, 0.4, 0.6), (0.2, 0.2, 0.6), (0.2, 0.4, 1.2), (-0.1, 0.4, 0.6)])
def test_shares_out_of_order_are_refused(shares: tuple[float, float, float]) -> None:
    """They must rise, within the run."""
    start, stop, until = shares
    with pytest.raises(BadInputError, match="arrivals held back"):
        HeldBack(from_share=start, to_share=stop, until_share=until)
