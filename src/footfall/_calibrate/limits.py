"""Limits that requests reached: of the number inside, the rate, the wait, the response time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from footfall._calibrate.failures import LEAST, cause_of, more_loaded
from footfall._calibrate.observed import Observed
from footfall._calibrate.refusals import Offered, RefusalRule, refusal_rule
from footfall._calibrate.time_limits import TimeLimit

NO_RULE = RefusalRule("none", 0, 0)


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits that the logs show."""

    refusal: RefusalRule
    time: TimeLimit
    by_chance: frozenset[int] = frozenset()
    """Causes of failures at once that no limit and no load explains: faults that hold no slot."""


def find_limits(observed: Observed, delay_s: float) -> Limits:
    """Find what refused requests; the time limit was found before.

    Refusals of several causes may have several reasons: those of each are looked at alone, and those that
    come by chance are no part of the limit that explains the others.
    """
    offered = _offered(observed, delay_s)
    causes = np.unique(np.concatenate([run.cause[run.refused] for run in offered]))
    by_chance = frozenset(int(one) for one in causes if _comes_by_chance(offered, int(one), len(causes)))
    rest = [run.without(by_chance) for run in offered]
    refusals = sum(int(run.refused.sum()) for run in rest)
    rule = refusal_rule(rest) if refusals >= LEAST else NO_RULE
    return Limits(rule, observed.time_limit, by_chance)


def _offered(observed: Observed, delay_s: float) -> list[Offered]:
    offered = []
    for run in observed.runs:
        # What was cut off at the end may have been refused or not.
        usable = run.log.is_answered
        admitted = run.admitted
        gone = np.searchsorted(np.sort(run.ended_s[admitted] - delay_s), run.sent_s, side="right")
        came = np.concatenate(([0], admitted.cumsum()[:-1]))
        inside = np.maximum(came - gone, 0).astype(np.float64)
        refused, cause = run.failures.refused[usable], cause_of(run.log)[usable]
        offered.append(Offered(run.sent_s[usable], inside[usable], refused, cause))
    return offered


def _comes_by_chance(offered: Sequence[Offered], cause: int, causes: int) -> bool:
    """Whether requests that fail at once by a cause do so at any load, as no limit explains."""
    alone = [run.of_cause(cause) for run in offered] if causes > 1 else offered
    inside = np.concatenate([run.inside for run in alone])
    refused = np.concatenate([run.refused for run in alone])
    if refused.sum() < LEAST or refused.all():
        return False
    return not more_loaded(inside[refused], inside[~refused]) and refusal_rule(alone).name == "chance"
