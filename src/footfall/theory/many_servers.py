"""Stations with many servers: Erlang B, C and A, limited room, patience of any distribution, staffing."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, exp, inf, log
from typing import Any

import numpy as np
from numpy.polynomial import legendre
from scipy.special import betainc, gammainc

# ── Queues with many servers (Erlang B, C, M/M/c/K), and how many servers a target needs

# ── Stations of several servers: Erlang B, C and A, and M/M/c/K, stable for thousands of servers

_SMALLEST_TERM = 1e-17


@dataclass(frozen=True, slots=True)
class WithAbandonment:
    """Results of Erlang A; times in the unit of the rates, over all admitted customers."""

    waits_share: float
    abandons_share: float
    wait_mean: float
    queue_mean: float
    """Mean number of customers waiting."""
    occupancy: float
    """Share of a server's time that is busy."""


@dataclass(frozen=True, slots=True)
class WithRoom:
    """Results of M/M/c/K; the wait is that of admitted customers."""

    blocked_share: float
    waits_share: float
    wait_mean: float
    queue_mean: float
    occupancy: float


def erlang_b(servers: int, load: float) -> float:
    """Erlang B, share of arrivals lost: 1/B_k = 1 + (k/a) 1/B_{k-1}, 1/B_0 = 1 (Erlang 1917)."""
    inverse = 1.0
    for k in range(1, servers + 1):
        inverse = 1 + inverse * k / load
    return 1 / inverse


def erlang_c(servers: int, load: float) -> float:
    """Erlang C: share of arrivals that wait: C = B / (1 - ρ (1 - B)), ρ = a/c < 1 (Erlang 1917).

    Raises:
        ValueError: the load is not below the number of servers.
    """
    if load >= servers:
        msg = f"load {load} is not below {servers} servers: the queue is unstable"
        raise ValueError(msg)
    blocking = erlang_b(servers, load)
    return blocking / (1 - load / servers * (1 - blocking))


def erlang_c_wait_mean(servers: int, arrival_rate: float, service_rate: float) -> float:
    """Mean wait of all arrivals: C / (c μ - λ).

    Raises:
        ValueError: the load is not below the number of servers.
    """
    return erlang_c(servers, arrival_rate / service_rate) / (servers * service_rate - arrival_rate)


def mgc_ps_sojourn_mean(servers: int, arrival_rate: float, service_mean: float) -> float:
    """Mean time in an M/G/c with processor sharing, each customer at most at one server's speed.

    The number in the system is that of M/M/c for any distribution of service (Cohen 1979), so the mean is
    E[S] + C/(c μ - λ).

    Raises:
        ValueError: the load is not below the number of servers.
    """
    return service_mean + erlang_c_wait_mean(servers, arrival_rate, 1 / service_mean)


def mdc_wait_mean(servers: int, arrival_rate: float, service: float) -> float:
    """Mean wait of M/D/c, first come, first served (Crommelin 1932).

    D sum_i [P(N_i >= ic) - (c/a) P(N_i >= ic + 1)], i = 1, 2, …, N_i Poisson of mean ia.

    Raises:
        ValueError: the load is not below the number of servers.
    """
    load = arrival_rate * service
    if not 0 < load < servers:
        msg = f"load {load} is not between 0 and {servers} servers: the queue is unstable"
        raise ValueError(msg)
    total, i = 0.0, 0
    while True:
        i += 1
        at_least = float(gammainc(i * servers, i * load))
        term = at_least - servers / load * float(gammainc(i * servers + 1, i * load))
        total += term
        # A multiple of 1/(1 - ρ) terms matters; beyond that they decrease ever faster.
        if at_least < _SMALLEST_TERM or abs(term) < _SMALLEST_TERM * total:
            return service * total


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

    Raises:
        ValueError: a rate is not above zero.
    """
    all_busy, terms = _waiting_places(servers, arrival_rate, service_rate, abandonment_rate)
    queue_mean = all_busy * sum(place * term for place, term in enumerate(terms))
    abandons_share = abandonment_rate * queue_mean / arrival_rate
    return WithAbandonment(
        waits_share=all_busy * sum(terms),
        abandons_share=abandons_share,
        wait_mean=queue_mean / arrival_rate,
        queue_mean=queue_mean,
        occupancy=arrival_rate * (1 - abandons_share) / (servers * service_rate),
    )


def erlang_a_service_level(
    servers: int, arrival_rate: float, service_rate: float, abandonment_rate: float, within: float
) -> float:
    """Share of arrivals that are served after waiting at most `within`; abandoned ones are not.

    A customer who finds j others waiting would wait for a sum of exponentials of rates cμ, …, cμ + jθ,
    so that exp(-θ V) is Beta(cμ/θ, j + 1); the share still there at V is E[exp(-θ V); V <= t]
    (order statistics of exponentials, Rényi 1953).

    Raises:
        ValueError: a rate is not above zero.
    """
    all_busy, terms = _waiting_places(servers, arrival_rate, service_rate, abandonment_rate)
    shape = servers * service_rate / abandonment_rate
    gone_by = 1 - exp(-abandonment_rate * within)
    served = sum(
        term * shape / (shape + place + 1) * float(betainc(place + 1, shape + 1, gone_by))
        for place, term in enumerate(terms)
    )
    return 1 - all_busy * sum(terms) + all_busy * served


def mmck(servers: int, places: int, arrival_rate: float, service_rate: float) -> WithRoom:
    """M/M/c/K with K places in all, those in service counted: birth and death in logarithms.

    Waits are those of admitted customers.

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
    admitted_rate = arrival_rate * (1 - blocked_share)
    return WithRoom(
        blocked_share=blocked_share,
        waits_share=sum(weights[servers:-1]) / scale / (1 - blocked_share),
        wait_mean=queue_mean / admitted_rate,
        queue_mean=queue_mean,
        occupancy=admitted_rate / (servers * service_rate),
    )


def _waiting_places(
    servers: int, arrival_rate: float, service_rate: float, abandonment_rate: float
) -> tuple[float, list[float]]:
    """Return π_c, and for each number of waiting customers its probability divided by π_c."""
    if min(arrival_rate, service_rate, abandonment_rate) <= 0:
        msg = "arrival, service and abandonment rate must be above zero"
        raise ValueError(msg)
    terms, total, weighted = [1.0], 1.0, 0.0
    while True:
        place = len(terms)
        ratio = arrival_rate / (servers * service_rate + place * abandonment_rate)
        terms.append(terms[-1] * ratio)
        total += terms[-1]
        weighted += place * terms[-1]
        if ratio < 1 and place * terms[-1] < _SMALLEST_TERM * max(weighted, total):
            blocking = erlang_b(servers, arrival_rate / service_rate)
            return blocking / (1 + (total - 1) * blocking), terms


# ── Number of servers for a target, and the staff to schedule

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Staffing:
    """The smallest number of servers that meets both targets, and its performance."""

    servers: int
    positions: int
    """Number of staff to schedule for this number of servers."""
    waits_share: float
    service_level: float
    wait_mean: float
    occupancy: float


@dataclass(frozen=True, slots=True)
class StaffingTarget:
    """Targets for a station without abandonment."""

    within: float
    """In the unit of the service time."""
    service_level: float
    """Least share of arrivals that wait at most `within`."""
    occupancy_most: float = 1.0
    shrinkage_share: float = 0.0
    """Share of paid time not spent serving: breaks, training, sickness."""


def staffing(arrival_rate: float, service_mean: float, target: StaffingTarget) -> Staffing:
    """Return the least c with P(W <= t) >= target and a/c <= the greatest occupancy, by Erlang C.

    Positions are c / (1 - shrinkage), rounded up, as in pyworkforce and call_center_tools.

    Raises:
        ValueError: no number of servers meets the target, or a share is out of range.
    """
    if not (0 <= target.service_level < 1 and 0 < target.occupancy_most <= 1):
        found = f"service level {target.service_level}, occupancy {target.occupancy_most}"
        msg = f"{found}: shares must be in 0 … 1, the service level below 1"
        raise ValueError(msg)
    if not 0 <= target.shrinkage_share < 1:
        msg = f"shrinkage {target.shrinkage_share} is not below 1"
        raise ValueError(msg)
    load = arrival_rate * service_mean
    servers = max(ceil(load / target.occupancy_most - _ROUNDING), int(load) + 1)
    rates = arrival_rate, 1 / service_mean
    while erlang_c_service_level(servers, *rates, target.within) < target.service_level:
        servers += 1
    return Staffing(
        servers=servers,
        positions=ceil(servers / (1 - target.shrinkage_share) - _ROUNDING),
        waits_share=erlang_c(servers, load),
        service_level=erlang_c_service_level(servers, *rates, target.within),
        wait_mean=erlang_c_wait_mean(servers, *rates),
        occupancy=load / servers,
    )


# ── M/M/c+G: several servers, with patience of any distribution
#
# With G the distribution of patience, H(x) = ∫_0^x (1 - G) and φ(x) = λ H(x) - c μ x, the wait that a
# customer is offered has the density λ e^φ / (E + λ J), where J = ∫ e^φ and E = 1/B(c - 1, a), with B of
# Erlang (Baccelli and Hebuterne 1981; Zeltyn and Mandelbaum 2005, section 4). φ is concave, so the integrals
# are computed piece by piece, each piece halved until both halves agree, relative to the greatest e^φ.

_NODES = 16
_ENOUGH = 1e-12
_ROUNDING_ABANDONMENT = 1e-15
"""Relative tolerance of ∫ e^φ: the accuracy of 1 - G for small G."""
_NARROWEST = 1e-13
_NEGLIGIBLE = 60.0
"""Densities below e^-60 of the greatest are ignored."""
_FAR = 1e300


@dataclass(frozen=True, slots=True)
class PatienceDistribution:
    """Distribution of patience."""

    survival: Callable[[float], float]
    """Share of customers with patience above a time; it does not increase."""
    breaks: tuple[float, ...] = ()
    """Times at which it jumps or has a kink."""


@dataclass(slots=True)
class _Integrals:
    """Integrals of e^φ times 1, G, H, and 1 - G up to a time, all divided by e^scale."""

    sums: Any
    scale: float

    def add(self, sums: Any, scale: float) -> None:  # noqa: ANN401  numpy's arrays
        """Add a piece with its own scale."""
        top = max(self.scale, scale)
        self.sums = self.sums * exp(self.scale - top) + sums * exp(scale - top)
        self.scale = top


def erlang_a_general(
    servers: int, arrival_rate: float, service_rate: float, patience: PatienceDistribution
) -> WithAbandonment:
    """M/M/c+G; `waits_share` includes customers who leave at once because they would have to wait.

    P(wait) = λ J/(E + λ J), P(abandon) = λ ∫ G e^φ/(E + λ J), E[W] = λ ∫ H e^φ/(E + λ J)
    (Zeltyn and Mandelbaum 2005, equations 4.2 to 4.6; 1 + (λ - cμ) J = λ ∫ G e^φ, which avoids cancellation).

    Raises:
        ValueError: a rate is not above zero, there is no server, or the queue has no limit.
    """
    weight, sums = _weighed(servers, arrival_rate, service_rate, patience, 0.0)
    queue_mean = arrival_rate * weight * float(sums[2])
    abandons_share = weight * float(sums[1])
    return WithAbandonment(
        waits_share=weight * float(sums[0]),
        abandons_share=abandons_share,
        wait_mean=queue_mean / arrival_rate,
        queue_mean=queue_mean,
        occupancy=arrival_rate * (1 - abandons_share) / (servers * service_rate),
    )


def erlang_a_general_service_level(
    servers: int, arrival_rate: float, service_rate: float, patience: PatienceDistribution, within: float
) -> float:
    """Share of arrivals of M/M/c+G that are served after waiting at most `within`.

    1 - P(wait) + λ ∫_0^t (1 - G) e^φ/(E + λ J).

    Raises:
        ValueError: a rate is not above zero, there is no server, or the queue has no limit.
    """
    weight, sums = _weighed(servers, arrival_rate, service_rate, patience, within)
    return 1 - weight * float(sums[0]) + weight * float(sums[3])


def _weighed(
    servers: int, arrival_rate: float, service_rate: float, patience: PatienceDistribution, within: float
) -> tuple[float, Any]:
    """Return λ/(E + λ J) and the integrals, both with e^φ scaled."""
    if servers < 1 or min(arrival_rate, service_rate) <= 0:
        msg = "needs at least one server, and rates above zero"
        raise ValueError(msg)
    full_rate = servers * service_rate
    if arrival_rate * patience.survival(_FAR) >= full_rate:
        msg = f"customers who never leave arrive at a rate not below {full_rate:g}: the queue is unstable"
        raise ValueError(msg)
    found = _integrals(arrival_rate, full_rate, patience, within)
    blocking = erlang_b(servers - 1, arrival_rate / service_rate)
    weight = arrival_rate * blocking / (exp(-found.scale) + arrival_rate * blocking * float(found.sums[0]))
    return weight, found.sums


def _integrals(
    arrival_rate: float, full_rate: float, patience: PatienceDistribution, within: float
) -> _Integrals:
    """Integrate from 0 in adaptive pieces: halved if too coarse, doubled if not."""
    stops = sorted({at for at in (*patience.breaks, within) if 0 < at < inf})
    found = _Integrals(np.zeros(4), 0.0)
    at, held, width = 0.0, 0.0, 1.0 / (arrival_rate + full_rate)
    while True:
        past = bisect_right(stops, at)
        end = min(at + width, *stops[past : past + 1], inf)
        whole = _piece(arrival_rate, full_rate, patience, within, (at, end, held))
        middle = (at + end) / 2
        first = _piece(arrival_rate, full_rate, patience, within, (at, middle, held))
        second = _piece(arrival_rate, full_rate, patience, within, (middle, end, first[2]))
        halves = _Integrals(first[0], first[1])
        halves.add(second[0], second[1])
        both = _Integrals(found.sums, found.scale)
        both.add(halves.sums, halves.scale)
        error = np.abs(whole[0] * exp(whole[1] - both.scale) - halves.sums * exp(halves.scale - both.scale))
        borne = _ENOUGH * both.sums + _ROUNDING_ABANDONMENT * both.sums[0]
        is_rough = np.any(error > borne) or abs(whole[2] - second[2]) > _ENOUGH * second[2]
        if is_rough and end - at > _NARROWEST * max(at, 1 / full_rate):
            width = (end - at) / 2
            continue
        width = max(width, 2 * (end - at)) if end == at + width else width
        found, at, held = both, end, second[2]
        slope = arrival_rate * patience.survival(at) - full_rate
        if at >= within and slope < 0 and arrival_rate * held - full_rate * at < found.scale - _NEGLIGIBLE:
            return found


def _piece(
    arrival_rate: float,
    full_rate: float,
    patience: PatienceDistribution,
    within: float,
    piece: tuple[float, float, float],
) -> tuple[Any, float, float]:
    """Return the integrals over one piece (from, to, H at its start), their scale, and H at its end."""
    begin, end, held = piece
    nodes, weights, upto = _rule()
    half = (end - begin) / 2
    times = begin + half * (nodes + 1)
    stay = np.array([patience.survival(float(time)) for time in times])
    held_at = held + half * (upto @ stay)
    heights = arrival_rate * held_at - full_rate * times
    scale = float(heights.max())
    density = half * weights * np.exp(heights - scale)
    in_time = stay if end <= within else np.zeros_like(stay)
    sums = np.array([density @ part for part in (np.ones_like(stay), 1 - stay, held_at, in_time)])
    return sums, scale, held + half * float(weights @ stay)


@lru_cache(maxsize=1)
def _rule() -> tuple[Any, Any, Any]:
    """Return Gauss–Legendre nodes and weights, and the matrix that integrates from -1 to each node."""
    nodes, weights = legendre.leggauss(_NODES)
    coefficients = np.linalg.inv(legendre.legvander(nodes, _NODES - 1))
    upto = np.array([legendre.legval(nodes, legendre.legint(one, lbnd=-1)) for one in coefficients.T]).T
    return nodes, weights, upto
