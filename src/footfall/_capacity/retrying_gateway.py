"""A station behind a gateway that gives up and tries again, while the station works off what was given up.

Above its number of tries over one, such a service has two states at the same load: it serves nearly all, or,
once waits have passed the gateway's timeout, nearly nothing, and it stays so. What is its capacity is then a
question of how long it stays up (Bronson et al., HotOS 2021, "Metastable failures in distributed systems").
The tries and the timeout are learned by replaying the steps that tipped it over.
"""

import heapq
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log, sqrt

import numpy as np

from footfall._calibrate.learned_station import LearnedStation
from footfall._calibrate.request_log import Floats, RequestLog
from footfall._calibrate.station_parameters import SLOTS_UNLIMITED, StationParameters
from footfall._calibrate.station_runs import Booleans, drawn_work_s
from footfall._capacity.capacity_found import RateEstimate
from footfall._capacity.load_steps import PlayedStep

HORIZON_S = 1800.0
"""The knee is the arrival rate at which it stays up for so long as often as not."""
TRIES = (1, 2, 3, 4, 5, 6, 8, 11)
_FAILED_LEAST = 20
_SAME_SHARE = 0.15
"""Failures of a gateway all take as long: middle 80 % over the median."""
_REPLAYED_MOST, _STEPS_MOST, _HEALTHY_MOST, _REPLAYS = 1500, 4, 2, 20
_QUANTILES = (0.5, 0.9, 0.98)
_LEAST_SD = 0.02
_LIKELY_LEAST = -8.0
_TEMPER = 0.5
"""The figures of a step are not independent of one another."""
_CLEARLY = 0.8
_Z = 1.96
_FORM_SD = 0.04
"""Of the knee: what counting, extending and the form of the law leave unsure."""
_TIPPED_WAITS = 3.0
"""Waits of so many timeouts do not end by themselves."""
_FIRST_SHARE, _NEXT = 0.98, 0.97
_RATES_MOST, _TIPS_LEAST, _TIPS_MOST, _FITTED = 24, 4, 30, 4
QUICK, THOROUGH = 150_000, 900_000
"""Arrivals simulated at each rate: while steps are being played, and at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """How a gateway tries again."""

    tries: int
    """Of one visit, the first included; 1: it only gives up."""
    timeout_s: float
    """After it a try is given up; the station works it off nevertheless."""


def learn_gateway(
    learned: LearnedStation, healthy: Sequence[PlayedStep], tipped: Sequence[PlayedStep], seed: int
) -> Gateway | None:
    """Find the tries and the timeout that explain which steps tipped a service over; None: none does.

    A visit that failed took all tries, so tries times timeout is known; which of the products it is shows in
    how much was served until all failed.
    """
    one = learned.parameters
    logs = [log.first(_REPLAYED_MOST) for step in tipped for log in step.logs.values()]
    logs = sorted(logs, key=lambda log: log.requests)[:_STEPS_MOST]
    if one.cores is not None or one.queues > 1 or one.slots >= SLOTS_UNLIMITED or not logs:
        return None
    failed_s = np.concatenate([log.response_s[log.is_answered & ~log.is_success] for log in logs])
    if len(failed_s) < _FAILED_LEAST:
        return None
    low_s, whole_s, high_s = (float(each) for each in np.quantile(failed_s, (0.1, 0.5, 0.9)))
    if high_s - low_s > _SAME_SHARE * whole_s:
        return None
    highest = sorted(healthy, key=lambda step: step.sent_per_s)[-_HEALTHY_MOST:]
    logs += [log.first(_REPLAYED_MOST) for step in highest for log in step.logs.values()]
    rng = np.random.default_rng(seed)
    candidates = [
        Gateway(tries=tries, timeout_s=max(whole_s - one.network_s, 1e-3) / tries) for tries in TRIES
    ]
    logs_likely = np.array([sum(_likely(one, each, log, rng) for log in logs) for each in candidates])
    best = int(np.argmax(logs_likely))
    weights = np.exp(_TEMPER * (logs_likely - logs_likely[best]))
    # All numbers of tries from two on make it metastable; which it is must be sure.
    return candidates[best] if weights[best] > _CLEARLY * weights.sum() else None


def gateway_knee(
    learned: LearnedStation, gateway: Gateway, seed: int, *, thorough: bool = True
) -> RateEstimate | None:
    """Give the rate at which it stays up for half an hour as often as not; None: nothing tips it over.

    The knee is in proportion to what the station can work off, whose draws give the interval.
    """
    arrivals = THOROUGH if thorough else QUICK
    value = _stays_up_per_s(learned.parameters, gateway, arrivals, np.random.default_rng(seed))
    if value is None:
        return None
    logs = [log(_most_per_s(draw)) for draw in learned.draws]
    spread = float(np.std(logs, ddof=1)) if len(logs) > 1 else 0.0
    half = _Z * value * sqrt(spread**2 + _FORM_SD**2)
    return RateEstimate(value=value, low=value - half, high=value + half)


# ── Replays


def _likely(one: StationParameters, gateway: Gateway, log: RequestLog, rng: np.random.Generator) -> float:
    """Log likelihood of what became of a step: normal, by the replays' mean and standard deviation."""
    measured = _figures(log.is_success, log.response_s)
    replays = []
    for _ in range(_REPLAYS):
        work_s = _work_s(one, log.requests * gateway.tries, rng)
        served, times_s = replayed(log.sent_s, work_s, one.slots, gateway)
        replays.append(_figures(served, times_s + one.network_s))
    means, sds = np.mean(replays, axis=0), np.std(replays, axis=0, ddof=1)
    sds = np.sqrt(sds**2 * (1 + 1 / _REPLAYS) + _LEAST_SD**2)
    # A step near the border tips over by chance, or does not: none of them decides alone.
    return max(float(-(0.5 * ((measured - means) / sds) ** 2 + np.log(sds)).sum()), _LIKELY_LEAST)


def _figures(success: Booleans, times_s: Floats) -> Floats:
    """Shares served of the quarters of a step, and logarithms of quantiles of how long those took.

    The highest of them is near the timeout: above it only a later try is served.
    """
    shares = [float(part.mean()) for part in np.array_split(success, 4)]
    took_s = np.quantile(times_s[success], _QUANTILES) if success.any() else np.ones(len(_QUANTILES))
    return np.array([*shares, *np.log(np.maximum(took_s, 1e-4))])


def replayed(sent_s: Floats, work_s: Floats, slots: int, gateway: Gateway) -> tuple[Booleans, Floats]:
    """Serve visits that were sent at these seconds, from idle: which were served, and how long each took."""
    free_s = [0.0] * slots
    served = np.zeros(len(sent_s), dtype=np.bool_)
    times_s = np.zeros(len(sent_s))
    work = iter(work_s.tolist())
    again: deque[tuple[float, int, int]] = deque()
    arrivals = [*((float(at_s), place) for place, at_s in enumerate(sent_s)), (inf, -1)]
    for sent_at_s, number in arrivals:
        # Tries come again in the order in which they came first: all timeouts are as long.
        while again and again[0][0] <= sent_at_s:
            at_s, place, left = again.popleft()
            _try((at_s, place, left), next(work), gateway, (free_s, again, served, times_s))
        if number >= 0:
            _try(
                (sent_at_s, number, gateway.tries - 1), next(work), gateway, (free_s, again, served, times_s)
            )
    return served, times_s - sent_s


def _try(
    one: tuple[float, int, int],
    work_s: float,
    gateway: Gateway,
    to: tuple[list[float], deque[tuple[float, int, int]], Booleans, Floats],
) -> None:
    (at_s, place, left), (free_s, again, served, ended_s) = one, to
    ends_s = max(at_s, free_s[0]) + work_s
    heapq.heapreplace(free_s, ends_s)
    gives_up_s = at_s + gateway.timeout_s
    if ends_s <= gives_up_s:
        served[place], ended_s[place] = True, ends_s
    elif left:
        again.append((gives_up_s, place, left - 1))
    else:
        ended_s[place] = gives_up_s


def _work_s(one: StationParameters, number: int, rng: np.random.Generator) -> Floats:
    parts = [drawn_work_s(law, number, rng) for law in one.laws]
    drawn: Floats = np.choose(rng.integers(len(parts), size=number), parts) if len(parts) > 1 else parts[0]
    return drawn


# ── How long it stays up


def _stays_up_per_s(
    one: StationParameters, gateway: Gateway, arrivals: int, rng: np.random.Generator
) -> float | None:
    """Rate at which it tips over within `HORIZON_S` as often as not.

    How often it tips grows nearly as a power of the rate; it is counted at rates from the capacity down and
    extended from the lowest with enough of them.
    """
    most = _most_per_s(one)
    rates: list[float] = []
    per_s: list[float] = []
    weights: list[float] = []
    rate = _FIRST_SHARE * most
    for _ in range(_RATES_MOST):
        tips, up_s = tips_over(one, gateway, rate, arrivals, rng)
        if tips < _TIPS_LEAST:
            break
        rates.append(rate)
        per_s.append(tips / up_s)
        weights.append(sqrt(tips))
        rate *= _NEXT
    if not rates or gateway.tries * rates[-1] < most:
        # Where all tries of all visits are less than it can do, it comes back.
        return None if not rates else most / gateway.tries
    wanted = log(2) / HORIZON_S
    if len(rates) < _FITTED:
        return rates[-1] * _NEXT
    last = slice(-_FITTED, None)
    slope, at_zero = np.polyfit(np.log(rates[last]), np.log(per_s[last]), 1, w=weights[last])
    found = float(np.exp((log(wanted) - at_zero) / max(slope, 1.0)))
    return max(min(found, rates[0]), most / gateway.tries)


def _most_per_s(one: StationParameters) -> float:
    return one.slots / max(float(np.mean([law.mean_s for law in one.laws])), 1e-9)


def tips_over(
    one: StationParameters, gateway: Gateway, rate: float, arrivals: int, rng: np.random.Generator
) -> tuple[int, float]:
    """How often it tips over while Poisson arrivals come, put back to idle each time, and in which time.

    Counting ends at `_TIPS_MOST`.
    """
    gaps_s = rng.exponential(1 / rate, arrivals).tolist()
    work = iter(_work_s(one, 2 * arrivals, rng).tolist())
    timeout_s, tries = gateway.timeout_s, gateway.tries
    free_s, again = [0.0] * one.slots, deque[tuple[float, int]]()
    now_s, begin_s, up_s, tips = 0.0, 0.0, 0.0, 0
    for gap_s in gaps_s:
        now_s += gap_s
        while again and again[0][0] < now_s:
            at_s, left = again.popleft()
            ends_s = max(at_s, free_s[0]) + next(work)
            heapq.heapreplace(free_s, ends_s)
            if left and ends_s > at_s + timeout_s:
                again.append((at_s + timeout_s, left - 1))
        if free_s[0] - now_s > _TIPPED_WAITS * timeout_s:
            tips, up_s, begin_s = tips + 1, up_s + now_s - begin_s, now_s
            if tips == _TIPS_MOST:
                break
            free_s, again = [now_s] * one.slots, deque()
            continue
        ends_s = max(now_s, free_s[0]) + next(work)
        heapq.heapreplace(free_s, ends_s)
        if tries > 1 and ends_s > now_s + timeout_s:
            again.append((now_s + timeout_s, tries - 2))
    return tips, max(up_s + now_s - begin_s, 1e-9)
