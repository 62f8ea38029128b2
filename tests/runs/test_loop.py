"""A loop that ends before its time, its page and its words; the whole of it is in test_loop_live.py."""

import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from footfall._chart.loop_story import render_story
from footfall._chart.style import Stamp, rate_text
from footfall._records.errors import BadInputError
from footfall._runs.capacity_target import CapacityWanted
from footfall._runs.loop import LoopWanted, run_loop
from footfall._runs.loop_files import read_loop
from footfall._runs.loop_page import LoopEvidence, loop_story, outage_by_second
from footfall._runs.loop_records import LoopProgress, PhaseState
from footfall._runs.loop_text import LoopPrinter, summary_lines
from tests.runs.test_capacity import close, served

RECORDED = Path(__file__).parent / "recorded_loop.json"
"""Of a loop at gunicorn with three workers, with a budget of two and a half minutes."""
STAMP = Stamp(run="a1", seed=1, version="0")


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    """What a whole loop left."""
    return dict(json.loads(RECORDED.read_text(encoding="utf-8")))


# ── Ended before its time


def wanted(host: str, out: Path) -> LoopWanted:
    """A loop at a service that serves one request after the other, 50 a second."""
    search = CapacityWanted(
        host=host,
        url="/work",
        criteria=("success(*) >= 99%", "p95(*) < 300ms"),
        budget_s=75.0,
        start_per_s=10.0,
        out=out,
        options={"control": False},
    )
    return LoopWanted(search=search, record=out.parent / "record.csv")


def test_a_service_that_dies_is_a_result(tmp_path: Path) -> None:
    """It dies after the first load: the answer says so, nothing is said to hold, and the page is there."""
    with served() as server:

        def on_progress(progress: LoopProgress) -> None:
            running = progress.running
            if running is not None and len(running.lines) == 2:
                close(server)

        done = run_loop(wanted(server.host, tmp_path / "loop"), on_progress=on_progress)
    assert done.verdict.value == "cannot tell"
    assert "no service answers" in done.answer
    assert (done.exit_code, done.was_stopped) == (3, False)
    assert read_loop(done.folder)["verdict"] == "cannot tell"
    assert done.page.is_file()


def test_a_loop_that_is_stopped_leaves_what_it_has_found(tmp_path: Path) -> None:
    """Ctrl-C after the second load: the loads are in the file, the phases to come are left out."""

    def on_progress(progress: LoopProgress) -> None:
        running = progress.running
        if running is not None and len(running.lines) == 3:
            raise KeyboardInterrupt

    with served() as server:
        done = run_loop(wanted(server.host, tmp_path / "loop"), on_progress=on_progress)
    data = read_loop(done.folder)
    assert done.was_stopped
    assert data["status"] == "partial"
    assert len(data["loads"]) >= 1
    assert [one["state"] for one in data["phases"]] == ["failed", *["left out"] * 6]
    assert data["answer"] == "The capacity is not known: it was stopped."


def test_what_cannot_be_asked_is_refused_before_a_folder_is_made(tmp_path: Path) -> None:
    """A budget that is too small; a service that does not answer; a model without a request server."""
    out = tmp_path / "loop"
    cases = {
        "--budget": CapacityWanted(host="http://127.0.0.1:9", url="/", budget_s=20.0, out=out),
        "unreachable": CapacityWanted(host="http://127.0.0.1:9", url="/", budget_s=90.0, out=out),
        "nothing to learn from": CapacityWanted(model="models/mm3.py", serve=True, budget_s=90.0, out=out),
        "nothing to load": CapacityWanted(budget_s=90.0, out=out),
    }
    for words, search in cases.items():
        with pytest.raises(BadInputError, match=words):
            run_loop(LoopWanted(search=search))
    assert not out.exists()


# ── The page


def page_of(data: dict[str, Any]) -> str:
    """Render a page without the evidence of the runs."""
    return render_story(loop_story(data, STAMP, LoopEvidence(), "0"))


def test_the_page_begins_with_the_answer_and_tells_five_parts(recorded: dict[str, Any]) -> None:
    """Each has a heading; the pictures of what was sent, predicted, measured and compared are there."""
    page = page_of(recorded)
    texts = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]+>", " ", page, flags=re.DOTALL)
    assert texts.index(recorded["answer"]) < texts.index("1. What we sent")
    heads = re.findall(r"<h2>(\d)\. ([^<]+)</h2>", page)
    assert [number for number, _ in heads] == ["1", "2", "3", "4", "5"]
    assert page.count("<svg") == 4  # that of the fit needs the runs
    assert not re.findall(r'(?:src|href)="(?!#)', page)


def test_a_page_shows_no_more_than_the_loop_has_reached(recorded: dict[str, Any]) -> None:
    """Without a search there is no picture of it, and without a figure none is compared."""
    cut = recorded | {"capacity": None, "figures": [], "parts": [], "steps": [], "outage": None}
    cut |= {
        "verdict": "cannot tell",
        "answer": "The capacity is not known: it was stopped.",
        "reason": "stopped",
    }
    page = page_of(cut)
    assert "4." not in re.findall(r"<h2>(\d\.)", page)
    assert "Cannot tell" in page
    nothing = cut | {"prediction": None, "learned": None, "loads": [], "criteria": []}
    assert page_of(nothing).count("<h2>") == 1


def test_a_predicted_capacity_without_an_upper_end_is_said_to_be_one(recorded: dict[str, Any]) -> None:
    """The loads left the number of slots open; charts and sentences say "or more"."""
    knee = recorded["prediction"]["knee"] | {"high": None}
    page = page_of(recorded | {"prediction": recorded["prediction"] | {"knee": knee}})
    known = f"{rate_text(knee['value'])} arrivals/s or more (at least {rate_text(knee['low'])})"
    for said in ("Capacity", "Predicted: it takes"):
        assert f"{said} {known}" in page


def test_names_from_outside_are_escaped(recorded: dict[str, Any]) -> None:
    """A URL may hold anything."""
    page = page_of(recorded | {"target": {"what": "GET <b>/work", "scenario": ""}})
    assert "<b>/work" not in page


def test_the_outage_is_drawn_second_by_second() -> None:
    """What came and what was served add up, seconds without any included."""
    visits = pl.DataFrame(
        {"due_s": [0.2, 0.9, 3.5], "ended_s": [0.4, 3.9, 4.2], "outcome": ["served", "served", "rejected"]}
    )
    table = outage_by_second(visits, {"from_s": 1.0, "to_s": 3.0})
    assert table["second"].to_list() == [0, 1, 2, 3]
    assert table["came_per_s"].to_list() == [2, 0, 0, 1]
    assert table["served_per_s"].to_list() == [1, 0, 0, 1]
    assert table["is_outage"].to_list() == [False, True, True, False]


# ── Words


def test_what_is_printed_at_the_end_fits_a_terminal(recorded: dict[str, Any]) -> None:
    """The answer, the main figures, the page: about ten lines of 80 columns, whatever the verdict."""
    for verdict in ("held", "did not hold", "cannot tell"):
        lines = list(summary_lines(recorded | {"verdict": verdict, "reason": "the outage: off"}, "loop.html"))
        assert len(lines) <= 10
        assert max(map(len, lines)) <= 80
        assert lines[-1] == "page: loop.html"


def test_each_line_of_the_progress_is_printed_once(recorded: dict[str, Any]) -> None:
    """Phases as they begin, with the time left, and their lines as they come."""
    said: list[str] = []
    printer = LoopPrinter(said.append)
    phases = recorded["phases"]
    for count in range(len(phases) + 1):
        states = [
            one | {"state": "done" if number < count else "waiting"} for number, one in enumerate(phases)
        ]
        printer(LoopProgress(folder="f", left_s=90.0, phases=tuple(PhaseState(**one) for one in states)))
    assert said.count(f"{phases[0]['title']} (1:30 left)") == 1
    assert len(said) == len(phases) + sum(len(one["lines"]) for one in phases)
