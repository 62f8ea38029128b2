"""A certificate of an own CA: trusted by `--ca-file`, unchecked by `--insecure`, else refused."""

from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from footfall._load.http.wire_format import TransportAsked
from footfall._load.options import LoadOptions
from footfall._load.start_locust import LoadSettings, run_locust
from footfall._records.errors import BadInputError
from footfall._workload.trace import write_trace
from tests.load.authority import Authority
from tests.load.small import day_of, small_model, trace_of
from tests.load.web_server import WebServer

PAGE = '[[operation]]\nfor = "web.query"\nstep = [{ path = "/a" }, { path = "/b" }]\n'


class Pages(BaseHTTPRequestHandler):
    """Answers everything with a page."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # noqa: D102  the library's name
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def settings(folder: Path, host: str, asked: TransportAsked) -> LoadSettings:
    """Twenty customers within a second, each with two requests."""
    made = trace_of(small_model(), day_of([(k / 20, "query", "web") for k in range(20)]), 1)
    write_trace(folder / "trace", made)
    (folder / "own.toml").write_text(PAGE, encoding="utf-8")
    return LoadSettings(
        trace=folder / "trace",
        host=host,
        run_dir=folder / "run",
        options=LoadOptions(endpoints=folder / "own.toml", ca_file=asked.ca_file, insecure=asked.insecure),
    )


@pytest.mark.parametrize("way", ["ca_file", "insecure"])
def test_a_run_speaks_tls_with_a_ca_of_ones_own_or_unchecked_and_so_does_its_control(
    authority: Authority, tmp_path: Path, way: str
) -> None:
    """Every customer is served, over a handshake each; the control is answered, too."""
    asked = TransportAsked(insecure=True) if way == "insecure" else TransportAsked(ca_file=authority.ca_file)
    server = WebServer(Pages, tls=authority.context)
    with server.running():
        result = run_locust(settings(tmp_path, server.host, asked))
    assert (result.arrivals.played, result.causes) == (20, {})
    assert result.connections is not None
    assert result.connections.tls_handshakes == result.connections.opened == 20
    assert result.connections.reused == 20
    control = result.generator.control
    assert control is not None
    assert control.failed == 0


def test_a_certificate_that_is_not_trusted_is_one_line_before_anything_is_written(
    authority: Authority, tmp_path: Path
) -> None:
    """It says what is wrong and which options would help."""
    server = WebServer(Pages, tls=authority.context)
    with server.running(), pytest.raises(BadInputError) as caught:
        run_locust(settings(tmp_path, server.host, TransportAsked()))
    said = str(caught.value)
    assert "its certificate is not trusted (unable to get local issuer certificate)" in said
    assert "--ca-file FILE with the certificate of its CA, or --insecure" in said
    assert "\n" not in said
    assert not (tmp_path / "run").exists()
