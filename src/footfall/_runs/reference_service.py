"""The reference service: in this process until it is stopped, or in a child's for the length of a run."""

import json
import os
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from footfall._behaviour.load_model import RunPace, as_played
from footfall._load.locust_options import GATEWAY_VARIABLE, TOKEN_VARIABLE
from footfall._model.model import Model
from footfall._model.model_files import model_of_text, model_text
from footfall._model.numbers import DAY_S, HOUR_S
from footfall._records.errors import BadInputError
from footfall._records.jobs import for_child, job_command, job_line
from footfall._runs.content import model_for
from footfall._runs.messages import QUIET, Messages
from footfall._workload.trace import read_trace

_READY_S_MOST = 120.0
_STOP_S_MOST = 20.0
_LOOK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAsked:
    """Which service is started: a model's channels, capacities and delays, at an address."""

    model: Model
    play: RunPace
    """Which hour's staff is on duty, and how much people's own times are shortened."""
    seed: int
    host: str = "127.0.0.1"
    port: int = 0
    """0: any free one."""
    database: str | None = None
    """SQLite file, or URL; None: a file that is removed at the end."""
    delays: bool = True
    """Whether it takes the model's service times and faults, or answers at once."""


@dataclass(frozen=True, slots=True)
class ReferenceService:
    """A running reference service."""

    url: str
    control_token: str = field(repr=False)
    """For the routes that set its clock and read its audit."""
    pid: int
    """Its process."""


Ready = Callable[[], ReferenceService]
"""Waits until the service takes requests; raises `BadInputError` with its own last line if it does not."""


@contextmanager
def serve(
    model: Model | Path | str,
    *,
    seed: int = 1,
    at_hour: float = 10.0,
    human_time_factor: float = 1.0,
    delays: bool = True,
    port: int = 0,
    database: str | None = None,
) -> Iterator[ReferenceService]:
    """Run the reference service with a model's capacities while the context lasts; gives its address.

    It runs in a process of its own, on 127.0.0.1, with the staff of `at_hour` (hours after midnight) on duty
    all the time. Without `delays` it answers at once; people's own times (patience, expiry) are multiplied by
    `human_time_factor`. `database` is an SQLite file or a URL; without one, a file that is removed.

        >>> import footfall as ff
        >>> with ff.serve("models/mm3.py", delays=False) as service:
        ...     service.url.startswith("http://127.0.0.1:")
        True

    Raises:
        BadInputError: the model has a station that can only be simulated, or the port is taken.
    """
    asked = ServiceAsked(
        model=model_for(model),
        play=pace_at_hour(at_hour, human_time_factor),
        seed=seed,
        port=port,
        database=database,
        delays=delays,
    )
    plain = {name: getattr(asked, name) for name in ("seed", "host", "port", "database", "delays")}
    data = plain | {"model": model_text(asked.model), "play": asked.play.model_dump()}
    with _child(data) as ready:
        yield ready()


def pace_at_hour(at_hour: float, human_time_factor: float) -> RunPace:
    """Give the pace of a run whose hour stands still: a service with it takes the load of any window."""
    starts_s = at_hour * HOUR_S % DAY_S
    return RunPace(starts_s=starts_s, length_s=1, speed=1, human_time_factor=human_time_factor)


@contextmanager
def service_for_trace(trace: Path) -> Iterator[Ready]:
    """Start the reference service for a trace's folder on a free port, and stop it at the end.

    It opens its accounts while the caller does other work; `Ready` waits until it takes requests.
    """
    with _child({"trace": str(trace)}) as ready:
        yield ready


def asked_of_trace(trace: Path) -> ServiceAsked:
    """Give the service of a trace: its model, as it is run.

    Raises:
        BadInputError: the trace is missing or damaged.
    """
    found = read_trace(trace)
    return ServiceAsked(model=found.model, play=found.info.play, seed=found.info.seed)


def asked_of_data(data: Mapping[str, Any]) -> ServiceAsked:
    """Give the service that a job is to start: that of a trace's folder, or of a model.

    Raises:
        BadInputError: the trace or the model is damaged.
    """
    if "trace" in data:
        return asked_of_trace(Path(data["trace"]))
    plain = {name: data[name] for name in ("seed", "host", "port", "database", "delays")}
    return ServiceAsked(
        model=model_of_text(data["model"], "the model"), play=RunPace(**data["play"]), **plain
    )


def serve_here(asked: ServiceAsked, on_ready: Callable[[str], None], messages: Messages = QUIET) -> None:
    """Serve in this process until it is stopped; `on_ready` is called with the address.

    The environment's FOOTFALL_CONTROL_TOKEN switches the control routes on, FOOTFALL_GATEWAY_KEY guards the
    SMS routes.

    Raises:
        BadInputError: the port is taken, or the model has a station that can only be simulated.
    """
    from footfall._service.server import serve as serve_settings
    from footfall._service.settings import ServiceSettings

    with (
        tempfile.TemporaryDirectory(prefix="footfall-") as scratch,
        messages.progress("opening accounts") as bar,
    ):
        settings = ServiceSettings(
            model=as_played(asked.model, asked.play),
            seed=asked.seed,
            database=asked.database or str(Path(scratch) / "service.sqlite"),
            subscribers=int(asked.model.accounts.subscribers),
            host=asked.host,
            port=asked.port,
            delays=asked.delays,
            control_token=os.environ.get(TOKEN_VARIABLE),
            gateway_key=os.environ.get(GATEWAY_VARIABLE),
            on_ready=lambda port: on_ready(f"http://{asked.host}:{port}"),
            on_progress=lambda made, total: bar(made / total),
        )
        serve_settings(settings)


@contextmanager
def _child(data: Mapping[str, object]) -> Iterator[Ready]:
    """Serve in a process of its own, whose control token only this process knows."""
    token = secrets.token_urlsafe(24)
    with tempfile.TemporaryDirectory(prefix="footfall-serve-") as scratch:
        answer, log = Path(scratch) / "answer", Path(scratch) / "log"
        with answer.open("wb") as out, log.open("wb") as errors:
            # A session of its own: Ctrl-C is for the run, which ends the service when it has ended.
            process = subprocess.Popen(  # noqa: S603  our own program, arguments as a list
                job_command("serve"),
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=errors,
                env=for_child(os.environ | {TOKEN_VARIABLE: token}),
                start_new_session=True,
            )
        try:
            _hand_over(process, data)
            yield lambda: ReferenceService(_url(process, answer, log), token, process.pid)
        finally:
            _stop(process)


def _hand_over(process: subprocess.Popen[bytes], data: Mapping[str, object]) -> None:
    """Say what is to be served; a child that has gone by then says why in its log."""
    assert process.stdin is not None  # noqa: S101  it was asked for
    try:
        with process.stdin as line:
            line.write(job_line(data))
    except BrokenPipeError:
        return


def _url(process: subprocess.Popen[bytes], answer: Path, log: Path) -> str:
    until_s = time.monotonic() + _READY_S_MOST
    while not (line := answer.read_text(encoding="utf-8")).endswith("\n"):
        if process.poll() is not None or time.monotonic() > until_s:
            words = (log.read_text(errors="replace").strip().splitlines() or ["no reason given"])[-1]
            raise BadInputError("the reference service", words.removeprefix("footfall: "))
        time.sleep(_LOOK_EVERY_S)
    return str(json.loads(line)["url"])


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_S_MOST)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
