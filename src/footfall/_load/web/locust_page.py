"""Footfall's tab in Locust's web page: its routes, its data, and runs that are started there."""

import json
import re
from collections.abc import Callable
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

from footfall._load.locust_options import PlaySettings
from footfall._load.own_users import NO_USERS, OwnUsers
from footfall._load.preflight import check_answers
from footfall._load.preparation import new_run_dir
from footfall._load.results import RunResults
from footfall._load.web.page_guard import OwnNames, check_form, is_foreign
from footfall._load.web.page_hosts import REFERENCE, host_of
from footfall._load.web.page_runs import FILES, PageRun, Reader, RunSupervisor, Updates
from footfall._records.errors import BadInputError
from footfall._records.folders import claim_for_run, release
from footfall._records.tables import plain_csv

# ── Footfall's part of Locust's web page: what happens around a run that is started there

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
        claim_for_run(folder)
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


# ── The page's routes: the tab in Locust's own page, its script, its data and a run's files

TAB = "footfall"
STATIC = Path(__file__).parent / "static"
_SCRIPTS = {"footfall.js": "text/javascript", "charts.js": "text/javascript", "footfall.css": "text/css"}
_REPORT_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
_FORM_BYTES_MOST = 64 * 1024
_FORM_KINDS = frozenset({"", "application/x-www-form-urlencoded", "multipart/form-data"})
_CORS = ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers")


def add_page(web_ui: WebUI, page: LocustPage, base: str | None, more_names: str = "") -> None:
    """Add the tab to Locust's page, and the routes behind it, each with Locust's login if there is one.

    `more_names` are host names, comma-separated, by which the page may be asked for beside its own.
    """
    assert web_ui.app is not None  # noqa: S101  Locust makes it before it tells us anything
    prefix = f"{(base or '').rstrip('/')}/{TAB}"
    web_ui.template_args["extended_tabs"] = [{"title": "Footfall", "key": TAB}]
    web_ui.template_args["extended_csv_files"] = [
        {"href": f"{prefix}/latest/{name}", "title": f"Footfall: {title} of the latest run"}
        for name, title in FILES.items()
    ]
    web_ui.app.register_blueprint(_blueprint(web_ui, page, prefix))
    web_ui.app.config["MAX_CONTENT_LENGTH"] = _FORM_BYTES_MOST
    web_ui.app.before_request(_refuse_strangers(OwnNames.of(web_ui.host or "", more_names)))
    web_ui.app.before_request(_refuse_form(page))
    # They run in reverse order: first in this list is last to touch an answer, after Locust's own CORS.
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
    """Give a file of a known run by a known name; the path is never the asker's."""
    run = page.run_with(number, name)
    if run is None:
        abort(404, "there is no such file: no run of this page has ended with one")
    is_page = name.endswith(".html")
    answer = send_file(run.folder / name, as_attachment=not is_page, download_name=f"run-{run.number}-{name}")
    if is_page:
        answer.headers["Content-Security-Policy"] = _REPORT_POLICY
    return answer


def _guard(prefix: str) -> Callable[[Response], Response]:
    """Keep the page from other sites: Locust lets any of them read its answers, and frame its page."""

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


def _refuse_strangers(own: OwnNames) -> Callable[[], Response | None]:
    """Refuse requests for another host's name, forms from other sites, and Locust's change of user classes.

    A site whose name is made to lead to this machine (DNS rebinding) counts as the same origin in a browser;
    only the name in `Host` gives it away.
    """

    def refuse(reason: str) -> Response:
        return Response(f"refused: {reason}", 403, mimetype="text/plain")

    def refuse_strangers() -> Response | None:
        host = request.headers.get("Host")
        if not own.include(host):
            names = ", ".join(sorted(own.names))
            return refuse(f"this page answers to the host names {names}; --web-names adds others")
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        if is_foreign(request.method, host or "", site, origin):
            return refuse("sent by another site")
        # Locust sets any attribute of a user class from it; here a trace says what users do.
        if request.endpoint == "locust.update_user":
            return refuse("user classes are not changed from this page")
        return None

    return refuse_strangers


def _refuse_form(page: LocustPage) -> Callable[[], Response | None]:
    """Refuse a Start with anything that the form does not show; Locust would take every option from it."""

    def line(text: str, status: int = 200) -> Response:
        # With another status Locust's form says only that something went wrong.
        answer = jsonify({"success": False, "message": text})
        answer.status_code = status
        return answer

    def refuse_form() -> Response | None:
        if request.endpoint != "locust.swarm" or request.method != "POST":
            return None
        if request.mimetype not in _FORM_KINDS or request.files:
            return line("a run is started by the page's form, sent as a form", 415)
        options = ui_extra_args_dict()
        # Choices of the page's own kind would take anything, as a terminal may give it.
        offered = {name: option["choices"] and list(option["choices"]) for name, option in options.items()}
        repeatable = {name for name, option in options.items() if option["is_multiple"]}
        form = request.form.to_dict(flat=False)
        if not form and request.content_length:
            return line("a run is started by the page's form, sent as a form", 415)
        try:
            check_form(form, offered, repeatable)
        except BadInputError as error:
            return line(str(error))
        if page.is_busy():
            return line("a run is under way: stop it, or wait for its end")
        return None

    return refuse_form


def _plain_csv(answer: Response) -> Response:
    """Take formulas out of Locust's own CSV files, which hold what a service and its errors said."""
    if answer.mimetype != "text/csv" or not (request.endpoint or "").startswith("locust."):
        return answer
    answer.direct_passthrough = False
    answer.set_data(plain_csv(answer.get_data(as_text=True)))
    return answer


def _mount(prefix: str) -> Callable[[Response], Response]:
    """Put our script and style into Locust's page."""
    index = prefix.removesuffix(TAB)

    def mount(answer: Response) -> Response:
        if request.path == index and answer.mimetype == "text/html" and answer.status_code == 200:  # noqa: PLR2004  OK
            tags = (
                f'<link rel="stylesheet" href="{prefix}/ui/footfall.css">'
                f'<script src="{prefix}/ui/charts.js"></script>'
                f'<script src="{prefix}/ui/footfall.js" data-base="{prefix}"></script>'
            )
            answer.set_data(answer.get_data(as_text=True).replace("</body>", f"{tags}</body>"))
        return answer

    return mount


def _busy(prefix: str, page: LocustPage) -> Callable[[Response], Response]:
    """Tell Locust's page that a run is made ready, or has failed at that, where Locust says `ready`."""
    stats = f"{prefix.removesuffix(TAB)}stats/requests"

    def busy(answer: Response) -> Response:
        if request.path != stats or not answer.is_json:
            return answer
        told = json.loads(answer.get_data())
        if told.get("state") != STATE_INIT:
            return answer
        # Locust repeats an answer for two seconds: its `ready` may be old. A new one; it keeps its own.
        told["state"] = page.locust_state()
        return Response(json.dumps(told), mimetype="application/json")

    return busy


def _stop(prefix: str, page: LocustPage) -> Callable[[Response], Response]:
    """Stop a run that is made ready, too, wherever Locust has accepted a Stop."""
    path = f"{prefix.removesuffix(TAB)}stop"

    def stop(answer: Response) -> Response:
        if request.path == path and answer.status_code == 200:  # noqa: PLR2004  OK
            page.stop()
        return answer

    return stop
