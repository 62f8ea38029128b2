"""Run a load test whose trace is ready: its files, the prediction, the verdict and the report."""

import os
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from footfall._behaviour.load_model import check_logins, check_played, check_served
from footfall._criteria.objects import Criterion
from footfall._load.endpoints.endpoints_check import check_service, endpoints_for_manifest, transport_of
from footfall._load.options import DEFAULT_OPTIONS, LoadOptions
from footfall._load.own_users import served_by
from footfall._load.result_files import LoadResult
from footfall._load.start_locust import LoadSettings, run_locust
from footfall._load.telemetry.telemetry_asked import telemetry_asked
from footfall._records.errors import BadInputError
from footfall._records.runs import Manifest, WorkerRecord
from footfall._records.server_record import ServerRecord
from footfall._runs import judgement
from footfall._runs.folder import begin, end
from footfall._runs.messages import QUIET, Messages
from footfall._runs.predict import write_prediction, write_replications
from footfall._runs.reference_service import Ready, service_for_trace
from footfall._runs.server_watch import WatchAsked, check_pid, metrics_of, server_lines, watch_server
from footfall._workload.trace import Trace, write_trace

if TYPE_CHECKING:
    # Charts take over a second to import, which a run need not spend before its first request.
    from footfall._chart.style import Chart
    from footfall._runs import report


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadJob:
    """A trace and how it is to be run; what can be wrong before the first request has been checked."""

    name: str
    trace: Trace
    criteria: tuple[Criterion, ...]
    settings: Mapping[str, Any]
    """What the manifest says of it."""
    host: str | None
    """Address of the service; None: the reference service, started for the run."""
    options: LoadOptions = DEFAULT_OPTIONS
    baseline: Path | None = None
    """An earlier run, for criteria that speak of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadDone:
    """A load test that was run, judged and reported."""

    judged: judgement.Judged
    figures: "report.RunFigures"
    report: Path | None
    """None: it could not be written."""
    folder: Path


def load_job(
    trace: Trace,
    host: str | None,
    options: LoadOptions = DEFAULT_OPTIONS,
    baseline: Path | None = None,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> LoadJob:
    """See that a trace can be run at the host, and be judged; `more` is for the manifest.

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
    check_played(trace.model, options.users.channels)
    check_pid(options.server_pid, host)
    telemetry_asked(options.otel, os.environ)
    transport = transport_of(options.transport, options.endpoints, info)
    if host is not None:
        check_service(host, trace, options, options.users)
    else:
        check_served(trace.model)
        check_logins(trace.model)
    settings |= endpoints_for_manifest(options.endpoints, info) | transport.for_manifest | dict(more)
    settings |= {"label": options.label} if options.label else {}
    if (metrics := metrics_of(options, info, host)) is not None:
        metrics.check()
        settings |= {"metrics": metrics.shown}
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
    """Run a trace in a folder of its own, predict, judge and report.

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
    return run_and_report(folder, manifest, job, messages=messages)


def run_and_report(
    folder: Path,
    manifest: Manifest,
    job: LoadJob,
    *,
    service: Ready | None = None,
    more: "Sequence[Chart]" = (),
    messages: Messages = QUIET,
) -> LoadDone:
    """Run the trace that lies in a folder, predict, judge and report.

    `service` is a reference service that has been started for it; `more` charts go into the report.

    Raises:
        BadInputError: the service cannot be reached or started.
    """
    judged = run_without_report(folder, manifest, job, service=service, messages=messages)
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


def run_without_report(
    folder: Path,
    manifest: Manifest,
    job: LoadJob,
    *,
    service: Ready | None = None,
    messages: Messages = QUIET,
) -> judgement.Judged:
    """Run, predict and judge without a report, which `footfall report` makes from the files.

    A prediction that the folder holds already is not made again.

    Raises:
        BadInputError: the service cannot be reached or started.
    """
    result, server = _play(folder, job, service, messages)
    if job.trace.info.has_prediction:
        if not (folder / judgement.PREDICTED_FILE).exists():
            write_prediction(folder, job.trace, messages)
        write_replications(folder, job.trace, messages)
    manifest = end(folder, manifest, **result.for_manifest(), server=server)
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
        "server": None if judged.manifest.server is None else asdict(judged.manifest.server),
        "left_out": judged.manifest.settings.get("left_out", {}),
        "folder": str(done.folder),
    }


def left_out_line(left_out: dict[str, int]) -> str:
    """Say how many arrivals are not in the trace, by channel and operation."""
    names = ", ".join(f"{name} {count:,}" for name, count in left_out.items())
    return f"left out of the trace, not mapped: {sum(left_out.values()):,} arrivals ({names})"


def account_lines(done: LoadDone) -> list[str]:
    """Say what became of the arrivals, of the workers and of the connections, and how late arrivals began."""
    return list(_accounts(done.judged.manifest))


def _accounts(manifest: Manifest) -> Iterator[str]:
    counts, lag, settings = manifest.arrivals, manifest.lag_s, manifest.settings
    if counts is not None:
        yield f"arrivals: {counts.due:,} due = {counts}"
    if left_out := settings.get("left_out"):
        yield left_out_line(left_out)
    for channel, user in settings.get("served_by", {}).items():
        yield f"served by: {channel}: {user}"
    if manifest.workers:
        yield f"workers: {_workers_text(manifest.workers)}"
    if manifest.connections is not None:
        yield f"connections: {manifest.connections.describe(settings)}"
    if lag is not None and lag.p99 is not None:
        yield f"lag of the generator: p99 {lag.p99 * 1000:.1f} ms, at most {(lag.max or 0) * 1000:.1f} ms"
    if manifest.server is not None:
        yield from server_lines(manifest.server)


def _workers_text(workers: Sequence[WorkerRecord]) -> str:
    """Say how many workers there were, how they ended, and how far their clocks are from the master's."""
    statuses = Counter(worker.status for worker in workers)
    ends = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()))
    offsets = [abs(each.clock_offset_s) for each in workers if each.clock_offset_s is not None]
    clocks = f"; clocks within {max(offsets) * 1000:.1f} ms of the master's" if offsets else ""
    return ends + clocks


def _play(
    folder: Path, job: LoadJob, service: Ready | None, messages: Messages
) -> tuple[LoadResult, ServerRecord | None]:
    """Run the trace, and watch the service meanwhile where that is possible."""
    pace = job.trace.info.play
    with ExitStack() as stack:
        transport = transport_of(job.options.transport, job.options.endpoints, job.trace.info)
        metrics = metrics_of(job.options, job.trace.info, job.host)
        options = exported(job.options, messages)
        if job.host is None:
            messages.note("waiting for the reference service …")
            started = (service or stack.enter_context(service_for_trace(folder)))()
            asked = WatchAsked(
                host=started.url, pid=started.pid, control_token=started.control_token, metrics=metrics
            )
        else:
            asked = WatchAsked(
                host=job.host, pid=job.options.server_pid, transport=transport, metrics=metrics
            )
        watch = stack.enter_context(watch_server(asked))
        what = f"{job.trace.arrivals.height:,} arrivals in {pace.seconds:g} s at {asked.host}"
        bar = stack.enter_context(messages.progress(f"running {what}"))
        result = run_locust(
            LoadSettings(
                trace=folder,
                run_dir=folder,
                host=asked.host,
                options=options,
                control_token=asked.control_token,
                on_progress=lambda now: bar(now.played_s / pace.seconds),
            )
        )
        if result.telemetry is not None:
            messages.note(f"OpenTelemetry: {result.telemetry.describe()}")
        server = None if watch is None else watch.write(folder, result.zero_unix_s, result.played_s)
        return result, server


def exported(options: LoadOptions, messages: Messages) -> LoadOptions:
    """Return the options of a run with what its export needs, if it is to be exported."""
    asked = telemetry_asked(options.otel, os.environ)
    if asked.note:
        messages.note(f"OpenTelemetry: {asked.note}")
    run = (options.otel_run or secrets.token_hex(8)) if asked.endpoint else ""
    return options.model_copy(update={"otel": asked.endpoint, "otel_run": run})
