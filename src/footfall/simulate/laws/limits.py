"""Limits: no more pass than a rate allows, and nobody waits for longer than a queue promises."""

import numpy as np

from footfall.records.errors import BrokenLawError
from footfall.simulate.laws.counts import Counts, RateBound, WaitBound

_REQUESTS = 1e-6
_SECONDS = 1e-6
"""What sums of a day's times are exact to."""


def limits(counts: Counts) -> int:
    """Hold every rate limit and every longest wait; returns the number of those held.

    Raises:
        BrokenLawError: more passed than the rate and its burst allow, or somebody waited too long.
    """
    for channel, bound in counts.bounds:
        if isinstance(bound, RateBound):
            _hold_rate(channel, bound)
        else:
            _hold_wait(channel, bound, float(counts.edges_s[-1]))
    return len(counts.bounds)


def _hold_rate(channel: str, bound: RateBound) -> None:
    """At most rate t + burst + 1 pass in t seconds: i - rate t_i stays within burst of its least so far."""
    passed_s = np.sort(np.asarray(bound.passed_s, dtype=np.float64))
    surplus = np.arange(len(passed_s)) - bound.requests_per_s * passed_s
    over = surplus - np.minimum.accumulate(surplus) - bound.burst if len(passed_s) else surplus
    for k in np.flatnonzero(~(over <= _REQUESTS)):
        raise BrokenLawError(
            "passed <= rate x time + burst + 1",
            f"{channel}, second {passed_s[k]:.9g}",
            f"{over[k]:.9g} more than {bound.requests_per_s:g}/s and a burst of {bound.burst:g} allow",
        )


def _hold_wait(channel: str, bound: WaitBound, until_s: float) -> None:
    """Where every wait is within a bound, so are the differences of the sorted times, left and joined."""
    joined_s = np.sort(np.asarray(bound.joined_s, dtype=np.float64))
    left_s = np.full(len(joined_s), until_s)
    known = np.sort(np.asarray(bound.left_s, dtype=np.float64))
    left_s[: len(known)] = known
    for k in np.flatnonzero(~(left_s - joined_s <= bound.longest_s + _SECONDS)):
        raise BrokenLawError(
            "no wait longer than its bound",
            f"{channel}, second {joined_s[k]:.9g}",
            f"a wait of {left_s[k] - joined_s[k]:.9g} s, and {bound.longest_s:g} s are the most",
        )
