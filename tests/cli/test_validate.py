"""`footfall validate` on made-up calls: with a model, without one, and what it refuses."""

import doctest
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from footfall._cli.app import run
from footfall._runs.content import models_in
from footfall._runs.validate import validate as validate_log
from tests.made_calls import calls, working_days

MAPPING = """
[columns]
arrived = "vru_exit"
began = "ser_start"
wait_s = "wait_s"
service_s = "service_s"
outcome = "status"
class = "type"
agent = "agent"

[outcomes]
served = ["served"]
abandoned = ["abandoned_queue"]

[options]
class_rows_least = 1
"""
MONDAYS = [day for day in working_days(date(1999, 5, 2), 12) if day.weekday() == 0]
FIGURES = ["arrivals", "wait_s_mean", "abandoned_share"]
Refused = Callable[..., str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write twelve Mondays of few calls, a mapping, and a model fitted to the first six."""
    made = tmp_path_factory.mktemp("validate")
    log = calls(MONDAYS, between_s=300)
    log.write_csv(made / "calls.csv")
    log.filter(pl.col("date").dt.date() < MONDAYS[6]).write_csv(made / "first.csv")
    (made / "map.toml").write_text(MAPPING)
    asked = ["fit", str(made / "first.csv"), "--map", str(made / "map.toml"), "--out", str(made / "fitted")]
    assert run(asked) == 0
    return made


def validate(folder: Path, *more: str, model: str | None = "fitted/model.toml") -> list[str]:
    """Give the command on the whole log with the fewest days simulated."""
    paths = [str(folder / name) for name in (model, "calls.csv") if name]
    return ["validate", *paths, "--map", str(folder / "map.toml"), "--replications", "39", *more]


def test_a_fitted_model_predicts_the_days_after_those_that_it_was_fitted_to(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Six of the twelve; figures, inputs and days are told in JSON and lie in files, with a chart."""
    out = tmp_path / "run"
    assert run(validate(folder, "--json", "--out", str(out))) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["days_tested"], found["first_day"]) == (6, str(MONDAYS[6]))
    assert found["fitted_to"].startswith(f"6 days, {MONDAYS[0]}")
    assert [each["figure"] for each in found["figures"]] == FIGURES
    for each in found["figures"]:
        assert each["inside"] >= 4
        assert each["inside_share_low"] < each["inside"] / each["days"] <= each["inside_share_high"]
        assert each["as_last_week"]["cases"] == 6
    assert [each["input"] for each in found["inputs"]] == ["arrivals", "staff", "service times", "patience"]
    assert found["cause"] is None
    assert found["notes"] == []
    days = pl.read_csv(out / "days.csv")
    assert days.height == len(found["days"]) == 6
    inside = pl.col("arrivals_recorded").is_between("arrivals_low", "arrivals_high")
    assert days.filter(inside).height == found["figures"][0]["inside"]
    assert {path.name for path in out.iterdir()} == {
        "days.csv", "figures.csv", "inputs.csv", "manifest.json", "charts",
    }  # fmt: skip
    assert (out / "charts" / "days.svg").is_file()
    assert json.loads((out / "manifest.json").read_text())["status"] == "finished"


def test_without_a_model_the_first_days_make_one(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person sees a row for each day, what lies inside, the naive forecast, the inputs and the cause."""
    assert run(validate(folder, "--from", str(MONDAYS[8]), "--out", str(tmp_path), model=None)) == 0
    told = capsys.readouterr().out
    for part in (
        f"fitted to 8 days, {MONDAYS[0]} to {MONDAYS[7]}; 4 days predicted",
        f"Mon {MONDAYS[9]}",
        "4 days inside their 95 % interval (",
        "“as last week” was nearer in ",
        "service times",
        "No figure is off by more than chance",
    ):
        assert part in told


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Refused:
    """Run a command that must be refused; gives its one line."""

    def check(asked: list[str]) -> str:
        assert run([*asked, "--out", str(tmp_path / "run")]) == 2
        *noted, line = capsys.readouterr().err.strip().splitlines()
        assert all(each.endswith("…") for each in noted)
        assert not (tmp_path / "run").exists()
        return line

    return check


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (["--split", "1.5"], "--split 1.5: out of range; expected a share between 0 and 1, such as 0.7"),
        (["--split", "0.95"], "--split 0.95: of 12 days, 11 would be fitted and 1 tested"),
        (["--from", "soon"], "--from soon: is not a date; expected a date such as 2024-06-30"),
        (["--from", "1999-12-31"], "--from 1999-12-31: no day of the log is on or after it"),
        (["--from", "1999-05-03"], "--from 1999-05-03: 0 days of the log are before it"),
        (
            ["--from", "1999-06-07", "--split", "0.5"],
            "--from: names the first day to test, and so does --split",
        ),
        (["--replications", "10"], "--replications 10: too few; expected 39 or more"),
    ],
)
def test_a_split_that_cannot_be_is_one_line(
    folder: Path, refused: Refused, more: list[str], line: str
) -> None:
    """With exit code 2, and no folder left behind."""
    assert line in refused(validate(folder, *more, model=None))


def test_a_model_is_not_tested_on_the_days_that_it_was_fitted_to(folder: Path, refused: Refused) -> None:
    """They are left out; here none is left."""
    asked = ["validate", str(folder / "fitted/model.toml"), str(folder / "first.csv")]
    line = refused([*asked, "--map", str(folder / "map.toml")])
    assert "0 days are left to test the model on" in line


@pytest.mark.parametrize(
    ("model", "line"),
    [
        ("models/bank_hotline.py", "became a study of its own; expected in Footfall's repository: python -m"),
        ("models/guangxi.py", "expected a model as `footfall fit` writes it"),
        ("models/mm3.py", "its station is a counters, and the mapping's station is 'hotline'"),
        ("models/absent.py", "models/absent.py: no such file"),
    ],
)
def test_a_model_of_another_form_is_one_line(
    folder: Path, refused: Refused, model: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a model of a former study is told where that study is."""
    monkeypatch.chdir(Path(__file__).parents[2])
    assert line in refused(["validate", model, str(folder / "calls.csv"), "--map", str(folder / "map.toml")])


def test_a_copy_of_a_former_study_is_told_where_it_is(folder: Path, tmp_path: Path, refused: Refused) -> None:
    """By what the file holds, whatever it is called."""
    own = tmp_path / "own.py"
    own.write_text("from footfall._simulate.hotline.spec import Hotline\n\nHOTLINE = Hotline()\n")
    line = refused(["validate", str(own), str(folder / "calls.csv")])
    assert "python -m studies.hotline_1999 CALLS" in line


def test_files_next_to_the_model_that_are_damaged_or_missing_are_said(
    folder: Path, tmp_path: Path, refused: Refused
) -> None:
    """A damaged one is refused with its name."""
    copy = tmp_path / "model.toml"
    copy.write_text((folder / "fitted/model.toml").read_text())
    (tmp_path / "fit.json").write_text('{"days": [1]}')
    asked = ["validate", str(copy), str(folder / "calls.csv"), "--map", str(folder / "map.toml")]
    assert "fit.json: damaged" in refused(asked)


def test_no_log_or_no_mapping_is_one_line(folder: Path, refused: Refused) -> None:
    """With what to type."""
    assert "LOG: no log is named" in refused(["validate", str(folder / "fitted/model.toml")])
    assert "--map: no mapping is given" in refused(["validate", str(folder / "calls.csv")])


def test_the_models_of_weekdays_are_those_next_to_the_model(folder: Path, tmp_path: Path) -> None:
    """In the folder `weekdays`, as `footfall fit` writes them; files of other names are left alone."""
    text = (folder / "fitted/model.toml").read_text()
    (tmp_path / "weekdays").mkdir()
    for name in ("model", "weekdays/monday", "weekdays/someday"):
        (tmp_path / f"{name}.toml").write_text(text)
    model, weekdays = models_in(tmp_path / "model.toml")
    assert list(weekdays) == ["monday"]
    assert weekdays["monday"].fingerprint() == model.fingerprint()


def test_the_example_of_the_function_is_true(folder: Path) -> None:
    """What its docstring shows, on the same log."""
    known = {"calls": folder / "calls.csv", "mapping": folder / "map.toml"}
    (example,) = doctest.DocTestFinder(recurse=False).find(validate_log, "validate", globs=known)
    assert doctest.DocTestRunner().run(example, clear_globs=False).failed == 0
    assert example.examples
    found = example.globs["found"]
    assert repr(found).startswith("<Validation of calls: 6 days, 1999-")
    html = replace(found, notes=("<i>",))._repr_html_()
    for words in ("arrivals a day", "mean wait", "abandoned", "of 6 days", "staff as recorded", "&lt;i&gt;"):
        assert words in html
    assert "<i>" not in html
