"""Have one Locust process play load steps one after another, as another program decides."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from footfall._load.options import DEFAULT_OPTIONS, LoadOptions
from footfall._load.series_files import (
    POLL_S,
    StepDone,
    StepOrder,
    order_end,
    read_done,
    step_folder,
    write_order,
)
from footfall._load.start_locust import LOG_FILE, end_process, reason_in, started
from footfall._records.errors import BadInputError
from footfall._workload.trace import Trace, write_trace

_START_S_MOST = 60.0
_MARGIN_S = 30.0
"""For the preparation of a step, its control, and the writing of files."""
_END_S_MOST = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSettings:
    """One generator process, for all steps of a search."""

    run_dir: Path
    """Folder of the series; the steps are below `steps/`."""
    host: str
    options: LoadOptions = DEFAULT_OPTIONS
    control_token: str | None = field(default=None, repr=False)
    """Of the reference service; with it, the service is sent second 0 of each step."""
    gateway_key: str | None = field(default=None, repr=False)


class LoadGenerator:
    """A generator process that plays one step after another."""

    def __init__(self, settings: SeriesSettings) -> None:
        """Start the process; it takes some seconds until it looks for the first step."""
        self._settings = settings
        self._number = 0
        self._process = started(settings, ["--series", str(settings.run_dir)])

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How the process ended; None: it has not."""
        return self._process.poll()

    def play(
        self, trace: Trace, order: StepOrder, on_progress: Callable[[], None] = lambda: None
    ) -> tuple[Path, StepDone]:
        """Play one step and wait for its end; returns its folder and what became of it.

        `on_progress` is called about twenty times a second meanwhile.

        Raises:
            BadInputError: the step cannot be played, or the process has ended or does not end the step.
        """
        self._number += 1
        folder = step_folder(self._settings.run_dir, self._number)
        write_trace(folder, trace)
        write_order(folder, order)
        longest_s = trace.info.play.seconds + order.drain_s + _MARGIN_S
        until_s = time.monotonic() + longest_s + (_START_S_MOST if self._number == 1 else 0.0)
        while (done := read_done(folder)) is None:
            if self._process.poll() is not None:
                log = self._settings.run_dir / LOG_FILE
                raise BadInputError(
                    "the load generator", reason_in(log), f"a process that goes on (see {log})"
                )
            if time.monotonic() > until_s:
                problem = f"step {self._number} has not ended after {longest_s:g} s"
                raise BadInputError("the load generator", problem, "a machine that is less busy")
            on_progress()
            time.sleep(POLL_S)
        if done.problem:
            raise BadInputError(f"step {self._number}", done.problem)
        return folder, done

    def end(self) -> None:
        """End the process; a step under way is stopped, and its files are written."""
        with suppress(BadInputError):  # then by signal
            order_end(self._settings.run_dir)
        is_idle = (
            self._number == 0 or read_done(step_folder(self._settings.run_dir, self._number)) is not None
        )
        if self._process.poll() is None:
            if not is_idle:
                self._process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_S_MOST)
        end_process(self._process)


@contextmanager
def load_generator(settings: SeriesSettings) -> Iterator[LoadGenerator]:
    """Have a generator process for as long as the context lasts.

    Raises:
        BadInputError: the folder cannot be written.
    """
    generator = LoadGenerator(settings)
    try:
        yield generator
    finally:
        generator.end()
