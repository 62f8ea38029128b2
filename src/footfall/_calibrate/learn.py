"""Learn a station from its request logs: numbers with intervals, what is unknown, what kind it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite

import numpy as np

from footfall._calibrate.fault_shares import DrawnFaults, FaultCounts, fault_counts, fault_sentences
from footfall._calibrate.goodness import goodness
from footfall._calibrate.learned_station import (
    BOUNDED_QUEUE,
    CONNECTION_POOL,
    DEADLINE,
    LOSS_SYSTEM,
    RATE_LIMIT,
    SEPARATE_QUEUES,
    SHARED_CORES,
    STALLS,
    LearnedNumber,
    LearnedStation,
)
from footfall._calibrate.limits import Limits, find_limits
from footfall._calibrate.observed import Observed, observe
from footfall._calibrate.request_log import Floats, RequestLog
from footfall._calibrate.stale_mode import stale_mode
from footfall._calibrate.stall_search import StallPattern, stall_pattern
from footfall._calibrate.station_draws import (
    DRAWS,
    DrawnLaws,
    LawDraw,
    Weighed,
    draw_laws,
    drawn_slots,
    interval_of,
    weigh,
)
from footfall._calibrate.station_parameters import SLOTS_UNLIMITED, StationParameters
from footfall._calibrate.station_profile import DISPATCHES, StationProfile, profile_station
from footfall._calibrate.unknowns import STALE_UNKNOWN, unknown_sentences

WORKED_LEAST = 20
"""Fewer requests whose work shows say nothing about a law."""
STALLS_LEAST = 2
STALL_SHARE, STALL_LONG_S = 0.005, 1.0
_CLOSE = 1.25
_SURE = 0.10
_CLEARLY = 0.95


@dataclass(frozen=True, eq=False)
class Findings:
    """What was found before it is put into numbers."""

    observed: Observed
    profile: StationProfile
    limits: Limits
    stalls: StallPattern
    weighed: tuple[Weighed, ...]
    laws: DrawnLaws
    faults: FaultCounts


def learn_station(logs: Sequence[RequestLog], *, seed: int = 1, draws: int = DRAWS) -> LearnedStation:
    """Learn a station from the logs of one or several runs, each of which began with an empty station.

    Slots, cores and laws by the exact likelihood of the departures given the arrivals, whatever process the
    arrivals are (open or closed loop); limits by what they refused; stalls by gaps between all responses.
    The numbers' intervals come from a bootstrap over the seconds of the runs, with the number of slots, the
    family of each law and the delay drawn along; `draws` are as many as a prediction needs.

    Raises:
        ValueError: fewer than `WORKED_LEAST` requests show how long they were worked on.
    """
    observed = observe(logs)
    worked = sum(int(shown.sum()) for shown in observed.has_worked)
    if worked < WORKED_LEAST:
        msg = f"at least {WORKED_LEAST} successful requests to learn a station from, not {worked}"
        raise ValueError(msg)
    rng = np.random.default_rng(seed)
    profile = profile_station(observed, seed)
    first = profile.explained[profile.best()]
    limits = find_limits(observed, first.fitted.delay_s)
    weighed = weigh(profile, limits)
    stalls = stall_pattern(observed.stalls, [run.log.length_s for run in observed.runs])
    faults = fault_counts(observed, limits)
    laws = draw_laws(profile, weighed, rng, draws)
    findings = Findings(observed, profile, limits, stalls, weighed, laws, faults)
    parameters = _best(findings)
    shares = faults.drawn(draws, rng)
    stations = tuple(
        _drawn(findings, draw, own, rng) for draw, own in zip(findings.laws.draws, shares, strict=True)
    )
    stale = None
    if limits.time.name == "deadline":
        stale = stale_mode(profile.observed, stations, seed)
        parameters = replace(parameters, stale_work=stale.mode)
        stations = tuple(replace(draw, stale_work=stale.mode) for draw in stations)
    explained = profile.explained[weighed[0].supposed]
    return LearnedStation(
        parameters=parameters,
        draws=stations,
        numbers=_numbers(findings, parameters, stations),
        unknown=(
            *unknown_sentences(profile.observed, profile, limits, weighed, parameters),
            *fault_sentences(faults),
            *(() if stale is None or stale.is_known else (STALE_UNKNOWN,)),
        ),
        flags=_flags(findings, parameters),
        fit=goodness(profile, explained, stations, limits.refusal, seed),
    )


# ── The best station, and each drawn one


@dataclass(frozen=True, slots=True)
class _LimitValues:
    """Limits of one station, all drawn or all best."""

    slots: int
    bound: float
    """Of the requests inside."""
    rate_per_s: float
    burst: int
    limit_s: float
    """Of the wait or the response."""


def _best(found: Findings) -> StationParameters:
    best = found.weighed[0]
    shares = DrawnFaults(found.faults.shares, found.faults.cause_shares)
    slots = SLOTS_UNLIMITED if best.is_open else best.supposed.number
    refusal, time = found.limits.refusal, found.limits.time
    at = _LimitValues(slots, refusal.bound, refusal.rate_per_s, refusal.burst, time.limit_s)
    return _station(found, found.laws.best, shares, at)


def _drawn(
    found: Findings, draw: LawDraw, shares: DrawnFaults, rng: np.random.Generator
) -> StationParameters:
    refusal, time = found.limits.refusal, found.limits.time
    at = _LimitValues(
        drawn_slots(draw.weighed, rng), refusal.bound, refusal.rate_per_s, refusal.burst, time.limit_s
    )
    if isfinite(at.bound):
        at = replace(at, bound=float(rng.integers(int(refusal.bound_low), int(refusal.bound_high) + 1)))
    if isfinite(at.rate_per_s):
        rate = rng.uniform(refusal.rate_low_per_s, refusal.rate_high_per_s)
        burst = int(rng.integers(refusal.burst_low, refusal.burst_high + 1))
        at = replace(at, rate_per_s=float(rate), burst=burst)
    if isfinite(at.limit_s):
        drawn_s = float(rng.normal(at.limit_s, time.error_s))
        at = replace(at, limit_s=max(0.5 * at.limit_s, drawn_s))
    drawn = _station(found, draw, shares, at)
    stalls = found.stalls
    if stalls.length_s:
        half = (stalls.length_high_s - stalls.length_low_s) / 3.92
        every_half = (stalls.every_high_s - stalls.every_low_s) / 3.92
        length_s = max(float(rng.normal(stalls.length_s, half)), 0.5 * stalls.length_s)
        every_s = max(float(rng.normal(stalls.every_s, every_half)), 1.5 * length_s)
        drawn = replace(drawn, stall_length_s=length_s, stall_every_s=every_s)
    return drawn


def _station(found: Findings, draw: LawDraw, faults: DrawnFaults, at: _LimitValues) -> StationParameters:
    supposed = draw.weighed.supposed
    cores, slots, bound = None, at.slots, at.bound
    queues, dispatch = 1, DISPATCHES[0]
    if supposed.discipline == "sharing":
        cores, slots = supposed.number, supposed.slots or SLOTS_UNLIMITED
    elif supposed.discipline in DISPATCHES:
        queues, dispatch = supposed.number, supposed.discipline
    accept_queue = inf
    if isfinite(bound):
        if (cores is not None and not supposed.slots) or draw.weighed.is_open:
            # None waits in order: what is bounded are the requests in work.
            slots, accept_queue = max(int(bound), 1), 0.0
        else:
            slots = min(slots, int(bound))
            # With separate queues the bound is of each.
            accept_queue = (bound - slots) // queues
    time = found.limits.time
    # A limit that the service keeps does not hold the time on the way; the client's own does.
    limit_s = at.limit_s if time.unanswered else max(at.limit_s - draw.delay_s, 0.5 * at.limit_s)
    return StationParameters(
        kinds=found.observed.kinds,
        laws=draw.laws,
        fault_shares=faults.shares,
        fault_causes=found.faults.causes,
        cause_shares=faults.cause_shares if found.faults.causes else (),
        network_s=draw.delay_s,
        slots=slots,
        cores=cores,
        queues=queues,
        dispatch=dispatch,
        accept_queue=accept_queue,
        deadline_s=limit_s if time.name == "deadline" else inf,
        queue_timeout_s=limit_s if time.name == "queue_timeout" else inf,
        rate_limit_per_s=at.rate_per_s,
        rate_limit_burst=at.burst,
        stall_length_s=found.stalls.length_s,
        stall_every_s=found.stalls.every_s,
    )


# ── Numbers with intervals, and what kind of station it is


def _numbers(
    found: Findings, best: StationParameters, draws: Sequence[StationParameters]
) -> tuple[LearnedNumber, ...]:
    numbers = [_slots_number(found, best)]
    if best.queues > 1:
        numbers.append(_counted("queues", best.queues, np.array([draw.queues for draw in draws], np.float64)))
    if best.cores is not None:
        cores = np.array([draw.cores if draw.cores is not None else inf for draw in draws], np.float64)
        numbers.append(_counted("cores", best.cores, cores))
    for kind, name in enumerate(best.kinds):
        law = best.laws[kind]
        means = np.array([draw.laws[kind].mean_s for draw in draws])
        low, high = interval_of(means, law.mean_s)
        sure = high - low < 2 * _SURE * law.mean_s
        numbers.append(_number(f"laws.{name}.mean_s", law.mean_s, low, high, identified=sure))
        low, high = interval_of(np.array([draw.laws[kind].cv for draw in draws]), law.cv)
        numbers.append(_number(f"laws.{name}.cv", law.cv, low, high, identified=sure))
        numbers += _fault_numbers(found.faults, kind, name)
    delays = np.array([draw.network_s for draw in draws])
    low, high = interval_of(delays, best.network_s)
    shortest = min(law.mean_s for law in best.laws)
    numbers.append(_number("network_s", best.network_s, low, high, identified=high - low < _SURE * shortest))
    numbers += _limit_numbers(found, best, draws)
    return tuple(numbers)


def _fault_numbers(faults: FaultCounts, kind: int, name: str) -> list[LearnedNumber]:
    """Share of a kind that fails, by all causes together and by each."""
    numbers = [_number(f"fault_shares.{name}", *faults.interval(kind), identified=True)]
    for place, cause in enumerate(faults.causes):
        path = f"cause_shares.{name}.{cause.name}"
        numbers.append(_number(path, *faults.interval(kind, place), identified=True))
    return numbers


def _slots_number(found: Findings, best: StationParameters) -> LearnedNumber:
    """Slots: the middle 95 % of their probability; open above where they were never all taken."""
    if best.cores is not None:
        known = [float(one.supposed.slots) for one in found.weighed if one.supposed.slots]
        if best.slots == SLOTS_UNLIMITED or not known:
            return _number("slots", best.slots, found.observed.most_inside, inf, identified=False)
        return _counted("slots", best.slots, np.array(known))
    queues = [one for one in found.weighed if one.supposed.discipline == found.weighed[0].supposed.discipline]
    ordered = sorted(queues, key=lambda one: one.supposed.number)
    mass = np.cumsum([one.probability for one in ordered])
    mass /= mass[-1]
    low = ordered[int(np.searchsorted(mass, 0.025))]
    high = ordered[min(int(np.searchsorted(mass, 0.975)), len(ordered) - 1)]
    top = inf if high.is_open else float(high.supposed.number)
    bottom = float(low.supposed.number)
    return _number("slots", best.slots, bottom, top, identified=top <= max(_CLOSE * bottom, bottom))


def _limit_numbers(
    found: Findings, best: StationParameters, draws: Sequence[StationParameters]
) -> list[LearnedNumber]:
    refusal, time, stalls = found.limits.refusal, found.limits.time, found.stalls
    queues = np.array([draw.accept_queue for draw in draws])
    numbers = [
        _counted("accept_queue", best.accept_queue, queues)
        if isfinite(best.accept_queue)
        else _nothing("accept_queue", best.accept_queue)
    ]
    for name in ("deadline_s", "queue_timeout_s"):
        value = getattr(best, name)
        numbers.append(
            _number(name, value, value - 1.96 * time.error_s, value + 1.96 * time.error_s, identified=True)
            if isfinite(value)
            else _nothing(name, value)
        )
    if isfinite(best.rate_limit_per_s):
        low, high = refusal.rate_low_per_s, refusal.rate_high_per_s
        numbers += [
            _number("rate_limit_per_s", best.rate_limit_per_s, low, high, identified=True),
            _number(
                "rate_limit_burst",
                best.rate_limit_burst,
                refusal.burst_low,
                refusal.burst_high,
                identified=True,
            ),
        ]
    else:
        numbers.append(_nothing("rate_limit_per_s", inf))
    if stalls.length_s:
        numbers += [
            _number(
                "stall_length_s", stalls.length_s, stalls.length_low_s, stalls.length_high_s, identified=True
            ),
            _number(
                "stall_every_s",
                stalls.every_s,
                stalls.every_low_s,
                stalls.every_high_s,
                identified=stalls.periodic is not None,
            ),
        ]
    return numbers


def _counted(path: str, value: float, draws: Floats) -> LearnedNumber:
    low, high = np.quantile(draws, (0.025, 0.975), method="nearest")
    low, high = min(float(low), value), max(float(high), value)
    return _number(path, value, low, high, identified=isfinite(high) and high <= max(_CLOSE * low, low))


def _nothing(path: str, value: float) -> LearnedNumber:
    """A limit that was never reached: none is assumed."""
    return _number(path, value, 0.0, inf, identified=False)


def _number(path: str, value: float, low: float, high: float, *, identified: bool) -> LearnedNumber:
    return LearnedNumber(
        path=path,
        value=float(value),
        low=min(float(low), float(value)),
        high=max(float(high), float(value)),
        identified=identified,
    )


def _flags(found: Findings, best: StationParameters) -> tuple[str, ...]:
    stalls, refusal, time = found.stalls, found.limits.refusal, found.limits.time
    often = len(stalls.stalls) >= STALLS_LEAST and stalls.lost_share >= STALL_SHARE
    long = stalls.length_s >= STALL_LONG_S
    facts = {
        STALLS: often or long,
        RATE_LIMIT: refusal.name == "bucket",
        LOSS_SYSTEM: refusal.name == "bound" and best.accept_queue == 0,
        BOUNDED_QUEUE: refusal.name == "bound" and best.accept_queue > 0,
        DEADLINE: time.name == "deadline",
        CONNECTION_POOL: time.name == "queue_timeout",
        SEPARATE_QUEUES: _share_of(found, DISPATCHES) > _CLEARLY,
        SHARED_CORES: _share_of(found, ("sharing",)) > _CLEARLY,
    }
    return tuple(word for word, holds in facts.items() if holds)


def _share_of(found: Findings, disciplines: Sequence[str]) -> float:
    return sum(one.probability for one in found.weighed if one.supposed.discipline in disciplines)
