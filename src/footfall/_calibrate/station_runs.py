"""Requests offered to simulated stations, and what became of them: a column a station, a row a request."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from math import gamma, inf, log1p, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainccinv, gammaincinv, log_ndtr, ndtr

from footfall._calibrate.request_log import Floats, Integers, RequestLog
from footfall._calibrate.station_parameters import ServiceLaw, StationParameters
from footfall._model.duration_quantiles import weibull_shape

Booleans: TypeAlias = NDArray[np.bool_]
Ends: TypeAlias = NDArray[np.int8]


class RequestEnd(IntEnum):
    """How a request to a simulated station ended."""

    ABSENT = -1
    """There is no such request: the column has fewer than others."""
    SERVED = 0
    FAULT = 1
    """Served, with an error for a reason other than load."""
    REFUSED = 2
    """No slot was free and the accept queue was full."""
    RATE_LIMITED = 3
    DEADLINE = 4
    """Not answered within the deadline."""
    QUEUE_TIMEOUT = 5
    """Waited for a slot longer than the queue timeout."""


STATUS_OF = {
    RequestEnd.SERVED: 200,
    RequestEnd.FAULT: 500,
    RequestEnd.REFUSED: 503,
    RequestEnd.RATE_LIMITED: 429,
    RequestEnd.DEADLINE: 504,
    RequestEnd.QUEUE_TIMEOUT: 500,
}
"""HTTP status by `RequestEnd`, as the reference service answers."""


@dataclass(frozen=True, kw_only=True, eq=False)
class OfferedRequests:
    """Requests as (requests, columns) arrays, columns sorted by `sent_s` and padded with `inf` at the end."""

    sent_s: Floats
    kind: Integers
    """Index in the station's `kinds`."""
    work_s: Floats
    """Seconds that the request holds a slot, if nothing cuts it short."""
    is_fault: Booleans
    """Whether it fails if it is served."""
    dispatch_u: Floats | None = None
    """Uniform numbers that choose the queue of each request where a station dispatches at random."""
    first_stall_s: Floats | None = None
    """Per column: second at which a stall begins, at most 0; None: 0."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SimulatedRuns:
    """What became of the requests, as arrays of the same shape as those offered."""

    sent_s: Floats
    kind: Integers
    response_s: Floats
    """Seconds from sending to the answer, or to giving up."""
    end: NDArray[np.int8]
    """`RequestEnd` of each."""

    @property
    def is_present(self) -> Booleans:
        """Which elements are requests."""
        present: Booleans = self.end != RequestEnd.ABSENT
        return present

    @property
    def is_success(self) -> Booleans:
        """Which requests were served without a fault."""
        successful: Booleans = self.end == RequestEnd.SERVED
        return successful

    @property
    def success_share(self) -> Floats:
        """Share of successful requests, per column."""
        requests = np.maximum(self.is_present.sum(axis=0), 1)
        share: Floats = self.is_success.sum(axis=0) / requests
        return share

    def response_quantiles_s(self, quantiles: Sequence[float], *, of_all: bool = False) -> Floats:
        """Give quantiles of the response time, (quantiles, columns): of the served, or of all requests.

        By nearest rank; `nan` in columns without such a request.
        """
        counted = self.is_present if of_all else self.is_success
        ordered = np.sort(np.where(counted, self.response_s, inf), axis=0)
        number = counted.sum(axis=0)
        found = np.full((len(quantiles), ordered.shape[1]), np.nan)
        columns = np.flatnonzero(number)
        for row, quantile in enumerate(quantiles):
            rank = np.maximum(np.ceil(quantile * number[columns] - 1e-9).astype(int) - 1, 0)
            found[row, columns] = ordered[rank, columns]
        return found

    def request_log(self, column: int, kinds: tuple[str, ...], *, run: str, length_s: float) -> RequestLog:
        """Give a column as the log that a generator would have written."""
        present = self.is_present[:, column]
        sent_s, end = self.sent_s[present, column], self.end[present, column]
        status = np.zeros(len(RequestEnd) - 1, dtype=np.int64)
        for request_end, code in STATUS_OF.items():
            status[request_end] = code
        return RequestLog(
            run=run,
            kinds=kinds,
            kind=self.kind[present, column].astype(np.int64),
            sent_s=sent_s,
            ended_s=sent_s + self.response_s[present, column],
            status=status[end],
            is_success=end == RequestEnd.SERVED,
            is_answered=np.ones(len(end), dtype=np.bool_),
            length_s=length_s,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """How many requests are offered to a column, and when.

    Poisson arrivals given their number are uniform and independent over the time (Ross 2014, section 5.3.5):
    a random number would add noise of 1/sqrt(n) to the rate and tell nothing.
    """

    arrivals_per_s: float
    requests: int
    warm_up_requests: int = 0
    """Before those that count: a run from idle has none, a steady state some."""


def drawn_requests(
    stations: Sequence[StationParameters],
    plans: Sequence[LoadPlan],
    rng: np.random.Generator,
    *,
    streams: Sequence[int] | None = None,
    kind_shares: Sequence[float] | None = None,
) -> OfferedRequests:
    """Draw Poisson arrivals, kinds and work for a load plan a column.

    Columns of one stream have the same random numbers (Law 2015, section 11.2: common random numbers): what
    differs between them is their rate and their station alone. None: each has its own. `kind_shares`: share
    of each kind of the requests; None: equal shares.
    """
    _, stream_of = np.unique(np.arange(len(stations)) if streams is None else streams, return_inverse=True)
    width = int(stream_of.max(initial=-1)) + 1
    offered = np.array([plan.warm_up_requests + plan.requests for plan in plans])
    rows = int(offered.max(initial=0))
    gaps = rng.standard_exponential((rows + 1, width))
    np.cumsum(gaps, axis=0, out=gaps)
    length_s = offered / np.array([plan.arrivals_per_s for plan in plans])
    sent_s = gaps[:rows, stream_of] * (length_s / gaps[offered, stream_of])
    sent_s[np.arange(rows)[:, None] >= offered] = inf
    kinds = max((len(station.kinds) for station in stations), default=1)
    kind = _drawn_kinds(kinds, (rows, width), rng, kind_shares)[:, stream_of]
    return _with_work(stations, sent_s, kind, _Numbers.drawn(stations, (rows, width), rng).of(stream_of))


def work_for(
    stations: Sequence[StationParameters], sent_s: Floats, kind: Integers, rng: np.random.Generator
) -> OfferedRequests:
    """Draw the work and the faults of requests whose times and kinds are given, (requests, columns)."""
    rows, columns = sent_s.shape
    return _with_work(stations, sent_s, kind, _Numbers.drawn(stations, (rows, columns), rng))


@dataclass(frozen=True, slots=True, eq=False)
class _Numbers:
    """Random numbers from which requests are made, (requests, columns)."""

    work_z: Floats
    """Standard normal."""
    fault_u: Floats | None
    """Uniform, as the others; None: no station needs them."""
    dispatch_u: Floats | None
    stall_u: Floats
    """(columns,)"""

    @classmethod
    def drawn(
        cls, stations: Sequence[StationParameters], shape: tuple[int, int], rng: np.random.Generator
    ) -> "_Numbers":
        has_faults = any(any(station.fault_shares) for station in stations)
        is_random = any(station.queues > 1 and station.dispatch == "random" for station in stations)
        return cls(
            work_z=rng.standard_normal(shape),
            stall_u=rng.random(shape[1]),
            fault_u=rng.random(shape) if has_faults else None,
            dispatch_u=rng.random(shape) if is_random else None,
        )

    def of(self, columns: Integers) -> "_Numbers":
        if len(columns) == len(self.stall_u):
            return self
        return _Numbers(
            work_z=self.work_z[:, columns],
            stall_u=self.stall_u[columns],
            fault_u=None if self.fault_u is None else self.fault_u[:, columns],
            dispatch_u=None if self.dispatch_u is None else self.dispatch_u[:, columns],
        )


def _with_work(
    stations: Sequence[StationParameters], sent_s: Floats, kind: Integers, numbers: _Numbers
) -> OfferedRequests:
    work_s, fault_shares = np.empty(sent_s.shape), np.zeros(sent_s.shape)
    # Columns of one law are made at once.
    groups: dict[tuple[int, ServiceLaw, float], list[int]] = {}
    for column, station in enumerate(stations):
        for index, (law, share) in enumerate(zip(station.laws, station.fault_shares, strict=True)):
            groups.setdefault((index, law, share), []).append(column)
    for (index, law, share), columns in groups.items():
        drawn_s = work_at(law, numbers.work_z[:, columns])
        if index:
            # The kinds before this one have filled the whole column.
            chosen = kind[:, columns] == index
            work_s[:, columns] = np.where(chosen, drawn_s, work_s[:, columns])
            fault_shares[:, columns] = np.where(chosen, share, fault_shares[:, columns])
        else:
            work_s[:, columns], fault_shares[:, columns] = drawn_s, share
    # A station whose stalls are periodic meets a run at any of their phases.
    every_s = np.array([station.stall_every_s if station.stall_length_s else 0.0 for station in stations])
    return OfferedRequests(
        sent_s=sent_s,
        kind=kind,
        work_s=work_s,
        is_fault=np.zeros(sent_s.shape, dtype=np.bool_)
        if numbers.fault_u is None
        else numbers.fault_u < fault_shares,
        dispatch_u=numbers.dispatch_u,
        first_stall_s=-numbers.stall_u * every_s,
    )


def _drawn_kinds(
    kinds: int, shape: tuple[int, int], rng: np.random.Generator, kind_shares: Sequence[float] | None
) -> Integers:
    if kinds == 1:
        return np.zeros(shape, dtype=np.int64)
    shares = np.full(kinds, 1.0) if kind_shares is None else np.asarray(kind_shares, dtype=np.float64)
    edges = np.cumsum(shares / shares.sum())[:-1]
    return np.searchsorted(edges, rng.random(shape), side="right").astype(np.int64)


# ── Service times, as a function of a standard normal number

_Z_MOST, _Z_STEPS = 6.0, 200
_TABLE_Z = np.linspace(-_Z_MOST, _Z_MOST, round(2 * _Z_MOST * _Z_STEPS) + 1)
"""Between two of these a quantile is interpolated: off by less than a part in 10,000."""


def drawn_work_s(law: ServiceLaw, size: int, rng: np.random.Generator) -> Floats:
    """Draw service times of a law, in seconds."""
    return work_at(law, rng.standard_normal(size))


def work_at(law: ServiceLaw, z: Floats) -> Floats:
    """Give the service time of a law, in seconds, at the quantile of standard normal numbers.

    So laws that are compared have long and short times at the same requests, whatever their family.
    """
    mean_s, cv = law.mean_s, law.cv
    of_mean: Floats
    if law.family == "constant" or cv <= 0 or mean_s <= 0:
        return np.full(z.shape, max(mean_s, 0.0))
    if law.family == "lognormal":
        variance = log1p(cv**2)
        of_mean = np.exp(sqrt(variance) * z - variance / 2)
    elif law.family == "uniform":
        of_mean = np.maximum(1.0 + sqrt(3.0) * cv * (2.0 * ndtr(z) - 1.0), 0.0)
    elif law.family == "gamma":
        of_mean = _interpolated(z, _gamma_quantiles(cv))
    elif law.family == "exponential":
        of_mean = -log_ndtr(-z)
    else:
        shape = weibull_shape(cv)
        of_mean = (-log_ndtr(-z)) ** (1.0 / shape) / gamma(1.0 + 1.0 / shape)
    return mean_s * of_mean


def _interpolated(z: Floats, table: Floats) -> Floats:
    place = np.clip((z + _Z_MOST) * _Z_STEPS, 0, len(table) - 1.001)
    left = place.astype(np.int32)
    between = place - left
    return table[left] * (1.0 - between) + table[left + 1] * between


@lru_cache(maxsize=256)
def _gamma_quantiles(cv: float) -> Floats:
    """Quantiles of the gamma distribution of mean 1, at `_TABLE_Z`."""
    shape = cv**-2
    lower, upper = gammaincinv(shape, ndtr(_TABLE_Z)), gammainccinv(shape, ndtr(-_TABLE_Z))
    quantiles: Floats = np.where(_TABLE_Z < 0, lower, upper) / shape
    return quantiles
