"""`footfall simulate --months` writes its tables and its chart, and refuses what could have no effect."""

import json
from pathlib import Path

import polars as pl
import pytest

from footfall._cli.app import run

TOP = Path(__file__).parents[2]
ONE_COUNTER = """
from footfall._choice.choice_situations import calibrated
from footfall._model.population import Adoption, Province, Slope, Trust, Upgrade
from footfall._model.model import Model, ShareDefinition
from footfall._model.numbers import assumed
from models.mm3 import MODEL as COUNTER

def c(value):
    return assumed(value, "example")

def slope(value, factor=1.0):
    return Slope(value=c(value), range_factor=c(factor))

ADOPTION = Adoption(
    start_share=c(0.76),
    habit_loss_per_month=slope(0.1),
    trust=Trust(gain_per_success=slope(0), loss_per_failure=slope(0)),
    awareness={},
    upgrade=Upgrade(utility_gain=slope(0.3, 2), failure_factor=slope(1), cutover_utility_loss=slope(0.1),
                    cutover_failure_factor=slope(1)),
    provinces=(Province(name="here", population_share=c(1), upgrade_month=c(3)),),
)
(HALL,) = COUNTER.channels
WEB = HALL.model_copy(update={"name": "web", "nest": "electronic"})
OF_WEB = ShareDefinition(name="of_web", text="web of all", electronic=("web",), counted=("web", "hall"),
                         operations=("query",))
NONE = COUNTER.share_definitions[0].model_copy(update={"counted": ("web", "hall")})
NESTS = {"physical": c(1), "electronic": c(1)}
TWO = COUNTER.model_copy(update={
    "name": "two", "channels": (HALL, WEB), "share_definitions": (OF_WEB, NONE), "adoption": ADOPTION,
    "choice": COUNTER.choice.model_copy(update={"dissimilarity": NESTS}),
})
MODEL = calibrated(TWO, {"query": {"hall": c(0.24), "web": c(0.76)}})
"""
TABLES = {"months.csv", "segments.csv", "provinces.csv", "manifest.json", "charts"}


@pytest.fixture(autouse=True)
def workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in the project's top folder, as a user does."""
    monkeypatch.chdir(TOP)


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Write a model of one counter and one web page that spreads by its upgrade alone."""
    file = tmp_path_factory.mktemp("workspace") / "two.py"
    file.write_text(ONE_COUNTER, encoding="utf-8")
    return str(file)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that must be refused; gives its one line."""
    assert run(arguments) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    return line


def test_months_write_tables_and_a_chart_with_its_csv(
    model_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All definitions in months.csv, the asked one in the chart; the finding is one line."""
    out = tmp_path / "run"
    asked = ("--months", "6", "--futures", "40", "--kpi", "78%", "--out", str(out))
    assert run(("simulate", model_file, *asked)) == 0
    told = capsys.readouterr().out
    assert {path.name for path in out.iterdir()} == TABLES
    assert {path.name for path in (out / "charts").iterdir()} == {
        "electronic_share_by_month.csv",
        "electronic_share_by_month.svg",
    }
    months = pl.read_csv(out / "months.csv")
    assert months.height == 2 * 7
    drawn = pl.read_csv(out / "charts" / "electronic_share_by_month.csv")
    assert drawn.equals(months.filter(pl.col("definition") == "of_web"))
    assert drawn["electronic_share_p50"][0] == pytest.approx(0.76, abs=1e-9)
    assert drawn["upgraded_share"].to_list() == [0, 0, 0, 1, 1, 1, 1]
    assert drawn["met_share"][2] == 0
    assert drawn["met_share"][6] == 1
    assert "an electronic share of 78.0 % is more likely than not from month 3 on; in month 6" in told
    assert "with probability 100.0 % (91.2 % – 100.0 %)" in told
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["status"] == "finished"
    assert manifest["share_definition"] == "of_web: web of all"
    assert manifest["settings"]["months"] == 6


def test_json_holds_the_months_and_nothing_else_is_printed(
    model_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the names and units of the table; the KPI may be a plain share."""
    asked = ("--months", "4", "--futures", "20", "--kpi", "0.8", "--out", str(tmp_path / "run"), "--json")
    assert run(("simulate", model_file, *asked)) == 0
    data = json.loads(capsys.readouterr().out)
    assert len(data["months"]) == 2 * 5
    first = data["months"][0]
    assert (first["definition"], first["month"], first["futures"], first["kpi_share"]) == (
        "of_web",
        0,
        20,
        0.8,
    )
    assert {"electronic_share_p05", "electronic_share_p95", "met_share_low", "met_share_high"} <= first.keys()
    assert data["finding"].startswith("an electronic share of 80.0 %")


def test_the_same_seed_gives_the_same_months_and_a_set_number_changes_them(
    model_file: str, tmp_path: Path
) -> None:
    """The month of the upgrade is a number of the model like any other."""
    for name, more in (
        ("a", ()),
        ("b", ()),
        ("c", ("--set", "here.upgrade_month=5")),
        ("d", ("--seed", "2")),
    ):
        asked = ("--months", "5", "--futures", "20", "--out", str(tmp_path / name), *more)
        assert run(("simulate", model_file, *asked)) == 0
    a, b, c, d = ((tmp_path / name / "months.csv").read_bytes() for name in "abcd")
    assert a == b
    assert a not in {c, d}


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--futures", "50"), "--futures: requires --months N"),
        (("--kpi", "80%"), "--kpi: requires --months N"),
        (
            ("--months", "3", "--replications", "5"),
            "--replications: does not apply to --months; expected the option without --months",
        ),
        (("--months", "3", "--kpi", "most"), "--kpi most: is not a share; expected such as 80% or 0.8"),
        (("--months", "3", "--kpi", "80"), "--kpi 80: is not a share; expected such as 80% or 0.8"),
        (("--months", "3", "--kpi", "0%"), "--kpi 0%: is not a share; expected such as 80% or 0.8"),
        (("--months", "0"), "simulate: Invalid value for '--months'"),
        (("--months", "3", "--futures", "5"), "simulate: Invalid value for '--futures'"),
        (("--months", "3", "--share", "mine"), "--share mine: no such definition in the model"),
        (("--months", "3", "--set", "start_share=1"), "adoption.start_share: no choice of two gives"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_is_written(
    model_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], line: str
) -> None:
    """One line, exit code 2, no folder."""
    out = tmp_path / "run"
    assert refused(capsys, "simulate", model_file, "--out", str(out), *options).startswith(
        f"footfall: {line}"
    )
    assert not out.exists()


def test_a_model_without_adoption_has_no_months(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what is missing."""
    out = tmp_path / "run"
    line = refused(capsys, "simulate", "models/mm3.py", "--months", "12", "--out", str(out))
    assert line.startswith("footfall: model mm3: has no adoption data, so its months cannot be simulated")
    assert not out.exists()


def test_a_definition_without_electronic_channels_has_a_share_of_nothing(
    model_file: str, tmp_path: Path
) -> None:
    """0 %, and no KPI is met."""
    asked = ("--months", "2", "--futures", "20", "--share", "none", "--out", str(tmp_path / "run"))
    assert run(("simulate", model_file, *asked)) == 0
    drawn = pl.read_csv(tmp_path / "run" / "charts" / "electronic_share_by_month.csv")
    assert drawn["electronic_share_p95"].to_list() == [0.0] * 3
    assert drawn["futures_met"].to_list() == [0] * 3
