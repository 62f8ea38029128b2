"""Stations learned from the steps of a search, within bounds of time: few kinds, not too many requests."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

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
CHANNELS_FEW = 3
"""With more channels only so many are learned, those under load, and at the end of the search only."""
_REQUESTS_OF_ONE = 3_000
"""Of each channel, where there are many: enough to tell the slots of a station that has a queue."""
_SLOWER, _FAILS_MORE = 1.1, 0.02
_Z = 3.0


@dataclass(frozen=True, kw_only=True, eq=False)
class LearnedChannels:
    """The stations of the channels, and the name under which each kind of request was learned."""

    stations: Mapping[str, LearnedStation]
    pooled: Mapping[str, str]
    not_learned: tuple[str, ...] = ()
    """Channels under load, whose station would matter, that were not learned."""


def channels_of(steps: Sequence[PlayedStep]) -> tuple[str, ...]:
    """Give the channels of the visits of steps."""
    return tuple(sorted({name for step in steps for name in np.unique(step.visits.channel).tolist()}))


def learn_channels(
    steps: Sequence[PlayedStep], seed: int, judged: Collection[str] | None = None
) -> LearnedChannels | None:
    """Learn a station for each channel with enough requests; None: too much of the traffic has none.

    A channel with many kinds of requests is learned with three, each of kinds that take about as long. Of
    more than three channels those are learned whose requests took longer, or failed more, at some load than
    at the lowest: without a queue there is nothing to learn of it. `judged` are the channels that a criterion
    speaks of; None: all.
    """
    # A step after an overload begins with what that has left; the others begin with nothing inside.
    usable = [step for step in steps if step.planned.purpose != RECOVERY]
    if all(step.planned.purpose == EXPLORE and not step.stopped_early for step in usable):
        return None
    if len(channels_of(usable)) > CHANNELS_FEW:
        return _learn_loaded(usable, seed, judged)
    return _learn_all(usable, seed)


def _learn_all(usable: Sequence[PlayedStep], seed: int) -> LearnedChannels | None:
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


def _learn_loaded(
    usable: Sequence[PlayedStep], seed: int, judged: Collection[str] | None
) -> LearnedChannels | None:
    """Learn the channels that showed most load, from the steps with most of it."""
    loads = {channel: _most_load(usable, channel) for channel in judged or channels_of(usable)}
    loaded = sorted((channel for channel, load in loads.items() if load > 0), key=lambda one: -loads[one])
    stations: dict[str, LearnedStation] = {}
    pooled: dict[str, str] = {}
    for channel in sorted(loaded[:CHANNELS_FEW]):
        steps = sorted(usable, key=lambda step: (_rank(step), -step.sent_per_s))
        logs = [step.logs[channel] for step in steps if channel in step.logs]
        names = _pooled_kinds(logs)
        station = _learned([_renamed(log, names) for log in _at_most(logs, _REQUESTS_OF_ONE)], seed)
        if station is not None:
            stations[channel] = station
            pooled |= names
    if not stations:
        return None
    return LearnedChannels(
        stations=stations, pooled=pooled, not_learned=tuple(sorted(set(loaded) - set(stations)))
    )


def _most_load(steps: Sequence[PlayedStep], channel: str) -> float:
    """How far above the calmest step the response times or failures of a channel rose; 0: not surely."""
    logs = [
        step.logs[channel] for step in sorted(steps, key=lambda one: one.sent_per_s) if channel in step.logs
    ]
    logs = [log for log in logs if log.requests >= _REQUESTS_LEAST]
    return max((_load_beyond(logs[0], log) for log in logs[1:]), default=0.0)


def _load_beyond(calm: RequestLog, log: RequestLog) -> float:
    """Compare a log with a calm one, kind by kind, so that another mix of requests makes no difference."""
    slower, failed, total, variance, failed_variance = 0.0, 0.0, 0.0, 0.0, 0.0
    for number, kind in enumerate(log.kinds):
        of_kind = log.kind == number
        before = calm.kind == (calm.kinds.index(kind) if kind in calm.kinds else -1)
        if not of_kind.any() or not before.any():
            continue
        count = int(of_kind.sum())
        times_s, calm_s = log.response_s[of_kind], calm.response_s[before]
        total += count * float(calm_s.mean())
        slower += count * float(times_s.mean())
        variance += count**2 * float(times_s.var() / count + calm_s.var() / len(calm_s))
        served, calm_served = log.is_success[of_kind], calm.is_success[before]
        failed += count * (float(calm_served.mean()) - float(served.mean()))
        spread = served.var() / count + calm_served.var() / len(calm_s)
        failed_variance += count**2 * float(spread)
    if not total:
        return 0.0
    fails_more = failed / log.requests
    is_failing = fails_more > _FAILS_MORE and failed > _Z * sqrt(failed_variance)
    ratio, sd = slower / total, sqrt(variance) / total
    is_slower = ratio > _SLOWER and ratio - 1 > _Z * sd
    return max(ratio - 1 if is_slower else 0.0, fails_more if is_failing else 0.0)


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
                kept.append(log.first(left))
            break
        kept.append(log)
        left -= log.requests
    return kept


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
