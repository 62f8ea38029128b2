"""One play of a trace: the clock, the injector, the account of every arrival, and the end."""

import gc
import logging
import secrets
import time
from dataclasses import replace
from typing import Any

import gevent
from gevent import Greenlet
from gevent.monkey import get_original
from geventhttpclient.client import HTTPClientPool
from locust.env import Environment
from locust.runners import Runner

from footfall.load.errands.answers import Ending
from footfall.load.errands.attempt import Attempt, Customer, Order
from footfall.load.errands.errand import Errands
from footfall.load.errands.person import person
from footfall.load.errands.serve import serve
from footfall.load.play.preparation import Prepared
from footfall.load.play.users import ChannelUser, user_of
from footfall.load.play.wire import LocustWire
from footfall.load.progress import Progress, write_progress
from footfall.load.reach import set_play_clock
from footfall.load.result import LoadResult, Records
from footfall.load.tally import Tally
from footfall.records.rows import Arrival
from footfall.records.runs import now, write_manifest
from footfall.simulate.decide import keyed
from footfall.simulate.decide.as_played import as_played

LEAD_S = 1.0
"""Between the start of the run and second 0 of play."""
_CONNECTIONS_MOST = 20_000
"""Far above what is open at once: a customer never waits in the generator for a connection."""
_NETWORK_S = 900.0
"""Beyond every request's own bound, which is the one that counts."""
_YIELD_EVERY = 20
_YOUNG_OBJECTS = 50_000
logger = logging.getLogger(__name__)


class Performance:
    """A play from its start to its files."""

    def __init__(self, environment: Environment, prepared: Prepared) -> None:
        """Make everything ready; nothing is sent before `start`."""
        trace = prepared.trace
        self._environment = environment
        self._prepared = prepared
        self._info = trace.info
        self._arrivals = [Arrival(**row) for row in trace.arrivals.iter_rows(named=True)]
        self._last_due_s = self._arrivals[-1].due_s if self._arrivals else 0.0
        self._tally = Tally(len(self._arrivals))
        self._records = Records()
        self._model = as_played(trace.model, trace.info.play)
        self._errands = Errands(self._model, self._serve, self._note)
        self._users = {channel.name: user_of(channel) for channel in self._model.channels}
        self._run_key = keyed.run_key(trace.info.seed, trace.info.replication)
        self._run = secrets.token_hex(4)
        # Faker reads its tables now, not when the first customer is due (60 ms of lag).
        person(self._info.seed, 0, self._run_key)
        self._zero = 0.0
        self._greenlets: list[Greenlet] = []
        self._is_over = False

    def now_s(self) -> float:
        """Seconds on the clock of play, negative before its start."""
        return time.perf_counter() - self._zero

    def start(self) -> None:
        """Set second 0, tell the service, and let the customers come.

        Raises:
            BadInputError: the service does not take the word.
        """
        _calm_collector()
        ChannelUser.client_pool = HTTPClientPool(
            concurrency=_CONNECTIONS_MOST, network_timeout=_NETWORK_S, connection_timeout=_NETWORK_S
        )
        self._zero = time.perf_counter() + LEAD_S
        settings = self._prepared.settings
        if settings.control_token:
            set_play_clock(str(self._environment.host), settings.control_token, -self.now_s())
        self._greenlets = [gevent.spawn(self._inject)]
        if settings.stall_s:
            self._greenlets.append(gevent.spawn(self._stall))

    def tick(self) -> bool:
        """Look once a second whether the play is over; those who overstay the drain are cut off."""
        started, due = self._tally.started, len(self._arrivals)
        write_progress(self._prepared.run_dir, Progress(max(self.now_s(), 0.0), started, due))
        injected = not self._greenlets or self._greenlets[0].dead
        late = self.now_s() > self._last_due_s + self._prepared.settings.drain_s
        if injected and late and self._runner.user_count:
            logger.warning("%d customers are cut off: the drain is over", self._runner.user_count)
            self._runner.user_greenlets.kill()
        if injected and not self._runner.user_count:
            self._is_over = self._tally.started == due
            return True
        return False

    def stop_sending(self) -> None:
        """Let nobody else come; those under way are Locust's to stop."""
        gevent.killall(self._greenlets)

    def finish(self) -> None:
        """Write the files.

        Raises:
            BadInputError: the folder cannot be written.
        """
        run_dir, manifest = self._prepared.run_dir, self._prepared.manifest
        result = self._result()
        self._records.write(run_dir, result)
        if manifest is not None:
            done = replace(
                manifest,
                status=result.status,
                arrivals=result.arrivals,
                lag_s=result.lag_s,
                ended_at=now(),
            )
            write_manifest(run_dir, done)
        logger.info("%s: %s, lag %s", run_dir, result.arrivals, result.lag_s)

    def play(self, user: ChannelUser, arrival: Arrival) -> None:
        """Play the errand of an arrival to its end, on the user's own connection."""
        key = keyed.customer_key(self._run_key, arrival.customer)
        customer = Customer(
            arrival=arrival,
            key=key,
            person=person(self._info.seed, arrival.subscriber, key),
            wire=LocustWire(user.client, self, self._records, arrival),
            run=self._run,
        )
        played = False
        try:
            self._errands.run(customer)
            played = True
        except Exception as error:
            logger.exception("arrival %d broke in the generator", arrival.arrival)
            fire: Any = self._environment.events.user_error.fire
            fire(user_instance=user, exception=error, tb=error.__traceback__)
        finally:
            self._tally.end(arrival.arrival, played=played)

    @property
    def _runner(self) -> Runner:
        runner = self._environment.runner
        assert runner is not None  # noqa: S101  Locust makes it before it tells us anything
        return runner

    def _inject(self) -> None:
        """Start every arrival at its due second, whatever became of the earlier ones."""
        group = self._runner.user_greenlets
        for arrival in self._arrivals:
            while (ahead_s := arrival.due_s - self.now_s()) > 0:
                gevent.sleep(ahead_s)
            user = self._users[arrival.channel](self._environment)
            user.arrival, user.stage = arrival, self
            self._tally.start(arrival.arrival, self.now_s() - arrival.due_s)
            user.start(group)
            if arrival.arrival % _YIELD_EVERY == 0:
                # When arrivals are behind schedule, nobody sleeps above, and the others must run too.
                gevent.sleep(0)

    def _stall(self) -> None:
        """Block the whole generator again and again: what a run's validity is tested with."""
        settings = self._prepared.settings
        block = get_original("time", "sleep")
        while True:
            gevent.sleep(settings.stall_every_s - settings.stall_s)
            block(settings.stall_s)

    def _serve(self, attempt: Attempt, unsettled: Order | None) -> Ending:
        own = self._prepared.own
        if own is not None:
            return own.serve(attempt, unsettled)
        return serve(attempt, unsettled, self._prepared.settings.gateway_key)

    def _note(self, attempt: Attempt, ended_s: float, ending: Ending) -> None:
        self._records.add_visit(attempt.row(ended_s, ending), *ending)

    def _result(self) -> LoadResult:
        return LoadResult(
            status="finished" if self._is_over else "partial",
            arrivals=self._tally.counts(),
            lag_s=self._tally.lag(),
            visits=len(self._records.visits),
            visits_served=self._records.served,
            hits=len(self._records.hits),
            played_s=max(self.now_s(), 0.0),
            host=str(self._environment.host),
            causes=dict(self._records.causes.most_common()),
        )


def _calm_collector() -> None:
    """Keep Python's cyclic collector away from what lives for the whole run: its pauses are lag."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 1000)
