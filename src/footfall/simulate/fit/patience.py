"""How long customers would wait: the Kaplan–Meier curve, and the law that is near enough to it."""

from collections.abc import Collection
from dataclasses import dataclass
from math import exp, sqrt

import numpy as np
from numpy.typing import ArrayLike

from footfall.simulate.fit.curve import Points, thinned
from footfall.simulate.fit.kaplan_meier import KaplanMeier, product_limit
from footfall.simulate.fit.laws import FAMILIES, Z_95, FittedLaw, Parameter, constant_law, fit_law
from footfall.simulate.fit.sample import Sample, sample
from footfall.simulate.fit.times import INSTANT_S, TOLERATED_SHARE
from footfall.simulate.spec.duration import Law

LEFT_LEAST = 20
"""With fewer who left, a curve says little: one constant rate of leaving is fitted instead."""
_CURVE_LEFT_LEAST = 100
_AT_RISK_LEAST = 30
"""The curve is cut where fewer are still waiting: it then rests on a few people."""
_CV_MOST = 20.0


@dataclass(frozen=True, slots=True)
class PatienceFit:
    """What was fitted to waits of which many were cut short by service."""

    waits: int
    """Above 0 seconds; who is served at once tells nothing of patience."""
    left: int
    curve: KaplanMeier
    laws: tuple[FittedLaw, ...]
    """The likeliest first; empty where too few left."""
    distance_share: float
    """Greatest distance of the likeliest law from the curve, where enough were waiting."""
    chosen: Law | None
    """None: the curve itself."""
    points: Points
    """The curve up to where it is cut."""
    beyond_s: float | None
    """Mean of what those still wait who outlast the curve; None: nobody left late, or nobody outlasts it."""
    mean_s: Parameter
    """Time waited by all over those who left: the mean patience, were leaving as likely at any time."""

    @property
    def best(self) -> FittedLaw:
        """The likeliest law."""
        return self.laws[0]


def fit_patience(
    waits_s: ArrayLike, left: ArrayLike, tried: Collection[Law] = FAMILIES
) -> PatienceFit | None:
    """Fit patience to waits and whether each ended in leaving; None: nobody left.

    With fewer than 20 who left, exponential: waited time over the number who left. Else the likeliest law,
    unless it is surely off the curve by more than is tolerated (pointwise, Greenwood): then the curve.
    """
    waits = sample(waits_s, left)
    if waits.ended == 0:
        return None
    curve = product_limit(waits)
    waited = waits.above(INSTANT_S)
    mean_s = _mean(waits)
    if waited.seconds.size == 1 and waited.ended == waited.total:
        laws = [constant_law(float(waited.seconds[0]))]
    elif waited.ended < LEFT_LEAST or waited.seconds.size == 1:
        laws = [fit_law(Law.EXPONENTIAL, waited)] if waited.ended else []
    else:
        laws = [fit_law(law, waited) for law in tried]
    laws = sorted((law for law in laws if law.cv <= _CV_MOST), key=lambda law: law.aic)
    distance, is_off = _distance(laws[0], curve) if laws else (1.0, True)
    # With few who left, the constant rate is all that can be said.
    enough = waits.ended >= _CURVE_LEFT_LEAST or not laws
    points, cut_s = _cut(curve)
    return PatienceFit(
        waits=int(waited.total),
        left=int(waits.ended),
        curve=curve,
        laws=tuple(laws),
        distance_share=distance,
        chosen=None if is_off and enough else laws[0].law,
        points=points,
        beyond_s=_beyond_s(waits, cut_s) if points[1][-1] < 1 else None,
        mean_s=mean_s,
    )


def _mean(waits: Sample) -> Parameter:
    """Mean of an exponential patience, with the interval of its Poisson number of events."""
    mean_s = waits.exposure_s / waits.ended
    part = Z_95 / sqrt(waits.ended)
    return Parameter("mean_s", mean_s, mean_s * exp(-part), mean_s * exp(part))


def _distance(law: FittedLaw, curve: KaplanMeier) -> tuple[float, bool]:
    """Give the greatest distance of a law from the curve, and whether it is surely too great anywhere."""
    enough = (curve.at_risk >= _AT_RISK_LEAST) & (curve.survival > 0)
    if not enough.any():
        return 0.0, False
    away = np.abs(law.survival(curve.seconds[enough]) - curve.survival[enough])
    return float(away.max()), bool((away - Z_95 * curve.error[enough] > TOLERATED_SHARE).any())


def _cut(curve: KaplanMeier) -> tuple[Points, float]:
    """Give the curve as a distribution function up to where enough were waiting."""
    enough = int(np.count_nonzero(curve.at_risk >= _AT_RISK_LEAST)) or curve.seconds.size
    seconds, shares = curve.seconds[:enough], 1 - curve.survival[:enough]
    if seconds[0] > 0:
        seconds, shares = np.concatenate([[0.0], seconds]), np.concatenate([[0.0], shares])
    if seconds.size == 1:  # all who left did so at once: nobody leaves later, as far as is known
        seconds, shares = np.append(seconds, seconds[0] + 1.0), np.append(shares, shares[0])
    return thinned(seconds, shares), float(seconds[-1])


def _beyond_s(waits: Sample, cut_s: float) -> float | None:
    """Mean further wait beyond the curve: as likely to leave as in the second half of the curve and later."""
    from_s = cut_s / 2
    late = waits.seconds > from_s
    left = float(waits.ends[late].sum())
    exposure_s = float(waits.weights[late] @ (waits.seconds[late] - from_s))
    return exposure_s / left if left else None
