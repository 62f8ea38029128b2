"""Footfall as a plug-in of Locust: its options, event listeners and load shape."""

import logging
import os
import signal
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any, ClassVar

import gevent
from locust import LoadTestShape, events, log as locust_log
from locust.env import Environment
from locust.runners import STATE_INIT, MasterRunner, Runner, WorkerRunner

from footfall._load.channel_users import driven_users, note_request, own_host, own_users_of
from footfall._load.coordinator import DistributedRun
from footfall._load.executor import import_ahead
from footfall._load.load_series import LoadSeries
from footfall._load.local_run import LocalRun, judge
from footfall._load.locust_options import (
    LocustRunSettings,
    add_options,
    give_up,
    settings_of,
    wait_for_master,
    where_workers_connect,
)
from footfall._load.locust_users import check_users
from footfall._load.own_users import OwnUsers
from footfall._load.preparation import PreparedRun, prepare
from footfall._load.result_batches import KIND, MESSAGE
from footfall._load.web.locust_page import LocustPage, add_page
from footfall._load.web.page_search import PageSearch
from footfall._load.worker import WorkerRun
from footfall._records.errors import BadInputError
from footfall._records.folders import release
from footfall._records.jobs import end_with_parent
from footfall._workload.scenario import FOLDER, scenario_files

_USAGE = 2
logger = logging.getLogger(__name__)


class LocustPlugin:
    """Connects Locust's events to test runs; one instance per process, one test run at a time."""

    def __init__(self) -> None:
        """Begin without a run."""
        self._environment: Environment | None = None
        self._run: LocalRun | DistributedRun | LoadSeries | PageSearch | None = None
        self._worker_run: WorkerRun | None = None
        """In a worker process only."""
        self._listening: set[str] = set()
        """In a master: the workers that receive messages."""
        self._page: LocustPage | None = None
        self._has_failed = False
        self._to_judge: Path | None = None
        """Folder of the latest run, unless `footfall load` judges it."""

    def listen(self) -> None:
        """Add listeners to Locust's events."""
        for event, listener in (
            (events.init_command_line_parser, self.on_parser),
            (events.init, self.on_init),
            (events.test_start, self.on_start),
            (events.test_stopping, self.on_stopping),
            (events.test_stop, self.on_stop),
            (events.quitting, self.on_quitting),
            (events.report_to_master, self.on_report),
            (events.request, note_request),
        ):
            add: Any = event.add_listener
            add(listener)

    def on_parser(self, parser: Any, **_: Any) -> None:  # noqa: ANN401  Locust's events are untyped
        """Add Footfall's options."""
        try:
            scenarios = list(scenario_files(Path(FOLDER)))
        except BadInputError as error:
            give_up(str(error))
        add_options(parser, scenarios, own_host())
        gevent.spawn(wait_for_master, parser, lambda: self._environment is not None)

    def on_init(self, environment: Environment, **_: Any) -> None:  # noqa: ANN401  as above
        """Set up this process's part; in a headless run, errors are found before Locust begins."""
        self._environment = environment
        runner, options = environment.runner, environment.parsed_options
        try:
            driven = driven_users(environment.user_classes)
            check_users(environment.user_classes, [each.user for each in driven.values()])
            _check_shape(environment)
        except BadInputError as error:
            give_up(str(error))
        _watch_parent(runner, options)
        if isinstance(runner, WorkerRunner):
            self._worker_run = WorkerRun(environment, runner)
            return
        if isinstance(runner, MasterRunner):
            runner.register_message(MESSAGE, self.on_message)
            logger.info(where_workers_connect(runner.master_bind_host, runner.master_bind_port))
        if environment.web_ui is not None:
            self._page = LocustPage(environment)
            base, names = (options.web_base_path, options.web_names) if options else (None, "")
            add_page(environment.web_ui, self._page, base, names)
        if options is not None and options.headless:
            try:
                self.make_ready()
            except BadInputError as error:
                give_up(str(error))
            except KeyboardInterrupt:
                raise SystemExit(130) from None

    def make_ready(self) -> None:
        """Prepare the next run, unless that is done.

        Raises:
            BadInputError: it cannot be run.
        """
        environment = self._environment
        if self._run is not None or environment is None or environment.parsed_options is None:
            return
        options = environment.parsed_options
        options.host = environment.host
        settings = settings_of(options)
        if settings.search is not None:
            self._run = self._begin_search(settings)
            return
        if self._page is not None:
            settings = self._page.make_ready(settings, self._own_users(settings))
        runner = environment.runner
        if settings.series is not None:
            if isinstance(runner, MasterRunner):
                raise BadInputError("--series", "several processes are asked for", "one generator process")
            self._run = LoadSeries(environment, settings, self._own_users(settings))
            return
        classes = {user.__name__ for user in environment.user_classes}
        prepared = prepare(settings, classes, self._own_users(settings))
        if isinstance(runner, MasterRunner):
            self._run = DistributedRun(environment, runner, prepared, self._listening)
        else:
            self._run = LocalRun(environment, prepared)

    def _begin_search(self, settings: LocustRunSettings) -> PageSearch:
        """Start a search that chooses its loads itself.

        Raises:
            BadInputError: it cannot begin.
        """
        environment = self._environment
        assert self._page is not None  # noqa: S101  `settings_of` refuses a search without a page
        if environment is not None and isinstance(environment.runner, MasterRunner):
            problem = "a search sends all its load steps from one generator process"
            raise BadInputError("Test", problem, "Locust without --master and --processes")
        return self._page.begin_search(settings, self._own_users(settings))

    def _own_users(self, settings: LocustRunSettings) -> OwnUsers:
        environment = self._environment
        assert environment is not None  # noqa: S101  `make_ready` has checked it
        name = str(getattr(environment.parsed_options, "locustfile", "") or "locustfile.py")
        users = own_users_of(driven_users(environment.user_classes), name)
        return users.model_copy(update={"unmapped": settings.options.unmapped})

    def tick(self) -> tuple[int, float] | None:
        """Return no users for Locust to spawn while the trace is run, and None when it is over."""
        environment = self._environment
        if environment is None or environment.runner is None:
            return None
        # Locust asks once before it starts the run, and the first run's end must not end the second.
        if environment.runner.state == STATE_INIT:
            return (0, 1) if self._can_begin() else None
        is_over = self._has_failed or self._run is None or self._run.tick()
        return None if is_over else (0, 1)

    def on_start(self, **_: Any) -> None:  # noqa: ANN401  as above
        """Start the arrivals."""
        # Python would raise a KeyboardInterrupt in any customer's greenlet; gevent calls the handler in a
        # greenlet of its own. Locust handles SIGTERM by itself, but in a headless run too late.
        for number in (signal.SIGINT,) if self._page is not None else (signal.SIGINT, signal.SIGTERM):
            gevent.signal_handler(number, self.leave)
        if self._run is not None:
            self._has_failed = not self._succeeds(self._run.start)
            if self._page is None or self._has_failed:
                return
            if isinstance(self._run, LocalRun | DistributedRun):
                self._page.follow(self._run)

    def on_message(self, msg: Any, **_: Any) -> None:  # noqa: ANN401  as above
        """Handle a worker's message; a worker that connects during a run takes part in it."""
        worker, is_new = msg.node_id, msg.data[KIND] == "hello"
        if is_new:
            self._listening.add(worker)
        if isinstance(self._run, DistributedRun):
            if is_new:
                self._run.join(worker)
            else:
                self._run.hear(worker, msg.data)

    def on_report(self, data: dict[str, Any], **_: Any) -> None:  # noqa: ANN401  as above
        """Add the customers under way to a worker's report."""
        if self._worker_run is not None:
            self._worker_run.report(data)

    def leave(self) -> None:
        """End the greenlet that Locust's main program waits for; Locust then stops the run and exits."""
        environment = self._environment
        if environment is None or environment.runner is None:
            return
        if self._worker_run is not None:
            self._worker_run.leave()
            environment.runner.greenlet.kill(block=False)
            return
        waited_for = environment.web_ui.greenlet if environment.web_ui else environment.runner.shape_greenlet
        if waited_for is not None:
            waited_for.kill(block=False)

    def on_stopping(self, **_: Any) -> None:  # noqa: ANN401  as above
        """Start no more arrivals: the run is over or has been stopped."""
        if self._worker_run is not None:
            self._worker_run.stop(float(self._environment.stop_timeout or 0) if self._environment else 0.0)
        if self._run is not None:
            self._run.stop_sending()

    def on_stop(self, **_: Any) -> None:  # noqa: ANN401  as above
        """Write the results, then be ready for the next run."""
        has_failed, self._has_failed = self._has_failed, False
        if self._run is not None and not has_failed:
            # The last results of workers arrive while it finishes.
            has_failed = not self._succeeds(self._run.finish)
            if isinstance(self._run, LocalRun | DistributedRun):
                self._leave_folder(self._run.prepared)
        self._run = None
        if self._page is not None:
            self._page.run_ended()
        if has_failed:
            self._exit_badly()

    def _leave_folder(self, prepared: PreparedRun) -> None:
        if prepared.manifest is not None:
            # Otherwise `footfall load` keeps the manifest and judges the run.
            self._to_judge = prepared.run_dir
        if self._page is None:
            release(prepared.run_dir)

    def on_quitting(self, environment: Environment, **_: Any) -> None:  # noqa: ANN401  as above
        """Exit with the verdict of a headless run, judged from its files; with 0 after runs from the page."""
        if self._worker_run is not None:
            self._worker_run.leave()
        if self._page is not None:
            self._page.close()
        if environment.process_exit_code is None:
            broken = locust_log.unhandled_greenlet_exception
            environment.process_exit_code = _USAGE if broken else self._verdict_code()

    def _verdict_code(self) -> int:
        options = self._environment.parsed_options if self._environment is not None else None
        is_headless = options is not None and options.headless
        return judge(self._to_judge) if is_headless and self._to_judge is not None else 0

    def _can_begin(self) -> bool:
        """Prepare the run; a master fires no event when a run fails here, so it is dropped."""
        # The last worker may leave during the preparation; Locust would then silently start nothing.
        steps = (self._check_workers, self.make_ready, self._check_workers)
        self._has_failed = not all(self._succeeds(step) for step in steps)
        if self._has_failed:
            self._run = None
            self._exit_badly()
        return not self._has_failed

    def _exit_badly(self) -> None:
        """Exit a headless run with an error; on the web page another run may follow."""
        environment = self._environment
        options = environment.parsed_options if environment is not None else None
        if environment is not None and options is not None and options.headless:
            environment.process_exit_code = _USAGE

    def _check_workers(self) -> None:
        """Check that a master has workers.

        Raises:
            BadInputError: it has none.
        """
        runner = self._environment.runner if self._environment else None
        if isinstance(runner, MasterRunner) and not runner.worker_count:
            raise BadInputError("workers", "no worker is connected", "locust -f … --worker, or --processes")

    def _succeeds(self, work: Any) -> bool:  # noqa: ANN401  any step
        """Run a step and report a user's mistake in one line; returns whether it succeeded."""
        try:
            work()
        except BadInputError as error:
            logger.error("error: %s", error)  # noqa: TRY400  a user's mistake needs no traceback
            if self._page is not None:
                self._page.fail(str(error))
            return False
        return True


class TraceShape(LoadTestShape):
    """Keeps Locust from spawning users by itself, and ends the run when the trace is done."""

    plugin: ClassVar[LocustPlugin | None] = None

    def tick(self) -> tuple[int, float] | None:
        """Return 0 users to spawn, or None at the end of the run."""
        return self.plugin.tick() if self.plugin is not None else None


def _check_shape(environment: Environment) -> None:
    """Use Footfall's load shape, which a locustfile need not import.

    Raises:
        BadInputError: the locustfile has a load shape of its own.
    """
    if environment.shape_class is None:
        environment.shape_class = TraceShape()  # type: ignore[no-untyped-call]  # Locust's is untyped
    elif not isinstance(environment.shape_class, TraceShape):
        name = type(environment.shape_class).__name__
        problem = f"load shape {name} would start users in addition to the trace"
        raise BadInputError("-f", problem, "a locustfile without a load shape")


def _watch_parent(runner: Runner | None, options: Namespace | None) -> None:
    """End with the program that started this one: `footfall load`, or the master that forked this worker."""
    if isinstance(runner, WorkerRunner):
        if options is not None and options.processes:
            end_with_parent(os.getppid())
    else:
        end_with_parent()


def install() -> None:
    """Add Footfall's options and listeners to Locust; later calls in a process do nothing."""
    if TraceShape.plugin is not None:
        return
    if any(word in {"--worker", "--processes"} for word in sys.argv) or "LOCUST_MODE_WORKER" in os.environ:
        import_ahead()
    TraceShape.plugin = LocustPlugin()
    TraceShape.plugin.listen()
