"""The application as a whole: its document, its health, its manners with bad requests."""

import json
import socket

import pytest

from footfall._model.model import Model
from footfall._service.http_messages import ERRORS
from footfall._service.routes import routes
from footfall._service.server import build_app
from tests.service.running import MakeSettings, Running, Start


def test_health_tells_which_service_it_is(shared: Running, model: Model) -> None:
    """Model, channels, accounts and seed, without any token."""
    answer = shared.client.get("/health").json()
    assert answer["status"] == "ok"
    assert answer["model"] == model.name
    assert answer["channels"] == [channel.name for channel in model.channels]
    assert (answer["subscribers"], answer["seed"]) == (50, 7)


def test_the_document_lists_every_route_that_exists(shared: Running) -> None:
    """OpenAPI 3.1: each route of the table with its method, and none besides."""
    document = shared.client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    listed = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    served = {(route.method, route.path) for route in routes(shared.service._state)}
    assert listed == served | {("GET", "/openapi.json")}
    assert len(listed) > 60


def test_without_a_control_token_the_control_routes_are_not_listed(start: Start) -> None:
    """They give 404 then, so a tool that reads the document must not look for them."""
    openapi = start(control_token=None).client.get("/openapi.json").json()
    assert not [path for path in openapi["paths"] if path.startswith("/control/")]


def test_every_listed_route_answers(shared: Running) -> None:
    """No route of the document leads to `there is no such route`."""
    for path, item in shared.client.get("/openapi.json").json()["paths"].items():
        for method in item:
            concrete = path.replace("{", "").replace("}", "")
            answer = shared.client.request(method, concrete, content=b"{}" if method == "post" else None)
            assert answer.status_code < 500
            assert "no such route" not in answer.text


def test_the_document_refers_to_schemas_that_it_has(shared: Running) -> None:
    """Every reference resolves, every schema is used, every operation has a name of its own."""
    document = shared.client.get("/openapi.json").json()
    text = json.dumps(document["paths"])
    schemas = set(document["components"]["schemas"])
    used = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert used == schemas
    names = [one["operationId"] for item in document["paths"].values() for one in item.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "bad_request"),
        (b"{", 400, "bad_request"),
        (b"[]", 400, "bad_request"),
        (b"\xff\xfe", 400, "bad_request"),
        (b'{"msisdn": 13800000003, "pin": "123456"}', 400, "bad_request"),
        (b'{"msisdn": "' + b"1" * 65 + b'", "pin": "123456"}', 400, "bad_request"),
        (b'{"msisdn": "1\\u0000", "pin": "123456"}', 400, "bad_request"),
        (b"[" * 50_000, 400, "bad_request"),
        (b'{"pin": "' + b"1" * 70_000 + b'"}', 413, "too_large"),
    ],
)
def test_a_malformed_body_is_refused(shared: Running, body: bytes, status: int, code: str) -> None:
    """Whatever is sent is answered with one sentence, never with a traceback."""
    answer = shared.client.post("/web/login", content=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_long_header_is_refused(start: Start) -> None:
    """Keys and tokens have their limits."""
    running = start()
    headers = running.log_in("agent", 3)
    long_key = running.order("agent", headers, "k" * 65, "roaming", item="roaming")
    assert (long_key.status_code, long_key.json()["code"]) == (400, "bad_request")
    long_token = running.client.get("/web/account", headers={"Authorization": "Bearer " + "x" * 300})
    assert long_token.status_code == 400


def test_what_is_no_http_harms_nobody(shared: Running) -> None:
    """Garbage on one connection leaves the others as they are."""
    with socket.create_connection(("127.0.0.1", shared.service.port)) as connection:
        connection.sendall(b"\x00\x01garbage\r\n\r\n")
        assert b"400" in connection.recv(1000)
    assert shared.client.get("/health").status_code == 200


def test_a_failure_inside_is_told_without_a_traceback(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    """The client gets `internal`, the log gets the reason."""
    running = start()
    headers = running.log_in("agent", 3)
    with running.service._state.database._engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE entries")
    answer = running.order("agent", headers, "k", "roaming", item="roaming")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "Traceback" not in answer.text
    assert "POST /agent/orders failed" in caplog.text


def test_no_secret_is_logged(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    """Logins right and wrong leave neither PIN nor token in the log."""
    caplog.set_level("DEBUG", logger="footfall")
    running = start()
    token = running.log_in("web", 3)["Authorization"].split()[1]
    running.client.post("/web/login", json={"msisdn": "13800000003", "pin": "000000"})
    said = " ".join(record.getMessage() for record in caplog.records if record.name.startswith("footfall"))
    assert token not in said
    assert "000000" not in said


def test_every_refusal_has_a_status_of_its_kind() -> None:
    """A refusal is an error, and its sentence is one."""
    for status, sentence in ERRORS.values():
        assert 400 <= status < 600
        assert sentence.endswith(".")


def test_the_application_is_built_with_its_database_open(settings: MakeSettings) -> None:
    """`build_app` gives a Starlette application with the operator behind it."""
    app = build_app(settings())
    assert app.state.service.settings.port == 0
    app.state.service.database.close()
