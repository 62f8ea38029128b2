"""Figures from Prometheus: answers in the forms that its documentation gives, and real pages and servers."""

import json
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest, start_http_server

from footfall._load.endpoints.endpoints_file import endpoints_in
from footfall._load.endpoints.metric_queries import MetricQuery
from footfall._load.server.metrics_asked import metrics_asked
from footfall._load.server.prometheus import QueryError, samples_of_page, target_of, value_of_response
from footfall._load.server.server_sampler import Figure, SourceError, Unread
from footfall._records.errors import BadInputError

OPERATION = '[[operation]]\nfor = "*.*"\nstep = [{ path = "/" }]\n'


def response(data: object, **more: object) -> bytes:
    """Give a successful response of the API."""
    return json.dumps({"status": "success", "data": data} | more).encode()


def vector(*values: str) -> bytes:
    """Give a response with a vector, as the documentation has it."""
    elements = [
        {
            "metric": {"__name__": "up", "job": "prometheus", "instance": f"localhost:{9090 + number}"},
            "value": [1435781451.781, value],
        }
        for number, value in enumerate(values)
    ]
    return response({"resultType": "vector", "result": elements})


# ── The answer to an instant query


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_value_of_a_scalar_and_of_a_vector_of_one_is_read(value: float) -> None:
    """Whatever finite number it is, in the text form that the API uses."""
    scalar = response({"resultType": "scalar", "result": [1435781451.781, repr(value)]})
    assert value_of_response(200, scalar) == value_of_response(200, vector(repr(value))) == value


@pytest.mark.parametrize(
    ("body", "status", "words", "is_lasting"),
    [
        (vector(), 200, "no data", False),
        (vector("1", "0"), 200, "gives 2 series; expected one, such as by sum", True),
        (vector("NaN"), 200, "gives nan", False),
        (vector("+Inf"), 200, "gives inf", False),
        (
            b'{"status":"error","errorType":"bad_data","error":"1:5: parse error: unclosed"}',
            400,
            "bad_data: 1:5: parse error: unclosed",
            True,
        ),
        (b'{"status":"error","errorType":"timeout","error":"query timed out"}', 503, "timeout: query", False),
        (b'{"status":"error","errorType":"execution","error":"many-to-many"}', 422, "execution", False),
        (
            response({"resultType": "matrix", "result": [{"metric": {}, "values": [[1.0, "2"]]}]}),
            200,
            "gives a matrix; expected a single value",
            True,
        ),
        (response({"resultType": "string", "result": [1.0, "text"]}), 200, "gives a string", True),
        (
            response({"resultType": "vector", "result": [{"metric": {}, "histogram": [1.0, {}]}]}),
            200,
            "gives a histogram",
            True,
        ),
    ],
)
def test_an_answer_without_a_single_number_says_why(
    body: bytes, status: int, words: str, is_lasting: object
) -> None:
    """No number is made up; a mistake in the query is told from a lack of data."""
    with pytest.raises(QueryError, match=words) as failed:
        value_of_response(status, body)
    assert failed.value.is_lasting is is_lasting


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"<html>Not Found</html>", 404, "status 404"),
        (b"Unauthorized", 401, "status 401; expected .* a credential"),
        (b"[]", 200, "not that of a Prometheus server"),
        (b'{"status":"ok"}', 200, "not that of a Prometheus server"),
        (b'{"status":"success","data":[]}', 200, "not that of a Prometheus server"),
        (response({"resultType": "scalar", "result": [1.0]}), 200, "not that of a Prometheus server"),
        (response({"resultType": "scalar", "result": [1.0, "x"]}), 200, "not that of a Prometheus server"),
        (b"[" * 100_000, 200, "not that of a Prometheus server"),
    ],
)
def test_what_is_not_the_api_is_said_to_be_so(body: bytes, status: int, words: str) -> None:
    """Another service at that address, or a login page."""
    with pytest.raises(SourceError, match=words):
        value_of_response(status, body)


# ── A page in the text format


def metric(sample: str, **labels: str) -> MetricQuery:
    """Ask for a sample."""
    return MetricQuery(name="asked", sample=sample, labels=labels)


def test_a_page_of_the_client_library_is_read_by_name_and_labels() -> None:
    """Labels choose among samples, and those that match are added up."""
    registry = CollectorRegistry()
    jobs = Gauge("jobs", "Jobs.", ["queue", "state"], registry=registry)
    for queue, state, count in (("a", "waiting", 3), ("a", "busy", 1), ('b "}\\\n', "waiting", 4)):
        jobs.labels(queue, state).set(count)
    Gauge("jobs_most", "Another one whose name begins alike.", registry=registry).set(99)
    Counter("orders", "Orders.", registry=registry).inc(7)
    page = generate_latest(registry)

    def value(sample: str, **labels: str) -> float | None:
        return samples_of_page(page, [metric(sample, **labels)]).get("asked")

    assert value("jobs") == 8
    assert value("jobs", state="waiting") == 7
    assert value("jobs", queue='b "}\\\n') == 4
    assert value("orders_total") == 7
    assert value("jobs", state="gone") is None
    assert value("orders") is None


@pytest.mark.parametrize("page", [b"jobs\n", b"jobs{\n", b"jobs x\n", b'jobs{a="b} 3\n'])
def test_a_line_that_is_not_of_the_format_is_refused(page: bytes) -> None:
    """A part of a number is no number."""
    with pytest.raises(SourceError, match="not in Prometheus' text format"):
        samples_of_page(page, [metric("jobs")])


@given(st.binary(max_size=200))
def test_any_page_is_read_or_refused(page: bytes) -> None:
    """Never anything but a number, nothing, or a reason."""
    try:
        found = samples_of_page(b"jobs" + page, [metric("jobs")])
    except SourceError:
        return
    assert all(isinstance(value, float) for value in found.values())


# ── Real servers


@pytest.fixture
def page_server() -> Iterator[tuple[str, CollectorRegistry]]:
    """Serve a page by Prometheus' own client library."""
    registry = CollectorRegistry()
    server, thread = start_http_server(0, "127.0.0.1", registry)
    yield f"http://127.0.0.1:{server.server_port}/metrics", registry
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def prometheus(values: dict[str, bytes]) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Serve the API with given answers by query; gives the address and the headers of each request."""
    seen: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            seen.append(dict(self.headers))
            body = values.get(parse_qs(url.query).get("query", [""])[0], b"404 page not found")
            is_known = url.path == "/prefix/api/v1/query"
            self.send_response(200 if is_known else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/prefix", seen
        server.shutdown()
        thread.join()


def test_queries_are_sent_as_they_stand_with_the_secret_of_the_environment(tmp_path: Path) -> None:
    """Braces belong to PromQL; the token is sent, and is in no text that is shown."""
    query = 'sum(rate(cpu{job="shop"}[30s]))'
    file = tmp_path / "shop.toml"
    with prometheus({query: vector("0.75"), "up": vector()}) as (url, seen):
        file.write_text(
            f"""{OPERATION}
[metrics]
url = "{url}"
every_s = 5
headers = {{ Authorization = "Bearer {{env.TOKEN}}" }}
[[metric]]
name = "cpu"
query = '{query}'
unit = "cores"
[[metric]]
name = "waiting"
query = "up"
"""
        )
        asked = metrics_asked(None, file, {"TOKEN": "s3cret-of-mine"})
        assert asked is not None
        asked.check()
        source = asked.source()
        assert source.read() == [Figure("cpu", 0.75, "cores"), Unread("waiting: no data")]
        source.close()
    assert source.every_s == 5
    assert {headers["Authorization"] for headers in seen} == {"Bearer s3cret-of-mine"}
    assert "s3cret" not in repr(asked)
    assert asked.shown == url


def test_a_page_gives_levels_and_the_increase_of_counters(page_server: tuple[str, CollectorRegistry]) -> None:
    """A counter has no rate at the first reading, and none when its process began anew."""
    url, registry = page_server
    level = Gauge("busy", "Busy threads.", registry=registry)
    orders = Counter("orders", "Orders.", registry=registry)
    asked = metrics_asked(url, None, {})
    assert asked is not None
    source = type(asked.source())(
        asked.target,
        [
            MetricQuery(name="busy", sample="busy"),
            MetricQuery(name="rate", sample="orders_total", per_s=True),
        ],
        asked.get,
    )
    level.set(5)
    orders.inc(100)
    assert source.read() == [Figure("busy", 5.0, "")]
    since_s = source._before["rate"].at_s
    orders.inc(30)
    _, rate = source.read()
    assert isinstance(rate, Figure)
    assert rate.value * (source._before["rate"].at_s - since_s) == pytest.approx(30)
    orders.reset()
    level.set(math.inf)
    assert source.read() == [Unread("busy: gives inf")]
    source.close()


def test_a_page_without_a_list_gives_what_client_libraries_say_of_their_process(
    page_server: tuple[str, CollectorRegistry],
) -> None:
    """CPU, memory and open files; what is missing is noted."""
    url, registry = page_server
    Gauge("process_resident_memory_bytes", "Memory.", registry=registry).set(1e6)
    asked = metrics_asked(url, None, {})
    assert asked is not None
    source = asked.source()
    found = source.read()
    source.close()
    assert Figure("memory_rss", 1e6, "bytes") in found
    assert Unread("open_files: no sample process_open_fds on the page") in found


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (vector("1", "2"), "[[metric]] cpu: gives 2 series; expected one, such as by sum(…) or max(…)"),
        (b'{"status":"error","errorType":"bad_data","error":"parse error"}', "[[metric]] cpu: bad_data"),
        (b"hello", "the response is not that of a Prometheus server"),
    ],
)
def test_a_mistake_is_found_before_the_run(answer: bytes, problem: str, tmp_path: Path) -> None:
    """One line names the metric, or the server."""
    file = tmp_path / "shop.toml"
    file.write_text(f'{OPERATION}[[metric]]\nname = "cpu"\nquery = "up"\n')
    with prometheus({"up": answer}) as (url, _):
        asked = metrics_asked(url, file, {})
        assert asked is not None
        with pytest.raises(BadInputError) as refused:
            asked.check()
    assert problem in str(refused.value)


def test_a_server_that_is_not_there_is_found_before_the_run(tmp_path: Path) -> None:
    """The option and the address are named."""
    file = tmp_path / "shop.toml"
    file.write_text(f'{OPERATION}[[metric]]\nname = "cpu"\nquery = "up"\n')
    asked = metrics_asked("http://127.0.0.1:1?token=abc", file, {})
    assert asked is not None
    with pytest.raises(
        BadInputError, match=r"--metrics http://127\.0\.0\.1:1: connection refused"
    ) as refused:
        asked.check()
    assert "abc" not in str(refused.value)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('[[metric]]\nname = "a"\n', "needs query"),
        ('[[metric]]\nname = "a"\nquery = "up"\nsample = "up"\n', "needs query"),
        ('[[metric]]\nname = "a"\nquery = "up"\nper_s = true\n', "labels and per_s belong to sample"),
        ('[[metric]]\nname = "a"\nsample = "up{x}"\n', "not the name of a sample"),
        ('[[metric]]\nname = ""\nsample = "up"\n', "not a name"),
        ('[[metric]]\nquery = "up"\n', "name"),
        ('[[metric]]\nname = "a"\nquery = "up"\n[[metric]]\nname = "a"\nquery = "x"\n', "two of this name"),
        ('[[metric]]\nname = "a"\nquery = "up"\n[[metric]]\nname = "b"\nsample = "x"\n', "different servers"),
        ("[metrics]\nevery_s = 0.01\n", "every_s"),
        ('[metrics]\nheaders = { Authorization = "Bearer abc" }\n', "a secret must not be in the file"),
        ('[metrics]\nheaders = { X = "{env.TOKEN" }\n', "expected"),
        ('[metrics]\nurls = "x"\n', "urls"),
    ],
)
def test_a_wrong_key_is_named(lines: str, words: str) -> None:
    """With the line of the file where there is one."""
    with pytest.raises(BadInputError, match=r"shop\.toml") as refused:
        endpoints_in(OPERATION + lines, "shop.toml")
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("url", "headers", "words"),
    [
        ("http://127.0.0.1:9", "", "nothing says which figures to read"),
        ("ftp://127.0.0.1/metrics", "", "not the address of a web service"),
        ("http://user:pw@127.0.0.1/metrics", "", "contains a user or a password"),
        ("http://127.0.0.1/metrics", '{ A = "{env.NOT_SET}" }', "NOT_SET is not set"),
        ("http://127.0.0.1/metrics", '{ A = "{phone}" }', "{phone} has no value here"),
        ("http://127.0.0.1/metrics", '{ A = "{env.BREAK}" }', "a header cannot hold"),
    ],
)
def test_a_server_that_cannot_be_asked_is_refused(url: str, headers: str, words: str, tmp_path: Path) -> None:
    """Before anything is sent."""
    file = tmp_path / "shop.toml"
    file.write_text(OPERATION + (f"[metrics]\nheaders = {headers}\n" if headers else ""))
    with pytest.raises(BadInputError) as refused:
        metrics_asked(url, file, {"BREAK": "a\nb"})
    assert words in str(refused.value)
    assert "pw" not in str(refused.value)


def test_without_an_address_nothing_is_asked(tmp_path: Path) -> None:
    """A list of figures alone is for runs that name the server."""
    file = tmp_path / "shop.toml"
    file.write_text(f'{OPERATION}[[metric]]\nname = "a"\nquery = "up"\n')
    assert metrics_asked(None, file, {}) is None
    assert metrics_asked(None, None, {}) is None


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://h:1", "/"),
        ("http://h:1/metrics", "/metrics"),
        ("http://h:1/metrics/", "/metrics/"),
        ("http://h:1/a/metrics?format=prometheus", "/a/metrics?format=prometheus"),
    ],
)
def test_the_path_of_a_page_is_asked_for_as_it_is_given(url: str, path: str) -> None:
    """With its query and its last slash."""
    assert target_of(url, "--metrics").path == path
