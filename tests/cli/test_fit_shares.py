"""`footfall fit` with a mapping of channels: from a table to shares, a forecast and a page."""

import json
from pathlib import Path

import polars as pl
import pytest

from footfall._cli.app import run

MAPPING = '[columns]\narrived = "month"\nchannel = "channel"\ncount = "cases"\n'


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Write five months of three channels, one with a name that is markup and formula at once."""
    rows = ["month,channel,cases"]
    for month in range(1, 6):
        rows += [f"2021-{month:02d},phone,{3000 - 40 * month}", f"2021-{month:02d},web,{900 + 90 * month}"]
        rows += [f"2021-{month:02d},=[red]app,{200 + 10 * month}"]
    path = tmp_path / "cases.csv"
    path.write_text("\n".join([*rows, "someday,web,3"]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    """Write the mapping."""
    path = tmp_path / "shares.toml"
    path.write_text(MAPPING + '[options]\nelectronic = ["web", "=[red]app"]\n', encoding="utf-8")
    return path


def test_shares_are_printed_written_and_drawn(
    table: Path, mapping: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Text, JSON and files hold the same forecast, whose shares add up to 1."""
    out = tmp_path / "out"
    asked = ["fit", str(table), "--map", str(mapping), "--forecast", "2"]
    assert run([*asked, "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert run([*asked, "--out", str(tmp_path / "again"), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)

    assert printed["rows_used"] + printed["rows_set_aside"] == printed["rows_read"] == 16
    shares = pl.read_csv(out / "shares.csv")
    of_channels = shares.filter(pl.col("channel") != "all electronic channels")
    sums = of_channels.group_by("month").agg(pl.col("share").sum())["share"]
    assert sums.to_list() == pytest.approx([1.0] * 7)
    assert {row["month"] for row in printed["forecast"]} == {"2021-06", "2021-07"}
    assert json.loads((out / "fit.json").read_text())["forecast"] == printed["forecast"]
    for shown in (
        "=[red]app",
        "2021-07 all electronic channels",
        "as last month",
        "too short to learn a season",
    ):
        assert shown in text
    assert "someday" in text
    assert "'=[red]app" in (out / "shares.csv").read_text()
    assert (out / "charts" / "shares.svg").is_file()
    assert "<svg" in (out / "report.html").read_text()
    assert json.loads((out / "manifest.json").read_text())["status"] == "finished"


def test_the_example_is_printed_and_used(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Its columns are those of a table of cases."""
    assert run(["fit", "--example-shares"]) == 0
    example = tmp_path / "shares.toml"
    example.write_text(capsys.readouterr().out, encoding="utf-8")
    words = ["Constituent Call", "Citizens Connect App", "Self Service", "Twitter"]
    cases = [(f"2015-{1 + k % 4:02d}-03 10:00:00", words[k // 4 % 4]) for k in range(200)]
    log = tmp_path / "cases.csv"
    pl.DataFrame(cases, schema=["open", "source"], orient="row").write_csv(log)

    assert run(["fit", str(log), "--map", str(example), "--out", str(tmp_path / "out")]) == 0
    assert "2015-07 app" in capsys.readouterr().out


def test_what_does_not_go_together_is_refused(
    table: Path, mapping: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, exit code 2, and no folder."""
    usual = tmp_path / "usual.toml"
    usual.write_text('[columns]\narrived = "month"\n', encoding="utf-8")
    out = tmp_path / "out"
    asked = ["fit", str(table), "--out", str(out)]

    for more, told in (
        (["--map", str(usual), "--forecast", "3"], "--example-shares"),
        (["--map", str(mapping), "--weekday", "monday"], "--weekday"),
        (["--map", str(mapping), "--forecast", "0"], "--forecast"),
    ):
        assert run([*asked, *more]) == 2
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1
        assert told in lines[0]
    assert not out.exists()
