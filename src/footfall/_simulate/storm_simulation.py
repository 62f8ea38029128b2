"""A request server and its clients through a trigger: an outage, a stall, a slowdown, or extra load.

Built for maps of many points: first come, first served, so when a request begins and ends is known as soon as
it is sent, and one event a try is enough. The rules of the clients are those of every other run
(`_behaviour/client_guards.py`), and customers end as in the simulated day (`stations/guarded_server.py`),
customer by customer, if both draw the same numbers (`tests/simulate/test_storm_simulation.py`).

Left out: customers' own mistakes and their return after a failed visit, and what the business refuses. They
take no part in what keeps a server down within minutes.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush, heapreplace
from itertools import count
from math import inf, sqrt
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from footfall._behaviour.capacity_rules import LeakyBucket
from footfall._behaviour.client_guards import FAILURES, ClientGuard
from footfall._behaviour.customer_rules import fault_drawn, request_number
from footfall._model.channel import Channel, Work
from footfall._model.durations import AnyDuration
from footfall._model.numbers import whole
from footfall._model.station_specs import RequestServer
from footfall._records.rows import Outcome

TriggerKind = Literal["stall", "slow", "outage", "load"]
Values = NDArray[np.float64]
_BEYOND_CHANCE = 5.0
"""Standard deviations: a run looks often, and must not end early by mistake."""
_INSTANT_S = 1e-9
"""A slot that becomes free at the very end of the longest wait is in time."""


# ── What is played: a trigger, the requests of a visit, and the numbers that they draw


@dataclass(frozen=True, slots=True)
class Trigger:
    """What happens to the server or its load for a while."""

    kind: TriggerKind
    starts_s: float
    length_s: float
    strength: float = 1.0
    """`slow`: share of the server's speed that it takes; `load`: extra requests, by its capacity."""

    @property
    def ends_s(self) -> float:
        """Second of the run at which it is over."""
        return self.starts_s + self.length_s

    @property
    def speed(self) -> float:
        """Speed of the server meanwhile, 1: undisturbed."""
        return {"stall": 0.0, "slow": 1.0 - self.strength}.get(self.kind, 1.0)


class StormRequest(NamedTuple):
    """One request of a visit."""

    number: int
    """By which its random numbers are keyed (`customer_rules.request_number`)."""
    human: AnyDuration | None
    """Before it; None: it follows at once."""
    work: Work
    is_last: bool
    """Of its step: here the operator's fault strikes."""


def requests_of(channel: Channel, operation: str) -> tuple[StormRequest, ...]:
    """Give the requests of a visit at a channel, in order; a customer logs out."""
    return tuple(
        StormRequest(
            request_number(number, page),
            step.human if page == 0 and step.human.mean_s else None,
            channel.works[step.verb],
            page == int(step.pages) - 1,
        )
        for number, step in enumerate(channel.dialogues[operation])
        for page in range(int(step.pages))
    )


class Draws(Protocol):
    """The random numbers of a run; `visit` counts the visits from 0, `retries` the tries before this one."""

    def human_s(self, visit: int, request: StormRequest) -> float:
        """Seconds before a request."""

    def work_s(self, visit: int, request: StormRequest, retries: int) -> float:
        """Work of a try."""

    def fault_u(self, visit: int, request: StormRequest, retries: int) -> float:
        """Uniform number of the operator's fault."""

    def pause_u(self, visit: int, request: StormRequest, retries: int) -> float:
        """Uniform number of the pause before a retry, counted from 1."""


@dataclass(frozen=True, slots=True)
class StormVisits:
    """The visits that come, in order of time."""

    due_s: Values
    requests: Sequence[tuple[StormRequest, ...]]
    """Of each visit."""


@dataclass(frozen=True, slots=True)
class Watch:
    """When an undecided run ends, and how it is seen that the server is well again."""

    until_s: float
    """The last visit is due by then."""
    every_s: float = inf
    """The server is looked at so often, from the end of the trigger on; inf: never."""
    well_for: int = 5
    """The run ends early after so many looks in a row at a server with a short queue and few failures."""
    short_wait_s: float = 0.0
    """The longest wait for a slot of a short queue."""
    hopeless_after_s: float = inf
    """The run ends early, too, if the queue has grown beyond chance in the second half of so long a time."""
    chance_s: float = 0.0
    """Chance moves the wait for a slot by sqrt(`chance_s` t) in t seconds."""
    failing_share: float = 0.05
    """Of the tries between two looks: so many may fail."""


@dataclass(frozen=True, slots=True)
class StormPlayed:
    """How the visits ended."""

    due_s: Values
    ended_s: Values
    outcome: tuple[Outcome, ...]
    looked_s: Values
    """Seconds of the run at which the server was looked at …"""
    wait_s: Values
    """… and how long a request that came then would have waited for its slot."""
    tries: int
    is_well: bool
    """Whether it ended early, because the server was well again."""
    is_hopeless: bool
    """Whether it ended early, because the queue kept growing."""

    @property
    def is_served(self) -> NDArray[np.bool_]:
        """Of each visit: whether it was served."""
        return np.array([each is Outcome.SERVED for each in self.outcome])


# ── The server: first come, first served, its speed a function of time


class ServerSpeed:
    """The speed of a server that is slower, or stands still, in some windows of time."""

    def __init__(self, windows: Sequence[tuple[float, float, float]]) -> None:
        """Take beginning, end and speed of each window; where they overlap, the slowest counts."""
        edges = sorted({0.0, *(edge for begins, ends, _ in windows for edge in (begins, ends))})
        self._from_s = edges
        self._speed = [
            min((speed for begins, ends, speed in windows if begins <= edge < ends), default=1.0)
            for edge in edges
        ]
        self.is_plain = not windows

    def begins(self, at_s: float) -> float:
        """First second from `at_s` on at which work can begin."""
        place = bisect_right(self._from_s, at_s) - 1
        while self._speed[place] == 0.0:
            place += 1
            at_s = self._from_s[place]
        return at_s

    def ends(self, begins_s: float, work_s: float) -> float:
        """Second at which a work of `work_s` seconds at full speed ends."""
        place = bisect_right(self._from_s, begins_s) - 1
        at_s = begins_s
        while place + 1 < len(self._from_s):
            speed, next_s = self._speed[place], self._from_s[place + 1]
            if work_s <= (next_s - at_s) * speed:
                return at_s + work_s / speed if speed else at_s
            work_s -= (next_s - at_s) * speed
            at_s, place = next_s, place + 1
        return at_s + work_s


class FifoServer:
    """Slots with a queue before them; every answer is known when its request comes."""

    def __init__(self, spec: RequestServer, speed: ServerSpeed) -> None:
        """Start with all slots free."""
        self._free = [0.0] * int(spec.slots)
        heapify(self._free)
        self._leaves: deque[float] = deque()
        self._most_waiting = whole(spec.accept_queue)
        self._deadline_s = float(spec.deadline_s)
        self._queue_timeout_s = float(spec.queue_timeout_s)
        self._stale_work = spec.stale_work
        self._speed = speed
        self._idle_until: tuple[float, int] = (0.0, 0)

    def wait_s(self, now_s: float) -> float:
        """Give how long a request that comes now would wait for its slot."""
        return max(self._begins(now_s) - now_s, 0.0)

    def offer(self, now_s: float, asked_s: float, work_s: float) -> tuple[float, Outcome | None]:
        """Take a request in; gives when its client knows, and how it failed, None: it did not.

        `asked_s` is when its client began to wait. Requests come in the order of time.
        """
        waiting = self._leaves
        while waiting and waiting[0] <= now_s:
            waiting.popleft()
        begins_s, gives_up_s = self._begins(now_s), asked_s + self._deadline_s
        if begins_s > now_s:
            if len(waiting) >= self._most_waiting + self._idle(now_s):
                return now_s, Outcome.THROTTLED
            leaves_s, ended = begins_s, None
            if self._queue_timeout_s and begins_s > now_s + self._queue_timeout_s + _INSTANT_S:
                leaves_s, ended = now_s + self._queue_timeout_s, Outcome.ERROR
            if self._stale_work == "cut" and leaves_s > gives_up_s:
                leaves_s, ended = gives_up_s, Outcome.TIMEOUT
            elif self._stale_work == "dropped" and ended is None and begins_s > gives_up_s:
                ended = Outcome.TIMEOUT
            waiting.append(leaves_s)
            if ended is not None:
                return (gives_up_s, Outcome.TIMEOUT) if leaves_s >= gives_up_s else (leaves_s, ended)
        ends_s = begins_s + work_s if self._speed.is_plain else self._speed.ends(begins_s, work_s)
        is_late = ends_s > gives_up_s
        heapreplace(self._free, gives_up_s if is_late and self._stale_work == "cut" else ends_s)
        return (gives_up_s, Outcome.TIMEOUT) if is_late else (ends_s, None)

    def _begins(self, now_s: float) -> float:
        free_s = self._free[0]
        begins_s = max(now_s, free_s)
        return begins_s if self._speed.is_plain else self._speed.begins(begins_s)

    def _idle(self, now_s: float) -> int:
        """Free slots of a server that stands still: they count as places to wait.

        They are counted once for each standstill, before any of them is promised to a request.
        """
        if self._speed.is_plain or (goes_on_s := self._speed.begins(now_s)) <= now_s:
            return 0
        if self._idle_until[0] != goes_on_s:
            self._idle_until = goes_on_s, sum(free_s <= now_s for free_s in self._free)
        return self._idle_until[1]


# ── The run: events of single tries in the order of time

_START, _TRY, _COMES, _OFFER, _END, _LOOK = range(6)
_STORM = FAILURES


class _Visit:
    """A visit under way."""

    __slots__ = ("asked_s", "number", "period", "place", "requests", "retries")

    def __init__(self, number: int, requests: tuple[StormRequest, ...]) -> None:
        self.number = number
        self.requests = requests
        self.place = 0
        self.retries = 0
        self.period = 0
        self.asked_s = 0.0


class StormRun:
    """One run of a server and its clients."""

    def __init__(
        self,
        spec: RequestServer,
        visits: StormVisits,
        draws: Draws,
        windows: Sequence[tuple[float, float, float]] = (),
        outages: Sequence[tuple[float, float]] = (),
    ) -> None:
        """Take a station, who comes, and when it is slow (beginning, end, speed) or out (beginning, end)."""
        self._server = FifoServer(spec, ServerSpeed(windows))
        self._guard = ClientGuard(spec)
        self._bucket = LeakyBucket(spec.rate_limit) if spec.rate_limit.requests_per_s else None
        self._deadline_s = float(spec.deadline_s)
        self._network_s = float(spec.network_s)
        self._outages = tuple(outages)
        self._visits = visits
        self._draws = draws
        self._events: list[tuple[float, int, int, _Visit | None, Outcome | None]] = []
        self._order = count()
        self._outcome: list[Outcome] = [Outcome.UNFINISHED] * len(visits.due_s)
        self._ended_s = np.full(len(visits.due_s), np.nan)
        self._tries = 0
        self._tried = self._failed = 0
        self._well = 0
        self._is_hopeless = False
        self._looked: list[tuple[float, float]] = []

    def play(self, watch: Watch, looks_from_s: float = inf) -> StormPlayed:
        """Play to the end of the watch, and on until all who came by then have ended."""
        due_s, events = self._visits.due_s.tolist(), self._events
        came, last = 0, int(np.searchsorted(self._visits.due_s, watch.until_s, side="right"))
        if watch.every_s < inf:
            self._push(looks_from_s, _LOOK)
        while came < last or events:
            if came < last and (not events or due_s[came] <= events[0][0]):
                self._arrive(due_s[came], came)
                came += 1
                continue
            at_s, _, kind, visit, outcome = heappop(events)
            if visit is None:
                last = self._look(at_s, watch, came, last)
            elif kind == _END:
                self._end(at_s, visit, outcome)
            elif kind == _COMES:
                self._come(at_s, visit)
            elif kind == _OFFER:
                self._offer(at_s, visit)
            else:
                self._try(at_s, visit, starts=kind == _START)
        looked = np.array(self._looked).reshape(-1, 2)
        return StormPlayed(
            due_s=self._visits.due_s[:came],
            ended_s=self._ended_s[:came],
            outcome=tuple(self._outcome[:came]),
            looked_s=looked[:, 0],
            wait_s=looked[:, 1],
            tries=self._tries,
            is_well=self._well >= watch.well_for,
            is_hopeless=self._is_hopeless,
        )

    def _push(
        self, at_s: float, kind: int, visit: _Visit | None = None, outcome: Outcome | None = None
    ) -> None:
        heappush(self._events, (at_s, next(self._order), kind, visit, outcome))

    def _arrive(self, now_s: float, number: int) -> None:
        visit = _Visit(number, self._visits.requests[number])
        self._go_on(now_s, visit)

    def _go_on(self, now_s: float, visit: _Visit) -> None:
        """Begin the visit's next request, after the customer's own time."""
        request = visit.requests[visit.place]
        if request.human is None:
            self._try(now_s, visit, starts=True)
        else:
            self._push(now_s + self._draws.human_s(visit.number, request), _START, visit)

    def _try(self, now_s: float, visit: _Visit, *, starts: bool) -> None:
        guard = self._guard
        if starts:
            visit.retries = 0
            guard.begin()
        period = guard.enter(now_s)
        if period is None:
            self._close(now_s, visit, Outcome.THROTTLED)
            return
        self._tries += 1
        visit.period = period
        if self._network_s:
            self._push(now_s + self._network_s, _COMES, visit)
        else:
            self._come(now_s, visit)

    def _come(self, now_s: float, visit: _Visit) -> None:
        """Have a try come to the server, where its deadline begins."""
        visit.asked_s = now_s
        if self._outages and any(begins <= now_s < ends for begins, ends in self._outages):
            self._push(now_s, _END, visit, Outcome.ERROR)
            return
        delay_s = self._bucket.enter(now_s) if self._bucket else 0.0
        if delay_s is None:
            self._push(now_s, _END, visit, Outcome.THROTTLED)
        elif delay_s > self._deadline_s:
            self._push(now_s + self._deadline_s, _END, visit, Outcome.TIMEOUT)
        elif delay_s:
            self._push(now_s + delay_s, _OFFER, visit)
        else:
            self._offer(now_s, visit)

    def _offer(self, now_s: float, visit: _Visit) -> None:
        draws, request = self._draws, visit.requests[visit.place]
        work_s = draws.work_s(visit.number, request, visit.retries)
        at_s, outcome = self._server.offer(now_s, visit.asked_s, work_s)
        if outcome is None and request.is_last and request.work.faults:
            u = draws.fault_u(visit.number, request, visit.retries)
            fault = fault_drawn(request.work, "service", u)
            outcome = None if fault is None else Outcome(fault.outcome)
        self._push(at_s, _END, visit, outcome)

    def _end(self, now_s: float, visit: _Visit, outcome: Outcome | None) -> None:
        guard = self._guard
        guard.note(visit.period, now_s, outcome)
        self._tried += 1
        self._failed += outcome in _STORM
        if outcome is None:
            visit.place += 1
            if visit.place == len(visit.requests):
                self._close(now_s, visit, Outcome.SERVED)
            else:
                self._go_on(now_s, visit)
        elif guard.tries_again(visit.retries, outcome):
            visit.retries += 1
            request = visit.requests[visit.place]
            u = self._draws.pause_u(visit.number, request, visit.retries)
            self._push(now_s + guard.pause_s(visit.retries, u), _TRY, visit)
        else:
            self._close(now_s, visit, outcome)

    def _close(self, now_s: float, visit: _Visit, outcome: Outcome) -> None:
        self._outcome[visit.number] = outcome
        self._ended_s[visit.number] = now_s

    def _look(self, now_s: float, watch: Watch, came: int, last: int) -> int:
        """Look at the server; gives how many visits come in all, which is no more once it is well again."""
        wait_s = self._server.wait_s(now_s)
        self._looked.append((now_s, wait_s))
        is_well = wait_s <= watch.short_wait_s and self._failed <= watch.failing_share * self._tried
        self._well = self._well + 1 if is_well else 0
        self._tried = self._failed = 0
        self._is_hopeless = self._grows(watch)
        if self._well >= watch.well_for or self._is_hopeless:
            return came
        if now_s + watch.every_s <= watch.until_s:
            self._push(now_s + watch.every_s, _LOOK)
        return last

    def _grows(self, watch: Watch) -> bool:
        """Whether the queue has grown for long, and by more than chance would have it."""
        (first_s, _), (half_s, before_s), (last_s, after_s) = (
            self._looked[place] for place in (0, len(self._looked) // 2, -1)
        )
        if last_s - first_s < watch.hopeless_after_s:
            return False
        return after_s - before_s > _BEYOND_CHANCE * sqrt(watch.chance_s * (last_s - half_s))
