"""What happens beyond the capacity: goodput in an overload, and whether the service recovers from it."""

from dataclasses import dataclass

import numpy as np

from footfall._capacity.capacity_found import Beyond
from footfall._capacity.load_steps import PlayedStep
from footfall._capacity.reading import Reading
from footfall._capacity.step_evidence import OVERLOAD, RECOVERY, goodput, under_way

_SETTLED_SHARE = 0.25
"""Of an overload step: until its backlog is there."""
_LONG_S = 3.0
"""A shorter step tells no goodput."""
_FEW_INSIDE = 2.0
_COLLAPSED_SHARE = 0.85
"""Of the goodput before, in the last third of an overload."""
_SATURATED_SHARE = 0.93
"""Goodput below this share of the arrivals: more was offered than the service can do."""
_GONE_SHARE = 0.8
_STUCK_SHARE = 0.7


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


def overloaded(reading: Reading) -> Overloaded:
    """Judge the last valid overload step, and the recovery step after it."""
    valid = [one.step for one in reading.valid]
    steps = [step for step in valid if step.planned.purpose == OVERLOAD and step.length_s >= _LONG_S]
    if not steps:
        return Overloaded(step=None)
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
    recovers = _recovers(step, [one for one in valid if one.planned.number == step.planned.number + 1])
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


def _recovers(overload: PlayedStep, following: list[PlayedStep]) -> bool | None:
    """Whether the last third of the step after an overload is as before it: few inside, and served."""
    steps = [step for step in following if step.planned.purpose == RECOVERY and step.length_s >= _LONG_S]
    if not steps:
        return None
    step = steps[0]
    visits = step.visits
    last = visits.due_s >= 2 / 3 * step.length_s
    if not last.any():
        return None
    served = float(visits.is_success[last].mean())
    inside = under_way(visits, np.linspace(0.1, 1.0, 19) * step.length_s)
    early, late = float(inside[:6].mean()), float(inside[-6:].mean())
    at_end = float(under_way(overload.visits, np.array([overload.length_s]))[0])
    if served < _GONE_SHARE:
        # Failures alone at a load that held before; they may still be those of the backlog, if it shrinks.
        return None if late < _STUCK_SHARE * early and late > _FEW_INSIDE else False
    is_stuck = late > max(_STUCK_SHARE * max(early, at_end * 0.5), 8.0)
    return not (is_stuck and late > step.sent_per_s * 0.5)
