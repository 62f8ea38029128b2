"""Latency from due, service from started, lag between them: by channel, operation and outcome."""

from pathlib import Path

import pytest

from footfall._load.result_files import Latencies, read_latencies
from footfall._records.rows import Visit


def _visit(outcome: str = "served", channel: str = "web", started_s: float | None = 1.5) -> Visit:
    cause = "" if outcome == "served" else "backend"
    times = (1.0, started_s, started_s, 4.0, 0.5)
    return Visit(1, 1, "young", "query", channel, 0, 1, *times, outcome, cause)


def test_a_visit_is_counted_once_in_each_kind_under_its_outcome(tmp_path: Path) -> None:
    """Due at 1, started at 1.5, ended at 4, half a second of it the customer's own; also through the file."""
    latencies = Latencies()
    for row in (_visit(), _visit(), _visit("error"), _visit(channel="sms")):
        latencies.add(row)
    latencies.write(tmp_path)
    for known in (latencies, read_latencies(tmp_path)):
        found = {(outcome, h.n) for outcome, h in known.matching("latency", "web", "query")}
        assert found == {("served", 2), ("error", 1)}
        for kind, seconds in (("latency", 2.5), ("service", 2.0), ("lag", 0.5)):
            histograms = [histogram for _, histogram in known.matching(kind)]
            assert sum(histogram.n for histogram in histograms) == 4
            assert all(h.percentile(0.5) == pytest.approx(seconds, rel=1e-3) for h in histograms)


def test_a_visit_that_never_began_has_a_latency_alone() -> None:
    """It had no service, and it is unknown when it would have begun."""
    latencies = Latencies()
    latencies.add(_visit("timeout", started_s=None))
    assert [kind for kind, *_ in latencies.by_key] == ["latency"]
