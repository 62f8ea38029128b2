"""Kiosks break down and are repaired as the seed says."""

import httpx

from footfall._behaviour.capacity_rules import starts_down
from footfall._model.changes import set_number
from footfall._model.model import Model
from tests.service.running import Running, Start

SITES = 40


def fragile(model: Model, up_s: float, repair_s: float) -> Model:
    """Give the model with many kiosk places of one machine each, up and in repair for so long."""
    for path, value in (("sites", SITES), ("up.mean_s", up_s), ("repair.mean_s", repair_s)):
        model = set_number(model, f"kiosk.{path}", value)
    return model


def visit(running: Running, site: int) -> httpx.Response:
    """Go to a kiosk."""
    return running.client.post("/kiosk/visits", json={"site": site, "patience_s": 0.1})


def test_the_same_machines_are_down_as_in_the_simulated_day(start: Start, model: Model) -> None:
    """At the start a place answers `out_of_order` exactly where the model's draw says so."""
    long_lived = fragile(model, up_s=1e6, repair_s=5e5)
    running = start(model=long_lived)
    kiosk = long_lived.channel("kiosk")
    down = [starts_down(kiosk, 7, site, 0) for site in range(SITES)]
    assert 5 < sum(down) < 25
    for site in range(SITES):
        answer = visit(running, site)
        expected = (503, "out_of_order") if down[site] else (201, None)
        assert (answer.status_code, answer.json().get("code")) == expected


def test_machines_are_repaired(start: Start, model: Model) -> None:
    """With repairs that take next to no time every place is in order again, again and again."""
    running = start(model=fragile(model, up_s=0.05, repair_s=1e-6))
    for site in range(SITES):
        answer = visit(running, site)
        assert answer.status_code in {201, 503}
    assert any(visit(running, site).status_code in {201, 408} for site in range(SITES))


def test_a_breakdown_ends_the_visit_before_it(start: Start, model: Model) -> None:
    """The only machine of a place breaks under its customer, whose next request fails by it."""
    running = start(model=fragile(model, up_s=0.2, repair_s=1e-4))
    for site in range(SITES):
        opened = visit(running, site)
        if opened.status_code != 201:
            continue
        headers = {"X-Visit": opened.json()["visit"]}
        for _ in range(10_000):
            answer = running.client.get("/kiosk/pages/home", headers=headers)
            if answer.status_code != 200:
                break
        assert (answer.status_code, answer.json()["code"]) == (502, "breakdown")
        assert running.client.delete(f"/kiosk/visits/{opened.json()['visit']}").status_code == 204
        return
    raise AssertionError
