"""Judge shares and response times of visits, and of the requests of one step."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall._criteria.objects import (
    AgreementCriterion,
    BaselineCriterion,
    ResponseCriterion,
    Scope,
    ShareCriterion,
)
from footfall._measure import run_data
from footfall._measure.quantile_bounds import Limit, Quantile
from footfall._measure.run_data import within
from footfall._measure.summary import RESPONSE_S, SERVED
from footfall._measure.verdict import Judgement, Verdict
from footfall._records.rows import ERRORS, Outcome
from footfall._records.tables import VISITS
from footfall._stats import episodes, response_times
from footfall._stats.intervals import Interval, between, duration, nearest_rank, percent, points

# ── Judge shares of visits: success, errors, and whether prediction and measurement agree

_BAD = {"success": ~SERVED, "error": pl.col("outcome").is_in(ERRORS)}
_WORDS = {"success": "served", "error": "ended by an error or never answered"}
_NOUNS = {"success": "failures", "error": "errors"}
_REPLICATION = "replication"


def bad_of(visits: pl.DataFrame, of: str) -> episodes.Episodes:
    """Read the visits that count against `success` or `error`, in the order in which they were due."""
    ordered = run_data.in_order(visits)
    bad = ordered.select(_BAD[of]).to_series().to_numpy()
    return episodes.episodes_of(bad, ordered["customer"].to_numpy())


def judge_share(criterion: ShareCriterion, evidence: run_data.RunData) -> Judgement:
    """Hold the bounds of a share against its limit, minding that bad visits come in episodes."""
    visits = evidence.judged(criterion.scope)
    if visits is None:
        return run_data.unmatched(criterion)
    seen, longest, of_success = (
        bad_of(visits, criterion.of),
        criterion.longest_episode,
        criterion.of == "success",
    )
    bad = episodes.bad_share_bounds(seen, longest)
    bounds = Interval(1 - bad.high, 1 - bad.low) if of_success else bad
    share = 1 - seen.share if of_success else seen.share
    verdict = run_data.decided(bounds, criterion.operator, criterion.bound_share)
    found = f"{percent(share)} of {seen.visits} visits {_WORDS[criterion.of]}, {between(percent, bounds)}"
    if verdict is Verdict.UNDECIDED:
        bad_limit = 1 - criterion.bound_share if of_success else criterion.bound_share
        hint = run_data.enough(episodes.visits_to_decide(seen, bad_limit, longest), seen.visits, evidence)
        passing = bounds.low if criterion.operator in {">=", ">"} else bounds.high
        found += f": too few to tell from {percent(criterion.bound_share)}; {hint}"
        found += f"; a limit of {_outward(passing, criterion.operator)} would pass now"
    found += f"; {run_data.assumed(seen, longest, _NOUNS[criterion.of])}"
    return run_data.judged(criterion, verdict, found, share, bounds, n=seen.visits)


def _outward(share: float, sign: str) -> str:
    """A limit in percent on the passing side of a bound."""
    tenths = np.floor(share * 1000) if sign in {">=", ">"} else np.ceil(share * 1000)
    return f"{tenths / 10:.1f} %"


def judge_agreement(criterion: AgreementCriterion, evidence: run_data.RunData) -> Judgement:
    """Two one-sided tests: pass when the whole interval of predicted - measured lies within ± the tolerance.

    Fail when it lies wholly outside, else undecided. Both worlds are of the same customers, hence paired.
    Source: D. J. Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15 (1987) 657-680.
    """
    worlds = [within(frame, criterion.scope) for frame in (evidence.predicted, evidence.measured)]
    if worlds[0] is None or worlds[1] is None:
        missing = "predicted" if worlds[0] is None else "measured"
        return run_data.unmatched(criterion, f"{missing} ")
    predicted, measured = paired(worlds[0], worlds[1])
    difference, tolerance = predicted.share - measured.share, criterion.tolerance_share
    bounds = episodes.paired_bounds(predicted, measured, criterion.longest_episode)
    n = worlds[1].height
    found = (
        f"predicted {percent(predicted.share)}, measured {percent(measured.share)} of {n} visits: "
        f"{points(difference)}, {between(points, bounds)}"
    )
    verdict = Verdict.UNDECIDED
    if -tolerance <= bounds.low and bounds.high <= tolerance:
        verdict = Verdict.PASS
    elif bounds.low > tolerance or bounds.high < -tolerance:
        verdict = Verdict.FAIL
    else:
        widest = max(-bounds.low, bounds.high)
        found += f": too few to tell; {run_data.enough(_needed(predicted, measured, criterion), n, evidence)}"
        found += f"; a tolerance of {np.ceil(widest * 1000) / 10:.1f}pt would pass now"
    return run_data.judged(criterion, verdict, found, difference, bounds, n=n)


def paired(predicted: pl.DataFrame, measured: pl.DataFrame) -> tuple[episodes.Side, episodes.Side]:
    """Both worlds customer by customer, in the order in which they were first due.

    Predicted visits of several replications (a column `replication`) are averaged over them.
    """
    counts = 1
    if _REPLICATION in predicted.columns:
        counts = predicted[_REPLICATION].n_unique()
    figures = [SERVED.sum().alias("served"), pl.len().alias("visits"), pl.col("due_s").min()]
    both = (
        predicted.group_by("customer")
        .agg(figures)
        .join(measured.group_by("customer").agg(figures), on="customer", how="full", coalesce=True)
        .sort(pl.min_horizontal("due_s", "due_s_right"), "customer")
        .fill_null(0)
    )
    one, two, three, four = (
        both[name].cast(pl.Float64).to_numpy()
        for name in ("served", "visits", "served_right", "visits_right")
    )
    return episodes.Side(served=one / counts, visits=two / counts), episodes.Side(served=three, visits=four)


def _needed(predicted: episodes.Side, measured: episodes.Side, criterion: AgreementCriterion) -> int | None:
    """Measured visits with which the same worlds, so many times longer, are decided in nine of ten runs."""
    difference, tolerance = abs(predicted.share - measured.share), criterion.tolerance_share
    n = round(float(measured.visits.sum()))
    room = abs(tolerance - difference)

    def decides(times: int) -> bool:
        longer = [
            episodes.Side(served=np.tile(side.served, times), visits=np.tile(side.visits, times))
            for side in (predicted, measured)
        ]
        # The difference itself moves: 1.28 of 1.96 standard errors.
        return (
            episodes.paired_bounds(longer[0], longer[1], criterion.longest_episode).half_width * _POWER
            <= room
        )

    if not room or n == 0:
        return None
    for times in (2, 3, 4, 6, 8, 12, 16, 24, 32):
        if times * len(measured.visits) > _CUSTOMERS_MOST:
            break
        if decides(times):
            return times * n
    width = episodes.paired_bounds(predicted, measured, criterion.longest_episode).half_width
    return int(n * max(32.0, (_POWER * width / room) ** 2)) + 1


_POWER = 1.66
_CUSTOMERS_MOST = 200_000


# ── Judge response times: a percentile by the share of visits beyond its limit, the mean by its bounds

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Times:
    """Response times in the order in which the visits were due."""

    seconds: Values
    cut: NDArray[np.bool_]
    """Visits that were never answered (their times would be longer), or whose time is not known."""
    customers: NDArray[np.int64]

    def __len__(self) -> int:
        """Number of visits."""
        return len(self.seconds)

    @property
    def at_worst(self) -> Values:
        """The times, where those that are not known were endless."""
        return np.where(self.cut, math.inf, self.seconds)


def times_of(visits: pl.DataFrame, *, of_all: bool = False) -> Times | None:
    """The times of visits that were served or never answered, or of all; None where none was served."""
    cut = pl.col("outcome") == Outcome.UNFINISHED.value
    if not of_all:
        visits = visits.filter(SERVED | cut)
        if not visits.select(SERVED.any()).item():
            return None
    is_known = RESPONSE_S.is_finite()
    seconds = pl.when(is_known).then(RESPONSE_S).otherwise(0.0)
    columns = run_data.in_order(visits).select(
        seconds.alias("seconds"), (cut | ~is_known).alias("cut"), "customer"
    )
    return Times(*(columns[name].to_numpy() for name in ("seconds", "cut", "customer")))


def statistic(values: Values, quantile: float | None) -> float:
    """The quantile, by nearest rank, or the mean."""
    return float(values.mean()) if quantile is None else nearest_rank(np.sort(values).tolist(), quantile)


def judge_response(criterion: ResponseCriterion, evidence: run_data.RunData) -> Judgement:
    """Hold a percentile or a mean against its limit."""
    visits = evidence.judged(criterion.scope)
    if visits is None:
        return run_data.unmatched(criterion)
    times = times_of(visits, of_all=criterion.of_all)
    if times is None:
        reason = (
            f"none of {visits.height} visits was served, so there is no response time to judge; "
            f"`{criterion.text.replace('(', '(all ', 1)}` asks for those of failed visits too"
        )
        return run_data.without_figure(criterion, Verdict.UNDECIDED, reason)
    if criterion.quantile is None:
        return _judge_mean(criterion, times, evidence)
    return _judge_percentile(criterion, criterion.quantile, times, evidence)


def _judge_percentile(
    criterion: ResponseCriterion, quantile: float, times: Times, evidence: run_data.RunData
) -> Judgement:
    """The share of visits beyond the limit decides; the interval shown is where that would be undecided."""
    longest, n = criterion.longest_episode, len(times)
    limit = Limit(seconds=criterion.limit_s, includes=criterion.operator == "<=")
    # A visit that was never answered is no shorter than it lasted, and may be endless.
    known, endless = (
        Quantile(values, quantile, times.customers, longest) for values in (times.seconds, times.at_worst)
    )
    surely, perhaps = known.beyond(limit), endless.beyond(limit)
    bounds = Interval(
        response_times.slow_share_least(surely, longest), response_times.slow_share_most(perhaps, longest)
    )
    verdict = run_data.decided(bounds, "<=", perhaps.allowed)
    shown = Interval(known.least_s(limit), endless.most_s(limit))
    value = statistic(times.at_worst, quantile)
    within = Interval(1 - bounds.high, 1 - bounds.low)
    found = f"{_duration(value)} over {_visits(times)}, {between(duration, shown)}"
    found += f"; {percent(1 - surely.seen.share)} took up to {duration(limit.seconds)}, "
    found += between(percent, within)
    if verdict is Verdict.UNDECIDED:
        needed = response_times.visits_to_decide_slow(perhaps, longest)
        found += f": too few to tell from {quantile * 100:g} %; {run_data.enough(needed, n, evidence)}"
    is_remembered = verdict is Verdict.UNDECIDED and not response_times.tells_a_share(perhaps)
    assumed = run_data.assumed(perhaps.seen, longest, "slow visits")
    found += f"; {run_data.alike(perhaps) if is_remembered else assumed}"
    return run_data.judged(criterion, verdict, found, run_data.finite(value), shown, n=n)


def _judge_mean(criterion: ResponseCriterion, times: Times, evidence: run_data.RunData) -> Judgement:
    """A mean with times that are not known can be too long, and cannot be short enough."""
    limit_s, n = criterion.limit_s, len(times)
    value, bounds = statistic(times.seconds, None), response_times.mean_bounds(times.seconds)
    if times.cut.any():
        bounds = Interval(bounds.low, math.inf)
    verdict = run_data.decided(bounds, criterion.operator, limit_s)
    found = f"{_duration(value)} over {_visits(times)}, {between(duration, bounds)}"
    if verdict is Verdict.UNDECIDED and times.cut.any():
        found += f": the mean is not known while {np.count_nonzero(times.cut)} visits were never answered"
    elif verdict is Verdict.UNDECIDED:
        needed = response_times.visits_to_decide_mean(times.seconds, limit_s)
        found += f": too few to tell from {duration(limit_s)}; {run_data.enough(needed, n, evidence)}"
    return run_data.judged(criterion, verdict, found, value, bounds, n=n)


def _visits(times: Times) -> str:
    cut = int(np.count_nonzero(times.cut))
    never = f" ({cut} of them never answered, each at least as long as it lasted)" if cut else ""
    return f"{len(times)} {'visit' if len(times) == 1 else 'visits'}{never}"


def _duration(seconds: float) -> str:
    return duration(seconds) if math.isfinite(seconds) else "not known"


# ── Criteria that name a step: the same judges, held against requests instead of visits

_OfStep = ShareCriterion | ResponseCriterion | BaselineCriterion
Judge = Callable[[_OfStep, run_data.RunData], Judgement]
_STEPS_NAMED = 8
_VISITS = re.compile(r"(?<![/\w])visits\b")
_SERVED = pl.col("outcome") == Outcome.SERVED.value


def judge_step(criterion: _OfStep, evidence: run_data.RunData, judge: Judge) -> Judgement:
    """Hold a criterion against the requests of its step, `judge` doing so for visits.

    A request that was cut off is one of its step, never answered. A visit that was cut off and of which no
    request is known, as in a sample, may have been waiting for just this step, or not: the verdict must be
    the same with one more request of each such visit, never answered, and without; else it is undecided.
    """
    scope, plain = criterion.scope, _visits_alone(criterion)
    known = None if evidence.hits is None else _requests_of(evidence.hits, scope)
    if known is None or known.is_empty():
        return run_data.without_figure(criterion, Verdict.UNDECIDED, _none(evidence.hits, scope))
    baseline = evidence.baseline
    if baseline is not None:
        before = VISITS.to_frame() if baseline.hits is None else _requests_of(baseline.hits, scope)
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


def _requests_of(hits: pl.DataFrame, scope: Scope) -> pl.DataFrame:
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


def _visits_alone(criterion: _OfStep) -> _OfStep:
    return replace(criterion, scope=Scope(criterion.scope.channel, criterion.scope.operation))


def _none(hits: pl.DataFrame | None, scope: Scope) -> str:
    """Say that no request matches, and which there are."""
    if hits is None:
        return f"no requests of {scope} are known: they are judged after the run, from hits.parquet"
    of_scope = within(hits, Scope(scope.channel, scope.operation))
    steps = [] if of_scope is None else sorted(of_scope["step"].unique().to_list())
    named = ", ".join(steps[:_STEPS_NAMED]) + (", …" if len(steps) > _STEPS_NAMED else "")
    there = f"; {scope.channel}.{scope.operation} has {named}" if named else ""
    return f"no requests match {scope}{there}"


def _sampled(evidence: run_data.RunData) -> str:
    kept = evidence.manifest.settings.get("hits_sample_share")
    if not isinstance(kept, int | float) or kept >= 1:
        return ""
    return f"; a sample, the requests of {percent(float(kept))} of the customers"
