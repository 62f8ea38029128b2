"""Who is on duty."""

from footfall.simulate.decide.staff import servers_at
from footfall.simulate.spec.channel import Channel
from footfall.simulate.spec.station import CallCentre, Counters, Kiosks


def on_duty(channel: Channel, day_s: float) -> int:
    """Servers of one place at a second of the day: clerks, machines, or agents."""
    station = channel.station
    if isinstance(station, Counters):
        return servers_at(station.clerks, station.clerks_factor, day_s)
    if isinstance(station, CallCentre):
        return servers_at(station.agents, station.agents_factor, day_s)
    return int(station.machines) if isinstance(station, Kiosks) else 0
