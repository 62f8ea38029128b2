"""What the findings of all metrics amount to, and when runs can be compared at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from footfall.measure.between_runs.compare import ALPHA, Difference, Finding
from footfall.measure.criteria.evidence import Evidence
from footfall.measure.criteria.generator import judge_generator
from footfall.measure.criteria.grammar import parse_criteria, with_defaults
from footfall.measure.criteria.judge import judge
from footfall.measure.criteria.spec import ArrivalsCriterion, LagCriterion
from footfall.measure.verdict import Verdict
from footfall.records.runs import Manifest

_NAMED_MOST = 3


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
    """Worse as soon as one metric is; else not worse where enough is told.

    Metrics that were named must all be told. Of those that nobody named, some must be, and none may surely
    differ for the worse by an amount that is not told.
    """
    by_finding = {each: [d for d in differences if d.finding is each] for each in Finding}
    worse, unknown = by_finding[Finding.WORSE], by_finding[Finding.UNKNOWN]
    if worse:
        return ComparisonDecision(verdict=Comparison.WORSE, reason=_because(worse))
    grave = unknown if named else [d for d in unknown if _surely_for_the_worse(d)]
    if grave or len(unknown) == len(differences):
        reason = _because(grave or unknown) if differences else "nothing was compared"
        return ComparisonDecision(verdict=Comparison.UNKNOWN, reason=reason)
    same, better = len(by_finding[Finding.SAME]), len(by_finding[Finding.BETTER])
    counts = f"{better} better, {same} without a difference of that size, {len(unknown)} cannot be told"
    return ComparisonDecision(verdict=Comparison.NOT_WORSE, reason=f"of {len(differences)} metrics {counts}")


def why_left_out(manifest: Manifest) -> str | None:
    """Say why a run says nothing of its service; None when it does.

    A run counts that ran to its end, lost no worker and started its arrivals in time, by the bounds of its
    own criteria. Whether it met its other criteria does not matter here.
    """
    if manifest.status != "finished":
        return f"its status is {manifest.status!r}: it was cut short"
    if getattr(manifest, "degraded", False):
        return "it is degraded: a worker was lost"
    if manifest.arrivals is not None and manifest.arrivals.broken:
        return f"{manifest.arrivals.broken:,} arrivals broke inside the generator"
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


def _surely_for_the_worse(difference: Difference) -> bool:
    if difference.p_holm is None or difference.p_holm > ALPHA or difference.difference is None:
        return False
    return (difference.difference < 0) is difference.metric.higher_is_better


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
