"""A load step read from its folder: visits, requests, and what the generator measured of itself."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from footfall._calibrate.request_causes import with_request_causes
from footfall._calibrate.request_log import RequestLog
from footfall._calibrate.run_logs import logs_of_hits
from footfall._capacity.load_steps import GuardFigures, PlannedStep, PlayedStep, StepVisits
from footfall._criteria.lists import LAG_S_MAX
from footfall._criteria.objects import Criterion
from footfall._load.result_files import HITS_FILE, VISITS_FILE, LoadResult, read_result
from footfall._load.series_files import StepDone
from footfall._measure.judge import generator_was_limit, judge_generator, spoiled_by
from footfall._measure.verdict import Verdict
from footfall._records.rows import ERRORS, Outcome
from footfall._records.runs import Manifest, read_manifest
from footfall._records.tables import HITS, VISITS, read_parquet
from footfall._runs.messages import percent, seconds

_BUSY_SHARE = 0.8
"""Of the time, or of a core: a generator that is late while it is so busy is late because of its load."""


def read_step(
    folder: Path, planned: PlannedStep, done: StepDone, criteria: Sequence[Criterion] = ()
) -> PlayedStep:
    """Read a step that was played.

    The smallest response limit of `criteria` says how exact its times must be.

    Raises:
        BadInputError: a file is missing or damaged.
    """
    totals, manifest = read_result(folder), read_manifest(folder)
    visits = read_parquet(folder / VISITS_FILE, VISITS).sort("due_s", "customer", "attempt")
    hits = read_parquet(folder / HITS_FILE, HITS)
    length_s = max(done.length_s, 1e-3)
    hits = with_request_causes(hits, visits)
    logs = logs_of_hits(hits, run=manifest.run, length_s=length_s) if hits.height else {}
    generator = _guards(totals, logs, criteria, length_s)
    sent = totals.arrivals.due - totals.arrivals.not_sent
    return PlayedStep(
        planned=planned,
        sent_per_s=sent / length_s,
        length_s=length_s,
        logs=logs,
        visits=step_visits(visits),
        requests_per_s=hits.filter(pl.col("asked_s") < length_s).height / length_s,
        under_way_at_end=_under_way(visits, length_s),
        stopped_early=done.stopped_early,
        generator=generator,
        invalid_reason=generator.bound_by or _invalid_reason(done, manifest, totals, criteria),
    )


def step_visits(visits: pl.DataFrame) -> StepVisits:
    """Return the visits of a step from rows of `VISITS`, which are sorted by `due_s`."""
    return StepVisits(
        channel=visits["channel"].to_numpy().astype(np.str_),
        operation=visits["operation"].to_numpy().astype(np.str_),
        due_s=visits["due_s"].to_numpy(),
        response_s=(visits["ended_s"] - visits["due_s"] - visits["human_s"]).to_numpy(),
        is_success=(visits["outcome"] == Outcome.SERVED.value).to_numpy(),
        is_error=visits["outcome"].is_in(list(ERRORS)).to_numpy(),
        is_answered=(visits["outcome"] != Outcome.UNFINISHED.value).to_numpy(),
    )


def _under_way(visits: pl.DataFrame, at_s: float) -> int:
    """Count the customers whose first visit was due before a moment and whose last ended after it."""
    journeys = visits.group_by("customer").agg(pl.col("due_s").min(), pl.col("ended_s").max())
    return journeys.filter((pl.col("due_s") < at_s) & (pl.col("ended_s") > at_s)).height


def _guards(
    totals: LoadResult, logs: dict[str, RequestLog], criteria: Sequence[Criterion], length_s: float
) -> GuardFigures:
    record = totals.generator
    shares, control = record.cpu_share_by_s[: max(int(length_s), 1)], record.control
    mean = float(np.mean(shares)) if shares else None
    return GuardFigures(
        lag_s_p99=totals.lag_s.p99,
        own_s_p99=record.own.p99_s,
        read_late_s_p99=record.read_late_s_p99,
        cpu_share_mean=mean,
        cpu_share_max=max(shares, default=None),
        under_way_mean=sum(_mean_inside(log) for log in logs.values()),
        control_s_p95=None if control is None else control.answered.p95_s,
        same_s_p95=None if control is None else control.same_in_run.p95_s,
        loop_busy_share=record.loop_busy_share,
        bound_by=_bound_by(totals, criteria, mean),
    )


def _mean_inside(log: RequestLog) -> float:
    """Return the mean number of requests under way: Little's law, arrivals per second times time inside.

    Source: J. D. C. Little, Operations Research 9 (1961) 383-387.
    """
    inside_s = np.minimum(log.ended_s, log.length_s) - np.minimum(log.sent_s, log.length_s)
    return float(inside_s.sum()) / log.length_s


def _bound_by(totals: LoadResult, criteria: Sequence[Criterion], cpu_share: float | None) -> str:
    """Say how it is known that the generator was the limit; empty: it was not.

    A generator that its host stopped for a while is late as well, but not because of its load: its event loop
    was not busy all the time, and a higher load may be possible.
    """
    record, lag = totals.generator, totals.lag_s
    ran_out = totals.connections.ran_out if totals.connections else ""
    if max(record.loop_busy_share or 0.0, cpu_share or 0.0) < _BUSY_SHARE:
        return ran_out
    found = [generator_was_limit(criteria, record), ran_out]
    if lag.p50 is not None and lag.p99 is not None and lag.p99 >= LAG_S_MAX:
        found += [f"it started arrivals {seconds(lag.p50)} late (median), {seconds(lag.p99)} (p99)"]
    reasons = "; ".join(each for each in found if each)
    if not reasons:
        return ""
    return f"the generator's event loop was busy {percent(record.loop_busy_share)} of the time; {reasons}"


def _invalid_reason(
    done: StepDone, manifest: Manifest, totals: LoadResult, criteria: Sequence[Criterion]
) -> str:
    """Say why a step cannot be trusted; empty: it can."""
    if not done.is_whole:
        return "the step was stopped from outside"
    if done.fell_behind:
        return "the generator fell behind: it started arrivals more than a second late"
    if spoiled := spoiled_by(manifest):
        return spoiled
    late_s = totals.lag_s.p99
    if late_s is not None and late_s >= LAG_S_MAX:
        return f"arrivals were started {seconds(late_s)} late (p99), more than {seconds(LAG_S_MAX)}"
    judged = judge_generator(criteria, manifest)
    return "" if judged is None or judged.verdict is Verdict.PASS else judged.reason
