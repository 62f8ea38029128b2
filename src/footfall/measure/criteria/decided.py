"""What all judges share: from bounds to a verdict, and what would have been enough to tell."""

import math

from footfall.measure.criteria.evidence import Evidence
from footfall.measure.criteria.spec import OPERATORS, Scope
from footfall.measure.interval import Interval
from footfall.measure.verdict import Judgement, Verdict


def decided(bounds: Interval, sign: str, bound: float) -> Verdict:
    """Pass when both bounds keep the criterion, fail when neither does, undecided when they disagree."""
    keeps = [OPERATORS[sign](each, bound) for each in bounds]
    if all(keeps):
        return Verdict.PASS
    return Verdict.UNDECIDED if any(keeps) else Verdict.FAIL


def enough(needed: float | None, n: int, evidence: Evidence) -> str:
    """Say the smallest sample that could decide, at the value that was found; and how long a play that is."""
    if needed is None or not math.isfinite(needed):
        return "at this very value no number of visits could decide"
    visits = max(math.ceil(needed), n + 1)
    words = f"at this value {visits:,} visits could decide"
    if evidence.played_s and n:
        words += f", about {evidence.played_s * visits / n:,.0f} s of play at this rate"
    return words


def finite(bound: float) -> float | None:
    """A bound that is one."""
    return bound if math.isfinite(bound) else None


def unmatched(text: str, scope: Scope, world: str = "", *, validity: bool) -> Judgement:
    """No visit came that the criterion speaks of."""
    reason = f"no {world}visits match {scope}"
    return Judgement(criterion=text, verdict=Verdict.UNDECIDED, reason=reason, validity=validity)


def untrusted(text: str, reason: str) -> Judgement:
    """The run does not hold what is needed to trust it."""
    return Judgement(criterion=text, verdict=Verdict.INVALID, reason=reason, validity=True)
