"""The next step of a search by steps alone: between a rate that held and one that did not."""

from math import inf, sqrt

from footfall._capacity.reading import BISECT, Reading
from footfall._capacity.step_evidence import EXPLORE, OVERLOAD, RECOVERY

_SHORT_S, _LONG_S = 20.0, 45.0
_NEAR = 1.45
"""Rates that enclose the knee so closely are divided by long steps: short ones pass at too high a rate."""
_CLOSE = 1.1
_UP, _DOWN = 1.5, 1.35
_INVALID_DOWN = 0.8
"""Below a rate at which a step was invalid: the generator, or the machine, may not have managed it."""
_STEPS_MOST = 9
_SAME = 0.015
_TELLS_S = 8.0
_INSIDE_LEAST = 20


def enclosing_step(
    reading: Reading, first_per_s: float, most_per_s: float, scale: float
) -> tuple[float, float] | None:
    """Give rate and length of the next step; None: the knee is enclosed closely, or cannot be.

    `first_per_s` is the rate to begin with; `scale` shortens the steps where the budget is small.
    """
    valid = [one for one in reading.valid if one.step.planned.purpose not in {EXPLORE, OVERLOAD, RECOVERY}]
    telling = [one for one in valid if one.step.length_s >= _TELLS_S * scale and one.excess_sd < inf]
    if sum(one.step.planned.purpose == BISECT for one in valid) >= _STEPS_MOST:
        return None
    held = max((one.surely_held_per_s for one in telling if one.excess <= 0 and not one.grows), default=None)
    broken = min((one.rate for one in telling if one.excess > 0 or one.grows), default=None)
    length_s = _SHORT_S
    if held is None:
        rate = first_per_s if broken is None else broken / _DOWN
    elif broken is None:
        rate = max(first_per_s, held * _UP) if held < most_per_s * (1 - _SAME) / _UP else most_per_s
    else:
        if broken / held < _CLOSE:
            return None
        rate = sqrt(held * broken)
        if broken / held < _NEAR:
            length_s = _LONG_S
            # What a step of that length would hold at counts, not the rate that it is played at.
            rate = min(rate * 1.02, broken / 1.02)
    rate = min(rate, most_per_s, _INVALID_DOWN * _invalid_from(reading))
    if any(
        abs(one.rate / rate - 1) < _SAME and one.step.length_s > 0.8 * length_s * scale for one in telling
    ):
        return None
    return rate, length_s * scale


def _invalid_from(reading: Reading) -> float:
    """Give the lowest rate at which a step was invalid, above all valid ones: not that one again."""
    valid = max((one.rate for one in reading.valid if one.step.length_s >= _TELLS_S), default=0.0)
    rates = [
        one.step.planned.offered_per_s
        for one in reading.evidence
        if one.step.invalid_reason and one.step.planned.purpose == BISECT
    ]
    return min((rate for rate in rates if rate > valid), default=inf)


def stay_s(reading: Reading) -> float:
    """Seconds that customers stay at low load, own time included: those under way over the rate (Little)."""
    stays = [
        one.step.under_way_at_end / one.rate
        for one in reading.valid
        if one.rate > 0 and not one.step.stopped_early and one.step.under_way_at_end >= _INSIDE_LEAST
    ]
    return min(stays, default=0.0)
