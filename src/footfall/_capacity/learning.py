"""Stations learned from the steps of a search, within bounds of time: few kinds, not too many requests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from footfall._calibrate.learn import learn_station
from footfall._calibrate.learned_station import LearnedStation
from footfall._calibrate.request_log import RequestLog
from footfall._capacity.load_steps import PlayedStep
from footfall._capacity.step_evidence import EXPLORE, OVERLOAD, RECOVERY
from footfall._capacity.step_figures import UNLOADED

_REQUESTS_LEAST = 80
"""Of a channel: fewer teach nothing about its station."""
_REQUESTS_MOST = 15_000
"""Of all channels together: more take longer than they are worth between two steps."""
_KINDS_MOST = 3
_LEFT_OUT_MOST = 0.05
"""Of the arrivals, on channels with too few requests to learn from; with more the service has no model."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LearnedChannels:
    """The stations of the channels, and the name under which each kind of request was learned."""

    stations: Mapping[str, LearnedStation]
    pooled: Mapping[str, str]


def learn_channels(steps: Sequence[PlayedStep], seed: int) -> LearnedChannels | None:
    """Learn a station for each channel with enough requests; None: too much of the traffic has none.

    A channel with many kinds of requests is learned with three, each of kinds that take about as long.
    """
    # A step after an overload begins with what that has left; the others begin with nothing inside.
    usable = [step for step in steps if step.planned.purpose != RECOVERY]
    if all(step.planned.purpose == EXPLORE and not step.stopped_early for step in usable):
        return None
    logs: dict[str, list[RequestLog]] = {}
    for step in sorted(usable, key=_rank):
        for channel, log in step.logs.items():
            logs.setdefault(channel, []).append(log)
    visits = np.concatenate([step.visits.channel for step in usable])
    stations: dict[str, LearnedStation] = {}
    pooled: dict[str, str] = {}
    left_out = 0
    for channel, of_channel in sorted(logs.items()):
        names = _pooled_kinds(of_channel)
        station = _learned(
            [_renamed(log, names) for log in _at_most(of_channel, _REQUESTS_MOST // len(logs))], seed
        )
        if station is None:
            left_out += int(np.count_nonzero(visits == channel))
            continue
        stations[channel] = station
        pooled |= names
    if not stations or left_out > _LEFT_OUT_MOST * len(visits):
        return None
    return LearnedChannels(stations=stations, pooled=pooled)


def _learned(logs: Sequence[RequestLog], seed: int) -> LearnedStation | None:
    if sum(log.requests for log in logs) < _REQUESTS_LEAST:
        return None
    try:
        return learn_station(logs, seed=seed)
    except ValueError:  # too few of them were served
        return None


def _rank(step: PlayedStep) -> int:
    """Order in which steps are learned from, where there are too many requests: those under load first."""
    purpose = step.planned.purpose
    if purpose == EXPLORE:
        return 3 if step.stopped_early else 4
    return {UNLOADED: 2, OVERLOAD: 0}.get(purpose, 1)


def _at_most(logs: Sequence[RequestLog], left: int) -> list[RequestLog]:
    """Give the first logs with so many requests; the last of them is cut at a moment: its begin is whole."""
    kept: list[RequestLog] = []
    for log in logs:
        if log.requests > left:
            if left >= _REQUESTS_LEAST:
                kept.append(first_requests(log, left))
            break
        kept.append(log)
        left -= log.requests
    return kept


def first_requests(log: RequestLog, number: int) -> RequestLog:
    """Give the first requests of a log, as if the run had ended with them."""
    if log.requests <= number:
        return log
    return replace(
        log,
        kind=log.kind[:number],
        sent_s=log.sent_s[:number],
        ended_s=log.ended_s[:number],
        status=log.status[:number],
        is_success=log.is_success[:number],
        is_answered=log.is_answered[:number],
        cause=None if log.cause is None else log.cause[:number],
        length_s=min(log.length_s, float(log.sent_s[number - 1])),
    )


def _pooled_kinds(logs: Sequence[RequestLog]) -> dict[str, str]:
    """Name the kinds of a channel: each its own name, or that of one that takes about as long."""
    times: dict[str, list[np.ndarray]] = {}
    for log in logs:
        for number, kind in enumerate(log.kinds):
            times.setdefault(kind, []).append(log.response_s[(log.kind == number) & log.is_success])
    if len(times) <= _KINDS_MOST:
        return {kind: kind for kind in times}
    # The low quartile is that of requests that did not wait.
    typical = {kind: _low_quartile_s(np.concatenate(parts)) for kind, parts in times.items()}
    ordered = sorted(times, key=lambda kind: (typical[kind], kind))
    weights = np.cumsum([sum(len(part) for part in times[kind]) + 1 for kind in ordered])
    group = np.minimum((weights - 1) * _KINDS_MOST // weights[-1], _KINDS_MOST - 1)
    first = dict(reversed(list(zip(group.tolist(), ordered, strict=True))))
    return {kind: first[number] for number, kind in zip(group.tolist(), ordered, strict=True)}


def _low_quartile_s(times_s: np.ndarray) -> float:
    return float(np.quantile(times_s, 0.25)) if len(times_s) else 0.0


def _renamed(log: RequestLog, names: Mapping[str, str]) -> RequestLog:
    kinds = tuple(dict.fromkeys(names[kind] for kind in log.kinds))
    place = np.array([kinds.index(names[kind]) for kind in log.kinds], dtype=np.int64)
    return replace(log, kinds=kinds, kind=place[log.kind])
