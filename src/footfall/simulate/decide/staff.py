"""Who is on duty when, and how long a visit usually holds them."""

from dataclasses import dataclass
from math import floor
from statistics import fmean
from typing import Literal, NamedTuple

from footfall.simulate.decide import keyed
from footfall.simulate.spec.agents import GENERALISTS, Rounding
from footfall.simulate.spec.base import Profile
from footfall.simulate.spec.channel import Channel
from footfall.simulate.spec.clock import THE_DAYS_OWN, DayClock
from footfall.simulate.spec.station import CallCentre
from footfall.simulate.spec.times import AnyDuration


def servers_at(staff: Profile, factor: float, at_s: float) -> int:
    """Whole servers on duty at a second of the day."""
    return round(staff.at(at_s) * factor)


class Change(NamedTuple):
    """From here on so many are on duty."""

    at_s: float
    """Second of the run."""
    day_s: float
    """Second of the day."""
    servers: int


@dataclass(frozen=True, slots=True)
class Roster:
    """Who comes to work, by the intervals of the staff's profile."""

    staff: Profile
    factor: float
    rounding: Rounding = "nearest"
    key: int = 0
    """Key of the replication."""
    purpose: str = ""
    """Of the keyed numbers: whose roster it is."""
    clock: DayClock = THE_DAYS_OWN
    """Of the run."""

    def at(self, at_s: float) -> int:
        """Whole servers on duty at a second of the run."""
        return self._on_duty(self.clock.day_s(at_s))

    def changes(self, until_s: float) -> list[Change]:
        """Give the changes of the number of servers in a run of so many seconds, in their order."""
        servers, found = self.at(0.0), []
        for at_s, day_s in self.clock.beginnings(until_s, self.staff.interval_s):
            before, servers = servers, self._on_duty(day_s)
            if servers != before:
                found.append(Change(at_s, day_s, servers))
        return found

    def _on_duty(self, day_s: float) -> int:
        """Whole servers at a second of the day.

        Rounded at random, the number above comes with the probability of what is over the number below,
        from one keyed number for each interval of the profile: E = floor(x) + P(u < x - floor(x)) = x.
        """
        if self.rounding == "nearest":
            return servers_at(self.staff, self.factor, day_s)
        planned = self.staff.at(day_s) * self.factor
        whole = floor(planned)
        u = keyed.uniform(self.key, f"staff.{self.purpose}", 0, int(day_s // self.staff.interval_s))
        return whole + (u < planned - whole)


def rosters(station: CallCentre, channel: str, run: int, clock: DayClock = THE_DAYS_OWN) -> dict[str, Roster]:
    """Give the rosters of a hotline's groups by name, those who serve every operation last."""
    staff = {group.name: group.agents for group in station.groups} | {GENERALISTS: station.agents}
    factor, rounding = float(station.agents_factor), station.rounding
    return {
        name: Roster(agents, factor, rounding, run, f"{channel}.{name}", clock)
        for name, agents in staff.items()
    }


def visit_s_mean(channel: Channel) -> float:
    """Mean seconds that a visit holds a server, over the channel's operations, if nothing fails.

    A ticket display reckons with it.
    """
    totals = [
        sum(turn.human.mean_s + turn.pages * channel.works[turn.verb].service.mean_s for turn in turns)
        for turns in channel.dialogues.values()
    ]
    return fmean(totals) if totals else 0.0


def call_s_mean(channel: Channel, station: CallCentre, operation: str) -> float:
    """Mean seconds that a call of an operation holds an agent, if nothing fails; callbacks reckon with it."""
    talk, wrap_up = times_of(station, operation, "talk"), times_of(station, operation, "wrap_up")
    turns = channel.dialogues.get(operation, ())[1:]
    screens_s = sum(turn.pages * channel.works[turn.verb].service.mean_s for turn in turns)
    return talk.mean_s + wrap_up.mean_s + screens_s


def times_of(
    station: CallCentre, operation: str, name: Literal["patience", "talk", "wrap_up"]
) -> AnyDuration:
    """Give a time of the callers of an operation: their own, or else the station's."""
    caller = station.callers.get(operation)
    own: AnyDuration | None = getattr(caller, name) if caller else None
    found: AnyDuration = own or getattr(station, name)
    return found


def talk_with(station: CallCentre, group: str, operation: str) -> AnyDuration:
    """Give how long the agents of a group talk with callers of an operation."""
    own = next((known.talk.get(operation) for known in station.groups if known.name == group), None)
    return own or times_of(station, operation, "talk")
