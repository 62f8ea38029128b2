"""Times in which a whole station stood still, found from its log."""

from dataclasses import replace

import numpy as np

from footfall._calibrate.request_log import RequestLog
from footfall._calibrate.stall_search import find_stalls, stall_pattern
from tests.calibrate.learned import logs_of, station


def held_until(log: RequestLog, begins_s: float, ends_s: float) -> RequestLog:
    """Let no request end from one second to another; those inside end one after another after it."""
    held = (log.sent_s < ends_s) & (log.ended_s > begins_s)
    late_s = ends_s + 0.002 * np.arange(1, held.sum() + 1)
    ended_s = log.ended_s.copy()
    ended_s[held] = np.maximum(late_s, ended_s[held])
    return replace(log, ended_s=ended_s)


def test_a_backlog_at_the_start_of_a_run_is_no_stall_of_the_station() -> None:
    """Without a response before it, requests from before the run may have been inside."""
    log = logs_of(station(slots=3), (60.0,), 8.0, 1)[0]
    (first,) = find_stalls([held_until(log, 0.0, 1.2)])
    assert first.is_first
    assert stall_pattern([first], [8.0]).length_s == 0
    (later,) = find_stalls([held_until(log, 4.0, 5.2)])
    assert not later.is_first
    assert abs(stall_pattern([first, later], [8.0]).length_s - 1.2) < 0.1
