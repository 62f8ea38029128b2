"""One play of a trace in this process: from its start to its files."""

import logging

from locust.env import Environment
from locust.runners import Runner

from footfall.load.play.books import account_of, control_of, is_ended_early, write_down
from footfall.load.play.player import Manner, Piece, Player
from footfall.load.play.preparation import Prepared
from footfall.load.play.progress_thread import ProgressThread
from footfall.load.progress import Progress
from footfall.load.reach import set_play_clock

LEAD_S = 1.0
"""Between the start of the run and second 0 of play."""
logger = logging.getLogger(__name__)


class Performance:
    """A play from its start to its files."""

    def __init__(self, environment: Environment, prepared: Prepared) -> None:
        """Make everything ready; nothing is sent before `start`."""
        trace, settings = prepared.trace, prepared.settings
        self._environment = environment
        self.prepared = prepared
        self.account = account_of(prepared)
        self._progress = ProgressThread(prepared.run_dir)
        manner = Manner(
            gateway_key=settings.gateway_key,
            stall_s=settings.stall_s,
            stall_every_s=settings.stall_every_s,
            hits_sample_share=settings.hits_sample_share,
            transport=prepared.transport,
        )
        self._control = control_of(prepared, self.account)
        group = _runner(environment).user_greenlets
        self._player = Player(
            environment, Piece(trace.info, trace.model, prepared.own), self.account, manner, group
        )

    def now_s(self) -> float:
        """Seconds on the clock of play, negative before its start."""
        return self._player.now_s()

    def start(self) -> None:
        """Set second 0, tell the service, and let the customers come.

        Raises:
            BadInputError: the service does not take the word.
        """
        if self._control is not None:
            # Before the clock is set: starting a process takes its time on a busy machine.
            self._control.start()
        self._player.set_clock(LEAD_S)
        settings = self.prepared.settings
        if settings.control_token:
            set_play_clock(
                str(self._environment.host), settings.control_token, -self.now_s(), self.prepared.transport
            )
        self._player.start(self.account.arrivals)

    def tick(self) -> bool:
        """Look once a second whether the play is over; those who overstay the drain are cut off."""
        arrivals, now_s = self.account.arrivals, self.now_s()
        self._progress.tell(Progress(max(now_s, 0.0), self.account.tally.started, len(arrivals)))
        injected, under_way = self._player.has_injected, self._player.under_way
        if injected and under_way and now_s > self.account.last_due_s + self.prepared.settings.drain_s:
            logger.warning("%d customers are cut off: the drain is over", under_way)
            self._player.cut_off()
        return is_ended_early(self.account) or (injected and not self._player.under_way)

    def stop_sending(self) -> None:
        """Let nobody else come; those under way are Locust's to stop."""
        self._player.stop_sending()

    def finish(self) -> None:
        """Write the files.

        Raises:
            BadInputError: the folder cannot be written.
        """
        played_s, account = self.now_s(), self.account
        control = self._control.end(account.control_step_times.summary()) if self._control else None
        result = account.result(played_s, str(self._environment.host), control=control)
        write_down(self.prepared, self.account, result)


def _runner(environment: Environment) -> Runner:
    runner = environment.runner
    assert runner is not None  # noqa: S101  Locust makes it before it tells us anything
    return runner
