"""Locust with our locustfile, as people start it: from a terminal or from its web page."""

import json
import signal
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from footfall._criteria.lists import criteria_of
from footfall._load.locust_options import where_workers_connect
from footfall._load.loop_watch import read_progress
from footfall._load.result_files import HITS_FILE, LOAD_FILE, read_result
from footfall._records.runs import ArrivalCounts, read_manifest
from footfall._workload.trace import write_trace
from tests.load.conftest import Given, Locust, Stall, Start
from tests.load.small import day_of, small_model, trace_of
from tests.load.web_server import HEALTH, WebServer


def only_line(locust: Locust) -> str:
    """Give what it said, which must be one line of error and no traceback."""
    errors = [line for line in locust.words if line.startswith("error: ")]
    assert len(errors) == 1, locust.words
    assert not any("Traceback" in line for line in locust.words)
    return errors[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--trace", "nowhere"), "no such file"),
        (("--trace", "{trace}"), "unreachable (connection refused)"),
        (("--trace", "{trace}", "--host", "{host}", "WebUser"), "not selected"),
    ],
)
def test_what_cannot_be_played_gets_one_line(
    locust: Start, trace: Given, host: str, free_port: int, arguments: tuple[str, ...], words: str
) -> None:
    """Before anything is sent or written, exit code 2."""
    given = [word.format(trace=trace.folder, host=host) for word in arguments]
    if "--host" not in given:
        given += ["--host", f"http://127.0.0.1:{free_port}"]
    play = locust("--headless", "--run-dir", "run", *given)
    assert play.end() == 2
    assert words in only_line(play)
    assert not (trace.folder.parent / "run").exists()


@pytest.fixture
def own(tmp_path: Path) -> tuple[str, str]:
    """Options for a service of the user's own, with one page."""
    file = '[[operation]]\nfor = "web.query"\nstep = [{ name = "page", method = "POST", path = "/page" }]\n'
    (tmp_path / "own.toml").write_text(file, encoding="utf-8")
    return "--endpoints", "own.toml"


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_locust_leaves_a_partial_run_that_adds_up(
    locust: Start, stall: Stall, tmp_path: Path, own: tuple[str, str], by: signal.Signals
) -> None:
    """By Ctrl-C or by a stop of the system, while sessions at an own service are under way; it is invalid."""
    model = small_model()
    write_trace(tmp_path, trace_of(model, day_of([(k / 10, "query", "web") for k in range(300)]), 30))
    with stall(60) as host:
        play = locust("--headless", "--host", host, "--trace", ".", "--run-dir", ".", *own)
        play.until(lambda: (progress := read_progress(tmp_path)) is not None and progress.started > 5)
        assert play.stop(by) == 3
    result = read_result(tmp_path)
    assert result.status == read_manifest(tmp_path).status == "partial"
    assert result.arrivals.failed > 5
    assert result.arrivals.failed + result.arrivals.not_sent == result.arrivals.due == 300


def test_a_service_that_hangs_up_on_a_new_connection_is_asked_once(locust: Start, tmp_path: Path) -> None:
    """Only a kept one may just have been closed; one request is one hit, with its cause."""
    model = small_model()
    write_trace(tmp_path, trace_of(model, day_of([(k / 10, "query", "web") for k in range(20)]), 2))
    with hanging_up() as (host, requests):
        assert locust("--headless", "--host", host, "--trace", ".", "--run-dir", ".").end() == 0
    hits = pl.read_parquet(tmp_path / HITS_FILE)
    assert hits.height >= 20
    assert set(hits["outcome"]) == {"error"}
    assert set(read_result(tmp_path).causes) == {"connection_lost"}
    sent = Counter(method for method, path in requests if path != "/health")
    assert sum(sent.values()) == hits.height


@contextmanager
def hanging_up() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Run a healthy service that closes every connection at the first request; gives what was asked."""
    requests: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append((self.command, self.path))
            if self.path == "/health":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(HEALTH)

        do_POST = do_GET  # noqa: N815  the library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = WebServer(Handler)
    with server.running():
        yield server.host, requests


@pytest.mark.parametrize("several", [(), ("--processes", "2")], ids=["one process", "workers"])
def test_a_play_that_is_not_worth_going_on_ends_by_itself(
    locust: Start,
    stall: Stall,
    tmp_path: Path,
    free_port: int,
    several: tuple[str, ...],
    own: tuple[str, str],
) -> None:
    """Every visit is an error; long before the last is due it is over, and the manifest says why.

    At an own service with one process: users with a session are under way when it is stopped.
    """
    line = "error(*) > 50% for 2s abort"
    model = small_model()
    made = trace_of(model, day_of([(k / 10, "query", "web") for k in range(300)]), 30)
    info = made.info.model_copy(update={"criteria": criteria_of(("success(*) >= 90%", line), "")})
    write_trace(tmp_path, replace(made, info=info))
    ports = ("--master-bind-port", str(free_port), "--master-port", str(free_port)) if several else ()
    with stall(0 if several else 0.3) as host:
        more = (*several, *ports) if several else own
        play = locust("--headless", "--host", host, "--trace", ".", "--run-dir", ".", *more)
        assert play.end() == 1
    assert "verdict: fail" in play.words
    result, manifest = read_result(tmp_path), read_manifest(tmp_path)
    assert (result.status, result.ended_early_by) == ("partial", line)
    assert manifest.ended_early_by == line
    assert manifest.settings["criteria"] == [str(each) for each in info.criteria]
    assert result.arrivals.not_sent > 100
    assert result.played_s < 20


MINE = """
from locust import HttpUser, task
from footfall.locust import *


class MyUser(HttpUser):
    @task
    def look(self):
        self.client.get("/")
"""


def test_an_own_user_class_without_a_channel_is_refused(
    locust: Start, tmp_path: Path, free_port: int
) -> None:
    """Footfall starts only customers of the trace: another user would silently never run."""
    mine = tmp_path / "mine.py"
    mine.write_text(MINE, encoding="utf-8")
    play = locust("--headless", "--host", f"http://127.0.0.1:{free_port}", locustfile=mine)
    assert play.end() == 2
    assert "user class MyUser" in only_line(play)


def test_a_worker_that_finds_no_master_says_so_and_gives_up(locust: Start, free_port: int) -> None:
    """Where it looked and for how long; exit code 2."""
    play = locust("--worker", "--master-port", str(free_port), "--master-wait-s", "6")
    assert play.end() == 2
    assert f"no master answered at 127.0.0.1:{free_port}" in only_line(play)
    assert any("waiting for a master" in line for line in play.words)


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("127.0.0.1", "--master-host 127.0.0.1 --master-port 5557 (from this machine only"),
        ("10.0.0.1", "--master-host 10.0.0.1 --master-port 5557"),
        ("*", "--master-host this host's address --master-port 5557"),
    ],
)
def test_a_master_says_where_workers_must_connect(host: str, words: str) -> None:
    """With the very options; on the loopback address also that other machines cannot."""
    said = where_workers_connect(host, 5557)
    assert words in said
    assert ("this machine only" in said) is (host == "127.0.0.1")


class Page:
    """Locust's web page."""

    def __init__(self, port: int) -> None:
        """Know where it is."""
        self._base = f"http://127.0.0.1:{port}"

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            return self.state() is not None
        except OSError:
            return False

    def state(self) -> str:
        """Give what Locust does."""
        with urllib.request.urlopen(f"{self._base}/stats/requests", timeout=10) as answer:
            return str(json.load(answer)["state"])

    def workers(self) -> int:
        """Give how many workers are there."""
        with urllib.request.urlopen(f"{self._base}/stats/requests", timeout=10) as answer:
            return len(json.load(answer).get("workers", ()))

    def post(self, path: str, **form: str) -> dict[str, Any]:
        """Send a form; give the answer."""
        data = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(f"{self._base}{path}", data=data, timeout=10) as answer:
            return dict(json.load(answer))


def test_runs_from_the_web_page_follow_each_other_in_one_process(
    locust: Start, stall: Stall, tmp_path: Path, free_port: int, own: tuple[str, str]
) -> None:
    """Two to their end, a third stopped in the middle, a fourth at a host without a service; each by itself.

    When the third is stopped, customers with a session at an own service are under way.
    """
    model = small_model()
    short = trace_of(model, day_of([(k / 20, "query", "web") for k in range(20)]), 1)
    write_trace(tmp_path / "trace", short)
    runs = tmp_path / "results" / "trace" / "runs"

    def results() -> list[Path]:
        return sorted(path.parent for path in runs.glob(f"*/{LOAD_FILE}"))

    with stall(0.01) as host, stall(60) as slow:
        web = locust("--web-port", str(free_port), "--host", host, "--trace", "trace", *own)
        page = Page(free_port)
        web.until(page.is_up)
        for count in (1, 2):
            assert page.post("/swarm", host=host)["success"]
            web.until(lambda: len(results()) == count)  # noqa: B023  it is called within the loop
            web.until(lambda: page.state() == "stopped")
        for run_dir in results():
            result = read_result(run_dir)
            assert result.status == "finished"
            assert result.arrivals == ArrivalCounts(due=20, played=20)
            assert result.visits == 20
        write_trace(
            tmp_path / "trace", trace_of(model, day_of([(k / 10, "query", "web") for k in range(300)]), 30)
        )
        page.post("/swarm", host=slow)
        web.until(
            lambda: any(
                (p := read_progress(path)) and p.started > 3 and p.due == 300 for path in runs.iterdir()
            )
        )
        page.post("/stop")
        web.until(lambda: len(results()) == 3)
        stopped = read_result(results()[-1])
        assert stopped.status == "partial"
        assert stopped.arrivals.played == 0
        assert 3 < stopped.arrivals.failed < 300
        assert stopped.arrivals.failed + stopped.arrivals.not_sent == 300
    page.post("/swarm", host=f"http://127.0.0.1:{_another(free_port)}")
    web.until(lambda: page.state() == "stopped")
    web.stop(signal.SIGTERM)
    assert any("error: --host" in line and "unreachable" in line for line in web.words)
    assert len(results()) == 3
    assert any(f"http://127.0.0.1:{free_port}" in line and "web interface" in line for line in web.words)


def _another(port: int) -> int:
    """Give a port that is not in use either: the discard service's."""
    return 9 if port != 9 else 7
