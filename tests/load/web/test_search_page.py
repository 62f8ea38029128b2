"""A search for capacity that is started, watched and stopped on Locust's page, by its requests."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import psutil
import pytest

from tests.load.conftest import Start
from tests.load.web.page_client import Site, up, wait_for
from tests.load.web_server import WebServer

WORK_S = 0.02
FORM = {"test": "find the capacity", "path": "/work", "budget": "1min", "criteria": "success(*) >= 90%"}


class OneAtATime(BaseHTTPRequestHandler):
    """Serves one request after the other: 50 a second."""

    protocol_version = "HTTP/1.1"
    lock = threading.Lock()

    def do_GET(self) -> None:
        """Work for the request."""
        with self.lock:
            time.sleep(WORK_S)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(locust: Start, free_port: int) -> Site:
    """Locust's page in a folder without scenarios."""
    return up(locust("--web-port", str(free_port), "--host", "http://127.0.0.1:9"), free_port)


def children(site: Site) -> list[psutil.Process]:
    """Give the processes that Locust has started."""
    (own,) = (
        each.pid
        for each in psutil.net_connections("tcp4")
        if each.status == psutil.CONN_LISTEN and each.laddr and each.laddr.port == site.port
    )
    return psutil.Process(own).children(recursive=True)


def test_a_search_shows_its_steps_as_they_come_and_leaves_what_it_found_when_stopped(
    site: Site, tmp_path: Path
) -> None:
    """What cannot begin is one line; a second Start is refused; Stop keeps the steps and ends all of it."""
    bad = json.loads(site.ask("/swarm", FORM | {"path": "work"}).body)
    assert bad["message"] == "Path: 'work'; expected a path such as /work, or an empty field"
    site.start(**FORM, host="http://127.0.0.1:9")
    page = site.until("failed")["page"]
    assert "unreachable" in page["error"]
    assert "\n" not in page["error"]
    server = WebServer(OneAtATime)
    with server.running():
        site.start(**FORM, host=server.host)
        wait_for(
            lambda: len((site.state()["live"] or {"steps": []})["steps"]) >= 2, lambda: str(site.state())
        )
        found = site.state()
        page, live = found["page"], found["live"]
        assert (page["state"], page["kind"], page["about"]["budget_s"]) == ("running", "capacity", 60)
        assert page["about"]["criteria"] == ["success(*) >= 90%"]
        assert not live["is_final"]
        assert 0 < live["ends_unix_s"] - page["now_unix_s"] < 60
        assert {"offered_per_s", "throughput_per_s", "p95_s", "verdict", "by_operation"} <= set(
            live["steps"][1]
        )
        assert live["step"] is None or live["step"]["number"] > len(live["steps"]) - 1
        again = json.loads(site.ask("/swarm", FORM | {"host": server.host}).body)
        assert again["message"] == "a run is under way; stop it or wait for its end"
        wait_for(lambda: site.locust_state() in {"running", "spawning"}, site.locust_state)
        site.ask("/stop", {})
        last = site.until("over", "failed")
    page, live = last["page"], last["live"]
    assert page["state"] == "over", page
    assert live["status"] == "partial"
    assert live["is_final"]
    (folder,) = (tmp_path / "results").glob("127-0-0-1-*/capacity/*")
    run = page["runs"][0]
    assert run["answer"] == "not found" or run["answer"].endswith("arrivals/s")
    names = [file["name"] for file in run["files"]]
    assert names == ["report.html", "capacity.csv", "capacity.json", "capacity.svg", "manifest.json"]
    for name in names:
        assert site.ask(f"/footfall/runs/2/{name}").body == (folder / name).read_bytes()
    assert (
        json.loads((folder / "capacity.json").read_text())["steps"]
        == json.loads(site.ask("/footfall/latest/capacity.json").body)["steps"]
    )
    assert site.ask("/footfall/runs/2/locust.log").status == 404
    assert "sandbox" in site.ask("/footfall/latest/report.html").headers["Content-Security-Policy"]
    wait_for(lambda: not children(site), lambda: str(children(site)))
