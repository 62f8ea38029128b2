"""Whether a station comes back from a trigger, by its load and its clients: states and safe loads."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from math import inf, isfinite, sqrt
from statistics import fmean, median
from typing import Literal

import numpy as np
import scipy
from numpy.typing import NDArray

from footfall._behaviour import keyed
from footfall._behaviour.capacity_rules import stall_times
from footfall._model.channel import Channel
from footfall._model.duration_quantiles import lognormal_parameters
from footfall._model.durations import AnyDuration, DistributionFamily, Duration
from footfall._model.numbers import Number
from footfall._model.station_specs import RequestServer
from footfall._simulate.storm_simulation import (
    StormPlayed,
    StormRequest,
    StormRun,
    StormVisits,
    Trigger,
    TriggerKind,
    Watch,
    requests_of,
)
from footfall._stats.recovery import VISITS_A_BIN, recovery

State = Literal["stable", "vulnerable", "metastable"]
Values = NDArray[np.float64]
REPLICATIONS = 6
"""The range of six values holds their median in 97 % of cases: 1 - 2 (1/2)^6 (Thompson 1936)."""
REQUESTS_LEAST = 40_000
"""At capacity, within the watch: so that a load 3 % from the border is distinguished from one beyond it."""
_BEFORE_VISITS = 200
_WELL_LOOKS = 5
_SIGMAS = 2.0
_LONGER = 4
"""Times the usual watch, for a run whose end does not say."""
_HOPELESS_REQUESTS = 5_000
_SAFE_TOLERANCE, _EXACT_TOLERANCE = 0.02, 0.01
_SAFE_REPLICATIONS = 3


# ── What is asked: a channel with its mix of visits, a trigger, and points of a map


@dataclass(frozen=True, slots=True, kw_only=True)
class StormCase:
    """A channel of requests, who comes there, and what happens to it."""

    channel: Channel
    mix: Mapping[str, float]
    """Share of the visits by operation."""
    trigger: TriggerKind = "stall"
    strength: float = 1.0
    """Of the trigger (`Trigger.strength`)."""
    longest_s: float = 60.0
    """A point is stable if it comes back from a trigger of this length, too."""
    watch_s: float | None = None
    """How long the server is watched after the trigger; None: long enough to decide."""
    seed: int = 1

    @property
    def station(self) -> RequestServer:
        """The channel's station."""
        station = self.channel.station
        assert isinstance(station, RequestServer)  # noqa: S101  checked where a case is made
        return station

    @property
    def requests_per_visit(self) -> float:
        """Mean number of requests of a visit in which nothing fails."""
        return sum(share * len(requests_of(self.channel, name)) for name, share in self.mix.items())

    @property
    def work_s_mean(self) -> float:
        """Mean work of a request."""
        works = (
            share * float(request.work.service.mean_s)
            for name, share in self.mix.items()
            for request in requests_of(self.channel, name)
        )
        return sum(works) / self.requests_per_visit

    @property
    def capacity_per_s(self) -> float:
        """Requests a second that the station can serve: its slots, its rate limit, its stalls."""
        station = self.station
        stalls = station.stalls
        share = 1 - stalls.length_s / stalls.every_s
        by_slots = station.slots / self.work_s_mean * share if self.work_s_mean else inf
        return float(min(by_slots, station.rate_limit.requests_per_s or inf))


@dataclass(frozen=True, slots=True)
class StormPoint:
    """One point of a map."""

    load_share: float
    """Requests of the first tries, by the station's capacity."""
    retries: int
    budget_share: float
    """Of retries by requests; 0: no budget."""
    trigger_s: float
    """Length of the trigger."""


@dataclass(frozen=True, slots=True)
class PointRun:
    """One replication of a point."""

    after_s: float
    """When it had recovered, from the end of the trigger; beyond the watch from the way in which the queue
    became shorter; inf: never."""
    end_share: float
    """Share served of the last third of those who came after the trigger."""
    tries_by_visit: float

    @property
    def recovered(self) -> bool:
        """Whether it recovered."""
        return isfinite(self.after_s)


@dataclass(frozen=True, slots=True)
class PointFound:
    """What became of a point."""

    point: StormPoint
    visits_per_s: float
    state: State
    recovered_share: float
    """Of the replications."""
    recovery_s_p50: float
    """Time from the end of the trigger; inf: more than half never recovered."""
    recovery_s_low: float
    recovery_s_high: float
    end_share: float
    """Mean over the replications."""
    tries_by_visit: float


def found_at(case: StormCase, point: StormPoint, replications: int = REPLICATIONS) -> PointFound:
    """Play a point: with its trigger, and where it recovers, with the longest one."""
    runs = [run_point(case, point, number) for number in range(replications)]
    longest = replace(point, trigger_s=max(case.longest_s, point.trigger_s))
    is_stable = most_recover(runs) and recovers(case, longest, replications)
    return found_in(case, point, runs, is_stable=is_stable)


def found_in(case: StormCase, point: StormPoint, runs: Sequence[PointRun], *, is_stable: bool) -> PointFound:
    """Say what became of a point from its replications.

    It `is_stable` if it would recover from the longest trigger, too.
    """
    state: State = "metastable"
    if most_recover(runs):
        state = "stable" if is_stable else "vulnerable"
    times = sorted(run.after_s for run in runs)
    return PointFound(
        point=point,
        visits_per_s=visits_per_s(case, point),
        state=state,
        recovered_share=sum(run.recovered for run in runs) / len(runs),
        recovery_s_p50=median(times) if isfinite(times[len(times) // 2]) else inf,
        recovery_s_low=times[0],
        recovery_s_high=times[-1],
        end_share=fmean(run.end_share for run in runs),
        tries_by_visit=fmean(run.tries_by_visit for run in runs),
    )


def most_recover(runs: Sequence[PointRun]) -> bool:
    """Whether more than half of the replications recovered."""
    return 2 * sum(run.recovered for run in runs) > len(runs)


def recovers(
    case: StormCase, point: StormPoint, replications: int = REPLICATIONS, *, exact: bool = False
) -> bool:
    """Whether more than half of the replications of a point recover; stops when that is decided."""
    well = down = 0
    for number in range(replications):
        if run_point(case, point, number, exact=exact).recovered:
            well += 1
        else:
            down += 1
        if 2 * well > replications or 2 * down >= replications:
            break
    return 2 * well > replications


def largest_stable(
    case: StormCase, retries: int, budget_share: float, loads: Sequence[float], replications: int
) -> float:
    """Give the largest of some loads that recovers from the longest trigger; 0: none does.

    By bisection: below a load that recovers every load recovers.
    """
    ordered = sorted(loads)
    low, high = -1, len(ordered)
    while high - low > 1:
        middle = (low + high) // 2
        point = StormPoint(ordered[middle], retries, budget_share, case.longest_s)
        if recovers(case, point, replications):
            low = middle
        else:
            high = middle
    return ordered[low] if low >= 0 else 0.0


def safe_load(
    case: StormCase,
    retries: int,
    budget_share: float,
    *,
    between: tuple[float, float] = (0.0, 1.0),
    exact: bool = False,
) -> float:
    """Largest load, by the capacity, that recovers from the longest trigger.

    It is looked for `between` two loads. Within 3 % of the formula where one holds; `exact` takes four times
    as long, and is within 1 %.
    """
    low, high = between
    tolerance = _EXACT_TOLERANCE if exact else _SAFE_TOLERANCE
    while high - low > tolerance * high:
        middle = (low + high) / 2
        point = StormPoint(middle, retries, budget_share, case.longest_s)
        if recovers(case, point, _SAFE_REPLICATIONS, exact=exact):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def visits_per_s(case: StormCase, point: StormPoint) -> float:
    """Visits a second at a point, without those of the trigger."""
    return point.load_share * case.capacity_per_s / case.requests_per_visit


def with_clients(station: RequestServer, retries: int, budget_share: float) -> RequestServer:
    """Give a station whose clients have these retries and this budget."""
    found = station.retry

    def changed(number: Number, value: float) -> Number:
        return Number(value, number.grade, number.source)

    retry = found.model_copy(
        update={
            "retries_most": changed(found.retries_most, retries),
            "retry_budget_share": changed(found.retry_budget_share, budget_share),
        }
    )
    return station.model_copy(update={"retry": retry})


# ── One replication of a point


@dataclass(frozen=True, slots=True)
class _Times:
    """The seconds of a run."""

    trigger: Trigger
    until_s: float
    every_s: float


def run_point(case: StormCase, point: StormPoint, replication: int, *, exact: bool = False) -> PointRun:
    """Play one replication of a point; to be `exact`, longer if its end does not say what became of it."""
    for factor in (1, _LONGER) if exact else (1,):
        times = _times_of(case, point, factor)
        watch = Watch(
            until_s=times.until_s,
            every_s=times.every_s,
            well_for=_WELL_LOOKS,
            short_wait_s=_short_wait_s(case),
            hopeless_after_s=_hopeless_after_s(case, point),
            chance_s=_chance_s(case, point),
        )
        played = played_point(case, point, replication, times.trigger, watch)
        found = _judged(case, point, played, times)
        if found is not None:
            return found
        if case.watch_s is not None or _is_bounded(case, played):
            break
    return _by_direction(case, played, times)


def played_point(
    case: StormCase, point: StormPoint, replication: int, trigger: Trigger, watch: Watch
) -> StormPlayed:
    """Play one replication of a point through a trigger, and watch it."""
    rng = np.random.default_rng([case.seed, replication])
    visits = _visits(case, point, trigger, watch.until_s, rng)
    windows = [(trigger.starts_s, trigger.ends_s, trigger.speed)] if trigger.speed < 1 else []
    run = keyed.run_key(case.seed, replication)
    stalls = stall_times(case.station.stalls, run, case.channel.name)
    windows += [(*stall, 0.0) for stall in takewhile(lambda stall: stall[0] < watch.until_s, stalls)]
    outages = [(trigger.starts_s, trigger.ends_s)] if trigger.kind == "outage" else []
    station = with_clients(case.station, point.retries, point.budget_share)
    return StormRun(station, visits, BlockDraws(rng), windows, outages).play(watch, trigger.ends_s)


def _times_of(case: StormCase, point: StormPoint, factor: float) -> _Times:
    rate = visits_per_s(case, point)
    bin_s = VISITS_A_BIN / rate
    trigger = Trigger(case.trigger, _BEFORE_VISITS / rate, point.trigger_s, case.strength)
    enough_s = max(3 * point.trigger_s, REQUESTS_LEAST / case.capacity_per_s, 10 * bin_s)
    return _Times(trigger, trigger.ends_s + (case.watch_s or enough_s * factor), bin_s)


def _short_wait_s(case: StormCase) -> float:
    """Half of the deadline: a server with a shorter queue answers nearly all in time."""
    return float(case.station.deadline_s) / 2


def _hopeless_after_s(case: StormCase, point: StormPoint) -> float:
    """After so long, what the trigger left has been tried as often as it will be."""
    station = case.station
    if station.breaker.failure_share:
        return inf
    a_try_s = station.deadline_s + station.retry.backoff_s_most
    enough_s = _HOPELESS_REQUESTS / case.capacity_per_s
    return float(max(3 * point.trigger_s, (point.retries + 2) * a_try_s, enough_s))


def _chance_s(case: StormCase, point: StormPoint) -> float:
    """Chance moves the wait for a slot by the root of this, times the seconds that pass.

    A visit brings up to 1 + r tries at once, and their number is Poisson: so the work that comes within t
    seconds has a variance of (1 + r) ρ t E[S]/c in addition to that of the works themselves.
    """
    return (2 + point.retries) / case.capacity_per_s


def _judged(case: StormCase, point: StormPoint, played: StormPlayed, times: _Times) -> PointRun | None:
    """See what became of a run; None: its end does not say."""
    trigger = times.trigger
    disturbed = trigger.starts_s, trigger.ends_s
    seen = recovery(played.due_s, played.is_served, disturbed, visits_per_s(case, point))
    tries = played.tries / max(len(played.due_s), 1)
    if seen.recovered:
        return PointRun(seen.after_s, seen.end_share, tries)
    if played.is_well:
        # It was well again so soon that too few came to see it by.
        return PointRun(max(float(played.looked_s[-1]) - trigger.ends_s, 0.0), seen.end_share, tries)
    if played.is_hopeless:
        return PointRun(inf, seen.end_share, tries)
    took_s, shorter_s = _shorter(played)
    if abs(shorter_s) <= _SIGMAS * sqrt(_chance_s(case, point) * took_s):
        return None
    return _by_direction(case, played, times)


def _by_direction(case: StormCase, played: StormPlayed, times: _Times) -> PointRun:
    """Take what is not over by the way in which the queue has gone: to its end, or nowhere."""
    trigger = times.trigger
    tries = played.tries / max(len(played.due_s), 1)
    share = float(played.is_served[-max(len(played.due_s) // 3, 1) :].mean())
    took_s, shorter_s = _shorter(played)
    if shorter_s <= 0 or _is_bounded(case, played):
        return PointRun(inf, share, tries)
    left_s = max(float(played.wait_s[-1]) - _short_wait_s(case), 0.0)
    return PointRun(float(played.looked_s[-1]) - trigger.ends_s + left_s * took_s / shorter_s, share, tries)


def _shorter(played: StormPlayed) -> tuple[float, float]:
    """Give the second half of the watch, and by how much the wait for a slot became shorter in it."""
    half = len(played.wait_s) // 2
    took_s = float(played.looked_s[-1] - played.looked_s[half])
    return took_s, float(played.wait_s[half] - played.wait_s[-1])


def _is_bounded(case: StormCase, played: StormPlayed) -> bool:
    """Whether the queue cannot grow for long: it is full, or what is stale leaves it."""
    if case.station.stale_work != "served":
        return True
    return bool(2 * played.wait_s[-1] * case.capacity_per_s > case.station.accept_queue)


def _visits(
    case: StormCase, point: StormPoint, trigger: Trigger, until_s: float, rng: np.random.Generator
) -> StormVisits:
    """Give Poisson arrivals, by a unit Poisson stream on the clock of the expected number (Cinlar 1975)."""
    rate = visits_per_s(case, point)
    more = trigger.strength * case.capacity_per_s / case.requests_per_visit if trigger.kind == "load" else 0.0
    at_s = np.array([0.0, trigger.starts_s, trigger.ends_s, until_s])
    expected = np.concatenate([[0.0], np.cumsum(np.array([rate, rate + more, rate]) * np.diff(at_s))])
    unit = np.cumsum(rng.exponential(size=int(expected[-1] + 6 * sqrt(expected[-1]) + 10)))
    due_s = np.interp(unit[unit < expected[-1]], expected, at_s)
    names = list(case.mix)
    shares = np.array([case.mix[name] for name in names])
    requests = [requests_of(case.channel, name) for name in names]
    if len(names) == 1:
        return StormVisits(due_s, [requests[0]] * len(due_s))
    chosen = rng.choice(len(names), size=len(due_s), p=shares / shares.sum())
    return StormVisits(due_s, [requests[number] for number in chosen])


# ── Random numbers in blocks: quick, and not keyed by the customer


_BLOCK = 4096


class BlockDraws:
    """Draws of one run, in the order in which they are asked for."""

    def __init__(self, rng: np.random.Generator) -> None:
        """Take a generator."""
        self._rng = rng
        self._seconds: dict[int, Iterator[float]] = {}
        self._uniform = self._uniforms()

    def human_s(self, visit: int, request: StormRequest) -> float:  # noqa: ARG002  other draws are keyed by it
        """Seconds before a request."""
        assert request.human is not None  # noqa: S101  asked only then
        return self._of(request.human)

    def work_s(self, visit: int, request: StormRequest, retries: int) -> float:  # noqa: ARG002  other draws are keyed by it
        """Work of a try."""
        return self._of(request.work.service)

    def fault_u(self, visit: int, request: StormRequest, retries: int) -> float:  # noqa: ARG002  other draws are keyed by it
        """Uniform number of the operator's fault."""
        return next(self._uniform)

    def pause_u(self, visit: int, request: StormRequest, retries: int) -> float:  # noqa: ARG002  other draws are keyed by it
        """Uniform number of the pause before a retry."""
        return next(self._uniform)

    def _of(self, duration: AnyDuration) -> float:
        stream = self._seconds.get(id(duration))
        if stream is None:
            stream = self._seconds[id(duration)] = self._stream(duration)
        return next(stream)

    def _stream(self, duration: AnyDuration) -> Iterator[float]:
        while True:
            yield from seconds_at(duration, self._rng.random(_BLOCK)).tolist()

    def _uniforms(self) -> Iterator[float]:
        while True:
            yield from self._rng.random(_BLOCK).tolist()


def seconds_at(duration: AnyDuration, u: Values) -> Values:
    """Seconds at the quantiles u, as `duration.at` gives them one by one."""
    if isinstance(duration, Duration):
        mean_s = float(duration.mean_s)
        if duration.law is DistributionFamily.CONSTANT or not mean_s:
            return np.full_like(u, mean_s)
        if duration.law is DistributionFamily.EXPONENTIAL:
            return -mean_s * np.log1p(-u)
        if duration.law is DistributionFamily.LOGNORMAL:
            mu, sigma = lognormal_parameters(mean_s, float(duration.cv or 0.0))
            found: Values = np.exp(mu + sigma * scipy.special.ndtri(u))
            return found
    return np.array([duration.at(each) for each in u.tolist()])
