"""The capacity that a scenario's model predicts: load steps, simulated before the search plays its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from footfall._capacity.capacity_found import ChannelFound, RateEstimate
from footfall._capacity.channels_found import channel_evidence, channels_by_steps
from footfall._capacity.load_steps import CapacityAsked, PlannedStep, PlayedStep
from footfall._capacity.reading import Reading, read
from footfall._capacity.step_evidence import Evidence
from footfall._capacity.step_figures import UNLOADED
from footfall._runs.messages import QUIET, Messages
from footfall._runs.played_steps import step_visits
from footfall._simulate.day import predict
from footfall._workload.step_traces import CustomerPool
from footfall._workload.trace import Trace

_START_PER_S, _FACTOR = 10.0, 2.0
_RATE_MOST_PER_S = 5_000.0
_FEW, _MANY = 5_000, 40_000
"""Arrivals of a simulated step: of the first ones, and of those near the capacity."""
_NEAR = 1.25
"""Rates that enclose the capacity so closely are divided by long steps."""
_CLOSE, _CLOSE_OF_CHANNEL = 1.03, 1.2
_A_LITTLE_LESS = 0.985
_STEPS_MOST = 24
_BEYOND = 2.1
"""Channels that hold to more than so many times the capacity of all are not followed further."""
SIMULATED = "simulated"
_DRAWS = 400
_LEFT_SHARE = 0.02
"""Of the capacity: busy queues remember for minutes, which batches of some minutes do not show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTimes:
    """How long a simulated step is, seconds."""

    warm_up_s: float = 30.0
    """Visits that are due in it do not count."""
    least_s: float = 40.0
    most_s: float = 1800.0


@dataclass(frozen=True, kw_only=True, eq=False)
class PredictedCapacity:
    """What the model says of the capacity."""

    knee: RateEstimate | None
    """None: the criteria held at every rate that was simulated, or at none."""
    by_channel: Mapping[str, ChannelFound]
    steps: tuple[PlayedStep, ...]
    """The simulated steps, by their rates."""


def predict_capacity(
    trace: Trace, asked: CapacityAsked, messages: Messages = QUIET, times: StepTimes | None = None
) -> PredictedCapacity:
    """Simulate load steps of a trace's customers until the rates that hold and those that do not are close.

    Each step begins with a time that does not count, by default half a minute. The rates double until a
    criterion is broken; then they are divided between the highest that held and the lowest that did not, for
    all channels together and, less closely, for each channel that a criterion speaks of. No figure of a live
    service is used.
    """
    simulation = _Simulation(CustomerPool(trace), times or StepTimes())
    with messages.progress("predicting the capacity from the model …") as progress:
        while len(simulation.steps) < _STEPS_MOST:
            chosen = _next(simulation.steps, asked, simulation.times)
            if chosen is None:
                break
            rate, arrivals = chosen
            simulation.simulate(rate, arrivals)
            progress(min(len(simulation.steps) / 16, 0.95))
    steps = tuple(sorted(simulation.steps, key=lambda step: step.sent_per_s))
    reading = read(steps, asked, is_over=False)
    evidence = channel_evidence(reading)
    by_channel = {
        name: replace(found, knee=_knee(evidence[name])) if found.knee is not None else found
        for name, found in channels_by_steps(reading).items()
    }
    knee = _knee(reading.evidence) if reading.direct is not None else None
    return PredictedCapacity(knee=knee, by_channel=by_channel, steps=steps)


@dataclass(slots=True)
class _Simulation:
    """Simulated steps, in their order."""

    pool: CustomerPool
    times: StepTimes
    steps: tuple[PlayedStep, ...] = ()

    def simulate(self, rate: float, arrivals: int) -> None:
        warm_up_s = self.times.warm_up_s
        length_s = min(max(arrivals / rate, self.times.least_s), self.times.most_s)
        number = len(self.steps) + 1
        trace = self.pool.step(number, rate, warm_up_s + length_s)
        simulated = predict(
            trace.played, trace.arrivals, trace.info.seed, number, warm_up_s + length_s
        ).visits
        counted = simulated.filter(simulated["due_s"] >= warm_up_s).sort("due_s", "customer", "attempt")
        visits = step_visits(counted)
        planned = PlannedStep(
            number=number,
            offered_per_s=rate,
            length_s=length_s,
            purpose=SIMULATED if self.steps else UNLOADED,
        )
        step = PlayedStep(
            planned=planned,
            sent_per_s=rate,
            length_s=length_s,
            logs={},
            visits=replace(visits, due_s=visits.due_s - warm_up_s),
            requests_per_s=0.0,
            under_way_at_end=0,
        )
        self.steps = (*self.steps, step)


def _next(steps: Sequence[PlayedStep], asked: CapacityAsked, times: StepTimes) -> tuple[float, int] | None:
    """Give the next rate and about how many arrivals to simulate; None: it is known well enough."""
    if not steps:
        return min(_START_PER_S, asked.most_per_s or _START_PER_S), _FEW
    reading = read(tuple(steps), asked, is_over=False)
    held, broken = _bracket(reading.evidence)
    highest = max(step.sent_per_s for step in steps)
    most = min(asked.most_per_s or _RATE_MOST_PER_S, _RATE_MOST_PER_S)
    if broken is None:
        return (min(highest * _FACTOR, most), _FEW) if highest < most * 0.999 else None
    if not held:
        lowest = min(step.sent_per_s for step in steps)
        return (lowest / _FACTOR, _FEW) if lowest > _START_PER_S / 20 else None
    if broken / held > _CLOSE:
        return sqrt(held * broken), _MANY if broken / held < _NEAR else _FEW
    if _arrivals_at(held, steps) < min(_MANY / 2, times.most_s * held * 0.9):
        # A short step passes where a long one does not.
        return held * _A_LITTLE_LESS, _MANY
    return _of_channels(reading, broken, most)


def _arrivals_at(rate: float, steps: Sequence[PlayedStep]) -> float:
    return max(step.sent_per_s * step.length_s for step in steps if step.sent_per_s == rate)


def _of_channels(reading: Reading, knee_per_s: float, most: float) -> tuple[float, int] | None:
    """Go on where a channel other than the first is known less closely."""
    highest = max(one.rate for one in reading.evidence)
    for evidence in channel_evidence(reading).values():
        held, broken = _bracket(evidence)
        if broken is None and highest < _BEYOND * knee_per_s / _FACTOR and highest < most:
            return min(highest * 1.5, most), _FEW
        if broken is not None and held and broken / held > _CLOSE_OF_CHANNEL:
            return sqrt(held * broken), _FEW
    return None


def _knee(evidence: Sequence[Evidence]) -> RateEstimate | None:
    """Give the rate at which the criteria break, with the interval that the simulated steps leave.

    The value is where a line through log(bad/allowed) of the steps around it passes 0; the interval is that
    of the line under the steps' own standard deviations (batch means), by a parametric bootstrap, and not
    narrower than the rates that enclose it, or than 2 % to each side.
    """
    held, broken = _bracket(evidence)
    if broken is None or not held:
        return None
    near = [one for one in evidence if held / _NEAR <= one.rate <= broken * _NEAR]
    logs = np.log([one.rate for one in near])
    values = np.clip([3.0 if one.grows else one.excess for one in near], -3.0, 3.0)
    sds = np.array([min(max(one.excess_sd, 0.02), 1.0) for one in near])
    rng = np.random.default_rng(1)
    drawn = values + sds * rng.standard_normal((_DRAWS, len(near)))
    lines = np.polyfit(logs, drawn.T, 1, w=1 / sds)
    crossings = np.exp(-lines[1] / np.maximum(lines[0], 0.5))
    low, high = (float(np.quantile(crossings, q)) for q in (0.025, 0.975))
    # Where the criteria break steeply, a line over rates further off would miss it.
    value = float(np.clip(np.median(crossings), held, broken))
    return RateEstimate(
        value=value,
        low=min(low, held, value * (1 - _LEFT_SHARE)),
        high=max(high, broken, value * (1 + _LEFT_SHARE)),
    )


def _bracket(evidence: Sequence[Evidence]) -> tuple[float, float | None]:
    """Give the highest rate that held below the lowest that did not, and that one; 0, None: there is none."""
    broken = min((one.rate for one in evidence if one.excess > 0 or one.grows), default=None)
    held = [one.rate for one in evidence if one.excess <= 0 and not one.grows]
    return max((rate for rate in held if broken is None or rate < broken), default=0.0), broken
