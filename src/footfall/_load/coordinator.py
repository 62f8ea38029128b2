"""The master's side of a distributed run: assignment, clocks, lost workers, results."""

import logging
import secrets
import time
from collections.abc import Collection
from dataclasses import asdict, replace
from typing import Any

import gevent
from gevent import Greenlet
from locust.env import Environment
from locust.runners import MasterRunner

from footfall import __version__
from footfall._load.assignment import LEASE_S, Assignment, WorkerState
from footfall._load.loop_watch import Progress, ProgressThread
from footfall._load.preflight import set_service_clock
from footfall._load.preparation import PreparedRun, control_of, is_ended_early, new_results, write_results
from footfall._load.result_batches import KIND, MESSAGE, ResultBatch, merge_batches, pieces_of
from footfall._load.telemetry.telemetry_feed import feed_of
from footfall._model.model_files import model_text
from footfall._records.errors import BadInputError

LEAD_S = 1.5
"""Between the last message to the workers and second 0 of the run."""
PINGS = 8
_PING_EVERY_S = 0.02
_READY_S_MAX = 60.0
_LAST_RESULTS_S_MAX = 5.0
_CHECK_EVERY_S = 0.1
_OVERSLEPT_S = 1.0
logger = logging.getLogger(__name__)


class DistributedRun:
    """A run by several workers, from its start to its files."""

    def __init__(
        self,
        environment: Environment,
        runner: MasterRunner,
        prepared: PreparedRun,
        listening: Collection[str],
    ) -> None:
        """Prepare the run; no message is sent before `start`. `listening`: workers that receive messages."""
        self._listening = listening
        self._environment = environment
        self._runner = runner
        self.prepared = prepared
        self.results = new_results(prepared)
        self._progress = ProgressThread(prepared.run_dir)
        self._control = control_of(prepared, self.results)
        self._feed = feed_of(prepared, self.results)
        self._assignment = Assignment(
            [arrival.due_s for arrival in self.results.arrivals], self.results.states
        )
        self._run = secrets.token_hex(4)
        self._members: dict[str, WorkerState] = {}
        self._zero = 0.0
        self._zero_wall = 0.0
        self._has_begun = False
        self._is_stopping = False
        self._greenlets: list[Greenlet] = []
        self.problem: BadInputError | None = None
        """Why the run cannot begin."""

    def now_s(self) -> float:
        """Seconds on the run's clock, negative before its start."""
        return time.perf_counter() - self._zero if self._has_begun else -LEAD_S

    def start(self) -> None:
        """Prepare the workers; the run begins when all are ready."""
        for worker in sorted(self._ready_workers(), key=self._runner.get_worker_index):
            self._members[worker] = WorkerState(worker, takes_part=True)
        self._greenlets = [gevent.spawn(self._begin)]

    def join(self, worker: str) -> None:
        """Add a worker that connected late, as a spare: it takes over arrivals of a lost one."""
        if self._has_begun and not self._is_stopping and worker not in self._members:
            self._members[worker] = WorkerState(worker)
            self._greenlets.append(gevent.spawn(self._add_spare, worker))

    def hear(self, worker: str, data: dict[str, Any]) -> None:
        """Handle a worker's message; those of another run or of a lost worker are ignored."""
        member = self._members.get(worker)
        if member is None or member.is_gone or data["run"] != self._run:
            return
        member.heard()
        kind = data[KIND]
        if kind == "pong":
            member.pings.append((data["sent"], data["there"], time.time()))
        elif kind == "ready":
            member.status, member.pid, member.node = "ready", data["pid"], data["node"]
        elif kind == "unable":
            member.status, member.problem = "unable", str(data["problem"])
        elif kind == "leaving":
            member.is_leaving = True
        elif kind == "notes":
            self._merge(member, data)

    def tick(self) -> bool:
        """Check once a second whether the run is over; customers left after the drain time are cut off."""
        if self.problem is not None:
            return True
        states, now_s = self.results.states, self.now_s()
        progress = Progress(max(now_s, 0.0), states.started, len(self.results.arrivals))
        self._progress.write(progress)
        if not self._has_begun:
            return False
        if states.waiting == 0 and now_s > self.results.last_due_s + self.prepared.settings.options.drain_s:
            logger.warning("%d customers are cut off: the drain time is over", states.under_way)
            self._send_to_all("cut")
        if is_ended_early(self.results):
            return True
        return not self._playing or (states.waiting == 0 and states.under_way == 0)

    def stop_sending(self) -> None:
        """Start no more arrivals; customers under way have Locust's `--stop-timeout` to finish."""
        if not self._is_stopping:
            self._is_stopping = True
            gevent.killall([each for each in self._greenlets if each is not gevent.getcurrent()])
            self._send_to_all("stop", grace_s=float(self._environment.stop_timeout or 0.0))

    def finish(self) -> None:
        """Wait for the workers' last results, and write the files.

        Raises:
            BadInputError: the folder cannot be written, or the run could not begin.
        """
        if self.problem is not None:
            raise self.problem
        self.stop_sending()
        grace_s = float(self._environment.stop_timeout or 0.0)
        ends = time.perf_counter() + grace_s + _LAST_RESULTS_S_MAX
        while any(not m.has_ended for m in self._playing) and time.perf_counter() < ends:
            gevent.sleep(_CHECK_EVERY_S / 2)
            for member in self._playing:
                if not member.has_ended and member.has_died():
                    self._lose(member, self.now_s() - member.dead_s())
        for member in self._playing:
            if not member.has_ended:
                self._lose(member, member.until_s)
        workers = [member.record(self._assignment.slots(member.id)) for member in self._members.values()]
        played_s, results = self.now_s(), self.results
        control = self._control.end(results.control_step_times.summary()) if self._control else None
        result = results.result(played_s, str(self._environment.host), workers, control)
        if self._feed is not None:
            result = replace(result, telemetry=self._feed.end())
        write_results(self.prepared, results, result)

    @property
    def _playing(self) -> list[WorkerState]:
        return [member for member in self._members.values() if member.is_playing]

    def _ready_workers(self) -> list[str]:
        clients = self._runner.clients
        return [client.id for client in (*clients.ready, *clients.spawning, *clients.running)]

    def _begin(self) -> None:
        """Ping the workers, send them the workload and their arrivals, and set second 0."""
        preparing = [gevent.spawn(self._prepare, member) for member in self._members.values()]
        gevent.joinall(preparing)
        able = [member for member in self._members.values() if member.status == "ready"]
        if not able:
            problems = [m.problem or "no response" for m in self._members.values()] or [
                "no worker is connected"
            ]
            self.problem = BadInputError("workers", problems[0], "at least one worker that can take part")
            return
        shares = self._assignment.begin([member.id for member in able])
        for worker, arrivals in shares.items():
            self._send_arrivals(worker, arrivals)
        if self._control is not None:
            # Before the clock is set: starting a process can take long on a busy machine.
            self._control.start()
        if self._feed is not None:
            self._feed.start()
        self._set_clock()
        for member in able:
            self._go(member)
        self._greenlets.append(gevent.spawn(self._watch))

    def _prepare(self, member: WorkerState) -> None:
        """Ping a worker, send it the workload, and wait until it is ready or has failed."""
        worker, ends = member.id, time.perf_counter() + _READY_S_MAX
        while worker not in self._listening and time.perf_counter() < ends:
            gevent.sleep(_PING_EVERY_S)
        for _ in range(PINGS):
            self._send(worker, "ping", sent=time.time())
            gevent.sleep(_PING_EVERY_S)
        self._send_workload(worker)
        while member.status == "called" and time.perf_counter() < ends:
            gevent.sleep(_PING_EVERY_S)
            if member.status == "called" and worker not in self._ready_workers():
                member.status, member.problem = "lost", "the worker left before it was ready"
        if member.status == "called":
            member.status, member.problem = "unable", f"the worker was not ready within {_READY_S_MAX:g} s"

    def _send_workload(self, worker: str) -> None:
        trace, settings = self.prepared.trace, self.prepared.settings
        self._send(
            worker,
            "piece",
            version=__version__,
            info=trace.info.model_dump_json(),
            model=model_text(trace.model),
            endpoints=self.prepared.endpoints,
            users={each.channel: each.user for each in self.prepared.users.users},
            host=str(self._environment.host),
            options=settings.options.model_dump(mode="json"),
            transport=asdict(self.prepared.transport),
            processes=max(sum(each.takes_part for each in self._members.values()), 1),
        )

    def _set_clock(self) -> None:
        self._zero, self._zero_wall = time.perf_counter() + LEAD_S, time.time() + LEAD_S
        self._has_begun, self.results.zero_unix_s = True, self._zero_wall
        settings = self.prepared.settings
        if settings.control_token:
            try:
                set_service_clock(
                    str(self._environment.host),
                    settings.control_token,
                    -self.now_s(),
                    self.prepared.transport,
                )
            except BadInputError as error:
                self.problem = error
                raise gevent.GreenletExit from error

    def _go(self, member: WorkerState) -> None:
        member.status, member.until_s = "playing", self.now_s() + LEASE_S
        member.heard()
        self._send(member.id, "go", zero=self._zero_wall + member.offset_s, until_s=member.until_s)

    def _add_spare(self, worker: str) -> None:
        member = self._members[worker]
        self._prepare(member)
        if member.status == "ready":
            self._go(member)
            logger.info("worker %s connected after the start and is a spare", worker)

    def _merge(self, member: WorkerState, data: dict[str, Any]) -> None:
        merge_batches(ResultBatch.of_data(data), self.results, self._assignment, member.id)
        member.has_ended = bool(data["last"])
        if not member.has_ended:
            member.until_s = max(self.now_s() + LEASE_S, member.until_s)
            self._send(member.id, "lease", until_s=member.until_s)
        elif member.is_leaving and not self._is_stopping:
            logger.warning("worker %s left during the run", member.id)
            member.status = "left"
            self._reassign(self._assignment.leave(member.id))

    def _watch(self) -> None:
        """Check for workers that are gone without having said so."""
        checked = time.perf_counter()
        while True:
            gevent.sleep(_CHECK_EVERY_S)
            slept_s, checked = time.perf_counter() - checked, time.perf_counter()
            for member in self._playing:
                if slept_s > _OVERSLEPT_S:
                    # This process itself was stopped: messages may be unread.
                    member.heard()
                elif member.has_died():
                    self._lose(member, self.now_s() - member.dead_s())
                elif member.is_silent():
                    self._lose(member, member.until_s)

    def _lose(self, member: WorkerState, silent_since_s: float) -> None:
        """Count a worker as lost; arrivals that it cannot have started are reassigned."""
        member.status = "lost"
        lost_before = self.results.states.counts().lost
        free = self._assignment.lose(member.id, silent_since_s)
        lost = self.results.states.counts().lost - lost_before
        logger.warning(
            "worker %s is lost, %d arrivals with it; %d are reassigned", member.id, lost, len(free)
        )
        self._send(member.id, "out")
        if not self._is_stopping:
            self._reassign(free)

    def _reassign(self, free: list[int]) -> None:
        playing = [member.id for member in self._playing]
        if not free:
            return
        if not playing:
            logger.error("no worker is left: %d arrivals are not sent", len(free))
            return
        for worker, arrivals in self._assignment.assign(free, playing).items():
            self._members[worker].takes_part = True
            self._send_arrivals(worker, arrivals)

    def _send_arrivals(self, worker: str, arrivals: list[int]) -> None:
        for rows in pieces_of([self.results.arrivals[arrival] for arrival in arrivals]):
            self._send(worker, "share", arrivals=rows)

    def _send_to_all(self, kind: str, **data: object) -> None:
        for member in self._playing:
            self._send(member.id, kind, **data)

    def _send(self, worker: str, kind: str, **data: object) -> None:
        self._runner.send_message(MESSAGE, {KIND: kind, "run": self._run, **data}, client_id=worker)
