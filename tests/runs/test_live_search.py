"""What Locust's page receives of a search for capacity, before, during and after its steps."""

import json
from pathlib import Path
from typing import Any

import pytest

from footfall._capacity.load_steps import CapacityAsked, PlayedStep
from footfall._capacity.reading import BISECT, CONFIRM, STRUCTURE
from footfall._capacity.step_evidence import EXPLORE, OVERLOAD, PROBE, RECOVERY
from footfall._capacity.step_figures import UNLOADED
from footfall._criteria.objects import Criterion
from footfall._records.errors import BadInputError
from footfall._runs.capacity_files import SearchState, capacity_data, write_capacity
from footfall._runs.capacity_target import CapacityWanted
from footfall._runs.live_search import PURPOSES, ReportedSearch, follow_search, wanted_of
from tests.capacity.synthetic import SyntheticService, station

ASKED = CapacityAsked(criteria=(Criterion("success(*) >= 99%"),), p95_times_unloaded=4.0, budget_s=90.0)
FROM_PAGE = {
    "job": "capacity",
    "out": "found",
    "budget": "90s",
    "scenario": None,
    "url": "/work",
    "host": "http://127.0.0.1:9",
    "serve": False,
    "criteria": ["p95(*) < 300ms"],
    "seed": 7,
    "options": {"connections": "shared"},
}


def keep(folder: Path, played: list[PlayedStep], status: str = "running") -> dict[str, Any]:
    """Write the files of a search as it does after each step."""
    target = {"what": "http://127.0.0.1:9/work", "scenario": "127.0.0.1:9"}
    state = SearchState(run="r", seed=1, target=target, status=status, budget_s=90.0, spent_s=3.0)
    data = capacity_data(state, played, None)
    write_capacity(folder, data)
    return data


def test_the_page_is_told_of_each_step_and_of_the_next(tmp_path: Path) -> None:
    """First budget and criteria; then steps with verdicts, the time of the end, and what is played next."""
    said: list[tuple[str, Any]] = []
    reported = ReportedSearch(wanted_of(FROM_PAGE), tmp_path, lambda word, data: said.append((word, data)))
    service = SyntheticService(station(slots=3))
    played: list[PlayedStep] = []
    for number in range(1, 4):
        planned = reported.next_step(tuple(played), ASKED, spent_s=10.0 * number)
        assert planned is not None
        word, last = said[-1]
        assert word == "live"
        assert last["step"]["number"] == number
        assert last["now"] == PURPOSES[planned.purpose]
        assert [each["step"] for each in last["steps"]] == list(range(1, number))
        played.append(service.play(planned))
        keep(tmp_path, played)
    assert [word for word, _ in said] == ["ready"] + ["live"] * 6
    about = said[0][1]
    assert about["title"] == "Capacity: http://127.0.0.1:9/work"
    assert (about["budget_s"], about["criteria"]) == (90.0, ["success(*) >= 99%"])
    lives = [data for word, data in said if word == "live"]
    ends = [live["ends_unix_s"] for live in lives]
    assert ends[0] - ends[-1] == pytest.approx(20, abs=2)
    assert {"value", "low", "high"} == set(lives[-1]["knee_per_s"])
    assert {each["verdict"] for each in lives[-1]["steps"]} <= {"holds", "broken", "undecided", "invalid"}
    assert json.loads(json.dumps(lives, allow_nan=False)) == lives
    reported.findings(tuple(played), ASKED)
    assert said[-1][1]["now"] == "working out what the steps show"
    reported.end(keep(tmp_path, played, "partial"), "")
    word, last = said[-1]
    assert (word, last["is_final"], last["answer"], last["status"]) == ("over", True, "not found", "partial")


def test_each_purpose_of_a_step_is_said_in_words() -> None:
    """Those of the search, and no others."""
    purposes = {BISECT, CONFIRM, EXPLORE, OVERLOAD, PROBE, RECOVERY, STRUCTURE, UNLOADED}
    assert set(PURPOSES) == purposes


def test_what_the_page_asks_for_is_what_the_command_would_be_asked() -> None:
    """The same names and values; a budget that is no time is one line."""
    assert wanted_of(FROM_PAGE) == CapacityWanted(
        url="/work",
        host="http://127.0.0.1:9",
        criteria=("p95(*) < 300ms",),
        budget_s=90.0,
        seed=7,
        options={"connections": "shared"},
        out=Path("found"),
    )
    with pytest.raises(BadInputError, match="Budget"):
        wanted_of(FROM_PAGE | {"budget": "soon"})


def test_a_search_that_cannot_begin_is_never_ready(tmp_path: Path) -> None:
    """No service answers: one line, and nothing is written."""
    said: list[str] = []
    with pytest.raises(BadInputError, match="unreachable"):
        follow_search(wanted_of(FROM_PAGE | {"out": str(tmp_path / "x")}), lambda word, _: said.append(word))
    assert set(said) == {"phase"}
    assert not (tmp_path / "x").exists()
