"""Requests of a run as arrays."""

from dataclasses import fields

import numpy as np
from hypothesis import given, strategies as st

from footfall._calibrate.request_log import RequestLog


def log(requests: int, *, with_causes: bool) -> RequestLog:
    """Make a log with a request every second, each served within another."""
    number = np.arange(requests)
    return RequestLog(
        run="r",
        kinds=("web.query/GET /",),
        kind=np.zeros(requests, dtype=np.int64),
        sent_s=number.astype(float),
        ended_s=np.arange(1.0, requests + 1),
        status=np.full(requests, 200),
        is_success=np.ones(requests, dtype=np.bool_),
        is_answered=np.ones(requests, dtype=np.bool_),
        length_s=float(requests),
        causes=("fault",) if with_causes else (),
        cause=np.full(requests, -1) if with_causes else None,
    )


@given(st.integers(1, 30), st.integers(1, 40), st.booleans())
def test_the_first_requests_are_a_run_that_ended_with_them(
    requests: int,
    number: int,
    with_causes: bool,  # noqa: FBT001  drawn by Hypothesis
) -> None:
    """Every array is cut alike, so that each request keeps its own cause; no more than there are."""
    whole = log(requests, with_causes=with_causes)
    first = whole.first(number)
    arrays = [getattr(first, each.name) for each in fields(first)]
    lengths = {len(each) for each in arrays if isinstance(each, np.ndarray)}
    assert lengths == {min(requests, number)}
    assert first.length_s == (requests if number >= requests else number - 1)
    assert (first.cause is None) == (not with_causes)
