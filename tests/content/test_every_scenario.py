"""Every scenario of the workspace can be read and fits its model, and Locust runs it."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall._criteria.lists import Vocabulary, check_names
from footfall._load.result_files import read_result
from footfall._measure.verdict import EXIT_CODES, Verdict
from footfall._runs.make_trace import make_trace, model_of, scenario_of
from footfall._service.server import Service
from footfall._service.settings import ServiceSettings
from footfall._workload.scenario import pace_of, read_scenario, scenario_files, with_outages
from footfall._workload.trace import read_info

TOP = Path(__file__).parents[2]
FOLDER = TOP / "scenarios"
NAMES = tuple(scenario_files(FOLDER))
START_S_MAX = 60


@pytest.fixture(autouse=True)
def _in_the_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths of models and scenarios are those of the workspace."""
    monkeypatch.chdir(TOP)


def test_the_ordinary_ones_are_there() -> None:
    """A usual day, a busy one, and one on which something breaks."""
    assert {"ordinary_day", "bill_day", "web_outage"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_fits_its_model_and_asks_for_something_that_can_be_judged(name: str) -> None:
    """Its changes and outages are possible, its criteria are criteria about channels that exist."""
    scenario = read_scenario(name, FOLDER)
    assert scenario.name == name != scenario.title
    assert scenario.question.endswith("?")
    model = with_outages(model_of(scenario), scenario, pace_of(scenario, 36_000))
    known = Vocabulary(channels=[channel.name for channel in model.channels], operations=model.operations)
    assert scenario.criteria
    check_names(scenario.criteria, known, name)


def test_locust_finds_the_users_in_the_workspaces_locustfile() -> None:
    """A user for each kind of station, by one import."""
    said = locust("-f", "locustfile.py", "--list")
    assert {"WebUser", "SmsUser", "HotlineUser", "CounterUser", "KioskUser"} <= set(said.stdout.split())


def locust(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run Locust in the workspace."""
    return subprocess.run(
        [sys.executable, "-m", "locust", *arguments],
        cwd=TOP,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | environment,
        check=False,
    )


@pytest.fixture
def host(tmp_path: Path) -> Iterator[str]:
    """Address of the reference service, as in the ordinary day's busiest minutes."""
    trace = make_trace(scenario_of("ordinary_day", None, window_s=20, scale=0.05), 1)
    ready = threading.Event()
    service = Service(
        ServiceSettings(
            model=trace.played,
            seed=1,
            database=str(tmp_path / "service.sqlite"),
            subscribers=trace.info.subscribers,
            port=0,
            on_ready=lambda _port: ready.set(),
        )
    )
    thread = threading.Thread(target=service.run, daemon=True)
    thread.start()
    try:
        assert ready.wait(START_S_MAX)
        yield f"http://127.0.0.1:{service.port}"
    finally:
        service.stop()
        thread.join(START_S_MAX)


def test_the_workspaces_locustfile_makes_a_scenarios_trace_and_runs_it(host: str, tmp_path: Path) -> None:
    """`locust -f locustfile.py` with nothing but a scenario: the trace is made on the way."""
    run_dir = tmp_path / "run"
    said = locust(
        *("-f", "locustfile.py", "--headless", "--only-summary", "--host", host),
        *("--scenario", "ordinary_day", "--window", "20", "--scale", "0.05", "--run-dir", str(run_dir)),
    )
    # So few visits cannot decide the scenario's criteria; a headless run ends with its verdict.
    verdict = Verdict(json.loads((run_dir / "verdict.json").read_text(encoding="utf-8"))["verdict"])
    assert said.returncode == EXIT_CODES[verdict], said.stderr
    result = read_result(run_dir)
    info = read_info(run_dir / "trace.json")
    assert info.scenario == "ordinary_day"
    assert info.play.length_s == 20
    assert result.status == "finished"
    assert result.arrivals.played == result.arrivals.due == info.arrivals > 10
    assert result.visits_served / result.visits > 0.8
