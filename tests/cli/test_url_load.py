"""`footfall load URL`: without a model or a scenario, with a verdict as any other run."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from prometheus_client import start_http_server

from footfall._cli.app import run
from tests.load.telemetry.otlp_receiver import Received, attributes, receiver
from tests.load.web_server import WebServer

PATHS: list[str] = []
TRACED: list[str] = []


class Page(BaseHTTPRequestHandler):
    """A page that is always there, but for `/none`."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer, and note what was asked for."""
        PATHS.append(self.path)
        TRACED.extend(self.headers.get_all("traceparent", ()))
        self.send_response(404 if self.path.startswith("/none") else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def page_of_this_process() -> Iterator[str]:
    """Serve the metrics of this process by Prometheus' client library."""
    server, thread = start_http_server(0, "127.0.0.1")
    yield f"http://127.0.0.1:{server.server_port}/metrics"
    server.shutdown()
    server.server_close()
    thread.join()


def check_export(received: Received) -> None:
    """Each request is a span that failed, and the service was sent the very identifiers of that span."""
    requests = [span for span in received.spans if span.parent_span_id]
    assert len(requests) == 80
    assert {span.name for span in requests} == {"GET /none"}
    assert {attributes(span)["error.type"] for span in requests} == {"404"}
    sent = {f"00-{span.trace_id.hex()}-{span.span_id.hex()}-01" for span in requests}
    assert sent == set(TRACED)
    assert len(TRACED) == 80
    assert [point.count for point in received.points("locust.client.duration")] == [80]


def test_a_url_is_loaded_judged_and_reported(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Each arrival is one request; nothing is predicted, and names come from the URL.

    A page that is missing fails, whatever the machine is busy with: an error that is sure is decisive.
    """
    PATHS.clear()
    TRACED.clear()
    server, out = WebServer(Page), tmp_path / "run"
    with server.running(), receiver() as received, page_of_this_process() as metrics:
        wanted = ("--arrivals", "80", "--for", "2s", "--no-control", "--out", str(out), "--json")
        more = ("--otel", received.url, "--metrics", metrics)
        code = run(("load", f"{server.host}/none?x=1", *wanted, *more))
    told = json.loads(capsys.readouterr().out)
    check_export(received)
    figures = {each["name"]: each for each in told["server"]["figures"] if each["source"] == "metrics"}
    assert figures["memory_rss"]["least"] > 1e6
    assert figures["cpu"]["unit"] == "cores"
    assert (code, told["verdict"]) in {(1, "fail"), (3, "invalid")}
    assert PATHS.count("/none?x=1") == 80
    assert told["arrivals"]["due"] == told["arrivals"]["played"] == 80
    assert {(row["channel"], row["operation"]) for row in told["comparison"]} == {
        ("url", "none"),
        ("url", "*"),
        ("*", "none"),
        ("*", "*"),
    }
    assert all(row["predicted_visits"] is None for row in told["comparison"])
    error = next(each for each in told["criteria"] if each["criterion"].startswith("error"))
    assert (error["verdict"], error["value"], error["n"]) == ("fail", 1.0, 80)
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["settings"]["url"] == f"{server.host}/none?x=1"
    assert manifest["settings"]["endpoints"] == "endpoints.toml"
    assert "/none?x=1" in (out / "endpoints.toml").read_text(encoding="utf-8")
    assert (out / "report.html").exists()
    assert not (out / "visits.parquet").exists()
    # Made again from the files, and judged again, it is as it was.
    assert run(("gate", str(out))) == code
    assert run(("report", str(out))) == 0
    assert not (out / "visits.parquet").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "nothing to run is given; expected a URL with --rate 60, or --scenario"),
        (("--rate", "60"), "--rate: requires a URL"),
        (("http://127.0.0.1:1/",), "no arrival rate; expected --rate 60"),
        (("ftp://127.0.0.1:1/", "--rate", "6"), "URL: is not the address of a web service"),
        (("http://me:pw@127.0.0.1:1/", "--rate", "6"), "URL: contains a user or a password"),
        (("http://127.0.0.1:1/", "--rate", "6", "--for", "soon"), "--for soon: is not a duration"),
        (("http://127.0.0.1:1/", "--rate", "6", "--serve"), "--serve: requires --scenario"),
        (("http://127.0.0.1:1/", "--rate", "6", "--window", "20"), "--window: requires --scenario"),
        (("http://127.0.0.1:1/", "--rate", "6", "--set", "a.b=1"), "--set: requires --scenario"),
        (("http://127.0.0.1:1/", "--rate", "6", "--get", "orders"), "--get orders: is not a path below"),
        (("http://127.0.0.1:1/?api_key=abc", "--rate", "6"), "a secret must not be in the file"),
        (("http://127.0.0.1:1/", "--rate", "6", "--criterion", "p95(web.*) < 1s"), "no channel 'web'"),
    ],
)
def test_what_does_not_go_together_is_refused_in_one_line(
    arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Before anything is sent or written."""
    out = tmp_path / "run"
    assert run(("load", *arguments, "--out", str(out))) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert says in line
    assert "pw" not in line
    assert "abc" not in line
    assert not out.exists()
