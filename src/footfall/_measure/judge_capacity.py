"""Hold `capacity(…)` criteria against the findings of a search for capacity."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from footfall._criteria.objects import OPERATORS, CapacityCriterion
from footfall._measure import run_data
from footfall._measure.verdict import Judgement, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredCapacity:
    """The capacity of a channel, or of all together, in arrivals per second at it."""

    channel: str
    """`*`: all together."""
    value: float | None
    """None: not found."""
    low: float | None
    high: float | None
    """95 % bounds; None: unknown."""


def judge_capacity(criterion: CapacityCriterion, measured: Iterable[MeasuredCapacity]) -> Judgement:
    """Judge by the bounds: pass where the low one keeps the limit, fail where the high one does not.

    Of several channels that match, the one with the gravest verdict counts.
    """
    channel = criterion.scope.channel
    chosen = [each for each in measured if (each.channel == "*") == (channel == "*")]
    chosen = [each for each in chosen if channel == "*" or criterion.scope.matches(each.channel, "*")]
    if not chosen:
        return _judged(criterion, Verdict.UNDECIDED, f"no capacity of {channel} was measured")
    judged = [_judge_one(criterion, each) for each in chosen]
    order = (Verdict.FAIL, Verdict.UNDECIDED, Verdict.PASS)
    return min(judged, key=lambda each: order.index(each.verdict))


def judge_without_search(criterion: CapacityCriterion, _evidence: run_data.RunData) -> Judgement:
    """Say that one run does not show a capacity."""
    reason = "one load does not show the capacity: footfall capacity searches for it and judges this line"
    return _judged(criterion, Verdict.UNDECIDED, reason)


def _judge_one(criterion: CapacityCriterion, of: MeasuredCapacity) -> Judgement:
    within, limit = OPERATORS[criterion.operator], criterion.limit_per_s
    low, high = of.low or 0.0, math.inf if of.high is None else of.high
    if within(low, limit):
        verdict = Verdict.PASS
    else:
        verdict = Verdict.UNDECIDED if within(high, limit) else Verdict.FAIL
    name = "the capacity" if of.channel == "*" else f"the capacity of {of.channel}"
    if of.value is not None:
        reason = f"{name} is {of.value:.4g} arrivals/s ({low:.4g} to {high:.4g}, 95 %)"
    elif of.low:
        reason = f"{name} is at least {low:.4g} arrivals/s (95 %); how much more is not known"
    else:
        reason = f"{name} was not found"
    return _judged(criterion, verdict, reason, of)


def _judged(
    criterion: CapacityCriterion, verdict: Verdict, reason: str, of: MeasuredCapacity | None = None
) -> Judgement:
    return Judgement(
        criterion=criterion.text,
        verdict=verdict,
        reason=reason,
        value=None if of is None else of.value,
        low=None if of is None else of.low,
        high=None if of is None else of.high,
        bound=criterion.limit_per_s,
        unit="per_s",
    )
