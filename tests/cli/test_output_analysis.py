"""Days until they are enough, the same days with a change, and where a start ends."""

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from footfall._cli.app import run
from footfall._measure.summary import ShareRule
from footfall._model.changes import set_text
from footfall._records.runs import read_manifest
from footfall._runs import day_tables, messages, replicate
from footfall._runs.content import share_definition
from footfall._runs.replicate import Plan, key_figures
from footfall._simulate.day import simulate_day
from footfall._stats.intervals import paired
from footfall._stats.precision import Precision
from models.mm3 import MODEL

SMALLEST = str(Path(__file__).parents[2] / "models" / "mm3.py")
WAIT = "wait_s_mean(hall.query)"


@pytest.fixture(scope="module")
def definition() -> ShareRule:
    """The model's own."""
    return share_definition(MODEL, None)[1]


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Days until the waits and successes are within 30 %, through the command."""
    out = tmp_path_factory.mktemp("days") / "run"
    arguments = ("simulate", SMALLEST, "--precision", "30%", "--replications", "40", "--out", str(out))
    assert run(arguments) == 0
    return out


def test_days_stop_when_every_key_figure_is_precise(stopped: Path) -> None:
    """Each declared figure is within 30 %, and the last one has just looked ahead."""
    days = pl.read_csv(stopped / "days.csv")
    declared = days.filter("declared")
    assert set(declared["quantity"]) == {WAIT, "success_share(hall.query)"}
    assert (declared["half_width"] <= 0.3 * declared["mean"]).all()
    last = max(declared["reached_at"].to_list())
    assert days["replications"].unique().to_list() == [last + 5]
    assert last + 5 < 40
    asked = read_manifest(stopped).settings
    assert (asked["precision"], asked["replications"]) == (0.3, 40)


def test_the_days_are_those_of_one_process(stopped: Path, definition: ShareRule) -> None:
    """Whatever the number of workers, and however many had begun when there were enough."""
    each = pl.read_csv(stopped / "day_by_day.csv").filter(pl.col("quantity") == WAIT)
    alone = [key_figures(definition, simulate_day(MODEL, 1, k))[WAIT] for k in range(each.height)]
    assert each["value"].to_list() == alone
    assert each["replication"].to_list() == list(range(each.height))


def test_what_is_not_reached_is_said_with_what_it_would_take(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mean wait within 1 % takes thousands of days; the figures are right all the same: exit code 0."""
    more = ("--precision", "0.01", "--replications", "15", "--figure", "wait_s_mean(*)")
    assert run(("simulate", SMALLEST, "--out", str(tmp_path / "run"), *more)) == 0
    told = capsys.readouterr().out
    assert (
        "precision: 1 of 1 figures not within ± 1.0 % of the mean after 15 days: wait_s_mean(hall.query)"
        in told
    )
    row = pl.read_csv(tmp_path / "run" / "days.csv").filter(pl.col("quantity") == WAIT).row(0, named=True)
    assert row["reached_at"] is None
    assert row["replications_needed"] > 1000
    assert f"about {row['replications_needed']:,} days" in told
    assert "not asked" in told


def test_a_figure_that_only_one_day_has_is_never_reached() -> None:
    """It has no half-width, and is shown without one."""
    days = [{"wait_s_mean(a.b)": 2.0, "success_share(a.b)": 1.0}, *[{"success_share(a.b)": 1.0}] * 20]
    plan = Plan(replications=21, precision=Precision(relative=0.05))
    rows = {row["quantity"]: row for row in replicate.over_days(days, plan)}
    assert rows["success_share(a.b)"]["reached_at"] == 10
    assert rows["wait_s_mean(a.b)"]["reached_at"] is None
    assert "not within" in day_tables.precision_line(list(rows.values()), Precision(relative=0.05))
    assert messages.time(2.0, rows["wait_s_mean(a.b)"]["half_width"]) == "2.0 s ± ?"


def test_a_fourth_clerk_shortens_the_wait_and_pairing_narrows_the_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On common random numbers the wait falls for sure, and the interval is narrower than an unpaired one.

    Erlang C: 160 s with three clerks, 31 s with four; the difference lies in the interval.
    """
    out = tmp_path / "run"
    arguments = ("simulate", SMALLEST, "--versus", "hall.clerks=4", "--replications", "8", "--out", str(out))
    assert run((*arguments, "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    (row,) = [row for row in told["versus"] if row["quantity"] == WAIT]
    assert row["difference_low"] <= -129 <= row["difference_high"] < 0
    assert row["half_width"] < row["unpaired_half_width"]
    assert row["variance_reduction"] > 1.2
    assert pl.read_csv(out / "versus.csv").height == len(told["versus"])
    assert read_manifest(out).settings["versus"] == ["hall.clerks=4"]


def test_a_change_that_changes_nothing_makes_no_difference(definition: ShareRule) -> None:
    """The same customers have the same luck in both: every difference is exactly 0."""
    same = set_text(MODEL, "hall.clerks=3")
    days = [key_figures(definition, simulate_day(MODEL, 5, k)) for k in range(2)]
    found = replicate.differences(days, replicate.changed_days(2, same, 5, definition))
    assert WAIT in found
    assert all(tuple(each.interval) == (0, 0) for each in found.values())


def test_two_days_are_said_to_tell_nothing() -> None:
    """And what is the same on every day is counted, not listed; ten days need no such words."""
    found = {WAIT: paired([150.0, 170.0], [30.0, 35.0]), "wait_s_mean(hall.other)": paired([0, 0], [0, 0])}
    assert [name for name, *_ in day_tables.versus_rows(found)] == [WAIT]
    same, caution, _ = day_tables.versus_lines(found)
    assert same.startswith("1 more quantity is the same on every day")
    assert caution.startswith("caution: 2 days can tell nothing")
    assert len(day_tables.versus_lines({WAIT: paired([150.0, 170.0] * 5, [30.0, 35.0] * 5)})) == 1


@pytest.mark.parametrize(
    ("value", "half_width", "words"),
    [
        (2.34, 0.42, "2.3 ± 0.4 s"),
        (0.5664, 0.0401, "566 ± 40 ms"),
        (0.5664, 0.0011, "566.4 ± 1.1 ms"),
        (152.1, 155.0, "2.5 ± 2.6 min"),
        (748.0, 2.0, "12.467 ± 0.033 min"),
        (0.0, 0.0, "0.0 ± 0.0 ms"),
        (2.34, None, "2.3 s ± ?"),
        (None, None, "–"),
    ],
)
def test_a_time_has_as_many_digits_as_its_half_width_bears(
    value: float | None, half_width: float | None, words: str
) -> None:
    """In one unit; two figures of a half-width that begins with 1 to 3.54, else one."""
    assert messages.time(value, half_width) == words


def test_shares_and_differences_are_told_with_theirs() -> None:
    """Percent, points of percent with a sign, and bounds that are not even."""
    assert messages.share(0.96063, 0.0002) == "96.063 ± 0.020 %"
    assert messages.share(0.5, None) == "50.0 % ± ?"
    assert messages.difference_of("success_share(a.b)")(-0.0123, 0.005) == "-1.2 ± 0.5 pt"
    assert messages.difference_of("wait_s_mean(a.b)")(0.5, 0.06) == "+500 ± 60 ms"
    assert messages.with_bounds(0.98, 0.976, 0.983) == "98.0 % (97.6–98.3)"
    assert messages.with_bounds(None, None, None) == "–"


def test_a_single_day_is_told_with_half_widths_within_the_day(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the table, in the JSON and in intervals.csv; every number fits a line of 100 columns."""
    assert run(("simulate", SMALLEST, "--out", str(tmp_path / "run"))) == 0
    told = capsys.readouterr().out.splitlines()
    (row,) = [line for line in told if line.startswith("hall")]
    assert row.count("±") == 2
    assert "(99.2–100.0)" in row
    assert len(row.rstrip()) <= 100
    assert any("batch means" in line for line in told)
    intervals = pl.read_csv(tmp_path / "run" / "intervals.csv")
    (low,) = intervals.filter(channel="hall", operation="query")["wait_s_mean_low"]
    measures = pl.read_csv(tmp_path / "run" / "measures.csv")
    assert low < measures.filter(channel="hall", operation="query")["wait_s_mean"].item()


def test_warmup_draws_welchs_plot_and_says_what_to_leave_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three days of an even stream, empty at midnight: less than half is cut, means have half-widths."""
    folders = [str(tmp_path / f"{seed}") for seed in (1, 2, 3)]
    for seed, folder in enumerate(folders, 1):
        assert run(("simulate", SMALLEST, "--seed", str(seed), "--out", folder)) == 0
    capsys.readouterr()
    asked = ("warmup", *folders, "--quantity", "wait", "--channel", "hall", "--out", str(tmp_path / "plot"))
    assert run((*asked, "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["settled"]
    assert told["cut_visits"] < told["visits"] / 2
    assert told["rest_s_half_width"] > 0
    assert (tmp_path / "plot" / "welch.svg").exists()
    table = pl.read_csv(tmp_path / "plot" / "welch.csv")
    assert table.columns == ["channel", "visit", "mean_s", "moving_average_s"]
    assert run(asked) == 0
    assert "warm-up: " in capsys.readouterr().out


Refused = Callable[..., str]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    """Run a command that must be refused; gives its line."""

    def check(*arguments: str) -> str:
        assert run(arguments) == 2
        return capsys.readouterr().err.strip().splitlines()[-1]

    return check


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ("--precision", "5percent"),
            "--precision 5percent: is not a share of the mean; expected such as 5%",
        ),
        (("--precision", "0%"), "is not a share of the mean"),
        (("--precision", "5"), "is not a share of the mean"),
        (("--precision", "-5%"), "is not a share of the mean"),
        (("--precision", "nan"), "is not a share of the mean"),
        (("--precision", "5%", "--replications", "14"), "expected 15 or more: 10, and 5 that must agree"),
        (("--figure", "wait*"), "requires --precision 5%"),
        (("--precision", "5%", "--figure", "waits"), "--figure waits: matches no key figure of the model"),
        (("--versus", "hall.clerks"), "--versus hall.clerks: not an assignment"),
        (("--versus", "fax.lines=3"), "--versus fax.lines: no such number in the model"),
        (("--versus", "hall.clerks=4", "--replications", "1"), "too few for --versus; expected 2 or more"),
        (("--versus", "hall.clerks=4", "--precision", "5%"), "--versus: cannot be combined with --precision"),
    ],
)
def test_what_cannot_be_asked_of_days_is_refused(
    refused: Refused, tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    """In one line, before anything is written."""
    out = tmp_path / "run"
    assert words in refused("simulate", SMALLEST, "--out", str(out), *options)
    assert not out.exists()


def test_a_warm_up_is_not_looked_for_where_there_is_none(refused: Refused, tmp_path: Path) -> None:
    """No run, an unknown channel, the same run twice."""
    one = str(tmp_path / "one")
    assert "no such file" in refused("warmup", one)
    assert run(("simulate", SMALLEST, "--out", one)) == 0
    assert "--channel web: has no visits" in refused("warmup", one, "--channel", "web")
    assert "holds the same visits as" in refused("warmup", one, one)
    few = str(tmp_path / "few")
    assert run(("simulate", SMALLEST, "--set", "population=20", "--out", few)) == 0
    assert "visits are too few; expected 100 or more" in refused("warmup", few)
