"""Locust users of the user's own, driven by a trace: what they send counts, and no unknown is a success."""

import csv
import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import uvicorn

from footfall._load.options import LoadOptions
from footfall._load.result_files import HITS_FILE, read_result
from footfall._records.runs import ArrivalCounts, read_manifest
from footfall._runs import report
from footfall._runs.folder import begin
from footfall._runs.load_run import load_job, run_without_report
from footfall._runs.load_test import for_own_service
from footfall._runs.make_trace import make_trace, scenario_of
from footfall._workload.trace import write_trace
from tests.load.conftest import START_S_MAX, Start
from tests.load.small import day_of, small_model, trace_of
from tests.load.web_server import WebServer

TOP = Path(__file__).parents[2]
EXAMPLES = TOP / "docs" / "examples"
SHOP = EXAMPLES / "own-locust-user"
MEASURED = "visits-measured.parquet"


@contextmanager
def shop() -> Iterator[str]:
    """Run the example's shop; gives its address."""
    sys.path.insert(0, str(SHOP))
    try:
        from shop_app import app
    finally:
        sys.path.remove(str(SHOP))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", ws="wsproto"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        for _ in range(START_S_MAX * 100):
            if server.started:
                break
            threading.Event().wait(0.01)
        (socket,) = server.servers[0].sockets
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(START_S_MAX)


def test_users_of_ones_own_are_loaded_predicted_and_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cookies with CSRF, a WebSocket and a database: visits by their own requests; the report says whose."""
    monkeypatch.chdir(TOP)
    monkeypatch.setenv("TILL_DATABASE", str(tmp_path / "till.sqlite"))
    options = LoadOptions(locustfile=SHOP / "shop_users.py")
    made = make_trace(scenario_of(str(SHOP / "shop.toml"), None), 1)
    with shop() as host:
        trace, service = for_own_service(options, made, host)
        assert service is None
        job = load_job(trace, host, options)
        out, manifest = begin(
            "load", trace.model, 1, tmp_path / "run", scenario="shop", settings=job.settings
        )
        write_trace(out, trace)
        judged = run_without_report(out, manifest, job)
    # A busy machine may make it late, hence invalid, and never a failure.
    assert judged.exit_code in {0, 3}, judged.decision
    result, manifest = read_result(out), read_manifest(out)
    visits, hits = pl.read_parquet(out / MEASURED), pl.read_parquet(out / HITS_FILE)
    assert result.arrivals == ArrivalCounts(due=visits.height, played=visits.height)
    counts = Counter(visits.select("operation", "outcome").iter_rows())
    assert set(counts) <= {(name, "served") for name in ("browse", "order", "ask", "sale")} | {
        ("order", "rejected")
    }
    orders = counts["order", "served"] + counts["order", "rejected"]
    steps = Counter(hits["step"])
    assert steps == {
        "GET /login": orders + counts["browse", "served"],
        "GET /items": counts["browse", "served"],
        "POST /orders": orders,
        "WS /chat": counts["ask", "served"],
        "SQL insert sale": counts["sale", "served"],
    }
    assert min(steps.values()) > 0
    with sqlite3.connect(tmp_path / "till.sqlite") as base:
        booked = [row[0] for row in base.execute("SELECT customer FROM sale ORDER BY customer")]
    assert booked == visits.filter(pl.col("operation") == "sale")["customer"].sort().to_list()
    thought = visits.filter(pl.col("operation") == "browse")["human_s"]
    assert (thought >= 0.03).all()  # three seconds, shortened to a hundredth, and in no response time
    assert manifest.settings["served_by"] == {
        "web": "Shop of shop_users.py",
        "chat": "Chat of shop_users.py",
        "till": "Till of shop_users.py",
    }
    assert ("chat served by", "Chat of shop_users.py") in list(report._rows(manifest))
    assert (out / "predicted.csv").is_file()


class Pages(BaseHTTPRequestHandler):
    """A book of a few pages, items, and orders."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Give a page with links to those below it."""
        self.answer(404 if self.path == "/missing" else 200)

    def do_POST(self) -> None:
        """Take whatever is sent."""
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.answer(201)

    def answer(self, status: int) -> None:
        """Answer with links."""
        body = f'<a href="{self.path.rstrip("/")}/1"><a href="{self.path.rstrip("/")}/2">'.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_locustfiles_of_others_are_driven_by_a_trace_with_two_lines_each(
    locust: Start, tmp_path: Path, free_port: int
) -> None:
    """By two workers: an arrival is one visit, by Locust's rules; its statistics show the same requests."""
    files = [EXAMPLES / "existing-locustfiles" / f"{name}.py" for name in ("website", "reader", "buyer")]
    for file in files:
        added = [line for line in file.read_text(encoding="utf-8").splitlines() if "drive" in line]
        assert len(added) == 2
    channels = ("web", "wap", "agent")
    rows = [(k / 30, "query", channels[k % 3]) for k in range(60)]
    write_trace(tmp_path / "trace", trace_of(small_model(), day_of(rows), 2, human_time_factor=0.001))
    server = WebServer(Pages)
    with server.running():
        ports = ("--master-bind-port", str(free_port), "--master-port", str(free_port))
        where = ("--host", server.host, "--trace", "trace", "--run-dir", "run", "--csv", "locusts")
        several = ",".join(map(str, files))
        play = locust("--headless", "--processes", "2", *ports, *where, locustfile=Path(several))
        assert play.end() == 0, play.words
    result = read_result(tmp_path / "run")
    visits, hits = pl.read_parquet(tmp_path / "run" / MEASURED), pl.read_parquet(tmp_path / "run" / HITS_FILE)
    assert result.arrivals == ArrivalCounts(due=60, played=60)
    assert len(result.workers) == 2
    assert Counter(visits["channel"]) == dict.fromkeys(channels, 20)
    assert set(visits["outcome"]) == {"served"}
    lines = (tmp_path / "locusts_stats.csv").read_text(encoding="utf-8").splitlines()
    reported = {f"{row['Type']} {row['Name']}": int(row["Request Count"]) for row in csv.DictReader(lines)}
    assert Counter(hits["step"]) == {
        step: count for step, count in reported.items() if step.strip() != "Aggregated"
    }
    of = {name: Counter(hits.filter(pl.col("channel") == name)["step"]) for name in channels}
    assert sum(of["web"].values()) == 20  # one task
    assert set(of["web"]) == {"GET /", "GET /stats", "GET /missing"}
    sequence = ("/book", "/book/[chapter]", "/book/[chapter]/[section]")
    assert of["wap"] == {f"GET {name}": 20 for name in sequence}  # the sequence once through
    assert of["agent"]["POST /login"] == 20
    assert sum(of["agent"].values()) == 3 * 20  # a login and two tasks


LACKING = """
from locust import User
from footfall.locust import *

class Shop(ChannelUser, User):
    channel = "web"
    def recharge(self): ...
"""


def test_an_operation_without_a_method_is_one_line_before_the_run(locust: Start, tmp_path: Path) -> None:
    """Exit code 2, no traceback, nothing written."""
    file = tmp_path / "lacking.py"
    file.write_text(LACKING, encoding="utf-8")
    day = day_of([(k / 20, "query", "web") for k in range(20)])
    write_trace(tmp_path / "trace", trace_of(small_model(), day, 1))
    play = locust("--headless", "--trace", "trace", "--run-dir", "run", locustfile=file)
    assert play.end() == 2, play.words
    (line,) = [line for line in play.words if line.startswith("error: ")]
    assert line.startswith("error: lacking.py: Shop has no method for web.query (20 arrivals)")
    assert not any("Traceback" in line for line in play.words)
    assert not (tmp_path / "run").exists()


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    """What visits of users come to, found out in a process of its own, which Locust patches."""
    script = Path(__file__).parent / "channel_user_facts.py"
    path = os.pathsep.join((str(TOP), os.environ.get("PYTHONPATH", "")))
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=TOP,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_visit_is_served_only_where_that_is_known(facts: dict[str, Any]) -> None:
    """By its requests, unless its method says so itself; without a request it is unknown."""
    assert facts["endings"] == {
        "all requests served": ["served", ""],
        "one request failed": ["error", "http_500"],
        "a failed check": ["error", "check_failed"],
        "no request": ["error", "no_request"],
        "returned True without a request": ["served", ""],
        "returned False": ["error", "returned_false"],
        "returned rejected": ["rejected", "rejected"],
        "returned rejected with a cause": ["rejected", "sold_out"],
        "returned a word that is no outcome": ["error", "unknown_outcome"],
        "returned unfinished": ["error", "unknown_outcome"],
        "returned a response": ["served", ""],
        "raised an error": ["error", "raised_ValueError"],
        "called sys.exit": ["error", "raised_SystemExit"],
        "raised a timeout of gevent": ["timeout", "no_answer"],
        "left by StopUser": ["served", ""],
        "on_start failed": ["error", "raised_RuntimeError"],
    }


def test_what_locust_tells_of_a_request_becomes_an_outcome(facts: dict[str, Any]) -> None:
    """By status, by the kind of the error, never by its text, which may hold a secret."""
    assert facts["requests"] == {
        "429": ["throttled", "http_429"],
        "409": ["rejected", "http_409"],
        "504": ["timeout", "http_504"],
        "TimeoutError": ["timeout", "no_answer"],
        "ConnectionRefusedError": ["error", "connection_failed"],
        "too many files": ["error", "no_file_descriptor"],
        "no port": ["error", "no_local_port"],
        "grpc deadline": ["timeout", "grpc_deadline_exceeded"],
        "grpc exhausted": ["throttled", "grpc_resource_exhausted"],
        "KeyError": ["error", "raised_KeyError"],
    }


def test_tasks_run_by_locusts_own_rules(facts: dict[str, Any]) -> None:
    """Weights, sequences, nested sets that interrupt themselves, and waiting as people's own time."""
    tasks = facts["tasks"]
    assert tasks["one task"] == ["start", "a", "stop"]
    assert tasks["three tasks"][0] == "start"
    assert len(tasks["three tasks"]) == 5
    assert tasks["waited for three tasks"] == pytest.approx(2 * 4.0 * 0.01)
    assert tasks["until it stops"] == ["start", "a", "a", "stop"]
    assert tasks["a sequence"] == ["start", "in", "1", "2", "3", "out", "stop"]
    assert tasks["a set that interrupts itself"] == ["start", "in", "x", "x", "leave", "out", "stop"]
    share = tasks["of weight 3 to 1"]
    assert 0.68 < share < 0.82  # binomial, 600 draws: more than four standard errors
    assert tasks["chosen again alike"] is True


def test_a_customer_keeps_one_user_through_retries(facts: dict[str, Any]) -> None:
    """`on_start` and `on_stop` once, the same idempotency key; random numbers are the visit's own."""
    assert facts["retries"] == {
        "starts": 1,
        "stops": 1,
        "users": 1,
        "keys": 1,
        "attempts": [1, 2],
        "random": 2,
        "repeats": True,
    }


def test_impossible_users_are_reported(facts: dict[str, Any]) -> None:
    """Two for one channel, one without a channel, one that is not driven; a worker of another file."""
    assert facts["refused"] == {
        "two users": "channel web: Shop and Other both serve it; expected one user class for each channel",
        "no channel": 'Shop: has no channel; expected channel = "…", the name of a channel of the model',
        "not driven": (
            "-f: user class Idle serves no channel, so the trace would never start it; "
            'expected drive(Idle, channel="…") for a channel of the model, or a locustfile without this class'
        ),
        "no such method": (
            "Shop.operations change-plan: Shop has no method change; expected the name of a method"
        ),
        "other locustfile": (
            "worker: the locustfile serves {'web': 'Other'}; "
            "expected the master's locustfile, which serves {'web': 'Shop'}"
        ),
        "a shape": "-f: load shape Mine would start users in addition to the trace; "
        "expected a locustfile without a load shape",
    }
