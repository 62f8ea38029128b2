"""Times in which a whole station stood still: no response at all while requests were inside."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footfall._calibrate.request_log import Floats, RequestLog

SHORTEST_S = 0.08
_GAP_TIMES_USUAL = 4.0
_SENT_LEAST = 3
_SENT_SHARE = 0.3
"""Where fewer arrived than this share of what the rate lets expect, the generator stood still."""
_EVIDENCE = 20.0
"""Logarithm of how unlikely the waits in it are without a stall."""
_PERIODIC_CV = 0.15


@dataclass(frozen=True, slots=True)
class Stall:
    """One time in which the station stood still, in seconds of its run."""

    run: int
    begin_s: float
    end_s: float
    is_first: bool = False
    """No response of the run came before it: requests from before the run may have been inside."""

    @property
    def length_s(self) -> float:
        """How long it lasted."""
        return self.end_s - self.begin_s


@dataclass(frozen=True, slots=True)
class StallPattern:
    """Stalls of a station over all its runs."""

    stalls: tuple[Stall, ...]
    length_s: float
    """Median length; 0: there are none."""
    length_low_s: float
    length_high_s: float
    every_s: float
    """From the beginning of one to the beginning of the next, in the mean."""
    every_low_s: float
    every_high_s: float
    lost_share: float
    """Share of the time in which the station stood still."""
    periodic: bool | None
    """None: too few to say."""


def find_stalls(logs: Sequence[RequestLog]) -> tuple[Stall, ...]:
    """Find the stalls of each run.

    Within a gap between responses all that were sent in it still wait at its end. That is a stall when the
    waits of those of its first half, at the response times of the rest of the runs, are less likely than
    exp(-20), and when requests arrived meanwhile as usual.
    """
    usual = np.sort(np.concatenate([log.response_s[log.is_answered & log.is_success] for log in logs]))
    if len(usual) < 2 * _SENT_LEAST:
        return ()
    found: list[Stall] = []
    for run, log in enumerate(logs):
        found += [Stall(run, begin, end, is_first=is_first) for begin, end, is_first in _gaps(log, usual)]
    return tuple(found)


def stall_pattern(stalls: Sequence[Stall], lengths_s: Sequence[float]) -> StallPattern:
    """Summarise stalls that were found in runs of these lengths; those at the start of one do not count."""
    stalls = [stall for stall in stalls if not stall.is_first]
    if not stalls:
        return StallPattern((), 0.0, 0.0, 0.0, np.inf, np.inf, np.inf, 0.0, None)
    each = np.array([stall.length_s for stall in stalls])
    total_s = float(sum(lengths_s))
    begins = [
        np.diff([stall.begin_s for stall in stalls if stall.run == run]) for run in range(len(lengths_s))
    ]
    spacing = np.concatenate(begins)
    count = len(stalls)
    spread = float(each.std() / np.sqrt(count)) if count > 1 else 0.05 * float(each[0])
    middle = float(np.median(each))
    if len(spacing):
        every = float(spacing.mean())
        regular = len(spacing) > 1 and float(spacing.std() / every) < _PERIODIC_CV
        error = float(spacing.std() / np.sqrt(len(spacing))) if regular else every / np.sqrt(count)
        periodic: bool | None = regular if len(spacing) > 1 else None
    else:
        every, error, periodic = total_s / count, total_s / count / np.sqrt(count), None
    return StallPattern(
        tuple(stalls),
        middle,
        max(middle - 1.96 * spread, 0.0),
        middle + 1.96 * spread,
        every,
        max(every - 1.96 * error, middle),
        every + 1.96 * error,
        float(each.sum()) / total_s,
        periodic,
    )


def working_time(times_s: Floats, stalls: Sequence[Stall]) -> Floats:
    """Seconds that the station has worked by each time of a run: the clock without its stalls."""
    worked = times_s.copy()
    for stall in stalls:
        worked -= np.clip(times_s - stall.begin_s, 0.0, stall.length_s)
    return worked


def spans_a_stall(sent_s: Floats, ended_s: Floats, stalls: Sequence[Stall]) -> NDArray[np.bool_]:
    """Whether each request was inside in a stall."""
    spans = np.zeros(len(sent_s), bool)
    for stall in stalls:
        spans |= (sent_s < stall.end_s) & (ended_s > stall.begin_s)
    return spans


def _gaps(log: RequestLog, usual: Floats) -> list[tuple[float, float, bool]]:
    """Gaps between the responses of a run that are stalls, and whether each is before the first response."""
    answers = np.sort(log.ended_s[log.is_answered])
    if len(answers) < _SENT_LEAST:
        return []
    begins = np.concatenate(([0.0], answers[:-1]))
    long = np.flatnonzero(answers - begins > max(SHORTEST_S, _GAP_TIMES_USUAL * _usual_gap(log, answers)))
    found = []
    for at in long:
        begin, end = float(begins[at]), float(answers[at])
        first, last = np.searchsorted(log.sent_s, (begin, end))
        # It began at the latest when the first of those that still wait was sent.
        if first > 0 and log.ended_s[:first].max() >= end:
            waiting_from = begin
        else:
            waiting_from = float(log.sent_s[first]) if first < last else end
        sent = last - first
        length_s = end - begin
        if sent < max(_SENT_LEAST, _SENT_SHARE * log.offered_per_s * min(length_s, log.length_s - begin)):
            continue
        half = log.sent_s[first:last]
        waited = end - half[half < begin + length_s / 2]
        tail = (len(usual) - np.searchsorted(usual, waited, side="left") + 1) / (len(usual) + 1)
        if -np.log(tail).sum() > _EVIDENCE:
            found.append((waiting_from, end, at == 0))
    return found


def _usual_gap(log: RequestLog, answers: Floats) -> float:
    """A long gap between responses in this run, as chance makes them: its 95th percentile."""
    return float(np.quantile(np.diff(answers), 0.95)) if len(answers) > _SENT_LEAST else log.length_s
