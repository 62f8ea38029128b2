"""The open-loop executor: starts each arrival at its due second and runs it to its end."""

import gc
import logging
import secrets
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from math import inf
from pathlib import Path
from traceback import walk_tb
from types import MappingProxyType
from typing import Any, NamedTuple

import gevent
from gevent import Greenlet
from gevent.monkey import get_original
from gevent.pool import Group
from locust import User
from locust.env import Environment

from footfall._behaviour import keyed
from footfall._load.channel_users import DrivenUser, OwnCustomer, start_user
from footfall._load.endpoints.endpoints_check import channels_needed
from footfall._load.endpoints.target_service import TargetService
from footfall._load.http.client import Client
from footfall._load.http.session import HttpSession
from footfall._load.http.wire_format import DEFAULT_TRANSPORT, NoAnswerError, TransportOptions, address_of
from footfall._load.identity import Identity, browsers
from footfall._load.locust_users import Clock, LocustTransport, RequestContext, user_of
from footfall._load.loop_watch import LoopWatch
from footfall._load.options import DEFAULT_OPTIONS, LoadOptions
from footfall._load.reference_steps import serve
from footfall._load.responses import Ending
from footfall._load.results import ResultSink
from footfall._load.visit import Attempt, JourneyRunner, OrderOutcome, RunCustomer
from footfall._model.duration_quantiles import special_functions
from footfall._model.durations import warm_up
from footfall._records.rows import Arrival
from footfall._workload.trace import Trace

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorOptions:
    """How arrivals are run, apart from the trace."""

    gateway_key: str = field(default="", repr=False)
    options: LoadOptions = DEFAULT_OPTIONS
    transport: TransportOptions = DEFAULT_TRANSPORT
    """How connections are shared, and which certificates are trusted."""
    run: str = field(default_factory=lambda: secrets.token_hex(4))
    """Distinguishes this run's idempotency keys from those of other runs."""
    processes: int = 1
    """Load-generating processes of the run, this one included: they divide the retry budgets' bursts."""


class Workload(NamedTuple):
    """What is run, and against which interface."""

    trace: Trace
    """Without arrivals in a worker: the master sends them."""
    own: TargetService | None = None
    """Service of an endpoints file; None: the reference service's routes."""
    driven: Mapping[str, DrivenUser] = MappingProxyType({})
    """The user's own Locust users, by the channel that they serve."""


# ── How an error inside the generator is reported: its type and place, never its text

_PACKAGE = Path(__file__).parents[1]


class BrokenArrivalError(Exception):
    """An arrival failed inside the generator; the text is that of `place_of`."""


def place_of(error: BaseException) -> str:
    """Return the type of an error and where in Footfall it arose: `ValueError in _load/visit.py, ask`.

    The text of an error is left out: it may quote what could not be sent, and so a secret.
    """
    place = ""
    for frame, _ in walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(_PACKAGE):
            place = f" in {path.relative_to(_PACKAGE).as_posix()}, {frame.f_code.co_name}"
    return f"{type(error).__name__}{place}"


class ArrivalRunner:
    """Runs single arrivals, each with an HTTP session of its own, in the greenlet of a Locust user."""

    def __init__(
        self,
        environment: Environment,
        workload: Workload,
        results: ResultSink,
        options: ExecutorOptions,
        clock: Clock,
    ) -> None:
        """Prepare; `connect` must be called before the first arrival."""
        info, own = workload.trace.info, workload.own
        self._environment = environment
        self._results = results
        self._options = options
        self._clock = clock
        self._seed = info.seed
        self._run_key = keyed.run_key(info.seed, info.replication)
        self._driven = workload.driven
        self._own_customers: dict[int, OwnCustomer] = {}
        """Of the arrivals under way, if the user's own Locust users serve channels."""
        self._human_time_factor = info.play.human_time_factor
        self._serve_others = own.serve if own else partial(serve, gateway_key=options.gateway_key)
        model = workload.trace.played
        visit = self._serve if self._driven else self._serve_others
        self._journeys = JourneyRunner(
            model, visit, results.visit, processes=options.processes, count=results.count
        )
        self._client: Client | None = None
        self._needs_client = bool(channels_needed(model, info.arrivals_by_channel) - self._driven.keys())
        self.under_way: Counter[str] = Counter()
        """Customers under way, by the name of their user class."""
        self._logged: set[str] = set()
        if own is None or "browser" in own.endpoints.words:
            # Faker reads its tables now: when the first customer is due, it would add half a second of lag.
            _ = Identity(self._seed, 0, self._run_key).browser

    def connect(self) -> None:
        """Create the HTTP client; the host's name is looked up before the first request."""
        if not self._needs_client:
            return
        host = str(self._environment.host)
        address = address_of(host, f"--host {host}")
        self._client = Client(address, self._options.transport, self._results.count)
        with suppress(NoAnswerError):  # every request will report it
            self._client.look_up()

    def run(self, user: User, arrival: Arrival) -> None:
        """Run the journey of an arrival's customer to its end."""
        played, broken_by = False, ""
        name = type(user).__name__
        session = None if self._client is None else HttpSession(self._client)
        self.under_way[name] += 1
        try:
            customer, context = self._customer(arrival, session)
            own = self._own_customer(user, context)
            self._journeys.run(customer)
            if own is not None:
                own.leave()
            played = True
        except Exception as error:  # noqa: BLE001  any error breaks this arrival, and the run continues
            broken_by = place_of(error)
            self._report_broken(user, arrival, broken_by)
        finally:
            self._own_customers.pop(arrival.arrival, None)
            if session is not None:
                session.close()
            self.under_way[name] -= 1
            self._results.end(arrival.arrival, played=played, broken_by=broken_by)

    def _own_customer(self, user: User, context: RequestContext) -> OwnCustomer | None:
        """Create the arrival's own Locust users, if channels are served by such."""
        if not self._driven:
            return None
        own = OwnCustomer(self._driven, self._environment, context, self._human_time_factor)
        own.begins_as(user)
        self._own_customers[context.arrival.arrival] = own
        return own

    def _serve(self, attempt: Attempt, unsettled: OrderOutcome | None) -> Ending:
        """Serve an attempt by an own Locust user if the channel has one, otherwise by requests."""
        if attempt.channel.name in self._driven:
            return self._own_customers[attempt.customer.arrival.arrival].serve(attempt)
        return self._serve_others(attempt, unsettled)

    def _customer(self, arrival: Arrival, session: HttpSession | None) -> tuple[RunCustomer, RequestContext]:
        key = keyed.customer_key(self._run_key, arrival.customer)
        fire: Any = self._environment.events.request.fire
        context = RequestContext(
            self._clock,
            self._results,
            arrival,
            fire,
            keeps_hits=self._keeps_hits(key),
            traced_run=self._options.options.otel_run,
        )
        customer = RunCustomer(
            arrival=arrival,
            key=key,
            identity=Identity(self._seed, arrival.subscriber, key),
            transport=LocustTransport(session, context),
            run=self._options.run,
        )
        return customer, context

    def _keeps_hits(self, key: int) -> bool:
        """Whether the sample includes this customer: whole customers, the same in every run of the trace."""
        share = self._options.options.hits_sample_share
        return share >= 1 or keyed.uniform(key, "hits") < share

    def _report_broken(self, user: User, arrival: Arrival, broken_by: str) -> None:
        """Log each reason once and report every case to Locust, without the error's text: see `place_of`."""
        if broken_by not in self._logged:
            self._logged.add(broken_by)
            logger.error("arrival %d broke inside the generator: %s", arrival.arrival, broken_by)
        fire: Any = self._environment.events.user_error.fire
        fire(user_instance=user, exception=BrokenArrivalError(broken_by), tb=None)


# ── The executor: starts each arrival at its due second, and the runner does the rest

_YIELD_EVERY = 20
_HELD_S = 0.02
_YOUNG_OBJECTS = 5_000
"""Collecting this many takes a millisecond or two; arrivals themselves leave no cycles behind."""
logger = logging.getLogger(__name__)


class ArrivalExecutor:
    """Starts the arrivals of a trace in this process, each as a Locust user in a group of greenlets."""

    def __init__(
        self,
        environment: Environment,
        workload: Workload,
        results: ResultSink,
        options: ExecutorOptions,
        group: Group,
    ) -> None:
        """Prepare; nothing is sent before `start`."""
        self._environment = environment
        self._results = results
        self._options = options
        self._group = group
        self._runner = ArrivalRunner(environment, workload, results, options, self)
        self._driven = workload.driven
        for driven in self._driven.values():
            driven.user.host = environment.host or driven.user.host
        model = workload.trace.played
        self._users = {channel.name: user_of(channel) for channel in model.channels}
        warm_up(model)
        self._zero = 0.0
        self._is_ready = False
        self._injecting: list[Greenlet] = []
        self.may_start_until_s = inf
        """Arrivals due after this second of the run wait until it is moved."""
        self._greenlets: list[Greenlet] = []

    def now_s(self) -> float:
        """Seconds on the clock of the run, negative before its start."""
        return time.perf_counter() - self._zero

    def set_clock(self, in_s: float) -> None:
        """Set second 0 of the run, `in_s` seconds from now."""
        self._zero = time.perf_counter() + in_s

    def get_ready(self) -> None:
        """Do what takes time before second 0, unless that is done."""
        if not self._is_ready:
            self._is_ready = True
            _reduce_collector_pauses()
            self._runner.connect()

    def start(self, arrivals: Sequence[Arrival]) -> None:
        """Start arrivals when they are due, in addition to those of earlier calls."""
        self.get_ready()
        if not self._greenlets:
            self._greenlets.append(LoopWatch(self.now_s, self._results.loop).start())
            if self._options.options.stall_s:
                self._greenlets.append(gevent.spawn(self._stall))
        injecting = gevent.spawn(self._inject, arrivals)
        self._injecting.append(injecting)
        self._greenlets.append(injecting)

    @property
    def has_injected(self) -> bool:
        """Whether all arrivals have been started."""
        return all(greenlet.dead for greenlet in self._injecting)

    @property
    def under_way(self) -> int:
        """Customers whose journeys have started and not ended."""
        return len(self._group)

    @property
    def under_way_by_user(self) -> Mapping[str, int]:
        """The same, by the name of the user class."""
        return self._runner.under_way

    def cut_off(self, grace_s: float = 0.0) -> None:
        """Cut off the customers who are still under way after `grace_s` seconds."""
        if grace_s:
            self._group.join(grace_s)
        self._group.kill()

    def stop_arrivals(self) -> None:
        """Start no more arrivals; the measurements of the event loop go on."""
        gevent.killall(self._injecting)

    def stop_sending(self) -> None:
        """Start no more arrivals."""
        gevent.killall(self._greenlets)

    def _inject(self, arrivals: Sequence[Arrival]) -> None:
        """Start every arrival at its due second, whether or not earlier ones have ended."""
        for count, arrival in enumerate(arrivals):
            while (ahead_s := arrival.due_s - self.now_s()) > 0:
                gevent.sleep(ahead_s)
            while arrival.due_s > self.may_start_until_s:
                gevent.sleep(_HELD_S)
            self._results.start(arrival.arrival, self.now_s() - arrival.due_s)
            self._start(arrival)
            if count % _YIELD_EVERY == 0:
                # Behind schedule there is no sleep above, and the customers under way must run, too.
                gevent.sleep(0)

    def _start(self, arrival: Arrival) -> None:
        """Start the user of an arrival's channel in its own greenlet."""
        driven = self._driven.get(arrival.channel)
        if driven is not None:
            run = partial(self._runner.run, arrival=arrival)
            start_user(driven.user, self._environment, run, self._group)
            return
        user = self._users[arrival.channel](self._environment)
        user.arrival, user.arrival_runner = arrival, self._runner
        user.start(self._group)

    def _stall(self) -> None:
        """Block the whole generator repeatedly, to test that such a run is found invalid."""
        block = get_original("time", "sleep")
        while True:
            gevent.sleep(self._options.options.stall_every_s - self._options.options.stall_s)
            block(self._options.options.stall_s)


def _reduce_collector_pauses() -> None:
    """Exclude objects that live for the whole run from Python's cyclic collector: its pauses are lag.

    gevent does not record which greenlet spawned each customer either: that is three objects a customer.
    """
    gevent.config.track_greenlet_tree = False
    gc.unfreeze()  # what an earlier run in this process has left
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 1000)


def import_ahead() -> None:
    """Import in advance what creating an executor needs: a worker must send heartbeats by then."""
    browsers()
    special_functions()
