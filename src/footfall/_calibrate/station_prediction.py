"""The figures of a run that learned stations will meet, over everything that is not known of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from footfall._calibrate.calibration import CalibratedStation, SeenLoad
from footfall._calibrate.load_figures import RequestSample, figures_by_channel
from footfall._calibrate.load_prediction import CauseForecast, interval_of
from footfall._calibrate.request_log import Floats
from footfall._calibrate.station_parameters import StationParameters
from footfall._calibrate.station_runs import LoadPlan, RequestEnd, SimulatedRuns, drawn_requests
from footfall._calibrate.station_simulation import serve
from footfall._workload.held_back import HeldBack

RUNS_MOST, RUNS_LEAST = 400, 160
_ELEMENTS_AT_ONCE = 3_000_000
_ELEMENTS_MOST, _BY_EVENTS_MOST = 60_000_000, 3_000_000
"""Requests that are simulated in all, and where that is slower by events."""
FAULT = "fault"
CAUSES = {
    RequestEnd.REFUSED: "queue full",
    RequestEnd.RATE_LIMITED: "rate limit",
    RequestEnd.DEADLINE: "deadline",
    RequestEnd.QUEUE_TIMEOUT: "queue timeout",
}
_CAUSE_LEAST = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLoad:
    """What is offered to the stations."""

    requests_per_s: Mapping[str, float]
    """By channel."""
    length_s: float
    exact: bool = False
    """Exactly the number of that rate; otherwise as many as a Poisson process gives."""
    held_back: HeldBack | None = None
    """Requests that are sent later than they were due; None: none are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeyondSeen:
    """Shares of the requests that go where no run was that a station was learned from."""

    inside: float
    """They find more requests inside than ever before."""
    response: float
    """They take longer than any."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SimulatedLoad:
    """Simulated runs of that load: figures, an element a run, and what goes beyond the runs learned from."""

    figures: Mapping[tuple[str, str], Floats]
    """By channel and name."""
    causes: tuple[CauseForecast, ...]
    beyond: Mapping[str, BeyondSeen]
    """By channel."""


def simulate_load(
    stations: Sequence[tuple[CalibratedStation, Sequence[StationParameters]]], load: RequestLoad, seed: int
) -> SimulatedLoad:
    """Simulate runs of a load: each with other draws of the numbers, arrivals, work and faults.

    Each station comes with the draws that are taken, changed or not.
    """
    count = _runs_for(stations, load)
    rng = np.random.default_rng(seed)
    chosen = {
        station.channel: [draws[place] for place in _places(len(draws), count, rng)]
        for station, draws in stations
    }
    most = max(load.requests_per_s.values()) * load.length_s
    width = max(1, min(count, int(_ELEMENTS_AT_ONCE / max(most, 1))))
    figures: list[dict[tuple[str, str], Floats]] = []
    beyond: dict[str, list[tuple[float, float]]] = {}
    ends: dict[str, list[dict[str, Floats]]] = {}
    for start in range(0, count, width):
        by_channel: dict[str, RequestSample] = {}
        for station, _ in stations:
            draws = chosen[station.channel][start : start + width]
            runs = _runs(station, draws, load, rng)
            by_channel[station.channel] = RequestSample.of_runs(runs)
            ends.setdefault(station.channel, []).append(_end_shares(runs, draws, rng))
            beyond.setdefault(station.channel, []).append(_beyond(runs, station.seen))
        figures.append(figures_by_channel(by_channel, load.length_s))
    return SimulatedLoad(
        figures={key: np.concatenate([one[key] for one in figures]) for key in figures[0]},
        causes=_causes({channel: _joined(own) for channel, own in ends.items()}),
        beyond={
            channel: BeyondSeen(
                inside=float(np.mean([one for one, _ in own])),
                response=float(np.mean([one for _, one in own])),
            )
            for channel, own in beyond.items()
        },
    )


def _runs_for(
    stations: Sequence[tuple[CalibratedStation, Sequence[StationParameters]]], load: RequestLoad
) -> int:
    """Return how many runs are simulated: fewer where each is long."""
    requests = sum(load.requests_per_s.values()) * load.length_s
    by_events = any(
        one.cores is not None or (one.queues > 1 and one.dispatch == "shortest")
        for _, draws in stations
        for one in draws[:1]
    )
    most = _BY_EVENTS_MOST if by_events else _ELEMENTS_MOST
    return int(min(RUNS_MOST, max(RUNS_LEAST, most / max(requests, 1))))


def _places(draws: int, count: int, rng: np.random.Generator) -> list[int]:
    """Return which draw each run has: all of them equally often, in random order."""
    whole = [rng.permutation(draws) for _ in range(-(-count // draws))]
    return [int(place) for place in np.concatenate(whole)[:count]]


def _runs(
    station: CalibratedStation,
    draws: Sequence[StationParameters],
    load: RequestLoad,
    rng: np.random.Generator,
) -> SimulatedRuns:
    mean = load.requests_per_s[station.channel] * load.length_s
    counts = (
        [max(round(mean), 1)] * len(draws) if load.exact else np.maximum(rng.poisson(mean, len(draws)), 1)
    )
    plans = [LoadPlan(arrivals_per_s=count / load.length_s, requests=int(count)) for count in counts]
    offered = drawn_requests(draws, plans, rng, kind_shares=station.kind_shares)
    if load.held_back is not None:
        # Kinds and work are independent of the times, so these alone are put in order.
        moved_s = np.sort(load.held_back.moved_s(offered.sent_s, load.length_s), axis=0)
        offered = replace(offered, sent_s=moved_s)
    return serve(draws, offered)


def _end_shares(
    runs: SimulatedRuns, draws: Sequence[StationParameters], rng: np.random.Generator
) -> dict[str, Floats]:
    """Return the share of the requests of each run that fail by each cause."""
    present = np.maximum(runs.is_present.sum(axis=0), 1)
    by_cause = _fault_counts(runs, draws, rng)
    by_cause |= {name: (runs.end == end).sum(axis=0).astype(np.float64) for end, name in CAUSES.items()}
    return {name: counts / present for name, counts in by_cause.items()}


def _fault_counts(
    runs: SimulatedRuns, draws: Sequence[StationParameters], rng: np.random.Generator
) -> dict[str, Floats]:
    """Return the faults of each run by cause: how many of all each cause has is multinomial."""
    is_fault = runs.end == RequestEnd.FAULT
    causes = draws[0].fault_causes
    if not causes:
        return {FAULT: is_fault.sum(axis=0).astype(np.float64)}
    counts = np.zeros((len(causes), len(draws)))
    for column, draw in enumerate(draws):
        of_kind = np.bincount(runs.kind[is_fault[:, column], column], minlength=len(draw.kinds))
        for faults, shares in zip(of_kind, draw.cause_shares, strict=True):
            if faults:
                counts[:, column] += rng.multinomial(faults, shares)
    return {cause.name: own for cause, own in zip(causes, counts, strict=True)}


def _joined(parts: Sequence[Mapping[str, Floats]]) -> dict[str, Floats]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _beyond(runs: SimulatedRuns, seen: SeenLoad) -> tuple[float, float]:
    """Return the shares of `BeyondSeen`, over all runs."""
    present = runs.is_present
    total = max(int(present.sum()), 1)
    longer = int((present & (runs.response_s > seen.longest_response_s)).sum())
    more = 0
    for column in range(present.shape[1]):
        own = present[:, column]
        sent_s = runs.sent_s[own, column]
        gone = np.searchsorted(np.sort(sent_s + runs.response_s[own, column]), sent_s, side="right")
        more += int((np.arange(1, len(sent_s) + 1) - gone > seen.most_inside).sum())
    return more / total, longer / total


def _causes(ends: Mapping[str, Mapping[str, Floats]]) -> tuple[CauseForecast, ...]:
    found = []
    for channel, shares in ends.items():
        for cause, values in shares.items():
            low, high = interval_of(values, is_share=True)
            if high > _CAUSE_LEAST:
                value = float(np.median(values))
                found.append(CauseForecast(channel=channel, cause=cause, value=value, low=low, high=high))
    return tuple(found)
