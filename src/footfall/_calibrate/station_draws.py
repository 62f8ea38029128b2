"""Draws from the joint uncertainty of a station: its kind and number of slots, its laws, delay and limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log

import numpy as np

from footfall._calibrate.law_fit import BinnedTimes, FittedLaws, fit_laws, service_moments
from footfall._calibrate.limits import Limits
from footfall._calibrate.request_log import Floats, Integers
from footfall._calibrate.service_laws import plain_law
from footfall._calibrate.station_parameters import SLOTS_UNLIMITED, LawFamily, ServiceLaw
from footfall._calibrate.station_profile import Explained, StationProfile, Supposed

DRAWS = 64
_CLUSTER_S = 1.0
_CLUSTERS_LEAST = 20
_OPEN_TIMES = 8
"""Slots that were never all taken may be this many times as many as were ever inside, or without number."""
_OPEN_UNLIMITED = 0.25
_SHARING_PRIOR = 0.01
"""One queue before slots is the usual case: another must explain the logs clearly better."""
_MASS_LEAST = 1e-4


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
    for supposed, vote in votes.items():
        is_open = supposed.discipline == "slots" and supposed.number > profile.observed.most_inside
        # So many cores as the bound allows inside are a slot for each.
        if supposed.number > bound - (supposed.discipline == "sharing"):
            continue
        # All numbers above the most inside are as likely: the sum of 1/c from there to `_OPEN_TIMES` as many.
        prior = log(_OPEN_TIMES) if is_open else 1 / supposed.number
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


def best_laws(explained: Explained) -> tuple[ServiceLaw, ...]:
    """Laws of a supposed station, with the moments of the times where the families fit badly."""
    return _with_moments(explained.binned, explained.fitted, None)


def draw_laws(
    profile: StationProfile, weighed: tuple[Weighed, ...], rng: np.random.Generator
) -> list[LawDraw]:
    """Draw stations by their probability, and laws by family and a bootstrap of seconds of the runs.

    Every draw weights the seconds by exponential numbers (the Bayesian bootstrap, Rubin 1981) and takes the
    families of the laws by their Akaike weights (Burnham and Anderson 2002).
    """
    clusters = _clusters(profile)
    count = int(clusters.max()) + 1
    chances = np.array([one.probability for one in weighed])
    chosen = rng.choice(len(weighed), DRAWS, p=chances / chances.sum())
    found = []
    for at in chosen:
        one = weighed[int(at)]
        explained = profile.explained[one.supposed]
        families = _drawn_families(explained.fitted, rng)
        weights = rng.exponential(size=count)
        weights *= count / weights.sum()
        fitted = fit_laws(explained.binned, profile.prior, families, weights[clusters], "drawn")
        laws = _with_moments(explained.binned, fitted, weights[clusters])
        found.append(LawDraw(one, laws, fitted.delay_s))
    return found


def drawn_slots(weighed: Weighed, rng: np.random.Generator) -> int:
    """Number of slots of a drawn station; one that was never full has any number above."""
    if not weighed.is_open:
        return weighed.supposed.number
    if rng.random() < _OPEN_UNLIMITED:
        return SLOTS_UNLIMITED
    return round(weighed.supposed.number * exp(rng.random() * log(_OPEN_TIMES)))


def interval_of(draws: Floats, value: float) -> tuple[float, float]:
    """95 % interval of a positive number from its draws, on the logarithmic scale where it is far from 0."""
    if draws.min() <= 0 or value <= 0:
        low, high = np.quantile(draws, (0.025, 0.975))
        return float(low), float(high)
    logs = np.log(draws)
    # The spread of the draws is known better than their extreme ones.
    half = 2.0 * float(logs.std(ddof=1)) if len(draws) > 1 else 0.0
    return value * exp(-half), value * exp(half)


def _clusters(profile: StationProfile) -> Integers:
    seconds = np.floor(profile.sent_s / _CLUSTER_S).astype(np.int64)
    clusters: Integers = np.unique(profile.run * (seconds.max() + 1) + seconds, return_inverse=True)[1]
    if clusters.max() + 1 < _CLUSTERS_LEAST:
        clusters = np.arange(len(seconds))
    return clusters


def _drawn_families(fitted: FittedLaws, rng: np.random.Generator) -> tuple[LawFamily, ...]:
    drawn = []
    for scores in fitted.family_scores:
        names = list(scores)
        weights = np.exp(np.array([scores[name] for name in names]) - max(scores.values()))
        drawn.append(names[int(rng.choice(len(names), p=weights / weights.sum()))])
    return tuple(drawn)


def _with_moments(binned: BinnedTimes, fitted: FittedLaws, weights: Floats | None) -> tuple[ServiceLaw, ...]:
    """Laws whose mean and variation are those of the times where the fit misses the mean by far."""
    laws = []
    for law, (mean_s, cv, count) in zip(fitted.laws, service_moments(binned, fitted, weights), strict=True):
        error_s = cv * mean_s / np.sqrt(max(count, 1.0))
        misses = abs(mean_s - law.mean_s) > 2.5 * error_s and count > 1
        laws.append(
            plain_law(law.family, mean_s, cv) if misses else plain_law(law.family, law.mean_s, law.cv)
        )
    return tuple(laws)
