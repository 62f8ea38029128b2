"""The whole loop, live: at the reference service, at gunicorn and at Node, whose sleeps set their capacity.

Each takes about 80 s, mostly asleep. They are in one file, so that they never run at once.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

import footfall as ff
from benchmarks.known_services import launch
from footfall._calibrate.load_prediction import read_prediction
from footfall._load.result_files import HITS_FILE
from footfall._records.runs import digests, read_manifest
from footfall._runs.loop import Loop
from footfall._runs.loop_prediction import read_frozen
from footfall._runs.loop_records import LoopProgress

BUDGET = "75s"
START_PER_S = 15.0
WITHIN = 0.2
"""Other tests share the machine, and a minute is short; a limit of response times lies below the capacity."""


@contextmanager
def running(name: str) -> Iterator[str]:
    """Have a service of known capacity."""
    service = next(one for one in launch.SERVICES if one.name == name)
    try:
        with launch.running(service) as host:
            yield host
    except FileNotFoundError as error:
        pytest.skip(f"{error.args[0]} is not installed")


def check(done: Loop, capacity_per_s: float, progress: list[LoopProgress]) -> None:
    """See that a loop that went well or was disturbed says nothing that is wrong, and leaves its files."""
    data = json.loads((done.folder / "loop.json").read_text(encoding="utf-8"))
    assert data == json.loads(json.dumps(done.data))
    assert done.page.is_file()
    assert done.answer in done.page.read_text(encoding="utf-8")
    assert progress[-1].verdict == done.verdict.value
    assert progress[-1].answer == done.answer
    learned = [one for one in data["loads"] if one["is_learned_from"]]
    assert learned, data["ended_by"]
    assert max(one["offered_per_s"] for one in learned) < capacity_per_s
    made_before_the_runs_that_verify_it(done.folder)
    knee = data["capacity"]["knee_per_s"]
    if knee["value"] is not None:
        assert 0.5 * capacity_per_s < knee["high"]
        assert knee["low"] < (1 + WITHIN) * capacity_per_s
        if data["prediction"]["knee"] is not None:
            predicted = data["prediction"]["knee"]
            assert predicted["low"] < knee["high"] * (1 + WITHIN)
            assert predicted["high"] > knee["low"] * (1 - WITHIN)
    parts = {one["part"]: one["verdict"] for one in data["parts"]}
    assert set(parts) == {"knee", "beyond", "outage"}
    assert (done.verdict.value == "held") == (set(parts.values()) == {"held"})
    assert done.exit_code == {"held": 0, "did not hold": 1, "cannot tell": 3}[done.verdict.value]
    figures = {(one["part"], one["figure"]) for one in data["figures"]}
    for part in ("beyond", "outage"):
        if parts[part] == "held":
            assert {(part, "throughput_per_s"), (part, "success_share"), (part, "response_s_p95")} <= figures


def made_before_the_runs_that_verify_it(folder: Path) -> None:
    """The digests fit, and every run after the prediction began after it."""
    frozen = read_frozen(folder)
    for part in frozen.parts:
        assert read_prediction(folder / "predicted" / part.name).sha256 == part.sha256
    made = datetime.fromisoformat(frozen.made_at)
    for run in (folder / "knee", folder / "outage"):
        assert datetime.fromisoformat(read_manifest(run).started_at) >= made
    learned = {source.sha256 for source in frozen.learned_from}
    loads, later = (
        {digests(hits.parent, [HITS_FILE])[HITS_FILE] for hits in folder.glob(pattern)}
        for pattern in (f"loads/steps/*/{HITS_FILE}", f"knee/steps/*/{HITS_FILE}")
    )
    assert learned <= loads
    assert not learned & later


def test_the_loop_at_the_reference_service(tmp_path: Path) -> None:
    """Three workers of 40 ms: a channel fails in the outage; the service takes up to 75 a second."""
    progress: list[LoopProgress] = []
    done = ff.loop(
        model="models/services/worker_pool.py",
        serve=True,
        budget=BUDGET,
        start_rate=START_PER_S,
        out=tmp_path / "loop",
        record=tmp_path / "record.csv",
        on_progress=progress.append,
    )
    check(done, 75.0, progress)
    assert done.data["prediction"]["outage"]["kind"] == "channel fails"


@pytest.mark.parametrize("name", ["gunicorn_sync", "node_slots"])
def test_the_loop_at_a_service_that_is_not_ours(name: str, tmp_path: Path) -> None:
    """Only its address is known; the outage holds arrivals back and does not touch the service."""
    service = next(one for one in launch.SERVICES if one.name == name)
    assert service.numbers is not None
    progress: list[LoopProgress] = []
    with running(name) as host:
        done = ff.loop(
            host=host,
            url="/work",
            budget=BUDGET,
            start_rate=START_PER_S,
            out=tmp_path / "loop",
            record=tmp_path / "record.csv",
            on_progress=progress.append,
        )
    check(done, service.numbers.plateau_per_s, progress)
    assert done.data["prediction"]["outage"]["kind"] == "arrivals held back"
    assert "not touched" in done.page.read_text(encoding="utf-8")
