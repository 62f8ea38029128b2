"""A run that is started from Locust's web page, as it stands: trace, prediction, and the news so far."""

import json
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from footfall._behaviour.load_model import check_played, check_served
from footfall._criteria.objects import Criterion, LagCriterion, ResponseCriterion, Scope, ShareCriterion
from footfall._load.endpoints.endpoints_check import file_of, prepare_endpoints
from footfall._load.own_users import NO_USERS, OwnUsers
from footfall._load.result_files import LOAD_FILE, VISITS_FILE as MEASURED_FILE, read_result
from footfall._measure.judge import judge as judge_criterion
from footfall._measure.run_data import RunData
from footfall._measure.time_series import STARTS, LiveSummary, live_rows, live_series
from footfall._measure.verdict import Judgement, Verdict, VerdictDecision, decide
from footfall._records.runs import ArrivalCounts, Lag, Manifest, read_manifest, write_manifest
from footfall._records.tables import VISITS
from footfall._runs import judgement as judge, report
from footfall._runs.content import targets
from footfall._runs.judgement import PREDICTED_FILE, visits_of
from footfall._runs.make_trace import SCENARIOS, make_trace, scenario_of
from footfall._runs.predict import write_prediction, write_replications
from footfall._runs.reference_service import service_for_trace
from footfall._runs.run_options import AS_THE_SCENARIO, TraceOptions
from footfall._runs.server_watch import ServerWatch, WatchAsked, watch_server
from footfall._stats.intervals import nearest_rank
from footfall._workload.scenario import Scenario, read_scenario, scenario_files
from footfall._workload.trace import Trace, read_trace, write_trace

ALL = "*.*"
_NICER = 5
_LINE_MOST = 64 * 1024 * 1024
_GRACE_S = 1.0
"""An arrival that is due this very moment is not yet missing."""
_SERIES_MOST = 8
_P95 = 0.95
_DIGITS = 6
_OPEN = "open"
"""A live word for what is not decided: too few visits yet."""


@dataclass(slots=True)
class Attended:
    """What is known of one run; grows with the news."""

    trace: Trace
    scenario: Scenario | None
    criteria: tuple[Criterion, ...]
    predicted: pl.DataFrame = field(default_factory=VISITS.to_frame)
    measured: pl.DataFrame = field(default_factory=VISITS.to_frame)
    starts: pl.DataFrame = field(default_factory=STARTS.to_frame)
    now_s: float = 0.0
    judged: judge.Judged | None = None
    """Once the run is over."""

    @property
    def title(self) -> str:
        """Of what is run, for a reader."""
        return self.scenario.title if self.scenario else self.trace.info.scenario or "a trace"

    def about(self) -> dict[str, Any]:
        """Say what is run."""
        info, model = self.trace.info, self.trace.model
        return {
            "scenario": info.scenario,
            "title": self.title,
            "question": self.scenario.question if self.scenario else "",
            "model": model.title,
            "arrivals": self.trace.arrivals.height,
            "length_s": info.play.seconds,
            "window_s": info.play.length_s,
            "starts_s": info.play.starts_s,
            "speed": info.play.speed,
            "scale": info.scale,
            "seed": info.seed,
            "channels": {channel.name: channel.title for channel in model.channels},
        }

    def load_prediction(self, run: Path) -> None:
        """Take the prediction from the run's folder."""
        found = visits_of(run, PREDICTED_FILE)
        if found is not None:
            self.predicted = found

    def take(self, news: dict[str, Any]) -> None:
        """Add visits (rows of `VISITS`) and starts (arrival and lag) to those before."""
        self.now_s = float(news["now_s"])
        visits = pl.DataFrame(news.get("visits", []), schema=VISITS, orient="row")
        starts = pl.DataFrame(news.get("starts", []), schema=STARTS, orient="row")
        self.measured = self.measured.vstack(visits)
        self.starts = self.starts.vstack(starts)

    def so_far(self) -> LiveSummary:
        """Give it all to those who measure."""
        return LiveSummary(
            now_s=self.now_s,
            arrivals=self.trace.arrivals,
            starts=self.starts,
            predicted=self.predicted,
            measured=self.measured,
            targets=targets(self.trace.model),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveAsked:
    """What a run of the page is made of."""

    run: Path
    """Folder of the run."""
    scenario: str | None = None
    trace: Path | None = None
    """Folder of a trace that was made before; None: it is made of the scenario."""
    options: TraceOptions = AS_THE_SCENARIO
    endpoints: Path | None = None
    own_users: OwnUsers = NO_USERS
    """Users of a locustfile that do some of the work themselves."""
    serve: bool = False
    """Whether the reference service is started for it."""


Read = Callable[[int], str]
"""Reads a line of at most so many characters; empty: there is no more."""
Tell = Callable[[str, object], None]
"""Takes a word, and what is said with it: `phase`, `ready`, `live`, `over`."""


def follow(asked: LiveAsked, read: Read, tell: Tell) -> None:
    """Make a run ready, say how it stands while Locust runs it, and report on it afterwards.

    Sampling, predicting, judging and drawing would each make Locust's arrivals late, so they happen in a
    process of their own. One line that is read is one piece of news. The end of the input ends it all, the
    reference service too, however Locust ended.

    Raises:
        BadInputError: a name, value or file is wrong, or the run cannot be played.
    """
    tell("phase", "sampling the customers of the day" if asked.trace is None else "reading the trace")
    attended = _attended_run(asked)
    check_played(attended.trace.model, asked.own_users.channels)
    if asked.serve:
        check_served(attended.trace.model)
    write_trace(asked.run, attended.trace)
    with ExitStack() as stack:
        service = stack.enter_context(service_for_trace(asked.run)) if asked.serve else None
        tell("phase", "predicting what these customers should meet")
        write_prediction(asked.run, attended.trace)
        ready: dict[str, Any] = attended.about()
        watch = None
        if service is not None:
            tell("phase", "opening accounts at the reference service")
            started = service()
            ready |= {"host": started.url, "control_token": started.control_token}
            of_service = WatchAsked(host=started.url, pid=started.pid, control_token=started.control_token)
            watch = stack.enter_context(watch_server(of_service))
        # The service is a child that keeps its own priority; judging is what may wait.
        os.nice(_NICER)
        attended.load_prediction(asked.run)
        tell("ready", ready)
        if not _watch(attended, read, tell):
            return
        if watch is not None and (asked.run / LOAD_FILE).is_file():
            _keep_server_figures(asked.run, watch)
    tell("phase", "judging and reporting")
    write_replications(asked.run, attended.trace)
    end_run(attended, asked.run)
    tell("over", _live_state(attended, [ALL]))
    _watch(attended, read, tell)


def _attended_run(asked: LiveAsked) -> Attended:
    """Read or make the trace, and read the criteria of its scenario.

    Raises:
        BadInputError: a name, value or file is wrong.
    """
    chosen: Scenario | None
    if asked.trace is None:
        chosen = scenario_of(asked.scenario, None, **asked.options.shape)
        played = make_trace(chosen, asked.options.seed)
    else:
        played = read_trace(asked.trace)
        # A trace may be of a scenario that this workspace does not have.
        name = played.info.scenario
        chosen = read_scenario(name, SCENARIOS) if name in scenario_files(SCENARIOS) else None
    criteria = judge.criteria_of_trace(played.info, played.model) if played.info.criteria else ()
    return Attended(_for_the_service(played, asked), chosen, criteria)


def _for_the_service(trace: Trace, asked: LiveAsked) -> Trace:
    """Give the trace of those for whom there is something to do; the reference service has it for all."""
    if asked.serve:
        trace = replace(trace, info=trace.info.model_copy(update={"endpoints": None}))
        return prepare_endpoints(None, trace, asked.own_users).trace
    return prepare_endpoints(file_of(asked.endpoints, trace.info), trace, asked.own_users).trace


def _watch(attended: Attended, read: Read, tell: Tell) -> bool:
    """Take in the news and say how the run stands, until it is over; False: Locust went away before."""
    while line := read(_LINE_MOST):
        news = json.loads(line)
        if news.get("over"):
            return True
        attended.take(news)
        tell("live", _live_state(attended, news["ask"]))
    return False


def _live_state(attended: Attended, scopes: Sequence[str]) -> dict[str, Any]:
    """Say how the run stands: its rows, its criteria so far, and the curves that are looked at."""
    if attended.judged is not None:
        return _state(attended, attended.judged.judgements, scopes)
    evidence = RunData(
        manifest=_manifest_so_far(attended),
        predicted=attended.so_far().predicted_so_far(),
        measured=attended.measured,
        arrivals=attended.trace.arrivals.filter(pl.col("due_s") <= attended.now_s - _GRACE_S),
    )
    return _state(attended, [judge_criterion(each, evidence) for each in attended.criteria], scopes)


def _keep_server_figures(run: Path, watch: ServerWatch) -> None:
    """Write what was read of the service into the run's folder and manifest."""
    result = read_result(run)
    record = watch.write(run, result.zero_unix_s, result.played_s)
    write_manifest(run, replace(read_manifest(run), server=record))


def end_run(attended: Attended, run: Path) -> None:
    """Judge the run from its files and write its report.

    Without criteria nothing was asked, hence nothing can be passed: the verdict is then invalid.

    Raises:
        BadInputError: the run holds no visits, or the folder cannot be written.
    """
    measured = visits_of(run, MEASURED_FILE)
    attended.measured = attended.measured if measured is None else measured
    attended.now_s = max(attended.now_s, attended.trace.info.play.seconds)
    judged = judge.judge_run(run, read_manifest(run), attended.criteria)
    if not attended.criteria:
        decision = VerdictDecision(verdict=Verdict.INVALID, reason=f"{attended.title}: it has no criteria")
        judged = replace(
            judged, decision=decision, manifest=replace(judged.manifest, verdict=decision.verdict.value)
        )
        write_manifest(run, judged.manifest)
    report.write(run, report.figures(run), judged)
    attended.judged = judged


def _state(attended: Attended, judgements: Sequence[Judgement], scopes: Sequence[str]) -> dict[str, Any]:
    so_far, judged = attended.so_far(), attended.judged
    words = [_word(each, is_final=judged is not None) for each in judgements]
    decision = decide(judgements) if judged is None else judged.decision
    rows = live_rows(so_far)
    for row in rows:
        row["verdict"] = _verdict_of(row, attended.criteria, judgements, words)
    return {
        "now_s": attended.now_s,
        "is_final": judged is not None,
        "status": "running" if judged is None else judged.manifest.status,
        "verdict": decision.verdict.value if judged is not None else _together(words),
        "reason": decision.reason if judgements or judged is not None else "",
        "criteria": [
            {"criterion": each.criterion, "verdict": word, "reason": each.reason}
            for each, word in zip(judgements, words, strict=True)
        ],
        "rows": rounded(rows),
        "series": {scope: _series(attended, so_far, scope) for scope in scopes[:_SERIES_MOST]},
        "lag_s": rounded(asdict(_lag(attended.starts))),
    }


def _series(attended: Attended, so_far: LiveSummary, text: str) -> dict[str, Any]:
    scope = Scope(*text.split("."))
    lags = [
        each.limit_s
        for each in attended.criteria
        if isinstance(each, LagCriterion) and each.statistic == "p99"
    ]
    times = [
        each.limit_s
        for each in attended.criteria
        if isinstance(each, ResponseCriterion) and each.scope == scope and each.quantile == _P95
    ]
    curves = live_series(so_far, scope, attended.trace.info.play.seconds)
    limits = {"response_s_p95_limit": min(times, default=None), "lag_s_p99_limit": min(lags, default=None)}
    return {name: rounded(values) for name, values in curves.items()} | limits


def _word(judgement: Judgement, *, is_final: bool) -> str:
    """Give the verdict in a word; while the run lasts, what is not known yet is `_OPEN`."""
    is_unknown = judgement.verdict is Verdict.INVALID and judgement.value is None
    if not is_final and (is_unknown or judgement.verdict is Verdict.UNDECIDED):
        return _OPEN
    return judgement.verdict.value


def _together(words: Sequence[str]) -> str:
    """Give the word for all: what is worst, as `decide` has it, then what is open."""
    for word in (Verdict.INVALID.value, Verdict.FAIL.value, Verdict.UNDECIDED.value, _OPEN):
        if word in words:
            return word
    return Verdict.PASS.value if words else _OPEN


def _verdict_of(
    row: dict[str, Any], criteria: Sequence[Criterion], judgements: Sequence[Judgement], words: Sequence[str]
) -> str | None:
    """Give the word for a row: of the criteria that speak of it and not of everything; None: none does."""
    scopes = {
        each.text: each.scope for each in criteria if isinstance(each, ShareCriterion | ResponseCriterion)
    }
    found = [
        word
        for judgement, word in zip(judgements, words, strict=True)
        if (scope := scopes.get(judgement.criterion)) is not None
        and scope != Scope()
        and (scope.matches(row["channel"], row["operation"]))
    ]
    return _together(found) if found else None


def _manifest_so_far(attended: Attended) -> Manifest:
    """Give a manifest as of now: who is due and not started is not sent; who is started counts as sent."""
    started = attended.starts.height
    due = attended.trace.arrivals.filter(pl.col("due_s") <= attended.now_s - _GRACE_S).height
    info = attended.trace.info
    return Manifest(
        run="",
        command="locust",
        model=info.model,
        scenario=info.scenario,
        seed=info.seed,
        status="running",
        arrivals=ArrivalCounts(due=max(due, started), played=started, not_sent=max(due - started, 0)),
        lag_s=_lag(attended.starts),
    )


def _lag(starts: pl.DataFrame) -> Lag:
    if starts.is_empty():
        return Lag()
    ordered = starts["lag_s"].sort().to_list()
    return Lag(p50=nearest_rank(ordered, 0.50), p99=nearest_rank(ordered, 0.99), max=ordered[-1])


def rounded(data: Any) -> Any:  # noqa: ANN401  whatever JSON holds
    """Give data with microseconds and no more: it crosses to the page every second."""
    if isinstance(data, float):
        return round(data, _DIGITS)
    if isinstance(data, dict):
        return {name: rounded(value) for name, value in data.items()}
    return [rounded(value) for value in data] if isinstance(data, list) else data
