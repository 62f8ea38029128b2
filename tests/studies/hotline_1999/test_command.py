"""`python -m studies.hotline_1999` on made-up calls of the bank's form."""

import json
from datetime import date, timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest

from studies.hotline_1999.command import main

FIELDS = {
    "month", "days", "offered", "wait_s_mean_recorded", "wait_s_mean_predicted", "waited_share_recorded",
    "waited_share_predicted", "abandoned_share_recorded", "abandoned_share_predicted",
    "day_correlation", "profile_correlation",
}  # fmt: skip


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write three days of calls at two agents, first come, first served, with patience of two minutes."""
    luck = Random(5)
    rows = []
    midnights = pl.date_range(date(1999, 6, 6), date(1999, 6, 8), eager=True).cast(pl.Datetime("ms"))
    for midnight in midnights:
        free_s, at_s = [28_800.0, 28_800.0], 28_800.0
        while at_s < 72_000:
            at_s += round(luck.expovariate(1 / 120))
            agent = min((0, 1), key=lambda k: free_s[k])
            wait_s = max(0.0, free_s[agent] - at_s)
            left = wait_s > 120
            service_s = round(luck.expovariate(1 / 180))
            began = midnight + timedelta(seconds=at_s + min(wait_s, 120))
            if not left:
                free_s[agent] = at_s + wait_s + service_s + 10
            came = midnight + timedelta(seconds=at_s)
            rows.append(
                {
                    "date": midnight, "type": luck.choice(["PS", "PS", "NW"]),
                    "status": "abandoned_queue" if left else "served", "priority": 2 if wait_s else 0,
                    "agent": "" if left else f"R{agent}", "vru_entry": came, "vru_exit": came,
                    "ser_start": None if left else began,
                    "ser_exit": None if left else began + timedelta(seconds=service_s),
                    "vru_s": 5, "wait_s": round(min(wait_s, 120)), "service_s": 0 if left else service_s,
                }
            )  # fmt: skip
    path = tmp_path_factory.mktemp("calls") / "calls.parquet"
    pl.DataFrame(rows).write_parquet(path)
    return path


def test_months_are_printed_as_json_with_all_their_figures(
    calls: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One object a month; the folder holds tables and charts, and the manifest says that it is whole."""
    out = tmp_path / "run"
    assert main([str(calls), "--out", str(out), "--json"]) == 0
    (month,) = json.loads(capsys.readouterr().out)
    assert set(month) >= FIELDS
    assert (month["month"], month["days"]) == ("1999-06", 3)
    assert 0 < month["wait_s_mean_predicted"] < 120
    for name in ("months", "days", "half_hours"):
        assert (out / f"{name}.csv").is_file()
        assert (out / "charts" / f"{name}.svg").is_file()
    assert json.loads((out / "manifest.json").read_text())["status"] == "finished"


def test_a_person_sees_a_row_a_month(calls: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With recorded and predicted side by side."""
    assert main([str(calls), "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "1999-06" in printed
    assert "predicted less recorded" in printed


@pytest.mark.parametrize(
    ("log", "line"),
    [
        ("absent.parquet", "absent.parquet: no such file"),
        ("empty.csv", "empty.csv"),
        ("other.csv", "other.csv: has no column 'date'"),
    ],
)
def test_wrong_input_is_one_line(
    log: str, line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With exit code 2, and no folder left behind."""
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    assert main([str(tmp_path / log), "--out", str(tmp_path / "run")]) == 2
    printed = capsys.readouterr().err
    assert line in printed
    assert printed.count("\n") == 1
    assert not (tmp_path / "run").exists()
