"""Service times and injected faults: drawn from the model's distributions by a counter-based generator."""

from dataclasses import dataclass
from math import ceil

from footfall._behaviour import keyed
from footfall._behaviour.customer_rules import SERVICE, SERVICE_FAULT, WRAP_UP, fault_drawn
from footfall._model.channel import Channel, Fault, Verb, Work
from footfall._model.station_specs import CallCentre

_SERVICE = -3
"""Replication number reserved for the service's draws."""
_ACCOUNT_PAGES = 3
"""Account pages of one query, requested in order; only the first can fail."""


@dataclass(frozen=True, slots=True)
class ServiceDraw:
    """Service time of one request, and its fault if any."""

    service_s: float
    fault: Fault | None


_NO_COST = ServiceDraw(0.0, None)


class FaultInjector:
    """Draws for one channel, as a function of seed, channel and request number."""

    def __init__(self, channel: Channel, seed: int, *, delays: bool) -> None:
        """Start at the first request; without delays, service times are 0 and nothing fails."""
        run = keyed.run_key(seed, _SERVICE)
        self._run = keyed.mix(run ^ keyed.offset(channel.name, 0, 0))
        self._requests = 0
        self._works = {verb: _per_request(channel, verb) for verb in channel.works} if delays else {}
        station = channel.station
        self._wrap_up = station.wrap_up if delays and isinstance(station, CallCentre) else None

    def draw(self, verb: Verb, *, may_fail: bool = True) -> ServiceDraw:
        """Draw service time and fault of the next request; a verb missing from the model takes no time."""
        work = self._works.get(verb)
        if work is None:
            return _NO_COST
        key = self._next_key()
        service_s = work.service.at(keyed.uniform(key, SERVICE))
        if not work.faults or not may_fail:
            return ServiceDraw(service_s, None)
        return ServiceDraw(service_s, fault_drawn(work, "service", keyed.uniform(key, SERVICE_FAULT)))

    def wrap_up_s(self) -> float:
        """Draw the wrap-up time after a call."""
        return self._wrap_up.at(keyed.uniform(self._next_key(), WRAP_UP)) if self._wrap_up else 0.0

    def _next_key(self) -> int:
        self._requests += 1
        return keyed.customer_key(self._run, self._requests)


def _per_request(channel: Channel, verb: Verb) -> Work:
    """Return the work with fault shares per request; the model has them per step.

    A step of n requests that each fail with share q fails with p = 1 - (1 - q)^n, so q = 1 - (1 - p)^(1/n).
    If operations need different numbers of requests, n is their mean.
    """
    work = channel.works[verb]
    faults = [fault for fault in work.faults if fault.by == "service" and fault.share > 0]
    # Only the first of the three account pages can fail: one chance per step, as in the model.
    pages_a_chance = _ACCOUNT_PAGES if verb is Verb.QUERY else 1
    chances = [
        ceil(step.pages / pages_a_chance)
        for steps in channel.dialogues.values()
        for step in steps
        if step.verb is verb
    ]
    step_share = sum(fault.share for fault in faults)
    if not faults or max(chances, default=1) == 1:
        return work.model_copy(update={"faults": tuple(faults)})
    request_share = 1 - (1 - min(step_share, 1.0)) ** (len(chances) / sum(chances))
    scale = request_share / step_share
    scaled = tuple(fault.model_copy(update={"share": fault.share * scale}) for fault in faults)
    return work.model_copy(update={"faults": scaled})
