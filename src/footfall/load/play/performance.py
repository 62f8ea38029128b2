"""One play of a trace in this process: from its start to its files."""

import logging
from dataclasses import replace

from locust.env import Environment
from locust.runners import Runner

from footfall.load.account import Account
from footfall.load.play.player import Manner, Player
from footfall.load.play.preparation import Prepared
from footfall.load.progress import Progress, write_progress
from footfall.load.reach import set_play_clock
from footfall.records.rows import Arrival
from footfall.records.runs import now, write_manifest

LEAD_S = 1.0
"""Between the start of the run and second 0 of play."""
logger = logging.getLogger(__name__)


class Performance:
    """A play from its start to its files."""

    def __init__(self, environment: Environment, prepared: Prepared) -> None:
        """Make everything ready; nothing is sent before `start`."""
        trace, settings = prepared.trace, prepared.settings
        self._environment = environment
        self._prepared = prepared
        self.account = Account([Arrival(**row) for row in trace.arrivals.iter_rows(named=True)])
        manner = Manner(
            gateway_key=settings.gateway_key, stall_s=settings.stall_s, stall_every_s=settings.stall_every_s
        )
        self._player = Player(environment, trace, self.account, manner, _runner(environment).user_greenlets)
        self._is_over = False

    def start(self) -> None:
        """Set second 0, tell the service, and let the customers come.

        Raises:
            BadInputError: the service does not take the word.
        """
        self._player.set_clock(LEAD_S)
        settings = self._prepared.settings
        if settings.control_token:
            set_play_clock(str(self._environment.host), settings.control_token, -self._player.now_s())
        self._player.start(self.account.arrivals)

    def now_s(self) -> float:
        """Seconds on the clock of play."""
        return self._player.now_s()

    def tick(self) -> bool:
        """Look once a second whether the play is over; those who overstay the drain are cut off."""
        arrivals, started = self.account.arrivals, self.account.tally.started
        now_s = self._player.now_s()
        write_progress(self._prepared.run_dir, Progress(max(now_s, 0.0), started, len(arrivals)))
        last_due_s = arrivals[-1].due_s if arrivals else 0.0
        injected = self._player.has_injected
        if injected and now_s > last_due_s + self._prepared.settings.drain_s and self._player.under_way:
            logger.warning("%d customers are cut off: the drain is over", self._player.under_way)
            self._player.cut_off()
        if injected and not self._player.under_way:
            self._is_over = self.account.tally.started == len(arrivals)
            return True
        return False

    def stop_sending(self) -> None:
        """Let nobody else come; those under way are Locust's to stop."""
        self._player.stop_sending()

    def finish(self) -> None:
        """Write the files.

        Raises:
            BadInputError: the folder cannot be written.
        """
        run_dir, manifest = self._prepared.run_dir, self._prepared.manifest
        result = self.account.result(
            "finished" if self._is_over else "partial", self._player.now_s(), str(self._environment.host)
        )
        self.account.records.write(run_dir, result)
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


def _runner(environment: Environment) -> Runner:
    runner = environment.runner
    assert runner is not None  # noqa: S101  Locust makes it before it tells us anything
    return runner
