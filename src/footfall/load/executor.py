"""The open-loop executor: starts each arrival at its due second and follows its customer."""

import gc
import logging
import secrets
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any, NamedTuple

import gevent
from gevent import Greenlet
from gevent.monkey import get_original
from gevent.pool import Group
from locust.env import Environment

from footfall.behaviour import keyed
from footfall.behaviour.load_model import as_played
from footfall.criteria.objects import AbortCriterion
from footfall.load.broken_arrivals import BrokenArrivalError, place_of
from footfall.load.control import Control, control_target
from footfall.load.endpoints.target_service import TargetService
from footfall.load.http.client import Client
from footfall.load.http.connection_options import USUAL, TransportOptions, address_of
from footfall.load.http.messages import NoAnswerError
from footfall.load.http.session import HttpSession
from footfall.load.identity import Identity, browsers
from footfall.load.journey_runner import JourneyRunner
from footfall.load.locust_transport import LocustTransport, RequestContext
from footfall.load.locust_users import ChannelUser, user_of
from footfall.load.loop_watch import LoopWatch
from footfall.load.options import AS_USUAL, LoadOptions
from footfall.load.preparation import PreparedRun
from footfall.load.reference_steps import serve
from footfall.load.responses import Ending
from footfall.load.result_files import LoadResult
from footfall.load.results import ResultSink, RunResults
from footfall.load.visit import Attempt, OrderOutcome, RunCustomer
from footfall.model.durations import warm_up
from footfall.model.model import Model
from footfall.model.quantiles import special_functions
from footfall.records.rows import Arrival
from footfall.records.runs import now, write_manifest
from footfall.workload.trace import TraceInfo

# ── Who plays: starts each arrival at its due second and walks its customer through the errand

_YIELD_EVERY = 20
_HELD_S = 0.02
_YOUNG_OBJECTS = 5_000
"""A collection of so many takes a millisecond or two; arrivals themselves leave no cycles behind."""
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorOptions:
    """How a player plays, beside the trace."""

    gateway_key: str = field(default="", repr=False)
    options: LoadOptions = AS_USUAL
    transport: TransportOptions = USUAL
    """Whose the connections are, and which certificates are trusted."""
    run: str = field(default_factory=lambda: secrets.token_hex(4))
    """Sets this play's idempotency keys apart from those of another one."""


class Workload(NamedTuple):
    """What is played: a trace without its arrivals."""

    info: TraceInfo
    model: Model
    own: TargetService | None = None
    """Somebody's own service; None: the reference service's routes."""


class ArrivalExecutor:
    """Plays arrivals of a trace in this process, as Locust's users in a group of greenlets."""

    def __init__(
        self,
        environment: Environment,
        piece: Workload,
        book: ResultSink,
        manner: ExecutorOptions,
        group: Group,
    ) -> None:
        """Make everything ready; nothing is sent before `start`."""
        self._environment = environment
        self._info = piece.info
        self._own = piece.own
        self._book = book
        self._manner = manner
        self._group = group
        self._model = as_played(piece.model, piece.info.play)
        self._errands = JourneyRunner(self._model, self._serve, self._note)
        self._users = {channel.name: user_of(channel) for channel in self._model.channels}
        self._run_key = keyed.run_key(piece.info.seed, piece.info.replication)
        warm_up(self._model)
        if self._own is None or "browser" in self._own.endpoints.words:
            # Faker reads its tables now, not when the first customer is due (half a second of lag).
            _ = Identity(self._info.seed, 0, self._run_key).browser
        self._zero = 0.0
        self._injecting: list[Greenlet] = []
        self.may_start_until_s = inf
        """Nobody who is due after this second of play is started before it is moved on."""
        self.live: Counter[str] = Counter()
        """Customers under way, by the name of their user class."""
        self._greenlets: list[Greenlet] = []
        self._said: set[str] = set()

    def now_s(self) -> float:
        """Seconds on the clock of play, negative before its start."""
        return time.perf_counter() - self._zero

    def set_clock(self, in_s: float) -> None:
        """Set second 0 of play, so many seconds from now."""
        self._zero = time.perf_counter() + in_s

    def start(self, arrivals: Sequence[Arrival]) -> None:
        """Let customers come when they are due, beside those who come already."""
        if not self._greenlets:
            _calm()
            self._client = self._connect()
            self._greenlets.append(LoopWatch(self.now_s, self._book.loop).start())
            if self._manner.options.stall_s:
                self._greenlets.append(gevent.spawn(self._stall))
        injecting = gevent.spawn(self._inject, arrivals)
        self._injecting.append(injecting)
        self._greenlets.append(injecting)

    @property
    def has_injected(self) -> bool:
        """Whether nobody else will come."""
        return all(greenlet.dead for greenlet in self._injecting)

    @property
    def under_way(self) -> int:
        """Customers that have come and not left."""
        return len(self._group)

    def cut_off(self, grace_s: float = 0.0) -> None:
        """Cut off whoever is under way, and still is after so many seconds."""
        if grace_s:
            self._group.join(grace_s)
        self._group.kill()

    def stop_sending(self) -> None:
        """Let nobody else come."""
        gevent.killall(self._greenlets)

    def play(self, user: ChannelUser, arrival: Arrival) -> None:
        """Play the errand of an arrival to its end, on the customer's own session."""
        played, broken_by = False, ""
        name = type(user).__name__
        session = HttpSession(self._client)
        self.live[name] += 1
        try:
            self._errands.run(self._customer(arrival, session))
            played = True
        except Exception as error:  # noqa: BLE001  whatever it is, the arrival is broken and the run goes on
            broken_by = place_of(error)
            self._say_broken(user, arrival, broken_by)
        finally:
            session.close()
            self.live[name] -= 1
            self._book.end(arrival.arrival, played=played, broken_by=broken_by)

    def _say_broken(self, user: ChannelUser, arrival: Arrival, broken_by: str) -> None:
        """Log each reason once, and report every case to Locust; the error's own text may hold a secret."""
        if broken_by not in self._said:
            self._said.add(broken_by)
            logger.error("arrival %d broke inside the generator: %s", arrival.arrival, broken_by)
        fire: Any = self._environment.events.user_error.fire
        fire(user_instance=user, exception=BrokenArrivalError(broken_by), tb=None)

    def _customer(self, arrival: Arrival, session: HttpSession) -> RunCustomer:
        key = keyed.customer_key(self._run_key, arrival.customer)
        fire: Any = self._environment.events.request.fire
        side = RequestContext(self, self._book, arrival, fire, keeps_hits=self._keeps_hits(key))
        return RunCustomer(
            arrival=arrival,
            key=key,
            person=Identity(self._info.seed, arrival.subscriber, key),
            wire=LocustTransport(session, side),
            run=self._manner.run,
        )

    def _connect(self) -> Client:
        """Make the client of the host; its name is looked up before anybody waits for it."""
        host = str(self._environment.host)
        client = Client(address_of(host, f"--host {host}"), self._manner.transport, self._book.count)
        with suppress(NoAnswerError):  # which every request will then say
            client.look_up()
        return client

    def _keeps_hits(self, key: int) -> bool:
        """Whether the sample has this customer: whole customers, the same in every play of the trace."""
        share = self._manner.options.hits_sample_share
        return share >= 1 or keyed.uniform(key, "hits") < share

    def _inject(self, arrivals: Sequence[Arrival]) -> None:
        """Start every arrival at its due second, whatever became of the earlier ones."""
        for count, arrival in enumerate(arrivals):
            while (ahead_s := arrival.due_s - self.now_s()) > 0:
                gevent.sleep(ahead_s)
            while arrival.due_s > self.may_start_until_s:
                gevent.sleep(_HELD_S)
            user = self._users[arrival.channel](self._environment)
            user.arrival, user.stage = arrival, self
            self._book.start(arrival.arrival, self.now_s() - arrival.due_s)
            user.start(self._group)
            if count % _YIELD_EVERY == 0:
                # When arrivals are behind schedule, nobody sleeps above, and the others must run too.
                gevent.sleep(0)

    def _stall(self) -> None:
        """Block the whole generator again and again: what a run's validity is tested with."""
        block = get_original("time", "sleep")
        while True:
            gevent.sleep(self._manner.options.stall_every_s - self._manner.options.stall_s)
            block(self._manner.options.stall_s)

    def _serve(self, attempt: Attempt, unsettled: OrderOutcome | None) -> Ending:
        if self._own is not None:
            return self._own.serve(attempt, unsettled)
        return serve(attempt, unsettled, self._manner.gateway_key)

    def _note(self, attempt: Attempt, ended_s: float, ending: Ending) -> None:
        self._book.visit(attempt.row(ended_s, ending), ending)


def _calm() -> None:
    """Keep Python's cyclic collector away from what lives for the whole run: its pauses are lag.

    Nor does gevent note by whom each customer was spawned, which is three objects a customer.
    """
    gevent.config.track_greenlet_tree = False
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 1000)


def import_ahead() -> None:
    """Import what a player would import when it is made: a worker sends its heartbeats by then."""
    browsers()
    special_functions()


# ── The books of a play: opened before it, and written down at its end


def account_of(prepared: PreparedRun) -> RunResults:
    """Open the account of a play: its arrivals, and what would end it early."""
    info = prepared.trace.info
    arrivals = [Arrival(**row) for row in prepared.trace.arrivals.iter_rows(named=True)]
    monitored = [each for each in info.criteria if isinstance(each, AbortCriterion)]
    return RunResults(arrivals, monitored, prepared.run_dir)


def control_of(prepared: PreparedRun, account: RunResults) -> Control | None:
    """Give the control of a run, not started; None where none is asked for or possible."""
    settings, trace = prepared.settings, prepared.trace
    arrivals_per_s = trace.arrivals.height / trace.info.play.seconds
    target = control_target(prepared.own, arrivals_per_s) if settings.options.control else None
    if target is None:
        return None
    account.control_step = target.step
    return Control(settings.host, target, prepared.transport)


def is_ended_early(account: RunResults) -> bool:
    """Whether the play is not worth going on, by a criterion of its own."""
    if account.ended_early_by:
        logger.warning("ended early: %s", account.ended_early_by)
    return bool(account.ended_early_by)


def write_down(prepared: PreparedRun, account: RunResults, result: LoadResult) -> None:
    """Write visits, hits and sums into the run folder, and the manifest's last word.

    Raises:
        BadInputError: the folder cannot be written.
    """
    account.latencies.write(prepared.run_dir)
    account.records.write(prepared.run_dir, result)
    if prepared.manifest is not None:
        done = replace(prepared.manifest, **result.for_manifest(), ended_at=now())
        write_manifest(prepared.run_dir, done)
    logger.info("%s: %s, lag %s", prepared.run_dir, result.arrivals, result.lag_s)
