"""A load test from what is asked for: a scenario, a trace or a URL, at a service, judged by criteria."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from footfall._criteria.objects import Criterion
from footfall._load.endpoints import endpoints_check
from footfall._load.endpoints.endpoints_file import endpoints_in, read_text
from footfall._load.endpoints.target_service import TargetService
from footfall._load.http.client import Client
from footfall._load.http.wire_format import address_of
from footfall._load.options import LoadOptions, load_options
from footfall._load.preflight import check_host
from footfall._load.url_load import UrlLoad, base_of, endpoints_text, operations_of, span_of, trace_of_url
from footfall._model.model import Model
from footfall._records.errors import BadInputError, path_of, seconds_of
from footfall._records.folders import check_free
from footfall._records.rows import Outcome
from footfall._records.tables import write_text
from footfall._runs import judgement
from footfall._runs.content import change_texts
from footfall._runs.folder import Run
from footfall._runs.load_run import LoadDone, LoadJob, left_out_line, load_job, run_load
from footfall._runs.make_trace import chosen_scenario, sampled_trace
from footfall._runs.messages import QUIET, Messages, seconds
from footfall._runs.run_options import AS_THE_SCENARIO, TraceOptions, trace_options
from footfall._workload.scenario import Scenario
from footfall._workload.trace import Trace, read_trace

# ── What is asked for

_CRITERION = "error(*) <= 2%"
"""What is asked of a load without a scenario, unless a share is asked of it."""
_MADE_FILE = "endpoints.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioSource:
    """Arrivals of a scenario or a model: sampled now, or read from a folder."""

    scenario: Scenario | Trace | Path | str | None
    """One, or its name in `scenarios/`, the path of its file, or a trace; None: the model alone."""
    model: Model | Path | str | None = None
    options: TraceOptions = AS_THE_SCENARIO
    folder: Path | None = None
    """Folder of a trace that was made before, to be judged by the scenario's criteria."""
    asked: judgement.CriteriaAsked = judgement.AS_THE_SCENARIO_ASKS


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlSource:
    """Arrivals at a URL, each asking for one of some paths below it."""

    url: str
    rate_per_s: float | None = None
    duration_s: float | None = None
    arrivals: int | None = None
    even: bool = False
    """Equal gaps between arrivals, not a Poisson stream."""
    paths: Sequence[str] = ()
    seed: int = 1
    asked: judgement.CriteriaAsked = judgement.AS_THE_SCENARIO_ASKS


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadAsked:
    """A load test as it is asked for."""

    source: ScenarioSource | UrlSource
    host: str | None = None
    """Address of the service; None: the reference service, started for the run, or that of the URL."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of `LoadOptions`, by their names; numbers may be texts."""
    baseline: Path | None = None
    """An earlier run, for criteria that name one."""
    out: Path | None = None
    overwrite: bool = False


# ── What is asked for, ready to run or to be tried out


@dataclass(frozen=True, slots=True)
class TriedVisit:
    """One visit that was tried by the requests of an endpoints file."""

    is_served: bool
    lines: list[str]
    """The outcome and each request with its response, as a person reads them."""
    data: dict[str, Any]
    """The same for a program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedLoad:
    """A trace and the service that it is for; files and options have been checked."""

    trace: Trace
    service: TargetService | None
    """What the endpoints file says of the service; None: there is no such file."""
    host: str | None
    options: LoadOptions
    settings: Mapping[str, Any]
    """What the manifest says, besides the options."""
    baseline: Path | None

    def job(self) -> LoadJob:
        """See that the trace can be run at the host, and be judged.

        Raises:
            BadInputError: a criterion, the baseline, the host or the model does not allow it.
        """
        return load_job(self.trace, self.host, self.options, self.baseline, self.settings)

    def tried(self) -> Iterator[TriedVisit]:
        """Make one visit for each mapping of the endpoints file; gives what came back, one by one.

        Raises:
            BadInputError: there is no such file, or no service answers at the host.
        """
        if self.service is None or self.host is None:
            raise BadInputError("--check", "there is nothing to check", "--endpoints FILE and --host URL")
        info = self.trace.info
        transport = endpoints_check.transport_of(self.options.transport, self.options.endpoints, info)
        check_host(self.host, info, transport=transport, is_mapped=True)
        client = Client(address_of(self.host, f"--host {self.host}"), transport)
        yield from map(
            _tried_visit, endpoints_check.dry_runs(self.service, self.trace.model, client, info.seed)
        )

    def never_used(self) -> list[str]:
        """Give the patterns of mappings that no operation of the model gets to."""
        return [] if self.service is None else endpoints_check.unused_patterns(self.service, self.trace.model)


@contextmanager
def prepared(asked: LoadAsked, messages: Messages = QUIET) -> Iterator[PreparedLoad]:
    """Make what is asked for ready; the files that are made for it last as long as the context.

    Raises:
        BadInputError: a name, value or file is wrong, a secret is not set, or the folder is taken.
    """
    options = load_options(asked.options)
    check_free(asked.out, overwrite=asked.overwrite)
    ready = partial(_ready, baseline=asked.baseline, messages=messages)
    if isinstance(asked.source, ScenarioSource):
        yield ready(_trace_of(asked.source, messages), asked.host, options)
        return
    with tempfile.TemporaryDirectory(prefix="footfall-") as folder:
        trace, host, path, settings = _url_trace(asked.source, options.endpoints, Path(folder))
        options = options.model_copy(update={"endpoints": path})
        yield ready(trace, host, options, settings)


def _ready(
    trace: Trace,
    host: str | None,
    options: LoadOptions,
    settings: Mapping[str, Any] = MappingProxyType({}),
    *,
    baseline: Path | None,
    messages: Messages,
) -> PreparedLoad:
    served, service = for_own_service(options, trace, host, messages)
    return PreparedLoad(
        trace=served, service=service, host=host, options=options, settings=settings, baseline=baseline
    )


def _trace_of(source: ScenarioSource, messages: Messages) -> Trace:
    """Give the trace of a scenario, with the criteria that are asked of it."""
    if isinstance(source.scenario, Trace):
        given = source.scenario
        criteria = judgement.asked_of(given.info.criteria, source.asked)
        return replace(given, info=given.info.model_copy(update={"criteria": criteria}))
    chosen, model = chosen_scenario(source.scenario, source.model)
    chosen = chosen.model_copy(update={"criteria": judgement.asked_of(chosen.criteria, source.asked)})
    if source.folder is not None:
        made = read_trace(source.folder)
        update = {"criteria": chosen.criteria, "scenario": chosen.name}
        return replace(made, info=made.info.model_copy(update=update))
    with messages.progress(f"sampling the day of {chosen.name}"):
        return sampled_trace(chosen, source.options, model, messages)


def for_own_service(
    options: LoadOptions, trace: Trace, host: str | None, messages: Messages = QUIET
) -> tuple[Trace, TargetService | None]:
    """Give the arrivals that an endpoints file or a locustfile serves, and the service of that file.

    Without either, these are all arrivals.

    Raises:
        BadInputError: a file is wrong, goes with no host, a secret is not set, or arrivals have no mapping.
    """
    given, users = options.endpoints, options.users
    path = endpoints_check.file_of(given, trace.info)
    if path is None and not users.users:
        return trace, None
    if path is not None and host is None:
        where = f"--endpoints {path}" if given else f"scenario {trace.info.scenario} has endpoints: {path}"
        raise BadInputError(where, "the reference service has its own", "--host URL instead of --serve")
    found = endpoints_check.prepare_endpoints(path, trace, users)
    left_out = found.trace.info.left_out
    if left_out:
        messages.note(left_out_line(left_out))
    return found.trace, found.service


def _url_trace(
    source: UrlSource, given: Path | None, folder: Path
) -> tuple[Trace, str, Path, dict[str, object]]:
    """Give the trace of a URL, its host, its endpoints file, and what the manifest says of it.

    Without a file `given`, one for the paths below the URL is made in the folder.

    Raises:
        BadInputError: the URL, a number, a path, a criterion or the endpoints file is wrong.
    """
    url = source.url
    address_of(url.partition("?")[0], "URL")
    load = UrlLoad(
        url=url,
        rate_per_s=source.rate_per_s,
        for_s=source.duration_s,
        arrivals=source.arrivals,
        even=source.even,
        seed=source.seed,
    )
    span = span_of(load)
    if given is not None and source.paths:
        raise BadInputError(
            "--get", "cannot be combined with --endpoints, which lists the requests", "one of the two"
        )
    criteria = _criteria_of_url(source.asked)
    settings = {"url": url, "rate_per_s": span.rate_per_s, "for_s": span.for_s, "even": source.even}
    path, host = given, url
    if path is None:
        path, host = folder / _MADE_FILE, base_of(url)
        write_text(endpoints_text(url, tuple(source.paths)), path)
        # The run's folder has a copy of the file; its own path means nothing after the run.
        settings |= {"endpoints": _MADE_FILE}
    mapped = operations_of(endpoints_in(read_text(path), "URL" if given is None else str(path)))
    return trace_of_url(load, mapped, criteria), host, path, settings


def _criteria_of_url(asked: judgement.CriteriaAsked) -> tuple[Criterion, ...]:
    """Give what is asked of a URL: of its errors in any case, unless a file lists the criteria."""
    file, lines = judgement.file_or_criteria(asked.instead)
    also = judgement.CriteriaAsked(also=(*lines, *judgement.file_or_criteria(asked.also)[1]))
    asks_a_share = any(each.text.startswith(("error(", "success(")) for each in judgement.asked_of((), also))
    plain = () if asks_a_share else judgement.asked_of((), judgement.CriteriaAsked(also=_CRITERION))
    return judgement.asked_of(plain, replace(also, instead=file, longest_episode=asked.longest_episode))


def _tried_visit(trial: endpoints_check.DryRun) -> TriedVisit:
    outcome, cause = trial.ending
    name = f"{trial.channel}.{trial.operation}"
    lines = [f"{name}: {outcome.value}{f' ({cause})' if cause else ''}"]
    steps = []
    for step in trial.steps:
        ended, why = step.ending
        took, end = seconds(step.took_s), ended.value + (f" ({why})" if why else "")
        lines.append(f"  {step.step:36} {step.status or '–':>3}  {took:>7}  {end}")
        lines += [f"         {step.body}"] if step.body else []
        steps.append(
            {
                "step": step.step,
                "method": step.method,
                "status": step.status,
                "took_s": step.took_s,
                "outcome": ended.value,
                "cause": why,
                "body": step.body,
            }
        )
    data = {"channel": trial.channel, "operation": trial.operation, "outcome": outcome.value, "cause": cause}
    return TriedVisit(outcome is Outcome.SERVED, lines, data | {"steps": steps})


# ── The same for Python


@dataclass(frozen=True, repr=False)
class LoadRun(Run):
    """A run folder, with what `load_test` knows of it."""

    done: LoadDone


def load_test(
    scenario: Scenario | Trace | Path | str | None = None,
    *,
    model: Model | Path | str | None = None,
    host: str | None = None,
    serve: bool = False,
    seed: int = 1,
    window: float | str | None = None,
    at_hour: float | None = None,
    speed: float | None = None,
    scale: float | None = None,
    arrivals: int | None = None,
    human_time_factor: float | None = None,
    changes: Mapping[str, float | str] | Sequence[str] | None = None,
    rate: float | None = None,
    duration: float | str | None = None,
    even: bool = False,
    paths: Sequence[str] = (),
    criteria: judgement.CriteriaGiven | None = None,
    also: judgement.CriteriaGiven | None = None,
    longest_episode: str | None = None,
    baseline: Path | str | None = None,
    out: Path | str | None = None,
    overwrite: bool = False,
    messages: Messages = QUIET,
    **options: Any,  # noqa: ANN401  checked by LoadOptions
) -> LoadRun:
    """Load a service with a scenario's customers, predict what they should meet, judge, and report.

    `scenario` is one, or its name in `scenarios/`, the path of its file, or a trace (`make_trace`); without
    one, `model` alone is taken. The service is at `host`; with `serve` it is the reference service, started
    for the run. `seed` to `changes` shape the trace, as in `make_trace`. An `http://` or `https://` address
    in place of the scenario is loaded at `rate` arrivals per second for `duration` (seconds, or a text such
    as `25s`), a Poisson stream or `even` gaps, each arrival asking for one of `paths`.

    `criteria` are lines such as `p95(web.*) < 800ms`, or the path of a file of them, in place of the
    scenario's; `also` are asked as well, `longest_episode` is as in `footfall load`, `baseline` the folder of
    an earlier run for criteria that name one. `options` are those of `LoadOptions`: `processes=2`,
    `endpoints="shop.toml"`, `hits_sample_share=0.1`.

    Locust runs in a process of its own, so nothing is patched in this one. The files go to `out`, by default
    `results/NAME/runs/ID`; what is returned reads them (`.verdict`, `.visits`, `.measures`, `.report`).

        >>> import footfall as ff
        >>> run = ff.load_test(
        ...     model="models/mm3.py",
        ...     serve=True,
        ...     window="10min",
        ...     speed=60,
        ...     arrivals=5,
        ...     human_time_factor=0.001,
        ...     criteria=["success(*) > 1%"],
        ...     out=folder / "load",
        ... )
        >>> run.visits.height
        5

    Raises:
        BadInputError: a name or value is impossible, the service cannot be reached, or the folder is taken.
    """
    is_url = isinstance(scenario, str) and scenario.startswith(("http://", "https://"))
    if serve is (host is not None) and not is_url:
        problem = "both host and serve are given" if serve else "no service is named"
        raise BadInputError("load_test", problem, "either host=URL or serve=True")
    asked = judgement.CriteriaAsked(instead=criteria, also=also, longest_episode=longest_episode)
    source: ScenarioSource | UrlSource
    if is_url:
        source = UrlSource(
            url=str(scenario),
            rate_per_s=rate,
            duration_s=seconds_of(duration, "duration") if isinstance(duration, str) else duration,
            arrivals=arrivals,
            even=even,
            paths=tuple(paths),
            seed=seed,
            asked=asked,
        )
    else:
        shape: dict[str, Any] = {"seed": seed, "window_s": window, "at_hour": at_hour, "speed": speed}
        shape |= {"scale": scale, "arrivals": arrivals, "human_time_factor": human_time_factor}
        made = trace_options(shape | {"changes": change_texts(changes)})
        source = ScenarioSource(scenario=scenario, model=model, options=made, asked=asked)
    earlier, folder = (
        None if path is None else path_of(path, name) for path, name in ((baseline, "baseline"), (out, "out"))
    )
    wanted = LoadAsked(
        source=source, host=host, options=options, baseline=earlier, out=folder, overwrite=overwrite
    )
    with prepared(wanted, messages) as ready:
        done = run_load(ready.job(), folder, overwrite=overwrite, messages=messages)
    return LoadRun(done.folder, done)
