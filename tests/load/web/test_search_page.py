"""A search for capacity on Locust's page, started, watched and stopped; and as a browser shows it."""

import json
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, Route, expect

from tests.load.conftest import Start
from tests.load.web.page_client import Site, up, wait_for
from tests.runs.test_capacity import served

FORM = {"test": "find the capacity", "path": "/work", "budget": "1min", "criteria": "success(*) >= 90%"}


@pytest.fixture
def site(locust: Start, free_port: int) -> Site:
    """Locust's page in a folder without scenarios."""
    return up(locust("--web-port", str(free_port), "--host", "http://127.0.0.1:9"), free_port)


def children(site: Site) -> list[psutil.Process]:
    """Give the processes that Locust has started."""
    (own,) = (
        each.pid
        for each in psutil.net_connections("tcp4")
        if each.status == psutil.CONN_LISTEN and each.laddr and each.laddr.port == site.port
    )
    return psutil.Process(own).children(recursive=True)


def test_a_search_shows_its_steps_as_they_come_and_leaves_what_it_found_when_stopped(
    site: Site, tmp_path: Path
) -> None:
    """What cannot begin is one line; a second Start is refused; Stop keeps the steps and ends all of it."""
    bad = json.loads(site.ask("/swarm", FORM | {"path": "work"}).body)
    assert bad["message"] == "Path: 'work'; expected a path such as /work, or an empty field"
    site.start(**FORM, host="http://127.0.0.1:9")
    page = site.until("failed")["page"]
    assert "unreachable" in page["error"]
    assert "\n" not in page["error"]
    with served() as server:
        site.start(**FORM, host=server.host)
        wait_for(
            lambda: len((site.state()["live"] or {"steps": []})["steps"]) >= 2, lambda: str(site.state())
        )
        found = site.state()
        page, live = found["page"], found["live"]
        assert (page["state"], page["kind"], page["about"]["budget_s"]) == ("running", "capacity", 60)
        assert page["about"]["criteria"] == ["success(*) >= 90%"]
        assert not live["is_final"]
        assert 0 < live["ends_unix_s"] - page["now_unix_s"] < 60
        assert {"offered_per_s", "throughput_per_s", "p95_s", "verdict", "by_operation"} <= set(
            live["steps"][1]
        )
        assert live["step"] is None or live["step"]["number"] > len(live["steps"]) - 1
        again = json.loads(site.ask("/swarm", FORM | {"host": server.host}).body)
        assert again["message"] == "a run is under way; stop it or wait for its end"
        wait_for(lambda: site.locust_state() in {"running", "spawning"}, site.locust_state)
        site.ask("/stop", {})
        last = site.until("over", "failed")
    page, live = last["page"], last["live"]
    assert page["state"] == "over", page
    assert live["status"] == "partial"
    assert live["is_final"]
    (folder,) = (tmp_path / "results").glob("127-0-0-1-*/capacity/*")
    run = page["runs"][0]
    assert run["answer"] == "not found" or run["answer"].endswith("arrivals/s")
    names = [file["name"] for file in run["files"]]
    assert names == ["report.html", "capacity.csv", "capacity.json", "capacity.svg", "manifest.json"]
    for name in names:
        assert site.ask(f"/footfall/runs/2/{name}").body == (folder / name).read_bytes()
    assert (
        json.loads((folder / "capacity.json").read_text())["steps"]
        == json.loads(site.ask("/footfall/latest/capacity.json").body)["steps"]
    )
    assert site.ask("/footfall/runs/2/locust.log").status == 404
    assert "sandbox" in site.ask("/footfall/latest/report.html").headers["Content-Security-Policy"]
    wait_for(lambda: not children(site), lambda: str(children(site)))


def step(number: int, per_s: float, verdict: str) -> dict[str, object]:
    """Give a step as the page receives it, with two operations."""
    figures = {
        "offered_per_s": per_s,
        "throughput_per_s": per_s * 0.9,
        "success_share": 0.995,
        "p50_s": 0.05,
        "p95_s": 0.2,
        "p99_s": None,
    }
    of_web = {**figures, "channel": "web", "offered_per_s": per_s / 4}
    return {
        "step": number,
        "purpose": "confirm",
        **figures,
        "requests_per_s": per_s * 2,
        "stopped_early": False,
        "verdict": verdict,
        "broken": ["success(*) >= 99%"] if verdict == "broken" else [],
        "invalid_reason": "",
        "generator": {"loop_busy_share": 0.125},
        "server": {"process.cpu": 0.5},
        "by_operation": [
            {**of_web, "operation": "*"},
            {**of_web, "operation": "query"},
            {**of_web, "operation": "*", "channel": "<b>sms</b>"},
        ],
    }


LIVE = {
    "steps": [step(1, 40.0, "holds"), step(2, 80.0, "broken")],
    "step": {"number": 3, "purpose": "confirm", "offered_per_s": 62.0, "length_s": 20.0},
    "now": "a long step near the expected capacity",
    "knee_per_s": {"value": 61.7, "low": 55.8, "high": 68.3},
    "flags": ["bounded queue"],
    "flag_texts": {"bounded queue": "only so many requests may wait"},
    "criteria": ["success(*) >= 99%", "p95(*) < 300ms"],
    "is_final": False,
    "ends_unix_s": 1000.0,
}


ABOUT = {"title": "Capacity: here", "budget_s": 300, "seed": 1}
RUN = {"number": 1, "host": "http://here", "files": [], "error": "", "title": "", "started_at": ""}
PAGE = {
    "state": "running",
    "phase": "",
    "error": "",
    "number": 1,
    "kind": "capacity",
    "now_unix_s": 900.0,
    "about": ABOUT,
    "runs": [RUN],
}
PHASES = [
    {"name": "loads", "title": "Low loads", "state": "done", "spent_s": 74.2, "lines": ["step 1", "4 loads"]},
    {"name": "learn", "title": "What they teach", "state": "running", "spent_s": 3.0, "lines": []},
    {"name": "knee", "title": "Capacity, measured", "state": "waiting", "spent_s": 0.0, "lines": []},
]
LOOP = {"phases": PHASES, "verdict": "", "answer": "", "is_final": False, "ends_unix_s": 1000.0}


def test_a_browser_shows_the_fields_of_a_search_its_steps_and_the_phases_of_a_loop(
    browser_page: Page, site: Site
) -> None:
    """The form first; then states as the processes give them."""
    page, wrong = browser_page, []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"http://127.0.0.1:{site.port}/")
    check_form(page)
    state: dict[str, object] = {"page": PAGE, "live": LIVE}

    def answer(route: Route) -> None:
        route.fulfill(json=state)

    page.route("**/footfall/state*", answer)
    check_search(page)
    state |= {"page": PAGE | {"kind": "loop"}, "live": LOOP}
    expect(page.locator(".ff-status")).to_have_text("What they teach … 1:40 of 5:00 left.")
    items = page.locator(".ff-phases > li")
    expect(items).to_have_count(3)
    expect(items.nth(0)).to_contain_text("doneLow loads4 loads · 1:14")
    expect(page.locator(".ff-steps")).to_be_hidden()
    ended = {"is_final": True, "verdict": "did not hold", "answer": "It did not hold."}
    state |= {"page": PAGE | {"kind": "loop", "state": "over"}, "live": LOOP | ended}
    expect(page.locator(".ff-status")).to_have_text("It did not hold.")
    expect(page.locator(".ff-verdict .ff-chip")).to_have_text("✕did not hold")
    assert wrong == []


def check_form(page: Page) -> None:
    """Fields by kind of test; what is wrong in one is said at once, and what cannot begin soon after."""
    expect(page.locator('select[name="speed"]')).to_be_visible()
    expect(page.locator('select[name="budget"]')).to_be_hidden()
    page.locator('select[name="test"]').select_option("find the capacity")
    for name in ("speed", "window", "scale"):
        expect(page.locator(f'select[name="{name}"]')).to_be_hidden()
    expect(page.locator('select[name="budget"]')).to_be_visible()
    page.locator('input[name="path"]').fill("work")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("alert")).to_contain_text("Path: 'work'; expected a path such as /work")
    page.locator('input[name="path"]').fill("/work")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".ff-state-failed").first).to_contain_text("unreachable")


def check_search(page: Page) -> None:
    """Tiles, marks and rows; then a chosen step and a chosen channel."""
    expect(page.locator(".ff-status")).to_contain_text(
        "Step 3: 62.0 arrivals/s for 20.00 s, a long step near"
    )
    expect(page.locator(".ff-status")).to_contain_text("1:40 of 5:00 left")
    tiles = page.locator(".ff-search .ff-tile")
    expect(tiles.nth(0)).to_contain_text("Capacity so far61.7/s55.8 to 68.3 arrivals/s")
    expect(tiles.nth(1)).to_contain_text("40.0/sbroken at 80.0/s")
    expect(page.locator(".ff-shows li").first).to_have_text("bounded queue: only so many requests may wait")
    rows = page.locator(".ff-steps tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(2)).to_contain_text("under way")
    marks = page.locator(".ff-search .ff-chart").first.locator("svg[role=img] .ff-mark")
    expect(marks).to_have_count(2)
    page.locator(".ff-steps button").nth(1).focus()
    page.keyboard.press("Enter")
    expect(rows).to_have_count(7)
    expect(rows.nth(3)).to_contain_text("web · query20.0")
    expect(rows.nth(4)).to_contain_text("<b>sms</b>, all")
    expect(rows.nth(5)).to_have_text("did not hold: success(*) >= 99%")
    page.locator(".ff-scope select").select_option("web")
    expect(page.locator(".ff-search .ff-axis").first).to_have_text("arrivals per second at web")
