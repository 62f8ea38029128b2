"""Traces of load steps: the next customers of a pool, at an even rate."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from footfall._load.endpoints.endpoints_file import endpoints_in
from footfall._load.url_load import UrlLoad, endpoints_text, operations_of, trace_of_url
from footfall._records.errors import BadInputError
from footfall._workload.step_traces import CustomerPool
from footfall._workload.trace import Trace, read_trace, write_trace

POOL = 60


def pool(seed: int = 1) -> Trace:
    """Give customers of three operations."""
    url = "http://127.0.0.1:9"
    pairs = operations_of(endpoints_in(endpoints_text(url, ("/a", "/b", "/c")), "URL"))
    return trace_of_url(UrlLoad(url=url, arrivals=POOL, for_s=10, seed=seed), pairs, ())


@given(rate=st.floats(0.5, 300), length_s=st.floats(2, 30), seed=st.integers(0, 2**62))
def test_a_step_has_as_many_arrivals_as_rate_times_length(rate: float, length_s: float, seed: int) -> None:
    """No more and no fewer, in order, all within the step, each customer once."""
    step = CustomerPool(pool(seed)).step(1, rate, length_s)
    due_s = step.arrivals["due_s"].to_numpy()
    assert len(due_s) == round(rate * length_s)
    assert (np.diff(due_s) >= 0).all()
    assert 0 <= due_s[0] <= due_s[-1] < length_s
    assert step.arrivals["customer"].n_unique() == len(due_s)


def test_a_step_can_be_written_and_read_as_any_trace(tmp_path: Path) -> None:
    """It holds what the checks of a trace ask for."""
    step = CustomerPool(pool()).step(2, 30, 5)
    write_trace(tmp_path, step)
    assert read_trace(tmp_path).arrivals.equals(step.arrivals)


def test_steps_take_the_pool_in_turn() -> None:
    """One round of the pool is its mix exactly, however it is divided into steps."""
    customers = CustomerPool(pool())
    steps = [customers.step(k, 10, length_s).arrivals for k, length_s in enumerate((1.0, 3.0, 2.0), 1)]
    operations = [name for step in steps for name in step["operation"]]
    assert sorted(operations) == sorted(pool().arrivals["operation"])
    numbers = [number for step in steps for number in step["customer"]]
    assert numbers == list(range(POOL))


def test_arrivals_are_those_of_a_poisson_process_given_their_count() -> None:
    """Counts of tenths of a step vary as multinomial ones do, and two steps are not alike."""
    customers = CustomerPool(pool())
    tenths = [
        np.histogram(customers.step(k, 100, 10).arrivals["due_s"], bins=10, range=(0, 10))[0]
        for k in range(1, 41)
    ]
    variance = np.var(tenths, axis=0).mean()
    assert variance == pytest.approx(100 * 0.9, rel=0.25)
    assert len({tuple(each) for each in tenths}) == 40


def test_the_same_seed_gives_the_same_steps() -> None:
    """And another seed gives others."""
    first, again, other = (CustomerPool(pool(seed)).step(1, 50, 2).arrivals for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first["due_s"].equals(other["due_s"])


def test_a_step_without_an_arrival_is_refused() -> None:
    """It could not say anything."""
    with pytest.raises(BadInputError, match=r"no arrival in 1 s at 0\.1 arrivals/s"):
        CustomerPool(pool()).step(3, 0.1, 1.0)
