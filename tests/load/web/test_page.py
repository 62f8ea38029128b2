"""Footfall's part of Locust's page, as a browser asks for it: its runs, their files, and who may see them."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from footfall._workload.trace import Trace, write_trace
from tests.load.conftest import Serve, Start
from tests.load.small import everywhere, small_model, trace_of
from tests.load.web.page_client import Site, up, wait_for

LOGIN = """
from locust import events

from footfall.locust import *


@events.init.add_listener
def ask_for_a_login(environment, **_):
    web_ui = environment.web_ui
    web_ui.app.config["SECRET_KEY"] = "made up"
    web_ui.login_manager.user_loader(lambda _: None)
    web_ui.auth_args = {"username_password_callback": "/let-me-in"}
    with open("rules.txt", "w") as rules:
        rules.write("\\n".join(str(rule) for rule in web_ui.app.url_map.iter_rules()))
"""
OTHER_SITE = "http://elsewhere.example"


@pytest.fixture
def made() -> Trace:
    """Forty customers of the small model within two seconds, everywhere and for everything."""
    model = small_model()
    return trace_of(model, everywhere(40, 2, model), 2)


@pytest.fixture
def site(locust: Start, made: Trace, tmp_path: Path, free_port: int) -> Site:
    """Locust's page, with that trace to be played."""
    write_trace(tmp_path / "trace", made)
    # A host that is given is the target of the run.
    return up(
        locust("--web-port", str(free_port), "--trace", "trace", "--host", "http://127.0.0.1:9"), free_port
    )


@contextmanager
def at(serve: Serve, trace: Trace) -> Iterator[str]:
    """Run the reference service; gives its address."""
    with serve(trace) as host:
        yield host


def test_a_run_ends_judged_and_its_files_can_be_had(
    site: Site, serve: Serve, made: Trace, tmp_path: Path
) -> None:
    """Every visit stands in the tab; hits, measures, report are the run's own, and nothing else is given."""
    assert site.state()["live"] is None
    assert site.state()["page"]["state"] == "none"
    with serve(made) as host:
        site.start(host=host)
        state = site.until("over", "failed")
    page, live = state["page"], state["live"]
    assert page["state"] == "over", page
    total = live["rows"][0]
    assert total["due"] == total["sent"] == total["measured_visits"] == total["served"] == 40
    assert live["is_final"]
    # The trace belongs to no scenario: it has no criteria.
    assert live["verdict"] == page["runs"][0]["verdict"] == "invalid"
    folder = next((tmp_path / "results" / "trace" / "runs").iterdir())
    names = [file["name"] for file in page["runs"][0]["files"]]
    assert {"hits.parquet", "measures.csv", "report.html"} <= set(names)
    for name in names:
        expected = (folder / name).read_bytes()
        for path in (f"/footfall/runs/1/{name}", f"/footfall/latest/{name}"):
            answer = site.ask(path)
            assert (answer.status, answer.body) == (200, expected)
    assert "sandbox" in site.ask("/footfall/latest/report.html").headers["Content-Security-Policy"]
    assert site.ask("/stats/requests/csv").body.startswith(b"Type,Name,Request Count")
    secret = tmp_path / "secret.txt"
    secret.write_text("not for you")
    for path in (
        "/footfall/runs/2/hits.parquet",
        "/footfall/runs/1/model.json",
        "/footfall/runs/1/../../../../secret.txt",
        "/footfall/runs/1/..%2f..%2f..%2f..%2fsecret.txt",
        "/footfall/latest/%2e%2e/secret.txt",
        f"/footfall/latest/{secret}",
        "/footfall/ui/../page.py",
        "/footfall/ui/..%2fpage.py",
    ):
        assert site.ask(path).status == 404, path


def test_what_cannot_begin_is_said_in_one_line_and_the_next_run_is_none_the_worse(
    site: Site, serve: Serve, made: Trace, tmp_path: Path
) -> None:
    """An unreachable host, a Stop while it is made ready, one in the middle; then a run to its end."""
    # Locust repeats this answer for a while, also when it is ready no longer.
    assert site.locust_state() == "ready"
    site.start(host="http://127.0.0.1:9")
    page = site.until("failed")["page"]
    assert site.locust_state() == "stopped"
    assert page["error"].startswith("--host http://127.0.0.1:9: unreachable")
    assert "\n" not in page["error"]
    model = small_model()
    with serve(made) as host:
        site.start(host=host)
        site.until("preparing")
        site.ask("/stop", {})
        assert site.until("stopped")["page"]["error"] == "stopped before its first second"
        write_trace(tmp_path / "trace", trace_of(model, everywhere(600, 60, model), 60))
        site.start(host=host)
        wait_for(lambda: (site.state()["live"] or {"now_s": 0})["now_s"] > 1, lambda: "it never played")
        site.ask("/stop", {})
        state = site.until("over", "failed")
        total = state["live"]["rows"][0]
        assert state["live"]["status"] == "partial"
        assert 0 < total["sent"] < 600
        write_trace(tmp_path / "trace", made)
        site.start(host=host)
        site.until("running")
        state = site.until("over", "failed")
    assert state["live"]["rows"][0]["sent"] == 40
    assert [run["state"] for run in state["page"]["runs"]] == ["over", "over", "stopped", "failed"]
    assert [run["number"] for run in state["page"]["runs"]] == [4, 3, 2, 1]


def test_nothing_can_be_read_or_begun_by_another_site(site: Site, tmp_path: Path) -> None:
    """Not Locust's own answers either; a foreign form, another host's name, a hidden option are refused."""
    for path in ("/stats/requests", "/logs", "/footfall/state", "/footfall/latest/hits.parquet"):
        headers = site.ask(path, Origin=OTHER_SITE).headers
        assert headers["Access-Control-Allow-Origin"] is None
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert site.ask(path, Host="elsewhere.example").status == 403
    start = {"host": "http://127.0.0.1:9"}
    for headers_sent in ({"Origin": OTHER_SITE}, {"Sec_Fetch_Site": "cross-site"}, {"Origin": "null"}):
        assert site.ask("/swarm", start, **headers_sent).status == 403
    # DNS rebinding: the browser takes the other site for this one.
    rebound = {"Host": "elsewhere.example", "Origin": OTHER_SITE, "Sec_Fetch_Site": "same-origin"}
    for path in ("/swarm", "/stop", "/stats/reset"):
        assert site.ask(path, start, **rebound).status == 403
    assert site.ask("/user", {"user_class_name": "WebUser", "host": "http://elsewhere.example"}).status == 403
    assert site.ask("/swarm", start, Content_Type="application/json").status == 415

    code = tmp_path / "code.py"
    code.write_text("import pathlib\npathlib.Path('ran').touch()\n")
    for name in ("scenario", "run_dir", "trace", "endpoints", "hits_sample", "stall_s", "shape_class", "new"):
        answer = site.ask("/swarm", start | {name: str(code)})
        reported = json.loads(answer.body)
        assert not reported["success"]
        assert reported["message"].startswith(f"form field {name!r}: is not on this form")
    assert site.state()["page"]["state"] == "none"
    assert not (tmp_path / "ran").exists()

    own = {"Origin": f"http://127.0.0.1:{site.port}", "Sec_Fetch_Site": "same-origin"}
    assert json.loads(site.ask("/swarm", start, **own).body)["success"]


def test_every_route_of_ours_asks_for_the_login(locust: Start, tmp_path: Path, free_port: int) -> None:
    """With Locust's login on, script and style too; none is forgotten, since Locust itself lists them."""
    locustfile = tmp_path / "locustfile.py"
    locustfile.write_text(LOGIN)
    process = locust("--web-port", str(free_port), "--web-login", "--trace", "x", locustfile=locustfile)
    site = up(process, free_port)
    rules = [
        rule for rule in (tmp_path / "rules.txt").read_text().splitlines() if rule.startswith("/footfall")
    ]
    assert len(rules) == 4
    for rule in rules:
        for name in ("footfall.js", "hits.parquet", "nothing"):
            path = rule.replace("<int:number>", "1").replace("<name>", name)
            answer = site.ask(path)
            assert answer.status == 302, path
            assert answer.headers["Location"].startswith("/login"), path
    assert process.stop(signal.SIGTERM) == 0
