"""One run of a trace in this process, from its start to its files."""

import logging
import sys
from pathlib import Path

from locust.env import Environment
from locust.runners import Runner

from footfall._load.arrival_runner import ExecutorOptions, Workload
from footfall._load.channel_users import driven_users
from footfall._load.executor import ArrivalExecutor, account_of, control_of, is_ended_early, write_down
from footfall._load.loop_watch import Progress, ProgressThread
from footfall._load.preflight import set_play_clock
from footfall._load.preparation import PreparedRun
from footfall._records.errors import BadInputError
from footfall._records.jobs import run_job
from footfall._records.runs import read_manifest

# ── One play of a trace in this process: from its start to its files

LEAD_S = 1.0
"""Between the start of the run and second 0 of play."""
logger = logging.getLogger(__name__)


class LocalRun:
    """A play from its start to its files."""

    def __init__(self, environment: Environment, prepared: PreparedRun) -> None:
        """Make everything ready; nothing is sent before `start`."""
        trace, settings = prepared.trace, prepared.settings
        self._environment = environment
        self.prepared = prepared
        self.account = account_of(prepared)
        self._progress = ProgressThread(prepared.run_dir)
        manner = ExecutorOptions(
            gateway_key=settings.gateway_key,
            options=settings.options,
            transport=prepared.transport,
        )
        self._control = control_of(prepared, self.account)
        group = _runner(environment).user_greenlets
        self._player = ArrivalExecutor(
            environment,
            Workload(trace, prepared.own, driven_users(environment.user_classes)),
            self.account,
            manner,
            group,
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
        drained_s = self.account.last_due_s + self.prepared.settings.options.drain_s
        if injected and under_way and now_s > drained_s:
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


# ── The verdict on a run that Locust was started for by hand: `footfall gate`, in a process of its own

_INVALID = 3
_JUDGED_S_MOST = 600.0


def judge(run_dir: Path) -> int:
    """Have a run judged and give the exit code: 0 pass, 1 fail, 3 undecided or invalid.

    A whole run without criteria ends with 0, and a line that says so.
    """
    try:
        manifest = read_manifest(run_dir)
    except BadInputError as error:
        logger.error("error: %s", error)  # noqa: TRY400  one line says it
        return _INVALID
    if not manifest.settings.get("criteria"):
        is_whole = manifest.status == "finished" and not manifest.degraded and not manifest.broken_reasons
        logger.info("%s: there are no criteria, so nothing is judged", run_dir)
        return 0 if is_whole else _INVALID
    done = run_job("judge", {"folder": str(run_dir)}, timeout_s=_JUDGED_S_MOST)
    if done.answer is None:
        logger.error("error: the run could not be judged: %s", done.reason)
        return _INVALID if done.code is None else done.code
    sys.stdout.write("\n".join(("", *done.answer["lines"], "")))
    sys.stdout.flush()
    return _INVALID if done.code is None else done.code
