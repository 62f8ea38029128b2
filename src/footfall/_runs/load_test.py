"""A load test, by a scenario or at a rate: from the trace to the files of its run."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from footfall._behaviour.load_model import check_logins, check_played, check_served
from footfall._criteria.objects import Criterion
from footfall._load.endpoints.endpoints_check import (
    DryRun,
    check_service,
    file_of,
    prepare_endpoints,
    told,
    transport_of,
    trials,
)
from footfall._load.endpoints.endpoints_file import endpoints_in, read_text
from footfall._load.endpoints.target_service import TargetService
from footfall._load.http.client import Client
from footfall._load.http.connection_options import TransportOptions, address_of
from footfall._load.options import AS_USUAL, LoadOptions, load_options
from footfall._load.own_users import served_by
from footfall._load.preflight import check_host
from footfall._load.result_files import LoadResult
from footfall._load.start_locust import LoadSettings, run_locust
from footfall._load.url_load import UrlLoad, base_of, endpoints_text, errands_of, span_of, trace_of_url
from footfall._model.model import Model
from footfall._records.errors import BadInputError, seconds_of
from footfall._records.runs import Manifest
from footfall._records.tables import write_text
from footfall._runs import judgement
from footfall._runs.folder import begin, end
from footfall._runs.job_results import Run
from footfall._runs.judgement import CriteriaGiven, asked_of, file_or_criteria, parsed
from footfall._runs.make_trace import make_trace, ordinary_scenario
from footfall._runs.messages import QUIET, Messages
from footfall._runs.predict import predict_played, replicate_played
from footfall._runs.reference_service import Ready, own_service
from footfall._workload.scenario import Scenario
from footfall._workload.trace import Trace, write_trace

# ── Load a service by its own requests: which arrivals have one, and each tried once


def for_own_service(
    options: LoadOptions, trace: Trace, host: str | None, messages: Messages = QUIET
) -> tuple[Trace, TargetService | None]:
    """Give the trace of those for whom endpoints file or locustfile have something, and the file's service.

    Without either, that is everybody.

    Raises:
        BadInputError: a file is wrong, goes with no host, a secret is not set, or somebody has nothing to do.
    """
    given, users = options.endpoints, options.users
    path = file_of(given, trace.info)
    if path is None and not users.users:
        return trace, None
    if path is not None and host is None:
        where = f"--endpoints {path}" if given else f"scenario {trace.info.scenario} has endpoints: {path}"
        raise BadInputError(where, "the reference service has its own", "--host URL instead of --serve")
    play = prepare_endpoints(path, trace, users)
    left_out = play.trace.info.left_out
    if left_out:
        messages.note(left_out_line(left_out))
    return play.trace, play.service


def left_out_line(left_out: dict[str, int]) -> str:
    """Say how many arrivals are not in the trace, and of which errands."""
    names = ", ".join(f"{name} {count:,}" for name, count in left_out.items())
    return f"left out of the trace, not mapped: {sum(left_out.values()):,} arrivals ({names})"


def tried(service: TargetService, trace: Trace, host: str, transport: TransportOptions) -> Iterator[DryRun]:
    """Send one errand for each mapping of the endpoints file; gives what came back, one by one.

    Raises:
        BadInputError: nobody answers at the host.
    """
    check_host(host, trace.info, transport=transport, is_mapped=True)
    client = Client(address_of(host, f"--host {host}"), transport)
    yield from trials(service, trace.model, client, trace.info.seed)


# ── The trace of a load without a model or a scenario: requests of a URL at a rate

CRITERION = "error(*) <= 2%"
"""What is asked of a load without a scenario, unless a share is asked of it."""
MADE_FILE = "endpoints.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOf:
    """What is asked of the run: as `asked_of` takes it."""

    criteria: Path | None
    more: Sequence[str | Criterion]
    longest_episode: str | None


@dataclass(frozen=True, slots=True)
class UrlPlay:
    """A load without a scenario, ready to be played."""

    trace: Trace
    host: str
    endpoints: Path
    settings: dict[str, Any]
    """What the manifest says of it."""


@contextmanager
def url_play(load: UrlLoad, gets: tuple[str, ...], given: Path | None, asked: AskedOf) -> Iterator[UrlPlay]:
    """Give the trace, the host and the endpoints file; the one that is made lasts as long as the context.

    `gets` are paths below the URL, of which each arrival asks for one; `given` is an endpoints file.

    Raises:
        BadInputError: the URL, a number, a path, a criterion or the endpoints file is wrong.
    """
    url = load.url
    address_of(url.partition("?")[0], "URL")
    span = span_of(load)
    if given is not None and gets:
        raise BadInputError(
            "--get", "cannot be combined with --endpoints, which lists the requests", "one of the two"
        )
    criteria = _criteria(url, asked)
    told = {"url": url, "rate_per_s": span.rate_per_s, "for_s": span.for_s, "even": load.even}
    with tempfile.TemporaryDirectory(prefix="footfall-") as folder:
        path, host = given, url
        if path is None:
            path, host = Path(folder) / MADE_FILE, base_of(url)
            write_text(endpoints_text(url, gets), path)
            # A file that was made is in the run's folder; where it lay meanwhile is of no use to anybody.
            told |= {"endpoints": MADE_FILE}
        errands = errands_of(endpoints_in(read_text(path), "URL" if given is None else str(path)))
        yield UrlPlay(trace_of_url(load, errands, criteria), host, path, told)


def _criteria(url: str, asked: AskedOf) -> tuple[Criterion, ...]:
    more = parsed(asked.more)
    says_a_share = any(each.text.startswith(("error(", "success(")) for each in more)
    plain = () if says_a_share else (CRITERION,)
    scenario = Scenario(name=url, title=url, question="", model="", criteria=plain)
    return asked_of(scenario, asked.criteria, more, asked.longest_episode).criteria


# ── A load test: play a trace at a service, predict the same arrivals, judge, and report

if TYPE_CHECKING:
    # Charts take over a second to import, which a run need not spend before its first request.
    from footfall._chart.style import Chart
    from footfall._runs import report


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadJob:
    """A trace and how it is to be played; what can be wrong before the first request has been checked."""

    name: str
    trace: Trace
    criteria: tuple[Criterion, ...]
    settings: Mapping[str, Any]
    """What the manifest says of it."""
    host: str | None
    """Address of the service; None: the reference service, started for the run."""
    options: LoadOptions = AS_USUAL
    baseline: Path | None = None
    """An earlier run, for criteria that speak of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadDone:
    """A load test that was played, judged and reported."""

    judged: judgement.Judged
    figures: "report.PlayFigures"
    report: Path | None
    """None: it could not be written."""
    folder: Path


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
    criteria: CriteriaGiven | None = None,
    also: CriteriaGiven | None = None,
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
    if serve is (host is not None) and not _is_url(scenario):
        problem = "both host and serve are given" if serve else "no service is named"
        raise BadInputError("load_test", problem, "either host=URL or serve=True")
    chosen = load_options(options)
    file, lines = file_or_criteria(criteria)
    asked = AskedOf(criteria=file, more=(*lines, *file_or_criteria(also)[1]), longest_episode=longest_episode)
    earlier, folder = (None if path is None else Path(path) for path in (baseline, out))
    if _is_url(scenario):
        for_s = seconds_of(duration, "duration") if isinstance(duration, str) else duration
        load = UrlLoad(
            url=str(scenario), rate_per_s=rate, for_s=for_s, arrivals=arrivals, even=even, seed=seed
        )
        with url_play(load, tuple(paths), chosen.endpoints, asked) as made:
            how = chosen.model_copy(update={"endpoints": made.endpoints})
            trace, _ = for_own_service(how, made.trace, made.host, messages)
            job = load_job(trace, made.host, how, earlier, made.settings)
            done = run_load(job, folder, overwrite=overwrite, messages=messages)
        return LoadRun(done.folder, done)
    if isinstance(scenario, Trace):
        sampled, own = scenario, scenario.info.criteria
    else:
        sampled = make_trace(
            scenario,
            seed,
            model=model,
            window=window,
            at_hour=at_hour,
            speed=speed,
            scale=scale,
            arrivals=arrivals,
            human_time_factor=human_time_factor,
            changes=changes,
            messages=messages,
        )
        own = sampled.info.criteria
    held = ordinary_scenario("load_test", "").model_copy(update={"criteria": () if lines else own})
    wanted = asked_of(held, asked.criteria, asked.more, asked.longest_episode).criteria
    info = sampled.info.model_copy(update={"criteria": wanted})
    trace, _ = for_own_service(chosen, replace(sampled, info=info), host, messages)
    job = load_job(trace, host, chosen, earlier)
    done = run_load(job, folder, overwrite=overwrite, messages=messages)
    return LoadRun(done.folder, done)


def _is_url(scenario: object) -> bool:
    return isinstance(scenario, str) and scenario.startswith(("http://", "https://"))


def load_job(
    trace: Trace,
    host: str | None,
    options: LoadOptions = AS_USUAL,
    baseline: Path | None = None,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> LoadJob:
    """See that a trace can be played at the host, and be judged; `more` is for the manifest.

    Raises:
        BadInputError: a criterion, the baseline, the host or the model does not allow it.
    """
    info = trace.info
    criteria = judgement.criteria_of_trace(info, trace.model)
    name = info.scenario or trace.model.name
    settings = {
        "criteria": [each.text for each in info.criteria],
        "play": info.play.model_dump(),
        "scale": info.scale,
        "set": list(info.changes),
        "host": host or "reference service",
        "model_file": info.model,
        "hits_sample_share": options.hits_sample_share,
    }
    judgement.check_baseline(baseline, criteria, judgement.Load(trace.model.name, name, settings, info))
    check_played(trace.model)
    transport = transport_of(options.transport, options.endpoints, info)
    if host is not None:
        check_service(host, trace, options, options.users)
    else:
        check_served(trace.model)
        check_logins(trace.model)
    settings |= told(options.endpoints, info) | transport.told | dict(more)
    settings |= {"label": options.label} if options.label else {}
    settings |= served_by(trace, options.users, options.endpoints)
    return LoadJob(
        name=name,
        trace=trace,
        criteria=criteria,
        settings=settings,
        host=host,
        options=options,
        baseline=baseline,
    )


def run_load(
    job: LoadJob, out: Path | None = None, *, overwrite: bool = False, messages: Messages = QUIET
) -> LoadDone:
    """Play a trace in a folder of its own, predict, judge and report.

    Raises:
        BadInputError: the folder cannot be used, or the service cannot be reached or started.
    """
    folder, manifest = begin(
        *("load", job.trace.model, job.trace.info.seed, out),
        scenario=job.name,
        settings=job.settings,
        overwrite=overwrite,
    )
    write_trace(folder, job.trace)
    return play_and_judge(folder, manifest, job, messages=messages)


def play_and_judge(
    folder: Path,
    manifest: Manifest,
    job: LoadJob,
    *,
    service: Ready | None = None,
    more: "Sequence[Chart]" = (),
    messages: Messages = QUIET,
) -> LoadDone:
    """Play the trace that lies in a folder, predict, judge and report.

    `service` is a reference service that has been started for it; `more` charts go into the report.

    Raises:
        BadInputError: the service cannot be reached or started.
    """
    judged = play_only(folder, manifest, job, service=service, messages=messages)
    from footfall._runs import report

    figures = report.figures(folder)
    page: Path | None
    try:
        page = report.write(folder, figures, judged, more)
    except BadInputError as error:
        # The verdict stands in the run's files; `footfall report` makes the page when there is room again.
        messages.note(f"no report: {error}")
        page = None
    return LoadDone(judged=judged, figures=figures, report=page, folder=folder)


def play_only(
    folder: Path,
    manifest: Manifest,
    job: LoadJob,
    *,
    service: Ready | None = None,
    messages: Messages = QUIET,
) -> judgement.Judged:
    """Play, predict and judge without a report, which `footfall report` makes from the files.

    A prediction that the folder holds already is not made again.

    Raises:
        BadInputError: the service cannot be reached or started.
    """
    result = _play(folder, job, service, messages)
    if job.trace.info.has_prediction:
        if not (folder / judgement.PREDICTED_FILE).exists():
            predict_played(folder, job.trace, messages)
        replicate_played(folder, job.trace, messages)
    manifest = end(folder, manifest, **result.for_manifest())
    return judgement.judge_run(folder, manifest, job.criteria, job.baseline, messages)


def as_json(done: LoadDone) -> dict[str, Any]:
    """Give the verdict, the accounts and the figures of a load test for a program."""
    from footfall._runs import report

    judged, figures = done.judged, done.figures
    counts, lag = judged.manifest.arrivals, judged.manifest.lag_s
    return judgement.as_json(judged) | {
        "workers": [asdict(worker) for worker in judged.manifest.workers],
        "degraded": judged.manifest.degraded,
        "arrivals": None if counts is None else {k: getattr(counts, k) for k in counts.__slots__},
        "lag_s": None if lag is None else {k: getattr(lag, k) for k in lag.__slots__},
        "connections": None if judged.manifest.connections is None else asdict(judged.manifest.connections),
        "comparison": figures.comparison.to_dicts(),
        "replications": figures.replications,
        "spill": report.spill_by_channel(figures),
        "left_out": judged.manifest.settings.get("left_out", {}),
        "folder": str(done.folder),
    }


def _play(folder: Path, job: LoadJob, service: Ready | None, messages: Messages) -> LoadResult:
    play = job.trace.info.play
    with ExitStack() as stack:
        host, token = job.host, ""
        if host is None:
            messages.note("waiting for the reference service …")
            started = (service or stack.enter_context(own_service(folder)))()
            host, token = started.url, started.control_token
        what = f"{job.trace.arrivals.height:,} arrivals in {play.seconds:g} s at {host}"
        bar = stack.enter_context(messages.progress(f"playing {what}"))
        return run_locust(
            LoadSettings(
                trace=folder,
                run_dir=folder,
                host=host,
                options=job.options,
                control_token=token,
                on_progress=lambda now: bar(now.played_s / play.seconds),
            )
        )
