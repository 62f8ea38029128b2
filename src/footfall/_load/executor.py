"""The open-loop executor: starts each arrival at its due second."""

import gc
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import inf

import gevent
from gevent import Greenlet
from gevent.monkey import get_original
from gevent.pool import Group
from locust.env import Environment

from footfall._criteria.objects import AbortCriterion
from footfall._load.arrival_runner import ArrivalRunner, ExecutorOptions, Workload
from footfall._load.channel_users import start_user
from footfall._load.control import Control, control_target
from footfall._load.endpoints.endpoints_check import channels_wanted
from footfall._load.identity import browsers
from footfall._load.locust_users import user_of
from footfall._load.loop_watch import LoopWatch
from footfall._load.preparation import PreparedRun
from footfall._load.result_files import LoadResult
from footfall._load.results import ResultSink, RunResults
from footfall._model.duration_quantiles import special_functions
from footfall._model.durations import warm_up
from footfall._records.rows import Arrival
from footfall._records.runs import now, write_manifest

# ── Who plays: starts each arrival at its due second and walks its customer through the errand

_YIELD_EVERY = 20
_HELD_S = 0.02
_YOUNG_OBJECTS = 5_000
"""A collection of so many takes a millisecond or two; arrivals themselves leave no cycles behind."""
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
        """Make everything ready; nothing is sent before `start`."""
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
        self._injecting: list[Greenlet] = []
        self.may_start_until_s = inf
        """An arrival due after this second of the run waits until the limit is moved."""
        self._greenlets: list[Greenlet] = []

    def now_s(self) -> float:
        """Seconds on the clock of the run, negative before its start."""
        return time.perf_counter() - self._zero

    def set_clock(self, in_s: float) -> None:
        """Set second 0 of the run, so many seconds from now."""
        self._zero = time.perf_counter() + in_s

    def start(self, arrivals: Sequence[Arrival]) -> None:
        """Start arrivals when they are due, in addition to those given before."""
        if not self._greenlets:
            _calm()
            self._runner.connect()
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
        """Customers that were started and have not ended."""
        return len(self._group)

    @property
    def under_way_by_user(self) -> Mapping[str, int]:
        """The same, by the name of their user class."""
        return self._runner.under_way

    def cut_off(self, grace_s: float = 0.0) -> None:
        """Cut off the customers who are still under way after so many seconds."""
        if grace_s:
            self._group.join(grace_s)
        self._group.kill()

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
                # When arrivals are behind schedule, nobody sleeps above, and the others must run too.
                gevent.sleep(0)

    def _start(self, arrival: Arrival) -> None:
        """Start the user of an arrival's channel in a greenlet of its own."""
        driven = self._driven.get(arrival.channel)
        if driven is not None:
            start_user(driven.user, partial(self._runner.run, arrival=arrival), self._group)
            return
        user = self._users[arrival.channel](self._environment)
        user.arrival, user.arrival_runner = arrival, self._runner
        user.start(self._group)

    def _stall(self) -> None:
        """Block the whole generator again and again, to test that such a run is found invalid."""
        block = get_original("time", "sleep")
        while True:
            gevent.sleep(self._options.options.stall_every_s - self._options.options.stall_s)
            block(self._options.options.stall_s)


def _calm() -> None:
    """Keep Python's cyclic collector away from what lives for the whole run: its pauses are lag.

    Nor does gevent note by whom each customer was spawned, which is three objects a customer.
    """
    gevent.config.track_greenlet_tree = False
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 1000)


def import_ahead() -> None:
    """Import ahead what an executor needs when it is made: a worker sends heartbeats by then."""
    browsers()
    special_functions()


# ── The books of a play: opened before it, and written down at its end


def account_of(prepared: PreparedRun) -> RunResults:
    """Make the results of a run: its arrivals, and the criteria that may end it early."""
    info = prepared.trace.info
    arrivals = [Arrival(**row) for row in prepared.trace.arrivals.iter_rows(named=True)]
    monitored = [each for each in info.criteria if isinstance(each, AbortCriterion)]
    return RunResults(arrivals, monitored, prepared.run_dir)


def control_of(prepared: PreparedRun, account: RunResults) -> Control | None:
    """Give the control of a run, not started; None where none is asked for or possible."""
    settings, trace = prepared.settings, prepared.trace
    arrivals_per_s = trace.arrivals.height / trace.info.play.seconds
    # Where own users serve all channels, nothing is known that anybody may ask for at any time.
    others = channels_wanted(trace.model, trace.info.arrivals_by_channel) - prepared.users.channels
    target = control_target(prepared.own, arrivals_per_s) if settings.options.control and others else None
    if target is None:
        return None
    account.control_step = target.step
    return Control(settings.host, target, prepared.transport)


def is_ended_early(account: RunResults) -> bool:
    """Whether an abort criterion has ended the run."""
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
