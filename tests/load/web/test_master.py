"""Locust's page over workers: a run that could not begin leaves its master ready for the next."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event

from footfall._workload.trace import write_trace
from tests.load.conftest import Given, Serve, Start, another_port
from tests.load.small import everywhere, small_model, trace_of
from tests.load.web.page_client import up, wait_for
from tests.load.web_server import WebServer


def test_a_master_whose_run_could_not_begin_plays_the_next_one(
    locust: Start, serve: Serve, tmp_path: Path, free_port: int
) -> None:
    """No worker, then a Stop while it is made ready, then one that plays; SIGTERM ends it in order."""
    model, one = small_model(), str(another_port())
    made = trace_of(model, everywhere(600, 60, model), 60)
    write_trace(tmp_path / "trace", made)
    master = locust("--master", "--master-bind-port", one, "--web-port", str(free_port), "--trace", "trace")
    site = up(master, free_port)
    with serve(made) as host:
        site.start(host=host)
        assert site.until("failed")["page"]["error"].startswith("workers: no worker is connected")
        worker = locust("--worker", "--master-port", one)
        wait_for(lambda: site.workers() == 1, lambda: "no worker came")
        site.start(host=host)
        site.until("preparing")
        site.ask("/stop", {})
        assert site.until("stopped", "running")["page"]["state"] == "stopped"
        site.start(host=host)
        site.until("running", "failed")
        wait_for(lambda: (site.state()["live"] or {"now_s": 0})["now_s"] > 1, lambda: "it never played")
        assert master.stop(signal.SIGTERM) == 0
        assert worker.end() == 0
    said = "\n".join(master.words)
    assert "Traceback" not in said
    assert said.count("Shutting down") == 1
    manifest = json.loads(next((tmp_path / "results").rglob("manifest.json")).read_text())
    arrivals = manifest["arrivals"]
    assert arrivals["due"] == 600 == sum(arrivals.values()) - arrivals["due"]
    assert arrivals["not_sent"] > 0


def test_a_master_whose_last_worker_goes_while_a_run_is_made_ready_plays_the_next_one(
    locust: Start, serve: Serve, trace: Given, free_port: int
) -> None:
    """The run has failed, and is not what the next worker is given."""
    one = str(another_port())
    master = locust("--master", "--master-bind-port", one, "--web-port", str(free_port), "--trace", "trace")
    site, worker = up(master, free_port), locust("--worker", "--master-port", one)
    wait_for(lambda: site.workers() == 1, lambda: "no worker came")
    with holding_back() as (slow, is_let_go):
        site.start(host=slow)
        site.until("preparing")
        worker.stop(signal.SIGTERM)
        wait_for(lambda: site.workers() == 0, lambda: "it is still there")
        is_let_go.set()
        state = site.until("failed", "running", "over")
        assert state["page"]["error"].startswith("workers: no worker is connected")
    locust("--worker", "--master-port", one)
    wait_for(lambda: site.workers() == 1, lambda: "no other worker came")
    with serve(trace.trace) as host:
        site.start(host=host)
        site.until("running")
        state = site.until("over", "failed")
    assert (state["page"]["number"], state["live"]["rows"][0]["served"]) == (2, 100)


@contextmanager
def holding_back() -> Iterator[tuple[str, Event]]:
    """Run a service that does not say that it is well before it may."""
    may_answer = Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            may_answer.wait()
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = WebServer(Handler)
    with server.running():
        try:
            yield server.host, may_answer
        finally:
            may_answer.set()
