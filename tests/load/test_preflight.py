"""Before anything is played the host is asked who it is, within bounds, and what is not meant is refused."""

import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from footfall._load import preflight
from footfall._load.http.wire_format import TransportAsked, address_of, read_ca
from footfall._load.preflight import check_host
from footfall._records.errors import BadInputError
from footfall._workload.trace import TraceInfo
from tests.load.http.raw_server import always, raw_server
from tests.load.small import day_of, small_model, trace_of

INFO: TraceInfo = trace_of(small_model(), day_of([(0.0, "query", "web")]), 1).info.model_copy(
    update={"arrivals_by_channel": {"web": 1}}
)


def page(body: bytes, status: bytes = b"200 OK") -> bytes:
    """Give an answer with its length."""
    return b"HTTP/1.1 " + status + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body


@pytest.mark.parametrize(
    "answer",
    [
        page(b"{}"),
        page(b"ok"),
        page(b"[" * 60_000),
        page(b"", b"404 Not Found"),
        page(b'{"seed": 7, "subscribers": "many"}'),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200_000,
    ],
    ids=["empty", "no JSON", "deep", "404", "no number", "endless"],
)
def test_a_host_of_another_shape_is_refused_unless_its_requests_are_mapped(answer: bytes) -> None:
    """Four thousand visits that end in 404 say nothing of it."""
    with raw_server(always(answer)) as here:
        expected = r"does not have the reference interface.*expected --endpoints FILE"
        with pytest.raises(BadInputError, match=expected):
            check_host(here.host, INFO)
        check_host(here.host, INFO, is_mapped=True)


def test_a_service_of_anothers_make_shows_the_interface_by_its_document() -> None:
    """Where its `/health` says nothing, a path below a channel of the trace does."""

    def script(path: bytes) -> Callable[[socket.socket, bytes], bool]:
        def answer(connection: socket.socket, head: bytes) -> bool:
            document = b'{"paths": {"' + path + b'": {}, "/pets": {}}}'
            connection.sendall(page(document if head.startswith(b"GET /openapi.json") else b"{}"))
            return False

        return answer

    with raw_server(script(b"/web/login")) as here:
        check_host(here.host, INFO)
    with raw_server(script(b"/webshop/login")) as here, pytest.raises(BadInputError):
        check_host(here.host, INFO)


def test_a_host_that_drips_is_given_up_within_one_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though each byte comes in time."""

    def script(connection: socket.socket, _head: bytes) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            connection.sendall(b"H")
            time.sleep(0.02)

    monkeypatch.setattr(preflight, "WAIT_S", 0.2)
    with raw_server(script) as here, pytest.raises(BadInputError, match="does not answer within"):
        check_host(here.host, INFO)


@pytest.mark.parametrize(
    ("host", "path", "target", "url"),
    [
        ("http://h", "/ok", "/ok", "http://h/ok"),
        ("http://h/", "/ok", "/ok", "http://h/ok"),
        ("http://h:80/api/v1/", "/ok?a=b", "/api/v1/ok?a=b", "http://h:80/api/v1/ok?a=b"),
        ("https://h/api/v1", "/ok", "/api/v1/ok", "https://h/api/v1/ok"),
        ("http://[::1]:8080//", "/", "/", "http://[::1]:8080/"),
        ("http://bücher.example/ä", "/x", "/%C3%A4/x", "http://xn--bcher-kva.example/%C3%A4/x"),
    ],
)
def test_host_and_path_are_joined_in_one_place(host: str, path: str, target: str, url: str) -> None:
    """Slashes at the end, paths before the path, addresses of six parts, names beyond ASCII."""
    address = address_of(host, "--host")
    assert (address.target(path), address.url(path)) == (target, url)


@pytest.mark.parametrize(
    "host", ["http://h/?a=b", "http://h/#a", "http://h:0", "http:///a", "http://a b", "h"]
)
def test_what_is_no_address_is_refused(host: str) -> None:
    """With the option that named it."""
    with pytest.raises(BadInputError, match=r"^--against"):
        address_of(host, f"--against {host}")


def test_options_count_before_the_file_and_the_file_before_the_default(tmp_path: Path) -> None:
    """A file of certificates that holds none, or is not there, is refused by its option."""
    assert TransportAsked().options().connections == "customer"
    assert TransportAsked().options("shared").connections == "shared"
    assert TransportAsked(connections="request").options("shared").connections == "request"
    for name, text in (("none.pem", "no certificate"), ("gone.pem", None)):
        path = tmp_path / name
        if text is not None:
            path.write_text(text, encoding="utf-8")
        with pytest.raises(
            BadInputError, match=rf"--ca-file .*{name}: .*expected a file with the certificate"
        ):
            read_ca(path, "--ca-file")
        assert TransportAsked(ca_file=path, insecure=True).options().ca_pem == ""
