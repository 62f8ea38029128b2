"""Footfall's tab in Locust's web page: its routes, its data, and runs that are started there."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import gevent
from flask import Blueprint, Response, abort, jsonify, request, send_file
from gevent import Greenlet
from locust.argument_parser import ui_extra_args_dict
from locust.env import Environment
from locust.runners import STATE_INIT, STATE_MISSING, STATE_SPAWNING, STATE_STOPPED
from locust.web import WebUI

from footfall._load.locust_options import REFERENCE, HostProfile, LocustRunSettings, host_of
from footfall._load.own_users import NO_USERS, OwnUsers
from footfall._load.preflight import check_answers
from footfall._load.preparation import new_run_dir
from footfall._load.results import RunResults
from footfall._load.web.page_guard import OwnNames, check_form, is_foreign
from footfall._load.web.page_runs import FILES, LOAD, PageRun, ResultsReader, RunSupervisor, Updates
from footfall._load.web.page_search import PageSearch, asked_of_search
from footfall._records.errors import BadInputError
from footfall._records.folders import claim_for_run, release
from footfall._records.tables import plain_csv

# ── Footfall's part of Locust's web page: the runs that are started there

RUNS_MOST = 20
"""Number of latest runs that are listed; the folders of all are kept."""
_EVERY_S = 1.0
_SCOPE = re.compile(r"[\w*]{1,60}\.[\w*]{1,60}")


class LiveRun(Protocol):
    """A run under way, in this process or by workers."""

    results: RunResults

    def now_s(self) -> float:
        """Seconds on the run's clock."""


class LocustPage:
    """The runs of the page; the plug-in reports events to it, and its routes show them."""

    def __init__(self, environment: Environment) -> None:
        """Begin without a run."""
        self._environment = environment
        self._runs: list[PageRun] = []
        self._count = 0
        self._host: str | None = None
        self._feeding: list[Greenlet] = []

    def locust_state(self) -> str:
        """Return Locust's state for its page, which at `ready` would show a form without tabs."""
        runner = self._environment.runner
        state = str(runner.state) if runner is not None else STATE_MISSING
        if state != STATE_INIT or not self._runs:
            return state
        return STATE_SPAWNING if self.is_busy() else STATE_STOPPED

    def is_busy(self) -> bool:
        """Whether a run is being prepared or is under way, so that no other can begin."""
        if not self._runs:
            return False
        run = self._runs[-1]
        # A search that was stopped still ends its step, which would disturb another one.
        return run.state in {"preparing", "running"} or (run.kind != LOAD and run.state == "reporting")

    def stop(self) -> None:
        """Stop a run that is being prepared: a Locust master handles Stop only after a run has begun."""
        runner = self._environment.runner
        if runner is None or runner.state != STATE_INIT or runner.shape_greenlet is None:
            return
        runner.shape_greenlet.kill(block=True)
        runner.shape_greenlet = None

    def make_ready(self, settings: LocustRunSettings, users: OwnUsers = NO_USERS) -> LocustRunSettings:
        """Make and predict the trace, and start the service if required; returns the run's settings.

        `users` are the user's own Locust users.

        Raises:
            BadInputError: the run cannot begin.
        """
        folder = settings.run_dir or new_run_dir(settings)
        claim_for_run(folder)
        run = self._open(folder)
        run.is_claimed = True
        with self._preparing(run):
            host = self._chosen_host(settings)
            # The reference service has its own requests, so an endpoints file does not apply.
            endpoints = None if host is None else host.endpoints or settings.options.endpoints
            options = settings.options.model_copy(update={"endpoints": endpoints})
            settings = replace(settings, options=options)
            if host is not None and (not users.users or any(user.speaks_http for user in users.users)):
                check_answers(host.url, settings.options.transport.options())
            asked = _asked(run.folder, settings, users, serve=host is None)
            run.supervisor = RunSupervisor(asked, run.hear)
            ready = run.supervisor.make_ready()
        run.host = ready.pop("host") if host is None else host.url
        token = ready.pop("control_token", None) or settings.control_token
        run.about = ready
        self._host, self._environment.host = self._environment.host, run.host
        return replace(settings, host=run.host, trace=run.folder, run_dir=run.folder, control_token=token)

    def begin_search(self, settings: LocustRunSettings, users: OwnUsers = NO_USERS) -> PageSearch:
        """Start a search for capacity, or the whole loop, in a process of its own.

        `users` are the user's own Locust users, which such a search does not play.

        Raises:
            BadInputError: it cannot begin.
        """
        host = self._chosen_host(settings)
        settings = settings if host is None else replace(settings, host=host.url)
        folder = settings.run_dir or new_run_dir(settings)
        asked = asked_of_search(replace(settings, run_dir=folder), host, users)
        run = self._open(folder, str(asked["job"]))
        with self._preparing(run):
            run.supervisor = RunSupervisor(asked, run.hear, run.kind)
            run.about = run.supervisor.make_ready()
        run.host = "" if host is None else host.url
        self._host, self._environment.host = self._environment.host, run.host or self._environment.host
        return PageSearch(run)

    def _chosen_host(self, settings: LocustRunSettings) -> HostProfile | None:
        """Return the service that the form names; None: the reference service."""
        parsed: Any = self._environment.parsed_options
        return host_of(str(getattr(parsed, "host_profile", None) or REFERENCE), settings.host)

    @contextmanager
    def _preparing(self, run: PageRun) -> Iterator[None]:
        """Show a run that is stopped before it begins as that."""
        try:
            yield
        except BadInputError:
            raise
        except BaseException:
            # Stop, or the end of Locust, during the preparation.
            self._drop(run, "stopped", "stopped before its first second")
            raise

    def follow(self, live: LiveRun) -> None:
        """Follow a run that has begun."""
        run = self._runs[-1]
        run.state, run.phase = "running", ""
        self._feeding = [each for each in self._feeding if not each.ready()]
        self._feeding.append(gevent.spawn(_feed, run, live))

    def run_ended(self) -> None:
        """Judge and report the run, which is over, with its files written."""
        self._restore_host()
        if self._runs and self._runs[-1].state == "running":
            run = self._runs[-1]
            run.state = "reporting"
            run.has_ended.set()

    def fail(self, line: str) -> None:
        """Show in one line why a run could not begin, or its results could not be written."""
        self._restore_host()
        if not self.is_busy():
            self._open(Path())
        self._drop(self._runs[-1], "failed", line)

    def close(self) -> None:
        """Wait for reports under way, at the end of Locust."""
        for run in self._runs:
            run.is_released = True
            if run.kind != LOAD and run.supervisor is not None and run.state == "running":
                run.supervisor.stop()
        gevent.joinall(self._feeding)
        for run in self._runs:
            if run.supervisor is not None:
                run.supervisor.wait()

    def state(self, scope: str) -> bytes:
        """Return all data of the page as JSON; `scope` is the one whose curves are shown."""
        run = self._runs[-1] if self._runs else None
        if run is not None and _SCOPE.fullmatch(scope):
            run.look_at(scope)
        shown = {
            "state": run.state if run else "none",
            "phase": run.phase if run else "",
            "error": run.error if run else "",
            "number": run.number if run else 0,
            "kind": run.kind if run else LOAD,
            "now_unix_s": time.time(),
            "about": run.about if run else {},
            "runs": [each.summary() for each in reversed(self._runs)],
        }
        return b'{"page": %b, "live": %b}' % (
            json.dumps(shown).encode(),
            run.live.strip() if run else b"null",
        )

    def run_with(self, number: int | None, name: str) -> PageRun | None:
        """Return the run of that number (None: the latest) if it has a file of that name to download."""
        found = [run for run in self._runs if name in run.files and number in {None, run.number}]
        return found[-1] if found else None

    def _open(self, folder: Path, kind: str = LOAD) -> PageRun:
        if self._runs:
            self._runs[-1].is_released = True
        self._count += 1
        run = PageRun(self._count, folder.resolve(), kind)
        self._runs = [*self._runs[-RUNS_MOST + 1 :], run]
        return run

    def _drop(self, run: PageRun, state: str, line: str) -> None:
        if run.supervisor is not None:
            run.supervisor.end()
        run.state, run.error, run.is_released = state, line, True
        _release(run)

    def _restore_host(self) -> None:
        """Restore the address that the form had before the run."""
        if self._host is not None:
            self._environment.host, self._host = self._host, None


def _release(run: PageRun) -> None:
    """Release the folder of a run that is over, or that never began."""
    if run.is_claimed:
        run.is_claimed = False
        release(run.folder)


def _asked(folder: Path, settings: LocustRunSettings, users: OwnUsers, *, serve: bool) -> dict[str, object]:
    """Return the description of a run for the process that prepares it."""
    endpoints, trace = settings.options.endpoints, settings.trace
    asked: dict[str, object] = {"run": str(folder), "serve": serve}
    asked |= {} if endpoints is None else {"endpoints": str(endpoints)}
    asked |= {"own_users": users.model_dump(mode="json")} if users.users else {}
    if trace is not None:
        return asked | {"trace": str(trace)}
    return asked | {"scenario": settings.scenario, "options": dict(settings.trace_options)}


def _feed(run: PageRun, live: LiveRun) -> None:
    """Send new results to the supervisor once a second, but not before it has answered."""
    supervisor, reader = run.supervisor, ResultsReader(live.results)
    if supervisor is None:
        return
    before: bytes | None = None
    while not run.has_ended.wait(_EVERY_S) and not run.is_released:
        if run.live is not before:
            before = run.live
            supervisor.send(reader.updates(live.now_s()), run.looked_at())
    if run.has_ended.is_set():
        supervisor.send(reader.updates(live.now_s()), run.looked_at())
        supervisor.end_run()
        _answer(run, supervisor, live.now_s())
    supervisor.close()
    _release(run)


def _answer(run: PageRun, supervisor: RunSupervisor, now_s: float) -> None:
    """After the end of the run, send curves that a browser shows and does not have yet."""
    given: list[str] = []
    while not run.is_released:
        if run.state in {"over", "failed"}:
            _release(run)
        wanted = run.looked_at()
        if run.state == "over" and wanted != given:
            given = wanted
            supervisor.send(Updates(now_s=now_s, starts=[], visits=[]), wanted)
        gevent.sleep(_EVERY_S / 4)


# ── The page's routes: the tab in Locust's own page, its script, its data and a run's files

TAB = "footfall"
STATIC = Path(__file__).parent / "static"
_SCRIPTS = {
    "charts.js": "text/javascript",
    "rates.js": "text/javascript",
    "search.js": "text/javascript",
    "footfall.js": "text/javascript",
    "footfall.css": "text/css",
}
"""In the order in which the page needs them."""
_REPORT_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
_FORM_BYTES_MOST = 64 * 1024
_FORM_KINDS = frozenset({"", "application/x-www-form-urlencoded", "multipart/form-data"})
_CORS = ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers")


def add_page(web_ui: WebUI, page: LocustPage, base: str | None, more_names: str = "") -> None:
    """Add the tab and its routes to Locust's page, with Locust's login if there is one.

    `more_names` are additional host names, comma-separated, under which the page may be opened.
    """
    assert web_ui.app is not None  # noqa: S101  Locust creates it before its first event
    prefix = f"{(base or '').rstrip('/')}/{TAB}"
    web_ui.template_args["extended_tabs"] = [{"title": "Footfall", "key": TAB}]
    web_ui.template_args["extended_csv_files"] = [
        {"href": f"{prefix}/latest/{name}", "title": f"Footfall: {title} of the latest run"}
        for name, title in FILES.items()
    ]
    web_ui.app.register_blueprint(_blueprint(web_ui, page, prefix))
    web_ui.app.config["MAX_CONTENT_LENGTH"] = _FORM_BYTES_MOST
    web_ui.app.before_request(_refuse_foreign(OwnNames.of(web_ui.host or "", more_names)))
    web_ui.app.before_request(_refuse_form(page))
    # They run in reverse order: the first of this list runs last, after Locust's own CORS.
    after: list[Any] = web_ui.app.after_request_funcs.setdefault(None, [])
    after.insert(0, _guard(prefix))
    after += [_mount(prefix), _busy(prefix, page), _stop(prefix, page), _plain_csv]


def _blueprint(web_ui: WebUI, page: LocustPage, prefix: str) -> Blueprint:
    routes = Blueprint(TAB, __name__, url_prefix=prefix)

    with_login: Any = web_ui.auth_required_if_enabled

    def add(path: str, view: Callable[..., Any]) -> None:
        routes.add_url_rule(path, view.__name__, with_login(view), methods=["GET"])

    def script(name: str) -> Response:
        if name not in _SCRIPTS:
            abort(404)
        return send_file(STATIC / name, mimetype=_SCRIPTS[name])

    def state() -> Response:
        return Response(page.state(request.args.get("scope", "")), mimetype="application/json")

    def latest(name: str) -> Response:
        return _file(page, None, name)

    def of_run(number: int, name: str) -> Response:
        return _file(page, number, name)

    add("/ui/<name>", script)
    add("/state", state)
    add("/latest/<name>", latest)
    add("/runs/<int:number>/<name>", of_run)
    return routes


def _file(page: LocustPage, number: int | None, name: str) -> Response:
    """Return a file of a known run by a known name; the path never comes from the request."""
    run = page.run_with(number, name)
    if run is None:
        abort(404, "no such file: no run of this page has it")
    is_page = name.endswith(".html")
    answer = send_file(run.folder / name, as_attachment=not is_page, download_name=f"run-{run.number}-{name}")
    if is_page:
        answer.headers["Content-Security-Policy"] = _REPORT_POLICY
    return answer


def _guard(prefix: str) -> Callable[[Response], Response]:
    """Protect the page from other sites: Locust lets them read its responses and frame its page."""

    def guard(answer: Response) -> Response:
        for name in _CORS:
            answer.headers.pop(name, None)
        answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        answer.headers["X-Frame-Options"] = "SAMEORIGIN"
        if request.path.startswith(f"{prefix}/"):
            answer.headers["X-Content-Type-Options"] = "nosniff"
            answer.headers["Cache-Control"] = "no-store"
        return answer

    return guard


def _refuse_foreign(own: OwnNames) -> Callable[[], Response | None]:
    """Refuse requests for other host names, forms from other sites, and Locust's change of user classes.

    A site whose name resolves to this machine (DNS rebinding) counts as the same origin in a browser; only
    the name in `Host` shows it.
    """

    def refuse(reason: str) -> Response:
        return Response(f"refused: {reason}", 403, mimetype="text/plain")

    def refuse_foreign() -> Response | None:
        host = request.headers.get("Host")
        if not own.include(host):
            names = ", ".join(sorted(own.names))
            return refuse(f"this page has the host names {names}; add others with --web-names")
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        if is_foreign(request.method, host or "", site, origin):
            return refuse("the request comes from another site")
        # Locust would set any attribute of a user class; here the trace determines what users do.
        if request.endpoint == "locust.update_user":
            return refuse("user classes cannot be changed from this page")
        return None

    return refuse_foreign


def _refuse_form(page: LocustPage) -> Callable[[], Response | None]:
    """Refuse a Start with fields that the form does not have; Locust would take any option from it."""

    def line(text: str, status: int = 200) -> Response:
        # With another status, Locust's form would only say that something went wrong.
        answer = jsonify({"success": False, "message": text})
        answer.status_code = status
        return answer

    def refuse_form() -> Response | None:
        if request.endpoint != "locust.swarm" or request.method != "POST":
            return None
        if request.mimetype not in _FORM_KINDS or request.files:
            return line("a run must be started with the page's form", 415)
        options = ui_extra_args_dict()
        # `Suggestions` would accept any value, as from a terminal.
        offered = {name: option["choices"] and list(option["choices"]) for name, option in options.items()}
        repeatable = {name for name, option in options.items() if option["is_multiple"]}
        form = request.form.to_dict(flat=False)
        if not form and request.content_length:
            return line("a run must be started with the page's form", 415)
        try:
            check_form(form, offered, repeatable)
        except BadInputError as error:
            return line(str(error))
        if page.is_busy():
            return line("a run is under way; stop it or wait for its end")
        return None

    return refuse_form


def _plain_csv(answer: Response) -> Response:
    """Neutralise formulas in Locust's CSV files, which contain texts of the service and its errors."""
    if answer.mimetype != "text/csv" or not (request.endpoint or "").startswith("locust."):
        return answer
    answer.direct_passthrough = False
    answer.set_data(plain_csv(answer.get_data(as_text=True)))
    return answer


def _mount(prefix: str) -> Callable[[Response], Response]:
    """Add Footfall's scripts and styles to Locust's page."""
    index = prefix.removesuffix(TAB)

    def mount(answer: Response) -> Response:
        if request.path == index and answer.mimetype == "text/html" and answer.status_code == 200:  # noqa: PLR2004  OK
            tags = "".join(
                f'<link rel="stylesheet" href="{prefix}/ui/{name}">'
                if name.endswith(".css")
                else f'<script src="{prefix}/ui/{name}" data-base="{prefix}"></script>'
                for name in _SCRIPTS
            )
            answer.set_data(answer.get_data(as_text=True).replace("</body>", f"{tags}</body>"))
        return answer

    return mount


def _busy(prefix: str, page: LocustPage) -> Callable[[Response], Response]:
    """Report to Locust's page that a run is being prepared, or has failed, where Locust says `ready`."""
    stats = f"{prefix.removesuffix(TAB)}stats/requests"

    def busy(answer: Response) -> Response:
        if request.path != stats or not answer.is_json:
            return answer
        stats_data = json.loads(answer.get_data())
        if stats_data.get("state") != STATE_INIT:
            return answer
        # Locust caches its response for two seconds, so this one is a copy with the current state.
        stats_data["state"] = page.locust_state()
        return Response(json.dumps(stats_data), mimetype="application/json")

    return busy


def _stop(prefix: str, page: LocustPage) -> Callable[[Response], Response]:
    """Also stop a run that is being prepared, when Locust has accepted a Stop."""
    path = f"{prefix.removesuffix(TAB)}stop"

    def stop(answer: Response) -> Response:
        if request.path == path and answer.status_code == 200:  # noqa: PLR2004  OK
            page.stop()
        return answer

    return stop
