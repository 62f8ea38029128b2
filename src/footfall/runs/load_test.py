"""A load test: play a trace at a service, predict the same arrivals, judge, and report."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from footfall.behaviour.load_model import check_logins, check_played, check_served
from footfall.criteria.objects import Criterion
from footfall.load.endpoints.endpoints_check import check_service, told, transport_of
from footfall.load.options import AS_USUAL, LoadOptions
from footfall.load.own_users import served_by
from footfall.load.result_files import LoadResult
from footfall.load.start_locust import LoadSettings, run_locust
from footfall.records.errors import BadInputError
from footfall.records.runs import Manifest
from footfall.runs import judge
from footfall.runs.folder import begin, end
from footfall.runs.messages import QUIET, Messages
from footfall.runs.predict import predict_played, replicate_played
from footfall.runs.reference_service import Ready, own_service
from footfall.workload.trace import Trace, write_trace

if TYPE_CHECKING:
    # Charts take over a second to import, which a run need not spend before its first request.
    from footfall.chart.style import Chart
    from footfall.runs import report


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

    judged: judge.Judged
    figures: "report.PlayFigures"
    report: Path | None
    """None: it could not be written."""
    folder: Path


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
    criteria = judge.criteria_of_trace(info, trace.model)
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
    judge.check_baseline(baseline, criteria, judge.Load(trace.model.name, name, settings, info))
    check_played(trace.model)
    transport = transport_of(options.transport, options.endpoints, info)
    if host is not None:
        check_service(host, trace, options, options.users)
    else:
        check_served(trace.model)
        check_logins(trace.model)
    settings |= told(options.endpoints, info) | transport.told | dict(more)
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
    from footfall.runs import report

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
) -> judge.Judged:
    """Play, predict and judge without a report, which `footfall report` makes from the files.

    A prediction that the folder holds already is not made again.

    Raises:
        BadInputError: the service cannot be reached or started.
    """
    result = _play(folder, job, service, messages)
    if job.trace.info.has_prediction:
        if not (folder / judge.PREDICTED_FILE).exists():
            predict_played(folder, job.trace, messages)
        replicate_played(folder, job.trace, messages)
    manifest = end(folder, manifest, **result.for_manifest())
    return judge.judge_run(folder, manifest, job.criteria, job.baseline, messages)


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
