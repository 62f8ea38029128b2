"""How many servers a target asks for, and how many people that takes on the payroll."""

from dataclasses import dataclass
from math import ceil

from footfall.simulate.theory.many_servers import erlang_c, erlang_c_service_level, erlang_c_wait_mean

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Staffing:
    """The smallest number of servers that holds both targets, and what it gives."""

    servers: int
    positions: int
    """People to be planned, so that so many serve."""
    waits_share: float
    service_level: float
    wait_mean: float
    occupancy: float


@dataclass(frozen=True, slots=True)
class StaffingTarget:
    """What is asked of a station whose customers all wait."""

    within: float
    """In the unit of the service time."""
    service_level: float
    """Least share of arrivals that wait at most `within`."""
    occupancy_most: float = 1.0
    shrinkage_share: float = 0.0
    """Share of the paid time in which people do not serve: breaks, training, sickness."""


def staffing(arrival_rate: float, service_mean: float, target: StaffingTarget) -> Staffing:
    """Give the least c with P(W <= t) >= target and a/c <= the greatest occupancy, by Erlang C.

    Positions are c / (1 - shrinkage), rounded up, as pyworkforce and call_center_tools have it.

    Raises:
        ValueError: no number of servers holds the target, or a share does not lie where shares lie.
    """
    if not (0 <= target.service_level < 1 and 0 < target.occupancy_most <= 1):
        found = f"service level {target.service_level}, occupancy {target.occupancy_most}"
        msg = f"{found}: shares lie in 0 … 1, a service level below 1"
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
