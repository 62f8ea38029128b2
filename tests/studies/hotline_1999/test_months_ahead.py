"""`python -m studies.hotline_1999 CALLS --inputs fitted` on two made-up months."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from studies.hotline_1999.command import main
from tests.made_calls import calls, working_days

MAY, JUNE = working_days(date(1999, 5, 2), 3), working_days(date(1999, 6, 6), 1)[:1]
FIELDS = {
    "month", "days", "days_unusual", "offered", "offered_predicted_low", "offered_predicted_high",
    "offered_last_month", "wait_s_mean_last_month", "nearer", "offered_predicted",
    "wait_s_mean_recorded", "wait_s_mean_predicted",
    "wait_s_mean_predicted_low", "wait_s_mean_predicted_high", "wait_s_mean_earlier",
    "waited_share_recorded", "waited_share_predicted", "waited_20_s_share_recorded",
    "waited_20_s_share_predicted", "abandoned_share_recorded", "abandoned_share_predicted",
    "evening_wait_s_mean_recorded", "evening_wait_s_mean_predicted", "day_correlation", "profile_correlation",
    "agents_on_duty_mean_recorded", "agents_on_duty_mean_predicted", "service_s_mean_recorded",
    "service_s_mean_predicted",
}  # fmt: skip


@pytest.fixture(scope="module")
def two_months(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write three weeks of May, and a day of June whose calls take thrice as long."""
    path = tmp_path_factory.mktemp("calls") / "calls.parquet"
    pl.concat([calls(MAY), calls(JUNE, service_s=420)]).write_parquet(path)
    return path


def foretold(path: Path, out: Path, capsys: pytest.CaptureFixture[str], *more: str) -> list[dict[str, Any]]:
    """Give the months that the command prints as JSON."""
    assert main([str(path), "--inputs", "fitted", "--out", str(out), "--json", *more]) == 0
    months: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return months


def test_a_month_is_foretold_from_the_one_before(
    two_months: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """June's longer calls were not to be known: its wait is underrated, and one sees by which input."""
    (month,) = foretold(two_months, tmp_path / "run", capsys)
    assert set(month) == FIELDS | {"wait_s_mean_difference_low", "wait_s_mean_difference_high"}
    assert (month["month"], month["days"]) == ("1999-06", 1)
    assert month["service_s_mean_recorded"] > 2 * month["service_s_mean_predicted"]
    assert month["offered_predicted"] == pytest.approx(0.75 * 3 * 3600 / 90, rel=0.1), "without IN calls"
    assert month["wait_s_mean_predicted"] < month["wait_s_mean_recorded"]
    assert month["wait_s_mean_last_month"] == pytest.approx(month["wait_s_mean_predicted"], rel=0.3)
    for name in ("months", "days", "half_hours"):
        assert (tmp_path / "run" / f"{name}.csv").is_file()
        assert (tmp_path / "run" / "charts" / f"{name}.svg").is_file()
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert (manifest["status"], manifest["settings"]["inputs"]) == ("finished", "fitted")


def test_a_person_sees_which_input_was_off(
    two_months: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second table: with its own talk June's wait would have been foretold longer by far."""
    asked = [str(two_months), "--inputs", "fitted", "--decompose", "--out", str(tmp_path)]
    assert main(asked) == 0
    printed = capsys.readouterr().out
    assert "own talk & patience" in printed
    assert "“as last month” was nearer in " in printed
    assert "“as last week” was nearer in " in printed
    month = pl.read_csv(tmp_path / "months.csv").row(0, named=True)
    assert month["wait_s_mean_own_handling"] > 1.5 * month["wait_s_mean_predicted"]
    assert month["wait_s_mean_own_arrivals"] == pytest.approx(month["wait_s_mean_predicted"], rel=0.5)
    assert {"wait_s_mean_own_staff", "wait_s_mean_own_all"} <= set(month)


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (["--inputs", "fitted"], "one.csv: has working days of one month only (1999-05)"),
        (["--inputs", "guessed"], "--inputs"),
        (["--decompose"], "--decompose: every input is the month's own already; expected --inputs fitted"),
    ],
)
def test_what_cannot_be_foretold_is_one_line(
    asked: list[str], line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With exit code 2, and no folder left behind."""
    path = tmp_path / "one.csv"
    calls(MAY[:5]).write_csv(path)
    assert main([str(path), "--out", str(tmp_path / "run"), *asked]) == 2
    printed = capsys.readouterr().err
    assert line in printed
    assert printed.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_file_that_lacks_a_column_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As without the option."""
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    assert main([str(path), "--inputs", "fitted", "--out", str(tmp_path / "run")]) == 2
    assert "other.csv: has no column 'date'" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
