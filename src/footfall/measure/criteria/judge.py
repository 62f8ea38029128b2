"""Hold a criterion against a run: pass when sure it holds, fail when sure it does not, else invalid."""

import math
from collections.abc import Iterable
from functools import singledispatch
from statistics import fmean

from footfall.measure.criteria.evidence import Evidence, within
from footfall.measure.criteria.spec import (
    OPERATORS,
    AgreementCriterion,
    ArrivalsCriterion,
    Criterion,
    LagCriterion,
    ResponseCriterion,
    Scope,
    SuccessCriterion,
)
from footfall.measure.criteria.words import between, duration, percent, points
from footfall.measure.interval import (
    Interval,
    nearest_rank,
    newcombe,
    percentile_interval,
    sample_for_percentile,
    sample_to_decide,
    t_interval,
    wilson,
)
from footfall.measure.summary import RESPONSE_S, SERVED
from footfall.measure.verdict import Judgement, Verdict
from footfall.records.runs import Manifest


def judge_all(criteria: Iterable[Criterion], evidence: Evidence) -> tuple[Judgement, ...]:
    """Whether the run is whole, then each criterion in its order."""
    return (_wholeness(evidence.manifest), *(judge(each, evidence) for each in criteria))


@singledispatch
def judge(criterion: Criterion, evidence: Evidence) -> Judgement:
    """Hold one criterion against the evidence."""
    msg = f"no judge for {type(criterion).__name__} in run {evidence.manifest.run}"
    raise TypeError(msg)


@judge.register
def _(criterion: SuccessCriterion, evidence: Evidence) -> Judgement:
    visits = evidence.judged(criterion.scope)
    if visits is None:
        return _unmatched(criterion.text, criterion.scope, validity=criterion.validity)
    served, n = int(visits.select(SERVED.sum()).item()), visits.height
    share, bounds, bound = served / n, wilson(served, n), criterion.bound_share
    verdict = _decided(bounds, criterion.operator, bound)
    found = f"{percent(share)} of {n} visits served, {between(percent, bounds)}"
    if verdict is Verdict.INVALID:
        enough = sample_to_decide(share, bound)
        hint = (
            f"at this rate {enough} visits could decide" if enough else "at this very rate none could decide"
        )
        found += f": too few to tell from {percent(bound)}; {hint}"
    return Judgement(
        criterion=criterion.text,
        verdict=verdict,
        reason=found,
        value=share,
        low=bounds.low,
        high=bounds.high,
        bound=bound,
        unit="share",
        n=n,
        validity=criterion.validity,
    )


@judge.register
def _(criterion: ResponseCriterion, evidence: Evidence) -> Judgement:
    visits = evidence.judged(criterion.scope)
    if visits is None:
        return _unmatched(criterion.text, criterion.scope, validity=criterion.validity)
    ordered = visits.select(RESPONSE_S.sort()).to_series().to_list()
    value, bounds, enough = _response(ordered, criterion.quantile)
    verdict = _decided(bounds, criterion.operator, criterion.limit_s)
    found = f"{duration(value)} over {len(ordered)} visits, {between(duration, bounds)}"
    if verdict is Verdict.INVALID:
        few = len(ordered) < enough
        hint = f"; a bound needs {enough} visits or more" if few else ""
        found += f": too few to tell from {duration(criterion.limit_s)}{hint}"
    return Judgement(
        criterion=criterion.text,
        verdict=verdict,
        reason=found,
        value=value,
        low=bounds.low if math.isfinite(bounds.low) else None,
        high=bounds.high if math.isfinite(bounds.high) else None,
        bound=criterion.limit_s,
        unit="s",
        n=len(ordered),
        validity=criterion.validity,
    )


@judge.register
def _(criterion: LagCriterion, evidence: Evidence) -> Judgement:
    lag, counts = evidence.manifest.lag_s, evidence.manifest.arrivals
    value = getattr(lag, criterion.statistic) if lag else None
    if value is None:
        return _untrusted(criterion.text, "no lag is known: no arrival was played")
    holds = OPERATORS[criterion.operator](value, criterion.limit_s)
    late = "" if holds else ": the generator ran late, so that the times are partly its own"
    return Judgement(
        criterion=criterion.text,
        verdict=Verdict.PASS if holds else Verdict.INVALID,
        reason=f"arrivals started {duration(value)} late ({criterion.statistic}){late}",
        value=value,
        bound=criterion.limit_s,
        unit="s",
        n=counts.played + counts.failed if counts else 0,
        validity=True,
    )


@judge.register
def _(criterion: ArrivalsCriterion, evidence: Evidence) -> Judgement:
    counts = evidence.manifest.arrivals
    if counts is None or counts.due == 0:
        return _untrusted(criterion.text, "no arrival was due: nothing was played")
    started = counts.played + counts.failed
    missing = (counts.not_sent + counts.lost) / counts.due
    holds = missing <= criterion.tolerance_share
    return Judgement(
        criterion=criterion.text,
        verdict=Verdict.PASS if holds else Verdict.INVALID,
        reason=f"{started} of {counts.due} due arrivals were started: {counts}",
        value=missing,
        bound=criterion.tolerance_share,
        unit="share",
        n=counts.due,
        validity=True,
    )


@judge.register
def _(criterion: AgreementCriterion, evidence: Evidence) -> Judgement:
    """Newcombe's interval of predicted - measured against ± tolerance.

    Fail: it lies wholly outside. Pass: the difference lies inside and half the interval is no wider than the
    tolerance, so that there was enough data to see a difference of that size. Else invalid.
    """
    worlds = [within(frame, criterion.scope) for frame in (evidence.predicted, evidence.measured)]
    counts = [(int(f.select(SERVED.sum()).item()), f.height) for f in worlds if f is not None]
    if len(counts) != len(worlds):
        missing = "predicted" if worlds[0] is None else "measured"
        return _unmatched(criterion.text, criterion.scope, f"{missing} ", validity=criterion.validity)
    predicted, measured = counts
    difference = predicted[0] / predicted[1] - measured[0] / measured[1]
    bounds, tolerance = newcombe(predicted, measured), criterion.tolerance_share
    shares = [percent(served / n) for served, n in counts]
    found = (
        f"predicted {shares[0]}, measured {shares[1]} of {measured[1]} visits: {points(difference)}, "
        f"{between(points, bounds)}"
    )
    if bounds.low > tolerance or bounds.high < -tolerance:
        verdict = Verdict.FAIL
    elif abs(difference) <= tolerance and bounds.half_width <= tolerance:
        verdict = Verdict.PASS
    else:
        verdict, found = Verdict.INVALID, f"{found}: too few to tell"
    return Judgement(
        criterion=criterion.text,
        verdict=verdict,
        reason=found,
        value=difference,
        low=bounds.low,
        high=bounds.high,
        bound=tolerance,
        unit="share",
        n=measured[1],
        validity=criterion.validity,
    )


def _decided(bounds: Interval, sign: str, bound: float) -> Verdict:
    """Pass when both bounds keep the criterion, fail when neither does, invalid when they disagree."""
    keeps = [OPERATORS[sign](each, bound) for each in bounds]
    if all(keeps):
        return Verdict.PASS
    return Verdict.INVALID if any(keeps) else Verdict.FAIL


def _response(ordered: list[float], quantile: float | None) -> tuple[float, Interval, int]:
    """Value and bounds of a percentile, or of the mean; and how many values would give finite bounds."""
    if quantile is not None:
        value = nearest_rank(ordered, quantile)
        return value, percentile_interval(ordered, quantile), sample_for_percentile(quantile)
    unknown = Interval(-math.inf, math.inf)
    return fmean(ordered), t_interval(ordered) if len(ordered) > 1 else unknown, 2


def _wholeness(manifest: Manifest) -> Judgement:
    reason = "it ran to its end"
    if manifest.degraded:
        gone = sum(each.status in {"left", "lost"} for each in manifest.workers)
        lost = manifest.arrivals.lost if manifest.arrivals else 0
        reason = f"{gone} of {len(manifest.workers)} workers went in the middle, {lost} arrivals are unknown"
    elif manifest.status != "finished":
        reason = f"its status is {manifest.status!r}: it was cut short"
    whole = manifest.status == "finished" and not manifest.degraded
    verdict = Verdict.PASS if whole else Verdict.INVALID
    return Judgement(criterion="run is finished", verdict=verdict, reason=reason, validity=True)


def _unmatched(text: str, scope: Scope, world: str = "", *, validity: bool) -> Judgement:
    reason = f"no {world}visits match {scope}"
    return Judgement(criterion=text, verdict=Verdict.INVALID, reason=reason, validity=validity)


def _untrusted(text: str, reason: str) -> Judgement:
    return Judgement(criterion=text, verdict=Verdict.INVALID, reason=reason, validity=True)
