"""The numbers of one station of a service, as calibration learns them and a fast simulation takes them."""

from dataclasses import dataclass
from math import inf
from typing import Literal, TypeAlias

from footfall._records.errors import shown

LawFamily: TypeAlias = Literal["constant", "uniform", "exponential", "gamma", "lognormal", "weibull"]
_LARGE = 1e9
SLOTS_UNLIMITED = 10**6
"""So many slots are never all taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLaw:
    """The distribution of the time that a request holds its slot."""

    family: LawFamily
    mean_s: float
    cv: float
    """Coefficient of variation: standard deviation over mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultCause:
    """One cause of faults, as far as responses tell it from others."""

    name: str
    """The reason that the response gave, or its status, as `http_500`."""
    status: int
    """HTTP status; 0: no response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationParameters:
    """A station between its clients: network, limits, queue, slots, work, faults.

    A request reaches the station after the delay on the way; the rate limit, the accept queue and the slots
    may refuse it; it waits in the order of arrival, holds a slot for its work, and may end with a fault.
    Fields mean what those of the same name of `RequestServer` mean, `inf` or 0 that there is no such limit.
    """

    kinds: tuple[str, ...]
    """Names of the kinds of requests."""
    laws: tuple[ServiceLaw, ...]
    """Work of a request, by kind."""
    fault_shares: tuple[float, ...]
    """Share of the requests served that fail for a reason other than load, by kind."""
    fault_causes: tuple[FaultCause, ...] = ()
    """Causes of the faults; empty: they are not known."""
    cause_shares: tuple[tuple[float, ...], ...] = ()
    """By kind: the share of its faults that each of `fault_causes` has, 1 in all."""
    network_s: float = 0.0
    """Part of each response time in which the request holds no slot."""
    slots: int = SLOTS_UNLIMITED
    cores: int | None = None
    """Requests in work share so many cores; None: each works at full speed in its slot."""
    queues: int = 1
    dispatch: Literal["round_robin", "random", "shortest"] = "round_robin"
    accept_queue: float = inf
    deadline_s: float = inf
    stale_work: Literal["cut", "served", "dropped"] = "cut"
    queue_timeout_s: float = inf
    rate_limit_per_s: float = inf
    rate_limit_burst: int = 0
    stall_length_s: float = 0.0
    stall_every_s: float = inf
    """From the beginning of one stall to that of the next."""

    def faults_of(self, kind: int) -> dict[FaultCause, float]:
        """Return the share of the requests served of a kind that fail by each cause; empty: not known."""
        if not self.fault_causes:
            return {}
        of_kind = self.cause_shares[kind]
        return {
            cause: self.fault_shares[kind] * share
            for cause, share in zip(self.fault_causes, of_kind, strict=True)
        }


_FROM = {
    "network_s": 0,
    "slots": 1,
    "queues": 1,
    "accept_queue": 0,
    "deadline_s": 0,
    "queue_timeout_s": 0,
    "rate_limit_per_s": 0,
    "rate_limit_burst": 0,
    "stall_length_s": 0,
    "stall_every_s": 0,
}
"""Least values; NaN is none."""
_MOST = {
    "network_s": _LARGE,
    "slots": SLOTS_UNLIMITED,
    "queues": SLOTS_UNLIMITED,
    "rate_limit_burst": SLOTS_UNLIMITED,
    "stall_length_s": _LARGE,
}


def impossible_number(parameters: StationParameters) -> str:
    """Return the number of a station that cannot be, as `slots is -1`; empty: there is none."""
    kinds, causes = len(parameters.kinds), len(parameters.fault_causes)
    if not (kinds and len(parameters.laws) == len(parameters.fault_shares) == kinds):
        return "laws or fault_shares are not one for each kind of requests"
    if causes and [len(shares) for shares in parameters.cause_shares] != [causes] * kinds:
        return "cause_shares are not one for each kind and cause"
    numbers = [
        (name, getattr(parameters, name), least, _MOST.get(name, inf)) for name, least in _FROM.items()
    ]
    numbers += [("cores", 1 if parameters.cores is None else parameters.cores, 1, SLOTS_UNLIMITED)]
    for law in parameters.laws:
        numbers += [("mean_s", law.mean_s, 0, _LARGE), ("cv", law.cv, 0, _LARGE)]
    numbers += [("fault_share", share, 0, 1) for share in parameters.fault_shares]
    numbers += [("cause_share", share, 0, 1 + 1e-9) for each in parameters.cause_shares for share in each]
    wrong = next((one for one in numbers if not one[2] <= one[1] <= one[3]), None)
    return "" if wrong is None else f"{wrong[0]} is {shown(wrong[1])}"
