"""Failed requests sorted by how they failed: refused at once, after a constant wait, or in their work."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footfall._calibrate.request_log import Floats, RequestLog

Truths = NDArray[np.bool_]
LEAST = 5
"""Fewer failures of a kind show no pattern: they count as faults."""
_WINDOW = 0.08
"""Waits count as constant when they lie within this share of each other."""
_FAST_SHARE = 0.3
_MODE_SHARE = 0.5
_LOADED = 0.65
"""Failures that come with load find more requests inside than a success does, this often at least."""


@dataclass(frozen=True, eq=False)
class SortedFailures:
    """Of each request of one log, whether it failed in this way; at most one is true."""

    refused: Truths
    """At once, and so without a slot."""
    timed_out: Truths
    """After the time limit of its status."""
    fault: Truths
    """For a reason that is no limit."""
    limit_s: Floats
    """The time limit that it reached; not a number where it reached none."""


@dataclass(frozen=True, slots=True)
class FailurePattern:
    """How requests of one status fail."""

    status: int
    fast_below_s: float
    """Failures quicker than this are refusals; 0: there are none."""
    limit_s: float
    """Failures within the window around it reached a time limit; not a number: there is none."""

    def holds_limit(self, response_s: Floats) -> Truths:
        """Whether each response time is that of the time limit."""
        near: Truths = np.abs(response_s - self.limit_s) <= _WINDOW * 0.75 * self.limit_s + 0.005
        return near


def sort_failures(logs: Sequence[RequestLog], inside: Sequence[Floats]) -> tuple[SortedFailures, ...]:
    """Sort the failures of the logs of one station; `inside`: requests inside at each arrival."""
    patterns = failure_patterns(logs, inside)
    return tuple(_sorted(log, patterns) for log in logs)


def failure_patterns(logs: Sequence[RequestLog], inside: Sequence[Floats]) -> tuple[FailurePattern, ...]:
    """Find how requests of each status fail."""
    response_s = np.concatenate([log.response_s for log in logs])
    status = np.concatenate([log.status for log in logs])
    success = np.concatenate([log.is_success & log.is_answered for log in logs])
    failed = np.concatenate([~log.is_success & log.is_answered for log in logs])
    at = np.concatenate(inside)
    return tuple(
        _pattern(int(one), response_s, failed & (status == one), success, at)
        for one in np.unique(status[failed])
    )


def requests_inside(sent_s: Floats, ended_s: Floats, delay_s: float = 0.0) -> Floats:
    """Number of requests inside at the moment that each is sent, those sent before it only.

    Without the delay on the way a request is inside from `sent_s` to `ended_s - delay_s`.
    """
    gone = np.searchsorted(np.sort(ended_s - delay_s), sent_s, side="right")
    inside: Floats = np.maximum(np.arange(len(sent_s)) - gone, 0).astype(np.float64)
    return inside


def _pattern(
    status: int, response_s: Floats, failed: Truths, success: Truths, inside: Floats
) -> FailurePattern:
    times = response_s[failed]
    none = FailurePattern(status, 0.0, np.nan)
    if len(times) < LEAST:
        return none
    good = response_s[success]
    fast_below_s = 0.0
    if len(good) >= LEAST:
        quick, middle = np.quantile(good, (0.10, 0.5))
        fast = times < quick
        if fast.mean() >= _FAST_SHARE and np.quantile(times[fast], 0.9) < middle:
            fast_below_s = float(quick)
            # Under load some refusals are slow to arrive: those up to the middle success belong to them, too.
            if (times < middle).mean() >= 1 - _FAST_SHARE:
                fast_below_s = float(middle)
    slow = failed & (response_s >= fast_below_s)
    return FailurePattern(status, fast_below_s, _time_limit(response_s, slow, success, inside))


def _time_limit(response_s: Floats, slow: Truths, success: Truths, inside: Floats) -> float:
    """The constant wait after which most of the slow failures end; not a number: there is none."""
    times = np.sort(response_s[slow])
    if len(times) < LEAST:
        return np.nan
    count = np.searchsorted(times, times * (1 + _WINDOW), side="right") - np.arange(len(times))
    first = int(count.argmax())
    if count[first] < max(LEAST, _MODE_SHARE * len(times)):
        return np.nan
    limit_s = float(np.median(times[first : first + count[first]]))
    good = response_s[success]
    if not len(good):
        return limit_s
    # Faults after a constant work are no limit: the quickest successes take as long.
    if limit_s < 1.15 * np.quantile(good, 0.05):
        return np.nan
    beyond = limit_s >= 0.98 * np.quantile(good, 0.995)
    return limit_s if beyond or _more_loaded(inside[slow], inside[success]) else np.nan


def _more_loaded(failed: Floats, success: Floats) -> bool:
    """Whether a failure finds more inside than a success, ties counted by half (Mann and Whitney 1947)."""
    order = np.sort(success)
    below = np.searchsorted(order, failed, side="left") + np.searchsorted(order, failed, side="right")
    return bool(below.mean() / 2 / len(order) > _LOADED)


def _sorted(log: RequestLog, patterns: Sequence[FailurePattern]) -> SortedFailures:
    response_s = log.response_s
    failed = ~log.is_success & log.is_answered
    refused, timed_out = np.zeros(log.requests, bool), np.zeros(log.requests, bool)
    limit_s = np.full(log.requests, np.nan)
    for pattern in patterns:
        of_status = failed & (log.status == pattern.status)
        fast = of_status & (response_s < pattern.fast_below_s)
        refused |= fast
        if not np.isnan(pattern.limit_s):
            reached = of_status & ~fast & pattern.holds_limit(response_s)
            timed_out |= reached
            limit_s[reached] = pattern.limit_s
    return SortedFailures(refused, timed_out, failed & ~refused & ~timed_out, limit_s)
