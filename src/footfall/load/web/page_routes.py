"""The page's routes: the tab in Locust's own page, its script, its data and a run's files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request, send_file
from locust.argument_parser import ui_extra_args_dict
from locust.runners import STATE_INIT
from locust.web import WebUI

from footfall.load.web.locust_page import LocustPage
from footfall.load.web.page_guard import OwnNames, check_form, is_foreign
from footfall.load.web.page_runs import FILES
from footfall.records.errors import BadInputError
from footfall.records.tables import plain_csv

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
