"""What all judges share: from bounds to a verdict, what it assumes, and what would decide."""

import math

from footfall.measure.criteria.evidence import Evidence
from footfall.measure.criteria.spec import (
    OPERATORS,
    AgreementCriterion,
    BaselineCriterion,
    ResponseCriterion,
    Scope,
    ShareCriterion,
)
from footfall.measure.episodes import EPISODES_LEAST, Episodes
from footfall.measure.interval import Interval
from footfall.measure.response_times import PASS_LEAST, Slow
from footfall.measure.verdict import Judgement, Verdict

Statistical = ShareCriterion | ResponseCriterion | AgreementCriterion | BaselineCriterion


def decided(bounds: Interval, sign: str, bound: float) -> Verdict:
    """Pass when both bounds keep the criterion, fail when neither does, undecided when they disagree."""
    keeps = [OPERATORS[sign](each, bound) for each in bounds]
    if all(keeps):
        return Verdict.PASS
    return Verdict.UNDECIDED if any(keeps) else Verdict.FAIL


def enough(needed: int | None, n: int, evidence: Evidence) -> str:
    """Say how many visits like those that were seen would decide, and how long a play that is."""
    if needed is None:
        return "at this very value no number of visits would decide"
    words = f"{needed:,} visits like these would decide in 9 of 10 runs"
    if evidence.played_s and n:
        words += f", about {evidence.played_s * needed / n:,.0f} s of play at this rate"
    return words


def assumed(seen: Episodes, longest: float, noun: str) -> str:
    """Say what the bounds of a share rest on: how many bad visits come in a row."""
    if seen.effective < EPISODES_LEAST:
        runs = f"holds if {noun} come in runs of at most {longest:g} visits on average"
        return f"{runs}; " + (f"the longest seen was of {seen.longest}" if seen.bad else "none was seen")
    worth = seen.visits / seen.effect
    return (
        f"{noun} came in {seen.episodes:,} runs of {seen.length_mean:.1f} visits on average, so the visits "
        f"tell as much as {worth:,.0f} independent ones"
    )


def alike(slow: Slow) -> str:
    """Say how little visits tell whose times resemble those of their neighbours."""
    visits, worth = slow.seen.visits, slow.seen.visits / slow.effect
    if worth >= PASS_LEAST:
        return f"slow visits are {slow.episodes:.1f} independent runs, and {EPISODES_LEAST:g} are needed"
    if slow.effect <= 1:
        return f"at least {PASS_LEAST:g} visits are needed"
    return (
        f"visits one after the other took about as long, so {visits:,} of them tell as much as "
        f"{worth:,.0f} independent ones, and {PASS_LEAST:g} are needed"
    )


def told(  # noqa: PLR0913 - the fields of a judgement
    criterion: Statistical,
    verdict: Verdict,
    reason: str,
    value: float | None,
    bounds: Interval,
    *,
    n: int,
    bound: float | None = None,
    unit: str = "share",
) -> Judgement:
    """The judgement of a criterion, from its parts."""
    held = criterion.bound_share if isinstance(criterion, ShareCriterion) else bound
    return Judgement(
        criterion=criterion.text,
        verdict=verdict,
        reason=reason,
        value=value,
        low=finite(bounds.low),
        high=finite(bounds.high),
        bound=held,
        unit=unit,
        n=n,
        validity=criterion.validity,
    )


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
