"""Who is on duty, and how long the ticket display says it takes."""

from statistics import fmean

from footfall.simulate.spec.base import Profile
from footfall.simulate.spec.channel import Channel
from footfall.simulate.spec.station import CallCentre, Counters, Kiosks


def on_duty(channel: Channel, day_s: float) -> int:
    """Servers of one place at a second of the day: clerks, machines, or agents."""
    station = channel.station
    if isinstance(station, Counters):
        return _whole(station.clerks, station.clerks_factor, day_s)
    if isinstance(station, CallCentre):
        return _whole(station.agents, station.agents_factor, day_s)
    return int(station.machines) if isinstance(station, Kiosks) else 0


def visit_s_mean(channel: Channel) -> float:
    """Mean seconds that a visit holds a server, over the channel's operations, if nothing fails."""
    totals = [
        sum(turn.human.mean_s + turn.pages * channel.works[turn.verb].service.mean_s for turn in turns)
        for turns in channel.dialogues.values()
    ]
    return fmean(totals) if totals else 0.0


def _whole(staff: Profile, factor: float, day_s: float) -> int:
    return round(staff.at(day_s) * factor)
