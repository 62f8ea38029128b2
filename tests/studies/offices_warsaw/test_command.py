"""`python -m studies.offices_warsaw`, and the same on made-up snapshots of service halls."""

import json
from pathlib import Path

import pytest

from studies.offices_warsaw.calibrate import calibrated
from studies.offices_warsaw.command import main, validate
from studies.offices_warsaw.derived import derived_text, queues_in
from studies.offices_warsaw.spec import Offices
from tests.made_up import number
from tests.studies.offices_warsaw.small import FIRST, LATER, SECOND, lived, offices, snapshots, some_came


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> tuple[Offices, Path]:
    """Give a town of two queues, calibrated on its first days, and the snapshots of its three days."""
    days = [
        lived(some_came(3 * k + len(name)), 250.0 + 100 * (name == "B"), day=day, name=name)
        for name in ("A", "B")
        for k, day in enumerate((FIRST, SECOND, LATER))
    ]
    path = tmp_path_factory.mktemp("halls") / "looks.parquet"
    snapshots(days).write_parquet(path)
    queues = queues_in(derived_text(calibrated(offices(), days, "made up")), "made up")
    return offices().model_copy(update={"queues": queues, "replications": number(3)}), path


def test_offices_are_printed_as_json_with_all_their_figures(
    town: tuple[Offices, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The later day alone is predicted; the folder holds tables and charts, and its manifest is whole."""
    out = tmp_path / "run"
    validate(*town, 1, out, as_json=True)
    printed = json.loads(capsys.readouterr().out)
    found = printed["agreement"]
    assert (found["days"], found["queues"]) == (1, 2)
    (office,) = printed["offices"]
    ratio = office["waiting_predicted"] / office["waiting_recorded"]
    assert found["waiting_predicted_ratio"] == pytest.approx(ratio)
    assert 0.2 < ratio < 5
    assert (office["office"], office["queues"]) == ("Town", 2)
    for name in ("queues", "offices", "days", "half_hours", "agreement"):
        assert (out / f"{name}.csv").is_file()
    for name in ("queues", "half_hours"):
        assert (out / "charts" / f"{name}.svg").is_file()
    assert json.loads((out / "manifest.json").read_text())["status"] == "finished"


def test_a_person_sees_a_row_an_office_and_the_plainest_guess_beside(
    town: tuple[Offices, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """That later days are as the first ones."""
    validate(*town, 1, tmp_path, as_json=False)
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
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str | None, line: str
) -> None:
    """With exit code 2, and no folder left behind."""
    if text is not None:
        (tmp_path / name).write_text(text)
    out = tmp_path / "run"
    assert main([str(tmp_path / name), "--out", str(out)]) == 2
    printed = capsys.readouterr().err
    assert line in printed
    assert printed.count("\n") == 1
    assert not out.exists()
