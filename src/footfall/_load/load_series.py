"""Load steps played one after another in this process, as the files of a folder order them."""

import logging
import time
from dataclasses import replace
from pathlib import Path

import gevent
from locust.env import Environment

from footfall._load.local_run import LocalRun
from footfall._load.locust_options import LocustRunSettings
from footfall._load.own_users import OwnUsers
from footfall._load.preparation import prepare_step
from footfall._load.series_files import (
    POLL_S,
    StepDone,
    StepOrder,
    is_end_ordered,
    read_order,
    step_folder,
    write_done,
)
from footfall._records.errors import BadInputError
from footfall._records.folders import release

FIRST_LEAD_S, LEAD_S = 1.0, 0.2
"""Between the start of a step and its second 0; the first step waits for what Python does only once."""
IDLE_S_MOST = 600.0
"""Without a new order for so long, the generator ends: the program that decides is taken for gone."""
LATE_S_MOST = 1.0
"""A generator that is so far behind sends another load than was asked for; the step says nothing."""
logger = logging.getLogger(__name__)


class LoadSeries:
    """Plays the steps of one folder in this process, each with results of its own."""

    def __init__(self, environment: Environment, settings: LocustRunSettings, users: OwnUsers) -> None:
        """Play nothing yet; `settings.series` is the folder."""
        assert settings.series is not None  # noqa: S101  the plug-in has checked it
        self._environment = environment
        self._settings = settings
        self._folder = settings.series
        self._users = users
        self._classes = {user.__name__ for user in environment.user_classes}
        self._playing: tuple[Path, LocalRun] | None = None
        self._greenlet: gevent.Greenlet | None = None

    def start(self) -> None:
        """Look for orders from now on."""
        self._greenlet = gevent.spawn(self._play_all)

    def tick(self) -> bool:
        """Whether the end was ordered, or no order has come for a long time."""
        return self._greenlet is None or self._greenlet.dead

    def stop_sending(self) -> None:
        """Start no more arrivals and no more steps; Locust stops the customers under way."""
        if self._greenlet is not None and self._greenlet is not gevent.getcurrent():
            self._greenlet.kill()
        if self._playing is not None:
            self._playing[1].stop_sending()

    def finish(self) -> None:
        """Write the files of a step that was stopped; those of earlier steps are whole.

        Raises:
            BadInputError: the folder cannot be written.
        """
        playing, self._playing = self._playing, None
        if playing is not None:
            folder, run = playing
            self._write(folder, run, StepDone(length_s=max(run.now_s(), 0.0), is_whole=False))

    def _play_all(self) -> None:
        number, since = 1, time.monotonic()
        while not is_end_ordered(self._folder):
            folder = step_folder(self._folder, number)
            order = read_order(folder)
            if order is None:
                if time.monotonic() - since > IDLE_S_MOST:
                    logger.warning("no order for %g s: the series ends", IDLE_S_MOST)
                    return
                gevent.sleep(POLL_S)
                continue
            try:
                self._play(number, order)
            except BadInputError as error:
                logger.error("error: step %d: %s", number, error)  # noqa: TRY400  a user's mistake
                write_done(folder, StepDone(problem=str(error)))
            number, since = number + 1, time.monotonic()

    def _play(self, number: int, order: StepOrder) -> None:
        folder, lead_s = step_folder(self._folder, number), FIRST_LEAD_S if number == 1 else LEAD_S
        options = self._settings.options
        # Each step is a run of its own to a receiver of traces: customers come again in other steps.
        traced = f"{options.otel_run}-{number}" if options.otel_run else ""
        options = options.model_copy(update={"drain_s": order.drain_s, "otel_run": traced})
        settings = replace(self._settings, trace=folder, run_dir=folder, options=options)
        prepared = prepare_step(settings, self._classes, self._users)
        run = LocalRun(self._environment, prepared, lead_s)
        self._playing = folder, run
        run.start()
        length_s = prepared.trace.info.play.seconds
        done, last_s = StepDone(length_s=length_s), run.results.last_due_s
        while not run.is_over(last_s):
            gevent.sleep(POLL_S)
            if done.stopped_early or done.fell_behind:
                continue
            is_full = _is_above(run.under_way, order.under_way_most)
            is_full |= _is_above(run.results.failed_in_a_row, order.failed_in_a_row_most)
            is_late = run.late_s > LATE_S_MOST
            if is_full or is_late:
                run.stop_arrivals()
                last_s = run.now_s()
                done = StepDone(
                    length_s=min(length_s, last_s), stopped_early=is_full and not is_late, fell_behind=is_late
                )
        run.stop_sending()
        self._playing = None
        self._write(folder, run, done)

    def _write(self, folder: Path, run: LocalRun, done: StepDone) -> None:
        run.finish()
        release(folder)
        write_done(folder, done)


def _is_above(number: int, most: int | None) -> bool:
    return most is not None and number > most
