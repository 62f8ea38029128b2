"""A whole job of Footfall's in a process of its own: data in, data out, and an exit code.

Where a job must not run in this process (Locust has patched it, or its work would make arrivals late), it is
started as `python -m footfall._runs JOB`. It reads one line of JSON and answers with one.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footfall._records.errors import BadInputError

# ── End a child process when its parent ends, for whatever reason

_PARENT_VARIABLE = "FOOTFALL_PARENT_PID"
_LOOK_EVERY_S = 0.5
_GRACE_S = 20.0


def for_child(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a child that calls `end_with_parent`."""
    return {**environment, _PARENT_VARIABLE: str(os.getpid())}


def end_with_parent(parent: int | None = None) -> None:
    """End this process when its parent has ended, even by SIGKILL: by SIGTERM, and by SIGKILL 20 s later.

    `parent` is its process id; None: that set by `for_child`, or no effect if it was not called.
    """
    given = os.environ.pop(_PARENT_VARIABLE, "")
    if parent is None and given.isdigit():
        parent = int(given)
    if parent is not None:
        threading.Thread(target=_watch, args=(parent,), daemon=True, name="parent watch").start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_S)
    os.kill(os.getpid(), signal.SIGKILL)


# ── Start a job, and wait for its end

_STOP_S_MOST = 90.0
"""Until a job that was sent SIGTERM has ended what it had started itself."""
_WORDS_MOST = 400


@dataclass(frozen=True, slots=True)
class JobDone:
    """How a job ended."""

    code: int | None
    """Exit code; None: it was stopped, having taken too long."""
    answer: dict[str, Any] | None
    """None: it gave none."""
    words: str
    """What it wrote to stderr."""

    @property
    def reason(self) -> str:
        """The last line that it wrote, without the name of the program."""
        lines = self.words.strip().splitlines() or ["no reason given"]
        return lines[-1].removeprefix("footfall: ")[-_WORDS_MOST:]


def job_command(name: str) -> list[str]:
    """Give the command that starts a job."""
    return [sys.executable, "-m", "footfall._runs", name]


def job_line(data: Mapping[str, object]) -> bytes:
    """Give what a job is to do, as the line that it reads first."""
    return json.dumps(data, allow_nan=False).encode() + b"\n"


def run_job(
    name: str, data: Mapping[str, object], *, cwd: Path | None = None, timeout_s: float | None = None
) -> JobDone:
    """Run a job to its end; this process's Ctrl-C and its end stop it, too.

    Raises:
        BadInputError: it cannot be started in that folder.
    """
    try:
        # In a session of its own: the terminal's Ctrl-C reaches it once, through us.
        process = subprocess.Popen(  # noqa: S603  our own program, arguments as a list
            job_command(name),
            cwd=cwd,
            env=for_child(os.environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        where = "this folder" if cwd is None else str(cwd)
        raise BadInputError(where, (error.strerror or str(error)).lower(), "a folder") from error
    with process:
        try:
            out, words = process.communicate(job_line(data), timeout=timeout_s)
        except subprocess.TimeoutExpired:
            _stop(process)
            return JobDone(None, None, "")
        except BaseException:
            _stop(process)
            raise
    answer = json.loads(out) if out.strip() else None
    return JobDone(process.returncode, answer, words.decode(errors="replace"))


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a job as Ctrl-C does, so that it ends what it has started; by force if it will not."""
    process.send_signal(signal.SIGTERM)
    try:
        process.communicate(timeout=_STOP_S_MOST)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
