"""Hold a criterion against a run: pass when sure it holds, fail when sure it does not, else undecided."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from footfall._criteria.objects import (
    AbortCriterion,
    AgreementCriterion,
    ArrivalsCriterion,
    BaselineCriterion,
    Criterion,
    LagCriterion,
    OwnCriterion,
    ResponseCriterion,
    ShareCriterion,
)
from footfall._measure.judge_baseline import judge_baseline
from footfall._measure.judge_run import (
    judge_abort,
    judge_arrivals,
    judge_generator,
    judge_lag,
    judge_own,
    judge_wholeness,
)
from footfall._measure.judge_visits import judge_agreement, judge_response, judge_share, judge_step
from footfall._measure.run_data import RunData
from footfall._measure.verdict import Judgement

_JUDGES: Mapping[type, Callable[[Any, RunData], Judgement]] = MappingProxyType(
    {
        ShareCriterion: judge_share,
        ResponseCriterion: judge_response,
        LagCriterion: judge_lag,
        OwnCriterion: judge_own,
        ArrivalsCriterion: judge_arrivals,
        AgreementCriterion: judge_agreement,
        BaselineCriterion: judge_baseline,
        AbortCriterion: judge_abort,
    }
)


def judge_all(criteria: Iterable[Criterion], evidence: RunData) -> tuple[Judgement, ...]:
    """Whether the run is whole and its generator kept up, then each criterion in its order."""
    asked = tuple(criteria)
    wholeness = judge_wholeness(evidence.manifest, evidence.measured)
    generator = judge_generator(asked, evidence.manifest)
    of_run = (wholeness,) if generator is None else (wholeness, generator)
    return (*of_run, *(judge(each, evidence) for each in asked))


def judge(criterion: Criterion, evidence: RunData) -> Judgement:
    """Hold one criterion against the evidence."""
    if isinstance(criterion, ShareCriterion | ResponseCriterion | BaselineCriterion) and criterion.scope.step:
        return judge_step(criterion, evidence, judge)
    return _JUDGES[type(criterion)](criterion, evidence)
