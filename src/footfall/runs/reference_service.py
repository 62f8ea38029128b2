"""The reference service as a child process, for the length of one run."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from footfall.load.locust_options import TOKEN_VARIABLE
from footfall.records.errors import BadInputError
from footfall.records.parent_process import for_child

_READY_S_MOST = 120.0
_STOP_S_MOST = 20.0
_LOOK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class OwnService:
    """A running service."""

    url: str
    control_token: str = field(repr=False)


Ready = Callable[[], OwnService]
"""Waits until the service takes requests; raises `BadInputError` with its own last line if it does not."""


@contextmanager
def own_service(trace: Path) -> Iterator[Ready]:
    """Start the reference service for a trace on a free port, and stop it at the end.

    It opens its accounts while the caller does other work; whoever needs it then waits for `Ready`.
    """
    token = secrets.token_urlsafe(24)
    with tempfile.TemporaryDirectory(prefix="footfall-serve-") as scratch:
        ready, log = Path(scratch) / "url", Path(scratch) / "log"
        command = [sys.executable, "-m", "footfall", "serve", "--trace", str(trace), "--port", "0"]
        command += ["--ready-file", str(ready)]
        with log.open("wb") as errors:
            # A session of its own: Ctrl-C is for the run, which ends the service when it has ended.
            process = subprocess.Popen(  # noqa: S603  our own program, arguments as a list
                command,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                env=for_child(os.environ | {TOKEN_VARIABLE: token}),
                start_new_session=True,
            )
        try:
            yield lambda: OwnService(_url(process, ready, log), token)
        finally:
            _stop(process)


def _url(process: subprocess.Popen[bytes], ready: Path, log: Path) -> str:
    until_s = time.monotonic() + _READY_S_MOST
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > until_s:
            words = (log.read_text(errors="replace").strip().splitlines() or ["no reason given"])[-1]
            raise BadInputError("footfall serve", words.removeprefix("footfall: "))
        time.sleep(_LOOK_EVERY_S)
    return ready.read_text(encoding="utf-8")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_S_MOST)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
