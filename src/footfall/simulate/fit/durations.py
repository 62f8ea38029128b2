"""Fitted times as a model has them."""

from footfall.simulate.fit.curve import Points
from footfall.simulate.fit.laws import FittedLaw
from footfall.simulate.fit.patience import PatienceFit
from footfall.simulate.fit.times import TimesFit
from footfall.simulate.spec.base import Curve
from footfall.simulate.spec.duration import Duration, Law, constant_s, exponential_s
from footfall.simulate.spec.number import Grade, fitted
from footfall.simulate.spec.times import AnyDuration, Empirical, Mixture, Part

_CV_LEAST = 1e-6
"""Times that vary less are constant."""


def rounded(value: float, digits: int = 6) -> float:
    """Give a number with so many digits, as it will stand in the file."""
    return float(f"{value:.{digits}g}")


def time_of(fit: TimesFit | None, log: str, what: str) -> AnyDuration | None:
    """Give a fitted time as a model has it, short ones as a part of their own; None: too few."""
    if fit is None:
        return None
    source = f"{log}; {fit.times:,} {what}"
    whole: Duration | Empirical
    whole = empirical(fit.points, None, source) if fit.chosen is None else law_of(fit.best, source)
    if not fit.short or (fit.chosen is None and not fit.short_s_mean):
        return whole  # the measured curve holds times of 0 itself
    told = f"{log}; {fit.short:,} short {what}"
    short = constant_s(fitted(rounded(fit.short_s_mean), told))
    return Mixture(
        parts=(Part(name="short", share=fitted(rounded(fit.short_share), told), time=short),), rest=whole
    )


def patience_of(fit: PatienceFit | None, log: str) -> AnyDuration | None:
    """Give a fitted patience as a model has it; None: nobody left."""
    if fit is None:
        return None
    source = f"{log}; {fit.left:,} of {fit.waits:,} who waited left"
    if fit.chosen is None:
        beyond = None if fit.beyond_s is None else exponential_s(fitted(rounded(fit.beyond_s), source))
        return empirical(fit.points, beyond, f"{source}; Kaplan–Meier")
    return law_of(fit.best, source)


def law_of(law: FittedLaw, source: str) -> Duration:
    """Give a fitted law as a model has it."""
    mean_s = fitted(rounded(law.mean_s), source)
    if law.law is Law.CONSTANT or law.cv < _CV_LEAST:
        return constant_s(mean_s)
    if law.law is Law.EXPONENTIAL:
        return exponential_s(mean_s)
    return Duration(law=law.law, mean_s=mean_s, cv=fitted(rounded(law.cv), source))


def empirical(points: Points, beyond: Duration | None, source: str) -> Empirical:
    """Give a measured curve; `beyond` counts only where it ends below 1."""
    seconds, shares = (tuple(map(rounded, part)) for part in points)
    curve = Curve(seconds=seconds, shares=shares, grade=Grade.FITTED, source=source)
    return Empirical(curve=curve, beyond=None if shares[-1] == 1 else beyond)
