"""Prepare a run before its first second (trace, run folder, host), and write its files at its end."""

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from footfall._behaviour.load_model import check_logins, check_played
from footfall._criteria.objects import AbortCriterion
from footfall._load.control import SHARE_OF_ARRIVALS, SHARE_OF_STEP, Control, control_target
from footfall._load.endpoints.endpoints_check import (
    PreparedEndpoints,
    channels_needed,
    check_service,
    endpoints_for_manifest,
    file_of,
    keep_copy,
    prepare_endpoints,
    transport_of,
)
from footfall._load.endpoints.target_service import TargetService
from footfall._load.http.wire_format import DEFAULT_TRANSPORT, TransportOptions
from footfall._load.identity import check_customer_errors
from footfall._load.locust_options import LocustRunSettings
from footfall._load.locust_users import user_of
from footfall._load.own_users import NO_USERS, OwnUsers, served_by
from footfall._load.result_files import LoadResult
from footfall._load.results import RunResults
from footfall._records.errors import BadInputError
from footfall._records.folders import claim_for_run, inherit, lock_of
from footfall._records.jobs import run_job
from footfall._records.rows import Arrival
from footfall._records.runs import (
    MANIFEST,
    Manifest,
    folder_name,
    machine,
    now,
    read_manifest,
    run_id,
    versions,
    write_manifest,
)
from footfall._workload.trace import Trace, TraceInfo, read_trace, write_trace

RESULTS = "results"
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PreparedRun:
    """A run that is ready to begin."""

    settings: LocustRunSettings
    trace: Trace
    run_dir: Path
    manifest: Manifest | None
    """Of this run, with status `running`; None if `footfall load` keeps it."""
    own: TargetService | None = None
    """Service of an endpoints file; None: the reference service's routes."""
    endpoints: str = ""
    """Text of the endpoints file, which holds no secret."""
    transport: TransportOptions = DEFAULT_TRANSPORT
    """How connections are shared, and which certificates are trusted."""
    users: OwnUsers = NO_USERS
    """The user's own Locust users that serve channels."""


def prepare(settings: LocustRunSettings, classes: set[str], users: OwnUsers = NO_USERS) -> PreparedRun:
    """Get the trace, check that it can be run against the host, and open the run folder.

    `classes` are the names of the user classes that Locust is to use.

    Raises:
        BadInputError: something is missing, damaged or unreachable; no request of the run has been sent.
    """
    run_dir = settings.run_dir or new_run_dir(settings)
    if settings.run_dir_lock is not None:
        inherit(run_dir, settings.run_dir_lock)
    folder = settings.trace or _make_trace(settings, run_dir)
    found = read_trace(folder)
    fitted = _fitted(settings, found, classes, users)
    check_service(settings.host, fitted.trace, settings.options, users)
    if lock_of(run_dir) is None:
        claim_for_run(run_dir)
    is_its_own = run_dir.exists() and folder.exists() and run_dir.samefile(_folder_of(folder))
    if fitted.trace is not found or not is_its_own:
        write_trace(run_dir, fitted.trace)
    return _opened(settings, fitted, run_dir, users)


def prepare_step(settings: LocustRunSettings, classes: set[str], users: OwnUsers = NO_USERS) -> PreparedRun:
    """Prepare one step of a series, whose trace is in its own folder, the run folder of the settings.

    The host was checked before the first step: a service that has failed since is a result.

    Raises:
        BadInputError: something is missing or damaged; no request of the step has been sent.
    """
    run_dir = settings.run_dir
    assert run_dir is not None  # noqa: S101  a step has a folder
    found = read_trace(run_dir)
    fitted = _fitted(settings, found, classes, users)
    claim_for_run(run_dir)
    if fitted.trace is not found:
        write_trace(run_dir, fitted.trace)
    return _opened(settings, fitted, run_dir, users)


def _fitted(
    settings: LocustRunSettings, found: Trace, classes: set[str], users: OwnUsers
) -> PreparedEndpoints:
    """Return the trace as it can be run, with the service that serves it."""
    fitted = prepare_endpoints(file_of(settings.options.endpoints, found.info), found, users)
    trace = fitted.trace
    others = channels_needed(trace.model, trace.info.arrivals_by_channel) - users.channels
    if fitted.service is None and others:
        check_customer_errors(trace.model)
        check_logins(trace.model)
    check_played(trace.model, users.channels)
    _check_users(trace, classes, users)
    return fitted


def _opened(
    settings: LocustRunSettings, fitted: PreparedEndpoints, run_dir: Path, users: OwnUsers
) -> PreparedRun:
    """Complete the run folder, which holds the trace, and return the run."""
    keep_copy(run_dir, fitted)
    trace, given = fitted.trace, settings.options.endpoints
    transport = transport_of(settings.options.transport, given, trace.info)
    more = transport.for_manifest | served_by(trace, users, given)
    manifest = _open_manifest(run_dir, settings, trace, more)
    return PreparedRun(settings, trace, run_dir, manifest, fitted.service, fitted.text, transport, users)


def new_run_dir(settings: LocustRunSettings) -> Path:
    """Return the folder of a run without `--run-dir`."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    name, kind = Path(settings.scenario or "trace").stem, "runs"
    if settings.search is not None:
        kind = settings.search.job
        name = name if settings.search.path is None else urlsplit(settings.host).netloc
    return Path(RESULTS) / folder_name(name) / kind / stamp


def _folder_of(trace: Path) -> Path:
    return trace if trace.is_dir() else trace.parent


def _make_trace(settings: LocustRunSettings, folder: Path) -> Path:
    """Make the trace in another process: simulating a day here would stall the event loop."""
    done = run_job("trace", settings.trace_arguments | {"out": str(folder)})
    if done.code:
        raise BadInputError("the trace", done.reason)
    return folder


def _check_users(trace: Trace, classes: set[str], users: OwnUsers) -> None:
    names = trace.info.arrivals_by_channel.keys() - users.channels
    needed = {user_of(trace.model.channel(name)).__name__ for name in names}
    if users.users and not needed & classes:
        # A locustfile with own users only need not import the model's user classes.
        return
    if needed - classes:
        missing = ", ".join(sorted(needed - classes))
        raise BadInputError("user classes", f"{missing} not selected", "all classes that the trace needs")


def _open_manifest(
    run_dir: Path, settings: LocustRunSettings, trace: Trace, more: dict[str, Any]
) -> Manifest | None:
    info = trace.info
    if (run_dir / MANIFEST).is_file() and read_manifest(run_dir).command != "locust":
        return None
    kit, own = versions(), endpoints_for_manifest(settings.options.endpoints, info)
    manifest = Manifest(
        run=run_id(info.fingerprint, _asked_in(info), info.seed, kit["footfall"]),
        command="locust",
        model=info.model,
        scenario=info.scenario,
        seed=info.seed,
        status="running",
        settings={
            "play": info.play.model_dump(),
            "criteria": [each.text for each in info.criteria],
            "scale": info.scale,
            "hits_sample_share": settings.options.hits_sample_share,
            **({"label": settings.options.label} if settings.options.label else {}),
            "host": settings.host,
        }
        | more
        | own,
        versions=kit,
        machine=machine(),
        started_at=now(),
    )
    write_manifest(run_dir, manifest)
    return manifest


def _asked_in(info: TraceInfo) -> str:
    """Return what, besides model and seed, determines a run; steps of a series differ in replication."""
    step = f" step {info.replication} of {info.arrivals}" if info.replication else ""
    return f"{info.scenario or ''}{step}"


# ── Results of a run: created before it, written at its end


def new_results(prepared: PreparedRun) -> RunResults:
    """Create the results of a run, with its arrivals and the criteria that may end it early."""
    info = prepared.trace.info
    arrivals = [Arrival(**row) for row in prepared.trace.arrivals.iter_rows(named=True)]
    monitored = [each for each in info.criteria if isinstance(each, AbortCriterion)]
    return RunResults(arrivals, monitored, prepared.run_dir)


def control_of(prepared: PreparedRun, results: RunResults) -> Control | None:
    """Create the control of a run, not started; None if there is none."""
    settings, trace = prepared.settings, prepared.trace
    arrivals_per_s = trace.arrivals.height / trace.info.play.seconds
    # If own users serve all channels, no request is known that can be sent at any time.
    others = channels_needed(trace.model, trace.info.arrivals_by_channel) - prepared.users.channels
    if not (settings.options.control and others):
        return None
    most_share = SHARE_OF_ARRIVALS if settings.series is None else SHARE_OF_STEP
    target = control_target(prepared.own, arrivals_per_s, most_share)
    if target is None:
        return None
    results.control_step = target.step
    return Control(settings.host, target, prepared.transport)


def is_ended_early(results: RunResults) -> bool:
    """Whether an abort criterion has ended the run."""
    if results.ended_early_by:
        logger.warning("ended early by %s", results.ended_early_by)
    return bool(results.ended_early_by)


def write_results(prepared: PreparedRun, results: RunResults, result: LoadResult) -> None:
    """Write visits, hits, totals and the final manifest into the run folder.

    Raises:
        BadInputError: the folder cannot be written.
    """
    results.latencies.write(prepared.run_dir)
    results.records.write(prepared.run_dir, result)
    if prepared.manifest is not None:
        done = replace(prepared.manifest, **result.for_manifest(), ended_at=now())
        write_manifest(prepared.run_dir, done)
    logger.info("%s: %s, lag %s", prepared.run_dir, result.arrivals, result.lag_s)
