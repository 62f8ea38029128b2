"""The knee of learned stations in the long run, with the interval that their uncertainty leaves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, inf, isfinite, log, sqrt

import numpy as np

from footfall._calibrate.request_log import Floats
from footfall._capacity.capacity_found import RateEstimate
from footfall._capacity.criterion_figures import Judged, VisitSample, relative_criterion, tally
from footfall._capacity.service_model import ServiceModel, StationSets

_Z = 1.96
_FORM_SD = 0.012
"""What a model that fits may still be off by, as a share of the knee: nothing real is exactly a station."""
_COARSE = 14
_FINE = (0.86, 0.91, 0.95, 0.98, 1.01, 1.05, 1.1)
_BEYOND = 7 / 6
"""A knee is sought so far beyond the rates that were simulated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How many draws and simulated arrivals a knee is worth."""

    draws: int
    arrivals: int
    streams: int
    """Of random numbers: the best stations are simulated with each of them."""


QUICK = Effort(draws=16, arrivals=3000, streams=8)
"""While steps are being played."""
THOROUGH = Effort(draws=48, arrivals=6000, streams=32)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedKnee:
    """The knee of the learned stations."""

    knee: RateEstimate
    binding: int
    """Index of the criterion that is broken first."""


@dataclass(frozen=True, kw_only=True, eq=False)
class KneeQuestion:
    """Which limits are meant: the given criteria, and one relative to the unloaded service."""

    criteria: tuple[Judged, ...]
    p95_times_unloaded: float | None = None
    unloaded_per_s: float = 1.0


def simulated_knee(model: ServiceModel, question: KneeQuestion, effort: Effort) -> SimulatedKnee | None:
    """Find the knee of the learned stations; None: they hold at any rate, or at none that matters.

    Simulations of some minutes near a knee are noisy. Each draw of the stations is therefore compared with
    the best stations under the same random numbers: their knees differ by their numbers alone.
    """
    around = _coarse_knee(model, question, effort)
    if around is None:
        return None
    streams = effort.streams
    sets = model.best_and_draws(streams, effort.draws)
    grid = around * np.array(_FINE)
    bad, counted = _tallies(model, question, sets, np.tile(grid, (len(sets.streams), 1)), effort.arrivals)
    excess = _excess(bad, counted)
    excess = np.maximum(excess, model.unstable_excess(sets, np.tile(grid, (len(sets.streams), 1))))
    pooled = _excess(bad[:, :streams].sum(axis=1), counted[:, :streams].sum(axis=1))
    pooled = np.maximum(pooled, excess[:, 0] if (excess[:, 0] >= _LARGE).any() else -inf)
    knee = crossing(grid, pooled.max(axis=0))
    logs = np.log([crossing(grid, excess[:, place].max(axis=0)) for place in range(len(sets.streams))])
    of_stream = logs[list(sets.streams[streams:])]
    own = knee * np.exp(logs[streams:] - of_stream) if len(logs) > streams else np.array([knee])
    value = float(np.median(own))
    noise = _Z * value * sqrt(_FORM_SD**2 + float(logs[:streams].var(ddof=1)) / streams)
    low, high = (float(np.quantile(own, q)) for q in (0.025, 0.975))
    return SimulatedKnee(
        knee=RateEstimate(
            value=value,
            low=value - sqrt((value - low) ** 2 + noise**2),
            high=value + sqrt((high - value) ** 2 + noise**2),
        ),
        binding=int(np.argmax(pooled[:, int(np.argmin(np.abs(grid - knee)))])),
    )


def crossing(rates: Floats, excess: Floats) -> float:
    """Rate at which an excess first passes 0: interpolated in logarithms, beyond the ends by the last slope.

    An excess grows with the rate; noise is evened out by a running maximum.
    """
    rising = np.maximum.accumulate(np.clip(excess, -3.0, 3.0))
    logs = np.log(rates)
    above = np.flatnonzero(rising > 0)
    if not len(above):
        slope = max((rising[-1] - rising[-2]) / (logs[-1] - logs[-2]), 1.0)
        return float(exp(min(logs[-1] - rising[-1] / slope, logs[-1] + log(_BEYOND))))
    first = int(above[0])
    if not first:
        slope = max((rising[1] - rising[0]) / (logs[1] - logs[0]), 1.0)
        return float(exp(max(logs[0] - rising[0] / slope, logs[0] - log(_BEYOND))))
    left, right = rising[first - 1], rising[first]
    return float(exp(logs[first - 1] + (logs[first] - logs[first - 1]) * -left / (right - left)))


_LARGE = 10.0
_GROUP = 4


def _coarse_knee(model: ServiceModel, question: KneeQuestion, effort: Effort) -> float | None:
    """Find the knee of the best stations: over two decades, then between the two rates that enclose it."""
    most = model.rate_most_per_s()
    if not isfinite(most) or most <= 0:
        return None
    low, high = most * 0.02, most * 1.6
    sets = model.best(4)
    for number in (_COARSE, 6):
        rates = np.geomspace(low, high, number)
        grid = np.tile(rates, (4, 1))
        bad, counted = _tallies(model, question, sets, grid, effort.arrivals // 2)
        excess = _excess(bad.sum(axis=1), counted.sum(axis=1))
        total = np.maximum(excess, model.unstable_excess(sets, grid)[0]).max(axis=0)
        above = np.flatnonzero(total > 0)
        if not len(above) or (not above[0] and number == _COARSE):
            return None
        low, high = rates[max(above[0] - 1, 0)], rates[above[0]]
    return crossing(rates, total)


def _excess(bad: Floats, counted: Floats) -> Floats:
    """Logarithm of bad over allowed visits; `counted` is those that are allowed to be bad."""
    excess: Floats = np.log(np.maximum(bad, 0.3) / np.maximum(counted, 1e-9))
    return np.where(counted > 0, excess, -inf)


def _tallies(
    model: ServiceModel, question: KneeQuestion, sets: StationSets, rates: Floats, arrivals: int
) -> tuple[Floats, Floats]:
    """Bad visits and those that may be bad, (criteria, sets, rates); the relative criterion is the last."""
    shape = (len(question.criteria) + (question.p95_times_unloaded is not None), *rates.shape)
    bad, counted = np.zeros(shape), np.zeros(shape)
    # By groups of streams, which bounds the memory.
    for first in range(0, max(sets.streams) + 1, _GROUP):
        group = [place for place, stream in enumerate(sets.streams) if first <= stream < first + _GROUP]
        part = replace(model, seed=model.seed + 101 * first)
        bad[:, group], counted[:, group] = _tallies_of(
            part, question, sets.part(group), (rates[group], arrivals)
        )
    return bad, counted


def _tallies_of(
    model: ServiceModel, question: KneeQuestion, sets: StationSets, load: tuple[Floats, int]
) -> tuple[Floats, Floats]:
    rates, arrivals = load
    samples = model.samples(sets, rates, arrivals)
    tallies = [tally(criterion, samples) for criterion in question.criteria]
    if question.p95_times_unloaded is not None:
        # The unloaded service and the loaded one are the same stations: what is unsure in both cancels.
        unloaded = model.samples(sets, np.full((len(rates), 1), question.unloaded_per_s), arrivals)
        limits_s = np.repeat(question.p95_times_unloaded * _p95_s(unloaded), rates.shape[1])
        tallies.append(tally(relative_criterion(1.0), samples, limits_s))
    shape = (len(tallies), *rates.shape)
    # A criterion about operations that these stations do not serve counts nothing, in every column.
    bad = np.array([np.broadcast_to(one.bad, rates.size) for one in tallies]).reshape(shape)
    counted = np.array([np.broadcast_to(one.counted * one.allowed_share, rates.size) for one in tallies])
    counted = counted.reshape(shape)
    return bad, counted


def _p95_s(samples: Sequence[VisitSample]) -> Floats:
    """95th percentile of the visits served, by column; `inf`: none was."""
    whole = [sample for sample in samples if not sample.step]
    counted = np.concatenate([sample.is_present & sample.is_success for sample in whole])
    times_s = np.concatenate([sample.response_s for sample in whole])
    rank = np.maximum(np.ceil(0.95 * counted.sum(axis=0)).astype(np.int64) - 1, 0)
    ordered = np.sort(np.where(counted, times_s, inf), axis=0)
    p95_s: Floats = ordered[rank, np.arange(times_s.shape[1])]
    return p95_s
