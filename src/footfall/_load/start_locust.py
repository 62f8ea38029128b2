"""Run a trace with Locust in a process of its own, wait for its end, and return the totals."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from footfall._load.endpoints.endpoints_check import file_of, transport_of
from footfall._load.locust_options import GATEWAY_VARIABLE, TOKEN_VARIABLE
from footfall._load.loop_watch import Progress, end_progress, read_progress
from footfall._load.options import DEFAULT_OPTIONS, LoadOptions
from footfall._load.preflight import check_host
from footfall._load.result_files import LOAD_FILE, LoadResult, read_result
from footfall._records.errors import BadInputError
from footfall._records.folders import locked_for_run
from footfall._records.jobs import for_child
from footfall._records.runs import TRACE_FILE
from footfall._workload.trace import TraceInfo, read_info

LOG_FILE = "locust.log"
LOCUSTFILE = Path(__file__).parent / "run_locustfile.py"
_POLL_S = 0.25
_MARGIN_S = 60.0
"""For Locust's start, its end, and the writing of files."""
_ERROR = "error: "


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSettings:
    """One run: its trace, host, folder and options."""

    trace: Path
    """Folder of the trace; may be the run folder itself."""
    host: str
    run_dir: Path
    options: LoadOptions = DEFAULT_OPTIONS
    control_token: str | None = field(default=None, repr=False)
    """Of the reference service; with it, the service is sent second 0 of the run."""
    gateway_key: str | None = field(default=None, repr=False)
    """Of the service's SMS routes."""
    on_progress: Callable[[Progress], None] | None = None
    """Called about once a second during the run."""


def run_locust(settings: LoadSettings) -> LoadResult:
    """Run a trace and wait for its end; Ctrl-C stops it, and the result is then partial.

    Ctrl-C before second 0 ends it without a result, by `KeyboardInterrupt`.

    Raises:
        BadInputError: the trace, the host or the folder cannot be used, or the run failed.
    """
    info = read_info(settings.trace / TRACE_FILE)
    if settings.options.locustfile is None:
        transport = transport_of(settings.options.transport, settings.options.endpoints, info)
        is_mapped = file_of(settings.options.endpoints, info) is not None
        check_host(settings.host, info, transport=transport, is_mapped=is_mapped)
    with locked_for_run(settings.run_dir) as lock:
        return _run(settings, lock, _longest_s(info, settings))


def _run(settings: LoadSettings, lock: int, longest_s: float) -> LoadResult:
    """Start Locust, which shares the lock of the run folder and keeps it to its end."""
    with suppress(OSError):  # starting names it
        (settings.run_dir / LOAD_FILE).unlink(missing_ok=True)
    asked = ["--trace", str(settings.trace), "--run-dir", str(settings.run_dir), "--run-dir-lock", str(lock)]
    process = started(settings, asked, (lock,))
    try:
        code = _wait(process, settings, longest_s)
    finally:
        end_process(process)
        end_progress(settings.run_dir)
    if code and not (settings.run_dir / LOAD_FILE).is_file():
        log = settings.run_dir / LOG_FILE
        raise BadInputError("the run", reason_in(log), f"a run that ends (see {log})")
    return read_result(settings.run_dir)


class Startable(Protocol):
    """What a Locust process needs to know, whatever it plays."""

    @property
    def host(self) -> str:
        """Address of the service."""

    @property
    def run_dir(self) -> Path:
        """Folder of its log."""

    @property
    def options(self) -> LoadOptions:
        """How load is generated."""

    @property
    def control_token(self) -> str | None:
        """Of the reference service."""

    @property
    def gateway_key(self) -> str | None:
        """Of the service's SMS routes."""


def started(
    settings: Startable, asked: Sequence[str], descriptors: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start Locust with further arguments, in a session of its own; its log goes to the folder.

    Raises:
        BadInputError: the folder cannot be written.
    """
    try:
        settings.run_dir.mkdir(parents=True, exist_ok=True)
        with (settings.run_dir / LOG_FILE).open("wb") as output:
            # In a session of its own: the terminal's Ctrl-C reaches it once, through this process.
            return subprocess.Popen(  # noqa: S603  our own program, arguments as a list
                [*_command(settings), *asked],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(settings),
                start_new_session=True,
                pass_fds=descriptors,
            )
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadInputError(str(settings.run_dir), reason, "a folder that can be written") from error


def _command(settings: Startable) -> list[str]:
    options = settings.options
    return [
        *(sys.executable, "-m", "locust", "-f", str(options.locustfile or LOCUSTFILE)),
        *("--headless", "--only-summary", "--loglevel", "INFO"),
        *("--host", settings.host),
        *("--load-options", options.model_dump_json(exclude_defaults=True)),
        *(_process_options(options.processes) if options.processes != 1 else ()),
    ]


def _process_options(processes: int) -> list[str]:
    """Options for several processes, with a free port, so that runs do not interfere."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    return ["--processes", str(processes), "--master-bind-port", port, "--master-port", port]


def _environment(settings: Startable) -> dict[str, str]:
    """Pass secrets where no list of processes shows them; Locust's own variables are removed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    # The control token belongs to a service that Footfall started and is sent to no other one; the key of
    # SMS routes may be that of any service.
    environment.pop(TOKEN_VARIABLE, None)
    known = {TOKEN_VARIABLE: settings.control_token, GATEWAY_VARIABLE: settings.gateway_key}
    return for_child(environment | {name: value for name, value in known.items() if value})


def _longest_s(info: TraceInfo, settings: LoadSettings) -> float:
    return info.play.seconds + settings.options.drain_s + _MARGIN_S


def _wait(process: subprocess.Popen[bytes], settings: LoadSettings, longest_s: float) -> int:
    """Wait for the end; Ctrl-C stops the run, and its end is waited for."""
    try:
        return _watch(process, settings, longest_s)
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        code = process.wait(_MARGIN_S)
        if not (settings.run_dir / LOAD_FILE).is_file():
            # The run had not begun, so there is no result.
            raise
        return code


def _watch(process: subprocess.Popen[bytes], settings: LoadSettings, longest_s: float) -> int:
    """Wait for the end and report the progress."""
    ends_s, reported = time.monotonic() + longest_s, None
    while time.monotonic() < ends_s:
        try:
            return process.wait(_POLL_S)
        except subprocess.TimeoutExpired:
            progress = read_progress(settings.run_dir)
        if progress is not None and progress != reported and settings.on_progress is not None:
            settings.on_progress(progress)
            reported = progress
    # Locust writes the results that it has, if it still can.
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_MARGIN_S)
    if process.returncode is None or not (settings.run_dir / LOAD_FILE).is_file():
        problem = f"has not ended after {longest_s:g} s, and wrote no results"
        raise BadInputError("the run", problem, "a shorter --window or --drain-s")
    return process.returncode


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Make sure that the process and its workers have ended."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_POLL_S * 40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    # Its session, and so its process group, has no other processes.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def reason_in(log: Path) -> str:
    """Return the reason that Locust logged; otherwise the last line of the log."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    reasons = [line.partition(_ERROR)[2] for line in lines if _ERROR in line]
    return (reasons or lines or ["no reason given"])[-1]
