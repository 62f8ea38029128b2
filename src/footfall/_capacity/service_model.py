"""The learned stations of a service under any load: their samples, excess over the limits, and knee."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

import numpy as np

from footfall._calibrate.learned_station import LearnedStation
from footfall._calibrate.request_log import Floats, Integers
from footfall._calibrate.station_parameters import SLOTS_UNLIMITED, StationParameters
from footfall._calibrate.station_runs import Booleans, SimulatedRuns
from footfall._calibrate.station_simulation import SteadyPlan, simulate_compared
from footfall._capacity.criterion_figures import VisitSample
from footfall._capacity.load_steps import PlayedStep

_ONE_REQUEST = 0.02
"""Visits whose requests per visit differ from 1 by less are one request each."""
_REQUESTS_A_VISIT = 2.0
_RARE = 0.005
"""Requests per visit that make no difference."""
_SURE = 50.0
"""Excess where a station cannot keep up in the long run, whatever a simulation of some minutes shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationTraffic:
    """What the visits of one operation ask of the stations."""

    channel: str
    operation: str
    share: float
    """Of all arrivals."""
    requests: tuple[tuple[str, float], ...]
    """Name of each kind of request that was learned, and how many a visit makes of it on average."""
    kinds: tuple[tuple[str, str], ...] = ()
    """Name of each of its kinds of request, and of that under which it was learned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """The mix of operations and requests, which is the same at every arrival rate."""

    operations: tuple[OperationTraffic, ...]

    def requests_per_arrival(self, channel: str) -> float:
        """Requests at a channel per arrival of all channels."""
        return sum(
            operation.share * sum(number for _, number in operation.requests)
            for operation in self.operations
            if operation.channel == channel
        )

    def kind_shares(self, channel: str, kinds: Sequence[str]) -> list[float]:
        """Share of each kind of a channel's requests."""
        per_arrival = dict.fromkeys(kinds, 0.0)
        for operation in self.operations:
            for kind, number in operation.requests:
                if kind in per_arrival and operation.channel == channel:
                    per_arrival[kind] += operation.share * number
        return list(per_arrival.values())


def traffic_of(steps: Sequence[PlayedStep], pooled: Mapping[str, str] | None = None) -> Traffic:
    """Read the mix from played steps; `pooled`: the name under which a kind of request was learned."""
    visits: dict[tuple[str, str], int] = {}
    requests: dict[str, int] = {}
    for step in steps:
        pairs, counts = np.unique(
            np.stack([step.visits.channel, step.visits.operation]), axis=1, return_counts=True
        )
        for (channel, operation), count in zip(pairs.T.tolist(), counts.tolist(), strict=True):
            visits[channel, operation] = visits.get((channel, operation), 0) + count
        for log in step.logs.values():
            for kind, count in zip(log.kinds, np.bincount(log.kind, minlength=len(log.kinds)), strict=True):
                requests[kind] = requests.get(kind, 0) + int(count)
    arrivals = max(sum(visits.values()), 1)
    operations = []
    for (channel, operation), number in sorted(visits.items()):
        own = {kind: count for kind, count in requests.items() if kind.startswith(f"{channel}.{operation}/")}
        names = {kind: (pooled or {}).get(kind, kind) for kind in sorted(own)}
        per_visit: dict[str, float] = {}
        for kind, learned in names.items():
            per_visit[learned] = per_visit.get(learned, 0.0) + own[kind] / number
        operations.append(
            OperationTraffic(
                channel=channel,
                operation=operation,
                share=number / arrivals,
                requests=tuple(per_visit.items()),
                kinds=tuple(names.items()),
            )
        )
    return Traffic(operations=tuple(operations))


def capacity_per_s(station: StationParameters, kind_shares: Sequence[float]) -> float:
    """Requests per second that a station can work off: slots or cores over the mean work, less its stalls."""
    weight = sum(kind_shares) or 1.0
    work_s = sum(share * law.mean_s for share, law in zip(kind_shares, station.laws, strict=True)) / weight
    servers: float = station.slots if station.cores is None else min(station.cores, station.slots)
    works = 1 - station.stall_length_s / station.stall_every_s
    by_slots = (
        inf if station.slots >= SLOTS_UNLIMITED and station.cores is None else servers / max(work_s, 1e-9)
    )
    return by_slots * works


def _sheds(station: StationParameters) -> bool:
    """Whether it turns requests away before it is overwhelmed."""
    gives_up = station.deadline_s < inf and station.stale_work != "served"
    return station.accept_queue < inf or station.queue_timeout_s < inf or gives_up


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StationSets:
    """Sets of one station a channel; sets of one stream meet the same random numbers."""

    stations: Mapping[str, Sequence[StationParameters]]
    """By channel, a station a set."""
    streams: tuple[int, ...]

    def part(self, places: Sequence[int]) -> "StationSets":
        """Give some of the sets."""
        stations = {channel: [of[place] for place in places] for channel, of in self.stations.items()}
        return StationSets(stations=stations, streams=tuple(self.streams[place] for place in places))


@dataclass(frozen=True, kw_only=True, eq=False)
class ServiceModel:
    """Learned stations and the traffic that reaches them."""

    traffic: Traffic
    stations: Mapping[str, LearnedStation]
    """By channel."""
    seed: int
    pooled: Mapping[str, str] = field(default_factory=dict)
    """By kind of request: the name under which it was learned."""
    measured: tuple[VisitSample, ...] = ()
    """Visits of the operations at channels without a station, one column each: as they were measured, at any
    load."""
    not_learned: tuple[str, ...] = ()
    """Channels under load without a station."""

    def best(self, streams: int) -> StationSets:
        """Give the best stations once for each stream."""
        stations = {channel: [learned.parameters] * streams for channel, learned in self.stations.items()}
        return StationSets(stations=stations, streams=tuple(range(streams)))

    def best_and_draws(self, streams: int, most: int) -> StationSets:
        """Give the best stations once for each stream, then draws from their joint uncertainty."""
        number = min(most, *(len(learned.draws) for learned in self.stations.values()))
        stations = {
            channel: [*[learned.parameters] * streams, *learned.draws[:number]]
            for channel, learned in self.stations.items()
        }
        of_draw = tuple(place % streams for place in range(number))
        return StationSets(stations=stations, streams=(*range(streams), *of_draw))

    def rate_most_per_s(self, draw: int | None = None) -> float:
        """Arrivals per second that the stations can work off, of the best or of a draw; `inf`: no limit."""
        found = inf
        for channel, learned in self.stations.items():
            per_arrival = self.traffic.requests_per_arrival(channel)
            one = learned.parameters if draw is None else learned.draws[draw]
            most = min(capacity_per_s(one, self._shares(channel, one)), one.rate_limit_per_s)
            found = min(found, most / per_arrival if per_arrival else inf)
        return found

    def served_share(self, operation: OperationTraffic) -> float:
        """Share of the visits of an operation that no fault ends, at any load."""
        if operation.channel not in self.stations:
            return 1.0
        one = self.stations[operation.channel].parameters
        shares = dict(zip(one.kinds, one.fault_shares, strict=True))
        served = 1.0
        for kind, number in operation.requests:
            served *= (1 - shares.get(kind, 0.0)) ** number
        return served

    def _shares(self, channel: str, station: StationParameters) -> list[float]:
        return self.traffic.kind_shares(channel, station.kinds)

    def samples(self, sets: "StationSets", arrivals_per_s: Floats, arrivals: int) -> list[VisitSample]:
        """Simulate the long run of each set of stations at its rates, (sets, rates), by so many arrivals."""
        samples: list[VisitSample] = []
        per_visit = max(
            (self.traffic.requests_per_arrival(channel) for channel in sets.stations), default=1.0
        )
        # Visits of many requests are fewer, so that the arrays stay small.
        arrivals = max(round(arrivals * min(1.0, _REQUESTS_A_VISIT / max(per_visit, 1e-9))), 200)
        for place, (channel, columns) in enumerate(sorted(sets.stations.items())):
            per_arrival = self.traffic.requests_per_arrival(channel)
            if not per_arrival:
                continue
            plan = SteadyPlan(
                requests=max(round(arrivals * per_arrival), 100),
                seed=self.seed + place,
                kind_shares=self._shares(channel, columns[0]),
                streams=sets.streams,
            )
            runs = simulate_compared(columns, arrivals_per_s * per_arrival, plan)
            samples += self.samples_of(channel, columns[0].kinds, runs)
        return samples + self._measured_samples(arrivals, arrivals_per_s.size)

    def _measured_samples(self, arrivals: int, columns: int) -> list[VisitSample]:
        """Draw the visits of the other channels from those measured, the same ones in each column."""
        shares = {(one.channel, one.operation): one.share for one in self.traffic.operations}
        rng = np.random.default_rng(self.seed)
        samples = []
        for sample in self.measured:
            rows = round(arrivals * shares.get((sample.channel, sample.operation), 0.0))
            if rows:
                samples.append(sample.drawn(rng.integers(0, len(sample.response_s), rows), columns))
        return samples

    def samples_of(self, channel: str, kinds: tuple[str, ...], runs: SimulatedRuns) -> list[VisitSample]:
        """Make visits and requests of simulated requests at a channel."""
        by_kind = {kind: _KindRows.of(runs, number) for number, kind in enumerate(kinds)}
        operations = [one for one in self.traffic.operations if one.channel == channel]
        users = [kind for operation in operations for kind, _ in operation.requests]
        samples: list[VisitSample] = []
        rng = np.random.default_rng(self.seed)
        for operation in operations:
            samples += [
                _requests(channel, name, by_kind[learned])
                for name, learned in operation.kinds
                if learned in by_kind
            ]
            parts = [(by_kind[kind], number) for kind, number in operation.requests if kind in by_kind]
            share = operation.share / self.traffic.requests_per_arrival(channel)
            if (
                len(parts) == 1
                and abs(parts[0][1] - 1) < _ONE_REQUEST
                and users.count(operation.requests[0][0]) == 1
            ):
                rows = parts[0][0]
                samples.append(_named(operation, rows.response_s, rows.is_success, rows.is_present))
            elif parts:
                samples.append(_visits(operation, parts, max(round(len(runs.end) * share), 1), rng))
        return samples

    def unstable_excess(self, sets: "StationSets", arrivals_per_s: Floats) -> Floats:
        """Give a large excess where a station is offered more than it can work off, -inf elsewhere."""
        found = np.full(arrivals_per_s.shape, -inf)
        for channel, columns in sets.stations.items():
            per_arrival = self.traffic.requests_per_arrival(channel)
            most = np.array(
                [inf if _sheds(one) else capacity_per_s(one, self._shares(channel, one)) for one in columns]
            )
            found[arrivals_per_s * per_arrival >= most[:, None]] = _SURE
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _KindRows:
    """The simulated requests of one kind."""

    response_s: Floats
    is_success: Booleans
    is_present: Booleans
    order: Integers
    """Rows of each column, those of this kind first."""

    @classmethod
    def of(cls, runs: SimulatedRuns, number: int) -> "_KindRows":
        present = runs.is_present & (runs.kind == number)
        order: Integers = np.argsort(~present, axis=0, kind="stable")
        return cls(runs.response_s, runs.is_success, present, order)

    def drawn(self, shape: tuple[int, int], rng: np.random.Generator) -> tuple[Floats, Booleans]:
        """Draw response times and successes, any request of the column as likely as another."""
        number = np.maximum(self.is_present.sum(axis=0), 1)
        chosen = np.take_along_axis(self.order, (rng.random(shape) * number).astype(np.int64), axis=0)
        return (
            np.take_along_axis(self.response_s, chosen, axis=0),
            np.take_along_axis(self.is_success, chosen, axis=0),
        )


def _requests(channel: str, kind: str, rows: _KindRows) -> VisitSample:
    operation, _, step = kind.removeprefix(f"{channel}.").partition("/")
    return VisitSample(
        channel=channel,
        operation=operation,
        step=step,
        response_s=rows.response_s,
        is_success=rows.is_success,
        is_error=~rows.is_success,
        is_answered=rows.is_present,
        is_present=rows.is_present,
    )


def _visits(
    operation: OperationTraffic,
    parts: Sequence[tuple[_KindRows, float]],
    visits: int,
    rng: np.random.Generator,
) -> VisitSample:
    """Make visits of requests: their response times add up, and all must succeed.

    A visit's requests are seconds apart at least, with reading and typing between them: they meet the station
    at independent moments of the same load.
    """
    shape = (visits, parts[0][0].response_s.shape[1])
    response_s, success = np.zeros(shape), np.ones(shape, dtype=np.bool_)
    for rows, number in parts:
        whole = int(number)
        for turn in range(whole + 1):
            makes = 1.0 if turn < whole else number - whole
            if makes <= _RARE:
                continue
            drawn_s, drawn_success = rows.drawn(shape, rng)
            asks = (rng.random(shape) < makes) & success
            response_s += np.where(asks, drawn_s, 0.0)
            success &= drawn_success | ~asks
    return _named(operation, response_s, success, np.ones(shape, dtype=np.bool_))


def _named(
    operation: OperationTraffic, response_s: Floats, success: np.ndarray, present: np.ndarray
) -> VisitSample:
    return VisitSample(
        channel=operation.channel,
        operation=operation.operation,
        step="",
        response_s=response_s,
        is_success=success,
        is_error=~success,
        is_answered=present,
        is_present=present,
    )
