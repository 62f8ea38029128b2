"""Networks of stations (Jackson), and closed loops of users (MVA)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import Any

import numpy as np
from scipy.optimize import brentq, least_squares

from footfall.theory.many_servers import erlang_b, erlang_c

# ── Open networks, and customers who retry


@dataclass(frozen=True, slots=True)
class Retrying:
    """An Erlang-B pool whose blocked customers retry at once, a limited number of times."""

    amplification: float
    """Attempts per customer."""
    blocked_share: float
    """Share of blocked attempts."""
    fails_share: float
    """Share of customers blocked even at the last attempt."""


def traffic(external: Sequence[float], routing: Sequence[Sequence[float]]) -> list[float]:
    """Arrival rates of an open network: λ_i = γ_i + sum_j λ_j p_ji (Jackson 1957).

    Raises:
        ValueError: some customers never leave.
    """
    moves = np.asarray(routing, dtype=float)
    outward = 1 - moves.sum(axis=1)
    try:
        rates = np.linalg.solve(np.eye(len(external)) - moves.T, np.asarray(external, dtype=float))
    except np.linalg.LinAlgError:
        rates = np.full(len(external), -1.0)
    if np.any(outward < -1e-12) or np.any(rates < 0):  # noqa: PLR2004  rounding of shares that sum to 1
        msg = "the shares out of each station must sum to at most 1, and every customer must leave eventually"
        raise ValueError(msg)
    return [float(rate) for rate in rates]


def network_sojourn_mean(
    external: Sequence[float],
    routing: Sequence[Sequence[float]],
    service_rates: Sequence[float],
    servers: Sequence[int],
) -> float:
    """Mean time from entry to exit of an open network of M/M/c: product form and Little (Jackson 1957).

    Raises:
        ValueError: a station cannot keep up, or some customers never leave.
    """
    inside = 0.0
    for rate, service_rate, count in zip(traffic(external, routing), service_rates, servers, strict=True):
        load = rate / service_rate
        inside += load + erlang_c(count, load) * load / (count - load)
    return inside / sum(external)


def retrying(servers: int, load: float, retries: int) -> Retrying:
    """Fixed point of attempts and blocking: a' = a sum_{k<=r} B(a')^k, with B of Erlang (1917).

    Raises:
        ValueError: the load is not above zero.
    """
    if load <= 0:
        msg = f"load {load} is not above zero"
        raise ValueError(msg)
    tried = _fixed_point(lambda tries: _tries(erlang_b(servers, tries), load, retries), load, retries)
    blocked = erlang_b(servers, tried)
    return Retrying(tried / load, blocked, blocked ** (retries + 1))


def largest_stable_rate(service_rate: float, retries: int, budget_share: float = inf) -> float:
    """Arrival rate above which retries keep a server busy with stale requests forever: μ/(1 + r).

    Applies to first come, first served, a timeout, up to r retries, and a server that also serves requests
    whose clients have timed out (a metastable failure in Bronson et al. 2021). With a budget of b retries
    per request it is μ/(1 + min(r, b)).
    """
    return service_rate / (1 + min(retries, budget_share))


def _tries(blocked_share: float, load: float, retries: int) -> float:
    return load * sum(blocked_share**k for k in range(retries + 1))


def _fixed_point(image: Callable[[float], float], load: float, retries: int) -> float:
    """Solve x = f(x) between no retries and all retries used."""
    if retries == 0:
        return load
    return float(brentq(lambda x: image(x) - x, load, load * (1 + retries), xtol=1e-13 * load, rtol=1e-15))


# ── Closed loops: a fixed number of users with think times, and scalability


@dataclass(frozen=True, slots=True)
class ClosedLoop:
    """Results of mean value analysis for a number of users."""

    throughput: float
    response_mean: float
    queue_means: tuple[float, ...]
    """Mean number of requests at each resource, including those in service."""


@dataclass(frozen=True, slots=True)
class Scalability:
    """The universal scalability law X(N) = γ N / (1 + α (N - 1) + β N (N - 1)) (Gunther 2007)."""

    contention: float
    """α: the serial part."""
    coherence: float
    """β: the cost of coherence per pair."""
    rate: float
    """γ: throughput of a single user."""

    def throughput(self, users: float) -> float:
        """Return the throughput of a number of users."""
        return self.rate * users / (1 + self.contention * (users - 1) + self.coherence * users * (users - 1))

    @property
    def peak_users(self) -> float:
        """Users at which the throughput is greatest: sqrt((1 - α)/β); infinite without coherence cost."""
        return sqrt((1 - self.contention) / self.coherence) if self.coherence > 0 else inf


def closed_loop(users: int, think_s: float, demands_s: Sequence[float]) -> ClosedLoop:
    """Throughput and response of a closed system with N users, by exact MVA (Reiser and Lavenberg 1980).

    R_i = D_i (1 + Q_i(n-1)), X = n/(Z + sum R), Q_i = X R_i.
    `demands_s` are the service times of a request at each single-server resource.

    Raises:
        ValueError: there is no user, or a time is negative.
    """
    if users < 1 or think_s < 0 or not demands_s or min(demands_s) < 0:
        msg = "needs at least one user and one resource, and times that are not negative"
        raise ValueError(msg)
    queues = [0.0] * len(demands_s)
    throughput = response = 0.0
    for n in range(1, users + 1):
        responses = [demand * (1 + queue) for demand, queue in zip(demands_s, queues, strict=True)]
        response = sum(responses)
        throughput = n / (think_s + response)
        queues = [throughput * one for one in responses]
    return ClosedLoop(throughput, response, tuple(queues))


def knee_users(think_s: float, demands_s: Sequence[float]) -> float:
    """Users at which the busiest resource saturates: (Z + sum D)/max D (Denning and Buzen 1978)."""
    return (think_s + sum(demands_s)) / max(demands_s)


def fit_scalability(users: Sequence[float], throughputs: Sequence[float]) -> Scalability:
    """Fit the universal scalability law by least squares, α and β not negative.

    Raises:
        ValueError: fewer than three points.
    """
    if len(users) != len(throughputs) or len(users) < 3:  # noqa: PLR2004  one for each coefficient
        msg = f"{len(users)} numbers of users and {len(throughputs)} throughputs; three or more of each"
        raise ValueError(msg)
    n, x = np.asarray(users, dtype=float), np.asarray(throughputs, dtype=float)
    scale = float(np.max(x / n))

    def misses(found: Any) -> Any:  # noqa: ANN401  scipy's arrays
        contention, coherence, rate = found
        return scale * rate * n / (1 + contention * (n - 1) + coherence * n * (n - 1)) - x

    best = least_squares(
        misses, (0.01, 1e-4, 1.0), bounds=([0, 0, 0], [1, inf, inf]), x_scale=(0.01, 1e-4, 1.0), xtol=1e-14
    )
    contention, coherence, rate = (float(value) for value in best.x)
    return Scalability(contention, coherence, scale * rate)
