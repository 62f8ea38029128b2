"""The worker's side of a distributed run: it runs its arrivals and reports the results to the master."""

import logging
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import gevent
import polars as pl
from gevent.lock import RLock
from gevent.pool import Group
from locust.env import Environment
from locust.runners import WorkerRunner

from footfall import __version__
from footfall._load.assignment import this_process
from footfall._load.channel_users import DrivenUser, driven_users
from footfall._load.endpoints.endpoints_check import target_service_of
from footfall._load.executor import ArrivalExecutor, ExecutorOptions, Workload
from footfall._load.http.wire_format import TransportOptions
from footfall._load.locust_options import gateway_key
from footfall._load.options import load_options
from footfall._load.result_batches import KIND, MESSAGE, ResultBuffer, arrivals_of
from footfall._model.model_files import model_of_text
from footfall._records.errors import BadInputError
from footfall._records.rows import Arrival
from footfall._records.tables import ARRIVALS
from footfall._workload.trace import Trace, TraceInfo

REPORT_EVERY_S = 0.5
_MASTER_SILENT_S_MAX = 20.0
"""A master that has been silent for this long during a run counts as gone."""
logger = logging.getLogger(__name__)


class WorkerRun:
    """A worker's part of a run, directed by the master's messages; one run at a time."""

    def __init__(self, environment: Environment, runner: WorkerRunner) -> None:
        """Listen to the master."""
        self._environment = environment
        self._runner = runner
        self._parent = os.getppid()
        self._run = ""
        self._executor: ArrivalExecutor | None = None
        self._buffer = ResultBuffer()
        self._arrivals: list[Arrival] = []
        self._has_begun = False
        self._heard_at = 0.0
        self._ending = RLock()
        self._handlers: dict[str, Callable[[dict[str, Any]], None]] = {
            "ping": self._ping,
            "piece": self._prepare,
            "share": self._take,
            "go": self._go,
            "lease": self._lease,
            "cut": lambda _data: self._cut_off(0.0),
            "stop": lambda data: self.stop(data["grace_s"]),
            "out": lambda _data: self._drop(),
        }
        runner.register_message(MESSAGE, lambda environment, msg: self.hear(msg.data))  # noqa: ARG005  Locust's names
        # Messages sent before this moment are lost, so the master waits for this one.
        self._send("hello")

    def hear(self, data: dict[str, Any]) -> None:
        """Handle a message; those of a run that is over are ignored."""
        kind = str(data[KIND])
        if kind in {"ping", "piece"} or data["run"] == self._run:
            self._heard_at = time.monotonic()
            self._handlers[kind](data)

    def report(self, data: dict[str, Any]) -> None:
        """Add the number of customers under way to Locust's report, which its page shows."""
        counts = {user.__name__: 0 for user in self._environment.user_classes}
        if self._executor is not None:
            counts |= self._executor.under_way_by_user
        data["user_classes_count"], data["user_count"] = counts, sum(counts.values())

    def stop(self, grace_s: float = 0.0) -> None:
        """Start no more arrivals, let customers under way finish for `grace_s`, and send the last results.

        A second call waits for the first one to end: both Locust and Footfall react to SIGTERM, and the first
        to be done ends the process.
        """
        with self._ending:
            executor, run = self._executor, self._run
            if executor is None:
                return
            self._executor = None
            executor.stop_sending()
            executor.cut_off(grace_s)
            self._report_results(run, last=True)

    def leave(self) -> None:
        """Leave during a run: the master reassigns the arrivals that have not been started."""
        if self._executor is not None:
            self._send("leaving", run=self._run)
        self.stop()

    def _ping(self, data: dict[str, Any]) -> None:
        self._send("pong", run=data["run"], sent=data["sent"], there=time.time())

    def _prepare(self, data: dict[str, Any]) -> None:
        """Prepare for a run."""
        self._drop()
        self._run, self._arrivals, self._buffer, self._has_begun = data["run"], [], ResultBuffer(), False
        try:
            _check_version(data["version"])
            self._environment.host = data["host"]
            info = TraceInfo.model_validate_json(data["info"])
            own = (
                target_service_of(data["endpoints"], "the master's endpoints", info)
                if data["endpoints"]
                else None
            )
            driven = driven_users(self._environment.user_classes)
            _check_driven(data["users"], driven)
            model = model_of_text(data["model"], "the master's model")
            workload = Workload(Trace(info, model, pl.DataFrame(schema=ARRIVALS)), own, driven)
            transport = TransportOptions(**data["transport"])
            executor_options = ExecutorOptions(
                gateway_key=gateway_key(),
                transport=transport,
                options=load_options(data["options"]),
                run=data["run"],
                processes=data["processes"],
            )
            self._executor = ArrivalExecutor(
                self._environment, workload, self._buffer, executor_options, Group()
            )
        except (BadInputError, ValueError, TypeError) as error:
            self._send("unable", run=self._run, problem=str(error))
        else:
            self._send("ready", run=self._run, **this_process())

    def _take(self, data: dict[str, Any]) -> None:
        arrivals = arrivals_of(data["arrivals"])
        if self._has_begun and self._executor is not None:
            self._executor.start(arrivals)
        else:
            self._arrivals += arrivals

    def _go(self, data: dict[str, Any]) -> None:
        """Begin; the message gives second 0 of the run on this worker's clock."""
        executor = self._executor
        if executor is None:
            return
        executor.set_clock(data["zero"] - time.time())
        executor.may_start_until_s = data["until_s"]
        self._has_begun = True
        gevent.spawn(self._keep_reporting, self._run)
        executor.start(self._arrivals)

    def _lease(self, data: dict[str, Any]) -> None:
        if self._executor is not None:
            self._executor.may_start_until_s = data["until_s"]

    def _cut_off(self, grace_s: float) -> None:
        if self._executor is not None:
            gevent.spawn(self._executor.cut_off, grace_s)

    def _drop(self) -> None:
        """Abandon a run that the master has given up, or that was never ended."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.stop_sending()
            gevent.spawn(executor.cut_off)

    def _keep_reporting(self, run: str) -> None:
        while self._executor is not None and self._run == run:
            self._report_results(run)
            gevent.sleep(REPORT_EVERY_S)
            if self._has_lost_master():
                logger.error("the master is gone: its results could not be delivered")
                self._drop()
                self._runner.quit()

    def _has_lost_master(self) -> bool:
        options = self._environment.parsed_options
        forked = options is not None and bool(options.processes)
        is_silent = time.monotonic() - self._heard_at > _MASTER_SILENT_S_MAX
        return is_silent or (forked and os.getppid() != self._parent)

    def _report_results(self, run: str, *, last: bool = False) -> None:
        self._send("notes", run=run, last=last, **self._buffer.take().to_data())

    def _send(self, kind: str, **data: object) -> None:
        self._runner.send_message(MESSAGE, {KIND: kind, **data})


def _check_driven(master: dict[str, str], driven: Mapping[str, DrivenUser]) -> None:
    served = {channel: each.user.__name__ for channel, each in driven.items()}
    if served != master:
        problem = f"the locustfile serves {served or 'no channel'}"
        raise BadInputError(
            "worker", problem, f"the master's locustfile, which serves {master or 'no channel'}"
        )


def _check_version(master: str) -> None:
    if master != __version__:
        raise BadInputError("worker", f"has Footfall {__version__}", f"the master's version, {master}")
