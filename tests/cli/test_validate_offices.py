"""`footfall validate` on made-up snapshots of service halls."""

import json
from pathlib import Path

import pytest

from footfall.cli.app import run
from footfall.simulate.offices.calibrate import calibrated
from footfall.simulate.offices.derived import derived_text
from tests.simulate.offices.small import FIRST, LATER, SECOND, lived, offices, snapshots, some_came

MODEL_TEXT = """\
from datetime import date
from footfall.simulate.offices.derived import queues_in
from footfall.simulate.offices.spec import Offices
from footfall.model.numbers import assumed as c

WHY = "made up"
OFFICES = Offices(
    name="made_up", title="made up", calibrated_on=(date(2020, 1, 2), date(2020, 1, 3)),
    opens_s=c(28_800, WHY), closes_s=c(57_600, WHY), own_share_least=c(0.98, WHY), called_least=c(15, WHY),
    called_most_per_s=c(1 / 60, WHY), patience_s_mean=c(1e12, WHY), absent_s=c(30, WHY),
    replications=c(3, WHY), queues=queues_in({queues!r}, WHY),
)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a model of two queues and their three days."""
    made = tmp_path_factory.mktemp("halls") / "models"
    made.mkdir()
    days = [
        lived(some_came(3 * k + len(name)), 250.0 + 100 * (name == "B"), day=day, name=name)
        for name in ("A", "B")
        for k, day in enumerate((FIRST, SECOND, LATER))
    ]
    snapshots(days).write_parquet(made / "looks.parquet")
    queues = derived_text(calibrated(offices(), days, "made up"))
    (made / "halls.py").write_text(MODEL_TEXT.format(queues=queues))
    return made


def test_offices_are_printed_as_json_with_all_their_figures(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The later day alone is predicted; the folder holds tables and charts, and its manifest is whole."""
    out = tmp_path / "run"
    asked = ["validate", str(folder / "halls.py"), str(folder / "looks.parquet"), "--out", str(out), "--json"]
    assert run(asked) == 0
    printed = json.loads(capsys.readouterr().out)
    found = printed["agreement"]
    assert (found["days"], found["queues"]) == (1, 2)
    (town,) = printed["offices"]
    ratio = town["waiting_predicted"] / town["waiting_recorded"]
    assert found["waiting_predicted_ratio"] == pytest.approx(ratio)
    assert 0.2 < ratio < 5
    assert (town["office"], town["queues"]) == ("Town", 2)
    for name in ("queues", "offices", "days", "half_hours", "agreement"):
        assert (out / f"{name}.csv").is_file()
    for name in ("queues", "half_hours"):
        assert (out / "charts" / f"{name}.svg").is_file()
    assert json.loads((out / "manifest.json").read_text())["status"] == "finished"


def test_a_person_sees_a_row_an_office_and_the_plainest_guess_beside(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """That later days are as the first ones."""
    model, looks = folder / "halls.py", folder / "looks.parquet"
    assert run(["validate", str(model), str(looks), "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    for part in (
        "Town",
        "queues 2, days 1, customers",
        "waiting, predicted:",
        "waiting, first days:",
        "“as the first days” was nearer in ",
        "“as last week”: no day",
    ):
        assert part in printed


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("absent.parquet", None, "absent.parquet: no such file"),
        ("empty.csv", "", "empty.csv"),
        ("calls.csv", "date,type\n1,2\n", "calls.csv: has no column 'office'; expected office, queue_id,"),
    ],
)
def test_wrong_snapshots_are_one_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str | None, line: str
) -> None:
    """With exit code 2, and no folder left behind."""
    if text is not None:
        (tmp_path / name).write_text(text)
    out = tmp_path / "run"
    assert run(["validate", str(folder / "halls.py"), str(tmp_path / name), "--out", str(out)]) == 2
    printed = capsys.readouterr().err
    assert line in printed
    assert printed.count("\n") == 1
    assert not out.exists()


def test_a_model_with_neither_says_what_it_could_hold(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both names, in one line."""
    assert run(["validate", "models/mm3.py", str(folder / "looks.parquet")]) == 2
    printed = capsys.readouterr().err
    assert "has no HOTLINE; expected HOTLINE, as in models/bank_hotline.py, or OFFICES, as in" in printed


def test_offices_of_another_kind_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line."""
    (tmp_path / "models").mkdir()
    model = tmp_path / "models" / "odd.py"
    model.write_text("OFFICES = 3\n")
    assert run(["validate", str(model), "looks.parquet"]) == 2
    assert "OFFICES are no Offices" in capsys.readouterr().err
