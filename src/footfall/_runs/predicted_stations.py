"""What learned stations will make of a load: of requests directly, of whole visits by the simulated day."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, isclose, isfinite
from typing import Any

import numpy as np
import polars as pl

from footfall._behaviour.load_model import RunPace
from footfall._calibrate.calibrated_model import MEASURED_FAULT, with_stations
from footfall._calibrate.calibration import CalibratedStation
from footfall._calibrate.load_figures import figures_of_visits
from footfall._calibrate.load_prediction import CauseForecast, interval_of
from footfall._calibrate.request_log import Floats, Integers
from footfall._calibrate.station_parameters import StationParameters
from footfall._measure.summary import outcomes
from footfall._model.changes import with_outage
from footfall._model.channel import Channel
from footfall._model.model import Model
from footfall._model.numbers import Number, leaves
from footfall._model.station_specs import RequestServer
from footfall._records.rows import Outcome
from footfall._runs.content import with_changes
from footfall._runs.make_trace import sampled_trace
from footfall._runs.messages import QUIET, Messages
from footfall._runs.run_options import TraceOptions
from footfall._simulate.day import Replay, predictions
from footfall._workload.held_back import HeldBack, with_held_back
from footfall._workload.scenario import Scenario
from footfall._workload.step_traces import CustomerPool
from footfall._workload.trace import Trace

RUNS_OF_VISITS_LEAST, RUNS_OF_VISITS_MOST = 40, 80
_VISITS_IN_ALL = 80_000
_SOURCE = "a draw of the calibration"
_SAME = 1e-4
_FIELDS = {
    "slots": "slots",
    "cores": "cores",
    "queues": "queues",
    "network_s": "network_s",
    "accept_queue": "accept_queue",
    "deadline_s": "deadline_s",
    "queue_timeout_s": "queue_timeout_s",
    "rate_limit.requests_per_s": "rate_limit_per_s",
    "rate_limit.burst": "rate_limit_burst",
    "stalls.length_s": "stall_length_s",
    "stalls.every_s": "stall_every_s",
}
"""Fields of `StationParameters` by their path in a request server."""
_WHOLE = frozenset({"slots", "cores", "queues", "rate_limit_burst"})
_CAUSE_LEAST = 1e-4

Changed = Mapping[str, Mapping[str, float]]
"""By channel: numbers that are set, by their path below the channel."""


@dataclass(frozen=True, kw_only=True)
class CalibratedService:
    """A calibrated model with the changes that are asked for, and the stations it came from."""

    model: Model
    """With all changes."""
    stations: tuple[CalibratedStation, ...]
    changes: tuple[str, ...]
    changed: Changed
    """What differs from the calibration, of its stations."""

    def draws_of(self, station: CalibratedStation) -> list[StationParameters]:
        """Return the draws of a station with what is set."""
        own = self.changed.get(station.channel, {})
        return [_with_numbers(one, own) for one in station.draws]

    def parameters_of(self, station: CalibratedStation) -> StationParameters:
        """Return the best numbers of a station with what is set."""
        return _with_numbers(station.parameters, self.changed.get(station.channel, {}))

    @property
    def has_single_requests(self) -> bool:
        """Whether each visit is one request that nothing follows: then no customers need be simulated."""
        return not self.model.follow_ups.by_outcome and all(
            self._is_plain(channel) for channel in self.model.channels
        )

    def _is_plain(self, channel: Channel) -> bool:
        station = channel.station
        return (
            isinstance(station, RequestServer)
            and any(one.channel == channel.name for one in self.stations)
            and all(len(steps) == 1 and float(steps[0].pages) <= 1 for steps in channel.dialogues.values())
            and not station.retry.retries_most
            and not channel.outages
            and all(
                path in _KNOWN or _is_of_kind(path, channel.name, self.stations)
                for path in self.changed.get(channel.name, {})
            )
        )


_OF_KIND = re.compile(
    r"works\.(?P<kind>[^.]+)\.(service\.(?P<field>mean_s|cv)|faults\.(?P<cause>[^.]+)\.share)"
)
_KNOWN = frozenset(f"station.{path}" for path in _FIELDS)


def calibrated_service(
    model: Model, stations: Sequence[CalibratedStation], changes: Sequence[str], messages: Messages = QUIET
) -> CalibratedService:
    """Apply changes to a calibrated model; numbers that its file has been given by hand count as well.

    Raises:
        BadInputError: a change is impossible, or the model lacks a calibrated channel.
    """
    learned = with_stations(
        model, {one.channel: (one.parameters, one.kind_shares) for one in stations}, _SOURCE
    )
    changed = with_changes(model, changes, messages=messages)
    return CalibratedService(
        model=changed,
        stations=tuple(stations),
        changes=tuple(changes),
        changed={one.channel: _differences(learned, changed, one.channel) for one in stations},
    )


def _differences(before: Model, after: Model, channel: str) -> dict[str, float]:
    known = dict(leaves(before.channel(channel)))
    return {
        path: float(value)
        for path, value in leaves(after.channel(channel))
        if isinstance(value, Number)
        and path.startswith(("station.", "works."))
        and not (isinstance(old := known.get(path), Number) and isclose(old, value, rel_tol=_SAME))
    }


def _kind_of(path: str, parameters: StationParameters) -> tuple[int, str, str] | None:
    """Return kind, field and cause of a path such as `works.query.service.mean_s`; None: it is none."""
    found = _OF_KIND.fullmatch(path)
    if found is None or found["kind"] not in parameters.kinds:
        return None
    cause, known = found["cause"] or "", {each.name for each in parameters.fault_causes}
    if cause and cause not in known and (known or cause != MEASURED_FAULT):
        return None
    return parameters.kinds.index(found["kind"]), found["field"] or "fault", cause


def _is_of_kind(path: str, channel: str, stations: Sequence[CalibratedStation]) -> bool:
    return any(one.channel == channel and _kind_of(path, one.parameters) for one in stations)


def _with_numbers(parameters: StationParameters, own: Mapping[str, float]) -> StationParameters:
    found = parameters
    for path, value in own.items():
        kind = _kind_of(path, found)
        name = _FIELDS.get(path.removeprefix("station."))
        if kind is not None:
            found = _with_work(found, kind, value)
        elif name == "queue_timeout_s":
            found = replace(found, queue_timeout_s=value or inf)
        elif name is not None and (name != "cores" or found.cores is not None):
            number: Any = int(value) if name in _WHOLE and isfinite(value) else value
            found = replace(found, **{name: number})
    return found


def _with_work(one: StationParameters, at: tuple[int, str, str], value: float) -> StationParameters:
    number, field, cause = at
    if field == "fault":
        return _with_fault(one, number, cause, value)
    laws, law = list(one.laws), one.laws[number]
    laws[number] = replace(law, mean_s=value) if field == "mean_s" else replace(law, cv=value)
    return replace(one, laws=tuple(laws))


def _with_fault(one: StationParameters, number: int, cause: str, value: float) -> StationParameters:
    """Return a station with another share of one cause of faults; those of the others stay."""
    shares, causes = list(one.fault_shares), list(one.cause_shares)
    if one.fault_causes:
        by_cause = {known.name: share for known, share in one.faults_of(number).items()} | {cause: value}
        shares[number] = total = sum(by_cause.values())
        causes[number] = tuple(share / total if total else 0.0 for share in by_cause.values())
    else:
        shares[number] = value
    return replace(one, fault_shares=tuple(shares), cause_shares=tuple(causes))


# ── Whole visits: customers, journeys and all stations, by the simulated day


@dataclass(frozen=True, kw_only=True)
class VisitLoad:
    """What is asked of the simulated day."""

    scenario: Scenario
    options: TraceOptions
    rate_per_s: float | None = None
    """Arrivals per second at an even rate, in place of the day's times; None: as the day has them."""
    length_s: float = 0.0
    """With a rate: seconds in which they come."""
    outages: tuple[tuple[str, float, float], ...] = ()
    held_back: HeldBack | None = None


@dataclass(frozen=True, kw_only=True)
class SimulatedVisits:
    """Simulated runs of whole visits, an element a run."""

    figures: Mapping[tuple[str, str], Floats]
    causes: tuple[CauseForecast, ...]
    first: Trace
    """The arrivals of the first run."""


def simulate_visits(
    service: CalibratedService, load: VisitLoad, seed: int, messages: Messages = QUIET
) -> SimulatedVisits:
    """Simulate runs of a load: each with another draw of the stations' numbers and other customers.

    Raises:
        BadInputError: the scenario, an outage or a change is impossible.
    """
    rng = np.random.default_rng(seed)
    arrivals = _Arrivals(service, load)
    first = arrivals.of_run(0, service.model)
    count = int(
        np.clip(_VISITS_IN_ALL / max(first.arrivals.height, 1), RUNS_OF_VISITS_LEAST, RUNS_OF_VISITS_MOST)
    )
    places = {one.channel: rng.permutation(len(one.draws)) for one in service.stations}
    figures: list[Mapping[tuple[str, str], float]] = []
    failed: list[pl.DataFrame] = []
    with messages.progress(f"simulating {count} runs of {first.arrivals.height:,} arrivals") as bar:
        for number in range(count):
            trace = arrivals.of_run(number, _drawn_model(service, places, number))
            visits = _visits(trace)
            figures.append(figures_of_visits(visits, trace.info.play.seconds))
            failed.append(_failures(visits).with_columns(run=pl.lit(number)))
            bar((number + 1) / count)
    names = [name for name in figures[0] if all(name in one for one in figures)]
    return SimulatedVisits(
        figures={name: np.array([one[name] for one in figures]) for name in names},
        causes=_causes(failed, count),
        first=first,
    )


def _drawn_model(service: CalibratedService, places: Mapping[str, Integers], number: int) -> Model:
    stations = {}
    for one in service.stations:
        order = places[one.channel]
        draw = one.draws[int(order[number % len(order)])]
        own = service.changed.get(one.channel, {})
        stations[one.channel] = (_with_numbers(draw, own), one.kind_shares)
    return with_changes(with_stations(service.model, stations, _SOURCE), service.changes)


class _Arrivals:
    """The arrivals of each run: other customers of one pool at a rate, or another day of a scenario."""

    def __init__(self, service: CalibratedService, load: VisitLoad) -> None:
        self._load = load
        self._pool = None
        if load.rate_per_s is not None:
            options = load.options.model_copy(update={"changes": ()})
            self._pool = CustomerPool(sampled_trace(load.scenario, options, service.model))

    def of_run(self, number: int, model: Model) -> Trace:
        """Return the arrivals of a run, counted from 0, on the model drawn for it."""
        load = self._load
        if self._pool is not None and load.rate_per_s is not None:
            trace = self._pool.step(number + 1, load.rate_per_s, load.length_s)
            played = model
            for part in load.scenario.outages:
                window = _outage_s(trace.info.play, part.from_share, part.to_share)
                played = with_outage(played, part.channel, *window)
        else:
            options = load.options.model_copy(update={"seed": load.options.seed + number, "changes": ()})
            trace = sampled_trace(load.scenario, options, model)
            played = trace.model
        for channel, start, stop in load.outages:
            played = with_outage(played, channel, *_outage_s(trace.info.play, start, stop))
        made = replace(trace, model=played)
        return made if load.held_back is None else with_held_back(made, load.held_back)


def _outage_s(pace: RunPace, start: float, stop: float) -> tuple[float, float]:
    return pace.starts_s + start * pace.length_s, pace.starts_s + stop * pace.length_s


def _visits(trace: Trace) -> pl.DataFrame:
    info = trace.info
    replay = Replay(trace.arrivals, info.seed, info.replication, info.play.seconds)
    return next(predictions(trace.played, replay, range(1)))


def _failures(visits: pl.DataFrame) -> pl.DataFrame:
    counted = outcomes(visits).filter(pl.col("outcome") != Outcome.SERVED.value)
    totals = visits.group_by("channel").agg(pl.len().alias("all"))
    named = pl.when(pl.col("cause") == "").then("outcome").otherwise("cause").alias("cause")
    return (
        counted.group_by("channel", named)
        .agg(pl.col("visits").sum())
        .join(totals, on="channel")
        .select("channel", "cause", share=pl.col("visits") / pl.col("all"))
    )


def _causes(failed: Sequence[pl.DataFrame], count: int) -> tuple[CauseForecast, ...]:
    table = pl.concat(list(failed))
    found = []
    for (channel, cause), part in table.group_by("channel", "cause", maintain_order=True):
        values = np.zeros(count)
        values[part["run"].to_numpy()] = part["share"].to_numpy()
        low, high = interval_of(values, is_share=True)
        if high > _CAUSE_LEAST:
            found.append(
                CauseForecast(
                    channel=str(channel), cause=str(cause), value=float(np.median(values)), low=low, high=high
                )
            )
    return tuple(sorted(found, key=lambda one: -one.value))
