"""The commands do what the documentation says."""

import json
from pathlib import Path

import pytest

from footfall._cli.app import COMMANDS, run
from footfall._records.tables import MEASURES, VISITS, read_csv, read_parquet

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
SMALLEST = str(TOP / "models" / "mm3.py")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_is_in_the_documentation(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is secret, and each option says what it does."""
    assert run((name, "--help")) == 0
    told = capsys.readouterr().out
    assert f"footfall {name}" in told
    assert f"`footfall {name}" in PAGE


def test_the_help_lists_all_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """Also when nothing is asked for; on a terminal of 80 columns no line is broken."""
    assert run(()) == 0
    told = capsys.readouterr().out
    assert all(f"  {name}" in told for name in COMMANDS)
    assert [line for line in told.splitlines() if len(line) > 80] == []


def test_simulate_writes_visits_measures_and_charts(tmp_path: Path) -> None:
    """The tables have the columns of their kind, every chart has its CSV, the manifest is finished."""
    out = tmp_path / "day"
    assert run(("simulate", SMALLEST, "--seed", "3", "--out", str(out))) == 0
    visits = read_parquet(out / "visits.parquet", VISITS)
    measures = read_csv(out / "measures.csv", MEASURES)
    assert measures.filter((measures["channel"] == "hall") & (measures["operation"] == "query"))[
        "visits"
    ].to_list() == [visits.height]
    charts = {path.stem for path in (out / "charts").glob("*.svg")}
    assert len(charts) >= 5
    assert charts == {path.stem for path in (out / "charts").glob("*.csv")}
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["status"], manifest["seed"]) == ("finished", 3)


def test_json_holds_the_same_figures_with_their_units(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--json` prints nothing else on stdout."""
    assert run(("simulate", SMALLEST, "--out", str(tmp_path / "day"), "--json", "--replications", "3")) == 0
    data = json.loads(capsys.readouterr().out)
    (row,) = [m for m in data["measures"] if (m["channel"], m["operation"]) == ("hall", "query")]
    assert row["visits"] == data["visits"]
    assert {"success_share", "success_share_low", "wait_s_mean", "response_s_p95"} <= row.keys()
    days = {day["quantity"]: day for day in data["days"]}
    assert days["success_share(hall.query)"]["replications"] == 3
    assert days["wait_s_mean(hall.query)"]["mean_low"] < days["wait_s_mean(hall.query)"]["mean_high"]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    """A run can be made again."""
    for name, seed in (("a", "7"), ("b", "7"), ("c", "8")):
        assert run(("simulate", SMALLEST, "--seed", seed, "--out", str(tmp_path / name))) == 0
    a, b, c = ((tmp_path / name / "visits.parquet").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_show_prints_every_number_with_grade_and_source(capsys: pytest.CaptureFixture[str]) -> None:
    """And what was set for this run says so."""
    assert run(("show", SMALLEST, "--json", "--set", "hall.room=12")) == 0
    numbers = {row["path"]: row for row in json.loads(capsys.readouterr().out)}
    assert all(row["grade"] and row["source"] for row in numbers.values())
    assert numbers["channels.hall.station.room"] == {
        "path": "channels.hall.station.room",
        "value": 12.0,
        "grade": "set",
        "source": "set for this run",
    }
