"""What happens beyond the capacity: goodput in an overload, and whether the service recovers from it."""

from dataclasses import dataclass

import numpy as np

from footfall._capacity.capacity_found import Beyond
from footfall._capacity.load_steps import PlayedStep
from footfall._capacity.reading import Reading
from footfall._capacity.step_evidence import OVERLOAD, RECOVERY, goodput

_SETTLED_SHARE = 0.25
"""Of an overload step: until its backlog is there."""
_LONG_S = 3.0
"""A shorter step tells no goodput."""
_FEW_VISITS = 10
_CAPACITY_LEFT = 0.05
_AS_BEFORE, _SLOW_TIMES = 0.95, 3.0
_LONGER = 1.4
"""Of the time in which the backlog should be gone: a service that is still slow after it is stuck."""
_COLLAPSED_SHARE = 0.85
"""Of the goodput before, in the last third of an overload."""
_SATURATED_SHARE = 0.93
"""Goodput below this share of the arrivals: more was offered than the service can do."""
_GONE_SHARE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overloaded:
    """The overload step and the one after it."""

    step: PlayedStep | None
    goodput_per_s: float = 0.0
    goodput_sd: float = 0.0
    saturated: bool = False
    recovers: bool | None = None
    """Whether the service came back at a load that held before; None: not played, or still on its way."""
    verdict: Beyond = "unknown"


NOT_PLAYED = Overloaded(step=None)


def overloaded(reading: Reading) -> Overloaded:
    """Judge the last valid overload step, and the recovery step after it."""
    valid = [one.step for one in reading.valid]
    steps = [step for step in valid if step.planned.purpose == OVERLOAD and step.length_s >= _LONG_S]
    is_stuck = reading.is_metastable
    if not steps:
        return Overloaded(step=None, recovers=False, verdict="metastable") if is_stuck else NOT_PLAYED
    step = steps[-1]
    per_s, sd = goodput(step, _SETTLED_SHARE * step.length_s)
    best = max(
        [
            goodput(one, 0.0)[0]
            for one in valid
            if one.planned.purpose != RECOVERY and one.length_s >= _LONG_S
        ],
        default=per_s,
    )
    late, late_sd = goodput(step, 2 / 3 * step.length_s)
    recovers = _recovers(
        reading, step, [one for one in valid if one.planned.number == step.planned.number + 1]
    )
    if is_stuck:
        # At nearly no load it came back late, or not at all.
        recovers = False
    collapsed = late + 2 * late_sd < _COLLAPSED_SHARE * best
    verdict: Beyond = "collapse" if collapsed else "graceful"
    return Overloaded(
        step=step,
        goodput_per_s=per_s,
        goodput_sd=sd,
        saturated=per_s < _SATURATED_SHARE * step.sent_per_s,
        recovers=recovers,
        verdict="metastable" if recovers is False else verdict,
    )


def recovery_s(reading: Reading, overload: PlayedStep, rate: float) -> float:
    """Seconds in which the backlog of an overload is worked off at a rate: backlog over the capacity left.

    The capacity is the best goodput of any step: that of the overload itself may have collapsed.
    """
    per_s = max(goodput(one.step, _SETTLED_SHARE * one.step.length_s)[0] for one in reading.valid)
    return overload.under_way_at_end / max(per_s - rate, _CAPACITY_LEFT * max(per_s, rate, 1.0))


def _recovers(reading: Reading, overload: PlayedStep, following: list[PlayedStep]) -> bool | None:
    """Whether the last third of the step after an overload is as the service was before.

    It does not recover if visits still fail, or take as long as in the middle third and many times longer
    than without load, though the backlog should be gone. None: not played, or not decided.
    """
    steps = [step for step in following if step.planned.purpose == RECOVERY and step.length_s >= _LONG_S]
    if not steps:
        return None
    step = steps[0]
    visits, third_s = step.visits, step.length_s / 3
    middle, last = (
        (visits.due_s >= number * third_s) & (visits.due_s < (number + 1) * third_s) for number in (1, 2)
    )
    if min(middle.sum(), last.sum()) < _FEW_VISITS:
        return None
    unloaded_s = _median_unloaded(reading, step.sent_per_s)
    served, took_s = float(visits.is_success[last].mean()), float(np.median(visits.response_s[last]))
    if served >= _AS_BEFORE and took_s <= _SLOW_TIMES * unloaded_s:
        return True
    if step.length_s < _LONGER * recovery_s(reading, overload, step.sent_per_s):
        return None
    if served < _GONE_SHARE:
        return False
    is_stuck = took_s > 2 * _SLOW_TIMES * unloaded_s and took_s > float(np.median(visits.response_s[middle]))
    return False if is_stuck else None


def _median_unloaded(reading: Reading, rate: float) -> float:
    """Median response time of the valid steps before the overload up to a rate, the slowest of them."""
    steps = [
        one.step for one in reading.valid if one.rate <= rate * 1.1 and one.step.planned.purpose != RECOVERY
    ]
    medians = [
        float(np.median(step.visits.response_s)) for step in steps if step.visits.visits >= _FEW_VISITS
    ]
    return max(medians, default=float("inf"))
