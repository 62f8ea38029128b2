"""Find the capacity of a service: play load steps as the search asks for them, and say what they show."""

import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from footfall._capacity.capacity_found import DIED, CapacityFound
from footfall._capacity.load_steps import CapacityAsked, PlannedStep, PlayedStep
from footfall._capacity.step_figures import relative_limit_s
from footfall._criteria.objects import Criterion
from footfall._load.endpoints.endpoints_check import COPY, transport_of
from footfall._load.options import LoadOptions
from footfall._load.preflight import check_answers
from footfall._load.result_files import read_result
from footfall._load.series_files import StepOrder
from footfall._load.start_series import LoadGenerator, SeriesSettings, load_generator
from footfall._measure.verdict import EXIT_CODES, Verdict
from footfall._model.model import Model
from footfall._model.numbers import HOUR_S
from footfall._records.errors import BadInputError, path_of, seconds_of
from footfall._records.load_generator import TelemetryRecord
from footfall._records.runs import Manifest, read_manifest, write_manifest
from footfall._records.server_record import ServerRecord
from footfall._records.tables import write_text
from footfall._runs import judgement
from footfall._runs.capacity_files import SearchState, capacity_data, write_capacity
from footfall._runs.capacity_target import BUDGET_S, CapacityTarget, CapacityWanted, capacity_target
from footfall._runs.content import change_texts
from footfall._runs.folder import begin_described, described, end
from footfall._runs.judge_search import capacity_criteria_verdict
from footfall._runs.load_run import exported
from footfall._runs.messages import QUIET, Messages
from footfall._runs.played_steps import read_step
from footfall._runs.predicted_capacity import PredictedCapacity, predict_capacity
from footfall._runs.reference_service import serve
from footfall._runs.server_watch import ServerWatch, WatchAsked, metrics_of, watch_server
from footfall._workload.scenario import Scenario
from footfall._workload.step_traces import CustomerPool

RESTARTS_WITHIN_S = 10.0
"""A service that accepts no connection for longer has died."""
_ASKS_EVERY_S = 0.5
_NOT_FOUND = 3
_SOCKETS_LEFT = 100
"""Open files that a generator needs besides one for each customer under way."""


class Decider(Protocol):
    """The search: which step next, and what the steps show; pure functions of the steps played."""

    def next_step(
        self, played: Sequence[PlayedStep], asked: CapacityAsked, spent_s: float
    ) -> PlannedStep | None:
        """Return the next step; None: the search is over, or its budget is."""

    def findings(self, played: Sequence[PlayedStep], asked: CapacityAsked) -> CapacityFound:
        """Return what the steps show."""


class CapacitySearch:
    """The search of Footfall; it takes a second to import."""

    def next_step(
        self, played: Sequence[PlayedStep], asked: CapacityAsked, spent_s: float
    ) -> PlannedStep | None:
        from footfall._capacity.search import next_step

        return next_step(played, asked, spent_s)

    def findings(self, played: Sequence[PlayedStep], asked: CapacityAsked) -> CapacityFound:
        from footfall._capacity.findings import findings

        return findings(played, asked)


@dataclass(frozen=True, repr=False)
class Capacity:
    """What a search for capacity has found; its files are in `folder`."""

    folder: Path
    found: CapacityFound = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)
    """The content of `capacity.json`."""
    judged: judgement.Judged | None = None
    """The verdict on criteria such as `capacity(*) >= 60/s`; None: none was asked for."""

    @property
    def knee_per_s(self) -> float | None:
        """Highest arrival rate at which all criteria hold in the long run; None: not found."""
        return None if self.found.knee is None else self.found.knee.value

    @property
    def was_stopped(self) -> bool:
        """Whether Ctrl-C ended the search."""
        return self.data["status"] == "partial" and not self.data["ended_by"]

    @cached_property
    def exit_code(self) -> int:
        """0: a capacity was found; 3: not, or the service died; with criteria 0 pass, 1 fail, 3 undecided."""
        if DIED in self.found.flags:
            return _NOT_FOUND
        if self.judged is not None and self.found.knee is not None:
            return EXIT_CODES[self.judged.verdict]
        return 0 if self.found.knee is not None else _NOT_FOUND

    @property
    def passed(self) -> bool:
        """Whether a capacity was found, and every criterion of it holds."""
        return self.found.knee is not None and (self.judged is None or self.judged.verdict is Verdict.PASS)

    def __repr__(self) -> str:
        """Return the capacity and the folder."""
        knee = self.found.knee
        said = (
            "not found" if knee is None else f"{knee.value:.4g} arrivals/s ({knee.low:.4g}–{knee.high:.4g})"
        )
        return f"<Capacity {said} ({self.folder})>"


OnStep = Callable[[PlayedStep, CapacityAsked, float], None]
"""Called after each step with what is left of the budget, seconds."""


def find_capacity(
    wanted: CapacityWanted,
    messages: Messages = QUIET,
    on_step: OnStep = lambda _step, _asked, _left_s: None,
    decider: Decider | None = None,
) -> Capacity:
    """Search for the capacity; Ctrl-C ends the search, and what was found until then stands in the files.

    Raises:
        BadInputError: what is asked for is impossible, no service answers, or the folder is taken.
    """
    with capacity_target(wanted, messages) as target:
        folder, manifest = _begin(target, wanted)
        playing = _Playing(target, folder, manifest, messages, on_step, decider or CapacitySearch())
        return playing.search(predicts=wanted.predicts)


def capacity(
    scenario: Scenario | Path | str | None = None,
    *,
    model: Model | Path | str | None = None,
    url: str | None = None,
    host: str | None = None,
    serve: bool = False,
    criteria: judgement.CriteriaGiven | None = None,
    budget: float | str = BUDGET_S,
    start_rate: float | None = None,
    most_rate: float | None = None,
    predict: bool = True,
    seed: int = 1,
    changes: Mapping[str, float | str] | Sequence[str] | None = None,
    out: Path | str | None = None,
    overwrite: bool = False,
    messages: Messages = QUIET,
    **options: Any,  # noqa: ANN401  checked by LoadOptions
) -> Capacity:
    """Find the highest arrival rate at which a service keeps its criteria, and what lies beyond it.

    The service is that of `url` (a whole one, or a path below `host`), with a GET for each arrival; or the
    customers of a `scenario` or `model` load `host`, or with `serve` the reference service.
    `criteria` are lines such as `p95(*) < 300ms`; without any, at least 99 % of the visits must be served and
    the 95th percentile of response times must stay below four times that at low load. One generator plays
    load steps until the search is sure or the `budget` (seconds, or a text such as `5min`) is spent. Before
    it begins, a scenario's model is simulated for the capacity that it predicts, unless `predict` is false.
    `options` are those of `LoadOptions`: `endpoints="shop.toml"`, `connections="shared"`.

    Returns the capacity in arrivals per second with its 95 % interval (`.found.knee`), the plateau of
    throughput, what limited it, and flags; the files go to `out`, by default `results/NAME/capacity/ID`.

        >>> import footfall as ff
        >>> ff.capacity(url="/work")
        Traceback (most recent call last):
            ...
        footfall._records.errors.BadInputError: --url /work: no host is given; expected --host URL, ...

    Raises:
        BadInputError: a name or value is impossible, no service answers, or the folder is taken.
    """
    wanted = CapacityWanted(
        scenario=scenario,
        model=model,
        url=url,
        host=host,
        serve=serve,
        criteria=criteria,
        budget_s=seconds_of(budget, "budget") if isinstance(budget, str) else float(budget),
        start_per_s=start_rate,
        most_per_s=most_rate,
        predicts=predict,
        seed=seed,
        changes=change_texts(changes),
        options=options,
        out=None if out is None else path_of(out, "out"),
        overwrite=overwrite,
    )
    return find_capacity(wanted, messages)


def _begin(target: CapacityTarget, wanted: CapacityWanted) -> tuple[Path, Manifest]:
    job, settings = target.job, target.settings(wanted)
    model, kind = job.trace.model, judgement.CAPACITY
    manifest = described(kind, model, wanted.seed, scenario=job.name, settings=settings)
    return begin_described(manifest, wanted.out, overwrite=wanted.overwrite, kind=kind)


@dataclass(frozen=True, slots=True)
class _Started:
    """The generator, the service that it loads, and what watches the service; None: nothing does."""

    generator: LoadGenerator
    watched: WatchAsked
    watch: ServerWatch | None


@dataclass(slots=True)
class _Playing:
    """A search under way."""

    target: CapacityTarget
    folder: Path
    manifest: Manifest
    messages: Messages
    on_step: OnStep
    decider: Decider
    played: list[PlayedStep] = field(default_factory=list)
    servers: dict[int, ServerRecord] = field(default_factory=dict)
    predicted: PredictedCapacity | None = None
    began: float = field(default_factory=time.monotonic)
    ended_by: str = ""
    has_died: bool = False
    steps_read: int = 0
    """How many of the steps the search has worked out: an interrupted one is not begun again."""
    status: str = "running"
    exported: TelemetryRecord | None = None
    """What was exported by OpenTelemetry of all steps; None: nothing is asked for."""

    @property
    def asked(self) -> CapacityAsked:
        return self.target.asked

    @property
    def spent_s(self) -> float:
        return time.monotonic() - self.began

    def search(self, *, predicts: bool) -> Capacity:
        """Ask the model, if there is one; play all steps, then write what they show."""
        try:
            if predicts and self.target.job.trace.info.has_prediction:
                self.predicted = predict_capacity(self.target.job.trace, self.asked, self.messages)
            self.began = time.monotonic()
            with self._generator() as at:
                self._play_steps(at)
            self.steps_read = len(self.played)
            self.status = "partial" if self.ended_by else "finished"
        except KeyboardInterrupt:
            self.status = "partial"
        except BadInputError as error:
            if not self.played:
                raise
            self.steps_read = len(self.played)
            self.status, self.ended_by = "partial", str(error)
        return self._found()

    @contextmanager
    def _generator(self) -> Iterator["_Started"]:
        """Start the generator, and before it the reference service, if it is that."""
        job = self.target.job
        transport = transport_of(job.options.transport, job.options.endpoints, job.trace.info)
        with ExitStack() as stack:
            if job.host is None:
                self.messages.note("starting the reference service …")
                pace = job.trace.info.play
                own = serve(
                    job.trace.model,
                    seed=job.trace.info.seed,
                    at_hour=pace.starts_s / HOUR_S,
                    human_time_factor=pace.human_time_factor,
                )
                service = stack.enter_context(own)
                watched = WatchAsked(host=service.url, pid=service.pid, control_token=service.control_token)
            else:
                watched = WatchAsked(host=job.host, pid=job.options.server_pid, transport=transport)
            metrics = metrics_of(job.options, job.trace.info, job.host)
            watched = replace(watched, metrics=metrics)
            settings = SeriesSettings(
                run_dir=self.folder,
                host=watched.host,
                options=self._kept_options(),
                control_token=watched.control_token or None,
            )
            watch = stack.enter_context(watch_server(watched))
            yield _Started(stack.enter_context(load_generator(settings)), watched, watch)

    def _kept_options(self) -> LoadOptions:
        """Return the options with an endpoints file that lasts: that of a URL is made for the search only."""
        job = self.target.job
        options = exported(job.options, self.messages)
        if options.endpoints is None or job.settings.get("endpoints") != COPY:
            return options
        write_text(options.endpoints.read_text(encoding="utf-8"), self.folder / COPY)
        return options.model_copy(update={"endpoints": self.folder / COPY})

    def _play_steps(self, at: "_Started") -> None:
        pool = CustomerPool(self.target.job.trace)
        while (planned := self._next_step()) is not None:
            self.steps_read = len(self.played)
            trace = pool.step(planned.number, planned.offered_per_s, planned.length_s)
            order = StepOrder(
                under_way_most=_possible(planned.under_way_most),
                failed_in_a_row_most=planned.failed_in_a_row_most,
                drain_s=planned.drain_s,
            )
            time.sleep(planned.pause_s)
            with self.messages.busy(self._under_way(planned)):
                folder, done = at.generator.play(trace, order)
            step = read_step(folder, planned, done, self._guarded())
            self._note_export(folder)
            self.played.append(step)
            if at.watch is not None:
                self.servers[planned.number] = _server_figures(folder, at.watch)
            write_capacity(self.folder, self._data(None))
            self.on_step(step, self.asked, self.asked.budget_s - self.spent_s)
            if not step.visits.is_success.any() and not self._answers(at.watched):
                self.has_died = True
                self.ended_by = f"no service answers at {at.watched.host} since step {planned.number}"
                return

    def _next_step(self) -> PlannedStep | None:
        """Return the next step as it fits into the budget after the time of the decision on it."""
        planned = self.decider.next_step(self.played, self.asked, self.spent_s)
        return None if planned is None else planned.within(self.asked.budget_s - self.spent_s)

    def _under_way(self, planned: PlannedStep) -> str:
        """Say which step is being played, and what is left of the budget."""
        minutes, rest = divmod(max(int(self.asked.budget_s - self.spent_s), 0), 60)
        return (
            f"step {planned.number}: {planned.purpose}, {planned.offered_per_s:.3g} arrivals/s for "
            f"{planned.length_s:.3g} s; {minutes}:{rest:02d} left of the budget"
        )

    def _note_export(self, folder: Path) -> None:
        """Add what a step exported to what was exported of all."""
        telemetry = read_result(folder).telemetry
        if telemetry is None:
            return
        before = self.exported or TelemetryRecord()
        self.exported = TelemetryRecord(
            requests=before.requests + telemetry.requests,
            requests_dropped=before.requests_dropped + telemetry.requests_dropped,
            problem=telemetry.problem or before.problem,
        )

    def _answers(self, watched: WatchAsked) -> bool:
        """Whether the service answers, at once or when it has had time to start again."""
        until_s = time.monotonic() + min(RESTARTS_WITHIN_S, max(self.asked.budget_s - self.spent_s, 0.0))
        while True:
            try:
                check_answers(watched.host, watched.transport)
            except BadInputError:
                if time.monotonic() >= until_s:
                    return False
                time.sleep(_ASKS_EVERY_S)
            else:
                return True

    def _guarded(self) -> tuple[Criterion, ...]:
        """Return the criteria with the relative limit, once it is known: they say how exact times must be."""
        limit_s = relative_limit_s(self.played, self.asked)
        relative = () if limit_s is None else (Criterion(f"p95(*) < {limit_s * 1000:.3f}ms"),)
        return (*self.asked.criteria, *relative)

    def _data(self, found: CapacityFound | None) -> dict[str, Any]:
        state = SearchState(
            run=self.manifest.run,
            seed=self.manifest.seed,
            target={"what": self.target.what, "scenario": self.target.job.trace.info.scenario},
            status=self.status,
            budget_s=self.asked.budget_s,
            spent_s=self.spent_s,
            ended_by=self.ended_by,
            not_used=self.target.not_used,
        )
        return capacity_data(state, self.played, found, self.servers, self.predicted)

    def _found(self) -> Capacity:
        # If Ctrl-C comes now, the steps stand in the files.
        write_capacity(self.folder, self._data(None))
        try:
            found = self.decider.findings(self.played[: self.steps_read], self.asked)
        except BaseException:
            end(self.folder, self.manifest, status="partial")
            raise
        if self.has_died and DIED not in found.flags:
            found = replace(found, flags=(*found.flags, DIED))
        if self.exported is not None:
            self.messages.note(f"OpenTelemetry: {self.exported.describe()}")
        data = self._data(found)
        write_capacity(self.folder, data)
        manifest = end(self.folder, self.manifest, status=self.status)
        judged = None
        if self.target.capacities:
            judged = capacity_criteria_verdict(self.folder, manifest, self.target.capacities, self.messages)
        self._report(data, manifest)
        return Capacity(self.folder, found, data, judged)

    def _report(self, data: dict[str, Any], manifest: Manifest) -> None:
        from footfall._runs.capacity_report import write_capacity_report

        try:
            write_capacity_report(self.folder, data, manifest)
        except BadInputError as error:
            # The findings stand in the other files.
            self.messages.note(f"no report: {error}")


def _server_figures(folder: Path, watch: ServerWatch) -> ServerRecord:
    """Write what was sampled of the service during a step into its folder, and into its manifest."""
    totals = read_result(folder)
    record = watch.write(folder, totals.zero_unix_s, totals.played_s)
    write_manifest(folder, replace(read_manifest(folder), server=record))
    return record


def _possible(under_way_most: int | None) -> int | None:
    """Return how many customers may be under way with the open files that the generator is allowed."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        return under_way_most
    most = max(hard - _SOCKETS_LEFT, 1)
    return most if under_way_most is None else min(under_way_most, most)
