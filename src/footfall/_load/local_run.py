"""One run of a trace in this process, from its start to its files."""

import logging
import sys
import time
from dataclasses import replace
from math import inf
from pathlib import Path

from locust.env import Environment
from locust.runners import Runner

from footfall._load.channel_users import driven_users
from footfall._load.executor import ArrivalExecutor, ExecutorOptions, Workload
from footfall._load.loop_watch import Progress, ProgressThread
from footfall._load.preflight import set_service_clock
from footfall._load.preparation import PreparedRun, control_of, is_ended_early, new_results, write_results
from footfall._load.telemetry.telemetry_feed import feed_of
from footfall._records.errors import BadInputError
from footfall._records.jobs import run_job
from footfall._records.runs import read_manifest

LEAD_S = 1.0
"""Between the start and second 0 of the run."""
logger = logging.getLogger(__name__)


class LocalRun:
    """A run in this process, from its start to its files."""

    def __init__(self, environment: Environment, prepared: PreparedRun, lead_s: float = LEAD_S) -> None:
        """Prepare the run; nothing is sent before `start`, and second 0 comes `lead_s` after it."""
        trace, settings = prepared.trace, prepared.settings
        self._lead_s = lead_s
        self._environment = environment
        self.prepared = prepared
        self.results = new_results(prepared)
        self._progress = ProgressThread(prepared.run_dir)
        executor_options = ExecutorOptions(
            gateway_key=settings.gateway_key,
            options=settings.options,
            transport=prepared.transport,
        )
        self._control = control_of(prepared, self.results)
        self._feed = feed_of(prepared, self.results)
        group = _runner(environment).user_greenlets
        self._executor = ArrivalExecutor(
            environment,
            Workload(trace, prepared.own, driven_users(environment.user_classes)),
            self.results,
            executor_options,
            group,
        )

    def now_s(self) -> float:
        """Seconds on the run's clock, negative before its start."""
        return self._executor.now_s()

    def start(self) -> None:
        """Set second 0, send it to the service, and start the arrivals.

        Raises:
            BadInputError: the service does not accept it.
        """
        if self._control is not None:
            # Before the clock is set: starting a process can take long on a busy machine.
            self._control.start()
        if self._feed is not None:
            self._feed.start()
        self._executor.get_ready()
        self._executor.set_clock(self._lead_s)
        self.results.zero_unix_s = time.time() - self.now_s()
        settings = self.prepared.settings
        if settings.control_token:
            set_service_clock(
                str(self._environment.host), settings.control_token, -self.now_s(), self.prepared.transport
            )
        self._executor.start(self.results.arrivals)

    def tick(self) -> bool:
        """Check once a second whether the run is over; customers left after the drain time are cut off."""
        arrivals, now_s = self.results.arrivals, self.now_s()
        self._progress.write(Progress(max(now_s, 0.0), self.results.states.started, len(arrivals)))
        return is_ended_early(self.results) or self.is_over(self.results.last_due_s)

    @property
    def under_way(self) -> int:
        """Customers whose journeys have started and not ended."""
        return self._executor.under_way

    @property
    def late_s(self) -> float:
        """How long the next arrival has been due, seconds; negative: it is not due, or there is none."""
        arrivals, started = self.results.arrivals, self.results.states.started
        return self.now_s() - arrivals[started].due_s if started < len(arrivals) else -inf

    def is_over(self, last_s: float) -> bool:
        """Whether all arrivals have come and all customers have left; `last_s`: when arrivals ended.

        Customers left after the drain time are cut off.
        """
        injected, under_way = self._executor.has_injected, self._executor.under_way
        if injected and under_way and self.now_s() > last_s + self.prepared.settings.options.drain_s:
            logger.warning("%d customers are cut off: the drain time is over", under_way)
            self._executor.cut_off()
        return injected and not self._executor.under_way

    def stop_arrivals(self) -> None:
        """Start no more arrivals; the customers under way go on."""
        self._executor.stop_arrivals()

    def stop_sending(self) -> None:
        """Start no more arrivals; Locust stops the customers under way."""
        self._executor.stop_sending()

    def finish(self) -> None:
        """Write the files.

        Raises:
            BadInputError: the folder cannot be written.
        """
        played_s, results = self.now_s(), self.results
        control = self._control.end(results.control_step_times.summary()) if self._control else None
        result = results.result(played_s, str(self._environment.host), control=control)
        if self._feed is not None:
            result = replace(result, telemetry=self._feed.end())
        write_results(self.prepared, self.results, result)


def _runner(environment: Environment) -> Runner:
    runner = environment.runner
    assert runner is not None  # noqa: S101  Locust creates it before its first event
    return runner


# ── The verdict on a run started by the `locust` command, in a separate process, as by `footfall gate`

_INVALID = 3
_JUDGE_S_MAX = 600.0


def judge(run_dir: Path) -> int:
    """Judge a run and return the exit code: 0 pass, 1 fail, 3 undecided or invalid.

    A complete run without criteria gives 0, and a line says so.
    """
    try:
        manifest = read_manifest(run_dir)
    except BadInputError as error:
        logger.error("error: %s", error)  # noqa: TRY400  one line, no traceback
        return _INVALID
    if not manifest.settings.get("criteria"):
        is_complete = manifest.status == "finished" and not manifest.degraded and not manifest.broken_reasons
        logger.info("%s: the run has no criteria, so there is no verdict", run_dir)
        return 0 if is_complete else _INVALID
    done = run_job("judge", {"folder": str(run_dir)}, timeout_s=_JUDGE_S_MAX)
    if done.answer is None:
        logger.error("error: the run could not be judged: %s", done.reason)
        return _INVALID if done.code is None else done.code
    sys.stdout.write("\n".join(("", *done.answer["lines"], "")))
    sys.stdout.flush()
    return _INVALID if done.code is None else done.code
