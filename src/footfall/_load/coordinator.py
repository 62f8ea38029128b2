"""One play of a trace by several workers, as the master leads it: plan, clocks, losses, sums."""

import logging
import secrets
import time
from collections.abc import Collection
from dataclasses import asdict
from typing import Any

import gevent
from gevent import Greenlet
from locust.env import Environment
from locust.runners import MasterRunner

from footfall import __version__
from footfall._load.assignment import Assignment
from footfall._load.executor import account_of, control_of, is_ended_early, write_down
from footfall._load.loop_watch import Progress, ProgressThread
from footfall._load.preflight import set_play_clock
from footfall._load.preparation import PreparedRun
from footfall._load.result_batches import KIND, MESSAGE, ResultBatch, merge_batches, pieces_of
from footfall._load.worker_state import LEASE_S, WorkerState
from footfall._model.model_files import model_text
from footfall._records.errors import BadInputError

LEAD_S = 1.5
"""Between the last word to the workers and second 0 of play."""
PINGS = 8
_PING_EVERY_S = 0.02
_READY_MOST_S = 60.0
_LAST_WORDS_MOST_S = 5.0
_LOOK_EVERY_S = 0.1
_OVERSLEPT_S = 1.0
logger = logging.getLogger(__name__)


class DistributedRun:
    """A play from its start to its files, by workers."""

    def __init__(
        self, environment: Environment, runner: MasterRunner, prepared: PreparedRun, hands: Collection[str]
    ) -> None:
        """Make everything ready; nothing is said before `start`. `hands` are the workers that can hear us."""
        self._hands = hands
        self._environment = environment
        self._runner = runner
        self.prepared = prepared
        self.account = account_of(prepared)
        self._progress = ProgressThread(prepared.run_dir)
        self._control = control_of(prepared, self.account)
        self._plan = Assignment([arrival.due_s for arrival in self.account.arrivals], self.account.tally)
        self._run = secrets.token_hex(4)
        self._members: dict[str, WorkerState] = {}
        self._zero = 0.0
        self._zero_wall = 0.0
        self._has_begun = False
        self._is_stopping = False
        self._greenlets: list[Greenlet] = []
        self.problem: BadInputError | None = None
        """Why the play cannot begin."""

    def now_s(self) -> float:
        """Seconds on the clock of play, negative before its start."""
        return time.perf_counter() - self._zero if self._has_begun else -LEAD_S

    def start(self) -> None:
        """Call the workers together; the play begins when all are ready."""
        for worker in sorted(self._ready_workers(), key=self._runner.get_worker_index):
            self._members[worker] = WorkerState(worker, takes_part=True)
        self._greenlets = [gevent.spawn(self._begin)]

    def join(self, worker: str) -> None:
        """Take in a worker that came late, as a spare: it gets what a lost one leaves."""
        if self._has_begun and not self._is_stopping and worker not in self._members:
            self._members[worker] = WorkerState(worker)
            self._greenlets.append(gevent.spawn(self._take_in, worker))

    def hear(self, worker: str, data: dict[str, Any]) -> None:
        """Mind what a worker says; words of another run, or of a worker that was given up, count no more."""
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
            self._add_up(member, data)

    def tick(self) -> bool:
        """Look once a second whether the play is over; those who overstay the drain are cut off."""
        if self.problem is not None:
            return True
        tally, now_s = self.account.tally, self.now_s()
        progress = Progress(max(now_s, 0.0), tally.started, len(self.account.arrivals))
        self._progress.tell(progress)
        if not self._has_begun:
            return False
        if tally.waiting == 0 and now_s > self.account.last_due_s + self.prepared.settings.options.drain_s:
            logger.warning("%d customers are cut off: the drain is over", tally.under_way)
            self._tell_all("cut")
        if is_ended_early(self.account):
            return True
        return not self._playing or (tally.waiting == 0 and tally.under_way == 0)

    def stop_sending(self) -> None:
        """Let nobody else come, and those under way leave within Locust's own grace."""
        if not self._is_stopping:
            self._is_stopping = True
            gevent.killall([each for each in self._greenlets if each is not gevent.getcurrent()])
            self._tell_all("stop", grace_s=float(self._environment.stop_timeout or 0.0))

    def finish(self) -> None:
        """Wait for the workers' last words, and write the files.

        Raises:
            BadInputError: the folder cannot be written, or the play could not begin.
        """
        if self.problem is not None:
            raise self.problem
        self.stop_sending()
        grace_s = float(self._environment.stop_timeout or 0.0)
        ends = time.perf_counter() + grace_s + _LAST_WORDS_MOST_S
        while any(not m.has_ended for m in self._playing) and time.perf_counter() < ends:
            gevent.sleep(_LOOK_EVERY_S / 2)
            for member in self._playing:
                if not member.has_ended and member.has_died():
                    self._give_up(member, self.now_s() - member.dead_s())
        for member in self._playing:
            if not member.has_ended:
                self._give_up(member, member.until_s)
        workers = [member.record(self._plan.slots(member.id)) for member in self._members.values()]
        played_s, account = self.now_s(), self.account
        control = self._control.end(account.control_step_times.summary()) if self._control else None
        result = account.result(played_s, str(self._environment.host), workers, control)
        write_down(self.prepared, account, result)

    @property
    def _playing(self) -> list[WorkerState]:
        return [member for member in self._members.values() if member.plays]

    def _ready_workers(self) -> list[str]:
        clients = self._runner.clients
        return [client.id for client in (*clients.ready, *clients.spawning, *clients.running)]

    def _begin(self) -> None:
        """Ping, hand out the model, deal the arrivals, set second 0."""
        preparing = [gevent.spawn(self._prepare, member) for member in self._members.values()]
        gevent.joinall(preparing)
        able = [member for member in self._members.values() if member.status == "ready"]
        if not able:
            problems = [m.problem or "no answer" for m in self._members.values()] or ["none is connected"]
            self.problem = BadInputError("workers", problems[0], "a worker of the same version")
            return
        shares = self._plan.begin([member.id for member in able])
        for worker, arrivals in shares.items():
            self._deal(worker, arrivals)
        if self._control is not None:
            # Before the clock is set: starting a process takes its time on a busy machine.
            self._control.start()
        self._set_clock()
        for member in able:
            self._go(member)
        self._greenlets.append(gevent.spawn(self._watch))

    def _prepare(self, member: WorkerState) -> None:
        """Ping a worker, hand it the model, and wait until it is ready or will not be."""
        worker, ends = member.id, time.perf_counter() + _READY_MOST_S
        while worker not in self._hands and time.perf_counter() < ends:
            gevent.sleep(_PING_EVERY_S)
        for _ in range(PINGS):
            self._tell(worker, "ping", sent=time.time())
            gevent.sleep(_PING_EVERY_S)
        self._hand_out(worker)
        while member.status == "called" and time.perf_counter() < ends:
            gevent.sleep(_PING_EVERY_S)
            if member.status == "called" and worker not in self._ready_workers():
                member.status, member.problem = "lost", "it left before it was ready"
        if member.status == "called":
            member.status, member.problem = "unable", "it did not become ready"

    def _hand_out(self, worker: str) -> None:
        trace, settings = self.prepared.trace, self.prepared.settings
        self._tell(
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
        )

    def _set_clock(self) -> None:
        self._zero, self._zero_wall = time.perf_counter() + LEAD_S, time.time() + LEAD_S
        self._has_begun = True
        settings = self.prepared.settings
        if settings.control_token:
            try:
                set_play_clock(
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
        self._tell(member.id, "go", zero=self._zero_wall + member.offset_s, until_s=member.until_s)

    def _take_in(self, worker: str) -> None:
        member = self._members[worker]
        self._prepare(member)
        if member.status == "ready":
            self._go(member)
            logger.info("%s came late and is a spare", worker)

    def _add_up(self, member: WorkerState, data: dict[str, Any]) -> None:
        merge_batches(ResultBatch.of_data(data), self.account, self._plan, member.id)
        member.has_ended = bool(data["last"])
        if not member.has_ended:
            member.until_s = max(self.now_s() + LEASE_S, member.until_s)
            self._tell(member.id, "lease", until_s=member.until_s)
        elif member.is_leaving and not self._is_stopping:
            logger.warning("%s left in the middle", member.id)
            member.status = "left"
            self._pass_on(self._plan.leave(member.id))

    def _watch(self) -> None:
        """Look whether a worker has gone without a word."""
        looked = time.perf_counter()
        while True:
            gevent.sleep(_LOOK_EVERY_S)
            slept_s, looked = time.perf_counter() - looked, time.perf_counter()
            for member in self._playing:
                if slept_s > _OVERSLEPT_S:
                    # We were away ourselves: its words may lie unread.
                    member.heard()
                elif member.has_died():
                    self._give_up(member, self.now_s() - member.dead_s())
                elif member.is_silent():
                    self._give_up(member, member.until_s)

    def _give_up(self, member: WorkerState, silent_since_s: float) -> None:
        """Count a worker as lost; what it cannot have started is the others'."""
        member.status = "lost"
        lost_before = self.account.tally.counts().lost
        free = self._plan.lose(member.id, silent_since_s)
        lost = self.account.tally.counts().lost - lost_before
        logger.warning("%s is lost: %d arrivals are unknown, %d pass on", member.id, lost, len(free))
        self._tell(member.id, "out")
        if not self._is_stopping:
            self._pass_on(free)

    def _pass_on(self, free: list[int]) -> None:
        takers = [member.id for member in self._playing]
        if not free:
            return
        if not takers:
            logger.error("no worker is left: %d arrivals are not sent", len(free))
            return
        for worker, arrivals in self._plan.give(free, takers).items():
            self._members[worker].takes_part = True
            self._deal(worker, arrivals)

    def _deal(self, worker: str, arrivals: list[int]) -> None:
        for rows in pieces_of([self.account.arrivals[arrival] for arrival in arrivals]):
            self._tell(worker, "share", arrivals=rows)

    def _tell_all(self, kind: str, **data: object) -> None:
        for member in self._playing:
            self._tell(member.id, kind, **data)

    def _tell(self, worker: str, kind: str, **data: object) -> None:
        self._runner.send_message(MESSAGE, {KIND: kind, "run": self._run, **data}, client_id=worker)
