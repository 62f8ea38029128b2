"""Identifiers of spans: valid, the same for generator and exporter, and different for all else."""

import re

from hypothesis import given, strategies as st

from footfall._load.telemetry.span_ids import request_span_id, trace_id, traceparent, visit_span_id

numbers = st.integers(0, 2**40)
FORM = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01")


@given(numbers, numbers, numbers)
def test_the_header_names_trace_and_span_in_the_form_of_the_recommendation(
    customer: int, attempt: int, number: int
) -> None:
    """Version 00, lower-case hex digits, neither identifier zero, sampled (W3C Trace Context, 2021)."""
    header = traceparent("run", customer, attempt, number)
    assert FORM.fullmatch(header)
    _, trace, span, _ = header.split("-")
    assert int(trace, 16) == trace_id("run", customer, attempt)
    assert int(span, 16) == request_span_id("run", customer, attempt, number)


def test_every_visit_and_request_of_every_run_has_its_own() -> None:
    """Customers 1 and 11 with attempts 11 and 1 are different visits, too."""
    visits = [(run, customer, attempt) for run in ("a", "b") for customer in range(12) for attempt in (1, 11)]
    spans = [visit_span_id(*visit) for visit in visits]
    spans += [request_span_id(*visit, number) for visit in visits for number in range(12)]
    assert len(set(spans)) == len(spans)
    assert len({trace_id(*visit) for visit in visits}) == len(visits)
