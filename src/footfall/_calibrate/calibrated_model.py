"""Put learned stations into a model: the numbers of its request servers, the work of what visits ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np

from footfall._calibrate.calibration import SeenLoad
from footfall._calibrate.failures import is_unnamed
from footfall._calibrate.request_log import RequestLog
from footfall._calibrate.station_parameters import SLOTS_UNLIMITED, ServiceLaw, StationParameters
from footfall._model.channel import Channel, Fault, Step, Verb, Work
from footfall._model.durations import (
    AnyDuration,
    DistributionFamily,
    Duration,
    Mixture,
    Part,
    constant,
    exponential,
)
from footfall._model.model import Model
from footfall._model.numbers import Number, fitted
from footfall._model.station_specs import RateLimit, RequestServer, Stalls
from footfall._model.units import per_second
from footfall._records.errors import BadInputError
from footfall._records.rows import Outcome

MEASURED_FAULT = "measured_fault"
"""Cause of the faults of a model that was made from runs which do not say theirs."""
OUTCOME_BY_STATUS = {
    0: Outcome.TIMEOUT,
    408: Outcome.TIMEOUT,
    409: Outcome.REJECTED,
    410: Outcome.UNCONFIRMED,
    422: Outcome.REJECTED,
    504: Outcome.TIMEOUT,
}
"""How a visit ends with a fault of a status; with any other it is an error."""
_OF_CUSTOMERS = frozenset({"insufficient_funds", "under_contract", "expired"})
"""Causes that the accounts and customers of a model bring about themselves."""
_LIMITS = ("slots", "accept_queue", "deadline_s", "queue_timeout_s")
"""Of a model: they keep their own source where they are what they were."""
_LEAST_S = 1e-6
_DIGITS = 6


def work_of_kinds(parameters: StationParameters, shares: Sequence[float], source: str) -> AnyDuration:
    """Return the service time of several kinds together: a mixture of their laws by their shares."""
    laws = [(law, share) for law, share in zip(parameters.laws, shares, strict=True) if share > 0]
    times = [_time_of(law, source) for law, _ in laws]
    if len(times) == 1:
        return times[0]
    total = sum(share for _, share in laws)
    parts = tuple(
        Part(name=f"kind{n}", share=fitted(_rounded(share / total), source), time=time)
        for n, ((_, share), time) in enumerate(zip(laws[:-1], times[:-1], strict=True), 1)
    )
    return Mixture(parts=parts, rest=times[-1])


def station_of(parameters: StationParameters, source: str) -> RequestServer:
    """Return the request server with these parameters; what is unlimited or unknown is left unlimited."""

    def number(value: float) -> Number:
        return fitted(_rounded(value), source)

    slots = min(parameters.slots, SLOTS_UNLIMITED)
    given: dict[str, object] = {"slots": fitted(_multiple(slots, parameters.queues), source)}
    if parameters.network_s > 0:
        given["network_s"] = number(parameters.network_s)
    if parameters.cores is not None:
        given |= {
            "discipline": "sharing",
            "cores": fitted(_multiple(parameters.cores, parameters.queues), source),
        }
    if parameters.queues > 1:
        given |= {"queues": number(parameters.queues), "dispatch": parameters.dispatch}
    for name in ("accept_queue", "deadline_s", "queue_timeout_s"):
        if isfinite(limit := getattr(parameters, name)):
            given[name] = number(limit)
    if isfinite(parameters.deadline_s):
        given["stale_work"] = parameters.stale_work
    if isfinite(parameters.rate_limit_per_s):
        given["rate_limit"] = RateLimit(
            requests_per_s=number(parameters.rate_limit_per_s), burst=number(parameters.rate_limit_burst)
        )
    if parameters.stall_length_s > 0 and isfinite(parameters.stall_every_s):
        given["stalls"] = Stalls(
            length_s=number(parameters.stall_length_s), every_s=number(parameters.stall_every_s)
        )
    return RequestServer.model_validate(given)


def _multiple(count: int, queues: int) -> int:
    """Return the next number that divides evenly among the queues."""
    return -(-count // queues) * queues


def with_assumed_limits(
    parameters: StationParameters, station: RequestServer, seen: SeenLoad
) -> StationParameters:
    """Return parameters with a model's own limits where the runs never reached one.

    A limit of the model that the runs exceeded is not kept: they show that it is not there.
    """
    longest_s, most, highest_per_s = seen.longest_response_s, seen.most_inside, seen.requests_per_s
    found, limit = parameters, station.rate_limit
    if found.slots >= SLOTS_UNLIMITED and found.cores is None and station.slots >= most:
        found = replace(found, slots=int(station.slots))
    if not isfinite(found.accept_queue) and station.accept_queue + found.slots >= most:
        found = replace(found, accept_queue=float(station.accept_queue))
    if not isfinite(found.deadline_s) and station.deadline_s >= longest_s:
        found = replace(found, deadline_s=float(station.deadline_s), stale_work=station.stale_work)
    if not isfinite(found.queue_timeout_s) and station.queue_timeout_s >= longest_s > 0:
        found = replace(found, queue_timeout_s=float(station.queue_timeout_s))
    if not isfinite(found.rate_limit_per_s) and limit.requests_per_s >= highest_per_s > 0:
        found = replace(
            found, rate_limit_per_s=float(limit.requests_per_s), rate_limit_burst=int(limit.burst)
        )
    return found


def seen_load(logs: Sequence[RequestLog]) -> SeenLoad:
    """Return how far the runs of a station went."""
    return SeenLoad(
        requests_per_s=max(log.offered_per_s for log in logs),
        most_inside=max(_most_inside(log) for log in logs),
        longest_response_s=max(float(log.response_s.max(initial=0.0)) for log in logs),
    )


def _most_inside(log: RequestLog) -> int:
    """Return how many requests were under way at once, at most."""
    at = np.r_[log.sent_s, log.ended_s]
    step = np.r_[np.ones(len(log.sent_s), np.int64), -np.ones(len(log.ended_s), np.int64)]
    return int(np.cumsum(step[np.lexsort((step, at))]).max(initial=0))


def with_stations(
    model: Model, stations: Mapping[str, tuple[StationParameters, Sequence[float]]], source: str
) -> Model:
    """Return a model whose request servers have learned parameters, by channel, with shares of their kinds.

    A verb that is none of the kinds has the work of all of them together.

    Raises:
        BadInputError: a channel is not in the model, or is no request server.
    """
    known = {channel.name for channel in model.channels}
    if missing := sorted(set(stations) - known):
        raise BadInputError(f"channel {missing[0]!r}", "is not in the model", " or ".join(sorted(known)))
    channels = tuple(
        _calibrated(channel, *stations[channel.name], source) if channel.name in stations else channel
        for channel in model.channels
    )
    return model.model_copy(update={"channels": channels})


def _calibrated(
    channel: Channel, parameters: StationParameters, shares: Sequence[float], source: str
) -> Channel:
    if not isinstance(channel.station, RequestServer):
        raise BadInputError(
            f"channel {channel.name!r}",
            f"is a {channel.station.kind.replace('_', ' ')}",
            "a request server: other stations cannot be learned from requests",
        )
    by_verb = dict.fromkeys(channel.works, tuple(range(len(parameters.kinds))))
    named = {
        verb: tuple(n for n, kind in enumerate(parameters.kinds) if kind == verb.value) for verb in by_verb
    }
    by_verb |= {verb: kinds for verb, kinds in named.items() if kinds}
    works = {
        verb: _work(work, parameters, _Asked(by_verb[verb], shares, pages_of(channel, verb)), source)
        for verb, work in channel.works.items()
    }
    learned, own = station_of(parameters, source), channel.station
    kept = {name: getattr(own, name) for name in _LIMITS if getattr(own, name) == getattr(learned, name)}
    if learned.rate_limit.requests_per_s == own.rate_limit.requests_per_s:
        kept["rate_limit"] = own.rate_limit
    station = learned.model_copy(update={"retry": own.retry, "breaker": own.breaker} | kept)
    return channel.model_copy(update={"station": station, "works": works})


def pages_of(channel: Channel, verb: Verb) -> float:
    """Return the mean number of requests of a step of this verb, over the dialogues that have one."""
    pages = [float(step.pages) for steps in channel.dialogues.values() for step in steps if step.verb is verb]
    return sum(pages) / len(pages) if pages else 1.0


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which requests a verb stands for."""

    kinds: tuple[int, ...]
    """Of the station's parameters."""
    shares: Sequence[float]
    """Of all kinds."""
    pages: float = 1.0
    """Requests of a step: a model has fault shares by step."""

    @property
    def weights(self) -> list[float]:
        """By kind, its share where the verb stands for it."""
        weights = [share if n in self.kinds else 0.0 for n, share in enumerate(self.shares)]
        return weights if any(weights) else [1.0 if n in self.kinds else 0.0 for n in range(len(self.shares))]

    def mean(self, values: Sequence[float]) -> float:
        """Return the mean of a number of each kind, for a request of the verb."""
        weights = self.weights
        return sum(weight * value for weight, value in zip(weights, values, strict=True)) / sum(weights)

    def of_step(self, share: float) -> float:
        """Return the share of steps that fail if this share of their requests does: 1 - (1 - q)^n."""
        return float(1 - (1 - share) ** self.pages)


def _work(work: Work, parameters: StationParameters, asked: _Asked, source: str) -> Work:
    """Return what a verb costs, and its faults, by the causes that the runs showed.

    Those that customers bring about stay as the model has them.
    """
    by_customer = tuple(fault for fault in work.faults if fault.by == "customer")
    by_service = tuple(fault for fault in work.faults if fault.by == "service")
    if parameters.fault_causes:
        faults = _faults_by_cause(parameters, asked, (by_customer, by_service), source)
    else:
        faults = _faults_in_proportion(parameters, asked, by_service, source)
    time = work_of_kinds(parameters, asked.weights, source)
    return Work(service=time, faults=(*by_customer, *faults))


def _faults_by_cause(
    parameters: StationParameters,
    asked: _Asked,
    own: tuple[Sequence[Fault], Sequence[Fault]],
    source: str,
) -> tuple[Fault, ...]:
    """Return the faults that the runs showed; a visit ends with one as the model has it for that cause.

    A response without a reason may have any of the model's own causes with that outcome, in proportion.
    """
    by_customer, by_service = own
    outcomes = {fault.cause: fault.outcome for fault in by_service}
    left_out = {fault.cause for fault in by_customer} | (_OF_CUSTOMERS - set(outcomes))
    by_kind = [parameters.faults_of(kind) for kind in range(len(parameters.kinds))]
    shares: dict[tuple[str, Outcome], float] = {}
    for cause in parameters.fault_causes:
        outcome = outcomes.get(cause.name, OUTCOME_BY_STATUS.get(cause.status, Outcome.ERROR))
        share = asked.of_step(asked.mean([own[cause] for own in by_kind]))
        alike = {fault.cause: float(fault.share) for fault in by_service if fault.outcome is outcome}
        has_own = is_unnamed(cause) and any(alike.values())
        parts = alike if has_own else {cause.name: 1.0}
        for name, part in parts.items():
            place = (name, outcome)
            shares[place] = shares.get(place, 0.0) + share * part / sum(parts.values())
    return tuple(
        Fault(name, "service", outcome, fitted(_rounded(share), source))
        for (name, outcome), share in shares.items()
        if share > 0 and name not in left_out
    )


def _faults_in_proportion(
    parameters: StationParameters, asked: _Asked, by_service: Sequence[Fault], source: str
) -> tuple[Fault, ...]:
    """Return the model's own faults in their proportions, or one fault where it has none."""
    share = asked.of_step(asked.mean(parameters.fault_shares))
    total = sum(fault.share for fault in by_service)
    if not share:
        return ()
    if not total:
        return (Fault(MEASURED_FAULT, "service", Outcome.ERROR, fitted(_rounded(share), source)),)
    return tuple(
        fault.model_copy(update={"share": fitted(_rounded(fault.share / total * share), source)})
        for fault in by_service
    )


def model_of_stations(
    name: str,
    stations: Mapping[str, tuple[StationParameters, Sequence[float]]],
    operations: Mapping[str, Mapping[str, str]],
    source: str,
) -> Model:
    """Return a model made of learned stations alone: a visit is one request, at 1 arrival a second.

    `operations` is by channel what each kind, a verb, is called.
    """
    channels = [
        Channel(
            channel,
            station_of(parameters, source),
            works={
                kind: _work(Work(), parameters, _Asked((n,), shares), source)
                for n, kind in enumerate(parameters.kinds)
            },
            dialogues={operations[channel].get(kind, kind): Step(kind) for kind in parameters.kinds},
        )
        for channel, (parameters, shares) in stations.items()
    ]
    wants: dict[str, float] = {}
    for channel, (parameters, shares) in stations.items():
        for kind, share in zip(parameters.kinds, shares, strict=True):
            operation = operations[channel].get(kind, kind)
            wants[operation] = wants.get(operation, 0.0) + share / len(stations)
    return Model(
        name,
        "Stations learned from runs",
        arrivals=per_second(fitted(1, source)),
        wants={operation: fitted(share, source) for operation, share in wants.items()},
        channels=channels,
    )


def _time_of(law: ServiceLaw, source: str) -> Duration:
    mean = fitted(_rounded(max(law.mean_s, _LEAST_S)), source)
    if law.family == "constant" or law.cv <= 0:
        return constant(mean)
    if law.family == "exponential":
        return exponential(mean)
    return Duration(law=DistributionFamily(law.family), mean_s=mean, cv=fitted(_rounded(law.cv), source))


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
