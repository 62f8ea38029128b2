"""Criteria that name a step: the same judges, held against requests instead of visits."""

import re
from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase

import polars as pl

from footfall.measure.criteria.evidence import Evidence, within
from footfall.measure.criteria.spec import BaselineCriterion, ResponseCriterion, Scope, ShareCriterion
from footfall.measure.criteria.words import percent
from footfall.measure.verdict import Judgement, Verdict
from footfall.records.outcomes import Outcome
from footfall.records.tables import VISITS

OfStep = ShareCriterion | ResponseCriterion | BaselineCriterion
Judge = Callable[[OfStep, Evidence], Judgement]
_STEPS_NAMED = 8
_VISITS = re.compile(r"(?<![/\w])visits\b")
_SERVED = pl.col("outcome") == Outcome.SERVED.value


def judge_step(criterion: OfStep, evidence: Evidence, judge: Judge) -> Judgement:
    """Hold a criterion against the requests of its step, `judge` doing so for visits.

    A request that was cut off is one of its step, never answered. A visit that was cut off and of which no
    request is known, as in a sample, may have been waiting for just this step, or not: the verdict must be
    the same with one more request of each such visit, never answered, and without; else it is undecided.
    """
    scope, plain = criterion.scope, _visits_alone(criterion)
    known = None if evidence.hits is None else requests_of(evidence.hits, scope)
    if known is None or known.is_empty():
        return _undecided(criterion, _none(evidence.hits, scope))
    baseline = evidence.baseline
    if baseline is not None:
        before = VISITS.to_frame() if baseline.hits is None else requests_of(baseline.hits, scope)
        baseline = replace(baseline, measured=before, predicted=None)
    found = replace(evidence, measured=known, predicted=None, baseline=baseline)
    judgement = judge(plain, found)
    cut = cut_off(evidence.measured, scope, evidence.hits)
    if not cut.is_empty():
        without, judgement = judgement, judge(plain, replace(found, measured=pl.concat([known, cut])))
        if without.verdict is not judgement.verdict:
            reason = (
                f"{cut.height} visits were cut off, perhaps while they waited for this request: with them "
            )
            reason += f"{judgement.verdict.value}, without them {without.verdict.value}"
            return replace(
                judgement, verdict=Verdict.UNDECIDED, reason=f"{reason}; a longer drain would tell"
            )
    return replace(judgement, reason=_VISITS.sub("requests", judgement.reason) + _sampled(evidence))


def requests_of(hits: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    """Give the requests of a scope (`HITS`) as visits (`VISITS`): due when the customer was ready to send."""
    of_scope = within(hits, Scope(scope.channel, scope.operation))
    if of_scope is None:
        return VISITS.to_frame()
    names = [name for name in of_scope["step"].unique() if fnmatchcase(name, scope.step)]
    return _as_visits(of_scope.filter(pl.col("step").is_in(names)), pl.col("asked_s"))


def cut_off(visits: pl.DataFrame | None, scope: Scope, hits: pl.DataFrame | None) -> pl.DataFrame:
    """Give the visits of a scope that were cut off and without a request, each as one never answered."""
    of_scope = within(visits, Scope(scope.channel, scope.operation))
    if of_scope is None:
        return VISITS.to_frame()
    cut = of_scope.filter(pl.col("outcome") == Outcome.UNFINISHED.value)
    if hits is not None:
        cut = cut.join(hits, on=["customer", "attempt"], how="anti")
    return _as_visits(cut, pl.col("due_s"))


def _as_visits(rows: pl.DataFrame, due_s: pl.Expr) -> pl.DataFrame:
    ended_s = pl.max_horizontal("ended_s", due_s)
    return rows.with_columns(
        due_s.alias("due_s"),
        due_s.alias("started_s"),
        pl.when(_SERVED).then(ended_s).alias("served_s"),
        ended_s.alias("ended_s"),
        pl.when(_SERVED).then(pl.lit("")).otherwise(pl.lit("request")).alias("cause"),
        *(pl.lit(0).alias(name) for name in ("subscriber", "site")),
        *(pl.lit(0.0).alias(name) for name in ("human_s", "wait_s")),
        pl.lit("").alias("segment"),
    ).select(pl.col(name).cast(kind) for name, kind in VISITS.items())


def _visits_alone(criterion: OfStep) -> OfStep:
    return replace(criterion, scope=Scope(criterion.scope.channel, criterion.scope.operation))


def _undecided(criterion: OfStep, reason: str) -> Judgement:
    return Judgement(
        criterion=criterion.text, verdict=Verdict.UNDECIDED, reason=reason, validity=criterion.validity
    )


def _none(hits: pl.DataFrame | None, scope: Scope) -> str:
    """Say that no request matches, and which there are."""
    if hits is None:
        return f"no requests of {scope} are known: they are judged after the run, from hits.parquet"
    of_scope = within(hits, Scope(scope.channel, scope.operation))
    steps = [] if of_scope is None else sorted(of_scope["step"].unique().to_list())
    named = ", ".join(steps[:_STEPS_NAMED]) + (", …" if len(steps) > _STEPS_NAMED else "")
    there = f"; {scope.channel}.{scope.operation} has {named}" if named else ""
    return f"no requests match {scope}{there}"


def _sampled(evidence: Evidence) -> str:
    kept = evidence.manifest.settings.get("hits_sample_share")
    if not isinstance(kept, int | float) or kept >= 1:
        return ""
    return f"; a sample, the requests of {percent(float(kept))} of the customers"
