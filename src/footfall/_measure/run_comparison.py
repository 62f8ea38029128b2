"""Whether one set of runs is better or worse than another, metric by metric; a run is one value."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from types import MappingProxyType
from typing import NamedTuple

from footfall._criteria.lists import criteria_of, parse, with_defaults
from footfall._criteria.objects import ArrivalsCriterion, LagCriterion
from footfall._measure.judge import judge, judge_generator, spoiled_by
from footfall._measure.run_data import RunData
from footfall._measure.run_metrics import Metric
from footfall._measure.verdict import Verdict
from footfall._records.runs import Manifest
from footfall._stats import CONFIDENCE
from footfall._stats.intervals import Interval
from footfall._stats.rank_tests import least_runs, mann_whitney_p, shift, shift_interval, smallest_p

# ── Better, worse, the same or unknown: two sets of runs, metric by metric

_ALPHA = 1 - CONFIDENCE
_RUNS_SENSIBLE = 1000


class Finding(StrEnum):
    """What is found of one metric."""

    WORSE = "worse"
    BETTER = "better"
    UNKNOWN = "cannot tell"
    SAME = "no difference of that size"


class Sides(NamedTuple):
    """The values of a metric, one a run; None where a run has no visit of its scope."""

    baseline: Sequence[float | None]
    candidate: Sequence[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimum:
    """What a difference must exceed to count."""

    relative: float = 0.05
    """Of a time or goodput: 0.05 means 1.05 times as much, or as little."""
    share: float = 0.01
    """Of a success share: 0.01 is a point."""

    def of(self, metric: Metric) -> float:
        """Give it on the scale of comparison: the share itself, or the logarithm of the factor."""
        return self.share if metric.is_share else math.log1p(self.relative)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One metric of the candidate against the baseline: relative (0.05: 5 % more), or in shares."""

    metric: Metric
    baseline_runs: int
    candidate_runs: int
    baseline: float | None
    """Median of its runs."""
    candidate: float | None
    difference: float | None
    """By Hodges and Lehmann: the median of all pairs of runs."""
    low: float | None
    high: float | None
    """Exact 95 % bounds; None: so few runs have none."""
    p: float | None
    """Mann–Whitney, exact, two-sided."""
    p_holm: float | None
    """Adjusted for all metrics that are compared at once: at most 5 % is sure."""
    finding: Finding
    reason: str
    runs_needed: int | None
    """Each, to tell, as the reason says; None: there is a finding, or no sensible number would do."""
    is_main: bool
    """The verdict rests on it: it must be shown to be not worse."""
    minimum: float
    """What the difference must exceed, on the scale of comparison: a share, or the logarithm of a factor."""
    worst: float | None
    """The end of the interval on the side of worse, on that scale, positive where the candidate is worse;
    None: so few runs have no interval."""
    best: float | None
    """The other end, likewise."""


def compare_runs(
    samples: Mapping[Metric, Sides], minimum: Minimum | None = None, main: Collection[Metric] = ()
) -> tuple[Difference, ...]:
    """Compare each metric run by run, in the order given.

    Worse (or better): the difference is beyond the minimum on that side with an adjusted p-value of at most
    5 %, so that even where all differences are exactly the minimum, at most one comparison in twenty finds
    any. The same: the interval lies wholly within the minimum either way. Else it is unknown. Times and
    goodput are compared by their ratio, so that swapping the sides swaps the findings.

    Without `main` all metrics are one family, adjusted by Holm. With it, those of `main` are a family of
    their own and all others are a second one; each has half of the 5 %, so that a few metrics can be decided
    from few runs however many others there are. Source: S. Holm, Scandinavian Journal of Statistics 6 (1979)
    65-70.
    """
    least = minimum or Minimum()
    pairs = {metric: _Pair.of(metric, sides, least.of(metric)) for metric, sides in samples.items()}
    present = {metric: pair for metric, pair in pairs.items() if pair is not None}
    families = [
        family
        for family in ([m for m in present if m in main], [m for m in present if m not in main])
        if family
    ]
    found: dict[Metric, Difference] = {}
    for family in families:
        adjusted = holm([present[metric].p for metric in family])
        beyond = holm([present[metric].p_beyond for metric in family])
        for metric, p, p_beyond in zip(family, adjusted, beyond, strict=True):
            found[metric] = _difference(
                present[metric],
                _Family(
                    p_holm=min(1.0, p * len(families)),
                    p_beyond=min(1.0, p_beyond * len(families)),
                    metrics=len(family),
                    families=len(families),
                    minimum=least.of(metric),
                    is_main=metric in main,
                ),
            )
    return tuple(
        found.get(metric)
        or _missing(metric, samples[metric], is_main=metric in main, minimum=least.of(metric))
        for metric in samples
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for their number, in order: the i-th smallest times m - i + 1, never falling."""
    m, highest = len(p_values), 0.0
    adjusted = [0.0] * m
    for rank, place in enumerate(sorted(range(m), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (m - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """Both sides of a metric, compared on its own scale: the share, or the logarithm."""

    metric: Metric
    baseline: tuple[float, ...]
    candidate: tuple[float, ...]
    shift: float
    interval: Interval | None
    p: float
    """Of no difference at all."""
    p_beyond: float
    """Of a difference that is no larger than the minimum."""

    @classmethod
    def of(cls, metric: Metric, sides: Sides, minimum: float) -> "_Pair | None":
        """Compare; None when a side has no value."""
        baseline, candidate = (tuple(v for v in side if v is not None) for side in sides)
        if not (baseline and candidate):
            return None
        one, two = ([_scaled(metric, value) for value in side] for side in (candidate, baseline))
        by = shift(one, two)
        nearer = [value - math.copysign(minimum, by) for value in one]
        return cls(
            metric=metric,
            baseline=baseline,
            candidate=candidate,
            shift=by,
            interval=shift_interval(one, two),
            p=mann_whitney_p(one, two),
            p_beyond=mann_whitney_p(nearer, two) if abs(by) > minimum else 1.0,
        )

    @property
    def runs(self) -> str:
        """How many runs there are, in words."""
        n, m = len(self.candidate), len(self.baseline)
        if n != m:
            return f"{n} against {m} runs"
        return f"{n} runs each" if n > 1 else "one run each"


class _Family(NamedTuple):
    """What a metric's own figures do not show: how many are compared at once, and what counts."""

    p_holm: float
    p_beyond: float
    metrics: int
    families: int
    minimum: float
    is_main: bool

    @property
    def p_most(self) -> float:
        """What a metric's own p-value must not exceed to be sure whatever the others are."""
        return _ALPHA / (self.metrics * self.families)


def _difference(pair: _Pair, family: _Family) -> Difference:
    finding, reason, needed = _finding(pair, family)
    ends = pair.interval or (None, None)
    low, high = (None if end is None else _unscaled(pair.metric, end) for end in ends)
    return Difference(
        metric=pair.metric,
        baseline_runs=len(pair.baseline),
        candidate_runs=len(pair.candidate),
        baseline=median(pair.baseline),
        candidate=median(pair.candidate),
        difference=_unscaled(pair.metric, pair.shift),
        low=low,
        high=high,
        p=pair.p,
        p_holm=family.p_holm,
        finding=finding,
        reason=reason,
        runs_needed=needed,
        is_main=family.is_main,
        minimum=family.minimum,
        worst=_ends_for_worse(pair)[0],
        best=_ends_for_worse(pair)[1],
    )


def _ends_for_worse(pair: _Pair) -> tuple[float | None, float | None]:
    """Give both ends of the interval, positive where the candidate is worse: the worse end first."""
    if pair.interval is None:
        return None, None
    low, high = pair.interval
    return (-low, -high) if pair.metric.higher_is_better else (high, low)


def _finding(pair: _Pair, family: _Family) -> tuple[Finding, str, int | None]:
    if pair.interval is None:
        least = least_runs(_ALPHA)
        said = f"{pair.runs} can never show it at 95 %, a difference or that there is none"
        return Finding.UNKNOWN, f"{said}: at least {least} each", least
    low, high = pair.interval
    size = _size(pair.metric, family.minimum)
    if -family.minimum <= low and high <= family.minimum:
        return Finding.SAME, f"surely within {size} either way", None
    if low > family.minimum or high < -family.minimum:
        return _beyond(pair, family, size)
    return _undecided(pair, family, size)


def _beyond(pair: _Pair, family: _Family, size: str) -> tuple[Finding, str, int | None]:
    if family.p_beyond <= _ALPHA:
        better = (pair.shift > 0) is pair.metric.higher_is_better
        return Finding.BETTER if better else Finding.WORSE, f"surely by more than {size}", None
    alone = f"by itself beyond {size} (p {_p(pair.p_beyond)})"
    if smallest_p(len(pair.candidate), len(pair.baseline)) <= family.p_most:
        said = f"{alone}, but not among {family.metrics} metrics (Holm's p {_p(family.p_beyond)})"
        return Finding.UNKNOWN, f"{said}: more runs, or fewer metrics", None
    least = least_runs(family.p_most)
    said = f"{alone}, but {pair.runs} can never show it among {family.metrics} metrics at once"
    return Finding.UNKNOWN, f"{said}: at least {least} each, or fewer metrics", least


def _undecided(pair: _Pair, family: _Family, size: str) -> tuple[Finding, str, int | None]:
    needed = _runs_needed(pair, family)
    hint = f"about {needed} runs each would tell" if needed else "too near that bound to tell"
    if family.p_holm <= _ALPHA:
        return Finding.UNKNOWN, f"surely differs, but not surely by more than {size}: {hint}", needed
    return Finding.UNKNOWN, f"the interval holds both more and less than {size}: {hint}", needed


def _runs_needed(pair: _Pair, family: _Family) -> int | None:
    """About how many runs each would shrink the interval, by 1 / √n, until it lies on one side of a bound."""
    assert pair.interval is not None  # noqa: S101  such a pair has been dealt with
    runs = min(len(pair.candidate), len(pair.baseline))
    beyond = abs(pair.shift) - family.minimum
    half_width = pair.interval.half_width
    if not beyond or not math.isfinite(half_width):
        return None
    needed = max(runs + 1, math.ceil(runs * (half_width / beyond) ** 2))
    least = least_runs(family.p_most) if beyond > 0 else needed
    return max(needed, least) if needed <= _RUNS_SENSIBLE else None


def _missing(metric: Metric, sides: Sides, *, is_main: bool, minimum: float) -> Difference:
    counts = [sum(value is not None for value in side) for side in sides]
    empty = "baseline" if not counts[0] else "candidate"
    return Difference(
        metric=metric,
        baseline_runs=counts[0],
        candidate_runs=counts[1],
        **dict.fromkeys(
            ("baseline", "candidate", "difference", "low", "high", "p", "p_holm", "worst", "best")
        ),
        is_main=is_main,
        minimum=minimum,
        finding=Finding.UNKNOWN,
        reason=f"no run of the {empty} has such a visit",
        runs_needed=None,
    )


def _scaled(metric: Metric, value: float) -> float:
    if metric.is_share:
        return value
    return math.log(value) if value > 0 else -math.inf


def _unscaled(metric: Metric, value: float) -> float:
    return value if metric.is_share else math.expm1(value)


def _size(metric: Metric, minimum: float) -> str:
    return f"{minimum * 100:g} pt" if metric.is_share else f"{round(math.expm1(minimum) * 100, 9):g} %"


def _p(value: float) -> str:
    return f"{value:.2g}"


# ── What the findings of all metrics amount to, and when runs can be compared at all

_NAMED_MOST = 3
_BLIND_FACTOR = 2.0
"""A metric that was not named may stay unknown, unless a time this many times as long would stay unseen …"""
_BLIND_SHARE = 0.10
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

    Named metrics must each get a finding, or their interval must end before the minimum on the side of worse.
    Where none is named, that is asked of the main metrics. Of each other metric it is asked that its
    interval, by itself, does not lie wholly beyond the minimum for the worse, that it does not surely differ
    for the worse by an unknown amount, and that its end is not twice the time (or 10 points of success)
    away: it could be far worse without being seen.
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
    own = criteria_of(manifest.settings.get("criteria", ()), f"run {manifest.run}")
    if not any(isinstance(each, ArrivalsCriterion) for each in own):
        own += (parse("arrivals(*) within 0% of trace"),)
    criteria = with_defaults(own)
    keeps_up = judge_generator(criteria, manifest)
    if keeps_up is not None and keeps_up.verdict is Verdict.INVALID:
        return f"{keeps_up.criterion}: {keeps_up.reason}"
    for criterion in criteria:
        if isinstance(criterion, LagCriterion | ArrivalsCriterion):
            judged = judge(criterion, RunData(manifest=manifest))
            if judged.verdict is Verdict.INVALID:
                return f"{criterion.text}: {judged.reason}"
    return None


def _looks_worse(difference: Difference) -> bool:
    """Whether it is by itself beyond the minimum, or surely worse by an amount that may be beyond it."""
    if difference.best is None or is_not_worse(difference):
        return False
    surely = difference.p_holm is not None and difference.p_holm <= _ALPHA and difference.best > 0
    return surely or difference.best > difference.minimum


def _blind(difference: Difference) -> float:
    """Give how far worse, on its scale, a metric may be that is not a main one."""
    return max(difference.minimum, _BLIND_SHARE if difference.metric.is_share else math.log(_BLIND_FACTOR))


def _could_be(blind: Sequence[Difference], metrics: int) -> str:
    names = _metrics([str(each.metric) for each in blind])
    verb = "vary" if len(blind) > 1 else "varies"
    return (
        f"{names} {verb} so much from run to run that {_BLIND_FACTOR:g} times the time, or "
        f"{_BLIND_SHARE * 100:g} pt less success, would not be seen ({len(blind)} of {metrics} metrics): "
        "more runs, or --metric for those that matter"
    )


def _not_worse(asked: Sequence[Difference], others: Sequence[Difference]) -> str:
    better = sum(each.finding is Finding.BETTER for each in asked)
    reason = f"{_metrics([str(each.metric) for each in asked])}: surely not worse by the minimum"
    reason += f", {better} of {len(asked)} better" if better else ""
    if not others:
        return reason
    unknown = sum(not is_not_worse(each) for each in others)
    size = f"by {_BLIND_FACTOR:g} times, or {_BLIND_SHARE * 100:g} pt"
    return f"{reason}; of {len(others)} others none looks worse, {unknown} may be, though not {size}"


def _because(differences: Sequence[Difference]) -> str:
    """Name the metrics, those of one reason together."""
    by_reason: dict[str, list[str]] = {}
    for each in differences:
        by_reason.setdefault(each.reason, []).append(str(each.metric))
    named = [f"{_metrics(names)}: {reason}" for reason, names in list(by_reason.items())[:_NAMED_MOST]]
    more = sum(len(names) for names in list(by_reason.values())[_NAMED_MOST:])
    return "; ".join(named) + (f"; and {more} more" if more else "")


def _metrics(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED_MOST])
    more = len(names) - _NAMED_MOST
    return f"{shown} and {more} more" if more > 0 else shown
