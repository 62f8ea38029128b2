"""What a search has found: knee, plateau, what lies beyond, what limited it, and how sure it is."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf, isfinite, sqrt

import numpy as np

from footfall._calibrate.learned_station import LOSS_SYSTEM, STALLS
from footfall._capacity.beyond import Overloaded, overloaded
from footfall._capacity.capacity_found import (
    DIED,
    DISTURBED,
    DOES_NOT_RECOVER,
    DRIFT,
    FASTER_UNDER_LOAD,
    RESTARTED,
    CapacityFound,
    LimitedBy,
    RateEstimate,
)
from footfall._capacity.channels_found import breaks_first, channels_found
from footfall._capacity.criterion_figures import VisitSample
from footfall._capacity.faster_under_load import faster_under_load
from footfall._capacity.learned_curve import learned_curve
from footfall._capacity.load_steps import CapacityAsked, PlayedStep
from footfall._capacity.reading import (
    BISECT,
    CONFIRM,
    Reading,
    all_stations,
    explained_stations,
    flags_of,
    has_many_channels,
    read,
)
from footfall._capacity.service_recovery import PAUSES_S
from footfall._capacity.step_evidence import OVERLOAD, PROBE, RECOVERY, Evidence

_Z = 1.96
_PLATEAU_FORM_SD = 0.008
_STILL_RISES = 1.04
_DRIFT_Z, _DRIFT_LEAST = 4.0, 0.15
_DRIFT_VISITS, _DRIFT_LONG_S = 100, 8.0
_SAME_RATE = 0.04
_BLOCKS_LEAST = 5
_NEARLY = 0.9
"""A knee further above all rates that were played is an expectation and no finding."""
_WIDE_SHARE = 0.10
_WHOLE_S = 300.0
"""Of wall time: enough for all steps at their full length."""
_AGREE_BLOCKS = 0.6


def findings(played: Sequence[PlayedStep], asked: CapacityAsked) -> CapacityFound:
    """Give what the steps played show."""
    reading = read(played, asked)
    is_many = has_many_channels(played)
    so_far = findings_so_far(played, asked)
    knee, limited_by = so_far.knee, so_far.limited_by
    beyond = overloaded(reading)
    found = replace(
        so_far,
        plateau=_plateau(reading, beyond) if knee else None,
        beyond=beyond.verdict if knee else "unknown",
        flags=_flags(reading, beyond),
        budget_needed_s=_budget_needed_s(reading, knee, asked, limited_by),
        by_channel=channels_found(reading, knee, asked),
        stations=explained_stations(reading) if is_many else all_stations(reading),
        curve=learned_curve(reading.model, knee) if knee and reading.model and reading.fits else (),
    )
    return replace(found, sentences=_sentences(reading, found))


def findings_so_far(played: Sequence[PlayedStep], asked: CapacityAsked) -> CapacityFound:
    """Give the knee, flags and verdicts as of now, at once after `next_step` has read the same steps."""
    reading = read(played, asked, is_over=False)
    knee = _knee(reading)
    limited_by = _limited_by(reading, knee)
    return CapacityFound(
        knee=None if limited_by == "generator" else knee,
        plateau=None,
        beyond="unknown",
        limited_by=limited_by,
        flags=flags_of(reading),
        held_per_s=max((one.rate for one in reading.valid if _held(one)), default=0.0),
        criteria=reading.criteria,
        sentences=(),
        steps=tuple(one.judged for one in reading.evidence),
    )


def _broke(one: Evidence) -> bool:
    """Whether a step went beyond what the service can do: a criterion was broken, or the backlog grew."""
    return one.step.planned.purpose != RECOVERY and (one.grows or (one.excess > 0 and one.excess_sd < inf))


def _held(one: Evidence) -> bool:
    return one.excess <= 0 and not one.grows and one.step.planned.purpose != RECOVERY


# ── Knee


def _knee(reading: Reading) -> RateEstimate | None:
    """Give the knee of the model, where surely judged long steps leave it; else that of the steps."""
    # What many channels have in common no station shows: the steps say it.
    knee = reading.direct if has_many_channels(reading.steps) else reading.knee
    played = [one.rate for one in reading.valid if one.step.planned.purpose != RECOVERY]
    if knee is None or max(played) < _NEARLY * knee.value:
        return None
    if not any(_broke(one) for one in reading.valid):
        # Whatever the stations learned: as long as nothing broke, something else may have been their limit.
        return None
    if not reading.fits and reading.direct is None:
        # A model that does not explain the steps says no more than where to look.
        held = max((one.rate for one in reading.valid if _held(one)), default=0.0)
        if held <= 0:
            return None
        return RateEstimate(
            value=knee.value, low=min(held, knee.low) * 0.97, high=max(knee.high, knee.value * 1.1)
        )
    return knee


def _limited_by(reading: Reading, knee: RateEstimate | None) -> LimitedBy:
    """Say what ended the way up: the service, the generator, or time and the highest rate allowed."""
    bound = [one for one in reading.evidence if one.step.invalid_reason]
    highest = max((one.step.planned.offered_per_s for one in reading.valid), default=0.0)
    held = max((one.rate for one in reading.valid if _held(one)), default=0.0)
    broken = [
        one
        for one in reading.valid
        if one.judged.verdict == "broken" and one.rate > held and one.step.planned.purpose != RECOVERY
    ]
    above = [one for one in bound if one.step.planned.offered_per_s >= highest]
    if not broken and (len(above) > 1 or any(one.step.generator.bound_by for one in above)):
        if knee is None or knee.value > highest:
            return "generator"
        return "service"
    nothing_held = bool(reading.valid) and not held
    return "service" if knee is not None or nothing_held else "budget"


# ── Plateau


def _plateau(reading: Reading, beyond: Overloaded) -> RateEstimate | None:
    """Give the goodput that stays at any load beyond: of the learned stations, and as measured."""
    if beyond.step is None or beyond.verdict in {"collapse", "metastable"} or not beyond.saturated:
        return None
    measured = (beyond.goodput_per_s, beyond.goodput_sd)
    simulated = _simulated_plateau(reading, beyond) if reading.model else None
    if simulated is not None:
        low, high = simulated
        if high / max(low, 1e-9) > _STILL_RISES and LOSS_SYSTEM in flags_of(reading):
            return None
    if LOSS_SYSTEM in flags_of(reading):
        return None
    by_model = _work_off(reading)
    if by_model is None or not reading.fits:
        value, sd = measured
    else:
        value, sd = by_model
        # Both see the same service; where they agree the model's figure, from all steps, is the better one.
        if STALLS not in flags_of(reading) and abs(value - measured[0]) > 3 * sqrt(sd**2 + measured[1] ** 2):
            value, sd = measured
        elif measured[1] > 0 and sd > 0 and STALLS not in flags_of(reading):
            weights = 1 / sd**2, 1 / measured[1] ** 2
            value = (value * weights[0] + measured[0] * weights[1]) / sum(weights)
            sd = sqrt(1 / sum(weights))
    half = _Z * sqrt(sd**2 + (_PLATEAU_FORM_SD * value) ** 2)
    return RateEstimate(value=value, low=value - half, high=value + half)


def _simulated_plateau(reading: Reading, beyond: Overloaded) -> tuple[float, float] | None:
    """Goodput of the best stations at the overload and at a third more."""
    model = reading.model
    if model is None or beyond.step is None:
        return None
    rates = np.array([[beyond.step.sent_per_s, beyond.step.sent_per_s * 4 / 3]] * 4)
    samples = model.samples(model.best(4), rates, 2000)
    shares = _success_share(samples).reshape(4, 2).mean(axis=0)
    per_s = shares * rates[0]
    return float(per_s[0]), float(per_s[1])


def _work_off(reading: Reading) -> tuple[float, float] | None:
    """Goodput at full work and its standard deviation over the draws; None: nothing limits the stations."""
    model = reading.model
    if model is None:
        return None
    number = min(len(learned.draws) for learned in model.stations.values())
    rates = np.array([model.rate_most_per_s(draw) for draw in range(number)])
    best = model.rate_most_per_s()
    if not isfinite(best) or not np.isfinite(rates).all():
        return None
    served = 1.0
    for operation in model.traffic.operations:
        served -= operation.share * (1 - model.served_share(operation))
    return best * served, float(rates.std(ddof=1)) * served


def _success_share(samples: Sequence[VisitSample]) -> np.ndarray:
    whole = [sample for sample in samples if not sample.step]
    served = np.sum([(sample.is_success & sample.is_present).sum(axis=0) for sample in whole], axis=0)
    share: np.ndarray = served / np.maximum(
        np.sum([sample.is_present.sum(axis=0) for sample in whole], axis=0), 1
    )
    return share


# ── Flags, budget


def _flags(reading: Reading, beyond: Overloaded) -> tuple[str, ...]:
    flags = list(flags_of(reading))
    if beyond.recovers is False:
        flags.append(DOES_NOT_RECOVER)
    if reading.state.stays_down:
        flags.append(DIED)
    elif reading.state.went_away and not reading.state.in_doubt:
        flags.append(RESTARTED)
    if _drifts(reading):
        flags.append(DRIFT)
    if _faster_under_load(reading):
        flags.append(FASTER_UNDER_LOAD)
    stations = reading.model.stations.values() if reading.model else ()
    if (
        any(one.fit.blocks >= _BLOCKS_LEAST and one.fit.agreeing_share < _AGREE_BLOCKS for one in stations)
        and not flags
    ):
        flags.append(DISTURBED)
    return tuple(flags)


def _faster_under_load(reading: Reading) -> tuple[PlayedStep, PlayedStep] | None:
    # A stall, or what an overload has left, makes a step slow whatever its load.
    if STALLS in flags_of(reading) or reading.state.busy_after:
        return None
    return faster_under_load(
        [
            one.step
            for one in reading.valid
            if one.step.planned.purpose not in {OVERLOAD, RECOVERY, PROBE} and not one.grows
        ]
    )


def _drifts(reading: Reading) -> bool:
    """Whether steps at nearly the same rate, minutes apart, differ by more than chance: in their medians."""
    steps = [
        one.step
        for one in reading.valid
        if one.step.planned.purpose not in {OVERLOAD, RECOVERY}
        and not one.grows
        and one.step.visits.visits >= _DRIFT_VISITS
    ]
    for place, first in enumerate(steps):
        for second in steps[place + 1 :]:
            if (
                abs(first.sent_per_s / second.sent_per_s - 1) > _SAME_RATE
                or first.length_s < _DRIFT_LONG_S
                or second.length_s < _DRIFT_LONG_S
            ):
                continue
            lows = [
                np.quantile(np.log(np.maximum(one.visits.response_s, 1e-6)), 0.25) for one in (first, second)
            ]
            sds = [
                np.log(np.maximum(one.visits.response_s, 1e-6)).std() / sqrt(one.visits.visits) * 2
                for one in (first, second)
            ]
            apart = abs(lows[0] - lows[1])
            if apart > _DRIFT_LEAST and apart > _DRIFT_Z * sqrt(sds[0] ** 2 + sds[1] ** 2):
                return True
    return False


def _budget_needed_s(
    reading: Reading, knee: RateEstimate | None, asked: CapacityAsked, limited_by: LimitedBy
) -> float | None:
    """Wall time that would probably do, where the search has not found a knee or found it only roughly."""
    if (
        limited_by == "generator"
        or reading.state.stays_down
        or (knee is None and limited_by == "service")
        or (knee and knee.half_width_share <= _WIDE_SHARE)
    ):
        return None
    if knee is None:
        if (
            asked.most_per_s
            and max((one.rate for one in reading.valid), default=0.0) >= asked.most_per_s * 0.98
        ):
            return None
        return max(_WHOLE_S, 2 * asked.budget_s)
    if not reading.fits:
        # More steps of the same length say the same: time helps only up to a whole search.
        return _WHOLE_S if asked.budget_s < _WHOLE_S else None
    # An interval narrows with the square root of what is played; a whole search plays the longest steps.
    needed_s = asked.budget_s * (knee.half_width_share / _WIDE_SHARE) ** 2
    return round(min(max(needed_s, 1.5 * asked.budget_s), max(_WHOLE_S, 3 * asked.budget_s)), -1)


# ── Words


def _sentences(reading: Reading, found: CapacityFound) -> tuple[str, ...]:
    said = []
    if found.knee and reading.fits and reading.simulated is not None:
        said += _sentences_of_model(reading, found.knee)
    elif found.knee:
        why = "many channels" if has_many_channels(reading.steps) else "no station explains the steps"
        said.append(f"{why}: the knee lies between the steps that held and those that did not")
    elif found.limited_by == "generator":
        reasons = [one.step.generator.bound_by or one.step.invalid_reason for one in reading.evidence]
        said.append(
            f"the load generator was the limit above {found.held_per_s:.3g} arrivals/s: "
            f"{next(reason for reason in reversed(reasons) if reason)}"
        )
    elif found.limited_by == "service":
        lowest = min((one.rate for one in reading.valid), default=0.0)
        said.append(f"the criteria did not hold at any rate, down to {lowest:.3g} arrivals/s")
    elif reading.knee is not None and found.held_per_s:
        said.append(
            f"all criteria held up to {found.held_per_s:.3g} arrivals/s; the learned stations would take "
            f"about {reading.knee.value:.3g}/s, but no valid step came near that"
        )
    elif found.held_per_s:
        said.append(
            f"all criteria held up to {found.held_per_s:.3g} arrivals/s, the highest rate that was played"
        )
    said += _faster_sentences(reading)
    said += _recovery_sentences(reading)
    if len(found.by_channel) > 1:
        said += breaks_first(found.by_channel)
    if found.knee and found.beyond == "unknown":
        said.append("what lies beyond the knee was not played, or its step cannot be used")
    return tuple(said)


def _faster_sentences(reading: Reading) -> list[str]:
    faster = _faster_under_load(reading)
    if faster is None:
        return []
    earlier, later = faster
    return [
        (
            f"responses were faster at {later.sent_per_s:.3g} arrivals/s (step {later.planned.number}) than "
            f"at {earlier.sent_per_s:.3g} (step {earlier.planned.number}): the service was warming up, "
            "answers from a cache, or sends error pages when it is busy; look at its answers before "
            "using these figures"
        )
    ]


def _recovery_sentences(reading: Reading) -> list[str]:
    state, said = reading.state, []
    if reading.tipping is not None:
        tries, timeout_s = reading.tipping.gateway.tries, reading.tipping.gateway.timeout_s
        said.append(
            f"once down it stays down at loads that it served before: what was given up after about "
            f"{timeout_s:.2g} s is tried again, {tries} times in all, and worked off nevertheless; "
            f"below the capacity it stays up for half an hour"
        )
    if state.stays_down:
        after = max(state.busy_after, default=len(reading.evidence))
        said.append(
            f"the service has died: after step {after} it did not come back in {sum(PAUSES_S):.0f} s "
            "without load"
        )
    elif state.busy_after:
        steps = ", ".join(map(str, state.busy_after))
        said.append(f"after step {steps} it was still busy without visits, and left alone until it was back")
    if state.spoiled:
        steps = "; ".join(f"step {number}: {reason}" for number, reason in state.spoiled)
        said.append(f"not used: {steps}")
    return said


def _sentences_of_model(reading: Reading, knee: RateEstimate) -> list[str]:
    said = []
    confirms = [one for one in reading.valid if one.step.planned.purpose in {CONFIRM, BISECT}]
    said.append(
        f"the capacity is that of a model learned from {len(reading.valid)} steps, simulated in the long run"
    )
    below = [one for one in confirms if _held(one) and one.rate < knee.value]
    above = [one for one in confirms if not _held(one) and one.rate > knee.value]
    if below and above:
        said.append(
            f"confirmed by long steps: all criteria held at {max(one.rate for one in below):.3g}/s, "
            f"not at {min(one.rate for one in above):.3g}/s"
        )
    elif confirms:
        said.append("the long steps around it are too noisy to say whether the criteria hold there")
    return said
