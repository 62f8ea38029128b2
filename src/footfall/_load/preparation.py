"""Make ready what a play stands on, before its first second: trace, run folder, host."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from footfall._behaviour.load_model import check_logins, check_played
from footfall._load.endpoints.endpoints_check import (
    channels_wanted,
    check_service,
    file_of,
    keep_copy,
    prepare_endpoints,
    told,
    transport_of,
)
from footfall._load.endpoints.target_service import TargetService
from footfall._load.http.connection_options import USUAL, TransportOptions
from footfall._load.identity import check_customer_errors
from footfall._load.locust_options import PlaySettings
from footfall._load.locust_users import user_of
from footfall._load.own_users import NO_USERS, OwnUsers, served_by
from footfall._records.errors import BadInputError
from footfall._records.folders import claim_for_run, inherit, lock_of
from footfall._records.jobs import run_job
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
from footfall._workload.trace import Trace, read_trace, write_trace

RESULTS = "results"


@dataclass(frozen=True, slots=True)
class PreparedRun:
    """All that a play needs to begin."""

    settings: PlaySettings
    trace: Trace
    run_dir: Path
    manifest: Manifest | None
    """Of this run, with status `running`; None where whoever started us keeps it."""
    own: TargetService | None = None
    """Somebody's own service; None: the reference service's routes."""
    endpoints: str = ""
    """Text of the file that maps errands to its requests; it holds no secret."""
    transport: TransportOptions = USUAL
    """Whose the connections are, and which certificates are trusted."""
    users: OwnUsers = NO_USERS
    """Users of the locustfile's own that serve channels."""


def prepare(settings: PlaySettings, classes: set[str], users: OwnUsers = NO_USERS) -> PreparedRun:
    """Get the trace, check that it can be played at the host, and open the run folder.

    `classes` are the names of the user classes that Locust was not told to leave out.

    Raises:
        BadInputError: something is missing, damaged or unreachable; nothing has been played.
    """
    run_dir = settings.run_dir or new_run_dir(settings)
    if settings.run_dir_lock is not None:
        inherit(run_dir, settings.run_dir_lock)
    folder = settings.trace or _make_trace(settings, run_dir)
    found = read_trace(folder)
    play = prepare_endpoints(file_of(settings.options.endpoints, found.info), found, users)
    trace = play.trace
    others = channels_wanted(trace.model, trace.info.arrivals_by_channel) - users.channels
    if play.service is None and others:
        check_customer_errors(trace.model)
        check_logins(trace.model)
    check_played(trace.model)
    _check_users(trace, classes, users)
    transport = transport_of(settings.options.transport, settings.options.endpoints, found.info)
    check_service(settings.host, trace, settings.options, users)
    if lock_of(run_dir) is None:
        claim_for_run(run_dir)
    if trace is not found or not (
        run_dir.exists() and folder.exists() and run_dir.samefile(_folder_of(folder))
    ):
        write_trace(run_dir, trace)
    keep_copy(run_dir, play)
    manifest = _open_manifest(
        run_dir, settings, trace, transport.told | served_by(trace, users, settings.options.endpoints)
    )
    return PreparedRun(settings, trace, run_dir, manifest, play.service, play.text, transport, users)


def new_run_dir(settings: PlaySettings) -> Path:
    """Give the folder of a run that is not told where to go."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    return Path(RESULTS) / folder_name(Path(settings.scenario or "trace").stem) / "runs" / stamp


def _folder_of(trace: Path) -> Path:
    return trace if trace.is_dir() else trace.parent


def _make_trace(settings: PlaySettings, folder: Path) -> Path:
    """Let another process make the trace: a simulated day here would stall every arrival."""
    done = run_job("trace", settings.trace_asked | {"out": str(folder)})
    if done.code:
        raise BadInputError("the trace", done.reason)
    return folder


def _check_users(trace: Trace, classes: set[str], users: OwnUsers) -> None:
    names = trace.info.arrivals_by_channel.keys() - users.channels
    needed = {user_of(trace.model.channel(name)).__name__ for name in names}
    if users.users and not needed & classes:
        # A locustfile may hold its own users alone: the model's need no class of it.
        return
    if needed - classes:
        raise BadInputError("user classes", f"{', '.join(sorted(needed - classes))} left out", "all of them")


def _open_manifest(
    run_dir: Path, settings: PlaySettings, trace: Trace, more: dict[str, Any]
) -> Manifest | None:
    info = trace.info
    if (run_dir / MANIFEST).is_file() and read_manifest(run_dir).command != "locust":
        return None
    kit, own = versions(), told(settings.options.endpoints, info)
    manifest = Manifest(
        run=run_id(info.fingerprint, info.scenario or "", info.seed, kit["footfall"]),
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
