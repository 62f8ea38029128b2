"""What played steps say by themselves, without a model: which criteria held, and where the knee must lie."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, inf, log, sqrt

import numpy as np

from footfall._calibrate.request_log import Floats
from footfall._capacity.capacity_found import JudgedStep, RateEstimate, StepVerdict
from footfall._capacity.criterion_figures import Judged, VisitSample, measured_samples, tally
from footfall._capacity.load_steps import PlayedStep, StepVisits
from footfall._criteria.objects import ResponseCriterion

RECOVERY = "recovery"
"""Purpose of a step that begins with what an overload has left: it says nothing about the knee."""
EXPLORE = "explore"
PROBE = "probe"
"""Purpose of a step at nearly no load that shows whether the service is back: it says nothing else."""
OVERLOAD = "overload"
_BATCHES = 10
_VISITS_LEAST = 20
_Z = 1.96
_Z_SURE = 2.5
"""Batch means of one step know little of how long its queue remembers."""
_SHORT_S = 8.0
"""A shorter step says nothing about the long run."""
_LINE_STEPS, _LINE_SD = 3, 0.02
"""A line through fewer steps has no interval; and what a line may be off by, as a share of the rate."""
_BATCHED_LESS = 1.5
"""Standard deviations by batch means of a step are too small by about this factor: queues remember."""
_FROM_IDLE = 0.6
"""A step of T s from idle passes at a rate up to so many seconds / T too high (measured: 10 s 5 to 11 %, 60 s
1 to 3 %)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How far a step is within the criteria, and how sure that is."""

    step: PlayedStep
    excess: float
    """Logarithm of bad over allowed visits, of the criterion nearest to its limit or furthest beyond it."""
    excess_sd: float
    z: float
    """Standard deviations by which the share of bad visits is above the allowed one."""
    broken: tuple[str, ...]
    grows: bool
    spoiled: str = ""
    """Why it says nothing about a service without a backlog; empty: it does."""
    limit_s: float = 0.0
    """Limit of that criterion, if it is one of response times."""

    @property
    def in_the_long_run_per_s(self) -> float:
        """A rate at which the step would have gone as it did, had it not begun with an idle service.

        An overload λ passes a limit of L seconds in a step of T as long as λ < μ/(1 - L/T): half of that is
        taken off, whether it held or not.
        """
        return self.rate * (1 - min(self.limit_s / self.step.length_s, 1.0) / 2)

    @property
    def surely_held_per_s(self) -> float:
        """The rate at which a step that held would have held in the long run, too."""
        return self.rate * (1 - min(max(_FROM_IDLE, self.limit_s) / self.step.length_s, 1.0))

    @property
    def rate(self) -> float:
        """Arrivals per second that were sent."""
        return self.step.sent_per_s

    @property
    def judged(self) -> JudgedStep:
        """The verdict: sure where the share of bad visits is two standard deviations from the allowed one."""
        verdict: StepVerdict = "undecided"
        if self.step.invalid_reason:
            verdict = "invalid"
        elif self.spoiled or self.step.planned.purpose == PROBE:
            verdict = "undecided"
        elif self.grows or self.z > _Z_SURE:
            verdict = "broken"
        elif self.z < -_Z_SURE:
            verdict = "holds"
        return JudgedStep(
            number=self.step.planned.number, verdict=verdict, broken=self.broken, grows=self.grows
        )


def part_of(step: PlayedStep, channel: str) -> PlayedStep:
    """Give what a step showed of one channel, at the arrival rate of all of them.

    That the step ended early, because too many were under way, says nothing of a channel by itself.
    """
    visits, own = step.visits, step.visits.channel == channel
    return replace(
        step,
        visits=StepVisits(
            channel=visits.channel[own],
            operation=visits.operation[own],
            due_s=visits.due_s[own],
            response_s=visits.response_s[own],
            is_success=visits.is_success[own],
            is_error=visits.is_error[own],
            is_answered=visits.is_answered[own],
        ),
        logs={name: log for name, log in step.logs.items() if name == channel},
        stopped_early=False,
    )


def evidence_of(step: PlayedStep, criteria: Sequence[Judged]) -> Evidence:
    """Judge one step, by batch means over ten parts of its visits."""
    excess, spread, z, broken, limit_s = -inf, inf, 0.0, [], 0.0
    samples = measured_samples(step)
    for criterion in criteria:
        of_criterion, sd, of_z = _excess(criterion, samples)
        if of_criterion > 0:
            broken.append(str(criterion))
        if of_criterion > excess:
            excess, spread = of_criterion, sd
            limit_s = criterion.limit_s if isinstance(criterion, ResponseCriterion) else 0.0
        z = of_z if criterion is criteria[0] else max(z, of_z)
    return Evidence(
        step=step,
        excess=excess,
        excess_sd=spread,
        z=z,
        broken=tuple(broken),
        grows=step.stopped_early or backlog_grows(step),
        limit_s=limit_s,
    )


def _excess(criterion: Judged, samples: Sequence[VisitSample]) -> tuple[float, float, float]:
    """Excess of one criterion, its standard deviation by batch means, and how surely it is not 0."""
    mine = [sample for sample in samples if sample.belongs_to(criterion.scope)]
    whole = tally(criterion, mine)
    number, allowed = float(whole.counted[0]), whole.allowed_share
    if number < _VISITS_LEAST:
        return float(whole.excess[0]), inf, 0.0
    of_parts = tally(criterion, [_batches(sample) for sample in mine])
    share = float(whole.bad[0]) / number
    shares = of_parts.bad / np.maximum(of_parts.counted, 1.0)
    sd = float(shares.std(ddof=1)) / sqrt(_BATCHES)
    # Few bad visits, all in one batch or in none, say less than their spread: at least that of single ones.
    single = sqrt(max(share, 1.0 / number) / number) if allowed < 1 else 0.0
    at_limit = max(sd, sqrt(allowed * (1 - allowed) / number)) if allowed < 1 else sd
    z = (share - allowed) / max(at_limit, 1e-9)
    return float(whole.excess[0]), max(sd, single) / max(share, 0.3 / number), z


def _batches(sample: VisitSample) -> VisitSample:
    """Divide the visits of a step, in their order, into batches: a column each."""
    rows = len(sample.response_s)
    height = -(-rows // _BATCHES)
    index = np.minimum(
        np.arange(height)[:, None] + (np.arange(_BATCHES) * rows // _BATCHES)[None, :], rows - 1
    )
    ends = np.append((np.arange(_BATCHES) * rows // _BATCHES)[1:], rows)
    within = np.arange(height)[:, None] + (np.arange(_BATCHES) * rows // _BATCHES)[None, :] < ends[None, :]
    return VisitSample(
        channel=sample.channel,
        operation=sample.operation,
        step=sample.step,
        response_s=sample.response_s[index, 0],
        is_success=sample.is_success[index, 0],
        is_error=sample.is_error[index, 0],
        is_answered=sample.is_answered[index, 0],
        is_present=within,
    )


def under_way(visits: StepVisits, at_s: Floats) -> Floats:
    """Visits that were due and not over at each moment of a step."""
    ended_s = np.sort(visits.due_s + visits.response_s)
    due_s = np.sort(visits.due_s)
    number: Floats = (
        np.searchsorted(due_s, at_s, side="right") - np.searchsorted(ended_s, at_s, side="right")
    ).astype(np.float64)
    return number


def backlog_grows(step: PlayedStep) -> bool:
    """Whether more were under way at the end than chance leaves where arrivals and departures balance.

    Arrivals are given their number; departures of n requests spread by about sqrt(n) at a cv of 1.
    """
    at_s = np.array([0.25, 1.0]) * step.length_s
    early, late = under_way(step.visits, at_s)
    arrivals = int(np.count_nonzero(step.visits.due_s > at_s[0]))
    return bool(late - early > 4.0 * sqrt(max(arrivals, 1.0)) and late > 1.5 * early)


def goodput(step: PlayedStep, after_s: float) -> tuple[float, float]:
    """Successful visits per second that ended after a second of a step, and the standard error."""
    visits = step.visits
    ended_s = (visits.due_s + visits.response_s)[visits.is_success]
    seconds = max(int(step.length_s - after_s), 1)
    counts, _ = np.histogram(ended_s, bins=seconds, range=(step.length_s - seconds, step.length_s))
    per_s = float(counts.mean())
    if seconds < _BATCHES // 2:
        return per_s, sqrt(max(per_s, 1.0) / seconds)
    return per_s, float(counts.std(ddof=1)) / sqrt(seconds)


def direct_knee(evidence: Sequence[Evidence]) -> RateEstimate | None:
    """Find where the excess passes 0 from steps on both sides; None: steps on one side only.

    A line through the excess against the logarithm of the rate, of the steps nearest to 0, weighted by their
    standard deviations; bounded by the highest rate that surely holds and the lowest that is surely broken.
    """
    usable = sorted((one for one in evidence if _tells(one)), key=lambda one: one.rate)
    held = [one for one in usable if one.excess <= 0 and not one.grows]
    broken = [one for one in usable if one.excess > 0 or one.grows]
    if not held or all(one.judged.verdict != "broken" for one in broken):
        return None
    low, high = max(one.rate for one in held), min(one.rate for one in broken)
    low, high = min(low, high), max(low, high)
    near = [one for one in usable if low / 1.25 <= one.rate <= high * 1.25]
    logs = np.array([log(one.in_the_long_run_per_s) for one in near])
    values = np.clip([3.0 if one.grows else one.excess for one in near], -3.0, 3.0)
    sds = np.array([max(one.excess_sd, 0.15) for one in near])
    sure_low = [one.surely_held_per_s for one in held if one.judged.verdict == "holds"]
    surely = max(sure_low, default=low / 1.1)
    value, spread = sqrt(min(surely, high) * high), inf
    if len(near) > 1 and np.ptp(logs) > 0:
        slope, at_zero = np.polyfit(logs, values, 1, w=1 / sds)
        if slope > 0:
            value = float(np.clip(exp(-at_zero / slope), min(surely, high), high))
            spread = _crossing_sd(logs - log(value), slope, sds)
    sure_high = [one.rate for one in broken if one.judged.verdict == "broken"] or [high * 1.1]
    least, most = min(surely, value), max(min(sure_high), value)
    # Steps that decide nothing by themselves say something together, where there are enough of them.
    if len(near) >= _LINE_STEPS:
        half = _Z * sqrt(spread**2 + _LINE_SD**2)
        least, most = max(least, value * exp(-half)), min(most, value * exp(half))
    return RateEstimate(value=value, low=min(least, value * 0.98), high=max(most, value * 1.02))


def _crossing_sd(logs: Floats, slope: float, sds: Floats) -> float:
    """Standard deviation of the logarithm of the rate at which a weighted line is 0, rates relative to it."""
    weights = 1 / (_BATCHED_LESS * sds) ** 2
    mean = float((weights * logs).sum() / weights.sum())
    around = float((weights * (logs - mean) ** 2).sum())
    return sqrt(1 / weights.sum() + mean**2 / around) / slope


def _tells(one: Evidence) -> bool:
    step = one.step
    if step.invalid_reason or one.spoiled or one.excess_sd == inf:
        return False
    if step.planned.purpose in {PROBE, RECOVERY}:
        return False
    return step.length_s >= _SHORT_S or (one.grows and step.stopped_early)
