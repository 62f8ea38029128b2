"""The figures of one load step: throughput, success and response times, and which criterion is broken."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from footfall._capacity.load_steps import CapacityAsked, PlayedStep, StepVisits, Truths
from footfall._criteria.objects import (
    OPERATORS,
    Criterion,
    ResponseCriterion,
    ScopedCriterion,
    ShareCriterion,
)
from footfall._stats.intervals import nearest_rank, percentiles

UNLOADED = "unloaded"
"""Purpose of the step whose 95th percentile a relative limit is taken from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFigures:
    """What one step showed, of all its visits or of those of one channel."""

    offered_per_s: float
    """Arrivals per second that were sent."""
    throughput_per_s: float
    """Visits served per second, while arrivals came."""
    success_share: float | None
    """Of all visits; those cut off at the end were not served. None: there were no visits."""
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    """Percentiles of the response times of visits that were served or cut off; None: there were none."""


def figures_of(step: PlayedStep, channel: str = "*", operation: str = "*") -> StepFigures:
    """Return the figures of a step; of one channel or operation in it, all its visits are its arrivals."""
    visits = step.visits
    is_whole = channel == operation == "*"
    among = np.ones(visits.visits, dtype=bool)
    among &= (channel == "*") | (visits.channel == channel)
    among &= (operation == "*") | (visits.operation == operation)
    served = among & visits.is_success
    in_time = served & (visits.due_s + visits.response_s <= step.length_s)
    came = step.sent_per_s
    if not is_whole:
        came = float(np.count_nonzero(among & (visits.due_s < step.length_s))) / step.length_s
    p50_s, p95_s, p99_s = percentiles(timed(visits, among), 0.5, 0.95, 0.99)
    return StepFigures(
        offered_per_s=came,
        throughput_per_s=float(np.count_nonzero(in_time)) / step.length_s,
        success_share=float(served.sum() / among.sum()) if among.any() else None,
        p50_s=p50_s,
        p95_s=p95_s,
        p99_s=p99_s,
    )


def timed(visits: StepVisits, among: Truths, *, of_all: bool = False) -> list[float]:
    """Return the sorted response times that criteria judge: of visits served or cut off, or of all."""
    chosen = among if of_all else among & (visits.is_success | ~visits.is_answered)
    return [float(each) for each in np.sort(visits.response_s[chosen])]


def relative_limit_s(steps: Sequence[PlayedStep], asked: CapacityAsked) -> float | None:
    """Return the limit of p95 that follows from the unloaded step, seconds; None: not known or asked."""
    if asked.p95_times_unloaded is None:
        return None
    for step in steps:
        if step.planned.purpose == UNLOADED and not step.invalid_reason:
            p95_s = figures_of(step).p95_s
            return None if p95_s is None else asked.p95_times_unloaded * p95_s
    return None


def broken_by(step: PlayedStep, criteria: tuple[Criterion, ...]) -> str:
    """Return the first criterion that the figures of a step break, as it is written; empty: none.

    It compares the values found, without their uncertainty: for a person who follows the search.
    """
    return next((str(each) for each in criteria if not _holds(each, step)), "")


def _holds(criterion: Criterion, step: PlayedStep) -> bool:
    if not isinstance(criterion, ShareCriterion | ResponseCriterion):
        return True
    visits, among = step.visits, _matching(criterion, step.visits)
    if not among.any():
        return True
    within = OPERATORS[criterion.operator]
    if isinstance(criterion, ShareCriterion):
        counted = visits.is_success if criterion.of == "success" else visits.is_error
        share = float(counted[among].mean())
        return within(share, criterion.bound_share)
    times_s = timed(visits, among, of_all=criterion.of_all)
    if not times_s:
        return False  # no visit was served
    at = criterion.quantile
    return within(fmean(times_s) if at is None else nearest_rank(times_s, at), criterion.limit_s)


def _matching(criterion: ScopedCriterion, visits: StepVisits) -> Truths:
    found = np.zeros(visits.visits, dtype=bool)
    for channel, operation in {
        (str(c), str(o)) for c, o in zip(visits.channel, visits.operation, strict=True)
    }:
        if criterion.scope.matches(channel, operation):
            found |= (visits.channel == channel) & (visits.operation == operation)
    return found
