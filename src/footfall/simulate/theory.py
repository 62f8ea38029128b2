"""Exact results for single stations, in forms that stay stable for large numbers of servers.

λ is the arrival rate, μ the service rate of one server, θ the abandonment rate of one who waits,
a = λ/μ the offered load in erlangs, c the number of servers.
"""

from dataclasses import dataclass
from math import exp, log

_SMALLEST_TERM = 1e-17


@dataclass(frozen=True, slots=True)
class WithAbandonment:
    """What Erlang A gives; times in the unit of the rates, over all who were admitted."""

    waits_share: float
    abandons_share: float
    wait_mean: float


@dataclass(frozen=True, slots=True)
class WithRoom:
    """What M/M/c/K gives; the wait is of those who were admitted."""

    blocked_share: float
    wait_mean: float


def erlang_b(servers: int, load: float) -> float:
    """Share of arrivals lost when nobody can wait: 1/B_k = 1 + (k/a) 1/B_{k-1}, 1/B_0 = 1 (Erlang 1917)."""
    inverse = 1.0
    for k in range(1, servers + 1):
        inverse = 1 + inverse * k / load
    return 1 / inverse


def erlang_c(servers: int, load: float) -> float:
    """Share of arrivals that wait: C = B / (1 - ρ (1 - B)), ρ = a/c < 1 (Erlang 1917).

    Raises:
        ValueError: the load is not below the number of servers.
    """
    if load >= servers:
        msg = f"load {load} is not below {servers} servers: the queue has no limit"
        raise ValueError(msg)
    blocking = erlang_b(servers, load)
    return blocking / (1 - load / servers * (1 - blocking))


def erlang_c_wait_mean(servers: int, arrival_rate: float, service_rate: float) -> float:
    """Mean wait of all arrivals: C / (c μ - λ).

    Raises:
        ValueError: the load is not below the number of servers.
    """
    return erlang_c(servers, arrival_rate / service_rate) / (servers * service_rate - arrival_rate)


def erlang_c_service_level(servers: int, arrival_rate: float, service_rate: float, within: float) -> float:
    """Share of arrivals that wait at most `within`: 1 - C exp(-(c μ - λ) t).

    Raises:
        ValueError: the load is not below the number of servers.
    """
    spare = servers * service_rate - arrival_rate
    return 1 - erlang_c(servers, arrival_rate / service_rate) * exp(-spare * within)


def erlang_a(
    servers: int, arrival_rate: float, service_rate: float, abandonment_rate: float
) -> WithAbandonment:
    """M/M/c+M: exponential patience of rate θ (Palm 1946; Mandelbaum and Zeltyn 2007).

    A = sum_j prod_{k<=j} λ/(c μ + k θ); π_c = B/(1 + (A - 1) B); P(wait) = π_c A;
    Lq = π_c sum_j j term_j; P(abandon) = θ Lq/λ; E[W] = Lq/λ.
    """
    blocking = erlang_b(servers, arrival_rate / service_rate)
    total, weighted, term, place = 1.0, 0.0, 1.0, 0
    while True:
        place += 1
        ratio = arrival_rate / (servers * service_rate + place * abandonment_rate)
        term *= ratio
        total += term
        weighted += place * term
        if ratio < 1 and place * term < _SMALLEST_TERM * max(weighted, total):
            break
    all_busy = blocking / (1 + (total - 1) * blocking)
    queue_mean = all_busy * weighted
    return WithAbandonment(
        waits_share=all_busy * total,
        abandons_share=abandonment_rate * queue_mean / arrival_rate,
        wait_mean=queue_mean / arrival_rate,
    )


def mmck(servers: int, places: int, arrival_rate: float, service_rate: float) -> WithRoom:
    """M/M/c/K with K places in all, those in service counted: birth and death in logarithms.

    Raises:
        ValueError: there are fewer places than servers.
    """
    if places < servers:
        msg = f"{places} places for {servers} servers"
        raise ValueError(msg)
    logs = [0.0]
    for n in range(1, places + 1):
        logs.append(logs[-1] + log(arrival_rate / (min(n, servers) * service_rate)))
    top = max(logs)
    weights = [exp(value - top) for value in logs]
    scale = sum(weights)
    queue_mean = sum((n - servers) * w for n, w in enumerate(weights) if n > servers) / scale
    blocked_share = weights[-1] / scale
    return WithRoom(blocked_share, queue_mean / (arrival_rate * (1 - blocked_share)))
