"""A worker: it plays the arrivals that the master gives it, and tells what became of them."""

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
from footfall._load.arrival_runner import ExecutorOptions, Workload
from footfall._load.channel_users import DrivenUser, driven_users
from footfall._load.endpoints.endpoints_check import target_service_of
from footfall._load.executor import ArrivalExecutor
from footfall._load.http.connection_options import TransportOptions
from footfall._load.locust_options import gateway_key
from footfall._load.options import load_options
from footfall._load.result_batches import KIND, MESSAGE, ResultBuffer, arrivals_of, here
from footfall._model.model_files import model_of_text
from footfall._records.errors import BadInputError
from footfall._records.rows import Arrival
from footfall._records.tables import ARRIVALS
from footfall._workload.trace import Trace, TraceInfo

TELL_EVERY_S = 0.5
_ALONE_S = 20.0
"""A master that says nothing for so long in the middle of a play is gone."""
logger = logging.getLogger(__name__)


class WorkerRun:
    """What a worker does between the master's messages; it plays one run at a time."""

    def __init__(self, environment: Environment, runner: WorkerRunner) -> None:
        """Listen to the master."""
        self._environment = environment
        self._runner = runner
        self._parent = os.getppid()
        self._run = ""
        self._player: ArrivalExecutor | None = None
        self._stream = ResultBuffer()
        self._arrivals: list[Arrival] = []
        self._has_begun = False
        self._heard_at = 0.0
        self._ending = RLock()
        self._answers: dict[str, Callable[[dict[str, Any]], None]] = {
            "ping": self._ping,
            "piece": self._learn,
            "share": self._take,
            "go": self._go,
            "lease": self._lease,
            "cut": lambda _data: self._cut_off(0.0),
            "stop": lambda data: self.stop(data["grace_s"]),
            "out": lambda _data: self._drop(),
        }
        runner.register_message(MESSAGE, lambda environment, msg: self.hear(msg.data))  # noqa: ARG005  Locust's names
        # Messages that came before this moment are lost, so the master waits for it.
        self._say("hello")

    def hear(self, data: dict[str, Any]) -> None:
        """Do what a message says; what belongs to a run that is over is not minded."""
        kind = str(data[KIND])
        if kind in {"ping", "piece"} or data["run"] == self._run:
            self._heard_at = time.monotonic()
            self._answers[kind](data)

    def report(self, data: dict[str, Any]) -> None:
        """Put the customers under way into Locust's report: its page then shows how many there are."""
        counts = {user.__name__: 0 for user in self._environment.user_classes}
        if self._player is not None:
            counts |= self._player.under_way_by_user
        data["user_classes_count"], data["user_count"] = counts, sum(counts.values())

    def stop(self, grace_s: float = 0.0) -> None:
        """Let nobody else come, give those under way so many seconds, and tell the last of it.

        Whoever asks a second time waits until it is told: Locust and we both mind a SIGTERM, and the first
        to be through ends the process.
        """
        with self._ending:
            player, run = self._player, self._run
            if player is None:
                return
            self._player = None
            player.stop_sending()
            player.cut_off(grace_s)
            self._tell(run, last=True)

    def leave(self) -> None:
        """Go in the middle of a play, orderly: whoever has not come is somebody else's."""
        if self._player is not None:
            self._say("leaving", run=self._run)
        self.stop()

    def _ping(self, data: dict[str, Any]) -> None:
        self._say("pong", run=data["run"], sent=data["sent"], there=time.time())

    def _learn(self, data: dict[str, Any]) -> None:
        """Make ready for a run."""
        self._drop()
        self._run, self._arrivals, self._stream, self._has_begun = data["run"], [], ResultBuffer(), False
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
            manner = ExecutorOptions(
                gateway_key=gateway_key(),
                transport=transport,
                options=load_options(data["options"]),
                run=data["run"],
            )
            self._player = ArrivalExecutor(self._environment, workload, self._stream, manner, Group())
        except (BadInputError, ValueError, TypeError) as error:
            self._say("unable", run=self._run, problem=str(error))
        else:
            self._say("ready", run=self._run, **here())

    def _take(self, data: dict[str, Any]) -> None:
        arrivals = arrivals_of(data["arrivals"])
        if self._has_begun and self._player is not None:
            self._player.start(arrivals)
        else:
            self._arrivals += arrivals

    def _go(self, data: dict[str, Any]) -> None:
        """Begin; second 0 of play is told on this worker's own clock."""
        player = self._player
        if player is None:
            return
        player.set_clock(data["zero"] - time.time())
        player.may_start_until_s = data["until_s"]
        self._has_begun = True
        gevent.spawn(self._keep_telling, self._run)
        player.start(self._arrivals)

    def _lease(self, data: dict[str, Any]) -> None:
        if self._player is not None:
            self._player.may_start_until_s = data["until_s"]

    def _cut_off(self, grace_s: float) -> None:
        if self._player is not None:
            gevent.spawn(self._player.cut_off, grace_s)

    def _drop(self) -> None:
        """Forget a run whose master counts on us no longer, or that was never ended."""
        player, self._player = self._player, None
        if player is not None:
            player.stop_sending()
            gevent.spawn(player.cut_off)

    def _keep_telling(self, run: str) -> None:
        while self._player is not None and self._run == run:
            self._tell(run)
            gevent.sleep(TELL_EVERY_S)
            if self._is_alone():
                logger.error("the master is gone: the results could not be delivered")
                self._drop()
                self._runner.quit()

    def _is_alone(self) -> bool:
        options = self._environment.parsed_options
        forked = options is not None and bool(options.processes)
        return (forked and os.getppid() != self._parent) or time.monotonic() - self._heard_at > _ALONE_S

    def _tell(self, run: str, *, last: bool = False) -> None:
        self._say("notes", run=run, last=last, **self._stream.take().to_data())

    def _say(self, kind: str, **data: object) -> None:
        self._runner.send_message(MESSAGE, {KIND: kind, **data})


def _check_driven(master: dict[str, str], driven: Mapping[str, DrivenUser]) -> None:
    here = {channel: each.user.__name__ for channel, each in driven.items()}
    if here != master:
        problem = f"its locustfile serves {here or 'no channel'}"
        raise BadInputError("worker", problem, f"{master or 'no channel'}, as the master's does")


def _check_version(master: str) -> None:
    if master != __version__:
        raise BadInputError("worker", f"footfall {__version__}", f"{master}, as the master has")
