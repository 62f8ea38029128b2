"""What Locust's page shows of a whole loop while it lasts, and at its end."""

import json
from pathlib import Path
from typing import Any

import pytest

from footfall._records.errors import BadInputError
from footfall._runs.capacity_target import CapacityWanted
from footfall._runs.live_loop import ReportedLoop, follow_loop
from footfall._runs.loop_records import LoopProgress, PhaseState, PhaseStatus


def progress(state: PhaseStatus, verdict: str | None = None, answer: str = "") -> LoopProgress:
    """Give a loop in its first phase, or after it."""
    phases = (
        PhaseState(name="loads", title="Loads", state=state, spent_s=12.3456789, lines=("a", "b")),
        PhaseState(name="learn", title="Learn", state="waiting"),
    )
    return LoopProgress(folder="found", left_s=60.0, phases=phases, verdict=verdict, answer=answer)


def test_the_page_shows_each_phase_and_the_verdict(tmp_path: Path) -> None:
    """First what was asked for, then each state; what was found comes with the files at the end."""
    said: list[tuple[str, Any]] = []
    wanted = CapacityWanted(host="http://127.0.0.1:9", url="/work", budget_s=300.0, seed=3, out=tmp_path)
    reported = ReportedLoop(wanted, lambda word, data: said.append((word, data)))
    reported(progress("running"))
    reported(progress("done", "held", "It held."))
    reported.end("finished")
    assert [word for word, _ in said] == ["ready", "live", "live", "over"]
    about, first, _, last = (data for _, data in said)
    assert about == {
        "title": "The whole loop: http://127.0.0.1:9/work",
        "budget_s": 300.0,
        "seed": 3,
        "folder": "found",
    }
    assert (first["is_final"], first["verdict"], first["phases"][0]["state"]) == (False, "", "running")
    assert first["phases"][0]["lines"] == ["a", "b"]
    assert last["ends_unix_s"] >= first["ends_unix_s"]
    assert (last["is_final"], last["verdict"], last["status"]) == (True, "held", "finished")
    assert last["answer"] == "It held."
    assert json.loads(json.dumps(said)) == [list(each) for each in said]


def test_a_loop_that_cannot_begin_is_never_ready(tmp_path: Path) -> None:
    """No service answers: one line, and nothing is written."""
    said: list[str] = []
    wanted = CapacityWanted(host="http://127.0.0.1:9", url="/work", out=tmp_path / "x")
    with pytest.raises(BadInputError, match="unreachable"):
        follow_loop(wanted, lambda word, _: said.append(word))
    assert set(said) == {"phase"}
    assert not (tmp_path / "x").exists()
