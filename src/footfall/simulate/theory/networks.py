"""Stations that feed each other, and customers who come again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from scipy.optimize import brentq

from footfall.simulate.theory.many_servers import erlang_b, erlang_c


@dataclass(frozen=True, slots=True)
class Retrying:
    """An Erlang-B pool whose blocked customers try again at once, a limited number of times."""

    amplification: float
    """Tries by customers."""
    blocked_share: float
    """Of the tries."""
    fails_share: float
    """Of the customers: blocked at the last try too."""


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
        msg = "the shares out of each station sum to at most 1, and everybody leaves at last"
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
    """Fixed point of tries and blocking: a' = a sum_{k<=r} B(a')^k, with B of Erlang (1917).

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
    """Arrival rate above which timed-out clients keep a server busy with stale work for ever: μ/(1 + r).

    Holds for first come, first served, a timeout, up to r retries, and a server that serves what
    nobody waits for any more (Bronson et al. 2021 name it a metastable failure). With a budget of b
    retries by requests it is μ/(1 + min(r, b)).
    """
    return service_rate / (1 + min(retries, budget_share))


def _tries(blocked_share: float, load: float, retries: int) -> float:
    return load * sum(blocked_share**k for k in range(retries + 1))


def _fixed_point(image: Callable[[float], float], load: float, retries: int) -> float:
    """Solve x = f(x) between no retry at all and every retry used."""
    if retries == 0:
        return load
    return float(brentq(lambda x: image(x) - x, load, load * (1 + retries), xtol=1e-13 * load, rtol=1e-15))
