"""Limits that requests reached: of the number inside, the rate, the wait, the response time."""

from dataclasses import dataclass

import numpy as np

from footfall._calibrate.failures import LEAST
from footfall._calibrate.observed import Observed
from footfall._calibrate.refusals import Offered, RefusalRule, refusal_rule
from footfall._calibrate.time_limits import TimeLimit

NO_RULE = RefusalRule("none", 0, 0)


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits that the logs show."""

    refusal: RefusalRule
    time: TimeLimit


def find_limits(observed: Observed, delay_s: float) -> Limits:
    """Find what refused requests; the time limit was found before."""
    offered = []
    for run in observed.runs:
        # What was cut off at the end may have been refused or not.
        usable = run.log.is_answered
        admitted = run.admitted
        gone = np.searchsorted(np.sort(run.ended_s[admitted] - delay_s), run.sent_s, side="right")
        came = np.concatenate(([0], admitted.cumsum()[:-1]))
        inside = np.maximum(came - gone, 0).astype(np.float64)
        offered.append(Offered(run.sent_s[usable], inside[usable], run.failures.refused[usable]))
    refusals = sum(int(run.refused.sum()) for run in offered)
    rule = refusal_rule(offered) if refusals >= LEAST else NO_RULE
    return Limits(rule, observed.time_limit)
