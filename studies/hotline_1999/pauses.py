"""Calibrate how long agents are away after a call, from recorded days.

While somebody waits whom an agent could serve, an agent who is on duty and not on a call is away: whoever
is back takes the call at once. So the rate of coming back is seen at just those times.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from footfall._model.numbers import HOUR_S, Grade
from studies.hotline_1999.classes import is_evening
from studies.hotline_1999.records import RecordedDay
from studies.hotline_1999.roster import skills
from studies.hotline_1999.spec import Hotline, Pauses
from studies.hotline_1999.waiting import QueueShare, Waiting, waiting_of

Floats = NDArray[np.float64]
_FROM_S = (0.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0)
_WAITING_FROM = (1, 2, 4)
_QUEUE_SHARE_FROM = (0.15, 0.3, 0.45, 0.6, 0.75, 0.9)
_HOURS_FROM = (9.0, 12.0, 15.0, 20.0, 22.0)
_SHORT_BELOW_S = 20.0
_CLOCK_S = 1.5
"""The record's clock: a queue that ends with the very call that ends the pause is still there then."""
_SHARE_BALLAST, _AGENT_BALLAST = 30.0, 10.0
"""Events at the usual rate that a factor counts against, so that a few do not carry it off."""
_RATE_LEAST_PER_S = 1e-6


@dataclass(frozen=True, slots=True)
class _Pause:
    """Seconds in which the agent was seen to be away, and the coming back, if it was seen."""

    agent: str
    evening: bool
    waiting: int
    """Class of those who waited at its beginning."""
    queue_share: int
    """Class, likewise."""
    hour: int
    """Class of the time of day, likewise."""
    away_s: Floats
    """By the bins of `from_s`."""
    back_in: int
    """Bin in which the agent came back to somebody waiting; -1: nobody waited then."""


def calibrated(hotline: Hotline, days: Sequence[RecordedDay], eagerness: float, source: str) -> Pauses:
    """Estimate the rates from recorded days: comings back over seconds seen away (occurrence over exposure).

    `eagerness` multiplies all rates: they can be seen only while somebody waits, and agents hurry then.
    """
    pauses = _pauses(hotline, days)
    base = {
        (evening, waiting): _rates([p for p in pauses if (p.evening, p.waiting) == (evening, waiting)])
        for evening in (False, True)
        for waiting in range(len(_WAITING_FROM) + 1)
    }
    shares = [
        _factors([p for p in pauses if p.queue_share == k], base, _SHARE_BALLAST)
        for k in range(len(_QUEUE_SHARE_FROM) + 1)
    ]
    hours = [
        _factors([p for p in pauses if p.hour == k], base, _SHARE_BALLAST)
        for k in range(len(_HOURS_FROM) + 1)
    ]
    agents = {
        agent: _factors([p for p in pauses if p.agent == agent], base, _AGENT_BALLAST)
        for agent in sorted({p.agent for p in pauses})
    }
    rows = {
        evening: tuple(
            tuple(_rounded(rate * eagerness) for rate in base[evening, k])
            for k in range(len(_WAITING_FROM) + 1)
        )
        for evening in (False, True)
    }
    return Pauses(
        from_s=_FROM_S,
        waiting_from=_WAITING_FROM,
        day_per_s=rows[False],
        evening_per_s=rows[True],
        queue_share_from=_QUEUE_SHARE_FROM,
        short_factors=tuple(short for short, _ in shares),
        long_factors=tuple(long for _, long in shares),
        hours_from=_HOURS_FROM,
        hour_short_factors=tuple(short for short, _ in hours),
        hour_long_factors=tuple(long for _, long in hours),
        short_below_s=_SHORT_BELOW_S,
        agents=agents,
        grade=Grade.PUBLIC,
        source=source,
    )


def _pauses(hotline: Hotline, days: Sequence[RecordedDay]) -> list[_Pause]:
    found = []
    for day, served_by in zip(days, skills(days, hotline.rare_kinds), strict=True):
        queues = {kinds: waiting_of(day, kinds) for kinds in set(served_by.values())}
        shares = _queue_shares(day)
        for agent, calls in day.calls_by_agent().items():
            queue = queues[served_by[agent]]
            for (_, ended_s, _), (began_s, _, n) in pairwise(calls):
                if 0 < began_s - ended_s <= hotline.on_duty_gap_s:
                    answers_waiting = bool(day.waited_s[n] > 0)
                    share = bisect_right(_QUEUE_SHARE_FROM, _share_at(shares, ended_s))
                    seen = _seen(queue, ended_s, began_s, answers_waiting=answers_waiting)
                    waiting, away_s, back_in = seen
                    evening = is_evening(hotline, ended_s)
                    hour = bisect_right(_HOURS_FROM, ended_s / HOUR_S)
                    found.append(_Pause(agent, evening, waiting, share, hour, away_s, back_in))
    return found


def _seen(
    queue: Waiting, ended_s: float, began_s: float, *, answers_waiting: bool
) -> tuple[int, Floats, int]:
    """Give the class of those waiting at first, the seconds seen away by bin, and the bin of coming back."""
    bounds, numbers = queue.between(ended_s, began_s - _CLOCK_S)
    bounds = bounds.copy()
    bounds[-1] = began_s
    starts = np.array(_FROM_S)
    ends = np.append(starts[1:], np.inf)
    away_s = np.zeros(starts.size)
    for number, from_s, to_s in zip(numbers, bounds[:-1] - ended_s, bounds[1:] - ended_s, strict=True):
        if number > 0:
            away_s += np.maximum(np.minimum(ends, to_s) - np.maximum(starts, from_s), 0.0)
    back_in = bisect_right(_FROM_S, began_s - ended_s) - 1 if answers_waiting else -1
    return bisect_right(_WAITING_FROM, int(numbers[0])), away_s, back_in


def _rates(pauses: Sequence[_Pause]) -> Floats:
    away_s = sum((p.away_s for p in pauses), np.zeros(len(_FROM_S)))
    back = np.bincount([p.back_in for p in pauses if p.back_in >= 0], minlength=len(_FROM_S))
    return np.maximum(back / np.maximum(away_s, 1e-9), _RATE_LEAST_PER_S)


def _factors(
    pauses: Sequence[_Pause], base: dict[tuple[bool, int], Floats], ballast: float
) -> tuple[float, float]:
    """Give seen over expected comings back, of the short rates and of the long ones."""
    expected, seen = np.zeros(len(_FROM_S)), np.zeros(len(_FROM_S))
    for pause in pauses:
        expected += base[pause.evening, pause.waiting] * pause.away_s
        if pause.back_in >= 0:
            seen[pause.back_in] += 1
    short = np.array(_FROM_S) < _SHORT_BELOW_S
    first, second = (
        float((seen[part].sum() + ballast) / (expected[part].sum() + ballast)) for part in (short, ~short)
    )
    return _rounded(first), _rounded(second)


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _queue_shares(day: RecordedDay) -> tuple[Floats, list[tuple[float, bool]]]:
    """Give the queue's share at each of its steps, and whether somebody waits from then on."""
    queue, share = waiting_of(day), QueueShare()
    notes = []
    for at_s, number in zip(queue.times_s, queue.numbers[1:], strict=True):
        share.note(float(at_s), somebody=bool(number > 0))
        notes.append((share.at(float(at_s)), bool(number > 0)))
    return queue.times_s, notes


def _share_at(shares: tuple[Floats, list[tuple[float, bool]]], at_s: float) -> float:
    times_s, notes = shares
    k = int(np.searchsorted(times_s, at_s, "right")) - 1
    if k < 0:
        return 0.0
    kept = float(np.exp(-(at_s - times_s[k]) / 3600.0))
    before, somebody = notes[k]
    return before * kept + (1 - kept if somebody else 0.0)
