"""Criteria may be asked on the command line, in place of a scenario's own or in addition to them."""

from pathlib import Path

import pytest

from footfall._cli.app import run
from footfall._criteria.lists import criteria_of
from footfall._runs.judgement import CriteriaAsked, asked_of

OWN = ("success(web.query) >= 90%",)


def test_nothing_asked_changes_nothing() -> None:
    """The scenario's own criteria hold."""
    own = criteria_of(OWN, "")
    assert asked_of(own, CriteriaAsked()) == own
    assert asked_of(own, CriteriaAsked(instead=(), also=())) == own


def test_a_file_is_asked_instead_and_lines_in_addition(tmp_path: Path) -> None:
    """Comments and empty lines of the file are no criteria."""
    own = criteria_of(OWN, "")
    file = tmp_path / "criteria.txt"
    file.write_text("# for nights\n\np95(web.*) < 2s  # at most\n", encoding="utf-8")
    marked = tmp_path / "marked.txt"
    marked.write_bytes(b"\xef\xbb\xbfp95(web.*) < 2s\r\n")  # as editors on Windows save it
    of_file, more = criteria_of("p95(web.*) < 2s", ""), criteria_of("p95(*) < 1s", "")
    assert asked_of(own, CriteriaAsked(instead=marked)) == of_file
    assert asked_of(own, CriteriaAsked(also=("p95(*) < 1s",))) == (*own, *more)
    assert asked_of(own, CriteriaAsked(instead=file, also=("p95(*) < 1s",))) == (*of_file, *more)
    assert asked_of(own, CriteriaAsked(instead="p95(*) < 1s", also=file)) == (*more, *of_file)


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
