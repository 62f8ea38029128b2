"""A service that is a simulated station, played step by step as the load generator would."""

from dataclasses import dataclass, field
from math import inf
from typing import Any, Protocol

import numpy as np

from footfall._calibrate.request_log import Floats, RequestLog
from footfall._calibrate.station_parameters import LawFamily, ServiceLaw, StationParameters
from footfall._calibrate.station_runs import SimulatedRuns, work_for
from footfall._calibrate.station_simulation import serve
from footfall._capacity.capacity_found import CapacityFound
from footfall._capacity.findings import findings
from footfall._capacity.load_steps import CapacityAsked, GuardFigures, PlannedStep, PlayedStep, StepVisits
from footfall._capacity.search import next_step
from footfall._capacity.step_evidence import RECOVERY

KIND = "web.get/GET /work"


def station(
    family: LawFamily = "exponential",
    mean_s: float = 0.04,
    cv: float = 1.0,
    fault_share: float = 0.0,
    **limits: Any,  # noqa: ANN401  fields of any type
) -> StationParameters:
    """A station with one kind of requests."""
    law = ServiceLaw(family=family, mean_s=mean_s, cv=cv)
    return StationParameters(kinds=(KIND,), laws=(law,), fault_shares=(fault_share,), **limits)


@dataclass
class SyntheticService:
    """Plays load steps at a station; what an overload has left is there when recovery is played."""

    station: StationParameters
    seed: int = 1
    generator_most_per_s: float = inf
    """From this rate on the generator is the limit."""
    slower_per_step: float = 0.0
    """By this share the work takes longer with each step."""
    played: list[PlayedStep] = field(default_factory=list)
    _before: tuple[PlannedStep, Floats] | None = None

    def play(self, planned: PlannedStep) -> PlayedStep:
        """Play a step."""
        rng = np.random.default_rng(self.seed * 1000 + planned.number)
        number = max(round(planned.offered_per_s * planned.length_s), 1)
        sent_s = np.sort(rng.random(number)) * planned.length_s
        first, shift_s = 0, 0.0
        if planned.purpose == RECOVERY and self._before is not None:
            earlier, earlier_s = self._before
            shift_s = earlier.length_s + earlier.drain_s
            first = len(earlier_s)
            every_s = np.concatenate([earlier_s, sent_s + shift_s])
        else:
            every_s = sent_s
        self._before = (planned, sent_s)
        requests = work_for(
            [self._station(planned)], every_s[:, None], np.zeros((len(every_s), 1), np.int64), rng
        )
        runs = serve([self._station(planned)], requests)
        step = self._step(planned, sent_s, _part(runs, first, shift_s))
        self.played.append(step)
        return step

    def _station(self, planned: PlannedStep) -> StationParameters:
        if not self.slower_per_step:
            return self.station
        law = self.station.laws[0]
        slower = (1 + self.slower_per_step) ** (planned.number - 1)
        return StationParameters(
            **{
                **{name: getattr(self.station, name) for name in StationParameters.__slots__},
                "laws": (ServiceLaw(family=law.family, mean_s=law.mean_s * slower, cv=law.cv),),
            }
        )

    def _step(self, planned: PlannedStep, sent_s: Floats, log: RequestLog) -> PlayedStep:
        stop_s = stops_at_s(planned, log)
        rate = float((sent_s <= stop_s).sum()) / min(stop_s, planned.length_s)
        bound = "its CPU was busy all the time" if rate > self.generator_most_per_s else ""
        return played_step(planned, log, bound)


def stops_at_s(planned: PlannedStep, log: RequestLog) -> float:
    """Second at which too many are under way, or too many have failed in a row; inf: never."""
    stops_s = [inf]
    if planned.under_way_most is not None:
        inside = np.arange(1, log.requests + 1) - np.searchsorted(np.sort(log.ended_s), log.sent_s)
        stops_s += log.sent_s[inside > planned.under_way_most].tolist()[:1]
    if planned.failed_in_a_row_most is not None:
        order = np.argsort(log.ended_s, kind="stable")
        success = log.is_success[order]
        since = np.arange(len(order)) - np.maximum.accumulate(np.where(success, np.arange(len(order)), -1))
        many = np.flatnonzero(since > planned.failed_in_a_row_most)
        stops_s += log.ended_s[order][many].tolist()[:1]
    stop_s = min(stops_s)
    return max(stop_s, 0.05) if stop_s < planned.length_s else inf


def played_step(planned: PlannedStep, log: RequestLog, bound: str = "") -> PlayedStep:
    """Make a played step of what would have become of all its requests."""
    stop_s = stops_at_s(planned, log)
    length_s = min(stop_s, planned.length_s)
    kept = log.sent_s <= length_s
    cut_s = length_s + planned.drain_s
    answered = log.ended_s[kept] <= cut_s
    ended_s = np.minimum(log.ended_s[kept], cut_s)
    success = log.is_success[kept] & answered
    rate = float(kept.sum()) / length_s
    kept_log = RequestLog(
        run=f"step {planned.number}",
        kinds=log.kinds,
        kind=log.kind[kept],
        sent_s=log.sent_s[kept],
        ended_s=ended_s,
        status=np.where(answered, log.status[kept], 0),
        is_success=success,
        is_answered=answered,
        length_s=length_s,
    )
    visits = StepVisits(
        channel=np.full(int(kept.sum()), "web"),
        operation=np.full(int(kept.sum()), "get"),
        due_s=kept_log.sent_s,
        response_s=kept_log.response_s,
        is_success=success,
        is_error=~success,
        is_answered=answered,
    )
    return PlayedStep(
        planned=planned,
        sent_per_s=rate,
        length_s=length_s,
        logs={"web": kept_log},
        visits=visits,
        requests_per_s=rate,
        under_way_at_end=int((kept_log.ended_s > length_s).sum()),
        stopped_early=stop_s < inf,
        generator=GuardFigures(bound_by=bound),
        invalid_reason=bound,
    )


def _part(runs: SimulatedRuns, first: int, shift_s: float) -> RequestLog:
    """The log of the requests from one on, on a clock that begins with them."""
    log = runs.request_log(0, (KIND,), run="", length_s=1.0)
    return RequestLog(
        run=log.run,
        kinds=log.kinds,
        kind=log.kind[first:],
        sent_s=log.sent_s[first:] - shift_s,
        ended_s=log.ended_s[first:] - shift_s,
        status=log.status[first:],
        is_success=log.is_success[first:],
        is_answered=log.is_answered[first:],
        length_s=log.length_s,
    )


@dataclass(frozen=True)
class Searched:
    """A whole search at a synthetic service."""

    found: CapacityFound
    steps: tuple[PlayedStep, ...]
    play_s: float
    """Seconds of arrivals."""
    wall_s: float
    """With drains, and two seconds a step."""


class Service(Protocol):
    """What plays load steps."""

    played: list[PlayedStep]

    def play(self, planned: PlannedStep) -> PlayedStep:
        """Play a step."""


def search(service: Service, asked: CapacityAsked, *, between_s: float = 1.0) -> Searched:
    """Search to the end."""
    spent_s = play_s = 0.0
    while (step := next_step(tuple(service.played), asked, spent_s)) is not None:
        done = service.play(step)
        last_s = float(done.logs["web"].ended_s.max(initial=0.0))
        play_s += done.length_s
        spent_s += step.pause_s + max(done.length_s, min(last_s, done.length_s + step.drain_s)) + between_s
    return Searched(findings(tuple(service.played), asked), tuple(service.played), play_s, spent_s)
