"""Failed requests sorted by how they failed: refused at once, after a constant wait, or in their work."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from footfall._calibrate.request_log import Floats, Integers, RequestLog
from footfall._calibrate.station_parameters import FaultCause

Truths = NDArray[np.bool_]
STATUS_CAUSE, NO_ANSWER = "http_", "no_answer"
"""Causes of failures whose responses gave no reason."""
LEAST = 5
"""Fewer failures of a kind show no pattern: they count as faults."""
_WINDOW = 0.08
"""Waits count as constant when they lie within this share of each other."""
_FAST_SHARE = 0.3
_MODE_SHARE = 0.5
_LOADED = 0.65
"""Failures that come with load find more requests inside than a success does, this often at least."""


def is_unnamed(cause: FaultCause) -> bool:
    """Whether the responses gave no reason, so that the cause is a status alone."""
    return cause.name in {NO_ANSWER, f"{STATUS_CAUSE}{cause.status}"}


@dataclass(frozen=True, eq=False)
class SortedFailures:
    """Of each request of one log, whether it failed in this way; at most one is true."""

    refused: Truths
    """At once, and so without a slot."""
    timed_out: Truths
    """After the time limit of its cause."""
    fault: Truths
    """For a reason that is no limit."""
    limit_s: Floats
    """The time limit that it reached; not a number where it reached none."""


@dataclass(frozen=True, slots=True)
class FailurePattern:
    """How requests fail by one cause."""

    cause: int
    """Index in the causes of the logs."""
    fast_below_s: float
    """Failures quicker than this are refusals; 0: there are none."""
    limit_s: float
    """Failures within the window around it reached a time limit; not a number: there is none."""

    def holds_limit(self, response_s: Floats) -> Truths:
        """Whether each response time is that of the time limit."""
        near: Truths = np.abs(response_s - self.limit_s) <= _WINDOW * 0.75 * self.limit_s + 0.005
        return near


def sort_failures(logs: Sequence[RequestLog], inside: Sequence[Floats]) -> tuple[SortedFailures, ...]:
    """Sort the failures of the logs of one station, which have the same causes.

    `inside`: requests inside at each arrival.
    """
    patterns = failure_patterns(logs, inside)
    return tuple(_sorted(log, patterns) for log in logs)


def failure_patterns(logs: Sequence[RequestLog], inside: Sequence[Floats]) -> tuple[FailurePattern, ...]:
    """Find how requests fail by each cause."""
    response_s = np.concatenate([log.response_s for log in logs])
    cause = np.concatenate([cause_of(log) for log in logs])
    success = np.concatenate([log.is_success & log.is_answered for log in logs])
    failed = np.concatenate([log.failed for log in logs])
    at = np.concatenate(inside)
    return tuple(
        _pattern(int(one), response_s, failed & (cause == one), success, at)
        for one in np.unique(cause[failed])
    )


def cause_of(log: RequestLog) -> Integers:
    """Return the cause of each request of a log that has been given its causes.

    Raises:
        ValueError: it has none.
    """
    if log.cause is None:
        msg = "a log with causes"
        raise ValueError(msg)
    return log.cause


def with_causes(log: RequestLog, causes: Sequence[str]) -> RequestLog:
    """Return a log whose causes are numbered as in these."""
    names, cause = _named_causes(log)
    place = np.array([causes.index(name) for name in names] or [0], np.int64)
    return replace(log, causes=tuple(causes), cause=np.where(cause >= 0, place[cause], -1))


def causes_of(logs: Sequence[RequestLog]) -> tuple[str, ...]:
    """Return the causes of all logs together, sorted by name."""
    return tuple(sorted({name for log in logs for name in _named_causes(log)[0]}))


def _named_causes(log: RequestLog) -> tuple[tuple[str, ...], Integers]:
    """Return the names of a log's causes, and the cause of each request; a status is one without a reason."""
    if log.cause is not None:
        return log.causes, np.where(log.failed, log.cause, -1)
    found, place = np.unique(log.status[log.failed], return_inverse=True)
    cause = np.full(log.requests, -1)
    cause[log.failed] = place
    return tuple(NO_ANSWER if status == 0 else f"{STATUS_CAUSE}{status}" for status in found), cause


def requests_inside(sent_s: Floats, ended_s: Floats, delay_s: float = 0.0) -> Floats:
    """Number of requests inside at the moment that each is sent, those sent before it only.

    Without the delay on the way a request is inside from `sent_s` to `ended_s - delay_s`.
    """
    gone = np.searchsorted(np.sort(ended_s - delay_s), sent_s, side="right")
    inside: Floats = np.maximum(np.arange(len(sent_s)) - gone, 0).astype(np.float64)
    return inside


def _pattern(
    cause: int, response_s: Floats, failed: Truths, success: Truths, inside: Floats
) -> FailurePattern:
    times = response_s[failed]
    none = FailurePattern(cause, 0.0, np.nan)
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
    return FailurePattern(cause, fast_below_s, _time_limit(response_s, slow, success, inside))


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
    return limit_s if beyond or more_loaded(inside[slow], inside[success]) else np.nan


def more_loaded(failed: Floats, success: Floats) -> bool:
    """Whether a failure finds more inside than a success, ties counted by half (Mann and Whitney 1947)."""
    order = np.sort(success)
    below = np.searchsorted(order, failed, side="left") + np.searchsorted(order, failed, side="right")
    return bool(below.mean() / 2 / len(order) > _LOADED)


def _sorted(log: RequestLog, patterns: Sequence[FailurePattern]) -> SortedFailures:
    response_s = log.response_s
    cause = cause_of(log)
    refused, timed_out = np.zeros(log.requests, bool), np.zeros(log.requests, bool)
    limit_s = np.full(log.requests, np.nan)
    for pattern in patterns:
        of_cause = log.failed & (cause == pattern.cause)
        fast = of_cause & (response_s < pattern.fast_below_s)
        refused |= fast
        if not np.isnan(pattern.limit_s):
            reached = of_cause & ~fast & pattern.holds_limit(response_s)
            timed_out |= reached
            limit_s[reached] = pattern.limit_s
    return SortedFailures(refused, timed_out, log.failed & ~refused & ~timed_out, limit_s)
