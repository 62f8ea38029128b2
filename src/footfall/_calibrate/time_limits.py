"""Time limits that requests reached: a deadline of the response, or a bound on the wait alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from footfall._calibrate.failures import LEAST, SortedFailures
from footfall._calibrate.request_log import RequestLog

_BEYOND_SHARE = 0.005
_BEYOND_LEAST = 3


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """A time after which requests fail."""

    name: str
    """`deadline`: of the whole response; `queue_timeout`: of the wait alone; `none`."""
    limit_s: float
    """As clients see it, with the delay on the way."""
    error_s: float
    """Standard error."""
    reached: int
    unanswered: bool
    """No response came: the limit may be the client's own."""


NO_LIMIT = TimeLimit("none", np.inf, 0.0, 0, unanswered=False)


def find_time_limit(logs: Sequence[RequestLog], failures: Sequence[SortedFailures]) -> TimeLimit:
    """Tell a bound on the wait from a deadline: under a deadline no success takes longer than a failure."""
    reached = np.concatenate([log.response_s[one.timed_out] for log, one in zip(logs, failures, strict=True)])
    if len(reached) < LEAST:
        return NO_LIMIT
    status = np.concatenate([log.status[one.timed_out] for log, one in zip(logs, failures, strict=True)])
    successes = np.concatenate(
        [
            log.response_s[log.is_success & log.is_answered]
            for log, one in zip(logs, failures, strict=True)
            if one.timed_out.any()
        ]
    )
    beyond = int((successes > np.quantile(reached, 0.95) + 0.002).sum())
    waits = beyond >= max(_BEYOND_LEAST, _BEYOND_SHARE * len(successes))
    limit_s = float(np.median(reached))
    spread = float(np.quantile(reached, 0.75) - np.quantile(reached, 0.25)) / np.sqrt(len(reached))
    return TimeLimit(
        "queue_timeout" if waits else "deadline",
        limit_s,
        max(spread, 0.002 * limit_s),
        len(reached),
        bool(np.median(status) == 0),
    )
