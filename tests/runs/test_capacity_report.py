"""The page of a search for capacity says what the files say, whatever they say."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import footfall as ff
from footfall._chart.capacity_page import render_capacity
from footfall._records.errors import BadInputError
from footfall._records.runs import ArrivalCounts, Manifest, write_manifest
from footfall._runs.capacity_files import read_capacity, write_capacity
from footfall._runs.capacity_report import answer_sentence, capacity_page, step_reason
from footfall._runs.known_capacity import capacity_line

HOSTILE = "<script>alert(1)</script>\"'&"
GENERATOR = {"lag_s_p99": 0.004, "loop_busy_share": 0.125, "under_way_mean": 3.2, "bound_by": ""}


def step(number: int, per_s: float, **changes: object) -> dict[str, Any]:
    """Give a step at a rate, with two operations in it."""
    figures = {
        "offered_per_s": per_s,
        "throughput_per_s": per_s * 0.99,
        "success_share": 0.991,
        "p50_s": 0.051,
        "p95_s": 0.217,
        "p99_s": 1.46,
    }
    found: dict[str, Any] = {
        "step": number,
        "purpose": "confirm",
        "planned_per_s": per_s,
        **figures,
        "requests_per_s": per_s * 2,
        "length_s": 20.0,
        "stopped_early": False,
        "under_way_at_end": 4,
        "verdict": "holds",
        "broken": [],
        "invalid_reason": "",
        "generator": GENERATOR,
        "server": {"process.cpu": 0.6251},
        "by_operation": [
            {"channel": "web", "operation": each, **figures} for each in ("*", "order", "query")
        ],
    }
    return found | changes


def content(**changes: object) -> dict[str, Any]:
    """Give the content of a file of a search that found a capacity."""
    knee = {"value": 77.4, "low": 74.9, "high": 79.6}
    found: dict[str, Any] = {
        "knee_per_s": knee,
        "plateau_per_s": {"value": 82.1, "low": 80.2, "high": 84.0},
        "limited_by": "service",
        "flags": ["bounded queue", "never heard of"],
        "beyond": "graceful",
        "held_per_s": 67.2,
        "knee_requests_per_s": {name: value * 2 for name, value in knee.items()},
        "requests_per_arrival": 2.0,
        "criteria": ["success(*) >= 99%"],
        "not_used": ["p99(lag) < 1s"],
        "sentences": ["the capacity is that of a model"],
        "by_channel": {
            "web": {"knee_per_s": knee, "arrivals_share": 0.75, "requests_per_arrival": 2.0},
            "sms": {"knee_per_s": None, "arrivals_share": 0.25, "requests_per_arrival": 1.0},
        },
        "curve": [],
        "run": "0123456789abcdef",
        "seed": 1,
        "target": {"what": "scenario w at the reference service", "scenario": "w"},
        "status": "finished",
        "ended_by": "",
        "budget_s": 240.0,
        "spent_s": 252.2,
        "budget_needed_s": None,
        "server_units": {"process.cpu": "cores"},
        "steps": [step(1, 67.2), step(2, 83.0, verdict="broken", broken=["success(*) >= 99%"])],
    }
    return found | changes


def manifest(**settings: object) -> Manifest:
    """Give the manifest of a search."""
    return Manifest(
        run="0123456789abcdef",
        command="capacity",
        model="m",
        scenario="w",
        seed=1,
        status="finished",
        settings=settings,
        versions={"footfall": ff.__version__},
    )


def text_of(data: dict[str, Any], **settings: object) -> str:
    """Give the page's text without its tags."""
    page = render_capacity(capacity_page(data, manifest(**settings), []))
    body = page[page.index("</style>") :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_the_page_answers_first_and_shows_what_it_rests_on() -> None:
    """Capacity with interval, plateau, beyond, flags in words, steps, own figures of the generator."""
    text = text_of(content())
    for said in (
        "77.4 arrivals/s",
        "95 % interval 74.9 to 79.6. That is 155 requests/s.",
        "82.1 served/s",
        "throughput stays near the plateau",
        "bounded queue : only so many requests may wait",
        "never heard of : seen in the runs",
        "The capacity is that of a model.",
        "of a budget of 4.0 min: 2 steps",
        "web 77.4 74.9 to 79.6 75.0 %",
        "sms – 25.0 %",
        "1 confirm holds 20 s 67.2 134 66.5 99.1 % 51 ms 217 ms 1.5 s 0.63 cores",
        "2 broken did not hold: success(*) &gt;= 99%",
        "1 web query 67.2",
        "1 4.0 ms – – – – 12.5 % 3.20 – – no",
        "process cpu 0.6251 cores",
        "Not used, because they say nothing about a capacity: p99(lag) &lt; 1s",
    ):
        assert said in text, said


def test_a_criterion_about_the_capacity_is_judged_on_the_page() -> None:
    """With the criteria that the search was made with."""
    text = text_of(content(), criteria=["success(*) >= 99%", "capacity(*) >= 90/s"])
    assert "✗ fail" in text
    assert "capacity(*) &gt;= 90/s" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"limited_by": "generator"}, "The load generator was the limit, so the steps show no capacity"),
        ({"limited_by": "service", "held_per_s": None}, "did not hold at any rate that was played."),
        ({"limited_by": "budget"}, "Neither the service nor the load generator reached a limit"),
        ({"limited_by": "budget", "status": "partial"}, "ended before the service reached a limit."),
        ({"limited_by": "budget", "status": "running"}, "under way, or was killed"),
    ],
)
def test_without_a_capacity_the_page_says_why(changes: dict[str, Any], words: str) -> None:
    """And never a figure in its place."""
    none = {"value": None, "low": None, "high": None}
    data = content(knee_per_s=none, knee_requests_per_s=None, plateau_per_s=None, by_channel={}, **changes)
    assert words in answer_sentence(data)
    assert ("All criteria held at 67.2 arrivals/s." in answer_sentence(data)) is bool(data["held_per_s"])
    text = text_of(data)
    assert "not found" in text
    assert "77.4" not in text


def test_a_search_without_a_step_is_a_page_all_the_same() -> None:
    """It was stopped before its first."""
    none = {"value": None, "low": None, "high": None}
    data = content(
        knee_per_s=none,
        knee_requests_per_s=None,
        plateau_per_s=None,
        by_channel={},
        steps=[],
        status="partial",
    )
    text = text_of(data)
    assert "The search was stopped before its end." in text
    assert "Load steps" not in text


def test_a_step_that_was_cut_short_says_why() -> None:
    """What makes a step invalid comes before what did not hold in it."""
    assert step_reason(step(1, 5)) == ""
    assert step_reason(step(1, 5, stopped_early=True)) == "the service fell behind"
    assert step_reason(step(1, 5, broken=["a", "b"], stopped_early=True)) == "did not hold: a; b"
    assert step_reason(step(1, 5, broken=["a"], invalid_reason="it was late")) == "it was late"


def test_text_from_outside_stays_text() -> None:
    """Of a service, a scenario or a file that was made elsewhere."""
    data = content(
        target={"what": HOSTILE, "scenario": HOSTILE},
        flags=[HOSTILE],
        sentences=[HOSTILE],
        ended_by=HOSTILE,
        not_used=[HOSTILE],
        steps=[step(1, 5, purpose=HOSTILE, invalid_reason=HOSTILE, verdict="invalid", server={HOSTILE: 1.0})],
    )
    page = render_capacity(capacity_page(data, manifest(), []))
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 8


def in_folder(folder: Path, data: dict[str, Any], status: str) -> Path:
    """Write a search as its program leaves it."""
    folder.mkdir(parents=True)
    write_capacity(folder, data)
    made = manifest(host="http://127.0.0.1:9", set=[])
    write_manifest(folder, replace(made, status=status, ended_at="2026-11-30T20:00:00+00:00"))
    return folder


def test_a_report_is_made_again_from_the_files(tmp_path: Path) -> None:
    """The same page each time; a file that was changed after the search makes none."""
    folder = in_folder(tmp_path / "found", content(), "finished")
    page = ff.report(folder)
    first = page.read_text(encoding="utf-8")
    assert (folder / "capacity.svg").is_file()
    assert ff.report(folder).read_text(encoding="utf-8") == first
    (folder / "capacity.json").write_text(json.dumps(content(beyond="collapse")))
    with pytest.raises(BadInputError, match="was changed after the run"):
        ff.report(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"steps": [{"step": 1}]},
        {"steps": 3},
        {"steps": ["x"]},
        {"target": None},
        {"beyond": "no such word"},
        {"by_channel": {"web": {}}},
        {"knee_per_s": {"value": "x", "low": 1, "high": 2}},
        {"criteria": [3]},
    ],
)
def test_a_damaged_file_gets_one_line(changes: dict[str, Any], tmp_path: Path) -> None:
    """Of a search that was killed, whose files have no digests."""
    folder = in_folder(tmp_path / "found", content(), "running")
    (folder / "capacity.json").write_text(json.dumps(content(**changes)))
    with pytest.raises(BadInputError) as caught:
        ff.report(folder)
    assert "capacity.json" in str(caught.value) or "criteria" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (folder / "report.html").exists()


def test_a_load_run_is_compared_with_the_capacity_found_beside_it(tmp_path: Path) -> None:
    """Of the same scenario, model and service only, by a search that ended and whose files are its own."""
    run = tmp_path / "w" / "runs" / "1"
    load = replace(
        manifest(host="http://127.0.0.1:9"), command="load", arrivals=ArrivalCounts(due=1161, played=1161)
    )
    assert capacity_line(run, load, 60.0) == ""
    found = in_folder(tmp_path / "w" / "capacity" / "a", content(), "finished")
    said = capacity_line(run, load, 60.0)
    assert said.startswith("load: 19.4 arrivals/s on average, 25 % of the capacity of 77.4 arrivals/s (95 % ")
    assert said.endswith("interval 74.9 to 79.6) that search 0123456789abcdef found on 2026-11-30")
    for other in (
        replace(load, scenario="another"),
        replace(load, model="another"),
        replace(load, settings={"host": "http://127.0.0.1:10"}),
        replace(load, settings={"host": "http://127.0.0.1:9", "set": ["web.slots=3"]}),
        replace(load, arrivals=None),
    ):
        assert capacity_line(run, other, 60.0) == ""
    in_folder(
        tmp_path / "w" / "capacity" / "b", content(knee_per_s={"value": 1, "low": 1, "high": 1}), "partial"
    )
    assert capacity_line(run, load, 60.0) == said
    (found / "capacity.json").write_text(json.dumps(content(spent_s=3)))
    assert capacity_line(run, load, 60.0) == ""


ESTIMATE = {"value": 77.4, "low": 74.9, "high": 79.6}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"knee_per_s": ESTIMATE | {"low": "75"}}, "knee_per_s is no rate"),
        ({"knee_per_s": ESTIMATE | {"value": [77.4]}}, "knee_per_s is no rate"),
        ({"knee_per_s": ESTIMATE | {"low": 1e308, "high": 1e308}}, "knee_per_s is no rate"),
        ({"knee_per_s": ESTIMATE | {"low": 79.0, "high": 75.0}}, "knee_per_s is no rate"),
        ({"knee_per_s": ESTIMATE | {"value": None}}, "knee_per_s is no rate"),
        ({"knee_per_s": {"value": -5.0, "low": -6.0, "high": -4.0}}, "knee_per_s is no rate"),
        ({"knee_per_s": [77.4]}, "no knee_per_s"),
        ({"plateau_per_s": ESTIMATE | {"value": True}}, "plateau_per_s is no rate"),
        ({"by_channel": {"web": {"knee_per_s": ESTIMATE, "arrivals_share": 2}}}, "arrivals_share of 'web'"),
        ({"by_channel": ["web"]}, "by_channel is not by channel"),
        ({"steps": {"1": 2}}, "no steps"),
        ({"steps": [step(1, 5.0, offered_per_s="many")]}, "offered_per_s of a step is 'many'"),
    ],
)
def test_a_search_with_figures_that_cannot_be_is_neither_judged_nor_shown(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    """One line names the figure; a criterion that 1e308 arrivals a second would pass is not judged by it."""
    (tmp_path / "capacity.json").write_text(json.dumps(content()), encoding="utf-8")
    assert read_capacity(tmp_path)["knee_per_s"] == ESTIMATE
    (tmp_path / "capacity.json").write_text(json.dumps(content(**changes)), encoding="utf-8")
    with pytest.raises(BadInputError, match=reason):
        read_capacity(tmp_path)
