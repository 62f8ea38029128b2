"""What a service of `service.js` must do, by an event simulation that shares nothing with Footfall."""

import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import log, sqrt

WARM_UP_SHARE = 0.1
SUCCESS_SHARE_LEAST = 0.99
UNLOADED_PER_S = 20.0
UNLOADED_TIMES_MOST = 4.0
"""The knee: success of 99 % and a p95 below four times that at 20 arrivals per second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceNumbers:
    """The numbers of one service; 0 where it has no such limit."""

    slots: int
    mean_s: float
    cv: float = 0.5
    law: str = "gamma"
    queues: int = 1
    queue_most: int = 10**9
    deadline_s: float = 0.0
    """The answer is 504 then; the work goes on, in its slot."""
    queue_timeout_s: float = 0.0
    """A request that has waited so long for a slot is answered by 503."""
    retries: int = 0
    retry_timeout_s: float = 0.0
    """A gateway gives up after it and tries again; what it gave up is worked off."""

    @property
    def plateau_per_s(self) -> float:
        """Requests per second that the slots serve when all are busy."""
        return self.slots / self.mean_s

    def work_s(self, draws: random.Random) -> float:
        """Draw the work of one request."""
        if self.law == "exponential":
            return draws.expovariate(1 / self.mean_s)
        if self.law == "uniform":
            return self.mean_s * (1 + self.cv * sqrt(3) * (2 * draws.random() - 1))
        if self.law == "lognormal":
            variance = log(1 + self.cv**2)
            return draws.lognormvariate(log(self.mean_s) - variance / 2, sqrt(variance))
        return draws.gammavariate(1 / self.cv**2, self.mean_s * self.cv**2)


@dataclass(slots=True, eq=False)
class _Job:
    """A request at the slots; a gateway sends several for one visit."""

    visit: int
    tries_left: int
    is_over: bool = False
    is_waiting: bool = False
    worker: int = 0


@dataclass(slots=True)
class _Worker:
    free: int
    line: deque[_Job] = field(default_factory=deque)
    waiting: int = 0


class EventSimulation:
    """One run of Poisson arrivals from idle."""

    def __init__(self, numbers: ServiceNumbers, seed: int) -> None:
        """Begin with all slots free."""
        self._numbers = numbers
        self._draws = random.Random(seed)
        self._workers = [_Worker(numbers.slots // numbers.queues) for _ in range(numbers.queues)]
        self._turns = itertools.cycle(range(numbers.queues))
        self._order = itertools.count()
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._starts_s: list[float] = []
        self._ends: dict[int, tuple[float, bool]] = {}

    def run(self, rate_per_s: float, arrivals: int) -> tuple[float, float]:
        """Return the share of successes and the p95 in seconds of the arrivals after the warm-up."""
        self._after(
            0.0, self._draws.expovariate(rate_per_s), lambda now_s: self._arrive(now_s, rate_per_s, arrivals)
        )
        while self._events:
            now_s, _, what = heapq.heappop(self._events)
            what(now_s)
        counted = range(int(arrivals * WARM_UP_SHARE), arrivals)
        responses_s = sorted(self._ends[visit][0] - self._starts_s[visit] for visit in counted)
        served = sum(self._ends[visit][1] for visit in counted)
        return served / len(counted), responses_s[int(0.95 * len(counted))]

    def _after(self, now_s: float, seconds: float, what: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (now_s + seconds, next(self._order), what))

    def _arrive(self, now_s: float, rate_per_s: float, arrivals: int) -> None:
        visit = len(self._starts_s)
        self._starts_s.append(now_s)
        if self._numbers.deadline_s:
            self._after(now_s, self._numbers.deadline_s, lambda at_s: self._end(visit, at_s, served=False))
        self._try(visit, self._numbers.retries, now_s)
        if visit + 1 < arrivals:
            gap_s = self._draws.expovariate(rate_per_s)
            self._after(now_s, gap_s, lambda at_s: self._arrive(at_s, rate_per_s, arrivals))

    def _end(self, visit: int, now_s: float, *, served: bool) -> None:
        self._ends.setdefault(visit, (now_s, served))

    def _try(self, visit: int, tries_left: int, now_s: float) -> None:
        job = _Job(visit, tries_left, worker=next(self._turns))
        if self._numbers.retry_timeout_s:
            self._after(now_s, self._numbers.retry_timeout_s, lambda at_s: self._give_up(job, at_s))
        worker = self._workers[job.worker]
        if worker.free:
            self._begin(job, now_s)
        elif worker.waiting >= self._numbers.queue_most:
            self._answer(job, now_s, served=False)
        else:
            job.is_waiting = True
            worker.line.append(job)
            worker.waiting += 1
            if self._numbers.queue_timeout_s:
                self._after(now_s, self._numbers.queue_timeout_s, lambda at_s: self._expire(job, at_s))

    def _begin(self, job: _Job, now_s: float) -> None:
        job.is_waiting = False
        self._workers[job.worker].free -= 1
        self._after(now_s, self._numbers.work_s(self._draws), lambda at_s: self._finish(job, at_s))

    def _finish(self, job: _Job, now_s: float) -> None:
        worker = self._workers[job.worker]
        worker.free += 1
        self._answer(job, now_s, served=True)
        while worker.line:
            following = worker.line.popleft()
            if following.is_waiting:
                worker.waiting -= 1
                self._begin(following, now_s)
                return

    def _expire(self, job: _Job, now_s: float) -> None:
        if job.is_waiting:
            job.is_waiting = False
            self._workers[job.worker].waiting -= 1
            self._answer(job, now_s, served=False)

    def _give_up(self, job: _Job, now_s: float) -> None:
        if job.is_over:
            return
        job.is_over = True
        if job.tries_left:
            self._try(job.visit, job.tries_left - 1, now_s)
        else:
            self._end(job.visit, now_s, served=False)

    def _answer(self, job: _Job, now_s: float, *, served: bool) -> None:
        if not job.is_over:
            job.is_over = True
            self._end(job.visit, now_s, served=served)


def unloaded_p95_s(numbers: ServiceNumbers) -> float:
    """Return the p95 at 20 arrivals per second, seconds."""
    return EventSimulation(numbers, 1).run(UNLOADED_PER_S, 40_000)[1]


def knee_per_s(numbers: ServiceNumbers, p95_s_most: float, arrivals: int = 100_000) -> float:
    """Return the highest arrival rate with 99 % success and a p95 below the limit, by bisection."""
    low, high = 0.0, 1.2 * numbers.plateau_per_s
    for seed in range(10):
        middle = (low + high) / 2
        success_share, p95_s = EventSimulation(numbers, seed).run(middle, arrivals)
        holds = success_share >= SUCCESS_SHARE_LEAST and p95_s < p95_s_most
        low, high = (middle, high) if holds else (low, middle)
    return (low + high) / 2
