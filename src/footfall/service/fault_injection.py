"""How long the operator's systems take, and when they fail: the model's laws, drawn by a counter."""

from dataclasses import dataclass
from math import ceil

from footfall.behaviour import keyed
from footfall.behaviour.customer_rules import SERVICE, SERVICE_FAULT, WRAP_UP, slip
from footfall.model.channel import Channel, Fault, Verb, Work
from footfall.model.station_specs import CallCentre

_SERVICE = -3
"""A replication number of their own for the service's draws."""
ACCOUNT_PAGES = 3
"""Pages of the account, asked for in turn, beginning with the one that can fail."""


@dataclass(frozen=True, slots=True)
class DrawnFault:
    """What one request costs, and what goes wrong in it."""

    service_s: float
    fault: Fault | None


NOTHING = DrawnFault(0.0, None)


class FaultInjector:
    """Draws of one channel: a function of the seed, the channel and the number of the request."""

    def __init__(self, channel: Channel, seed: int, *, delays: bool) -> None:
        """Start with the first request; without delays nothing takes time and nothing fails."""
        run = keyed.run_key(seed, _SERVICE)
        self._run = keyed.mix(run ^ keyed.offset(channel.name, 0, 0))
        self._requests = 0
        self._works = {verb: _per_request(channel, verb) for verb in channel.works} if delays else {}
        station = channel.station
        self._wrap_up = station.wrap_up if delays and isinstance(station, CallCentre) else None

    def draw(self, verb: Verb, *, may_fail: bool = True) -> DrawnFault:
        """Cost and fault of the next request; a verb that the model does not describe costs nothing."""
        work = self._works.get(verb)
        if work is None:
            return NOTHING
        key = self._next_key()
        service_s = work.service.at(keyed.uniform(key, SERVICE))
        if not work.faults or not may_fail:
            return DrawnFault(service_s, None)
        return DrawnFault(service_s, slip(work, "service", keyed.uniform(key, SERVICE_FAULT)))

    def wrap_up_s(self) -> float:
        """Time that the next agent needs after a call."""
        return self._wrap_up.at(keyed.uniform(self._next_key(), WRAP_UP)) if self._wrap_up else 0.0

    def _next_key(self) -> int:
        self._requests += 1
        return keyed.customer_key(self._run, self._requests)


def _per_request(channel: Channel, verb: Verb) -> Work:
    """Give the work with its faults' shares per request; the model gives them per turn.

    A turn of n requests that each fail with share q fails with 1 - (1 - q)^n, so q = 1 - (1 - p)^(1/n).
    Where the operations ask for different numbers of requests, n is their mean.
    """
    work = channel.works[verb]
    faults = [fault for fault in work.faults if fault.by == "service" and fault.share > 0]
    # Of the account's three pages, the first alone can fail: one chance a turn, as in the model.
    pages_a_chance = ACCOUNT_PAGES if verb is Verb.QUERY else 1
    chances = [
        ceil(turn.pages / pages_a_chance)
        for turns in channel.dialogues.values()
        for turn in turns
        if turn.verb is verb
    ]
    turn_share = sum(fault.share for fault in faults)
    if not faults or max(chances, default=1) == 1:
        return work.model_copy(update={"faults": tuple(faults)})
    request_share = 1 - (1 - min(turn_share, 1.0)) ** (len(chances) / sum(chances))
    scale = request_share / turn_share
    scaled = tuple(fault.model_copy(update={"share": fault.share * scale}) for fault in faults)
    return work.model_copy(update={"faults": scaled})
