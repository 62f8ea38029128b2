"""Criteria may be asked on the command line, instead of a scenario's own or beside them."""

from pathlib import Path

import pytest

from footfall._cli.app import run
from footfall._criteria.lists import criteria_of
from footfall._runs.judgement import asked_of
from footfall._workload.scenario import Scenario

OWN = ("success(web.query) >= 90%",)


@pytest.fixture
def scenario() -> Scenario:
    """Give a scenario with one criterion."""
    return Scenario(name="s", title="S", question="?", model="m.py", criteria=OWN)


def test_nothing_asked_changes_nothing(scenario: Scenario) -> None:
    """The scenario's own criteria hold."""
    assert asked_of(scenario, None, ()).criteria == criteria_of(OWN, "")


def test_a_file_is_asked_instead_and_lines_beside(scenario: Scenario, tmp_path: Path) -> None:
    """Comments and empty lines of the file are no criteria."""
    file = tmp_path / "criteria.txt"
    file.write_text("# for nights\n\np95(web.*) < 2s  # at most\n", encoding="utf-8")
    marked = tmp_path / "marked.txt"
    marked.write_bytes(b"\xef\xbb\xbfp95(web.*) < 2s\r\n")  # as editors on Windows save it
    assert asked_of(scenario, marked, ()).criteria == criteria_of("p95(web.*) < 2s", "")
    assert asked_of(scenario, None, ("p95(*) < 1s",)).criteria == criteria_of((*OWN, "p95(*) < 1s"), "")
    both = criteria_of(("p95(web.*) < 2s", "p95(*) < 1s"), "")
    assert asked_of(scenario, file, ("p95(*) < 1s",)).criteria == both


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("fast(web)", "criteria.txt:1: cannot parse 'fast(web)': unknown measure 'fast'"),
        ("# nothing\n", "criteria.txt: holds no criterion; expected lines such as"),
        (None, "criteria.txt: cannot be read; expected a text file"),
    ],
)
def test_a_file_without_criteria_is_refused_before_anything_is_played(
    text: str | None, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, exit code 2, no run folder."""
    file, out = tmp_path / "criteria.txt", tmp_path / "run"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    options = ("--scenario", "scenarios/ordinary_day.toml", "--serve", "--out", str(out))
    assert run(("load", *options, "--criteria", str(file))) == 2
    assert problem in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("line", ["", "# nothing", "fast(web)"])
def test_a_line_that_is_no_criterion_is_refused(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty one, too: it was meant to ask something."""
    assert run(("load", "--scenario", "scenarios/ordinary_day.toml", "--serve", "--criterion", line)) == 2
    told = capsys.readouterr().err
    assert told.startswith("footfall: --criterion")
    assert len(told.splitlines()) == 1
