"""A gateway that tries again at a pool which works off what was given up: it may not come back by itself."""

import heapq
from copy import deepcopy
from dataclasses import dataclass, field
from math import inf

import numpy as np

from footfall._calibrate.request_log import Floats, RequestLog
from footfall._capacity.load_steps import PlannedStep, PlayedStep
from tests.capacity.synthetic import KIND, played_step, stops_at_s

BETWEEN_S = 1.0


@dataclass
class RetryingGateway:
    """Plays load steps at a pool of slots behind a gateway; what it still has to do, it keeps."""

    slots: int = 4
    mean_s: float = 0.04
    cv: float = 0.5
    tries: int = 4
    """Of one visit, the first included."""
    timeout_s: float = 0.25
    """After it the gateway tries again, and the pool works off what it has given up."""
    dies_at_wait_s: float = inf
    """It answers nothing any more once a request would wait so long."""
    seed: int = 1
    played: list[PlayedStep] = field(default_factory=list)
    _now_s: float = 0.0
    _free_s: list[float] = field(default_factory=list)
    _is_dead: bool = False

    def play(self, planned: PlannedStep) -> PlayedStep:
        """Play a step after what is left of the ones before."""
        self._now_s += planned.pause_s
        rng = np.random.default_rng(self.seed * 1000 + planned.number)
        number = max(round(planned.offered_per_s * planned.length_s), 1)
        sent_s = np.sort(rng.random(number)) * planned.length_s
        work_s = rng.gamma(1 / self.cv**2, self.mean_s * self.cv**2, self.tries * number + 5000)
        # First to see when the generator would stop, then without the arrivals after that.
        log = deepcopy(self)._serve(sent_s, work_s)
        log = self._serve(sent_s[sent_s <= stops_at_s(planned, log)], work_s)
        step = played_step(planned, log)
        last_s = min(float(log.ended_s.max(initial=0.0)), step.length_s + planned.drain_s)
        self._now_s += max(step.length_s, last_s) + BETWEEN_S
        self.played.append(step)
        return step

    def _serve(self, sent_s: Floats, work_s: Floats) -> RequestLog:
        """Serve requests from now on, after what waits, with all their tries."""
        number = len(sent_s)
        ended_s, success = np.full(number, inf), np.zeros(number, dtype=np.bool_)
        waiting = [(self._now_s + float(at_s), place, self.tries - 1) for place, at_s in enumerate(sent_s)]
        works = iter(work_s.tolist())
        self._free_s = self._free_s or [0.0] * self.slots
        while waiting:
            at_s, place, more = heapq.heappop(waiting)
            ends_s, is_served = self._try(at_s, next(works))
            if is_served or not more:
                ended_s[place], success[place] = ends_s - self._now_s, is_served
            else:
                heapq.heappush(waiting, (ends_s, place, more - 1))
        return RequestLog(
            run="",
            kinds=(KIND,),
            kind=np.zeros(number, dtype=np.int64),
            sent_s=sent_s,
            ended_s=ended_s,
            status=np.where(success, 200, 504),
            is_success=success,
            is_answered=np.ones(number, dtype=np.bool_),
            length_s=1.0,
        )

    def _try(self, at_s: float, work_s: float) -> tuple[float, bool]:
        """When a try ends for the gateway, and whether it is served; its work is done in any case."""
        starts_s = max(at_s, self._free_s[0])
        self._is_dead |= starts_s - at_s > self.dies_at_wait_s
        if not self._is_dead:
            heapq.heapreplace(self._free_s, starts_s + work_s)
        if self._is_dead or starts_s + work_s > at_s + self.timeout_s:
            return at_s + self.timeout_s, False
        return starts_s + work_s, True
