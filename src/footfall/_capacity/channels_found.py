"""The capacity of each channel alone, and which of them breaks first."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf

from footfall._capacity.capacity_found import ChannelFound, RateEstimate
from footfall._capacity.criterion_figures import Judged
from footfall._capacity.learned_curve import learned_curve
from footfall._capacity.learning import channels_of
from footfall._capacity.load_steps import CapacityAsked
from footfall._capacity.reading import Reading, explained_stations, has_many_channels, question_of
from footfall._capacity.service_model import ServiceModel, Traffic, traffic_of
from footfall._capacity.simulated_knee import QUICK, simulated_knee
from footfall._capacity.step_evidence import OVERLOAD, RECOVERY, Evidence, direct_knee, evidence_of, part_of

_BACKLOG = "its backlog grows"


def channels_found(
    reading: Reading, knee: RateEstimate | None, asked: CapacityAsked
) -> dict[str, ChannelFound]:
    """Give the knee of each channel alone, at the scenario's mix.

    By the channel's learned station where that explains the steps; else between the steps in which the
    criteria that speak of the channel held and those in which they did not.
    """
    channels = channels_of(reading.steps)
    model = reading.model
    if has_many_channels(reading.steps) or (model is None and len(channels) > 1):
        by_steps = channels_by_steps(reading)
        return {name: _of_station(reading, name, asked, found) or found for name, found in by_steps.items()}
    if model is None:
        return {}
    found = {}
    for channel in model.stations:
        alone = _alone(model, channel)
        if len(model.stations) == 1:
            of_channel = knee
        else:
            simulated = simulated_knee(alone, question_of(reading.steps, asked), QUICK)
            of_channel = simulated.knee if simulated else None
        found[channel] = _found(channel, alone.traffic, of_channel)
    return found


def channels_by_steps(reading: Reading) -> dict[str, ChannelFound]:
    """Give the knee of each channel by the steps alone."""
    traffic, evidence = _traffic(reading), channel_evidence(reading)
    found = {}
    for channel in channels_of(reading.steps):
        of_channel = evidence.get(channel, ())
        knee = direct_knee(of_channel)
        found[channel] = replace(
            _found(channel, traffic, knee),
            held_per_s=max((one.rate for one in of_channel if _held(one)), default=0.0),
            is_judged=channel in evidence,
            found_by="none" if knee is None else "steps",
            criterion=_broken_first(of_channel) if knee else "",
        )
    return found


def channel_evidence(reading: Reading) -> dict[str, tuple[Evidence, ...]]:
    """Give what the steps say of each channel that a criterion speaks of, by those criteria."""
    found = {}
    for channel in channels_of(reading.steps):
        if criteria := _about(channel, reading):
            parts = (part_of(one.step, channel) for one in reading.evidence)
            found[channel] = tuple(evidence_of(part, criteria) for part in parts)
    return found


def first_to_break(channels: Mapping[str, ChannelFound]) -> str | None:
    """Name the channel with the lowest knee; None: there is one channel only, or no knee of any is known."""
    known = {name: one.knee.value for name, one in channels.items() if one.knee is not None}
    return min(known, key=lambda name: known[name]) if known and len(channels) > 1 else None


def breaks_first(channels: Mapping[str, ChannelFound]) -> list[str]:
    """Say in words which channel breaks first, and whether that is sure."""
    name = first_to_break(channels)
    knee = channels[name].knee if name else None
    if name is None or knee is None:
        return []
    others = {other: one for other, one in channels.items() if other != name and one.is_judged}
    near = [
        other for other, one in others.items() if (one.knee.low if one.knee else one.held_per_s) < knee.high
    ]
    said = f"{name} breaks first, above {knee.value:.3g} arrivals/s of all channels"
    if near:
        said += f"; {' and '.join(near)} may break as early, within the intervals"
    return [said]


def _alone(model: ServiceModel, channel: str) -> ServiceModel:
    operations = tuple(one for one in model.traffic.operations if one.channel == channel)
    return ServiceModel(
        traffic=Traffic(operations=operations),
        stations={channel: model.stations[channel]},
        seed=model.seed,
    )


def _found(channel: str, traffic: Traffic, knee: RateEstimate | None) -> ChannelFound:
    return ChannelFound(
        knee=knee,
        arrivals_share=sum(one.share for one in traffic.operations if one.channel == channel),
        requests_per_arrival=traffic.requests_per_arrival(channel),
        found_by="none" if knee is None else "stations",
    )


# ── One of many channels


def _of_station(
    reading: Reading, channel: str, asked: CapacityAsked, found: ChannelFound
) -> ChannelFound | None:
    """Find the knee by the channel's learned station; None: it has none that explains the steps."""
    if not found.is_judged or reading.model is None or channel not in explained_stations(reading):
        return None
    alone, question = _alone(reading.model, channel), question_of(reading.steps, asked)
    simulated = simulated_knee(alone, question, QUICK)
    if simulated is None or found.held_per_s > simulated.knee.high:
        return None
    criteria: tuple[Judged, ...] = reading.criteria
    return replace(
        found,
        knee=simulated.knee,
        found_by="stations",
        criterion=str(criteria[simulated.binding]) if simulated.binding < len(criteria) else "",
        curve=learned_curve(alone, simulated.knee),
    )


def _about(channel: str, reading: Reading) -> tuple[Judged, ...]:
    """Give the criteria that speak of a channel."""
    operations = {
        str(name)
        for step in reading.steps
        for name in step.visits.operation[step.visits.channel == channel].tolist()
    }
    return tuple(
        one for one in reading.criteria if any(one.scope.matches(channel, name) for name in operations)
    )


def _traffic(reading: Reading) -> Traffic:
    if reading.model is not None:
        return reading.model.traffic
    calm = [
        one.step
        for one in reading.valid
        if one.step.planned.purpose not in {OVERLOAD, RECOVERY} and not one.step.stopped_early
    ]
    return traffic_of(calm or reading.steps)


def _held(one: Evidence) -> bool:
    step = one.step
    is_usable = not step.invalid_reason and step.planned.purpose != RECOVERY and one.excess_sd < inf
    return is_usable and one.excess <= 0 and not one.grows


def _broken_first(evidence: Sequence[Evidence]) -> str:
    """Give the criterion that was broken at the lowest rate."""
    broken = [one for one in evidence if one.step.planned.purpose != RECOVERY and not one.step.invalid_reason]
    broken = [one for one in broken if one.judged.verdict == "broken"]
    if not broken:
        return ""
    first = min(broken, key=lambda one: one.rate)
    return first.broken[0] if first.broken else _BACKLOG
