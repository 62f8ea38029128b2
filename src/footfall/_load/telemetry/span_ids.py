"""Identifiers of traces and spans, derived from the run: generator and exporter find the same ones."""

from hashlib import blake2b

HEADER = "traceparent"
_TRACE_BYTES, _SPAN_BYTES = 16, 8


def trace_id(run: str, customer: int, attempt: int) -> int:
    """Return the trace of a visit: one attempt of a customer; `run` is unique to the run."""
    return _number(f"{run} {customer} {attempt}", _TRACE_BYTES)


def visit_span_id(run: str, customer: int, attempt: int) -> int:
    """Return the span of the visit itself, the root of its trace."""
    return _number(f"{run} {customer} {attempt} visit", _SPAN_BYTES)


def request_span_id(run: str, customer: int, attempt: int, number: int) -> int:
    """Return the span of a request of the visit, numbered from 0."""
    return _number(f"{run} {customer} {attempt} {number}", _SPAN_BYTES)


def traceparent(run: str, customer: int, attempt: int, number: int) -> str:
    """Return the header that links the service's own spans to that of a request (W3C Trace Context, 2021)."""
    trace, span = trace_id(run, customer, attempt), request_span_id(run, customer, attempt, number)
    return f"00-{trace:032x}-{span:016x}-01"


def _number(text: str, size: int) -> int:
    # 0 would be invalid; it is as unlikely as a collision.
    return int.from_bytes(blake2b(text.encode(), digest_size=size).digest(), "big") or 1
