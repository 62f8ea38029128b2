"""The model as a load test sees it: on the clock of play, with people's own time shortened."""

from typing import Any

from footfall.simulate.spec.agents import AgentGroup, Caller
from footfall.simulate.spec.base import Spec
from footfall.simulate.spec.channel import Channel, Outage, Turn
from footfall.simulate.spec.clock import DayClock
from footfall.simulate.spec.model import Model
from footfall.simulate.spec.number import Number
from footfall.simulate.spec.people import FollowUp
from footfall.simulate.spec.station import CallCentre
from footfall.simulate.spec.times import DURATIONS


class Play(Spec):
    """Which part of the day is played, and how fast."""

    starts_s: float
    """Second of the day at which play begins."""
    length_s: float
    """Seconds of the day that are played."""
    speed: float
    """Arrivals come this many times as fast as in the day; the systems do not get faster."""
    human_time_factor: float
    """People's own time (reading, talking, typing, patience, coming back) is multiplied by this."""

    @property
    def seconds(self) -> float:
        """How long the arrivals of the window take to play."""
        return self.length_s / self.speed


def as_played(model: Model, play: Play) -> Model:
    """Give the model whose second 0 is the start of play.

    Times in the operator's systems (service, deadlines, rates, sessions, the time for a confirmation) stay
    what they are; people's own times are multiplied by `human_time_factor`; opening hours, staff and expected
    waits go by the day's clock, which runs `speed` times as fast; outages move to the clock of play. What the
    systems must bear is unchanged, and a run of minutes does not wait for hours of talk.
    """
    factor = play.human_time_factor
    rules = {outcome: _follow_up(rule, factor) for outcome, rule in model.follow_ups.by_outcome.items()}
    return model.model_copy(
        update={
            "channels": tuple(_channel(channel, play) for channel in model.channels),
            "follow_ups": model.follow_ups.model_copy(update={"by_outcome": rules}),
            "clock": DayClock(starts_s=play.starts_s, speed=play.speed, length_s=play.length_s),
        }
    )


def _channel(channel: Channel, play: Play) -> Channel:
    factor = play.human_time_factor
    update: dict[str, Any] = {
        "station": _station(channel.station, factor),
        "dialogues": {
            name: tuple(_turn(turn, factor) for turn in turns) for name, turns in channel.dialogues.items()
        },
        "outages": tuple(_moved(outage, play) for outage in channel.outages),
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


def _turn(turn: Turn, factor: float) -> Turn:
    return turn.model_copy(update={"human": turn.human.times(factor)})


def _follow_up(rule: FollowUp, factor: float) -> FollowUp:
    return rule.model_copy(update={"delay": rule.delay.times(factor)})


def _moved(outage: Outage, play: Play) -> Outage:
    starts_s, ends_s = (
        max(0.0, (at_s - play.starts_s) / play.speed) for at_s in (outage.starts_s, outage.ends_s)
    )
    return outage.model_copy(
        update={"starts_s": _same(outage.starts_s, starts_s), "ends_s": _same(outage.ends_s, ends_s)}
    )


def _times(number: Number, factor: float) -> Number:
    return _same(number, number * factor)


def _same(number: Number, value: float) -> Number:
    return Number(value, number.grade, number.source)
