"""Judge shares of visits: success, errors, and whether prediction and measurement agree."""

import polars as pl

from footfall.measure.criteria.decided import decided, enough, unmatched
from footfall.measure.criteria.evidence import Evidence, within
from footfall.measure.criteria.spec import AgreementCriterion, ShareCriterion
from footfall.measure.criteria.words import between, percent, points
from footfall.measure.interval import newcombe, sample_to_decide, wilson
from footfall.measure.summary import SERVED
from footfall.measure.verdict import Judgement, Verdict
from footfall.records.outcomes import TECHNICAL

_COUNTED = {"success": (SERVED, "served"), "error": (pl.col("outcome").is_in(TECHNICAL), "ended by an error")}


def counted(visits: pl.DataFrame, of: str) -> tuple[int, int]:
    """Give how many visits there are of a kind (`success` or `error`), and how many in all."""
    return int(visits.select(_COUNTED[of][0].sum()).item()), visits.height


def judge_share(criterion: ShareCriterion, evidence: Evidence) -> Judgement:
    """Hold the Wilson interval of a share against its bound."""
    visits = evidence.judged(criterion.scope)
    if visits is None:
        return unmatched(criterion.text, criterion.scope, validity=criterion.validity)
    k, n = counted(visits, criterion.of)
    share, bounds, bound = k / n, wilson(k, n), criterion.bound_share
    verdict = decided(bounds, criterion.operator, bound)
    found = f"{percent(share)} of {n} visits {_COUNTED[criterion.of][1]}, {between(percent, bounds)}"
    if verdict is Verdict.UNDECIDED:
        hint = enough(sample_to_decide(share, bound), n, evidence)
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


def judge_agreement(criterion: AgreementCriterion, evidence: Evidence) -> Judgement:
    """Newcombe's interval of predicted - measured against ± tolerance.

    Fail: it lies wholly outside. Pass: the difference lies inside and half the interval is no wider than the
    tolerance, so that there was enough data to see a difference of that size. Else undecided.
    """
    worlds = [within(frame, criterion.scope) for frame in (evidence.predicted, evidence.measured)]
    counts = [counted(frame, "success") for frame in worlds if frame is not None]
    if len(counts) != len(worlds):
        missing = "predicted" if worlds[0] is None else "measured"
        return unmatched(criterion.text, criterion.scope, f"{missing} ", validity=criterion.validity)
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
        verdict = Verdict.UNDECIDED
        # Half the interval must fit: into the tolerance, or, from outside, into the distance to it.
        room = tolerance if abs(difference) <= tolerance else abs(difference) - tolerance
        needed = measured[1] * (bounds.half_width / room) ** 2 if room else None
        found += f": too few to tell; {enough(needed, measured[1], evidence)}"
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
