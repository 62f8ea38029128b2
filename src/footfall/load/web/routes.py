"""The page's routes: the tab in Locust's own page, its script, its data and a run's files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, request, send_file
from locust.runners import STATE_INIT
from locust.web import WebUI

from footfall.load.web.page import Page
from footfall.load.web.run import FILES

TAB = "footfall"
STATIC = Path(__file__).parent / "static"
_SCRIPTS = {"footfall.js": "text/javascript", "charts.js": "text/javascript", "footfall.css": "text/css"}
_REPORT_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
_CORS = ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers")


def add_page(web_ui: WebUI, page: Page, base: str | None) -> None:
    """Add the tab to Locust's page, and the routes behind it, each with Locust's login if there is one."""
    assert web_ui.app is not None  # noqa: S101  Locust makes it before it tells us anything
    prefix = f"{(base or '').rstrip('/')}/{TAB}"
    web_ui.template_args["extended_tabs"] = [{"title": "Footfall", "key": TAB}]
    web_ui.template_args["extended_csv_files"] = [
        {"href": f"{prefix}/latest/{name}", "title": f"Footfall: {title} of the latest run"}
        for name, title in FILES.items()
    ]
    web_ui.app.register_blueprint(_blueprint(web_ui, page, prefix))
    web_ui.app.before_request(_refuse_other_sites)
    # They run in reverse order: first in this list is last to touch an answer, after Locust's own CORS.
    after: list[Any] = web_ui.app.after_request_funcs.setdefault(None, [])
    after.insert(0, _guard(prefix))
    after += [_mount(prefix), _busy(prefix, page), _stop(prefix, page)]


def _blueprint(web_ui: WebUI, page: Page, prefix: str) -> Blueprint:
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


def _file(page: Page, number: int | None, name: str) -> Response:
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
    """Keep what is ours from other sites: Locust lets any of them read its answers."""

    def guard(answer: Response) -> Response:
        if request.path.startswith(f"{prefix}/"):
            for name in _CORS:
                answer.headers.pop(name, None)
            answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
            answer.headers["X-Content-Type-Options"] = "nosniff"
            answer.headers["Cache-Control"] = "no-store"
        return answer

    return guard


def _refuse_other_sites() -> Response | None:
    """Refuse a form that another site sends: nobody else starts or stops a run in the user's browser."""
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return None
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    # A browser says which site sends; an old one says only from where.
    is_foreign = (
        site not in {"same-origin", "none"} if site else bool(origin) and _place(origin) != request.host
    )
    return Response("refused: sent by another site", 403, mimetype="text/plain") if is_foreign else None


def _place(origin: str | None) -> str:
    return urlsplit(origin or "").netloc


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


def _busy(prefix: str, page: Page) -> Callable[[Response], Response]:
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


def _stop(prefix: str, page: Page) -> Callable[[Response], Response]:
    """Stop a run that is made ready, too, wherever Locust has accepted a Stop."""
    path = f"{prefix.removesuffix(TAB)}stop"

    def stop(answer: Response) -> Response:
        if request.path == path and answer.status_code == 200:  # noqa: PLR2004  OK
            page.stop()
        return answer

    return stop
