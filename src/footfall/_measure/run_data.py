"""What a run has to show for itself, and what all judges share: from bounds to a judgement."""

import math
from dataclasses import dataclass, replace

import polars as pl

from footfall._criteria.objects import (
    OPERATORS,
    AbortCriterion,
    AgreementCriterion,
    ArrivalsCriterion,
    BaselineCriterion,
    Criterion,
    LagCriterion,
    OwnCriterion,
    ResponseCriterion,
    Scope,
    ScopedCriterion,
    ServerCriterion,
    ShareCriterion,
)
from footfall._measure.verdict import Judgement, Verdict
from footfall._records.runs import Manifest
from footfall._stats.episodes import EPISODES_LEAST, Episodes
from footfall._stats.intervals import Interval
from footfall._stats.response_times import PASS_LEAST, Slow

# ── What a run has to show for itself


@dataclass(frozen=True, slots=True, kw_only=True)
class RunData:
    """The manifest of a run, and its visits in each world (`VISITS`), None where it has none.

    Where both worlds are there, they must be of the same window. Success and response are judged on the
    measured visits, and on the predicted ones only in a run that was not played.
    """

    manifest: Manifest
    predicted: pl.DataFrame | None = None
    measured: pl.DataFrame | None = None
    replications: pl.DataFrame | None = None
    """Figures of the prediction, replication by replication (`REPLICATIONS`), None where it has none."""
    arrivals: pl.DataFrame | None = None
    """The trace that was played (`ARRIVALS`), None where it is not there."""
    hits: pl.DataFrame | None = None
    """The requests that were kept (`HITS`), None where there are none."""
    server: pl.DataFrame | None = None
    """Figures of the service, as they were sampled (`SERVER_ROWS`), None where none were."""
    baseline: "RunData | None" = None
    """An earlier run, for criteria that speak of one."""

    @property
    def played_s(self) -> float | None:
        """Seconds of the run that the trace covers, None where the manifest does not say."""
        pace = self.manifest.settings.get("play") or {}
        length_s, speed = pace.get("length_s"), pace.get("speed")
        return length_s / speed if length_s and speed else None

    def judged(self, scope: Scope) -> pl.DataFrame | None:
        """The visits that a criterion of that scope is held against; None when there are none."""
        return within(self.measured if self.measured is not None else self.predicted, scope)


def in_order(visits: pl.DataFrame) -> pl.DataFrame:
    """Visits in the order in which they were due."""
    return visits.sort("due_s", "customer", "attempt")


def within(visits: pl.DataFrame | None, scope: Scope) -> pl.DataFrame | None:
    """The visits that belong to a scope, None when there are none."""
    if visits is None:
        return None
    pairs = visits.select("channel", "operation").unique().rows()
    wanted = pl.DataFrame(
        [pair for pair in pairs if scope.matches(*pair)],
        schema={"channel": pl.String, "operation": pl.String},
        orient="row",
    )
    matching = visits.join(wanted, on=["channel", "operation"], how="semi")
    return None if matching.is_empty() else matching


# ── What all judges share: from bounds to a verdict, what it assumes, and what would decide


def decided(bounds: Interval, sign: str, bound: float) -> Verdict:
    """Pass when both bounds keep the criterion, fail when neither does, undecided when they disagree."""
    keeps = [OPERATORS[sign](each, bound) for each in bounds]
    if all(keeps):
        return Verdict.PASS
    return Verdict.UNDECIDED if any(keeps) else Verdict.FAIL


def enough(needed: int | None, n: int, evidence: RunData) -> str:
    """Say how many visits like those that were seen would decide, and how long a run that is."""
    if needed is None:
        return "at this very value no number of visits would decide"
    words = f"{needed:,} visits like these would decide in 9 of 10 runs"
    if evidence.played_s and n:
        words += f", about {evidence.played_s * needed / n:,.0f} s at this rate"
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


def judged(  # noqa: PLR0913 - the fields of a judgement
    criterion: Criterion,
    verdict: Verdict,
    reason: str,
    value: float | None,
    bounds: Interval | None = None,
    *,
    n: int,
    decisive: bool = False,
) -> Judgement:
    """Return the judgement of a criterion by the figure that was found, with its bounds if it has any."""
    bound, unit = _bound_of(criterion)
    low, high = (None, None) if bounds is None else (finite(bounds.low), finite(bounds.high))
    return Judgement(
        criterion=criterion.text,
        verdict=verdict,
        reason=reason,
        value=value,
        low=low,
        high=high,
        bound=bound,
        unit=unit,
        n=n,
        validity=criterion.validity,
        decisive=decisive,
    )


def _bound_of(criterion: Criterion) -> tuple[float, str]:
    """Return what the found figure is compared with, and its unit."""
    match criterion:
        case ShareCriterion():
            return criterion.bound_share, "share"
        case ResponseCriterion() | LagCriterion() | OwnCriterion():
            return criterion.limit_s, "s"
        case ArrivalsCriterion() | AgreementCriterion():
            return criterion.tolerance_share, "share"
        case BaselineCriterion():
            return criterion.tolerance, criterion.unit
        case ServerCriterion():
            return criterion.limit, criterion.unit
        case AbortCriterion():
            return criterion.share, "share"
        case _:
            raise TypeError(f"no bound of a {type(criterion).__name__}")


def without_figure(
    criterion: Criterion, verdict: Verdict, reason: str, *, n: int = 0, decisive: bool = False
) -> Judgement:
    """Return the judgement of a criterion for which there is no figure to show."""
    return Judgement(
        criterion=criterion.text,
        verdict=verdict,
        reason=reason,
        n=n,
        validity=criterion.validity,
        decisive=decisive,
    )


def unmatched(criterion: ScopedCriterion, source: str = "") -> Judgement:
    """Return that no visit matches the scope of a criterion; `source` says which visits were looked at."""
    return without_figure(criterion, Verdict.UNDECIDED, f"no {source}visits match {criterion.scope}")


def untrusted(criterion: Criterion, reason: str) -> Judgement:
    """Return that the run does not hold what is needed to trust it."""
    return replace(without_figure(criterion, Verdict.INVALID, reason), validity=True)


def finite(bound: float) -> float | None:
    """A bound that is one."""
    return bound if math.isfinite(bound) else None
