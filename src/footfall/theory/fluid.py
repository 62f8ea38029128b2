"""Time-dependent equations: offered load, fluid limits, and diffusion of adoption."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, exp, expm1, log, pi, sin, sqrt
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from footfall.theory.many_servers import erlang_c

# ── Load and staff with an arrival rate that changes over the day

_DEVIATIONS = 8
_FLUID_STEPS = 4000


def sinusoidal_load(
    at: float, rate_mean: float, amplitude_share: float, period: float, service_mean: float
) -> float:
    """Busy servers of an M(t)/M/∞ whose arrival rate is λ(1 + b sin γt), long after its start.

    m(t) = λ/μ (1 + b (μ² sin γt - μγ cos γt)/(μ² + γ²)) (Eick, Massey and Whitt 1993, equation 15).
    """
    service_rate, angular = 1 / service_mean, 2 * pi / period
    swing = service_rate**2 * sin(angular * at) - service_rate * angular * cos(angular * at)
    return rate_mean * service_mean * (1 + amplitude_share * swing / (service_rate**2 + angular**2))


def load_by_interval(
    arrival_rates: Sequence[float], interval: float, service_mean: float, *, begins_empty: bool = False
) -> list[float]:
    """Mean busy servers of an M(t)/M/∞ in each interval of a constant arrival rate.

    m' = λ - m/E[S], integrated exactly. The day is periodic, unless it starts empty.
    """
    decay = exp(-interval / service_mean)

    def end(start: float, rate: float) -> float:
        return rate * service_mean + (start - rate * service_mean) * decay

    start = 0.0
    if not begins_empty:
        for rate in arrival_rates:
            start = end(start, rate)
        # The end of a day is linear in its start: a periodic day starts where it ends.
        start /= -expm1(-len(arrival_rates) * interval / service_mean)
    means = []
    for rate in arrival_rates:
        steady = rate * service_mean
        means.append(steady + (start - steady) * (1 - decay) * service_mean / interval)
        start = end(start, rate)
    return means


def servers_for(load: float, waits_share: float) -> int:
    """Fewest servers at which at most `waits_share` wait, in equilibrium (Erlang C).

    With the loads of `load_by_interval` this is the modified-offered-load staffing of Jennings,
    Mandelbaum, Massey and Whitt (1996); with λ/μ of each interval alone it is SIPP, which is wrong
    if services are not short compared with the interval.

    Raises:
        ValueError: the load is negative, or the share is not between 0 and 1.
    """
    if load < 0 or not 0 < waits_share < 1:
        msg = f"load {load} and share {waits_share}: expected a load of 0 or more and a share between 0 and 1"
        raise ValueError(msg)
    servers = int(load) + 1
    while load > 0 and erlang_c(servers, load) > waits_share:
        servers += 1
    return servers if load > 0 else 0


@dataclass(frozen=True, slots=True)
class FluidStation:
    """A queue with several servers; without patience its customers never leave."""

    servers: int
    service_rate: float
    abandonment_rate: float = 0.0


@dataclass(frozen=True, slots=True)
class FluidMoment:
    """An M(t)/M/c+M at a time, and sums since its start."""

    at: float
    in_system_mean: float
    queue_mean: float
    all_busy_share: float
    arrivals: float
    abandoned: float
    arrivals_finding_all_busy: float
    queue_time: float
    """Total waiting time of all customers."""


def transient(
    arrival_rate: Callable[[float], float],
    station: FluidStation,
    moments: Sequence[float],
    breaks: Sequence[float] = (),
) -> list[FluidMoment]:
    """Solve M(t)/M/c+M, empty at time 0, by its birth-and-death equations (Kolmogorov 1931).

    `moments` increase; `breaks` are times at which the arrival rate jumps.
    The states are truncated eight standard deviations above the fluid limit.

    Raises:
        ValueError: the moments do not increase.
    """
    if list(moments) != sorted(moments):
        msg = "moments must increase"
        raise ValueError(msg)
    times = np.unique([0.0, *moments, *(b for b in breaks if b < moments[-1])])
    servers, abandonment_rate = station.servers, station.abandonment_rate
    states = _states(arrival_rate, station, float(times[-1]))
    numbers = np.arange(states + 1)
    waiting = np.maximum(numbers - servers, 0)
    deaths = np.minimum(numbers, servers) * station.service_rate + waiting * abandonment_rate

    def change(at: float, values: Any) -> Any:  # noqa: ANN401  scipy's arrays
        chances, rate = values[: states + 1], arrival_rate(at)
        up, down = rate * chances[:-1], deaths[1:] * chances[1:]
        flow = np.zeros_like(values)
        flow[:states] -= up
        flow[1 : states + 1] += up
        flow[1 : states + 1] -= down
        flow[:states] += down
        queue = waiting @ chances
        flow[states + 1 :] = rate, abandonment_rate * queue, rate * chances[servers:].sum(), queue
        return flow

    values = np.zeros(states + 5)
    values[0] = 1.0
    found = {0.0: values}
    for begin, end in pairwise(times):
        # A jump of the rate belongs to the piece that starts with it.
        inside = (float(begin), float(np.nextafter(end, begin)))
        solved = solve_ivp(change, inside, values, method="LSODA", rtol=1e-10, atol=1e-12, lband=1, uband=1)
        values = solved.y[:, -1]
        found[float(end)] = values
    return [_moment(at, found[float(at)], numbers, servers) for at in moments]


def _states(arrival_rate: Callable[[float], float], station: FluidStation, until: float) -> int:
    """Return a number of customers that is practically never exceeded, from the fluid limit and its noise."""
    servers = station.servers
    step = until / _FLUID_STEPS
    inside = most = moved = 0.0
    for k in range(_FLUID_STEPS):
        come = arrival_rate(k * step) * step
        leaving = min(inside, servers) * station.service_rate
        leaving += max(inside - servers, 0.0) * station.abandonment_rate
        go = leaving * step
        inside = max(inside + come - go, 0.0)
        most, moved = max(most, inside), moved + come + go
    return max(servers, int(most)) + int(_DEVIATIONS * sqrt(moved)) + _DEVIATIONS


def _moment(at: float, values: Any, numbers: Any, servers: int) -> FluidMoment:  # noqa: ANN401  numpy's arrays
    chances, (arrivals, abandoned, finding_busy, queue_time) = values[:-4], values[-4:]
    return FluidMoment(
        at=at,
        in_system_mean=float(numbers @ chances),
        queue_mean=float(np.maximum(numbers - servers, 0) @ chances),
        all_busy_share=float(chances[servers:].sum()),
        arrivals=float(arrivals),
        abandoned=float(abandoned),
        arrivals_finding_all_busy=float(finding_busy),
        queue_time=float(queue_time),
    )


# ── Diffusion of adoption


def bass_share(time: float, innovation: float, imitation: float) -> float:
    """Share of adopters: F(t) = (1 - e^{-(p+q)t}) / (1 + q/p e^{-(p+q)t}) (Bass 1969, equation 4).

    `innovation` p and `imitation` q are rates per unit of `time`.

    Raises:
        ValueError: p is not above zero.
    """
    _check(innovation)
    left = exp(-(innovation + imitation) * time)
    return (1 - left) / (1 + imitation / innovation * left)


def bass_peak(innovation: float, imitation: float) -> float:
    """Time of the peak of adoption: ln(q/p)/(p + q), 0 if q <= p (Bass 1969).

    Raises:
        ValueError: p is not above zero.
    """
    _check(innovation)
    return max(log(imitation / innovation), 0.0) / (innovation + imitation) if imitation > 0 else 0.0


def _check(innovation: float) -> None:
    if innovation <= 0:
        msg = f"innovation {innovation} is not above zero: adoption would never start"
        raise ValueError(msg)
