"""M/M/c+G: several servers, with patience of any distribution.

With G the distribution of patience, H(x) = ∫_0^x (1 - G) and φ(x) = λ H(x) - c μ x, the wait that a customer
is offered has the density λ e^φ / (E + λ J), where J = ∫ e^φ and E = 1/B(c - 1, a), with B of Erlang
(Baccelli and Hebuterne 1981; Zeltyn and Mandelbaum 2005, section 4). φ is concave, so the integrals are
computed piece by piece, each piece halved until both halves agree, relative to the greatest e^φ.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import exp, inf
from typing import Any

import numpy as np
from numpy.polynomial import legendre

from footfall.theory.many_servers import WithAbandonment, erlang_b

_NODES = 16
_ENOUGH = 1e-12
_ROUNDING = 1e-15
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
        borne = _ENOUGH * both.sums + _ROUNDING * both.sums[0]
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
