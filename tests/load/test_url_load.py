"""A load without a model: so many arrivals, at such times, each for one of the paths."""

from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from footfall._criteria.objects import Criterion
from footfall._load.endpoints.endpoints_check import covered
from footfall._load.endpoints.endpoints_file import endpoints_in
from footfall._load.url_load import (
    FOR_S,
    UrlLoad,
    base_of,
    due_s,
    endpoints_text,
    operations_of,
    span_of,
    trace_of_url,
)
from footfall._records.errors import BadInputError
from footfall._workload.trace import read_trace, write_trace

URL = "http://127.0.0.1:8000/"


@settings(max_examples=40)
@given(count=st.integers(1, 3000), for_s=st.floats(0.5, 5000), seed=st.integers(0, 2**31), even=st.booleans())
def test_an_exact_number_comes_within_the_time(count: int, for_s: float, seed: int, *, even: bool) -> None:
    """Neither one more nor one less, sorted, none before the start or at the end."""
    span = span_of(UrlLoad(url=URL, arrivals=count, for_s=for_s, seed=seed))
    at_s = due_s(span, seed, even=even)
    assert at_s.size == count
    assert (np.diff(at_s) >= 0).all()
    assert at_s[0] >= 0
    assert at_s[-1] < for_s


def test_a_rate_brings_a_poisson_number_with_exponential_gaps() -> None:
    """Over 400 seeds mean and variance of the number are 60 (4 standard errors); gaps vary as their mean."""
    spans = span_of(UrlLoad(url=URL, rate_per_s=60, for_s=1, seed=0))
    counts = np.array([due_s(spans, seed).size for seed in range(400)])
    assert abs(counts.mean() - 60) < 4 * sqrt(60 / 400)
    assert abs(counts.var(ddof=1) - 60) < 4 * 60 * sqrt(2 / 399)
    gaps = np.diff(due_s(span_of(UrlLoad(url=URL, rate_per_s=60, for_s=300, seed=0)), 3))
    assert abs(gaps.std() / gaps.mean() - 1) < 4 / sqrt(gaps.size)


def test_even_arrivals_have_equal_gaps() -> None:
    """60 per second for 2 s are 120, each 1/60 s after the other."""
    at_s = due_s(span_of(UrlLoad(url=URL, rate_per_s=60, for_s=2, seed=1)), 1, even=True)
    assert at_s.size == 120
    assert np.allclose(np.diff(at_s), 1 / 60)


def test_two_of_rate_time_and_number_tell_the_third() -> None:
    """A rate alone lasts the ordinary time; a number and a rate last as long as they take."""
    assert span_of(UrlLoad(url=URL, rate_per_s=60, seed=1)).for_s == FOR_S
    assert span_of(UrlLoad(url=URL, arrivals=1500, rate_per_s=60, seed=1)).for_s == 25
    assert span_of(UrlLoad(url=URL, arrivals=1500, for_s=25, seed=1)).rate_per_s == 60


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "no arrival rate"),
        ({"rate_per_s": 60, "for_s": 25, "arrivals": 1500}, "two of the three"),
        ({"rate_per_s": 0}, "--rate 0"),
        ({"rate_per_s": float("nan")}, "--rate nan"),
        ({"rate_per_s": float("inf")}, "--rate inf"),
        ({"arrivals": 0}, "--arrivals 0"),
        ({"arrivals": 10**9}, "--arrivals 1000000000"),
        ({"rate_per_s": 60, "for_s": 0}, "--for 0s"),
        ({"rate_per_s": 60, "for_s": 1e6}, "at most a day"),
        ({"rate_per_s": 1e5, "for_s": 3600}, "at most 5,000,000"),
    ],
)
def test_impossible_numbers_are_refused(options: dict[str, float], says: str) -> None:
    """Each by the option that gave it."""
    with pytest.raises(BadInputError, match=says):
        span_of(UrlLoad(url=URL, seed=1, **options))  # type: ignore[arg-type]  # as the case has them


def test_a_url_is_one_get_and_paths_below_it_are_several() -> None:
    """Names without a query, paths with it; braces are no placeholders."""
    one = endpoints_in(endpoints_text("http://127.0.0.1:8000/look?id={7}"), "URL")
    assert operations_of(one) == (("url", "look"),)
    assert one.operation[0].step[0].path == "/look?id=%7B7%7D"
    several = endpoints_in(endpoints_text("http://h/api/", ("/orders?all=1", "/orders", "/", "/é")), "URL")
    assert [name for _, name in operations_of(several)] == ["api-orders", "api-orders-2", "api", "api-2"]
    assert several.operation[3].step[0].path == "/api/%C3%A9"
    assert base_of("http://127.0.0.1:8000/look?id=7") == "http://127.0.0.1:8000"


def test_patterns_of_an_endpoints_file_get_plain_names() -> None:
    """What an earlier operation matches is not given to a later one."""
    text = """
        [[operation]]
        for = "web.query"
        step = [{ path = "/a" }]
        [[operation]]
        for = ["*.order", "*.*"]
        step = [{ path = "/b" }]
    """
    assert operations_of(endpoints_in(text, "x")) == (("web", "query"), ("url", "order"))


@pytest.mark.parametrize(("url", "gets"), [("http://h/?token=abc", ()), ("http://h/", ("orders",))])
def test_a_secret_or_a_path_elsewhere_is_refused(url: str, gets: tuple[str, ...]) -> None:
    """The secret is not in the error."""
    with pytest.raises(BadInputError) as caught:
        endpoints_in(endpoints_text(url, gets), "URL")
    assert "abc" not in str(caught.value)


def test_the_trace_is_whole_and_written_as_others(tmp_path: Path) -> None:
    """Each arrival has an operation, and the trace is read back the same; nothing is predicted of it."""
    endpoints = endpoints_in(endpoints_text(URL, ("/a", "/b")), "URL")
    load = UrlLoad(url=URL, arrivals=500, for_s=5, seed=3)
    trace = trace_of_url(load, operations_of(endpoints), (Criterion("error(*) <= 2%"),))
    assert trace.arrivals.height == 500
    assert covered(trace, endpoints, "URL") is trace
    counts = dict(trace.arrivals.group_by("operation").len().iter_rows())
    assert abs(counts["a"] - 250) < 4 * sqrt(125)
    assert not trace.info.has_prediction
    write_trace(tmp_path, trace)
    assert read_trace(tmp_path).arrivals.equals(trace.arrivals)
