"""A scenario is played from a test: real service, real Locust, and a verdict to assert."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import psutil
import pytest

from footfall._cli.app import run as footfall
from footfall._measure.verdict import Verdict
from footfall._records.runs import read_manifest
from footfall.pytest_plugin.played import read_run
from tests.pytest_plugin.inner import Session, session, workspace

TESTS = """
    import pytest

    @pytest.fixture(scope="module")
    def run(footfall_run):
        also = "error(*) <= 50% episodes 1"
        return footfall_run("small", window="4s", seed=3, changes={"web.slots": 48}, also=also)

    def test_passes(run):
        assert run.passed
        assert run.verdict == "pass"
        assert [each.criterion for each in run.criteria][2:] == [
            "success(*.query) >= 50% episodes 1", "error(*) <= 50% episodes 1", "p99(lag) < 50ms else invalid"
        ]

    def test_has_the_account_of_every_arrival(run):
        assert run.arrivals.due == run.arrivals.played > 10
        assert 0 <= run.lag_s.p50 <= run.lag_s.p99 <= run.lag_s.max

    def test_has_the_measures_of_both_worlds(run):
        for world in ("measured", "predicted"):
            total = run.measure("*", world)
            assert total.visits >= run.arrivals.due
            assert 0 < total.response_s_p50 <= total.response_s_p95
            assert total.visits > run.measure("*.query", world).visits > 0
        assert run.report.is_file()

    def test_knows_no_channel_of_another_name(run):
        with pytest.raises(KeyError, match=r"measured fax.query: none of .*web.query"):
            run.measure("fax.query")

    def test_is_told_of_when_it_fails(run):
        assert run.measure("*").served == -1

    def test_fails(footfall_run):
        run = footfall_run("small", window=4, criteria=["p95(*) < 1ms", "p99(lag) < 1s else invalid"])
        assert run.verdict == "pass"
"""


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Run a session that plays twice and keeps its runs."""
    folder = workspace(tmp_path_factory.mktemp("inner") / "ws")
    # From another folder than the rootdir, which is where the scenarios are.
    elsewhere = folder.parent
    return session(folder, TESTS, "--footfall-out=kept", "--junitxml=junit.xml", "-rA", cwd=elsewhere)


def cases(played: Session) -> dict[str, ET.Element]:
    """Give the test cases of a session by name."""
    root = ET.parse(played.folder.parent / "junit.xml").getroot()  # noqa: S314  our own file
    return {str(case.get("name")): case for case in root.iter("testcase")}


def test_a_scenario_is_played_and_what_came_of_it_can_be_asserted(played: Session) -> None:
    """Verdict, criteria, account, lag and measures are there; only the tests that ask for too much fail."""
    failed = [name for name, case in cases(played).items() if case.find("failure") is not None]
    assert failed == ["test_is_told_of_when_it_fails", "test_fails"], played.words
    assert played.code == 1


def test_a_failed_verdict_tells_why(played: Session) -> None:
    """The report of the test holds every criterion with its reason, and where the report is."""
    told = played.words.rpartition("test_fails ____")[2].partition("= PASSES")[0]
    assert "FAIL      p95(*) < 1ms" in told
    assert "visits, 95 % bounds" in told
    assert "success(*.query) >= 50% episodes 1" not in told, "criteria are asked instead of the scenario's"
    assert "played, 0 failed, 0 not sent" in told
    assert str(Path("kept", "small-2", "report.html")) in told


def test_a_run_of_a_whole_module_is_shown_by_every_test_that_fails_with_it(played: Session) -> None:
    """It was played for an earlier test, and is still told of."""
    told = played.words.partition("test_is_told_of_when_it_fails ____")[2].partition("test_fails ____")[0]
    assert "small: pass" in told


def test_runs_are_kept_below_the_folder_that_is_named(played: Session) -> None:
    """From the folder where pytest was started; each has its manifest and its own number."""
    kept = played.folder.parent / "kept"
    assert sorted(path.name for path in kept.iterdir()) == ["small-1", "small-2"]
    manifests = [read_manifest(path) for path in sorted(kept.iterdir())]
    assert [(each.status, each.verdict) for each in manifests] == [("finished", "pass"), ("finished", "fail")]
    assert manifests[0].seed == 3
    assert manifests[0].settings["play"]["length_s"] == 4
    assert manifests[0].settings["set"] == ["web.slots=48"]


def test_junit_says_in_which_test_a_scenario_was_played(played: Session) -> None:
    """The verdict is a property of the test that played it, and of no other."""
    properties = {
        name: [str(each.get("value")) for each in case.iter("property")]
        for name, case in cases(played).items()
    }
    told = {name: values for name, values in properties.items() if values}
    assert list(told) == ["test_passes", "test_fails"]
    assert told["test_passes"][0].startswith("<small: pass, all ")
    assert "small-2" in told["test_fails"][0]


def test_an_invalid_run_has_not_passed(played: Session, capsys: pytest.CaptureFixture[str]) -> None:
    """What a run that cannot be trusted comes to is neither pass nor fail."""
    folder = played.folder.parent / "kept" / "small-1"
    asked = played.folder / "asked.txt"
    asked.write_text("p99(lag) < 0.000001ms else invalid\n", encoding="utf-8")
    assert footfall(("gate", str(folder), "--criteria", str(asked), "--json")) == 3
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    run = read_run(folder, "small", told)
    assert run.verdict is Verdict.INVALID
    assert not run.passed
    assert "INVALID   p99(lag) < 0.000001ms" in str(run)
    assert repr(run).startswith("<small: invalid, p99(lag) < 0.000001ms else invalid: arrivals started ")


def test_what_cannot_be_played_fails_the_test_with_one_line(tmp_path: Path) -> None:
    """No traceback; the line says what is wrong and what was expected."""
    wrong = {
        '"smal"': "footfall: --scenario smal: no such scenario; expected one of small",
        '"small", window="2 parsecs"': "footfall: --window 2 parsecs: is not a duration; expected seconds",
    }
    tests = "\n".join(f"def test_{k}(footfall_run): footfall_run({call})" for k, call in enumerate(wrong))
    told = session(workspace(tmp_path / "ws"), tests)
    assert told.code == 1
    assert [line for line in wrong.values() if line not in told.words] == [], told.words
    assert "Traceback" not in told.words
    assert "call.py" not in told.words


def test_a_workspace_that_is_not_there_is_named(tmp_path: Path) -> None:
    """`footfall_workspace` is a folder, counted from the rootdir."""
    tests = 'def test_it(footfall_run): footfall_run("small")'
    told = session(tmp_path / "ws", tests, ini="footfall_workspace = nowhere")
    assert told.code == 1
    assert f"footfall_workspace {tmp_path / 'ws' / 'nowhere'}: no such file or directory" in told.words


def test_a_run_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    """The test fails, and neither Locust nor the service is left behind."""
    tests = 'def test_it(footfall_run): footfall_run("small", timeout_s=10)'
    told = session(workspace(tmp_path / "ws"), tests, "--footfall-out=kept")
    assert told.code == 1
    assert "footfall load: has not ended after timeout_s=10" in told.words
    kept = str(tmp_path / "ws" / "kept")
    assert [each.pid for each in psutil.process_iter() if kept in " ".join(_words(each))] == []


def _words(process: psutil.Process) -> list[str]:
    try:
        words: list[str] = process.cmdline()
    except psutil.Error:
        return []
    return words
