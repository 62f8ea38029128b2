"""The clock of the run, outages by it, and who may set it."""

from typing import Any

import pytest

from footfall._behaviour import customer_rules
from footfall._model.changes import with_outage
from footfall._model.model import Model
from tests.service.running import CONTROL, Clock, Running, Start

ROUTES = [("POST", "/control/play"), ("GET", "/control/ledger"), ("GET", "/control/counts")]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_control_needs_its_token(shared: Running, method: str, path: str) -> None:
    """A wrong token and none are refused; the right one is let in."""
    for headers, status in ((CONTROL, 200), ({"X-Control-Token": "contro"}, 401), ({}, 401)):
        body = b'{"starts_in_s": 0}' if method == "POST" else None
        answer = shared.client.request(method, path, content=body, headers=headers)
        assert answer.status_code == status


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("token", [None, ""])
def test_without_a_token_there_is_no_control(start: Start, method: str, path: str, token: str | None) -> None:
    """A service started without one has no such routes for anybody."""
    running = start(control_token=token)
    for headers in ({}, {"X-Control-Token": ""}, CONTROL):
        answer = running.client.request(method, path, headers=headers)
        assert answer.status_code == 404


def test_an_outage_holds_in_its_window_of_play(start: Start, model: Model, clock: Clock) -> None:
    """Before play is set there is none; then from its start to its end, on that channel alone."""
    running = start(model=with_outage(model, "web", 10, 20), now_s=clock.now_s)

    def status(channel: str) -> int:
        return int(running.client.get(f"/{channel}/pages/home").status_code)

    assert status("web") == 200
    running.client.post("/control/play", json={"starts_in_s": 5}, headers=CONTROL)
    seen = []
    for _ in range(7):
        seen.append(status("web"))
        assert status("agent") == 200
        clock.set_forward(5)
    # Seconds -5, 0, 5, 10, 15, 20, 25 of the run.
    assert seen == [200, 200, 200, 503, 503, 200, 200]


def test_an_outage_is_told_by_its_code(start: Start, model: Model) -> None:
    """Every kind of channel answers 503 with the code `outage`, also to the waiting and the senders."""
    down = model
    for channel in ("web", "own_hall", "hotline", "sms"):
        down = with_outage(down, channel, 0, 1e9)
    running = start(model=down)
    held = running.client.post("/own_hall/visits", json={"site": 0, "patience_s": 1}).json()["visit"]
    running.client.post("/control/play", json={"starts_in_s": 0}, headers=CONTROL)
    message = {"msisdn": customer_rules.msisdn(3), "text": "CX", "id": "x"}
    requests = [
        ("GET", "/web/pages/home", None),
        ("POST", "/own_hall/visits", {"site": 0, "patience_s": 1}),
        ("POST", "/hotline/visits", {"site": 0, "patience_s": 1}),
        ("POST", "/sms/messages", message),
        ("GET", f"/sms/answers/{customer_rules.msisdn(3)}", None),
    ]
    for method, path, body in requests:
        answer = running.client.request(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (503, "outage")
    assert running.client.delete(f"/own_hall/visits/{held}").status_code == 204


@pytest.mark.parametrize("body", [{}, {"starts_in_s": "soon"}, {"starts_in_s": None}])
def test_play_without_a_start_is_refused(shared: Running, body: dict[str, Any]) -> None:
    """Bad input gets 400."""
    assert shared.client.post("/control/play", json=body, headers=CONTROL).status_code == 400
