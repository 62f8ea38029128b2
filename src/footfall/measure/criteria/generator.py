"""Judge whether a run can be trusted at all: whole, in time, everybody sent, and not ended early."""

import polars as pl

from footfall.measure.criteria.decided import unmatched, untrusted
from footfall.measure.criteria.evidence import Evidence, within
from footfall.measure.criteria.spec import (
    OPERATORS,
    AbortCriterion,
    ArrivalsCriterion,
    LagCriterion,
    Scope,
)
from footfall.measure.criteria.words import duration, percent
from footfall.measure.interval import wilson
from footfall.measure.summary import RESPONSE_S
from footfall.measure.verdict import Judgement, Verdict
from footfall.records.abort import Guard
from footfall.records.runs import Manifest


def judge_wholeness(manifest: Manifest) -> Judgement:
    """See that the run ran to its end, with all that played it."""
    verdict, reason = Verdict.INVALID, f"its status is {manifest.status!r}: it was cut short"
    if manifest.degraded:
        gone = sum(each.status in {"left", "lost"} for each in manifest.workers)
        lost = manifest.arrivals.lost if manifest.arrivals else 0
        reason = f"{gone} of {len(manifest.workers)} workers went in the middle, {lost} arrivals are unknown"
    elif manifest.ended_early_by:
        verdict, reason = Verdict.PASS, f"ended early by its own criterion, {manifest.ended_early_by}"
    elif manifest.status == "finished":
        verdict, reason = Verdict.PASS, "it ran to its end"
    if broken := _broken(manifest):
        reason = broken if verdict is Verdict.PASS else f"{reason}; {broken}"
        verdict = Verdict.INVALID
    return Judgement(criterion="run is finished", verdict=verdict, reason=reason, validity=True)


def _broken(manifest: Manifest) -> str:
    """Say how many arrivals broke inside the generator, and by what; empty when none did."""
    counts = manifest.arrivals
    if counts is None or not counts.broken:
        return ""
    reasons = "; ".join(f"{reason} ({n:,})" for reason, n in manifest.broken_reasons.items())
    said = f"{counts.broken:,} of {counts.due:,} arrivals broke inside the generator"
    return f"{said}: {reasons}" if reasons else said


def judge_lag(criterion: LagCriterion, evidence: Evidence) -> Judgement:
    """Hold the generator's lag against its limit."""
    lag, counts = evidence.manifest.lag_s, evidence.manifest.arrivals
    value = getattr(lag, criterion.statistic) if lag else None
    if value is None:
        return untrusted(criterion.text, "no lag is known: no arrival was played")
    holds = OPERATORS[criterion.operator](value, criterion.limit_s)
    late = "" if holds else ": the generator ran late, so that the times are partly its own"
    return Judgement(
        criterion=criterion.text,
        verdict=Verdict.PASS if holds else Verdict.INVALID,
        reason=f"arrivals started {duration(value)} late ({criterion.statistic}){late}",
        value=value,
        bound=criterion.limit_s,
        unit="s",
        n=counts.started if counts else 0,
        validity=True,
    )


def judge_arrivals(criterion: ArrivalsCriterion, evidence: Evidence) -> Judgement:
    """Hold the share of due arrivals that did not come against its tolerance."""
    if criterion.scope != Scope():
        return _judge_some_arrivals(criterion, evidence)
    counts = evidence.manifest.arrivals
    if counts is None or counts.due == 0:
        return untrusted(criterion.text, "no arrival was due: nothing was played")
    return _missing(criterion, counts.due, counts.started, f": {counts}")


def _judge_some_arrivals(criterion: ArrivalsCriterion, evidence: Evidence) -> Judgement:
    """Of a channel or operation: whose first visit is there was sent."""
    due = within(evidence.arrivals, criterion.scope)
    if due is None:
        return untrusted(criterion.text, f"no arrival of the trace matches {criterion.scope}")
    seen = evidence.measured if evidence.measured is not None else due.clear()
    came = due.join(seen.select("customer").unique(), on="customer", how="semi").height
    return _missing(criterion, due.height, came, "")


def _missing(criterion: ArrivalsCriterion, due: int, came: int, more: str) -> Judgement:
    missing = (due - came) / due
    return Judgement(
        criterion=criterion.text,
        verdict=Verdict.PASS if missing <= criterion.tolerance_share else Verdict.INVALID,
        reason=f"{came} of {due} due arrivals were started{more}",
        value=missing,
        bound=criterion.tolerance_share,
        unit="share",
        n=due,
        validity=True,
    )


def judge_abort(criterion: AbortCriterion, evidence: Evidence) -> Judgement:
    """Let the guard walk through the visits once more, as it did while they were played."""
    rule = criterion.rule
    scope = Scope(rule.channel, rule.operation)
    visits = evidence.judged(scope)
    if visits is None:
        return unmatched(criterion.text, scope, validity=False)
    guard = Guard(rule)
    ended = visits.sort("ended_s", maintain_order=True).select(
        "ended_s", "outcome", RESPONSE_S.alias("response_s")
    )
    for row in ended.iter_rows():
        guard.see(*row)
    if guard.breach is None:
        long_enough = float(visits.select(pl.col("ended_s").max()).item()) >= rule.for_s
        reason = f"never over {rule.for_s:g} s" if long_enough else f"nobody came for {rule.for_s:g} s"
        verdict = Verdict.PASS if long_enough else Verdict.UNDECIDED
        return Judgement(criterion=criterion.text, verdict=verdict, reason=reason, n=visits.height)
    breach = guard.breach
    low, high = wilson(breach.bad, breach.visits)
    reason = (
        f"from second {max(breach.at_s - rule.for_s, 0):.0f} to {breach.at_s:.0f} it was so in "
        f"{breach.bad} of {breach.visits} visits, 95 % bounds {percent(low)} to {percent(high)}"
    )
    return Judgement(
        criterion=criterion.text,
        verdict=Verdict.FAIL,
        reason=reason,
        value=breach.bad / breach.visits,
        low=low,
        high=high,
        bound=rule.share,
        unit="share",
        n=breach.visits,
        decisive=True,
    )
