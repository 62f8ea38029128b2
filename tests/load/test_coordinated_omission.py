"""A service that stands still: who comes when due sees it, who waits for an answer before asking does not."""

from benchmarks.bench_omission import PER_S, SECONDS, STALL, USERS, measure


def test_a_stall_shows_in_an_open_load_and_hides_in_a_closed_one() -> None:
    """3 s in 15 s at 200 arrivals a second: p95 is seconds from the due time, closed not a tenth of it."""
    seen = measure()
    ours, theirs = seen["footfall"], seen["closed"]
    assert len(ours.latency_s) == PER_S * SECONDS
    # A fifth of all customers is due while it stands still; the p95 of all is the third quartile of theirs.
    waited = [latency for latency in ours.latency_s if latency > STALL.for_s / 4]
    assert len(waited) > PER_S * STALL.for_s * 0.7
    assert ours.percentile_s(0.95) > 1.0
    assert ours.percentile_s(0.95) > 10 * theirs.percentile_s(0.95)
    # The closed load leaves out just what would have been slow: one slow answer a user.
    assert len([latency for latency in theirs.latency_s if latency > STALL.for_s / 4]) <= USERS
    assert len(theirs.latency_s) < PER_S * (SECONDS - STALL.for_s / 2)
