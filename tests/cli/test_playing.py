"""The whole loop on a small province: play at the real service, predict, judge, report."""

import json
import shutil
import xml.etree.ElementTree as ET
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from footfall._cli.app import run
from footfall._load.result_files import read_result
from footfall._records.runs import read_manifest
from footfall._records.server_rows import SERVER_ROWS, read_server_rows
from footfall._records.tables import ARRIVALS, HITS, MEASURES, REPLICATIONS, VISITS, read_csv, read_parquet
from footfall._workload.trace import ARRIVALS_FILE

TOP = Path(__file__).parents[2]
SCENARIO = """
from footfall._workload.scenario import OutagePart, Scenario

SCENARIO = Scenario(
    name="small",
    title="Small",
    question="Does the loop close?",
    model="models/guangxi.py",
    changes=(("population", 4_000_000),),
    outages=(OutagePart(channel="web", from_share=0.0, to_share=0.5),) if {outage} else (),
    window_s=8,
    speed=1,
    human_time_factor=0.01,
    criteria={criteria},
)
"""
LATE = "p99(lag) < 1s else invalid"
"""Tests run beside each other: the generator may be late by more than a run of its own would be."""
CRITERIA = ("success(*.query) >= 60%", "success(web.*) >= 80%", "p95(sms.*) < 20s", LATE)


class Played:
    """A run folder, what was said, and the exit code."""

    def __init__(self, folder: Path, code: int, data: dict[str, Any]) -> None:
        """Keep all three."""
        self.folder, self.code, self.data = folder, code, data


def play(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    *options: str,
    outage: bool = False,
    criteria: tuple[str, ...] = CRITERIA,
) -> Played:
    """Play the small scenario at the reference service."""
    folder.mkdir()
    file = folder / "small.py"
    file.write_text(SCENARIO.format(outage=outage, criteria=criteria), encoding="utf-8")
    out = folder / "run"
    arguments = ("load", "--scenario", str(file), "--serve", "--out", str(out), "--json", *options)
    code = run(arguments)
    return Played(out, code, json.loads(capsys.readouterr().out))


def check_server_figures(played: Played) -> None:
    """The service's figures are on the run's clock, in both files, the manifest and what is printed."""
    rows = read_server_rows(played.folder)
    assert read_csv(played.folder / "server.csv", SERVER_ROWS).height == rows.height
    record, length_s = read_manifest(played.folder).server, read_result(played.folder).played_s
    assert record is not None
    assert rows["second"].is_between(-2.0, length_s).all()
    assert played.data["server"]["figures"] == [asdict(each) for each in record.figures]
    for source, name in (("process", "cpu"), ("process", "memory_rss"), ("service", "web.busy")):
        figure = record.figure(source, name)
        assert figure is not None
        assert 0 <= figure.least <= figure.mean <= figure.most
        assert figure.samples >= length_s / 2
    assert (played.folder / "charts" / "server.svg").is_file()


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in the project's top folder, as a user does."""
    monkeypatch.chdir(TOP)


@pytest.mark.usefixtures("workspace")
def test_a_played_run_accounts_for_every_arrival_and_can_be_judged_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counts add up to the trace, both worlds have the same arrivals, gate and report repeat the verdict."""
    played = play(tmp_path / "a", capsys)
    trace = read_parquet(played.folder / ARRIVALS_FILE, ARRIVALS)
    counts = played.data["arrivals"]
    assert counts == {
        "due": trace.height,
        "played": trace.height,
        "failed": 0,
        "broken": 0,
        "not_sent": 0,
        "lost": 0,
    }
    for name in ("visits.parquet", "visits-measured.parquet"):
        visits = read_parquet(played.folder / name, VISITS)
        first = visits.filter(visits["attempt"] == 1)
        assert first["customer"].sort().to_list() == trace["customer"].sort().to_list()
    assert read_parquet(played.folder / "hits.parquet", HITS).height > trace.height
    worlds = read_csv(played.folder / "measures.csv", MEASURES)["world"].unique().to_list()
    assert sorted(worlds) == ["measured", "predicted"]
    table = read_csv(played.folder / "predicted.csv", REPLICATIONS)
    assert table["replication"].unique().to_list() == list(range(played.data["replications"]))
    whole = table.filter((table["channel"] == "*") & (table["operation"] == "*"))
    visits = read_parquet(played.folder / "visits.parquet", VISITS)
    assert whole["visits"][0] == visits.height
    assert whole["served"][0] == (visits["outcome"] == "served").sum()
    total = next(row for row in played.data["comparison"] if row["channel"] == row["operation"] == "*")
    assert total["predicted_success_share"] == pytest.approx(whole["success_share"].mean())
    low, high = total["predicted_success_share_low"], total["predicted_success_share_high"]
    assert low < total["predicted_success_share"] < high
    manifest = read_manifest(played.folder)
    assert manifest.status == "finished"
    assert manifest.verdict == played.data["verdict"]
    check_server_figures(played)
    cases = ET.parse(played.folder / "junit.xml").getroot().findall(".//testcase")  # noqa: S314  our own file
    assert len(cases) == len(played.data["criteria"])

    assert run(("gate", str(played.folder))) == played.code
    assert capsys.readouterr().out.strip().splitlines()[-1] == f"verdict: {manifest.verdict}"
    page = played.folder / "report.html"
    page.unlink()
    assert run(("report", str(played.folder))) == 0
    assert str(manifest.verdict) in page.read_text(encoding="utf-8").lower()
    copy = tmp_path / "copy"
    shutil.copytree(played.folder, copy)
    assert run(("gate", str(copy))) == played.code
    # A limit so far above what the generator itself takes that the run stays valid.
    assert run(("gate", str(copy), "--criterion", "mean(*) < 150ms")) == 1


@pytest.mark.usefixtures("workspace")
def test_an_outage_fails_the_run_and_its_spill_is_predicted_and_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The web hall fails its criterion; other channels get visits that they would not have had.

    Of a dozen visits one outage says little, unless failures in a row are declared impossible.
    """
    criteria = (*CRITERIA[:1], "success(web.*) >= 90% episodes 1", *CRITERIA[2:])
    played = play(tmp_path / "a", capsys, outage=True, criteria=criteria)
    assert (played.data["verdict"], played.code) == ("fail", 1)
    spill = [row for row in played.data["spill"] if row["channel"] != "web"]
    assert sum(row["predicted_spill_visits"] for row in spill) > 0
    assert sum(row["measured_spill_visits"] for row in spill) > 0
    assert (played.folder / "charts" / "spillover.svg").exists()


@pytest.mark.usefixtures("workspace")
def test_a_generator_that_is_blocked_makes_the_run_invalid(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Blocked 200 ms in every second, it cannot vouch for anybody's times: exit code 3."""
    stalls = ("--stall-s", "0.2", "--stall-every-s", "1")
    played = play(tmp_path / "a", capsys, *stalls, criteria=(*CRITERIA[:-1], "p99(lag) < 100ms else invalid"))
    assert (played.data["verdict"], played.code) == ("invalid", 3)
    assert played.data["lag_s"]["p99"] > 0.1
