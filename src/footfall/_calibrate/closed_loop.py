"""A service under a closed loop of users, learned from whole runs, and its throughput at other numbers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, inf, log, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from footfall._records.errors import BadInputError
from footfall.theory.networks import Scalability, fit_scalability

Floats: TypeAlias = NDArray[np.float64]

DECLINE_SCALE = 0.02
"""Scale of the half-normal prior of `decline`: at each doubling of its users a busy service loses 0 to 3 % of
its throughput (our assumption)."""
NARROWING_SCALE = 0.06
"""Scale of the half-normal prior of `narrowing`: at each doubling percentiles come 0 to 9 % nearer to the
mean (our assumption)."""
RUN_NOISE_SHARE = 0.015
"""Standard deviation of the throughput of equal runs where none was repeated (our assumption)."""
QUANTILE_NOISE_SHARE = 0.03
"""Standard deviation of a percentile over the mean between equal runs (our assumption)."""
USERS_MOST = 5_000
_STEPS, _BURNED, _DRAWS = 5_000, 1_000, 200
_SCALES = (0.2, 1.0, 2.0)
_DELAY_LEAST_S, _LOG_SCALED_MOST, _LOG_SHARE_LEAST = 1e-9, 25.0, log(1e-9)
_ROUNDING = 1e-3
MISFIT_MOST = 2.0
"""Above it the runs are not those of a station with a queue: the scalability law is drawn from as well."""
_SCALABILITY_POINTS = 3


@dataclass(frozen=True, kw_only=True)
class ClosedPoint:
    """What one run of a closed loop measured."""

    users: int
    think_s: float
    """Mean time of a user between a response and the next request."""
    throughput_per_s: float
    response_s_mean: float
    quantiles_s: Mapping[float, float]
    """Response times by probability, such as 0.95."""
    noise_share: float | None = None
    """Standard deviation of the throughput over it; None: as `RUN_NOISE_SHARE`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedParameters:
    """A station that limits, a second one, and a delay: a closed network of product form."""

    rate_per_s: float
    """Requests that the limiting station completes per second with one in work."""
    decline: float
    """With n in work it completes `rate_per_s` n^-decline."""
    second_share: float
    """Work of a request at the second station over that at the first, 0 to 1."""
    delay_s: float
    """Part of a response in which no request waits for another."""
    narrowing: float
    """A percentile over the mean falls as (users)^-narrowing beyond the loads measured."""

    def throughput_per_s(self, users: int, think_s: float = 0.0) -> float:
        """Return the throughput of so many users: X(N) = G(N-1)/G(N) (Buzen 1973)."""
        scaled = self.rate_per_s * (self.delay_s + think_s)
        return self.rate_per_s * _scaled_throughput(users, scaled, self.second_share, self.decline)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalabilityParameters:
    """The universal scalability law, for runs without think time that no station with a queue describes."""

    law: Scalability
    narrowing: float

    def throughput_per_s(self, users: int, think_s: float = 0.0) -> float:  # noqa: ARG002  has no think time
        """Return the throughput of so many users (Gunther 2007)."""
        return self.law.throughput(users)


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedFigure:
    """A figure of a run not yet made, with a 95 % interval for what such a run measures."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class ClosedLoopFit:
    """Draws from the joint uncertainty of a closed loop's parameters, given its runs."""

    points: tuple[ClosedPoint, ...]
    draws: tuple[ClosedParameters | ScalabilityParameters, ...]
    noise_share: float
    """Standard deviation of the throughput of equal runs."""
    overhead_s: float
    """Time of a user per request that is neither response nor think time: N/X - R - Z, at least 0."""
    misfit: float
    """Mean square of (measured - fitted)/standard deviation over the runs; about 1 or less fits."""

    def predict(self, users: int, think_s: float = 0.0, *, seed: int = 1) -> tuple[PredictedFigure, ...]:
        """Predict throughput, mean response and percentiles of so many users.

        Mean response is N/X - Z by Little's law (1961). Percentiles keep their ratio to the mean of the
        nearest load measured, less `narrowing` beyond it.

        Raises:
            BadInputError: the number of users is below 1 or above `USERS_MOST`, or the think time below 0.
        """
        _check_users(users, think_s)
        rng = np.random.default_rng(seed)
        noise = 1 + self.noise_share * rng.standard_normal(len(self.draws))
        throughput = np.array([one.throughput_per_s(users, think_s) for one in self.draws]) * noise
        response = np.maximum(users / throughput - think_s - self.overhead_s, 0.0)
        found = [_figure("throughput_per_s", throughput), _figure("response_s_mean", response)]
        for probability in sorted({q for point in self.points for q in point.quantiles_s}):
            ratios = self._ratios(probability, users, rng)
            found.append(_figure(f"response_s_p{100 * probability:g}", response * ratios))
        return tuple(found)

    def _ratios(self, probability: float, users: int, rng: np.random.Generator) -> Floats:
        """Return draws of the percentile over the mean."""
        known = sorted(
            (p.users, p.quantiles_s[probability] / p.response_s_mean)
            for p in self.points
            if probability in p.quantiles_s
        )
        at = np.log([n for n, _ in known])
        middle = exp(float(np.interp(log(users), at, np.log([ratio for _, ratio in known]))))
        beyond = max(0.0, log(users / known[-1][0]))
        below = max(0.0, log(known[0][0] / users))
        spread = QUANTILE_NOISE_SHARE * sqrt(1 + below**2)
        narrowed = np.array([exp(-one.narrowing * beyond) for one in self.draws])
        return middle * narrowed * (1 + spread * rng.standard_normal(len(self.draws)))


def learn_closed_loop(points: Sequence[ClosedPoint], *, seed: int = 1) -> ClosedLoopFit:
    """Learn a closed loop's parameters from its runs: Metropolis draws (Metropolis et al. 1953).

    The likelihood is normal in the logarithm of each run's throughput. `decline` and `narrowing` are hardly
    seen below the loads measured: their priors carry what may happen beyond.

    Raises:
        BadInputError: there is no run, or one has no users, throughput or response time.
    """
    if not points:
        raise BadInputError("calibration", "no run of a closed loop is given", "one or more")
    for point in points:
        _check_users(point.users, point.think_s)
        if not (point.throughput_per_s > 0 and point.response_s_mean > 0):
            raise BadInputError(
                f"the run with {point.users} users", "answered no request", "a run with responses"
            )
    rng = np.random.default_rng(seed)
    noise = _repeat_noise(points)
    draws: tuple[ClosedParameters | ScalabilityParameters, ...]
    draws = _station_draws(points, noise, rng)
    misfit = _misfit(draws, points, noise)
    if misfit > MISFIT_MOST and len(points) > _SCALABILITY_POINTS and not any(p.think_s for p in points):
        wider = noise * sqrt(misfit)
        draws = (*_station_draws(points, wider, rng), *_scalability_draws(points, noise, rng))
        noise = wider
    overhead = float(
        np.median([p.users / p.throughput_per_s - p.response_s_mean - p.think_s for p in points])
    )
    return ClosedLoopFit(
        points=tuple(points), draws=draws, noise_share=noise, overhead_s=max(0.0, overhead), misfit=misfit
    )


def _check_users(users: int, think_s: float) -> None:
    if not 1 <= users <= USERS_MOST:
        raise BadInputError("users", f"{users} cannot be calculated", f"1 to {USERS_MOST:,}")
    if not 0 <= think_s < inf:
        raise BadInputError("think time", f"{think_s:g} s", "0 or more seconds")


def _repeat_noise(points: Sequence[ClosedPoint]) -> float:
    """Return the standard deviation of equal runs: the assumed one counts as two runs that were repeated."""
    square, freedom = 2 * RUN_NOISE_SHARE**2, 2
    for users in {(p.users, p.think_s) for p in points}:
        logs = np.log([p.throughput_per_s for p in points if (p.users, p.think_s) == users])
        square += float(((logs - logs.mean()) ** 2).sum())
        freedom += len(logs) - 1
    return sqrt(square / freedom)


def _misses(
    one: ClosedParameters | ScalabilityParameters, points: Sequence[ClosedPoint], noise: float
) -> Floats:
    """Return (measured - fitted)/standard deviation of each run's logarithm of throughput."""
    return np.array(
        [
            log(p.throughput_per_s / one.throughput_per_s(p.users, p.think_s))
            / max(noise, p.noise_share or 0.0)
            for p in points
        ]
    )


def _misfit(
    draws: Sequence[ClosedParameters | ScalabilityParameters], points: Sequence[ClosedPoint], noise: float
) -> float:
    return float(np.mean([np.mean(_misses(one, points, noise) ** 2) for one in draws]))


def _station_draws(
    points: Sequence[ClosedPoint], noise: float, rng: np.random.Generator
) -> tuple[ClosedParameters, ...]:
    """Return draws of the closed network.

    The state is the logarithm of the throughput with most users, which the runs fix; the logarithm of the
    requests that delay and think time would hold at the rate of the limiting station; decline; second share.
    The rate follows from the first two. The prior is flat in the logarithm of that throughput and in the
    delay; its Jacobian is (delay + think time) (1 + d log X/d log scaled).
    """
    busiest = max(points, key=lambda point: point.users)
    quickest = min(p.response_s_mean for p in points)

    def parameters(state: Floats, narrowing: float = 0.0) -> ClosedParameters:
        scaled, decline, second = exp(state[1]), float(state[2]), float(state[3])
        rate = exp(state[0]) / _scaled_throughput(busiest.users, scaled, second, decline)
        return ClosedParameters(
            rate_per_s=rate,
            delay_s=scaled / rate - busiest.think_s,
            decline=decline,
            second_share=second,
            narrowing=narrowing,
        )

    def score(state: Floats) -> float:
        if not (0 < state[3] < 1 and state[2] > 0 and abs(state[1]) < _LOG_SCALED_MOST):
            return -inf
        one = parameters(state)
        if not _DELAY_LEAST_S < one.delay_s < quickest * (1 + _ROUNDING):
            return -inf
        square = float((_misses(one, points, noise) ** 2).sum())
        more = exp(state[1] + _ROUNDING)
        near = _scaled_throughput(busiest.users, more, one.second_share, one.decline)
        slope = log(near * one.rate_per_s) - state[0]
        jacobian = (one.delay_s + busiest.think_s) * max(1 + slope / _ROUNDING, _ROUNDING)
        return log(jacobian) - 0.5 * (one.decline / DECLINE_SCALE) ** 2 - 0.5 * square

    delay_s = 0.5 * quickest + busiest.think_s
    start = np.array(
        [log(busiest.throughput_per_s), log(busiest.throughput_per_s * delay_s), 0.5 * DECLINE_SCALE, 0.5]
    )
    found = _metropolis(score, start, np.array([0.02, 0.3, 0.5 * DECLINE_SCALE, 0.25]), rng)
    return tuple(parameters(one, abs(rng.standard_normal()) * NARROWING_SCALE) for one in found)


def _scalability_draws(
    points: Sequence[ClosedPoint], noise: float, rng: np.random.Generator
) -> tuple[ScalabilityParameters, ...]:
    """Return draws of the scalability law; the state is (log rate, log contention, log coherence)."""
    users, throughputs = [p.users for p in points], [p.throughput_per_s for p in points]
    best = fit_scalability(users, throughputs)
    state = np.log([best.rate, max(best.contention, 1e-6), max(best.coherence, 1e-9)])

    def parameters(state: Floats) -> ScalabilityParameters:
        rate, contention, coherence = (float(x) for x in np.exp(state))
        narrowing = abs(rng.standard_normal()) * NARROWING_SCALE
        return ScalabilityParameters(law=Scalability(contention, coherence, rate), narrowing=narrowing)

    wider = noise * sqrt(max(1.0, _misfit((parameters(state),), points, noise)))

    def score(state: Floats) -> float:
        if state[1] > 0 or state.min() < _LOG_SHARE_LEAST:
            return -inf
        square = float((_misses(parameters(state), points, wider) ** 2).sum())
        return -0.5 * square + float(state[1])  # flat in the contention and in the logarithm of coherence

    return tuple(parameters(one) for one in _metropolis(score, state, np.array([0.02, 0.2, 0.3]), rng))


def _metropolis(
    score: Callable[[Floats], float], state: Floats, step: Floats, rng: np.random.Generator
) -> list[Floats]:
    """Return draws from a density whose logarithm is `score` (Metropolis et al. 1953)."""
    now, kept = score(state), []
    for n in range(_STEPS):
        tried = state + _SCALES[n % len(_SCALES)] * step * rng.standard_normal(len(state))
        then = score(tried)
        if log(1 - rng.random()) < then - now:
            state, now = tried, then
        if n >= _BURNED and (n - _BURNED) % ((_STEPS - _BURNED) // _DRAWS) == 0:
            kept.append(state)
    return kept


def _scaled_throughput(users: int, delay: float, second: float, decline: float) -> float:
    """Return X(N) over the rate of the limiting station, for a delay in units of its service time.

    G = f1 * f2 * f3 with f1(n) = (n!)^decline, f2(n) = second^n, f3(n) = delay^n/n!. Each f(n) is multiplied
    by t^n, which changes nothing for a given N, with t such that the largest terms are near N.
    """
    n, factorials = _counts(users)
    tilt = log(_open_utilisation(users, delay, second)) - decline * log(users)
    logs = (decline * factorials + tilt * n, (log(second) + tilt) * n, (log(delay) + tilt) * n - factorials)
    parts = [np.exp(one - one.max()) for one in logs]
    pair = np.convolve(parts[0], parts[1])[: users + 1]
    whole = float(pair @ parts[2][::-1])
    fewer = float(pair[:-1] @ parts[2][-2::-1])
    return fewer / whole * exp(tilt)


def _open_utilisation(users: int, delay: float, second: float) -> float:
    """Return the utilisation of the limiting station with which an open network holds so many in the mean."""
    low, high = 0.0, 1.0
    for _ in range(30):
        tried = 0.5 * (low + high)
        inside = tried * delay + tried / (1 - tried) + second * tried / (1 - second * tried)
        low, high = (tried, high) if inside < users else (low, tried)
    return high


@lru_cache(maxsize=64)
def _counts(most: int) -> tuple[Floats, Floats]:
    """Return 0 to `most`, and the logarithms of their factorials."""
    n = np.arange(most + 1, dtype=np.float64)
    return n, np.r_[0.0, np.cumsum(np.log(n[1:]))]


def _figure(name: str, values: Floats) -> PredictedFigure:
    low, middle, high = (float(x) for x in np.quantile(values, (0.025, 0.5, 0.975)))
    return PredictedFigure(name=name, value=middle, low=low, high=high)
