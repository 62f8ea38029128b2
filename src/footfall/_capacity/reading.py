"""What the steps played so far say: the learned stations, whether they explain the steps, and the knee."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain

import numpy as np

from footfall._calibrate.learned_station import DEADLINE, LearnedStation
from footfall._calibrate.request_log import RequestLog
from footfall._calibrate.station_simulation import simulate_arrivals
from footfall._capacity.capacity_found import RateEstimate
from footfall._capacity.criterion_figures import (
    Judged,
    VisitSample,
    criteria_of,
    joined,
    measured_samples,
    usable,
)
from footfall._capacity.learning import CHANNELS_FEW, channels_of, learn_channels
from footfall._capacity.load_steps import CapacityAsked, PlayedStep
from footfall._capacity.retrying_gateway import Gateway, gateway_knee, learn_gateway
from footfall._capacity.service_model import ServiceModel, traffic_of
from footfall._capacity.service_recovery import RecoveryState, state_after
from footfall._capacity.simulated_knee import (
    QUICK,
    THOROUGH,
    KneeQuestion,
    SimulatedKnee,
    simulated_knee,
)
from footfall._capacity.step_evidence import (
    EXPLORE,
    OVERLOAD,
    PROBE,
    RECOVERY,
    Evidence,
    direct_knee,
    evidence_of,
)
from footfall._capacity.step_figures import UNLOADED

CONFIRM = "confirm"
STRUCTURE = "structure"
BISECT = "bisect"
_STEP_REQUESTS_LEAST = 50
_REPLAYS = 24
_REPLAYED_MOST = 6000
"""Requests of a step that are replayed: enough to see a misfit that matters, and bounded."""
_Z_MOST = 4.0
_BEST_ALONE = 1.5
"""A single replay differs from the mean of many by its own chance, too."""
_FAR, _LONG_S = 1.12, 12.0
_SERVED_BUSY = 0.8
_MISFIT_RESPONSE, _MISFIT_SUCCESS = 0.06, 0.004
"""Differences of log response times and of the success share that are too small to matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tipping:
    """A gateway that makes a service metastable, and the arrival rate up to which it stays up."""

    gateway: Gateway
    knee: RateEstimate


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """The state of a search."""

    criteria: tuple[Judged, ...]
    evidence: tuple[Evidence, ...]
    """Of all steps, in their order."""
    model: ServiceModel | None
    """None: too few requests to learn stations from, or many channels while their steps are being played."""
    simulated: SimulatedKnee | None
    misfits: tuple[int, ...]
    """Numbers of the steps that the learned stations do not explain."""
    unexplained: tuple[str, ...]
    """The channels whose station does not explain them, or that have none and need one."""
    direct: RateEstimate | None
    """The knee by the steps alone."""
    state: RecoveryState
    """In which the last step has left the service."""
    tipping: Tipping | None = None
    """What makes it metastable; None: nothing is known to."""

    @property
    def fits(self) -> bool:
        """Whether the learned stations explain what was played."""
        return self.model is not None and not self.unexplained and not self._is_contradicted

    @property
    def _is_contradicted(self) -> bool:
        """Whether long steps surely held or broke far on the wrong side of the simulated knee."""
        if self.simulated is None or self.tipping is not None:
            return False
        knee_per_s = self.simulated.knee.value
        for one in self.valid:
            if one.step.length_s < _LONG_S or one.step.planned.purpose == RECOVERY:
                continue
            verdict = one.judged.verdict
            if verdict == "broken" and one.rate < knee_per_s / _FAR:
                return True
            if verdict == "holds" and one.rate > knee_per_s * _FAR:
                return True
        return False

    @property
    def is_metastable(self) -> bool:
        """Whether it was seen not to come back by itself, or known why it would not."""
        return self.tipping is not None or bool(self.state.stuck_after)

    @property
    def knee(self) -> RateEstimate | None:
        """The best that is known: by the model where it explains the steps, else by the steps alone."""
        by_model = self.simulated.knee if self.simulated else None
        if self.tipping is not None and (by_model is None or self.tipping.knee.value < by_model.value):
            by_model = self.tipping.knee
        if self.fits and by_model is not None:
            return by_model
        return self.direct or by_model

    @property
    def steps(self) -> tuple[PlayedStep, ...]:
        """All steps, in their order."""
        return tuple(one.step for one in self.evidence)

    @property
    def valid(self) -> tuple[Evidence, ...]:
        """The steps that say something about a service that had no backlog when they began."""
        return tuple(
            one
            for one in self.evidence
            if not (one.step.invalid_reason or one.spoiled or one.step.planned.purpose == PROBE)
        )


def has_many_channels(played: Sequence[PlayedStep]) -> bool:
    """Whether the visits are at so many channels that learning them all takes longer than a step."""
    return len(channels_of(played)) > CHANNELS_FEW


def read(played: Sequence[PlayedStep], asked: CapacityAsked, *, is_over: bool = True) -> Reading:
    """Read all played steps; the last reading is kept, since deciding and reporting ask for the same.

    Many channels are learned once the search is over: until then the steps speak for themselves, and the next
    one begins at once.
    """
    learns = is_over or not has_many_channels(played)
    return _read(tuple(played), asked, learns)


@lru_cache(maxsize=2)
def _read(played: tuple[PlayedStep, ...], asked: CapacityAsked, learns: bool) -> Reading:  # noqa: FBT001  a key
    criteria = criteria_of(asked, played)
    # Visits of a scenario fail for other reasons, too, at any load: they do not say that it is still busy.
    state = RecoveryState() if has_many_channels(played) else state_after(played)
    why = dict(state.spoiled)
    evidence = tuple(
        replace(evidence_of(step, criteria), spoiled=why.get(step.planned.number, "")) for step in played
    )
    model, tipping = _learned(evidence, asked, state) if learns else (None, None)
    simulated: SimulatedKnee | None = None
    misfits: dict[int, tuple[str, ...]] = {}
    if model is not None:
        confirms = sum(step.planned.purpose == CONFIRM for step in played)
        simulated = simulated_knee(model, question_of(played, asked), THOROUGH if confirms > 1 else QUICK)
        tipped = set(state.too_much) if tipping else set()
        misfits = _misfits(
            model, [one.step for one in evidence if not one.spoiled and one.step.planned.number not in tipped]
        )
    return Reading(
        criteria=criteria,
        evidence=evidence,
        model=model,
        simulated=simulated,
        misfits=tuple(misfits),
        unexplained=tuple(
            sorted({*chain.from_iterable(misfits.values()), *(model.not_learned if model else ())})
        ),
        direct=direct_knee(evidence),
        state=state,
        tipping=tipping,
    )


def _learned(
    evidence: Sequence[Evidence], asked: CapacityAsked, state: RecoveryState
) -> tuple[ServiceModel | None, Tipping | None]:
    """Learn the stations, and the gateway before them where a step has left the service busy.

    With a gateway that tries again, a step that was too much shows another service than the one that works:
    the stations are learned without it.
    """
    usable_steps = tuple(
        one.step
        for one in evidence
        if not (one.step.invalid_reason or one.spoiled or one.step.planned.purpose == PROBE)
    )
    if _is_busy_after_load(evidence, state):
        broken = {one.step.planned.number for one in evidence if one.grows or one.judged.verdict == "broken"}
        broken.update(state.too_much)
        healthy = tuple(step for step in usable_steps if step.planned.number not in broken)
        tipped = tuple(step for step in usable_steps if step.planned.number in state.too_much)
        model = _model(healthy, asked)
        confirms = sum(step.planned.purpose == CONFIRM for step in usable_steps)
        tipping = _tipping(model, healthy, tipped, thorough=confirms > 1)
        if tipping is not None:
            return model, tipping
    return _model(usable_steps, asked), None


def _is_busy_after_load(evidence: Sequence[Evidence], state: RecoveryState) -> bool:
    """Whether a probe, or a step after an overload, found the service still busy."""
    return bool(state.busy_after) or any(
        one.step.planned.purpose == RECOVERY and float(one.step.visits.is_success.mean()) < _SERVED_BUSY
        for one in evidence
        if one.step.visits.visits
    )


@lru_cache(maxsize=4)
def _tipping(
    model: ServiceModel | None,
    healthy: tuple[PlayedStep, ...],
    tipped: tuple[PlayedStep, ...],
    *,
    thorough: bool,
) -> Tipping | None:
    """Learn the gateway before the only station; None: there is none that explains the steps."""
    if model is None or len(model.stations) != 1:
        return None
    (learned,) = model.stations.values()
    gateway = learn_gateway(learned, healthy, tipped, model.seed)
    if gateway is None or gateway.tries == 1:
        return None
    (channel,) = model.stations
    knee = gateway_knee(learned, gateway, model.seed, thorough=thorough)
    per_arrival = model.traffic.requests_per_arrival(channel)
    return None if knee is None else Tipping(gateway=gateway, knee=knee.times(1 / max(per_arrival, 1e-9)))


def question_of(played: Sequence[PlayedStep], asked: CapacityAsked) -> KneeQuestion:
    """Give the limits that are asked for, the one relative to the unloaded service once that was played."""
    unloaded = [step for step in played if step.planned.purpose == UNLOADED and not step.invalid_reason]
    return KneeQuestion(
        criteria=usable(asked.criteria),
        p95_times_unloaded=asked.p95_times_unloaded if unloaded else None,
        unloaded_per_s=unloaded[0].sent_per_s if unloaded else 1.0,
    )


@lru_cache(maxsize=4)
def _model(steps: tuple[PlayedStep, ...], asked: CapacityAsked) -> ServiceModel | None:
    """Learn a station for each channel, once there is a step that is more than a look."""
    learned = learn_channels(steps, asked.seed, _judged(steps, asked)) if steps else None
    if learned is None:
        return None
    # What customers ask for is read where their visits do not end early.
    calm = [
        step for step in steps if step.planned.purpose not in {OVERLOAD, RECOVERY} and not step.stopped_early
    ]
    traffic = traffic_of(calm or steps, learned.pooled)
    return ServiceModel(
        traffic=traffic,
        stations=learned.stations,
        pooled=learned.pooled,
        seed=asked.seed,
        measured=_measured(calm or steps, learned.stations),
        not_learned=learned.not_learned,
    )


def _judged(played: Sequence[PlayedStep], asked: CapacityAsked) -> set[str]:
    """Give the channels that a criterion speaks of."""
    criteria = criteria_of(asked, played)
    pairs = {
        pair
        for step in played
        for pair in zip(step.visits.channel.tolist(), step.visits.operation.tolist(), strict=True)
    }
    return {
        channel for channel, operation in pairs if any(c.scope.matches(channel, operation) for c in criteria)
    }


def _measured(steps: Sequence[PlayedStep], stations: Collection[str]) -> tuple[VisitSample, ...]:
    """Give the visits of the channels that have no station, all steps together."""
    samples = [
        sample
        for step in steps
        for sample in measured_samples(step)
        if not sample.step and sample.channel not in stations
    ]
    return joined(samples)


# ── Whether the learned stations explain the steps


def _misfits(model: ServiceModel, played: Sequence[PlayedStep]) -> dict[int, tuple[str, ...]]:
    """Give the steps that went otherwise than the learned stations at the same arrivals, and the channels."""
    found = {
        step.planned.number: tuple(
            channel for channel, log in step.logs.items() if _is_misfit(model, channel, log)
        )
        for step in played
        if step.planned.purpose not in {EXPLORE, OVERLOAD, PROBE, RECOVERY} and not step.invalid_reason
    }
    return {number: channels for number, channels in found.items() if channels}


def _is_misfit(model: ServiceModel, channel: str, log: RequestLog) -> bool:
    learned = model.stations.get(channel)
    if learned is None or log.requests < _STEP_REQUESTS_LEAST:
        return False
    kinds = {kind: number for number, kind in enumerate(learned.parameters.kinds)}
    log = log.first(_REPLAYED_MOST)
    kind = np.array([kinds[model.pooled.get(name, name)] for name in log.kinds])[log.kind]
    stations = [*learned.draws[:_REPLAYS], learned.parameters]
    runs = simulate_arrivals(stations, log.sent_s, kind, seed=model.seed)
    measured = _figures(log.response_s[:, None], log.is_success[:, None], log.is_answered[:, None])
    simulated = _figures(runs.response_s, runs.is_success, runs.is_present)
    for name, tolerance in (
        ("mean", _MISFIT_RESPONSE),
        ("p95", _MISFIT_RESPONSE),
        ("success", _MISFIT_SUCCESS),
    ):
        values, best = simulated[name][:-1], float(simulated[name][-1])
        sd = float(np.hypot(values.std(ddof=1), tolerance / 2))
        found = float(measured[name][0])
        # The draws and the best station itself: either may be far off.
        if max(abs(found - float(values.mean())), abs(found - best) / _BEST_ALONE) > _Z_MOST * sd:
            return True
    return False


def _figures(response_s: np.ndarray, success: np.ndarray, answered: np.ndarray) -> dict[str, np.ndarray]:
    """Log mean and log 95th percentile of the response times of all requests, and the success share."""
    times_s = np.where(answered, response_s, np.maximum(response_s, 1e-6))
    return {
        "mean": np.log(np.maximum(times_s.mean(axis=0), 1e-6)),
        "p95": np.log(np.maximum(np.quantile(times_s, 0.95, axis=0), 1e-6)),
        "success": success.mean(axis=0),
    }


def flags_of(reading: Reading) -> tuple[str, ...]:
    """Give what the learned stations are flagged with, each once."""
    stations = explained_stations(reading) if has_many_channels(reading.steps) else all_stations(reading)
    flags = dict.fromkeys(chain.from_iterable(learned.flags for learned in stations.values()))
    # What looks like a deadline is then the last timeout of the gateway.
    return tuple(flag for flag in flags if reading.tipping is None or flag != DEADLINE)


def all_stations(reading: Reading) -> Mapping[str, LearnedStation]:
    """Give the learned stations."""
    return reading.model.stations if reading.model else {}


def explained_stations(reading: Reading) -> dict[str, LearnedStation]:
    """Give the learned stations of the channels that they explain."""
    return {name: one for name, one in all_stations(reading).items() if name not in reading.unexplained}
