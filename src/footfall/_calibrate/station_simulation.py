"""Many independent runs of stations at once: request by request in step, NumPy over all columns.

A station of c slots with one queue needs no events: the recursion of Kiefer and Wolfowitz (1955, "On the
theory of queues with many servers", Trans. AMS 78) keeps for each column the times at which its slots become
free, in ascending order. A request that comes at a begins at b = max(a, first of them) and puts its end in
its place among the others. The accept queue needs no count of those who wait either: requests begin in the
order in which they came, so K or more wait just when the K-th last one accepted has not begun.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np
from numpy.typing import NDArray

from footfall._calibrate.request_log import Floats, Integers
from footfall._calibrate.station_events import StationArrivals, served_by_events
from footfall._calibrate.station_parameters import StationParameters
from footfall._calibrate.station_queues import FifoColumns
from footfall._calibrate.station_runs import (
    Booleans,
    LoadPlan,
    OfferedRequests,
    RequestEnd,
    SimulatedRuns,
    drawn_requests,
    work_for,
)
from footfall._calibrate.working_clock import NEVER_S, WorkingClock

_INSTANT_S = 1e-9
"""Of a request: requests that come exactly at the rate fit."""


def simulate_runs(
    stations: Sequence[StationParameters],
    arrivals_per_s: Sequence[float],
    *,
    length_s: float,
    seed: int,
    kind_shares: Sequence[float] | None = None,
) -> SimulatedRuns:
    """Simulate a run from idle of `length_s` for each station and its rate: a column each.

    The number of requests is that of the rate, to the nearest; they come at Poisson times given their number.
    """
    plans = [LoadPlan(arrivals_per_s=rate, requests=round(rate * length_s)) for rate in arrivals_per_s]
    rng = np.random.default_rng(seed)
    return serve(stations, drawn_requests(stations, plans, rng, kind_shares=kind_shares))


def simulate_steady(
    stations: Sequence[StationParameters],
    arrivals_per_s: Floats | Sequence[float],
    *,
    requests: int,
    seed: int,
    kind_shares: Sequence[float] | None = None,
) -> SimulatedRuns:
    """Simulate stations in their long run: `requests` that count, after a fifth as many to warm up.

    `arrivals_per_s` is (stations,), or (stations, rates) for each station at several rates with the same
    random numbers, so that it is compared with itself without noise; columns are in its elements' order.
    """
    plan = SteadyPlan(requests=requests, seed=seed, kind_shares=kind_shares)
    return simulate_compared(stations, arrivals_per_s, plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class SteadyPlan:
    """Long runs whose stations are to be compared."""

    requests: int
    seed: int
    kind_shares: Sequence[float] | None = None
    streams: Sequence[int] | None = None
    """Number of each station's stream of random numbers; None: each station has its own."""


def simulate_compared(
    stations: Sequence[StationParameters], arrivals_per_s: Floats | Sequence[float], plan: SteadyPlan
) -> SimulatedRuns:
    """Simulate as `simulate_steady` does, stations of one stream with the same random numbers."""
    rates = np.asarray(arrivals_per_s, dtype=np.float64).reshape(len(stations), -1)
    of_station = range(len(stations)) if plan.streams is None else plan.streams
    streams = [stream for stream in of_station for _ in range(rates.shape[1])]
    columns = [station for station in stations for _ in range(rates.shape[1])]
    warm_up = plan.requests // 5
    loads = [
        LoadPlan(arrivals_per_s=rate, requests=plan.requests, warm_up_requests=warm_up)
        for rate in rates.ravel().tolist()
    ]
    rng = np.random.default_rng(plan.seed)
    requests = drawn_requests(columns, loads, rng, streams=streams, kind_shares=plan.kind_shares)
    runs = serve(columns, requests)
    return SimulatedRuns(
        sent_s=runs.sent_s[warm_up:],
        kind=runs.kind[warm_up:],
        response_s=runs.response_s[warm_up:],
        end=runs.end[warm_up:],
    )


def simulate_arrivals(
    stations: Sequence[StationParameters], sent_s: Floats, kind: Integers, *, seed: int
) -> SimulatedRuns:
    """Simulate each station with the same given requests, sorted by `sent_s`; a column each."""
    columns = len(stations)
    rng = np.random.default_rng(seed)
    requests = work_for(
        stations, np.repeat(sent_s[:, None], columns, axis=1), np.repeat(kind[:, None], columns, axis=1), rng
    )
    return serve(stations, requests)


def serve(stations: Sequence[StationParameters], requests: OfferedRequests) -> SimulatedRuns:
    """Give what each station makes of its column of requests."""
    sent_s = requests.sent_s
    response_s = np.zeros(sent_s.shape)
    end = np.full(sent_s.shape, RequestEnd.ABSENT, dtype=np.int8)
    present = np.isfinite(sent_s)
    admitted = present & _within_rate(stations, sent_s)
    end[present & ~admitted] = RequestEnd.RATE_LIMITED
    parts = [
        part
        for column, station in enumerate(stations)
        for part in _parts(station, column, requests.dispatch_u, admitted[:, column])
    ]
    in_step = [part for part in parts if not part.by_events]
    if in_step:
        _serve_in_step(in_step, requests, response_s, end)
    for part in parts:
        if part.by_events:
            _serve_by_events(part, requests, response_s, end)
    end[(end == RequestEnd.SERVED) & requests.is_fault] = RequestEnd.FAULT
    response_s += np.array([station.network_s for station in stations])
    response_s[~present] = 0.0
    return SimulatedRuns(sent_s=sent_s, kind=requests.kind, response_s=response_s, end=end)


# ── Who passes the rate limit; which queue a request joins


def _within_rate(stations: Sequence[StationParameters], sent_s: Floats) -> Booleans:
    """Whether each request finds room in the leaky bucket (Turner 1986) of its station."""
    passed = np.ones(sent_s.shape, dtype=np.bool_)
    limited = [column for column, station in enumerate(stations) if station.rate_limit_per_s < inf]
    if not limited:
        return passed
    rate = np.array([stations[column].rate_limit_per_s for column in limited])
    most = np.array([stations[column].rate_limit_burst + 1.0 for column in limited]) + _INSTANT_S
    level, at_s = np.zeros(len(limited)), np.zeros(len(limited))
    for row, now_s in enumerate(np.minimum(sent_s[:, limited], NEVER_S)):
        raised = np.maximum(level - (now_s - at_s) * rate, 0.0) + 1.0
        enters = raised <= most
        level, at_s = np.where(enters, raised, level), np.where(enters, now_s, at_s)
        passed[row, limited] = enters
    return passed


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """The requests that one queue of a station receives, or all of a station that is simulated by events."""

    station: StationParameters
    """With what belongs to this queue alone."""
    column: int
    rows: Integers
    by_events: bool


def _parts(
    station: StationParameters, column: int, dispatch_u: Floats | None, admitted: Booleans
) -> Iterable[_Part]:
    """Divide the requests of a column among the queues of its station."""
    rows = np.flatnonzero(admitted)
    shares = station.cores is not None
    if station.queues <= 1:
        return [_Part(station, column, rows, shares)]
    if station.dispatch == "shortest":
        return [_Part(station, column, rows, by_events=True)]
    if station.dispatch == "random" and dispatch_u is not None:
        queue = (dispatch_u[rows, column] * station.queues).astype(np.int64)
    else:
        queue = np.arange(len(rows)) % station.queues
    cores = max(station.cores // station.queues, 1) if station.cores is not None else None
    one = replace(station, slots=max(station.slots // station.queues, 1), cores=cores, queues=1)
    return [_Part(one, column, rows[queue == number], shares) for number in range(station.queues)]


# ── The two ways of serving


def _serve_in_step(
    parts: Sequence[_Part], requests: OfferedRequests, response_s: Floats, end: NDArray[np.int8]
) -> None:
    """Serve queues in order of arrival, a column each."""
    stations, first_s = [part.station for part in parts], _first_stalls(parts, requests)
    present = np.isfinite(requests.sent_s)
    if len(parts) == present.shape[1] and sum(len(part.rows) for part in parts) == np.count_nonzero(present):
        # One queue a station, and all its requests: no column needs to be put together.
        sent_s = np.where(present, requests.sent_s, NEVER_S)
        took_s, how = _served_in_step(stations, sent_s, requests.work_s, first_s)
        np.copyto(response_s, took_s, where=present)
        np.copyto(end, how, where=present)
        return
    most = max(len(part.rows) for part in parts)
    sent_s, work_s = np.full((most, len(parts)), NEVER_S), np.zeros((most, len(parts)))
    for number, part in enumerate(parts):
        sent_s[: len(part.rows), number] = requests.sent_s[part.rows, part.column]
        work_s[: len(part.rows), number] = requests.work_s[part.rows, part.column]
    took_s, how = _served_in_step(stations, sent_s, work_s, first_s)
    for number, part in enumerate(parts):
        response_s[part.rows, part.column] = took_s[: len(part.rows), number]
        end[part.rows, part.column] = how[: len(part.rows), number]


def _served_in_step(
    stations: Sequence[StationParameters], sent_s: Floats, work_s: Floats, first_s: Floats | None
) -> tuple[Floats, NDArray[np.int8]]:
    """Give response times and ends of columns of requests, `NEVER_S` after the last of each."""
    clock = WorkingClock.of(stations, first_s)
    came = sent_s if clock is None else clock.working_s(sent_s)
    columns = FifoColumns(stations, clock, len(sent_s))
    took_s, how = np.empty(sent_s.shape), np.empty(sent_s.shape, dtype=np.int8)
    for row in range(len(sent_s)):
        took_s[row], how[row] = columns.take(sent_s[row], came[row], work_s[row])
    return took_s, how


def _serve_by_events(
    part: _Part, requests: OfferedRequests, response_s: Floats, end: NDArray[np.int8]
) -> None:
    """Serve one station event by event."""
    station = part.station
    sent_s = requests.sent_s[part.rows, part.column]
    clock = WorkingClock.of([station], _first_stalls([part], requests))
    limits_s = (0.0, station.deadline_s, station.queue_timeout_s)
    came, gives_up, leaves = (
        sent_s + limit_s if clock is None or limit_s == inf else clock.one_working_s(sent_s + limit_s)
        for limit_s in limits_s
    )
    arrivals = StationArrivals(
        came=came, work_s=requests.work_s[part.rows, part.column], gives_up=gives_up, leaves=leaves
    )
    ended, ends = served_by_events(station, arrivals)
    at_s = ended if clock is None else clock.at_s(ended[:, None])[:, 0]
    response = np.where(ends == RequestEnd.REFUSED, 0.0, at_s - sent_s)
    response = np.where(ends == RequestEnd.DEADLINE, station.deadline_s, response)
    response = np.where(ends == RequestEnd.QUEUE_TIMEOUT, station.queue_timeout_s, response)
    response_s[part.rows, part.column], end[part.rows, part.column] = response, ends


def _first_stalls(parts: Sequence[_Part], requests: OfferedRequests) -> Floats | None:
    if requests.first_stall_s is None:
        return None
    return np.array([requests.first_stall_s[part.column] for part in parts])
