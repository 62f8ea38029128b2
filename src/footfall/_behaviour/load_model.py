"""The model as a load test runs it, and which of its features the reference service has."""

from collections.abc import Collection, Iterator
from itertools import takewhile
from typing import Any

from footfall._behaviour.capacity_rules import uses_session
from footfall._model.channel import Channel, Outage, Step, Verb
from footfall._model.durations import DURATIONS
from footfall._model.model import DayClock, Model
from footfall._model.numbers import Number, Spec
from footfall._model.population import AfterFailure
from footfall._model.station_specs import (
    AgentGroup,
    CallCentre,
    Caller,
    Counters,
    MessageGateway,
    RequestServer,
    Station,
)
from footfall._records.errors import BadInputError

# ── The model as a load test sees it: on the clock of the run, with people's own time shortened


class RunPace(Spec):
    """Which part of the day is played, and how fast."""

    starts_s: float
    """Second of the day at which play begins."""
    length_s: float
    """Seconds of the day that are run."""
    speed: float
    """Arrivals come this many times as fast as in the day; the systems do not get faster."""
    human_time_factor: float
    """People's own time (reading, talking, typing, patience, coming back) is multiplied by this."""

    @property
    def seconds(self) -> float:
        """How long the arrivals of the window take in a run."""
        return self.length_s / self.speed


def as_played(model: Model, pace: RunPace) -> Model:
    """Give the model whose second 0 is the start of the run.

    Times in the operator's systems (service, deadlines, rates, sessions, the time for a confirmation) stay
    what they are; people's own times are multiplied by `human_time_factor`; opening hours, staff and expected
    waits go by the day's clock, which runs `speed` times as fast; outages move to the clock of the run. The
    load on the systems is unchanged, and a run of minutes does not wait for hours of talk.
    """
    factor = pace.human_time_factor
    rules = {outcome: _follow_up(rule, factor) for outcome, rule in model.follow_ups.by_outcome.items()}
    return model.model_copy(
        update={
            "channels": tuple(_channel(channel, pace) for channel in model.channels),
            "follow_ups": model.follow_ups.model_copy(update={"by_outcome": rules}),
            "clock": DayClock(starts_s=pace.starts_s, speed=pace.speed, length_s=pace.length_s),
        }
    )


def _channel(channel: Channel, pace: RunPace) -> Channel:
    factor = pace.human_time_factor
    update: dict[str, Any] = {
        "station": _station(channel.station, factor),
        "dialogues": {
            name: tuple(_turn(turn, factor) for turn in turns) for name, turns in channel.dialogues.items()
        },
        "outages": tuple(_moved(outage, pace) for outage in channel.outages),
    }
    return channel.model_copy(update=update)


_HUMAN_TIMES = ("patience", "balk_wait", "talk", "wrap_up")


def _station(station: Any, factor: float) -> Any:  # noqa: ANN401  any of the five kinds
    update: dict[str, Any] = {}
    for name in type(station).model_fields:
        value = getattr(station, name)
        if isinstance(value, DURATIONS) and name in _HUMAN_TIMES:
            update[name] = value.times(factor)
    if isinstance(station, CallCentre):
        update |= _callers(station, factor)
    return station.model_copy(update=update)


def _callers(station: CallCentre, factor: float) -> dict[str, Any]:
    """Give the times of a hotline's callers, and what is reckoned in their waits."""
    callback = station.callback
    if callback is not None:
        changed = {name: _times(getattr(callback, name), factor) for name in ("offered_wait_s", "latest_s")}
        callback = callback.model_copy(update=changed)
    return {
        "callers": {name: _caller(caller, factor) for name, caller in station.callers.items()},
        "credit_s": {name: _times(credit, factor) for name, credit in station.credit_s.items()},
        "callback": callback,
        "groups": tuple(_group(group, factor) for group in station.groups),
        "agents_overflow_after_s": _times(station.agents_overflow_after_s, factor),
    }


def _group(group: AgentGroup, factor: float) -> AgentGroup:
    talk = {operation: time.times(factor) for operation, time in group.talk.items()}
    after_s = _times(group.overflow_after_s, factor)
    return group.model_copy(update={"talk": talk, "overflow_after_s": after_s})


def _caller(caller: Caller, factor: float) -> Caller:
    times = {name: getattr(caller, name) for name in type(caller).model_fields}
    return caller.model_copy(update={name: time and time.times(factor) for name, time in times.items()})


def _turn(turn: Step, factor: float) -> Step:
    return turn.model_copy(update={"human": turn.human.times(factor)})


def _follow_up(rule: AfterFailure, factor: float) -> AfterFailure:
    return rule.model_copy(update={"delay": rule.delay.times(factor)})


def _moved(outage: Outage, pace: RunPace) -> Outage:
    starts_s, ends_s = (
        max(0.0, (at_s - pace.starts_s) / pace.speed) for at_s in (outage.starts_s, outage.ends_s)
    )
    return outage.model_copy(
        update={"starts_s": _same(outage.starts_s, starts_s), "ends_s": _same(outage.ends_s, ends_s)}
    )


def _times(number: Number, factor: float) -> Number:
    return _same(number, number * factor)


def _same(number: Number, value: float) -> Number:
    return Number(value, number.grade, number.source)


# ── Which behaviours of a station a model sets beyond the plain ones, by their names


def of_server(station: Station) -> tuple[str, ...]:
    """Give what the server does that the reference service cannot, as `field=value`."""
    found = []
    if isinstance(station, RequestServer):
        if station.discipline != "slots":
            found.append(f"discipline={station.discipline}")
        if station.queues > 1:
            found.append(f"queues={station.queues:g}")
    if isinstance(station, MessageGateway):
        if station.connections > 1:
            found.append(f"connections={station.connections:g}")
        if station.window:
            found.append(f"window={station.window:g}")
    return tuple(found)


def of_limits(station: Station) -> tuple[str, ...]:
    """Give what a server does beyond slots, an accept queue and a deadline, as `field=value`.

    It may delay or limit requests, or work off stale ones; the reference service does it, too.
    """
    found = []
    if isinstance(station, RequestServer):
        if station.stale_work != "cut":
            found.append(f"stale_work={station.stale_work}")
        if station.queue_timeout_s:
            found.append(f"queue_timeout_s={station.queue_timeout_s:g}")
        if station.rate_limit.requests_per_s:
            found.append(f"rate_limit.requests_per_s={station.rate_limit.requests_per_s:g}")
        if station.stalls.length_s:
            found.append(f"stalls.length_s={station.stalls.length_s:g}")
        if station.network_s:
            found.append(f"network_s={station.network_s:g}")
    return tuple(found)


def of_clients(station: Station) -> tuple[str, ...]:
    """Give what its clients do on their own between the customer and the server, as `field=value`."""
    found = []
    if isinstance(station, RequestServer):
        if station.retry.retries_most:
            found.append(f"retries_most={station.retry.retries_most:g}")
        if station.breaker.failure_share:
            found.append(f"breaker.failure_share={station.breaker.failure_share:g}")
    return tuple(found)


# ── What of a model can be played against a live service, and what the reference service can do


def check_played(model: Model, own_users: Collection[str] = ()) -> None:
    """See that customers of a live service can do what those of the model do.

    What a foreign server does inside is its own affair. `own_users` are the channels that the user's own
    Locust users serve.

    Raises:
        BadInputError: a hotline calls back, which no customer of a load test waits for; or clients try again
            or break a circuit where own Locust users send the requests, which Footfall does not see.
    """
    for channel in model.channels:
        for setting in _of_callers(channel.station):
            where = f"{channel.name}.{setting}"
            raise BadInputError(
                where, "cannot be played, only simulated", "a model without it, or footfall simulate"
            )
        for setting in of_clients(channel.station) if channel.name in own_users else ():
            raise BadInputError(
                f"{channel.name}.{setting}",
                "cannot be played: a Locust user of your own sends this channel's requests",
                "a model without it (the user may try again by itself), or an endpoints file for the channel",
            )


def check_served(model: Model) -> None:
    """See that the reference service can serve as the model's stations do.

    It has slots, one connection and a rate; its staff serve first come, first served, as whole agents who
    can do everything.

    Raises:
        BadInputError: a station asks for more.
    """
    for channel in model.channels:
        station = channel.station
        for setting in (*of_server(station), *_of_staff(station), *_of_callers(station)):
            where = f"{channel.name}.{setting}"
            raise BadInputError(
                where, "cannot be served, only simulated", "a model without it, or footfall simulate"
            )


def check_logins(model: Model) -> None:
    """See that pages of the account come after a login; a short message is known by its sender's number.

    Raises:
        BadInputError: the reference service would answer none of these visits.
    """
    for channel in model.channels:
        if isinstance(channel.station, MessageGateway):
            continue
        for operation, steps in channel.dialogues.items():
            before_login = takewhile(lambda step: step.verb is not Verb.LOGIN, steps)
            for verb in (step.verb.value for step in before_login if uses_session(step.verb)):
                raise BadInputError(
                    f"{channel.name}.dialogues.{operation}",
                    f"asks for {verb!r}, which the reference service answers after a login only",
                    "a step with the verb login before it, or the verb browse",
                )


def _of_callers(station: Station) -> Iterator[str]:
    if isinstance(station, CallCentre) and station.callback is not None:
        yield "callback"
    if isinstance(station, CallCentre) and station.redials != "drawn_anew":
        yield f"redials={station.redials}"


def _of_staff(station: Station) -> Iterator[str]:
    if not isinstance(station, Counters | CallCentre):
        return
    if station.priority:
        yield "priority"
    if station.rounding != "nearest":
        yield f"rounding={station.rounding}"
    if isinstance(station, CallCentre):
        if station.groups:
            yield "groups"
        if station.credit_s:
            yield "credit_s"
        if station.agents_overflow_after_s:
            yield f"agents_overflow_after_s={station.agents_overflow_after_s:g}"
        for operation, caller in station.callers.items():
            if caller.wrap_up:
                yield f"callers.{operation}.wrap_up"
