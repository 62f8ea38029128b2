"""`footfall trace --from-log`: a log's own times, scaled or sped up, and every row accounted for."""

import json
from pathlib import Path

import polars as pl
import pytest

from footfall._cli.app import run
from footfall._workload.trace import read_trace

TOP = Path(__file__).parents[2]
LINE = 'h - - [09/Aug/1995:{h:02}:{m:02}:{s:02} -0400] "GET {path} HTTP/1.0" 200 1'
SECONDS = [36_000, 36_001, 36_001, 36_007, 50_000, 50_003]


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a log of six requests, two of them for payments, and a row that is none."""
    monkeypatch.chdir(TOP)
    lines = [
        LINE.format(h=s // 3600, m=s // 60 % 60, s=s % 60, path=("/pay/", "/a", "/b")[k % 3])
        for k, s in enumerate(SECONDS)
    ]
    path = tmp_path / "access.log"
    path.write_text("\n".join([*lines, "nonsense"]), encoding="utf-8")
    return path


def trace(log: Path, *options: str) -> int:
    """Make a trace of the log."""
    return run(
        (
            "trace",
            "--scenario",
            "ordinary_day",
            "--from-log",
            str(log),
            "--out",
            str(log.parent / "t"),
            *options,
        )
    )


def test_recorded_times_are_replayed_exactly(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At the speed and the hour at which they came, each as an errand; every row has a fate."""
    assert trace(log, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["log"] == {
        "name": "access.log",
        "form": "lines with a time in brackets",
        "rows": 7,
        "unreadable": 1,
        "first_unreadable": 7,
        "unreadable_example": "nonsense",
        "unmatched": 0,
        "unmatched_examples": [],
        "by_rule": {"*=web.query": 6},
    }
    found = read_trace(log.parent / "t")
    assert found.arrivals["due_s"].to_list() == [s - 36_000 for s in SECONDS]
    assert found.info.play.starts_s == 36_000
    assert found.arrivals.select("channel", "operation").unique().rows() == [("web", "query")]


def test_a_log_is_sped_up_and_cut_to_its_busiest_window(log: Path) -> None:
    """Ten seconds hold four requests; at five times the speed they are due within two."""
    assert trace(log, "--window", "10", "--speed", "5") == 0
    assert read_trace(log.parent / "t").arrivals["due_s"].to_list() == pytest.approx([0, 0.2, 0.2, 1.4])


def test_an_hour_is_one_of_the_log(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From then on to the end; an hour without requests is refused."""
    assert trace(log, "--at-hour", "12") == 0
    assert read_trace(log.parent / "t").arrivals["due_s"].to_list() == [6800, 6803]
    assert trace(log, "--at-hour", "20") == 2
    assert "the log has no requests then" in capsys.readouterr().err


def test_scale_leaves_requests_out_and_more_at_less(log: Path) -> None:
    """The same ones at every scale, and more."""
    customers = []
    for scale in ("0.5", "0.8", "1"):
        assert trace(log, "--scale", scale, "--overwrite") == 0
        customers += [set(read_trace(log.parent / "t").arrivals["customer"])]
    assert customers[0] <= customers[1] <= customers[2] == set(range(len(SECONDS)))
    assert customers[0] != customers[2]


def test_a_log_holds_no_more_than_its_requests(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Three times a log would be requests that nobody made; a model's customers can be drawn."""
    assert trace(log, "--scale", "3") == 2
    assert (
        "a log cannot give more arrivals than it has requests; expected at most 1" in capsys.readouterr().err
    )


def test_rules_name_the_errands_and_the_rest_is_told(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Payments are recharges; nothing else comes."""
    assert trace(log, "--as", "/pay/*=web.recharge") == 0
    said = capsys.readouterr().out
    for line in (
        "7 rows = 2 requests + 4 that no rule names + 1 without a readable time",
        "2 by --as '/pay/*=web.recharge'",
        "no rule names '/a', '/b'",
        "the first without a readable time is line 7: 'nonsense'",
    ):
        assert line in said
    arrivals = read_trace(log.parent / "t").arrivals
    assert arrivals["operation"].unique().to_list() == ["recharge"]
    assert arrivals.filter(pl.col("at_s") < 36_000).is_empty()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--as", "web.fly"), "no operation 'fly'"),
        (
            ("--as", "/nowhere/*=web.query"),
            "no request matches a rule; paths of the log: '/pay/', '/a', '/b'",
        ),
        (("--time-format", "%Q"), "no format of date and time|no row has a time"),
        (("--time-column", "when"), "has no column|no row has a time"),
    ],
)
def test_what_cannot_be_replayed_gets_one_line(
    log: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], told: str
) -> None:
    """And no trace."""
    plain = "time,path\n2020-01-01 10:00:00,/\n" if "when" in options else log.read_text(encoding="utf-8")
    log.write_text(plain, encoding="utf-8")
    assert trace(log, *options) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("footfall: ")
    assert any(each in error for each in told.split("|"))
    assert not (log.parent / "t" / "trace.json").exists()


def test_with_a_rule_for_the_rest_the_number_of_each_is_told(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that a pattern that matches nothing shows."""
    rules = ("--as", "/pay=web.recharge", "--as", "*=web.query")
    assert trace(log, *rules) == 0
    said = capsys.readouterr().out
    assert "0 by --as '/pay=web.recharge'" in said
    assert "6 by --as '*=web.query'" in said


def test_options_of_a_log_without_one_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They could have no effect."""
    monkeypatch.chdir(TOP)
    options = ("--scenario", "ordinary_day", "--as", "web.query", "--out", str(tmp_path))
    assert run(("trace", *options)) == 2
    assert "--as: requires --from-log LOG" in capsys.readouterr().err
