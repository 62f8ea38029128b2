"""A fitted model with one of its inputs as another fit has it: arrivals, staff, service times, patience."""

from collections.abc import Mapping
from math import isfinite
from typing import Literal, get_args

from footfall._fit.fitted_model import DAYS_A_MONTH, ENDLESS, on_day
from footfall._model.channel import Channel
from footfall._model.model import Model
from footfall._model.numbers import HALF_HOURS
from footfall._model.station_specs import CallCentre, Caller, Counters, RequestServer
from footfall._records.errors import BadInputError

Input = Literal["arrivals", "staff", "service times", "patience"]
INPUTS: tuple[Input, ...] = get_args(Input)
_STAFF_FIELDS = {"call_centre": "agents", "counters": "clerks"}
_STATIONS = {"hotline": "call_centre", "hall": "counters", "web": "request_server"}


def check_is_fitted(model: Model, station: str, where: str) -> None:
    """Check that a model has the form that `footfall fit` gives it: one station, a segment for each kind.

    `station` is the mapping's word for it: hotline, hall or web.

    Raises:
        BadInputError: it has another form.
    """
    expected = "a model as `footfall fit` writes it: one channel, a segment for each class of the log"
    if len(model.channels) != 1:
        raise BadInputError(where, f"has {len(model.channels)} channels", expected)
    kind = model.channels[0].station.kind
    if kind != _STATIONS[station]:
        problem = f"its station is a {kind}, and the mapping's station is {station!r}"
        raise BadInputError(where, problem, f"a {_STATIONS[station]}, or another `station` in the mapping")
    for segment in model.segments:
        if set(segment.month_visits) != {segment.name}:
            wants = ", ".join(segment.month_visits)
            raise BadInputError(where, f"its segment {segment.name!r} wants {wants}", expected)


def inputs_of(model: Model) -> tuple[Input, ...]:
    """Give the inputs that a model has: staff and patience where it has people who wait for staff."""
    return INPUTS if _staff(model) and has_queue(model) else ("arrivals", "service times")


def has_queue(model: Model) -> bool:
    """Whether customers can wait: the staff of a model from a log without service times is endless."""
    staff = _staff(model)
    return staff is None or min(staff) < ENDLESS


def _staff(model: Model) -> tuple[float, ...] | None:
    station = model.channels[0].station
    staff = getattr(station, _STAFF_FIELDS.get(station.kind, ""), None)
    return None if staff is None else tuple(staff.values)


def with_inputs(model: Model, other: Model, names: tuple[Input, ...], source: str) -> Model:
    """Give a fitted model with the named inputs of another fit of the same station.

    Kinds of customer that the other fit does not know keep their service times and patience, and have no
    arrivals where arrivals are replaced.
    """
    if "arrivals" in names:
        known = arrivals_of(other)
        none = [0.0] * HALF_HOURS
        arrivals = {segment.name: known.get(segment.name, none) for segment in model.segments}
        model = on_day(model, arrivals, [], source)
        model = model.model_copy(update={"busyness_cv": other.busyness_cv})
    channel, own = model.channels[0], other.channels[0]
    if "staff" in names and (field := _STAFF_FIELDS.get(channel.station.kind)):
        update = {field: getattr(own.station, field)}
        channel = channel.model_copy(update={"station": channel.station.model_copy(update=update)})
    if "service times" in names:
        channel = _with_service_times(channel, own)
    if "patience" in names:
        channel = _with_patience(channel, own)
        model = model.model_copy(update={"follow_ups": other.follow_ups})
    return model.model_copy(update={"channels": (channel,)})


def arrivals_of(model: Model) -> dict[str, list[float]]:
    """Give the expected arrivals of a fitted model's day, by kind, in each half hour."""
    found = {}
    for segment in model.segments:
        values = list(segment.day_profile.values)
        visits = float(segment.month_visits[segment.name])
        total = float(model.population) * float(segment.population_share) * visits / DAYS_A_MONTH
        found[segment.name] = [total * value / sum(values) for value in values]
    return found


def input_values(model: Model) -> dict[Input, float | None]:
    """Give a day's arrivals, hours of staff, and the mean service time and patience in seconds.

    The means are over kinds of customer, each counting by its arrivals. None: the model has no such number,
    or one without bound.
    """
    weights = {kind: sum(values) for kind, values in arrivals_of(model).items()}
    staff = _staff(model)
    return {
        "arrivals": sum(weights.values()),
        "staff": None if staff is None else 24 * sum(staff) / len(staff),
        "service times": _weighted(_service_means(model), weights),
        "patience": _weighted(_patience_means(model), weights),
    }


def _weighted(means: Mapping[str, float], weights: Mapping[str, float]) -> float | None:
    total = sum(weights[kind] for kind in means)
    if not total:
        return None
    mean = sum(weights[kind] * value for kind, value in means.items() if weights[kind]) / total
    return mean if isfinite(mean) else None


def _service_means(model: Model) -> dict[str, float]:
    channel = model.channels[0]
    station = channel.station
    kinds = [segment.name for segment in model.segments]
    if isinstance(station, CallCentre):
        return {
            kind: float((station.callers.get(kind, Caller()).talk or station.talk).mean_s) for kind in kinds
        }
    if isinstance(station, Counters):
        return {kind: sum(float(turn.human.mean_s) for turn in channel.dialogues[kind]) for kind in kinds}
    (work,) = channel.works.values()
    return dict.fromkeys(kinds, float(work.service.mean_s))


def _patience_means(model: Model) -> dict[str, float]:
    station = model.channels[0].station
    kinds = [segment.name for segment in model.segments]
    if isinstance(station, CallCentre):
        return {
            kind: float((station.callers.get(kind, Caller()).patience or station.patience).mean_s)
            for kind in kinds
        }
    return dict.fromkeys(kinds, float(station.patience.mean_s)) if isinstance(station, Counters) else {}


def _with_service_times(channel: Channel, own: Channel) -> Channel:
    """Give a channel with the talk, wrap-up and works of another."""
    station, other = channel.station, own.station
    if isinstance(station, CallCentre) and isinstance(other, CallCentre):
        callers = {
            kind: station.callers.get(kind, Caller()).model_copy(
                update={"talk": each.talk, "wrap_up": each.wrap_up}
            )
            for kind, each in other.callers.items()
        }
        update = {"talk": other.talk, "wrap_up": other.wrap_up, "callers": station.callers | callers}
        return channel.model_copy(update={"station": station.model_copy(update=update)})
    if isinstance(station, RequestServer):
        return channel.model_copy(update={"works": own.works})
    known = {kind: turns for kind, turns in own.dialogues.items() if kind in channel.dialogues}
    return channel.model_copy(update={"dialogues": channel.dialogues | known, "works": own.works})


def _with_patience(channel: Channel, own: Channel) -> Channel:
    """Give a channel with the patience of another."""
    station, other = channel.station, own.station
    update: dict[str, object] = {}
    if isinstance(station, CallCentre) and isinstance(other, CallCentre):
        callers = {
            kind: station.callers.get(kind, Caller()).model_copy(update={"patience": each.patience})
            for kind, each in other.callers.items()
        }
        update = {"patience": other.patience, "callers": station.callers | callers}
    elif isinstance(station, Counters) and isinstance(other, Counters):
        update = {"patience": other.patience, "balk_wait": other.balk_wait}
    return channel.model_copy(update={"station": station.model_copy(update=update)})
