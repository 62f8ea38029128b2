"""What the findings of all metrics amount to, and when runs can be compared at all."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from footfall.measure.between_runs.compare import ALPHA, Difference, Finding
from footfall.measure.criteria.evidence import Evidence
from footfall.measure.criteria.generator import judge_generator, spoiled_by
from footfall.measure.criteria.grammar import parse_criteria, with_defaults
from footfall.measure.criteria.judge import judge
from footfall.measure.criteria.spec import ArrivalsCriterion, LagCriterion
from footfall.measure.verdict import Verdict
from footfall.records.runs import Manifest

_NAMED_MOST = 3
BLIND_FACTOR = 2.0
"""A metric that nobody named may be untold, but not so that a time this many times as long stays unseen …"""
BLIND_SHARE = 0.10
"""… nor success lower by this much."""


class Comparison(StrEnum):
    """What a comparison comes to."""

    NOT_WORSE = "not worse"
    WORSE = "worse"
    UNKNOWN = "cannot tell"


EXIT_CODES: Mapping[Comparison, int] = MappingProxyType(
    {Comparison.NOT_WORSE: 0, Comparison.WORSE: 1, Comparison.UNKNOWN: 3}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonDecision:
    """The verdict on the candidate, with its reason."""

    verdict: Comparison
    reason: str


def decide_comparison(differences: Sequence[Difference], *, named: bool) -> ComparisonDecision:
    """Worse as soon as one metric is; not worse only where worse would have been seen; else cannot tell.

    Named metrics must each be told, or their interval must end before the minimum on the side of worse. Where
    none is named, that is asked of the main metrics. Of each other metric it is asked that its interval, by
    itself, does not lie wholly beyond the minimum for the worse and that it does not surely differ for the
    worse by an amount that is not told, and that its end is not
    twice the time (or 10 points of success) away: it could be far worse without being seen.
    """
    if not differences:
        return ComparisonDecision(verdict=Comparison.UNKNOWN, reason="nothing was compared")
    worse = [each for each in differences if each.finding is Finding.WORSE]
    if worse:
        return ComparisonDecision(verdict=Comparison.WORSE, reason=_because(worse))
    asked = [each for each in differences if named or each.is_main]
    if not asked:
        reason = "too few visits: no run has 20, for success, p50 and p95 of all"
        return ComparisonDecision(verdict=Comparison.UNKNOWN, reason=reason)
    open_ = [each for each in asked if not is_not_worse(each)]
    others = [] if named else [each for each in differences if not each.is_main]
    suspect = [each for each in others if _looks_worse(each)]
    if open_ or suspect:
        return ComparisonDecision(verdict=Comparison.UNKNOWN, reason=_because([*open_, *suspect]))
    if blind := [each for each in others if each.worst is None or each.worst > _blind(each)]:
        return ComparisonDecision(verdict=Comparison.UNKNOWN, reason=_could_be(blind, len(differences)))
    return ComparisonDecision(verdict=Comparison.NOT_WORSE, reason=_not_worse(asked, others))


def is_not_worse(difference: Difference) -> bool:
    """Whether its whole interval lies before the minimum on the side of worse.

    If the true difference is beyond the minimum, that happens in at most 2.5 % of comparisons, whatever the
    number of runs and of metrics, since the interval is exact.
    """
    return difference.worst is not None and difference.worst <= difference.minimum


def why_left_out(manifest: Manifest) -> str | None:
    """Say why a run says nothing of its service; None when it does.

    A run counts that ran to its end, lost no worker and started its arrivals in time, by the bounds of its
    own criteria. Whether it met its other criteria does not matter here.
    """
    if manifest.status != "finished":
        return f"its status is {manifest.status!r}: it was cut short"
    if manifest.degraded or any(each.status in {"left", "lost"} for each in manifest.workers):
        return "it is degraded: a worker was lost"
    if spoiled := spoiled_by(manifest):
        return spoiled
    lines = "\n".join(str(line) for line in manifest.settings.get("criteria", ()))
    arrivals = "" if "arrivals(" in lines else "\narrivals(*) within 0% of trace"
    criteria = with_defaults(parse_criteria(lines + arrivals, f"run {manifest.run}"))
    keeps_up = judge_generator(criteria, manifest)
    if keeps_up is not None and keeps_up.verdict is Verdict.INVALID:
        return f"{keeps_up.criterion}: {keeps_up.reason}"
    for criterion in criteria:
        if isinstance(criterion, LagCriterion | ArrivalsCriterion):
            judged = judge(criterion, Evidence(manifest=manifest))
            if judged.verdict is Verdict.INVALID:
                return f"{criterion.text}: {judged.reason}"
    return None


def _looks_worse(difference: Difference) -> bool:
    """Whether it is by itself beyond the minimum, or surely worse by an amount that may be beyond it."""
    if difference.best is None or is_not_worse(difference):
        return False
    surely = difference.p_holm is not None and difference.p_holm <= ALPHA and difference.best > 0
    return surely or difference.best > difference.minimum


def _blind(difference: Difference) -> float:
    """Give how far worse, on its scale, a metric may be that is not a main one."""
    return max(difference.minimum, BLIND_SHARE if difference.metric.is_share else math.log(BLIND_FACTOR))


def _could_be(blind: Sequence[Difference], metrics: int) -> str:
    names = _metrics([str(each.metric) for each in blind])
    verb = "vary" if len(blind) > 1 else "varies"
    return (
        f"{names} {verb} so much from run to run that {BLIND_FACTOR:g} times the time, or "
        f"{BLIND_SHARE * 100:g} pt less success, would not be seen ({len(blind)} of {metrics} metrics): "
        "more runs, or --metric for those that matter"
    )


def _not_worse(asked: Sequence[Difference], others: Sequence[Difference]) -> str:
    better = sum(each.finding is Finding.BETTER for each in asked)
    told = f"{_metrics([str(each.metric) for each in asked])}: surely not worse by the minimum"
    told += f", {better} of {len(asked)} better" if better else ""
    if not others:
        return told
    unknown = sum(not is_not_worse(each) for each in others)
    size = f"by {BLIND_FACTOR:g} times, or {BLIND_SHARE * 100:g} pt"
    return f"{told}; of {len(others)} others none looks worse, {unknown} may be, though not {size}"


def _because(differences: Sequence[Difference]) -> str:
    """Name the metrics, those of one reason together."""
    by_reason: dict[str, list[str]] = {}
    for each in differences:
        by_reason.setdefault(each.reason, []).append(str(each.metric))
    told = [f"{_metrics(names)}: {reason}" for reason, names in list(by_reason.items())[:_NAMED_MOST]]
    more = sum(len(names) for names in list(by_reason.values())[_NAMED_MOST:])
    return "; ".join(told) + (f"; and {more} more" if more else "")


def _metrics(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED_MOST])
    more = len(names) - _NAMED_MOST
    return f"{shown} and {more} more" if more > 0 else shown
