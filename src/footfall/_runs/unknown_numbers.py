"""Which numbers that a calibration does not know decide what a service does at a load."""

from collections.abc import Mapping, Sequence
from math import isinf

from footfall._calibrate.calibration import SeenLoad
from footfall._calibrate.station_parameters import StationParameters
from footfall._calibrate.station_prediction import BeyondSeen
from footfall._runs.messages import seconds
from footfall._runs.predicted_stations import CalibratedService

_MORE = 1.1
"""A rate that is this many times the highest one seen is new; less is chance."""
_NOTICED_SHARE = 0.002
"""So many requests beyond what was seen would change the figures, if a limit lay there."""
_LIMITS = ("accept queue", "deadline", "queue timeout", "rate limit", "time limit", "more than")
"""Beginnings of sentences about limits, which are compared with the load one by one."""


def depends_on(
    unknown: Sequence[str],
    service: CalibratedService,
    requests_per_s: Mapping[str, float],
    beyond: Mapping[str, BeyondSeen] | None,
) -> tuple[str, ...]:
    """Name the numbers that are unknown and that the prediction needs, a sentence each.

    A limit that no run reached matters once requests go beyond what the runs had: a longer response, more
    requests inside, a higher rate. `beyond` None: it is not known, and a higher rate alone decides.
    """
    found: list[str] = []
    for one in service.stations:
        channel, seen = one.channel, one.seen
        rate = requests_per_s.get(channel, 0.0)
        is_higher = rate > _MORE * seen.requests_per_s
        share = beyond[channel] if beyond else BeyondSeen(inside=float(is_higher), response=float(is_higher))
        parameters = service.parameters_of(one)
        found += [f"{channel}: {text}" for text in _limits(parameters, seen, (rate, share))]
        if is_higher or service.changed.get(channel):
            found += _others(unknown, channel)
    return tuple(found)


def is_about_limit(sentence: str) -> bool:
    """Whether a sentence is about a limit that no run has reached."""
    return sentence.partition(": ")[2].startswith(_LIMITS)


def _limits(parameters: StationParameters, seen: SeenLoad, load: tuple[float, BeyondSeen]) -> list[str]:
    rate, beyond = load
    found = []
    if isinf(parameters.accept_queue) and beyond.inside > _NOTICED_SHARE:
        found.append(f"accept queue: never full with {seen.most_inside} requests inside, and more will come")
    if beyond.response > _NOTICED_SHARE:
        longest = seconds(seen.longest_response_s)
        if isinf(parameters.deadline_s):
            found.append(f"deadline: never reached in {longest}, and responses will take longer")
        if isinf(parameters.queue_timeout_s):
            found.append(f"queue timeout: never reached in {longest}, and responses will take longer")
    if isinf(parameters.rate_limit_per_s) and rate > _MORE * seen.requests_per_s:
        found.append(
            f"rate limit: never reached at {seen.requests_per_s:.3g} requests/s; here it is {rate:.3g}"
        )
    return found


def _others(unknown: Sequence[str], channel: str) -> list[str]:
    """Return the sentences about a channel that are not about limits."""
    start = f"{channel}: "
    return [text for text in unknown if text.startswith(start) and not text[len(start) :].startswith(_LIMITS)]
