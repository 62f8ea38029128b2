"""Rules of capacity in simulation and reference service: staff, breakdowns, stalls, rate limits."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from math import floor, log1p
from statistics import fmean
from typing import Literal, NamedTuple

from footfall._behaviour import keyed
from footfall._model.channel import Channel, Verb
from footfall._model.durations import AnyDuration
from footfall._model.model import THE_DAYS_OWN, DayClock
from footfall._model.numbers import Profile
from footfall._model.station_specs import (
    GENERALISTS,
    CallCentre,
    Kiosks,
    MessageGateway,
    RateLimit,
    Rounding,
    Stalls,
)

# ── Who is on duty when, and how long a visit usually holds them


def servers_at(staff: Profile, factor: float, at_s: float) -> int:
    """Whole servers on duty at a second of the day."""
    return round(staff.at(at_s) * factor)


class RosterChange(NamedTuple):
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

    def changes(self, until_s: float) -> list[RosterChange]:
        """Give the changes of the number of servers in a run of so many seconds, in their order."""
        servers, found = self.at(0.0), []
        for at_s, day_s in self.clock.beginnings(until_s, self.staff.interval_s):
            before, servers = servers, self._on_duty(day_s)
            if servers != before:
                found.append(RosterChange(at_s, day_s, servers))
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


def displayed_wait_s(waiting: int, servers: int, visit_s: float) -> float:
    """Wait that a ticket display shows to a newcomer: one place behind all who wait, at the usual pace.

    `visit_s` is `visit_s_mean` of the channel.
    """
    return (waiting + 1) * visit_s / max(servers, 1)


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


# ── State of a kiosk at opening: up, or still under repair

_MACHINES = -2
"""A replication number of their own: both worlds find the same machines down."""
_MOST_MACHINES = 1000


def starts_down(channel: Channel, seed: int, site: int, machine: int) -> bool:
    """Whether this machine is down at the start, with the long-run share repair / (up + repair)."""
    station = channel.station
    if not isinstance(station, Kiosks) or not station.up.mean_s:
        return False
    share = station.repair.mean_s / (station.up.mean_s + station.repair.mean_s)
    return machine_uniform(channel.name, seed, site, machine, 0) < share


def machine_uniform(channel: str, seed: int, site: int, machine: int, turn: int) -> float:
    """Uniform number of one machine: turn 0 its state at the start, then its times up and in repair."""
    key = keyed.customer_key(keyed.run_key(seed, _MACHINES), site * _MOST_MACHINES + machine)
    return keyed.uniform(key, f"machine.{channel}", 0, turn)


# ── When a server stalls: the same times in every run of a replication


def stall_times(stalls: Stalls, run: int, name: str) -> Iterator[tuple[float, float]]:
    """Give beginning and end of each stall, in seconds of the run and in order, without end.

    `run` is the key of the replication and `name` that of the channel. Without `first_s` the run begins at
    a time like any other: in a stall with probability length_s/every_s.
    """
    length_s, every_s = float(stalls.length_s), float(stalls.every_s)
    if not length_s:
        return
    is_random = stalls.spacing == "random"
    key = keyed.mix(run ^ keyed.offset(f"stall.{name}", 0, 0))

    def gap_s(number: int) -> float:
        """Time from the end of a stall to the next."""
        if not is_random:
            return every_s - length_s
        return -(every_s - length_s) * log1p(-keyed.uniform(keyed.customer_key(key, number), "stall"))

    since_start_s = keyed.uniform(key, "stall") * every_s
    if stalls.first_s is not None:
        begins_s = float(stalls.first_s)
    elif is_random and since_start_s >= length_s:
        begins_s = gap_s(0)
    else:
        begins_s = -since_start_s if is_random else since_start_s - length_s
    for number in count(1):
        ends_s = begins_s + length_s
        yield max(begins_s, 0.0), ends_s
        begins_s = ends_s + gap_s(number)


class StallPlan:
    """When a server stalls, and so its work rests; in seconds of any clock."""

    def __init__(self, stalls: Stalls, run: int, name: str, zero_s: float = 0.0) -> None:
        """Take stalls as `stall_times` does; `zero_s` is second 0 of the run on the clock that is asked."""
        self._zero_s = zero_s
        self._times = stall_times(stalls, run, name)
        self._begins_s: list[float] = []
        self._ends_s: list[float] = []
        self._is_over = False

    def __iter__(self) -> Iterator[tuple[float, float]]:
        """Give beginning and end of each stall, in order, without end."""
        for place in count():
            if not self._knows(place):
                return
            yield self._begins_s[place], self._ends_s[place]

    def begins(self, at_s: float) -> float:
        """First second from `at_s` on at which the server does not stand still."""
        place = self._last(at_s)
        return max(at_s, self._ends_s[place]) if place >= 0 else at_s

    def ends(self, begins_s: float, work_s: float) -> float:
        """Second at which work of `work_s` seconds ends, if it begins then."""
        at_s = self.begins(begins_s)
        place = self._last(at_s) + 1
        while self._knows(place) and at_s + work_s > self._begins_s[place]:
            work_s -= self._begins_s[place] - at_s
            at_s = self._ends_s[place]
            place += 1
        return at_s + work_s

    def _last(self, at_s: float) -> int:
        """Place of the last stall that has begun by then; -1: none has."""
        while not self._is_over and (not self._begins_s or self._begins_s[-1] <= at_s):
            self._knows(len(self._begins_s))
        return bisect_right(self._begins_s, at_s) - 1

    def _knows(self, place: int) -> bool:
        while len(self._begins_s) <= place and not self._is_over:
            found = next(self._times, None)
            if found is None:
                self._is_over = True
            else:
                self._begins_s.append(self._zero_s + found[0])
                self._ends_s.append(self._zero_s + found[1])
        return place < len(self._begins_s)


# ── How long the operator keeps a session and an unconfirmed order: one rule for simulation and service

SESSION_IDLE_S = 1800.0
"""An idle session lives so long on a channel without a logout reminder."""
_WORK_TIMES_MOST = 20
"""So many mean service times are beyond what a service time comes to."""
NO_SESSION = "no_session"
EXPIRED = "expired"


def session_idle_s(channel: Channel, default_s: float = SESSION_IDLE_S) -> float:
    """Seconds that a session of a channel lives after the last request that used it."""
    reminder = channel.logout_reminder
    return float(reminder.idle_s) if reminder else default_s


def uses_session(verb: Verb) -> bool:
    """Whether a page is of the account, and so needs and renews the session; public pages do not."""
    return verb not in {Verb.LOGIN, Verb.BROWSE}


def has_lapsed(began_s: float, now_s: float, window_s: float) -> bool:
    """Whether what was begun, or last used, at `began_s` is over at `now_s`.

    Waits count like any other time: it is the operator's clock that runs.
    """
    return now_s - began_s > window_s


def message_answer_s_most(channel: Channel) -> float:
    """Seconds after which a message that was accepted has been answered: a full queue, then the systems.

    A customer who has sent a message waits for its answer, in the simulation and in a played run.
    """
    station = channel.station
    if not isinstance(station, MessageGateway):
        return 0.0
    queued_s = (float(station.queue) + 1) / float(station.messages_per_s)
    return queued_s + _WORK_TIMES_MOST * max(float(work.service.mean_s) for work in channel.works.values())


# ── Whether a request is within a rate limit, and how long it has to wait for the rate. Without a clock

_ROUNDING = 1e-9
"""Of a request: requests that come exactly at the rate fit."""


class LeakyBucket:
    """A leaky bucket as a meter; with `excess="delayed"`, as a queue (Turner 1986)."""

    def __init__(self, spec: RateLimit) -> None:
        """Start empty."""
        self._rate = float(spec.requests_per_s)
        self._most = float(spec.burst) + 1 + _ROUNDING
        self._delays = spec.excess == "delayed"
        self._level = 0.0
        self._at_s = 0.0

    def enter(self, now_s: float) -> float | None:
        """Seconds for which a request that comes now is held back, 0 for none; None: it is refused."""
        level = self._level_at(now_s) + 1
        if level > self._most:
            return None
        self._level, self._at_s = level, now_s
        return (level - 1) / self._rate if self._delays else 0.0

    def room_in_s(self, now_s: float) -> float:
        """Seconds after which a request would not be refused, if none came meanwhile."""
        return max(self._level_at(now_s) + 1 - self._most, 0.0) / self._rate

    def _level_at(self, now_s: float) -> float:
        return max(self._level - (now_s - self._at_s) * self._rate, 0.0)
