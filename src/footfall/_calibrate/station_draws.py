"""Draws from the joint uncertainty of a station: its kind and number of slots, its laws, delay and limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log

import numpy as np

from footfall._calibrate.law_fit import (
    DelaySearch,
    FittedLaws,
    TimeMoments,
    fit_laws,
    moments_by_wait,
)
from footfall._calibrate.limits import Limits
from footfall._calibrate.request_log import Floats, Integers
from footfall._calibrate.service_laws import plain_law
from footfall._calibrate.station_parameters import SLOTS_UNLIMITED, LawFamily, ServiceLaw
from footfall._calibrate.station_profile import DISPATCHES, StationProfile, Supposed
from footfall._calibrate.work_times import BinnedTimes

DRAWS = 64
_CLUSTER_S = 1.0
_CLUSTERS_LEAST = 20
_OPEN_TIMES = 8
"""Slots that were never all taken may be this many times as many as were ever inside, or without number."""
_OPEN_UNLIMITED = 0.25
_SHARING_PRIOR = 0.01
"""One queue before slots is the usual case: another must explain the logs clearly better."""
_MASS_LEAST = 1e-4
_PARTICLES_TRUST = 0.1
CLOCK_S, _CLOCK_SHARE = 0.0003, 0.002
"""Delays vary by so much from one request to the next, and by this share of the responses: the form of a law
near 0 shows the delay no better."""
_MEAN_ERROR, _CV_ERROR = 0.004, 0.015
"""Relative standard errors of the mean and variation of any law, on top of those of its fit."""
_WAITED_LEAST = 5
_MISSES = 2.5
"""Standard errors by which a family may miss the mean of the times."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A supposed station with its probability."""

    supposed: Supposed
    probability: float
    is_open: bool
    """More slots than were ever taken: its number stands for all greater ones."""


@dataclass(frozen=True, slots=True)
class LawDraw:
    """One draw of the kind of station, its laws and the delay."""

    weighed: Weighed
    laws: tuple[ServiceLaw, ...]
    delay_s: float


def weigh(profile: StationProfile, limits: Limits) -> tuple[Weighed, ...]:
    """Probabilities of the supposed stations: bounded likelihood times prior 1/number, the most likely first.

    Where the number inside is bounded, no more slots than the bound are possible.
    """
    votes: Mapping[Supposed, float] = profile.votes()
    bound = limits.refusal.bound
    found = []
    # Separate queues are compared by particles, whose likelihood is itself uncertain.
    queued = [vote for supposed, vote in votes.items() if supposed.discipline in DISPATCHES]
    most_queued = max(queued, default=0.0)
    for supposed, counted in votes.items():
        trust = _PARTICLES_TRUST if supposed.discipline in DISPATCHES else 1.0
        vote = most_queued + trust * (counted - most_queued)
        is_open = supposed.discipline == "slots" and supposed.number > profile.observed.most_inside
        if supposed.slots and supposed.slots > bound:
            continue
        # So many cores as the bound allows inside are a slot for each.
        if supposed.number > bound - (supposed.discipline == "sharing"):
            continue
        # All numbers above the most inside are as likely: the sum of 1/c from there to `_OPEN_TIMES` as many.
        prior = log(_OPEN_TIMES) if is_open else 1 / supposed.number
        if supposed.slots:
            prior /= supposed.slots
        if supposed.discipline != "slots":
            prior *= _SHARING_PRIOR
        found.append((vote + log(prior), supposed, is_open))
    top = max(score for score, _, _ in found)
    weights = [exp(score - top) for score, _, _ in found]
    total = sum(weights)
    every = [
        Weighed(supposed, weight / total, is_open)
        for weight, (_, supposed, is_open) in zip(weights, found, strict=True)
        if weight / total > _MASS_LEAST
    ]
    return tuple(sorted(every, key=lambda one: -one.probability))


@dataclass(frozen=True, slots=True)
class DrawnLaws:
    """The best laws and delay of the most likely station, and draws of all."""

    best: LawDraw
    draws: tuple[LawDraw, ...]


def draw_laws(
    profile: StationProfile, weighed: tuple[Weighed, ...], rng: np.random.Generator, draws: int = DRAWS
) -> DrawnLaws:
    """Draw stations by their probability, and laws by family and a bootstrap of seconds of the runs.

    Every draw weights the seconds by exponential numbers (the Bayesian bootstrap, Rubin 1981) and takes the
    families of the laws by their Akaike weights (Burnham and Anderson 2002).
    """
    clusters = _clusters(profile)
    chances = np.array([one.probability for one in weighed])
    chosen = rng.choice(len(weighed), draws, p=chances / chances.sum())
    fits: list[tuple[Weighed, FittedLaws, Floats]] = []
    for at in chosen:
        one = weighed[int(at)]
        explained = profile.explained[one.supposed]
        weights = rng.exponential(size=int(clusters.max()) + 1)
        weights *= len(weights) / weights.sum()
        families = _drawn_families(explained.fitted, rng)
        own = explained.of_its_rows(weights[clusters])
        search = _around(explained.fitted.delay_s, profile.prior.most_s)
        if not explained.work.has_delay.any():
            search = DelaySearch(explained.fitted.delay_s, explained.fitted.delay_s, levels=1)
        fits.append((one, fit_laws(explained.binned, profile.prior, search, families, own), own))
    clock_s = max(CLOCK_S, _CLOCK_SHARE * float(profile.response_s.mean()))
    spread_s = float(np.std([fitted.delay_s for _, fitted, _ in fits]))
    error_s = float(np.hypot(clock_s, spread_s))
    found = []
    for one, fitted, weights in fits:
        seen_s = abs(fitted.delay_s + rng.normal(0.0, clock_s))
        binned = profile.explained[one.supposed].binned
        laws, delay_s = settled_laws(binned, fitted, weights, (seen_s, error_s))
        found.append(LawDraw(one, tuple(_shaken(law, rng) for law in laws), delay_s))
    best = profile.explained[weighed[0].supposed]
    laws, delay_s = settled_laws(best.binned, best.fitted, None, (best.fitted.delay_s, error_s))
    return DrawnLaws(LawDraw(weighed[0], laws, delay_s), tuple(found))


def settled_laws(
    binned: BinnedTimes, fitted: FittedLaws, weights: Floats | None, seen: tuple[float, float]
) -> tuple[tuple[ServiceLaw, ...], float]:
    """Laws and delay when the difference of the means has had its say about the delay.

    Requests that waited show the work alone, those that found a slot free also the delay: the difference of
    their means is the delay, whatever the law. It is averaged with the one that the form of the laws shows
    (`seen`: value and standard error), each weighted by its precision. Where the fit misses the moments of
    the times by far, the family is none of those tried, and the law has the moments instead.
    """
    by_kind = moments_by_wait(binned, fitted, weights)
    sums = [1 / seen[1] ** 2, seen[0] / seen[1] ** 2]
    for free, waited in by_kind:
        if min(free.count, waited.count) >= _WAITED_LEAST:
            variance = free.deviation_s**2 / free.count + waited.deviation_s**2 / waited.count
            precision = 1 / max(variance, 1e-12)
            sums[0] += precision
            sums[1] += precision * (free.mean_s - waited.mean_s)
    delay_s = max(sums[1] / sums[0], 0.0)
    laws = []
    for law, (free, waited) in zip(fitted.laws, by_kind, strict=True):
        laws.append(_settled(law, free, waited, (fitted.delay_s, delay_s)))
    return tuple(laws), delay_s


def _settled(
    law: ServiceLaw, free: TimeMoments, waited: TimeMoments, delays: tuple[float, float]
) -> ServiceLaw:
    """A law that was fitted with one delay, for another."""
    fitted_s, delay_s = delays
    count = free.count + waited.count
    deviation_s, mean_s = law.cv * law.mean_s, law.mean_s
    if count > 1:
        own_s = (free.count * (free.mean_s - fitted_s) + waited.count * waited.mean_s) / count
        apart = own_s - law.mean_s
        if abs(apart) > _MISSES * deviation_s / np.sqrt(count):
            mean_s = own_s
            # Of both groups together; their means are those of one law.
            deviation_s = np.sqrt(
                (free.count * free.deviation_s**2 + waited.count * waited.deviation_s**2) / count
            )
        mean_s = max(mean_s - (delay_s - fitted_s) * free.count / count, 0.05 * law.mean_s)
    return plain_law(law.family, float(mean_s), float(deviation_s / mean_s))


def _around(delay_s: float, most_s: float) -> DelaySearch:
    reach_s = 0.1 * most_s + 4 * CLOCK_S
    # Below 0, too: a search that stops there would show too little of what is uncertain.
    return DelaySearch(delay_s - reach_s, delay_s + reach_s, levels=3)


def _shaken(law: ServiceLaw, rng: np.random.Generator) -> ServiceLaw:
    """A law with what no law of a textbook and no clock has exactly."""
    mean_s, cv = law.mean_s * exp(rng.normal(0, _MEAN_ERROR)), law.cv * exp(rng.normal(0, _CV_ERROR))
    return plain_law(law.family, mean_s, cv)


def drawn_slots(weighed: Weighed, rng: np.random.Generator) -> int:
    """Number of slots of a drawn station; one that was never full has any number above."""
    if not weighed.is_open:
        return weighed.supposed.number
    if rng.random() < _OPEN_UNLIMITED:
        return SLOTS_UNLIMITED
    return round(weighed.supposed.number * exp(rng.random() * log(_OPEN_TIMES)))


def interval_of(draws: Floats, value: float) -> tuple[float, float]:
    """95 % interval of a number from its draws around it, on the logarithmic scale where all are above 0."""
    if draws.min() <= 0 or value <= 0:
        half = 2.0 * float(np.sqrt(np.mean((draws - value) ** 2)))
        return max(value - half, 0.0), value + half
    # The spread of the draws is known better than their extreme ones.
    factor = exp(2.0 * float(np.sqrt(np.mean(np.log(draws / value) ** 2))))
    return value / factor, value * factor


def _clusters(profile: StationProfile) -> Integers:
    seconds = np.floor(profile.sent_s / _CLUSTER_S).astype(np.int64)
    clusters: Integers = np.unique(profile.run * (seconds.max() + 1) + seconds, return_inverse=True)[1]
    if clusters.max() + 1 < _CLUSTERS_LEAST:
        clusters = np.arange(len(seconds))
    return clusters


def _drawn_families(fitted: FittedLaws, rng: np.random.Generator) -> list[tuple[LawFamily]]:
    drawn = []
    for scores in fitted.family_scores:
        names = list(scores)
        weights = np.exp(np.array([scores[name] for name in names]) - max(scores.values()))
        drawn.append((names[int(rng.choice(len(names), p=weights / weights.sum()))],))
    return drawn
