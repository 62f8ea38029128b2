"""The tab in a real browser: chosen in the page, played, judged, and played again."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from footfall._records.runs import read_manifest
from footfall._records.server_rows import read_server_rows
from tests.load.conftest import Start
from tests.load.web.page_client import Site, wait_for

TOP = Path(__file__).parents[3]
LOCUSTFILE = """
from footfall.locust import *
"""
SCENARIO = """
title = "A {name} day"
question = "Does the page work?"
model = "{model}"
window = "8s"
speed = {speed}
follow_up = false
criteria = ["{criterion}", "p99(lag) < 1s else invalid"]
{outages}
[set]
population = 1_000_000
"accounts.subscribers" = 500
"""
OUTAGE = '[[outages]]\nchannel = "web"\nfrom_share = 0\nto_share = 1\n'


@pytest.fixture
def site(locust: Start, tmp_path: Path, free_port: int) -> Site:
    """Locust's page over two small scenarios: one that passes, one that asks too much."""
    (tmp_path / "scenarios").mkdir()
    for name, speed, criterion in (
        ("calm", 1, "success(*) >= 20%"),
        ("hurried", 4, "success(web.*) >= 80% episodes 1"),
    ):
        text = SCENARIO.format(
            name=name,
            model=TOP / "models/guangxi.py",
            speed=speed,
            criterion=criterion,
            outages="" if name == "calm" else OUTAGE,
        )
        (tmp_path / "scenarios" / f"{name}.toml").write_text(text, encoding="utf-8")
    locustfile = tmp_path / "locustfile.py"
    locustfile.write_text(LOCUSTFILE)
    process = locust("--web-port", str(free_port), locustfile=locustfile)
    site = Site(free_port)
    wait_for(lambda: process.process.poll() is not None or site.is_up(), lambda: "it never answered")
    return site


def wait_until(page: Page, state: str) -> None:
    """Wait until the tab shows a state of the run; a failure, too, ends the waiting."""
    page.wait_for_selector(f".ff-state-{state}, .ff-state-failed")
    assert page.locator(f".ff-state-{state}").count(), page.locator(".ff-status").all_inner_texts()


def end_of_run(page: Page) -> str:
    """Wait until the run is over; gives the word of its verdict."""
    wait_until(page, "over")
    assert page.locator(".ff-verdict-head").inner_text() == "Verdict"
    return page.locator(".ff-verdict .ff-chip").inner_text().split()[-1]


def verdict_of_last(folder: Path) -> str:
    """Read the verdict of the newest run: invalid where the machine was too busy to play it."""
    manifests = [json.loads(path.read_text(encoding="utf-8")) for path in folder.rglob("manifest.json")]
    return str(max(manifests, key=lambda each: str(each["started_at"]))["verdict"])


def verdict_of_watched(folder: Path) -> str:
    """Read the verdict of the only run, in which the reference service was watched."""
    (run,) = [path.parent for path in folder.rglob("manifest.json")]
    server = read_manifest(run).server
    assert server is not None
    assert {each.source for each in server.figures} >= {"process", "service"}
    assert read_server_rows(run).height >= len(server.figures)
    return verdict_of_last(folder)


def test_a_run_is_chosen_played_and_judged_in_the_page_and_then_another(
    browser_page: Page, site: Site, tmp_path: Path
) -> None:
    """Charts move while it plays, it ends by itself with verdict and links, and a second scenario follows."""
    page, wrong = browser_page, []
    page.on("console", lambda reported: wrong.append(reported.text) if reported.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"http://127.0.0.1:{site.port}/")
    assert page.locator('input[name="userCount"]').is_hidden()
    page.get_by_role("button", name="Start").click()
    wait_until(page, "running")
    expect(page.locator(".ff-title")).to_have_text("A calm day")
    measured = page.locator(".ff-stage path.ff-line.ff-measured").first
    measured.wait_for(state="attached")
    before = measured.get_attribute("d")
    expect(measured).not_to_have_attribute("d", before or "")
    first = end_of_run(page)
    assert first == verdict_of_watched(tmp_path) in {"pass", "invalid"}
    total = page.locator('tr[data-scope="*.*"] td')
    assert int(total.nth(0).inner_text()) == int(total.nth(1).inner_text()) > 0

    page.locator('tr[data-scope="web.query"] button').click()
    expect(page.locator(".ff-what")).to_contain_text("web hall · query")
    expect(page.locator(".ff-legend").nth(1)).to_contain_text("target 97.8 %")
    page.locator(".ff-stage svg").first.hover()
    expect(page.locator(".ff-tip").first).to_contain_text("of the run")
    with page.expect_download() as download:
        page.locator(".ff-links").get_by_text("measures").click()
    saved = tmp_path / "measures.csv"
    download.value.save_as(saved)
    assert saved.read_text().startswith("world,channel,operation,visits,served,success_share")

    page.get_by_role("button", name="New").click()
    page.locator('select[name="scenario"]').select_option("hurried")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".ff-title")).to_have_text("A hurried day")
    second = end_of_run(page)
    assert second == verdict_of_last(tmp_path) in {"fail", "invalid"}
    assert page.locator(".ff-runs li").count() == 2
    assert page.locator(".ff-criteria li").count() == 4
    chips = page.locator(".ff-runs .ff-chip").all_inner_texts()
    assert [each.split()[-1] for each in chips] == [second, first]

    page.get_by_role("button", name="New").click()
    page.locator('input[name="seed"]').fill("x")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("alert")).to_contain_text("Seed: 'x'; expected a whole number")
    page.locator('input[name="seed"]').fill("")
    expect(page.locator('input[name="host"]')).to_be_hidden()
    page.locator('select[name="hostProfile"]').select_option("the one under Host")
    page.locator('input[name="host"]').fill("http://127.0.0.1:9")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".ff-state-failed")).to_contain_text("unreachable")
    page.get_by_role("tab", name="Statistics").click()
    expect(page.locator("#footfall")).to_be_hidden()
    assert wrong == []
