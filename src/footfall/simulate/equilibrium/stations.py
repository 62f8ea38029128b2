"""What customers wait at a channel if so many come in each half hour."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from footfall.model.channel import Channel
from footfall.model.numbers import HALF_HOUR_S, HALF_HOURS, Profile, whole
from footfall.model.station_specs import CallCentre, Counters, Kiosks
from footfall.theory import load_by_interval

Floats = NDArray[np.float64]
Rates = Mapping[str, Floats]
"""By operation: arrivals a second in each half hour."""
_ROOM_MOST = 20_000
_TAIL = 60


def waits_s(channel: Channel, arrivals_per_s: Rates) -> Floats:
    """Mean wait in line of all who come to a channel, by half hour, seconds.

    Halls, terminals and the hotline's agents are M/M/c+M with their room, in equilibrium with the
    modified offered load of the half hour (Jennings, Mandelbaum, Massey and Whitt 1996); the other channels
    have no line that is noticed: 0. Service times count by their mean alone, nobody balks, nothing
    fails or is retried, and those who give up count with the time they stayed. Callers whom
    the IVR helps count with 0.
    """
    station, sites = channel.station, int(channel.sites)
    if isinstance(station, CallCentre):
        return _for_agents(channel, station, arrivals_per_s)
    offered = {name: rates / sites for name, rates in arrivals_per_s.items()}
    if isinstance(station, Counters):
        clerks = _servers(station.clerks, float(station.clerks_factor))
        line = _Line(clerks, whole(station.room), float(station.patience.mean_s))
        return line.waits_s(offered, _visit_s(channel))
    if isinstance(station, Kiosks):
        return _at_machines(channel, station, offered)
    return np.zeros(HALF_HOURS)


def wait_mean(servers: int, room: int | None, rates: tuple[float, float, float]) -> float:
    """Mean wait of those admitted to M/M/c/K+M, with `room` waiting places (None: as many as it takes).

    `rates` are λ, μ and θ (0: nobody gives up). Birth and death: up with λ, down from n with
    min(n, c) μ + (n - c)⁺ θ; E[W] = Lq over the rate of those admitted. With endless room it is
    Erlang A, with endless patience M/M/c/K (Palm 1946; Gross and Harris 1998, chapter 2).

    Raises:
        ValueError: nobody serves and nobody gives up.
    """
    arrival_rate, service_rate, abandonment_rate = rates
    if arrival_rate <= 0:
        return 0.0
    if max(servers * service_rate, abandonment_rate) <= 0:
        msg = "nobody serves and nobody gives up: the wait never ends"
        raise ValueError(msg)
    if room is None:
        # Beyond twice the arrival rate over θ each further place is at most half as likely.
        room = _TAIL + int(2 * arrival_rate / abandonment_rate) if abandonment_rate else _ROOM_MOST
    places = servers + min(room, _ROOM_MOST)
    n = np.arange(1, places + 1)
    down = np.minimum(n, servers) * service_rate + np.maximum(n - servers, 0) * abandonment_rate
    logs = np.concatenate([[0.0], np.cumsum(np.log(arrival_rate / down))])
    weights = np.exp(logs - logs.max())
    queue_mean = float(weights[servers:] @ np.arange(places - servers + 1))
    # Whoever is admitted also leaves; 1 - P_K would cancel where the room is nearly always full.
    return queue_mean / float(weights[1:] @ down)


@dataclass(frozen=True, slots=True)
class _Line:
    """Servers by half hour, the room before them, and how long people stay."""

    servers: tuple[int, ...]
    room: int | None
    patience_s: float

    def waits_s(self, arrivals_per_s: Rates, service_s: Mapping[str, float]) -> Floats:
        """Mean wait by half hour, of arrivals by operation that need so long."""
        waits = np.zeros(HALF_HOURS)
        if not self.patience_s:
            return waits
        work = sum((rates * service_s[name] for name, rates in arrivals_per_s.items()), np.zeros(HALF_HOURS))
        come = sum(arrivals_per_s.values(), np.zeros(HALF_HOURS))
        load = np.zeros(HALF_HOURS)
        for name, rates in arrivals_per_s.items():
            if service_s[name]:
                load += load_by_interval(rates.tolist(), HALF_HOUR_S, service_s[name])
        for half_hour in np.flatnonzero((come > 0) & (work > 0)):
            service_rate = float(come[half_hour] / work[half_hour])
            rates_of_line = (float(load[half_hour]) * service_rate, service_rate, 1 / self.patience_s)
            waits[half_hour] = wait_mean(self.servers[half_hour], self.room, rates_of_line)
        return waits


def _at_machines(channel: Channel, station: Kiosks, offered: Rates) -> Floats:
    """Mean over how many machines of a place are in order; with none, customers are turned away at once."""
    machines = int(station.machines)
    cycle_s = station.up.mean_s + station.repair.mean_s
    down = float(station.repair.mean_s / cycle_s) if station.up.mean_s else 0.0
    waits = np.zeros(HALF_HOURS)
    for up in range(1, machines + 1):
        chance = comb(machines, up) * (1 - down) ** up * down ** (machines - up)
        if chance:
            line = _Line((up,) * HALF_HOURS, None, float(station.patience.mean_s))
            waits += chance * line.waits_s(offered, _visit_s(channel))
    return waits


def _for_agents(channel: Channel, station: CallCentre, arrivals_per_s: Rates) -> Floats:
    """Wait for an agent, over all callers."""
    to_agents = {
        name: rates * float(station.agent_share.get(name, 0.0)) for name, rates in arrivals_per_s.items()
    }
    own_s = float(station.talk.mean_s + station.wrap_up.mean_s)
    held_s = {name: own_s + _visit_s(channel, first=1, human=False)[name] for name in arrivals_per_s}
    agents = _servers(station.agents, float(station.agents_factor))
    room = max(whole(station.lines) - max(agents), 0)
    waits = _Line(agents, room, float(station.patience.mean_s)).waits_s(to_agents, held_s)
    nobody = np.zeros(HALF_HOURS)
    callers, asking = sum(arrivals_per_s.values(), nobody), sum(to_agents.values(), nobody)
    found: Floats = waits * np.divide(asking, callers, out=np.zeros(HALF_HOURS), where=callers > 0)
    return found


def _servers(staff: Profile, factor: float) -> tuple[int, ...]:
    return tuple(round(servers * factor) for servers in staff.by_half_hour())


def _visit_s(channel: Channel, first: int = 0, *, human: bool = True) -> dict[str, float]:
    """Mean seconds that a visit holds a server, by operation, from its turn `first` on."""
    return {
        name: sum(
            turn.human.mean_s * human + turn.pages * channel.works[turn.verb].service.mean_s
            for turn in turns[first:]
        )
        for name, turns in channel.dialogues.items()
    }
