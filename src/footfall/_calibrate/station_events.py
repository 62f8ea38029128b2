"""One station event by event: what the recursion of `station_queues` has no form for.

Those are requests in work that share cores, and queues of which a request joins the shortest. Sharing is
by virtual time (Demers, Keshav and Shenker 1989): while n are in work each goes on at the rate
min(1, cores/n), and V is the work done so far on any one; a request of work x that begins at V ends when V
has grown by x.
"""

from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import inf

import numpy as np

from footfall._calibrate.request_log import Floats
from footfall._calibrate.station_parameters import StationParameters
from footfall._calibrate.station_runs import RequestEnd


@dataclass(frozen=True, slots=True, eq=False)
class StationArrivals:
    """The requests of one station, in order; times are those of its working clock, `inf`: no limit."""

    came: Floats
    work_s: Floats
    gives_up: Floats
    """When its deadline is over."""
    leaves: Floats
    """When it leaves the queue, if its work has not begun."""


@dataclass(slots=True)
class _Queue:
    """A queue and its slots."""

    slots: int
    cores: float
    ends: list[tuple[float, int]] = field(default_factory=list)
    """Virtual time at which a request in work ends, and its number."""
    line: deque[int] = field(default_factory=deque)
    in_work: int = 0
    waiting: int = 0
    virtual: float = 0.0
    at: float = 0.0

    @property
    def rate(self) -> float:
        return min(1.0, self.cores / self.in_work) if self.in_work else 0.0

    def advance(self, now: float) -> None:
        self.virtual += (now - self.at) * self.rate
        self.at = now

    def next_end(self, gone: list[bool]) -> float:
        """Time of the next end; those that were cut are forgotten."""
        while self.ends and gone[self.ends[0][1]]:
            heappop(self.ends)
        if not self.ends:
            return inf
        return self.at + max(self.ends[0][0] - self.virtual, 0.0) / self.rate


class _Run:
    def __init__(self, station: StationParameters, arrivals: StationArrivals) -> None:
        shares = station.cores is not None
        queues = max(station.queues, 1)
        slots = max(station.slots // queues, 1)
        cores = max((station.cores or 0) // queues, 1) if shares else slots
        self.queues = [_Queue(slots, cores) for _ in range(queues)]
        self.places = station.accept_queue
        self.stale = station.stale_work
        self.work = arrivals.work_s.tolist()
        number = len(self.work)
        self.end = [int(RequestEnd.ABSENT)] * number
        self.ended = [0.0] * number
        self.begun = [False] * number
        self.gone = [False] * number
        """No longer in the queue or in work."""
        self.queue_of = [0] * number

    def arrive(self, request: int, now: float) -> bool:
        """Take a request in; False: refused."""
        place = min(range(len(self.queues)), key=lambda n: self.queues[n].in_work + self.queues[n].waiting)
        queue = self.queues[place]
        self.queue_of[request] = place
        if queue.in_work < queue.slots and not queue.waiting:
            self._begin(queue, request, now)
            return True
        if queue.waiting >= self.places:
            self.end[request], self.ended[request] = RequestEnd.REFUSED, now
            return False
        queue.line.append(request)
        queue.waiting += 1
        return True

    def finish_next(self, queue: _Queue, now: float) -> None:
        """End the request of a queue that is due."""
        queue.advance(now)
        virtual, request = heappop(queue.ends)
        queue.virtual = virtual
        queue.in_work -= 1
        self.gone[request] = True
        if self.end[request] == RequestEnd.ABSENT:
            self.end[request], self.ended[request] = RequestEnd.SERVED, now
        self._admit(queue, now)

    def give_up(self, request: int, now: float) -> None:
        """Note that the deadline of a request is over."""
        if self.end[request] != RequestEnd.ABSENT:
            return
        self.end[request], self.ended[request] = RequestEnd.DEADLINE, now
        if self.stale == "cut":
            self._remove(request, now)

    def leave_queue(self, request: int, now: float) -> None:
        """Note that a request has waited too long."""
        if self.begun[request] or self.gone[request]:
            return
        if self.end[request] == RequestEnd.ABSENT:
            self.end[request], self.ended[request] = RequestEnd.QUEUE_TIMEOUT, now
        self._remove(request, now)

    def _remove(self, request: int, now: float) -> None:
        queue = self.queues[self.queue_of[request]]
        self.gone[request] = True
        if self.begun[request]:
            queue.advance(now)
            queue.in_work -= 1
            self._admit(queue, now)
        else:
            queue.waiting -= 1

    def _begin(self, queue: _Queue, request: int, now: float) -> None:
        queue.advance(now)
        if not queue.in_work:
            queue.virtual = 0.0
            queue.ends.clear()
        self.begun[request] = True
        heappush(queue.ends, (queue.virtual + self.work[request], request))
        queue.in_work += 1

    def _admit(self, queue: _Queue, now: float) -> None:
        while queue.line and queue.in_work < queue.slots:
            request = queue.line.popleft()
            if self.gone[request]:
                continue
            queue.waiting -= 1
            if self.end[request] == RequestEnd.ABSENT or self.stale == "served":
                self._begin(queue, request, now)
            else:
                self.gone[request] = True


def served_by_events(station: StationParameters, arrivals: StationArrivals) -> tuple[Floats, np.ndarray]:
    """Give the working time at which each request ended for its client, and how."""
    run = _Run(station, arrivals)
    came, gives_up, leaves = (times.tolist() for times in (arrivals.came, arrivals.gives_up, arrivals.leaves))
    alarms: list[tuple[float, int, bool]] = []
    number, following = len(came), 0
    while True:
        due = [queue.next_end(run.gone) for queue in run.queues]
        end_at = min(due)
        alarm_at = alarms[0][0] if alarms else inf
        arrives_at = came[following] if following < number else inf
        now = min(end_at, alarm_at, arrives_at)
        if now == inf:
            break
        if end_at == now:
            run.finish_next(run.queues[due.index(end_at)], now)
        elif alarm_at == now:
            _, request, is_deadline = heappop(alarms)
            (run.give_up if is_deadline else run.leave_queue)(request, now)
        else:
            if run.arrive(following, now):
                if gives_up[following] < inf:
                    heappush(alarms, (gives_up[following], following, True))
                if leaves[following] < inf and not run.begun[following]:
                    heappush(alarms, (leaves[following], following, False))
            following += 1
    return np.array(run.ended), np.array(run.end, dtype=np.int8)
