"""Queues with many servers (Erlang B, C, M/M/c/K), and how many servers a target needs."""

from dataclasses import dataclass
from math import ceil, exp, log

from scipy.special import betainc, gammainc

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
