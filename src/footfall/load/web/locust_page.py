"""Footfall's part of Locust's web page: what happens around a run that is started there."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import gevent
from gevent import Greenlet
from locust.env import Environment
from locust.runners import STATE_INIT, STATE_MISSING, STATE_SPAWNING, STATE_STOPPED

from footfall.load.locust_options import PlaySettings
from footfall.load.own_users import NO_USERS, OwnUsers
from footfall.load.preflight import check_answers
from footfall.load.preparation import new_run_dir
from footfall.load.results import RunResults
from footfall.load.web.page_hosts import REFERENCE, host_of
from footfall.load.web.page_runs import FILES, PageRun, Reader, RunSupervisor, Updates
from footfall.records.errors import BadInputError
from footfall.records.folders import claim_for_play, release

RUNS_MOST = 20
"""So many of the latest runs are listed; the folders of all stay."""
_EVERY_S = 1.0
_SCOPE = re.compile(r"[\w*]{1,60}\.[\w*]{1,60}")


class PageForm(Protocol):
    """What is played: by this process, or by others whose notes come together here."""

    account: RunResults

    def now_s(self) -> float:
        """Seconds on the clock of play."""


class LocustPage:
    """The runs of the page; the door tells it what happens, and its routes show it."""

    def __init__(self, environment: Environment) -> None:
        """Begin without a run."""
        self._environment = environment
        self._runs: list[PageRun] = []
        self._count = 0
        self._host: str | None = None
        self._feeding: list[Greenlet] = []

    def locust_state(self) -> str:
        """Say what Locust is doing, as its page should hear it: at `ready` it shows a form without tabs."""
        runner = self._environment.runner
        state = str(runner.state) if runner is not None else STATE_MISSING
        if state != STATE_INIT or not self._runs:
            return state
        return STATE_SPAWNING if self.is_busy() else STATE_STOPPED

    def is_busy(self) -> bool:
        """Whether a run is being made ready or played, so that no other can begin."""
        return bool(self._runs) and self._runs[-1].state in {"preparing", "playing"}

    def stop(self) -> None:
        """Stop a run that is being made ready; a master minds a Stop only once a run has begun."""
        runner = self._environment.runner
        if runner is None or runner.state != STATE_INIT or runner.shape_greenlet is None:
            return
        runner.shape_greenlet.kill(block=True)
        runner.shape_greenlet = None

    def make_ready(self, settings: PlaySettings, users: OwnUsers = NO_USERS) -> PlaySettings:
        """Have the trace made and predicted, and the service started if one is wanted; gives what to play.

        `users` are those of the locustfile's own.

        Raises:
            BadInputError: the run cannot begin.
        """
        folder = settings.run_dir or new_run_dir(settings)
        claim_for_play(folder)
        run = self._open(folder)
        run.is_claimed = True
        try:
            parsed: Any = self._environment.parsed_options
            profile = str(getattr(parsed, "host_profile", None) or REFERENCE)
            host = host_of(profile, settings.host)
            # The reference service has its own requests, whichever files are there.
            endpoints = None if host is None else host.endpoints or settings.options.endpoints
            options = settings.options.model_copy(update={"endpoints": endpoints})
            settings = replace(settings, options=options)
            if host is not None and (not users.users or any(user.speaks_http for user in users.users)):
                check_answers(host.url, settings.options.transport.options())
            asked = _asked(run.folder, settings, users, serve=host is None)
            run.attendant = RunSupervisor(asked, run.hear)
            ready = run.attendant.make_ready()
        except BadInputError:
            raise
        except BaseException:
            # Stop, or the end of Locust, while it was made ready.
            self._drop(run, "stopped", "stopped before its first second")
            raise
        run.host = ready.pop("host") if host is None else host.url
        token = ready.pop("control_token", None) or settings.control_token
        run.about = ready
        self._host, self._environment.host = self._environment.host, run.host
        return replace(settings, host=run.host, trace=run.folder, run_dir=run.folder, control_token=token)

    def play(self, play: PageForm) -> None:
        """Follow a play that has begun."""
        run = self._runs[-1]
        run.state, run.phase = "playing", ""
        self._feeding = [each for each in self._feeding if not each.ready()]
        self._feeding.append(gevent.spawn(_feed, run, play))

    def over(self) -> None:
        """Have the run judged and reported: Locust has played it, and its files are written."""
        self._give_back_host()
        if self._runs and self._runs[-1].state == "playing":
            run = self._runs[-1]
            run.state = "reporting"
            run.has_ended.set()

    def fail(self, line: str) -> None:
        """Say in one line why a run could not begin, or could not be kept."""
        self._give_back_host()
        if not self.is_busy():
            self._open(Path())
        self._drop(self._runs[-1], "failed", line)

    def close(self) -> None:
        """Wait for what is still being reported; Locust ends."""
        for run in self._runs:
            run.is_let_go = True
        gevent.joinall(self._feeding)
        for run in self._runs:
            if run.attendant is not None:
                run.attendant.wait()

    def state(self, scope: str) -> bytes:
        """Give all that the page shows, as JSON; `scope` is the one whose curves are looked at."""
        run = self._runs[-1] if self._runs else None
        if run is not None and _SCOPE.fullmatch(scope):
            run.look_at(scope)
        shown = {
            "state": run.state if run else "none",
            "phase": run.phase if run else "",
            "error": run.error if run else "",
            "number": run.number if run else 0,
            "about": run.about if run else {},
            "runs": [each.summary() for each in reversed(self._runs)],
        }
        return b'{"page": %b, "live": %b}' % (
            json.dumps(shown).encode(),
            run.live.strip() if run else b"null",
        )

    def run_with(self, number: int | None, name: str) -> PageRun | None:
        """Give the run of that number (None: the latest) if it has a file of that name to hand out."""
        if name not in FILES:
            return None
        found = [run for run in self._runs if name in run.files and number in {None, run.number}]
        return found[-1] if found else None

    def _open(self, folder: Path) -> PageRun:
        if self._runs:
            self._runs[-1].is_let_go = True
        self._count += 1
        run = PageRun(self._count, folder.resolve())
        self._runs = [*self._runs[-RUNS_MOST + 1 :], run]
        return run

    def _drop(self, run: PageRun, state: str, line: str) -> None:
        if run.attendant is not None:
            run.attendant.end()
        run.state, run.error, run.is_let_go = state, line, True
        _release(run)

    def _give_back_host(self) -> None:
        """Put the address back that the form had before a run went elsewhere."""
        if self._host is not None:
            self._environment.host, self._host = self._host, None


def _release(run: PageRun) -> None:
    """Let others have the folder of a run that is over, or that never began."""
    if run.is_claimed:
        run.is_claimed = False
        release(run.folder)


def _asked(folder: Path, settings: PlaySettings, users: OwnUsers, *, serve: bool) -> dict[str, object]:
    """Say what a run is made of, for the process that prepares it."""
    endpoints, trace = settings.options.endpoints, settings.trace
    asked: dict[str, object] = {"run": str(folder), "serve": serve}
    asked |= {} if endpoints is None else {"endpoints": str(endpoints)}
    asked |= {"own_users": users.model_dump(mode="json")} if users.users else {}
    if trace is not None:
        return asked | {"trace": str(trace)}
    return asked | {"scenario": settings.scenario, "options": dict(settings.trace_options)}


def _feed(run: PageRun, play: PageForm) -> None:
    """Tell the attendant what is new, once a second and never before it has answered."""
    attendant, reader = run.attendant, Reader(play.account)
    if attendant is None:
        return
    before: bytes | None = None
    while not run.has_ended.wait(_EVERY_S) and not run.is_let_go:
        if run.live is not before:
            before = run.live
            attendant.tell(reader.news(play.now_s()), run.looked_at())
    if run.has_ended.is_set():
        attendant.tell(reader.news(play.now_s()), run.looked_at())
        attendant.end_run()
        _answer(run, attendant, play.now_s())
    attendant.let_go()
    _release(run)


def _answer(run: PageRun, attendant: RunSupervisor, now_s: float) -> None:
    """After the end, curves that somebody looks at and has not been given."""
    given: list[str] = []
    while not run.is_let_go:
        if run.state in {"over", "failed"}:
            _release(run)
        wanted = run.looked_at()
        if run.state == "over" and wanted != given:
            given = wanted
            attendant.tell(Updates(now_s=now_s, starts=[], visits=[]), wanted)
        gevent.sleep(_EVERY_S / 4)
