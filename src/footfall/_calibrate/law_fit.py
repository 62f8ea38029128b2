"""Laws of service time fitted by robust likelihood, together with the delay that holds no slot."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import special

from footfall._calibrate.request_log import Floats
from footfall._calibrate.service_laws import (
    CV_LEAST,
    CV_MOST,
    UNIFORM_CV_MOST,
    log_density,
    log_density_at,
    survival,
)
from footfall._calibrate.station_parameters import LawFamily, ServiceLaw
from footfall._calibrate.work_times import BinnedKind, BinnedTimes, WorkTimes, blur_s

ODD_LEAST, ODD_START, ODD_MOST = 0.0005, 0.01, 0.05
"""Share of requests that follow no law: the machine stopped, two requests changed places. It is fitted, for a
given share would be spent on whatever a wrong station cannot explain."""
QUICK: tuple[LawFamily, ...] = ("lognormal", "gamma")
VECTORISED: tuple[LawFamily, ...] = ("lognormal", "gamma", "exponential")
_ROUNDS = 8
_GRID = 9
_FAMILY_NEAR = 30.0
_SETTLED = 1e-5
_ABOUT_0 = 0.37
"""Of the blur: exp(-1), the geometric mean of times that are all alike up to it."""
_CUT_LEAST = 0.005
"""A smaller share of times that were cut off changes no law."""


@dataclass(frozen=True, slots=True)
class DelayPrior:
    """What is known about the delay on the way before services are looked at."""

    most_s: float
    scale_s: float
    """Scale of a half-Cauchy prior: how long delays usually are; far longer ones are possible."""
    seen_s: float | None = None
    """Response time of requests refused at once: these show the delay alone."""
    seen_error_s: float = 0.0

    def log(self, delay_s: Floats) -> Floats:
        """Logarithm of the prior density, up to a constant."""
        found: Floats
        if self.seen_s is not None:
            found = -0.5 * ((delay_s - self.seen_s) / self.seen_error_s) ** 2
        else:
            found = -np.log1p((delay_s / self.scale_s) ** 2)
        return found


@dataclass(frozen=True, eq=False)
class FittedLaws:
    """Laws by kind, the delay, and how likely the times are with them."""

    laws: tuple[ServiceLaw, ...]
    delay_s: float
    odd_shares: tuple[float, ...]
    """By kind: share of the requests that follow no law."""
    log_likelihood: float
    family_scores: tuple[dict[LawFamily, float], ...]
    """By kind: log likelihood less number of parameters of each family (Akaike 1974)."""

    def is_likely(self, family: LawFamily) -> bool:
        """Whether a family is near the best one for any kind."""
        return any(
            scores.get(family, -np.inf) > max(scores.values()) - _FAMILY_NEAR for scores in self.family_scores
        )


@dataclass(frozen=True, slots=True)
class DelaySearch:
    """Where the delay is looked for: on a grid between bounds, made finer `levels` times around its best."""

    low_s: float
    high_s: float
    levels: int

    def grid(self) -> Floats:
        """First grid: denser at its lower end, where delays usually are."""
        steps = np.linspace(0, 1, _GRID)
        found: Floats = self.low_s + (self.high_s - self.low_s) * (steps**1.5 if self.low_s == 0 else steps)
        return found


def fit_laws(
    binned: BinnedTimes,
    prior: DelayPrior,
    search: DelaySearch,
    families: Sequence[Sequence[LawFamily]],
    weights: Floats | None = None,
) -> FittedLaws:
    """Fit the laws of all kinds and the delay by maximum likelihood with a share of contamination.

    The logarithm of the likelihood is the sum of ln((1 - e) f(s_i) + e g(s_i)), with g of very wide range
    (Huber 1964); the delay is profiled, with the prior. `families` by kind, to choose from; `weights` by
    request: a bootstrap's.
    """
    parts = binned.parts(weights)
    scales_s = binned.scales_s
    quick = [one if set(one) <= set(VECTORISED) else QUICK for one in families]
    delay_s, step_s = _finest(
        lambda delays_s: _profile(parts, scales_s, delays_s, quick) + prior.log(delays_s), search
    )
    if list(families) != quick:
        # The families may disagree about the delay: look again around it with all of them.
        far_s = max(8 * step_s, 0.3 * prior.most_s)
        near = delay_s + np.concatenate((far_s * np.linspace(-1, 1, 5), step_s * np.array([-2.0, 2.0])))
        near = np.unique(np.concatenate(([0.0, delay_s], near.clip(0.0, prior.most_s))))
        scores = [_at(parts, scales_s, one, families)[0] + float(prior.log(one)) for one in near]
        delay_s = float(near[int(np.argmax(scores))])
    _, fits = _at(parts, scales_s, delay_s, families)
    best_fits = [_best(fit) for fit in fits]
    return FittedLaws(
        tuple(one.law for one in best_fits),
        delay_s,
        tuple(one.odd_share for one in best_fits),
        sum(one.log_likelihood for one in best_fits),
        tuple({family: one.score for family, one in fit.items()} for fit in fits),
    )


@dataclass(frozen=True, slots=True)
class TimeMoments:
    """Number, mean (s) and standard deviation (s) of times that follow their law."""

    count: float
    mean_s: float
    deviation_s: float


def moments_by_wait(
    binned: BinnedTimes, fitted: FittedLaws, weights: Floats | None = None
) -> list[tuple[TimeMoments, TimeMoments]]:
    """By kind: moments of the requests that found a slot free, delay included, and of those that waited.

    Each time counts by how surely it follows the law. Where work was cut off the moments are empty.
    """
    found = []
    for part, scale_s, law, odd in zip(
        binned.parts(weights), binned.scales_s, fitted.laws, fitted.odd_shares, strict=True
    ):
        own_s = part.times_s - np.where(part.has_delay, fitted.delay_s, 0.0)
        blur = float(blur_s(scale_s))
        share = special.expit(
            log_density(law, own_s, blur) - _log_wide(own_s, float(scale_s)) + log((1 - odd) / odd)
        )
        trusted = part.weights * share * (~part.is_cut & (own_s > -blur)) * (not _many_cut(part, own_s))
        found.append(
            (
                _weighted(part.times_s, trusted * part.has_delay),
                _weighted(part.times_s, trusted * ~part.has_delay),
            )
        )
    return found


def _weighted(times_s: Floats, weights: Floats) -> TimeMoments:
    total = float(weights.sum())
    if total <= 1:
        return TimeMoments(0.0, 0.0, 0.0)
    mean_s = float(weights @ times_s) / total
    return TimeMoments(total, mean_s, sqrt(float(weights @ (times_s - mean_s) ** 2) / total))


def _finest(value: Callable[[Floats], Floats], search: DelaySearch) -> tuple[float, float]:
    """Highest point of a function of the delay, and the last step of the grids."""
    grid = search.grid()
    for level in range(search.levels):
        values = value(grid)
        best = int(values.argmax())
        low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, _GRID - 1)])
        if level < search.levels - 1:
            grid = np.linspace(low, high, _GRID)
    if 0 < best < _GRID - 1 and search.levels > 1:
        # Through the best and its neighbours a parabola: its top is finer than the grid.
        before, top, after = values[best - 1 : best + 2]
        bend = before - 2 * top + after
        if bend < 0:
            return float(grid[best] + 0.5 * (high - low) / 2 * (before - after) / bend), (high - low) / 2
    return float(grid[best]), (high - low) / 2


def request_log_likelihood(work: WorkTimes, fitted: FittedLaws, scales_s: Floats) -> Floats:
    """Logarithm of the likelihood of each request, contamination included."""
    own_s = work.times_s - np.where(work.has_delay, fitted.delay_s, 0.0)
    found = np.zeros(len(own_s))
    for kind, (law, odd_share) in enumerate(zip(fitted.laws, fitted.odd_shares, strict=True)):
        of_kind = work.kind == kind
        own = own_s[of_kind]
        found[of_kind] = _mixed(law, odd_share, own, work.is_cut[of_kind], float(scales_s[kind]))
    total: Floats = found + work.log_rate
    return total


# ── All delays of a grid at once, for the families whose equations allow it


def _profile(
    parts: Sequence[BinnedKind], scales_s: Floats, delays_s: Floats, families: Sequence[Sequence[LawFamily]]
) -> Floats:
    """Highest log likelihood at each delay; the families by kind."""
    total = np.zeros(len(delays_s))
    for part, scale_s, own in zip(parts, scales_s, families, strict=True):
        total += _profile_kind(part, float(scale_s), delays_s, own)
    return total


def _profile_kind(
    part: BinnedKind, scale_s: float, delays_s: Floats, families: Sequence[LawFamily]
) -> Floats:
    own_s = part.times_s - delays_s[:, None] * part.has_delay
    wide, blur = _log_wide(own_s, scale_s), float(blur_s(np.array(scale_s)))
    whole = np.where(part.is_cut | (own_s <= -blur), 0.0, part.weights)
    t = _known(own_s, blur)
    logs = np.log(t)
    trust = whole * ((t > 0.02 * scale_s) & (t < 50 * scale_s)) + 1e-12 * whole + 1e-300
    total = max(float(part.weights[~part.is_cut].sum()), 1.0)
    values = []
    for family in families:
        mean, cv = _moments(family, t, logs, trust)
        odd = np.full((len(delays_s), 1), ODD_START)
        for _ in range(_ROUNDS):
            share = special.expit(log_density_at(family, mean, cv, t, blur) - wide + np.log((1 - odd) / odd))
            trusted = whole * share + 1e-300
            odd = np.clip(1 - trusted.sum(axis=1, keepdims=True) / total, ODD_LEAST, ODD_MOST)
            mean, cv = _moments(family, t, logs, trusted)
        own = log_density_at(family, mean, cv, own_s, blur)
        mixed = np.logaddexp(own + np.log(1 - odd), wide + np.log(odd))
        values.append(np.where(part.is_cut, 0.0, mixed) @ part.weights - (family != "exponential"))
    highest: Floats = np.max(values, axis=0)
    return highest


def _moments(family: LawFamily, t: Floats, logs: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Mean and variation of highest likelihood, row by row."""
    weights = weights / weights.sum(axis=1, keepdims=True)
    mean = np.maximum((weights * t).sum(axis=1, keepdims=True), 1e-12)
    if family == "exponential":
        return mean, np.ones_like(mean)
    mean_log = (weights * logs).sum(axis=1, keepdims=True)
    if family == "gamma":
        return mean, _gamma_cv(np.log(mean) - mean_log)
    variance = (weights * (logs - mean_log) ** 2).sum(axis=1, keepdims=True)
    variance = np.clip(variance, CV_LEAST**2, log(1 + CV_MOST**2))
    return np.exp(mean_log + variance / 2), np.sqrt(np.expm1(variance))


def _gamma_cv(gap: Floats) -> Floats:
    """Variation of the gamma laws whose ln(mean) - mean(ln) is the gap (Minka 2002)."""
    gap = np.maximum(gap, 1e-7)
    shape = (3 - gap + np.sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap)
    for _ in range(2):
        slope = 1 / shape - special.polygamma(1, shape)
        inverse = 1 / shape + (np.log(shape) - special.digamma(shape) - gap) / (shape**2 * slope)
        shape = np.where(inverse > 0, 1 / np.where(inverse > 0, inverse, 1.0), shape / 2)
    cv: Floats = np.clip(1 / np.sqrt(shape), CV_LEAST, CV_MOST)
    return cv


# ── One kind at a given delay


def _at(
    parts: Sequence[BinnedKind], scales_s: Floats, delay_s: float, families: Sequence[Sequence[LawFamily]]
) -> "tuple[float, list[dict[LawFamily, _OneFit]]]":
    fits = [
        _fit_kind(part, float(scale_s), delay_s, own)
        for part, scale_s, own in zip(parts, scales_s, families, strict=True)
    ]
    return sum(_best(fit).score for fit in fits), fits


@dataclass(frozen=True, slots=True)
class _OneFit:
    law: ServiceLaw
    odd_share: float
    log_likelihood: float
    score: float


def _best(fits: dict[LawFamily, _OneFit]) -> _OneFit:
    return max(fits.values(), key=lambda fit: fit.score)


def _fit_kind(
    part: BinnedKind, scale_s: float, delay_s: float, families: Sequence[LawFamily]
) -> dict[LawFamily, _OneFit]:
    own_s = part.times_s - np.where(part.has_delay, delay_s, 0.0)
    found = {}
    for family in families:
        law, odd = _maximised(family, own_s, part, scale_s)
        value = float(part.weights @ _mixed(law, odd, own_s, part.is_cut, scale_s))
        found[family] = _OneFit(law, odd, value, value - (1 if family == "exponential" else 2))
    return found


def _maximised(
    family: LawFamily, own_s: Floats, part: BinnedKind, scale_s: float
) -> tuple[ServiceLaw, float]:
    """Law and contamination of highest likelihood, by expectation and maximisation (Dempster et al. 1977)."""
    blur = float(blur_s(np.array(scale_s)))
    usable = ~part.is_cut & (own_s > -blur)
    if part.weights[usable].sum() < 2:  # noqa: PLR2004 - no spread in one time
        return ServiceLaw(family=family, mean_s=scale_s, cv=_cv_within(family, 1.0)), ODD_START
    t, wide = _known(own_s[usable], blur), _log_wide(own_s[usable], scale_s)
    weights = part.weights[usable]
    logs = np.log(t)
    trust = (t > 0.02 * scale_s) & (t < 50 * scale_s)
    law = _moments_law(family, t, logs, weights * trust if trust.any() else weights)
    odd, total = ODD_START, float(part.weights[~part.is_cut].sum())
    for _ in range(_ROUNDS):
        share = special.expit(log_density(law, t, blur) - wide + log((1 - odd) / odd))
        trusted = weights * share
        if trusted.sum() < 1:
            break
        odd = min(max(1 - float(trusted.sum()) / total, ODD_LEAST), ODD_MOST)
        new = _moments_law(family, t, logs, trusted)
        settled = abs(new.mean_s / law.mean_s - 1) + abs(new.cv - law.cv) < _SETTLED
        law = new
        if settled:
            break

    def value(law: ServiceLaw) -> float:
        return float(part.weights @ _mixed(law, odd, own_s, part.is_cut, scale_s))

    if family == "uniform":
        law = _sharpened(law, value)
    if _many_cut(part, own_s):
        law = _with_cuts(law, value)
    return law, odd


def _moments_law(family: LawFamily, t: Floats, logs: Floats, weights: Floats) -> ServiceLaw:
    """Law of highest likelihood for weighted times."""
    weights = weights / weights.sum()
    mean, mean_log = float(weights @ t), float(weights @ logs)
    if family in VECTORISED:
        row = (t[None, :], logs[None, :], weights[None, :])
        mean_s, cv = _moments(family, *row)
        return ServiceLaw(family=family, mean_s=float(mean_s[0, 0]), cv=float(cv[0, 0]))
    if family == "weibull":
        return _weibull(logs, weights, mean_log)
    spread = sqrt(max(float(weights @ (t - mean) ** 2), 0.0))
    return ServiceLaw(family=family, mean_s=mean, cv=_cv_within(family, spread / mean))


def _weibull(logs: Floats, weights: Floats, mean_log: float) -> ServiceLaw:
    """Weibull law of highest likelihood: its shape by Newton's method on the profile equation."""
    centred = logs - mean_log
    spread = sqrt(max(float(weights @ centred**2), 1e-10))
    shape = min(max(1.28 / spread, 0.2), 200.0)
    for _ in range(8):
        power = weights * np.exp(np.clip(shape * centred, -600, 600))
        total, first = float(power.sum()), float(power @ centred)
        second = float(power @ centred**2)
        value = first / total - 1 / shape
        slope = second / total - (first / total) ** 2 + 1 / shape**2
        step = value / slope
        shape = min(max(shape - step, shape / 3, 0.2), shape * 3, 500.0)
        if abs(step) < 1e-6 * shape:
            break
    total = float((weights * np.exp(np.clip(shape * centred, -600, 600))).sum())
    scale = exp(mean_log) * total ** (1 / shape)
    first_moment = float(special.gamma(1 + 1 / shape))
    cv = sqrt(max(float(special.gamma(1 + 2 / shape)) / first_moment**2 - 1, CV_LEAST**2))
    return ServiceLaw(family="weibull", mean_s=scale * first_moment, cv=min(cv, CV_MOST))


def _sharpened(law: ServiceLaw, value: Callable[[ServiceLaw], float]) -> ServiceLaw:
    """Move the edges of a uniform law to where its likelihood is highest."""
    spread = law.mean_s * law.cv * sqrt(3)
    low, high = law.mean_s - spread, law.mean_s + spread
    best = value(_edges_law(low, high))
    for step in (0.08, 0.03, 0.01, 0.004):
        for _ in range(4):
            moved = [
                (max(low + i * step * spread, 0.0), high + j * step * spread)
                for i, j in ((-1, 0), (1, 0), (0, -1), (0, 1))
            ]
            values = [value(_edges_law(*one)) if one[0] < one[1] else -np.inf for one in moved]
            if max(values) <= best:
                break
            best = max(values)
            low, high = moved[int(np.argmax(values))]
    return _edges_law(low, high)


def _edges_law(low: float, high: float) -> ServiceLaw:
    return ServiceLaw(
        family="uniform", mean_s=(low + high) / 2, cv=max((high - low) / (high + low) / sqrt(3), CV_LEAST)
    )


def _with_cuts(law: ServiceLaw, value: Callable[[ServiceLaw], float]) -> ServiceLaw:
    """Climb to the law of highest likelihood where some times are only known to be longer."""
    best = value(law)
    for step in (0.2, 0.06, 0.02, 0.006):
        for _ in range(12):
            factors = ((1 + step, 1.0), (1 / (1 + step), 1.0), (1.0, 1 + step), (1.0, 1 / (1 + step)))
            moved = [
                ServiceLaw(family=law.family, mean_s=law.mean_s * f, cv=_cv_within(law.family, law.cv * g))
                for f, g in factors
            ]
            values = [value(one) for one in moved]
            if max(values) <= best:
                break
            best = max(values)
            law = moved[int(np.argmax(values))]
    return law


# ── The likelihood with its contamination


def _known(own_s: Floats, blur: float) -> Floats:
    """Return times as a law is fitted to them: those about 0, as clocks see it, are their usual one."""
    known: Floats = np.where(own_s < blur, _ABOUT_0 * blur, own_s)
    return known


def _mixed(
    law: ServiceLaw, odd_share: float, own_s: Floats, is_cut: NDArray[np.bool_], scale_s: float
) -> Floats:
    own = log_density(law, own_s, float(blur_s(np.array(scale_s))))
    mixed: Floats = np.logaddexp(own + log(1 - odd_share), _log_wide(own_s, scale_s) + log(odd_share))
    if is_cut.any():
        tail = np.maximum(survival(law, own_s), 0.0) * (1 - odd_share) + odd_share * 0.5
        mixed = np.where(is_cut, np.log(tail), mixed)
    return mixed


def _many_cut(part: BinnedKind, own_s: Floats) -> bool:
    """Whether enough times were cut off in their work to matter."""
    cut = float(part.weights[part.is_cut & (own_s > 0)].sum())
    return cut > _CUT_LEAST * float(part.weights.sum())


def _log_wide(own_s: Floats, scale_s: float) -> Floats:
    """Logarithm of a very wide density: alike on the logarithmic scale, and thin below 0."""
    above = -np.log(np.maximum(own_s, 0.002 * scale_s)) - log(2 * log(1e3 / 0.002))
    below = np.minimum(own_s, 0.0) / (0.1 * scale_s) - log(2 * 0.1 * scale_s)
    wide: Floats = np.where(own_s > 0, above, below)
    return wide


def _cv_within(family: LawFamily, cv: float) -> float:
    if family == "exponential":
        return 1.0
    return min(max(cv, CV_LEAST), UNIFORM_CV_MOST if family == "uniform" else CV_MOST)
