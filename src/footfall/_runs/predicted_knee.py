"""The knee of calibrated stations: the highest arrival rate at which criteria hold, with an interval."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

import polars as pl

from footfall._calibrate.calibration import CalibratedStation
from footfall._calibrate.learned_station import LearnedStation
from footfall._calibrate.load_prediction import KneeForecast
from footfall._calibrate.station_parameters import SLOTS_UNLIMITED
from footfall._capacity.criterion_figures import usable
from footfall._capacity.service_model import OperationTraffic, ServiceModel, Traffic
from footfall._capacity.simulated_knee import THOROUGH, KneeQuestion, simulated_knee
from footfall._criteria.objects import Criterion
from footfall._model.model import Model
from footfall._records.errors import BadInputError
from footfall._runs.predicted_stations import CalibratedService
from footfall._workload.trace import Trace


def predicted_knee(
    service: CalibratedService, trace: Trace | None, criteria: Sequence[Criterion], seed: int
) -> KneeForecast:
    """Find the knee of stations for the mix of a trace; without one, for the mix of the runs.

    Where the runs do not bound the number of slots, it is that of as few slots as they allow, and has no
    upper end: more slots hold more.

    Raises:
        BadInputError: no criterion bounds the rate, or the stations hold at any rate.
    """
    judged = usable(criteria)
    if not judged:
        raise BadInputError(
            "--knee", "no criterion of success, errors or response times", "--criterion 'p95(*) < 500ms'"
        )
    traffic = _mix_of_runs(service.stations) if trace is None else _mix_of(trace, service.model)
    stations = {one.channel: _learned(service, one) for one in service.stations}
    is_open = any(_is_open(one) for one in stations.values())
    stations = {channel: _with_least_slots(one) for channel, one in stations.items()}
    model = ServiceModel(traffic=traffic, stations=stations, seed=seed)
    found = simulated_knee(model, KneeQuestion(criteria=judged), THOROUGH)
    if found is None:
        raise BadInputError(
            "--knee",
            "these criteria hold at every rate, or at none, as far as the calibration knows",
            "runs at which requests wait for their slots, or other criteria",
        )
    knee = found.knee
    high = inf if is_open else knee.high
    return KneeForecast(criteria=tuple(str(one) for one in judged), value=knee.value, low=knee.low, high=high)


def _is_open(one: LearnedStation) -> bool:
    """Whether the runs leave it open how many slots a station has."""
    return one.parameters.cores is None and one.parameters.slots >= SLOTS_UNLIMITED


def _with_least_slots(one: LearnedStation) -> LearnedStation:
    """Return a station with the fewest slots that its draws have, where their number is open."""
    if not _is_open(one):
        return one
    least = min((draw.slots for draw in one.draws), default=SLOTS_UNLIMITED)
    draws = tuple(replace(draw, slots=least) for draw in one.draws)
    return replace(one, parameters=replace(one.parameters, slots=least), draws=draws)


def _learned(service: CalibratedService, one: CalibratedStation) -> LearnedStation:
    return LearnedStation(
        parameters=service.parameters_of(one),
        draws=tuple(service.draws_of(one)),
        numbers=(),
        unknown=(),
        flags=(),
        fit=one.fit,
    )


def _mix_of_runs(stations: Sequence[CalibratedStation]) -> Traffic:
    """Return the mix of requests that the runs had; each is a visit."""
    total = len(stations)
    return Traffic(
        operations=tuple(
            OperationTraffic(
                channel=one.channel, operation=kind, share=share / total, requests=((kind, 1.0),)
            )
            for one in stations
            for kind, share in zip(one.parameters.kinds, one.kind_shares, strict=True)
            if share > 0
        )
    )


def _mix_of(trace: Trace, model: Model) -> Traffic:
    """Return the mix of first visits of a trace, with the requests of their dialogues."""
    counts = trace.arrivals.group_by("channel", "operation").agg(pl.len()).sort("channel", "operation")
    operations = []
    for channel, operation, count in counts.iter_rows():
        asked: dict[str, float] = {}
        steps = model.channel(channel).dialogues.get(operation, ())
        for step in steps:
            asked[step.verb.value] = asked.get(step.verb.value, 0.0) + float(step.pages)
        operations.append(
            OperationTraffic(
                channel=channel,
                operation=operation,
                share=count / trace.arrivals.height,
                requests=tuple(asked.items()),
            )
        )
    return Traffic(operations=tuple(operations))
