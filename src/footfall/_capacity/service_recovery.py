"""Whether a service is back to what it was after a step that was too much for it.

A service may keep work that its customers no longer see: requests given up, or those of a gateway that tries
again. What is played next then meets a service that is still busy and says nothing about its capacity. After
each step that was too much a probe is played, a handful of visits at nearly no load; while they are not as at
ease, the service is left alone and probed again, longer each time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from footfall._capacity.load_steps import Floats, PlayedStep, StepVisits
from footfall._capacity.step_evidence import OVERLOAD, PROBE, RECOVERY

PAUSES_S = (0.0, 4.0, 8.0, 12.0, 16.0, 20.0)
"""Without any load before each probe in a row."""
PROBE_PER_S, PROBE_SHARE, PROBE_VISITS = 4.0, 0.25, 6
"""A probe's arrivals per second at most, as a share of a rate that held at most, and its visits at least."""
_SERVED_LEAST = 0.9
_FAILED_LEAST, _FAILED_SHARE = 3, 0.1
_SLOWER = 3.0
_LOOSELY = 6.0
_FIRST_VISITS = 6
_FEW_VISITS = 4
_BACKLOG_TIMES = 1.5
_REFUSED_LEAST, _REFUSED_S, _AT_ONCE_S = 10, 0.5, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryState:
    """What the steps say about the state in which they left the service, and found it."""

    in_doubt: bool = False
    """Whether the last step was too much for the service, so that it may still be busy with it."""
    probes: int = 0
    """Played in a row, the last ones, none of which found it as usual."""
    too_much: tuple[int, ...] = ()
    """Numbers of the steps that began as usual and were too much for it."""
    busy_after: tuple[int, ...] = ()
    """Numbers of steps after which the service was still busy, though all visits were over."""
    stuck_after: tuple[int, ...] = ()
    """Those after which it was so for longer than the work of the visits that failed would take."""
    spoiled: tuple[tuple[int, str], ...] = ()
    """Numbers of the steps at which the service had not recovered or was away; why they cannot be used."""

    @property
    def stays_down(self) -> bool:
        """Whether it did not come back in all pauses without load."""
        return self.probes >= len(PAUSES_S)

    @property
    def went_away(self) -> bool:
        """Whether it accepted no connections for a while."""
        return any(reason == AWAY for _, reason in self.spoiled)


AWAY = "the service accepted no connections for a while"
NOT_RECOVERED = "the service had not recovered when it began"


def state_after(steps: Sequence[PlayedStep]) -> RecoveryState:
    """Follow the state of the service through all steps."""
    in_doubt, probes, overload, paused_s, backlog_s = False, 0, 0, 0.0, 0.0
    too_much: list[int] = []
    busy: list[int] = []
    stuck: list[int] = []
    spoiled: dict[int, str] = {}
    usual_times_s: list[float] = []
    held_per_s = best_per_s = 0.0
    for step in steps:
        number, purpose = step.planned.number, step.planned.purpose
        usual_s = max(usual_times_s, default=inf)
        if purpose == PROBE:
            if is_as_usual(step.visits, usual_s):
                in_doubt, probes = False, 0
            else:
                probes += 1
                paused_s += step.planned.pause_s
                if overload:
                    busy.append(overload)
                    stuck += [overload] if paused_s >= backlog_s else []
            continue
        begins_well = purpose == RECOVERY or not in_doubt or _begins_as_usual(step, usual_s)
        if refused_for_a_while(step):
            spoiled[number] = AWAY
        elif not begins_well and not step.invalid_reason and step.sent_per_s <= held_per_s * 1.1:
            spoiled[number] = NOT_RECOVERED
            busy.append(overload)
        probes, paused_s = 0, 0.0
        best_per_s = max(best_per_s, float(step.visits.is_success.sum()) / step.length_s)
        was_too_much = _was_too_much(step, usual_s)
        if was_too_much and number not in spoiled:
            too_much.append(number)
            overload, backlog_s = number, _backlog_s(step, best_per_s)
        in_doubt = was_too_much or number in spoiled
        if not was_too_much and not step.invalid_reason and step.visits.visits >= _FEW_VISITS:
            held_per_s = max(held_per_s, step.sent_per_s)
            usual_times_s.append(_median_s(step.visits))
    return RecoveryState(
        in_doubt=in_doubt,
        probes=probes,
        too_much=tuple(too_much),
        busy_after=tuple(dict.fromkeys(number for number in busy if number)),
        stuck_after=tuple(dict.fromkeys(number for number in stuck if number)),
        spoiled=tuple(sorted(spoiled.items())),
    )


def is_as_usual(visits: StepVisits, usual_s: float) -> bool:
    """Whether the last half of a few visits at nearly no load are served, and about as fast as usual."""
    last = np.arange(visits.visits) >= visits.visits // 2
    if not last.any():
        return False
    served = float(visits.is_success[last].mean())
    return served >= _SERVED_LEAST - 1 / last.sum() and (
        float(np.median(visits.response_s[last])) <= _SLOWER * usual_s
    )


def refused_for_a_while(step: PlayedStep) -> bool:
    """Whether no request got a connection for half a second or more, though others did in the same step.

    That is a service which ended or was started again, not one which is overloaded.
    """
    visits = step.visits
    refused = ~visits.is_success & visits.is_answered & (visits.response_s < _AT_ONCE_S)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], refused.astype(np.int64), [0]))))
    for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        begin_s, end_s = float(visits.due_s[first]), float(visits.due_s[end - 1])
        if end - first < _REFUSED_LEAST or end_s - begin_s < _REFUSED_S:
            continue
        # A request without a connection was never sent, or has no status.
        if not any(
            ((log.sent_s >= begin_s) & (log.sent_s <= end_s) & (log.status > 0)).any()
            for log in step.logs.values()
        ):
            return True
    return False


def _was_too_much(step: PlayedStep, usual_s: float) -> bool:
    """Whether visits were cut off or failed at its end, or too many came inside."""
    visits = step.visits
    if step.stopped_early or bool((~visits.is_answered).any()):
        return True
    last = visits.due_s >= 2 / 3 * step.length_s
    failed = int((~visits.is_success[last]).sum())
    if failed >= max(_FAILED_LEAST, _FAILED_SHARE * int(last.sum())):
        return True
    return step.planned.purpose in {OVERLOAD, RECOVERY} and _median_s(visits, last) > _LOOSELY * usual_s


def _backlog_s(step: PlayedStep, most_per_s: float) -> float:
    """Seconds in which the work of visits that failed or were cut off may be done, generously."""
    failed = int((~step.visits.is_success).sum())
    return 1.0 + _BACKLOG_TIMES * failed / max(most_per_s, 0.1)


def _begins_as_usual(step: PlayedStep, usual_s: float) -> bool:
    visits = step.visits
    first = np.arange(visits.visits) < _FIRST_VISITS
    if first.sum() < _FEW_VISITS:
        return True
    served = visits.is_success[first]
    return bool(served.mean() > 1 / 3) and _median_s(visits, first) <= _LOOSELY * usual_s


def _median_s(visits: StepVisits, among: np.ndarray | None = None) -> float:
    times_s: Floats = visits.response_s if among is None else visits.response_s[among]
    return float(np.median(times_s)) if len(times_s) else inf
