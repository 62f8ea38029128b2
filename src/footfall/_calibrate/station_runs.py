"""Requests offered to simulated stations, and what became of them: a column a station, a row a request."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from math import gamma, inf, log1p, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from footfall._calibrate.request_log import Floats, Integers, RequestLog
from footfall._calibrate.station_parameters import ServiceLaw, StationParameters
from footfall._model.duration_quantiles import weibull_shape

Booleans: TypeAlias = NDArray[np.bool_]


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

    Columns of one stream have the same random numbers (they must belong to the same station): what differs
    between them is their rate alone. None: each has its own. `kind_shares`: share of each kind of the
    requests; None: equal shares.
    """
    stream = np.arange(len(stations)) if streams is None else np.asarray(streams)
    unique, column_of, stream_of = np.unique(stream, return_index=True, return_inverse=True)
    offered = np.array([plan.warm_up_requests + plan.requests for plan in plans])
    rows, width = int(offered.max(initial=0)), len(unique)
    gaps = rng.standard_exponential((rows + 1, width))
    np.cumsum(gaps, axis=0, out=gaps)
    count = offered[None, :]
    whole = gaps[:, stream_of][offered, np.arange(len(stations))]
    length_s = offered / np.array([plan.arrivals_per_s for plan in plans])
    sent_s = gaps[:rows, stream_of] * (length_s / whole)[None, :]
    sent_s[np.arange(rows)[:, None] >= count] = inf
    of_stream = [stations[column] for column in column_of]
    kind = _drawn_kinds(of_stream, rows, rng, kind_shares)
    drawn = work_for(of_stream, np.full((rows, width), inf), kind, rng)
    return OfferedRequests(
        sent_s=sent_s,
        kind=kind[:, stream_of],
        work_s=drawn.work_s[:, stream_of],
        is_fault=drawn.is_fault[:, stream_of],
        dispatch_u=None if drawn.dispatch_u is None else drawn.dispatch_u[:, stream_of],
        first_stall_s=None if drawn.first_stall_s is None else drawn.first_stall_s[stream_of],
    )


def work_for(
    stations: Sequence[StationParameters], sent_s: Floats, kind: Integers, rng: np.random.Generator
) -> OfferedRequests:
    """Draw the work and the faults of requests whose times and kinds are given, (requests, columns)."""
    work_s, fault_share = np.empty(sent_s.shape), np.empty(sent_s.shape)
    for number, station in enumerate(stations):
        for index, law in enumerate(station.laws):
            chosen = np.flatnonzero(kind[:, number] == index)
            work_s[chosen, number] = drawn_work_s(law, len(chosen), rng)
            fault_share[chosen, number] = station.fault_shares[index]
    is_fault = rng.random(sent_s.shape) < fault_share
    is_random = any(station.queues > 1 and station.dispatch == "random" for station in stations)
    # A station whose stalls are periodic meets a run at any of their phases.
    every_s = np.array([station.stall_every_s if station.stall_length_s else 0.0 for station in stations])
    return OfferedRequests(
        sent_s=sent_s,
        kind=kind,
        work_s=work_s,
        is_fault=is_fault,
        dispatch_u=rng.random(sent_s.shape) if is_random else None,
        first_stall_s=-rng.random(len(stations)) * every_s,
    )


def _drawn_kinds(
    stations: Sequence[StationParameters],
    rows: int,
    rng: np.random.Generator,
    kind_shares: Sequence[float] | None,
) -> Integers:
    kinds = max(len(station.kinds) for station in stations)
    if kinds == 1:
        return np.zeros((rows, len(stations)), dtype=np.int64)
    shares = np.full(kinds, 1.0) if kind_shares is None else np.asarray(kind_shares, dtype=np.float64)
    edges = np.cumsum(shares / shares.sum())[:-1]
    return np.searchsorted(edges, rng.random((rows, len(stations))), side="right").astype(np.int64)


def drawn_work_s(law: ServiceLaw, size: int, rng: np.random.Generator) -> Floats:
    """Draw service times of a law, in seconds."""
    mean_s, cv = law.mean_s, law.cv
    if law.family == "constant" or cv <= 0 or mean_s <= 0:
        return np.full(size, max(mean_s, 0.0))
    if law.family == "exponential":
        return mean_s * rng.standard_exponential(size)
    if law.family == "uniform":
        return mean_s * np.maximum(1.0 + sqrt(3.0) * cv * (2.0 * rng.random(size) - 1.0), 0.0)
    if law.family == "gamma":
        return mean_s * cv**2 * rng.standard_gamma(cv**-2, size)
    if law.family == "lognormal":
        variance = log1p(cv**2)
        return mean_s * np.exp(sqrt(variance) * rng.standard_normal(size) - variance / 2)
    shape = weibull_shape(cv)
    return mean_s / gamma(1.0 + 1.0 / shape) * rng.standard_exponential(size) ** (1.0 / shape)
