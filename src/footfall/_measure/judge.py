"""Hold a criterion against a run: pass when sure it holds, fail when sure it does not, else undecided."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from footfall._criteria.lists import AbortMonitor
from footfall._criteria.objects import (
    OPERATORS,
    AbortCriterion,
    AgreementCriterion,
    ArrivalsCriterion,
    BaselineCriterion,
    CapacityCriterion,
    Criterion,
    LagCriterion,
    OwnCriterion,
    ResponseCriterion,
    Scope,
    ServerCriterion,
    ShareCriterion,
)
from footfall._measure import judge_visits, run_data
from footfall._measure.judge_capacity import judge_without_search
from footfall._measure.judge_server import judge_server
from footfall._measure.quantile_bounds import quantile_bounds
from footfall._measure.summary import RESPONSE_S
from footfall._measure.verdict import Judgement, Verdict
from footfall._records.load_generator import ControlRecord, GeneratorRecord
from footfall._records.rows import NOT_SENDABLE
from footfall._records.runs import Manifest
from footfall._stats.episodes import apart_bounds, combined
from footfall._stats.intervals import Interval, duration, percent, points
from footfall._stats.response_times import MEAN_PASS_LEAST, mean_bounds

# ── Judge whether a run can be trusted at all: whole, in time, everybody sent, and not ended early

_OWN_LEAST_S = 0.005
_OWN_SHARE = 0.10
_OWN_WITHOUT_S = 0.050
_CPU_BUSY_SHARE = 0.90
_CPU_BUSY_SECONDS_SHARE = 0.10
_CPU_BUSY_SECONDS_LEAST = 2
_CPU_10MS_MOST_S = 0.03
_CPU_10MS_LEAST = 10
_CONTROL_LEAST = 20
_CONTROL_FACTOR = 5.0
_WOKEN_LEAST = 100
"""Two seconds of naps: fewer do not tell a busy host from a short burst."""
_SHORT_S = 0.01


def judge_wholeness(manifest: Manifest, visits: pl.DataFrame | None = None) -> Judgement:
    """See that the run ran to its end, with all that played it, and could send what it had to."""
    verdict, reason = Verdict.INVALID, f"its status is {manifest.status!r}: it was cut short"
    gone = sum(each.status in {"left", "lost"} for each in manifest.workers)
    if manifest.degraded or gone:
        lost = manifest.arrivals.lost if manifest.arrivals else 0
        reason = f"{gone} of {len(manifest.workers)} workers were lost or left, {lost} arrivals are unknown"
    elif manifest.ended_early_by:
        # Whatever else is asked of it now, it was not worth going on.
        reason = f"ended early by its own criterion, {manifest.ended_early_by}"
        return Judgement(criterion="run is finished", verdict=Verdict.FAIL, reason=reason, decisive=True)
    elif manifest.status == "finished":
        verdict, reason = Verdict.PASS, "it ran to its end"
    if own := "; ".join(each for each in (spoiled_by(manifest), _unsent(visits)) if each):
        reason = own if verdict is Verdict.PASS else f"{reason}; {own}"
        verdict = Verdict.INVALID
    return Judgement(criterion="run is finished", verdict=verdict, reason=reason, validity=True)


def _unsent(visits: pl.DataFrame | None) -> str:
    """Say how many visits ended at a request that no HTTP can carry; empty when none did."""
    if visits is None:
        return ""
    found = visits.filter(pl.col("cause").is_in(NOT_SENDABLE))["cause"].value_counts(sort=True)
    if found.is_empty():
        return ""
    causes = ", ".join(f"{cause} {n:,}" for cause, n in found.rows())
    return (
        f"{found['count'].sum():,} of {visits.height:,} visits ended at a request that cannot be sent "
        f"({causes}): the service was not asked"
    )


def spoiled_by(manifest: Manifest) -> str:
    """Say what the generator itself broke or ran out of, and how often; empty if nothing."""
    ran_out = manifest.connections.ran_out if manifest.connections else ""
    return "; ".join(each for each in (_broken(manifest), ran_out) if each)


def _broken(manifest: Manifest) -> str:
    """Say how many arrivals broke inside the generator, and by what; empty when none did."""
    counts = manifest.arrivals
    if counts is None or not counts.broken:
        return ""
    reasons = "; ".join(f"{reason} ({n:,})" for reason, n in manifest.broken_reasons.items())
    said = f"{counts.broken:,} of {counts.due:,} arrivals broke inside the generator"
    return f"{said}: {reasons}" if reasons else said


def judge_generator(criteria: Iterable[Criterion], manifest: Manifest) -> Judgement | None:
    """Hold the generator's own part of the times against what is judged; None of a run without its figures.

    A run is invalid where the 99th percentile of what the generator took before it sent a request, or of how
    late it read answers, is above a tenth of the smallest response limit that is judged (at least 5 ms; 50 ms
    where none is; what `p99(own) < 20ms` allows, where that is asked). So it is where its CPU was busy for a
    tenth of the run, where a process that only slept was woken later than that (95th percentile), or where
    the same request, sent by a separate process, was answered far sooner while the generator was busy.
    """
    record = manifest.generator
    if record is None or not (record.own.n or record.turn.n):
        return None
    allowed_s = _allowed_s(tuple(criteria))
    problems = [*_own_problems(record, allowed_s), *_host_problems(record.control, allowed_s)]
    return Judgement(
        criterion="the generator keeps up",
        verdict=Verdict.INVALID if problems else Verdict.PASS,
        reason="; ".join(problems) or _generator_in_words(record),
        value=record.own.p99_s,
        bound=allowed_s,
        unit="s",
        n=record.own.n,
        validity=True,
    )


def _judge_own(criterion: OwnCriterion, evidence: run_data.RunData) -> Judgement:
    """Hold what the generator itself adds to a time, before it sends and before it reads, against a limit."""
    record = evidence.manifest.generator
    own_s = [] if record is None else [record.own.p99_s, record.read_late_s_p99]
    known_s = [each for each in own_s if each is not None]
    if not known_s:
        return run_data.untrusted(criterion, "the generator's own part is not known: no request was sent")
    holds = OPERATORS[criterion.operator](max(known_s), criterion.limit_s)
    verdict = Verdict.PASS if holds else Verdict.INVALID
    reason = f"the generator's own part of a time was {_fine(max(known_s))} (p99)"
    return run_data.judged(criterion, verdict, reason, max(known_s), n=record.own.n if record else 0)


def _allowed_s(criteria: tuple[Criterion, ...]) -> float:
    """Give how much of a time may be the generator's own: as declared, or by what is judged."""
    declared_s = [each.limit_s for each in criteria if isinstance(each, OwnCriterion)]
    if declared_s:
        return min(declared_s)
    limits_s = [each.limit_s for each in criteria if isinstance(each, ResponseCriterion)]
    return max(_OWN_LEAST_S, _OWN_SHARE * min(limits_s)) if limits_s else _OWN_WITHOUT_S


def _own_problems(record: GeneratorRecord, allowed_s: float) -> Iterator[str]:
    """Say what makes the measured times partly the generator's own."""
    own_s, late_s = record.own.p99_s or 0.0, record.read_late_s_p99 or 0.0
    too_much = f"more than {_fine(allowed_s)}, so the times are partly its own"
    if own_s > allowed_s:
        yield f"it took {_fine(own_s)} (p99) to send a request, {too_much}"
    if late_s > allowed_s:
        yield f"it read answers {_fine(late_s)} late (p99), {too_much}"
    shares = record.cpu_share_by_s
    busy = sum(share >= _CPU_BUSY_SHARE for share in shares)
    if busy >= max(_CPU_BUSY_SECONDS_LEAST, _CPU_BUSY_SECONDS_SHARE * len(shares)):
        yield (
            f"its CPU was busy ({percent(_CPU_BUSY_SHARE)} or more) in {busy} of {len(shares)} seconds: "
            "spread the load with --processes"
        )
    control = record.control
    if control is None or control.answered.n < _CONTROL_LEAST or control.same_in_run.p50_s is None:
        return
    there_s, here_s = control.answered.p95_s or 0.0, control.same_in_run.p50_s
    is_busy = max(own_s, late_s) > allowed_s / 2 or (record.cpu_share_max or 0.0) >= _CPU_BUSY_SHARE
    if is_busy and here_s > _CONTROL_FACTOR * there_s + allowed_s:
        yield (
            f"half of its requests of {control.method_and_path} took {_fine(here_s)} or more, while a "
            f"separate process had its answer within {_fine(there_s)} (p95)"
        )


def generator_was_limit(criteria: Iterable[Criterion], record: GeneratorRecord) -> str:
    """Say how it is known that the generator, under its own load, spoiled the times; empty: it did not.

    A host that was busy with other programs spoils them as well, but says nothing about the load.
    """
    return "; ".join(_own_problems(record, _allowed_s(tuple(criteria))))


def _host_problems(control: ControlRecord | None, allowed_s: float) -> Iterator[str]:
    """Say where the host was too busy with other programs for times to be the service's."""
    if control is None:
        return
    woken, cpu = control.woken_late, control.cpu_10ms
    said = ""
    if woken.n >= _WOKEN_LEAST and (woken.p95_s or 0.0) > allowed_s:
        said = f"a process that only slept was woken {_fine(woken.p95_s or 0.0)} late (p95), "
        said += f"more than {_fine(allowed_s)}"
    elif cpu.n >= _CPU_10MS_LEAST and (cpu.p50_s or 0.0) > _CPU_10MS_MOST_S:
        said = f"10 ms of CPU took {_fine(cpu.p50_s or 0.0)} (median of {cpu.n}), more than "
        said += _fine(_CPU_10MS_MOST_S)
    if said:
        yield f"its host was too busy: {said}; end other programs, or use another host"


def _generator_in_words(record: GeneratorRecord) -> str:
    own_s = record.own.p99_s
    said = ["how long it took to send a request is not known"]
    if own_s is not None:
        said = [f"{_fine(own_s)} (p99) to send a request"]
    if record.read_late_s_p99 is not None:
        said.append(f"answers read {_fine(record.read_late_s_p99)} late (p99)")
    if record.turn.max_s is not None:
        said.append(f"longest turn of its loop {_fine(record.turn.max_s)}")
    if record.cpu_share_max is not None:
        said.append(f"CPU at most {percent(record.cpu_share_max)} of a core")
    if record.control is not None and record.control.answered.p95_s is not None:
        control = record.control
        said.append(
            f"a separate process had {control.method_and_path} within "
            f"{_fine(control.answered.p95_s or 0.0)} (p95 of {control.answered.n})"
        )
        if control.woken_late.p95_s is not None:
            said.append(f"was woken {_fine(control.woken_late.p95_s)} late (p95)")
        if control.cpu_10ms.p50_s is not None:
            said.append(f"and needed {_fine(control.cpu_10ms.p50_s)} for 10 ms of CPU (median)")
    return ", ".join(said)


def _fine(seconds: float) -> str:
    """A time in words, with a tenth of a millisecond where it is short."""
    return f"{seconds * 1000:.1f} ms" if seconds < _SHORT_S else duration(seconds)


def _judge_lag(criterion: LagCriterion, evidence: run_data.RunData) -> Judgement:
    """Hold the generator's lag against its limit."""
    lag, counts = evidence.manifest.lag_s, evidence.manifest.arrivals
    value = getattr(lag, criterion.statistic) if lag else None
    if value is None:
        return run_data.untrusted(criterion, "no lag is known: no arrival was played")
    holds = OPERATORS[criterion.operator](value, criterion.limit_s)
    late = "" if holds else ": the generator ran late, so that the times are partly its own"
    verdict = Verdict.PASS if holds else Verdict.INVALID
    reason = f"arrivals started {duration(value)} late ({criterion.statistic}){late}"
    return run_data.judged(criterion, verdict, reason, value, n=counts.started if counts else 0)


def _judge_arrivals(criterion: ArrivalsCriterion, evidence: run_data.RunData) -> Judgement:
    """Hold the share of due arrivals that did not come against its tolerance."""
    if criterion.scope != Scope():
        return _judge_some_arrivals(criterion, evidence)
    counts = evidence.manifest.arrivals
    if counts is None or counts.due == 0:
        return run_data.untrusted(criterion, "no arrival was due: nothing was played")
    return _missing(criterion, counts.due, counts.started, f": {counts}")


def _judge_some_arrivals(criterion: ArrivalsCriterion, evidence: run_data.RunData) -> Judgement:
    """Of a channel or operation: whose first visit is there was sent."""
    due = run_data.within(evidence.arrivals, criterion.scope)
    if due is None:
        return run_data.untrusted(criterion, f"no arrival of the trace matches {criterion.scope}")
    seen = evidence.measured if evidence.measured is not None else due.clear()
    came = due.join(seen.select("customer").unique(), on="customer", how="semi").height
    return _missing(criterion, due.height, came, "")


def _missing(criterion: ArrivalsCriterion, due: int, came: int, more: str) -> Judgement:
    missing = (due - came) / due
    verdict = Verdict.PASS if missing <= criterion.tolerance_share else Verdict.INVALID
    return run_data.judged(
        criterion, verdict, f"{came} of {due} due arrivals were started{more}", missing, n=due
    )


def _judge_abort(criterion: AbortCriterion, evidence: run_data.RunData) -> Judgement:
    """Let the monitor read the visits once more, as it did during the run."""
    visits = evidence.judged(criterion.scope)
    if visits is None:
        return run_data.unmatched(criterion)
    monitor = AbortMonitor(criterion)
    ended = visits.sort("ended_s", maintain_order=True).select(
        "ended_s", "outcome", RESPONSE_S.alias("response_s")
    )
    for row in ended.iter_rows():
        monitor.see(*row)
    violation, for_s = monitor.violation, criterion.for_s
    if violation is None and evidence.manifest.ended_early_by == criterion.text:
        reason = "it ended the run while it was played, though its visits in the order of time do not show it"
        return run_data.without_figure(criterion, Verdict.FAIL, reason, n=visits.height, decisive=True)
    if violation is None:
        long_enough = float(visits.select(pl.col("ended_s").max()).item()) >= for_s
        reason = f"never over {for_s:g} s" if long_enough else f"no arrivals for {for_s:g} s"
        verdict = Verdict.PASS if long_enough else Verdict.UNDECIDED
        return run_data.without_figure(criterion, verdict, reason, n=visits.height)
    sure = "a total break" if violation.is_total else f"surely more than {percent(criterion.share)}"
    reason = (
        f"from second {max(violation.at_s - for_s, 0):.0f} to {violation.at_s:.0f} it was so in "
        f"{violation.bad} of {violation.visits} visits, {percent(violation.share)}: {sure}"
    )
    return run_data.judged(
        criterion, Verdict.FAIL, reason, violation.share, n=violation.visits, decisive=True
    )


# ── Judge a run against an earlier one: not worse by more than so much

_UNKNOWN = Interval(-math.inf, math.inf)


def _judge_baseline(criterion: BaselineCriterion, evidence: run_data.RunData) -> Judgement:
    """Hold the interval of the worsening against the tolerance."""
    if evidence.baseline is None:
        return run_data.untrusted(criterion, "no baseline was given")
    visits, before = evidence.judged(criterion.scope), evidence.baseline.judged(criterion.scope)
    if visits is None or before is None:
        source = "" if visits is None else "earlier "
        return run_data.unmatched(criterion, source)
    of_share = criterion.of in {"success", "error"}
    worse, bounds, found = (_of_share if of_share else _of_time)(criterion, visits, before)
    verdict = Verdict.UNDECIDED
    if bounds.high <= criterion.tolerance:
        verdict = Verdict.PASS
    elif bounds.low > criterion.tolerance:
        verdict = Verdict.FAIL
    else:
        needed = _needed(criterion, visits.height, worse, bounds)
        found += f": too few to tell; {run_data.enough(needed, visits.height, evidence)} in each run"
    return run_data.judged(criterion, verdict, found, run_data.finite(worse), bounds, n=visits.height)


def _needed(criterion: BaselineCriterion, n: int, worse: float, bounds: Interval) -> int | None:
    """Visits in each run that would decide at this worsening; None: no number.

    Where there are no bounds yet, they are guessed to be as wide as the found figure.
    """
    tolerance = criterion.tolerance
    if criterion.unit == "ratio":
        worse, tolerance = math.log1p(worse), math.log1p(tolerance)
        bounds = Interval(*(math.log1p(each) if each > -1 else -math.inf for each in bounds))
    room = abs(tolerance - worse)
    if not room or not math.isfinite(room):
        return None
    reached = bounds.high - worse if worse < tolerance else worse - bounds.low
    if not math.isfinite(reached) or reached > _WIDEST:
        return math.ceil(max(4 * n, 4 * MEAN_PASS_LEAST))
    return max(n + 1, math.ceil(n * (_POWER * reached / room) ** 2))


_POWER = 1.75
"""Of the bounds: the found difference itself moves, and so do the design effects."""
_WIDEST = 100.0


def _of_share(
    criterion: BaselineCriterion, visits: pl.DataFrame, before: pl.DataFrame
) -> tuple[float, Interval, str]:
    now, then = judge_visits.bad_of(visits, criterion.of), judge_visits.bad_of(before, criterion.of)
    bounds = apart_bounds(now, then, criterion.longest_episode)
    worse = now.share - then.share
    shown = [1 - each.share if criterion.of == "success" else each.share for each in (now, then)]
    found = f"{percent(shown[0])} of {now.visits} visits, before {percent(shown[1])} of {then.visits}"
    return (
        worse,
        bounds,
        f"{found}: worse by {points(worse)}, 95 % bounds {points(bounds.low)} to {points(bounds.high)}",
    )


def _of_time(
    criterion: BaselineCriterion, visits: pl.DataFrame, before: pl.DataFrame
) -> tuple[float, Interval, str]:
    pair = [judge_visits.times_of(frame, of_all=criterion.of_all) for frame in (visits, before)]
    if pair[0] is None or pair[1] is None:
        which = "" if pair[0] is None else "earlier "
        return math.nan, _UNKNOWN, f"none of the {which}visits was served"
    as_ratio = criterion.unit == "ratio"
    now, then = (
        judge_visits.statistic(_values(times, criterion), criterion.quantile) for times in (pair[0], pair[1])
    )
    worse = (now / then - 1 if then > 0 else math.inf) if as_ratio else now - then
    one, two = (_bounds(times, criterion) for times in (pair[0], pair[1]))
    bounds = _ratio(now, one, then, two) if as_ratio else combined(now, one, then, two)
    words = _signed_percent if as_ratio else _signed_duration
    found = f"{duration(now)} over {len(pair[0])} visits, before {duration(then)} over {len(pair[1])}"
    return worse, bounds, f"{found}: {words(worse)}, 95 % bounds {words(bounds.low)} to {words(bounds.high)}"


def _values(
    times: judge_visits.Times, criterion: BaselineCriterion
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return times.seconds if criterion.quantile is None else times.at_worst


def _bounds(times: judge_visits.Times, criterion: BaselineCriterion) -> Interval:
    """Bounds of one side; a mean with visits that were never answered is not known from above."""
    if criterion.quantile is not None:
        return quantile_bounds(times.at_worst, criterion.quantile, times.customers)
    bounds = mean_bounds(times.seconds)
    return Interval(bounds.low, math.inf) if times.cut.any() else bounds


def _ratio(now: float, one: Interval, then: float, two: Interval) -> Interval:
    """Bounds of now / then - 1, from bounds of each, by their logarithms (G. Y. Zou and A. Donner, 2008)."""
    if min(now, then) <= 0 or not all(map(math.isfinite, (now, then))):
        return _UNKNOWN
    logs = [Interval(_log(each.low), _log(each.high)) for each in (one, two)]
    apart = combined(math.log(now), logs[0], math.log(then), logs[1])
    return Interval(math.expm1(min(apart.low, _LOG_MOST)), math.expm1(min(apart.high, _LOG_MOST)))


_LOG_MOST = 700.0


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def _signed_percent(ratio: float) -> str:
    return f"{ratio * 100:+.1f} %" if -1 < ratio < _RATIO_SHOWN else "unknown"


_RATIO_SHOWN = 1e6


def _signed_duration(seconds: float) -> str:
    return f"{'+' if seconds >= 0 else ''}{duration(seconds)}" if math.isfinite(seconds) else "unknown"


# ── Any criterion

_JUDGES: Mapping[type, Callable[[Any, run_data.RunData], Judgement]] = MappingProxyType(
    {
        ShareCriterion: judge_visits.judge_share,
        ResponseCriterion: judge_visits.judge_response,
        LagCriterion: _judge_lag,
        OwnCriterion: _judge_own,
        ArrivalsCriterion: _judge_arrivals,
        AgreementCriterion: judge_visits.judge_agreement,
        BaselineCriterion: _judge_baseline,
        AbortCriterion: _judge_abort,
        CapacityCriterion: judge_without_search,
        ServerCriterion: judge_server,
    }
)


def judge_all(criteria: Iterable[Criterion], evidence: run_data.RunData) -> tuple[Judgement, ...]:
    """Whether the run is whole and its generator kept up, then each criterion in its order."""
    asked = tuple(criteria)
    wholeness = judge_wholeness(evidence.manifest, evidence.measured)
    generator = judge_generator(asked, evidence.manifest)
    of_run = (wholeness,) if generator is None else (wholeness, generator)
    return (*of_run, *(judge(each, evidence) for each in asked))


def judge(criterion: Criterion, evidence: run_data.RunData) -> Judgement:
    """Hold one criterion against the evidence."""
    if isinstance(criterion, ShareCriterion | ResponseCriterion | BaselineCriterion) and criterion.scope.step:
        return judge_visits.judge_step(criterion, evidence, judge)
    return _JUDGES[type(criterion)](criterion, evidence)
