"""`footfall fit` from a plain table to a model that runs, and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from footfall._cli.app import run
from footfall._model.numbers import Grade
from footfall._runs.content import model_in
from footfall._workload.log_mapping import EXAMPLE, read_mapping

Refused = Callable[..., str]

MAPPING = """
[columns]
arrived = "time"
wait_s = "wait"
service_s = "talk"
outcome = "result"
class = "topic"
agent = "agent"

[outcomes]
served = ["answered"]
abandoned = ["hung up"]
ignored = ["test"]

[options]
short_service_s = 10
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with a log of two weeks and its mapping: a few bad rows among good ones."""
    rng = np.random.default_rng(1)
    n = 4000
    at_s = np.sort(rng.integers(0, 14, n) * 86_400 + rng.normal(12 * 3600, 2 * 3600, n))
    left = rng.random(n) < 0.1
    table = pl.DataFrame(
        {
            "time": pl.Series((1_704_067_200 + at_s) * 1e6)
            .cast(pl.Int64)
            .cast(pl.Datetime("us"))
            .cast(pl.String),
            "wait": np.round(rng.exponential(40, n)).astype(str),
            "talk": np.where(left, "", np.round(rng.lognormal(4.8, 0.8, n)).astype(str)),
            "result": np.where(left, "hung up", "answered"),
            "topic": rng.choice(["bill", "fault"], n),
            "agent": np.where(left, "", rng.choice(["x", "y", "z"], n)),
        }
    )
    bad = pl.DataFrame(
        {
            "time": ["yesterday", "2024-01-02 10:00:00", "2024-01-02 10:00:00", "2024-01-02 10:00:00"],
            "wait": ["1", "-50", "1", "1"],
            "talk": ["60", "60", "60", "60"],
            "result": ["answered", "answered", "test", "exploded"],
            "topic": ["bill"] * 4,
            "agent": ["x"] * 4,
        }
    )
    folder = tmp_path_factory.mktemp("log")
    pl.concat([table, bad]).write_csv(folder / "calls.csv")
    (folder / "calls.toml").write_text(MAPPING, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def fitted(made: Path) -> Path:
    """Give the results of fitting it."""
    return fit(made)


@pytest.fixture
def calls(made: Path, tmp_path: Path) -> Path:
    """Give a copy of the log and the mapping, to be changed."""
    for name in ("calls.csv", "calls.toml"):
        (tmp_path / name).write_bytes((made / name).read_bytes())
    return tmp_path


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    """Run a fit that must be refused; gives its one line."""

    def check(*arguments: str) -> str:
        code = run(("fit", *arguments))
        lines = capsys.readouterr().err.strip().splitlines()
        assert code == 2
        assert [line for line in lines[:-1] if not line.endswith("…")] == [], "more than the one line"
        return lines[-1].removeprefix("footfall: ")

    return check


def fit(folder: Path, *more: str) -> Path:
    """Fit the log of a folder; gives the results' folder."""
    out = folder / "fitted"
    asked = ("fit", str(folder / "calls.csv"), "--map", str(folder / "calls.toml"), "--out", str(out), *more)
    assert run(asked) == 0
    return out


def test_a_plain_table_becomes_a_model_that_runs(
    fitted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fit, show, simulate; the day has the arrivals of the log's days, and every number its source."""
    out = fitted
    assert sorted(path.name for path in out.iterdir()) == [
        *("arrivals.csv", "charts", "fit.json", "manifest.json", "model.toml", "report.html"),
        *("uncertainty.json", "weekdays"),
    ]
    charts = sorted(path.name for path in (out / "charts").iterdir())
    names = ("arrivals", "patience", "service_quantiles", "service_times", "staff")
    assert charts == [f"{name}.{kind}" for name in names for kind in ("csv", "svg")]
    model = model_in(out / "model.toml")
    assert model.busyness_cv.grade is Grade.FITTED
    assert model.busyness_cv.source.startswith(
        "fitted from calls.csv: 14 days, 2024-01-01 to 2024-01-14, n = 4,001"
    )
    assert run(("show", str(out / "model.toml"))) == 0
    capsys.readouterr()
    assert run(("simulate", str(out / "model.toml"), "--out", str(tmp_path / "day"), "--json")) == 0
    assert json.loads(capsys.readouterr().out)["visits"] == pytest.approx(4001 / 14, rel=0.2)
    assert json.loads((out / "manifest.json").read_text(encoding="utf-8"))["status"] == "finished"


def test_days_of_a_fitted_model_have_a_range_that_holds_the_fit(
    fitted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wider than the chance of the days, and said; a copy of the model alone says what is left out."""
    asked = ("--replications", "3", "--seed", "2")
    out = tmp_path / "days"
    assert run(("simulate", str(fitted / "model.toml"), *asked, "--out", str(out), "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert "how sure the numbers are that 14 days of the log gave" in told["range"]
    for row in told["days"]:
        assert row["range_low"] < row["mean"] < row["range_high"]
        assert row["fit_error"] > 0
    assert "range_low" in (out / "days.csv").read_text(encoding="utf-8")
    alone = tmp_path / "alone" / "model.toml"
    alone.parent.mkdir()
    alone.write_bytes((fitted / "model.toml").read_bytes())
    assert run(("simulate", str(alone), "--out", str(tmp_path / "one"))) == 0
    assert "no uncertainty.json is next to it" in capsys.readouterr().out
    (alone.parent / "uncertainty.json").write_text('{"days": 1}')
    assert run(("simulate", str(alone), "--out", str(tmp_path / "two"))) == 2
    assert "uncertainty.json" in capsys.readouterr().err
    assert not (tmp_path / "two").exists()


def test_every_row_is_told_and_the_rows_add_up(
    fitted: Path, calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In words; and as JSON, with the same figures as in the file."""
    told = json.loads((fitted / "fit.json").read_text(encoding="utf-8"))
    assert told["rows_read"] == 4004 == sum(status["rows"] for status in told["rows"])
    assert (told["rows_used"], told["rows_set_aside"]) == (4001, 3)
    assert [kind["kind"] for kind in told["kinds"]] == ["bill", "fault", "*"]
    assert told["kinds"][0]["service"]["law"] == "lognormal"
    fit(calls)
    words = capsys.readouterr().out
    for reason in (
        "set aside: arrival time cannot be read",
        "set aside: outcome not in the mapping: exploded",
        "set aside: ignored outcome: test",
        "arrival only: negative wait",
    ):
        assert reason in words


def test_a_weekday_can_be_asked_for(fitted: Path, calls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two Mondays of the two weeks; and the whole fit holds a model a weekday."""
    out = fit(calls, "--weekday", "monday", "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["days"] == ["2024-01-01", "2024-01-08"]
    assert "few-days" in {warning["name"] for warning in told["warnings"]}
    assert not (out / "weekdays").exists()
    monday = model_in(fitted / "weekdays" / "monday.toml")
    mean_day = model_in(fitted / "model.toml")
    assert monday.channels[0].dialogues == mean_day.channels[0].dialogues
    assert monday.segments[0].day_profile.source.endswith("; every monday; arrivals")
    assert len(list((fitted / "weekdays").iterdir())) == 7


def test_the_report_shows_warnings_rows_and_charts(calls: Path) -> None:
    """One page, self-contained; words from the log are only words."""
    text = (calls / "calls.csv").read_text(encoding="utf-8").replace("fault", "<b>fault</b>")
    (calls / "calls.csv").write_text(text, encoding="utf-8")
    page = (fit(calls) / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 5
    assert "<b>fault</b>" not in page
    assert "set aside: outcome not in the mapping: exploded" in page
    assert "no-redial" in page


def test_the_same_log_gives_the_same_files_to_the_byte(fitted: Path, calls: Path) -> None:
    """Model, figures and charts; only the manifest knows the hour."""
    again = fit(calls)
    for name in ("model.toml", "fit.json", "report.html", "charts/patience.svg"):
        assert (again / name).read_bytes() == (fitted / name).read_bytes()


def test_the_example_is_printed_and_is_a_mapping(capsys: pytest.CaptureFixture[str]) -> None:
    """To be redirected into a file."""
    assert run(("fit", "--example")) == 0
    assert read_mapping(capsys.readouterr().out, "example") == read_mapping(EXAMPLE, "example")


def test_what_is_not_there_is_named(calls: Path, refused: Refused) -> None:
    """The log, the mapping, the option."""
    log, mapping = str(calls / "calls.csv"), str(calls / "calls.toml")
    assert (
        refused() == "LOG: no log is given; expected a CSV, Excel or Parquet file, a queue_log, or --example"
    )
    assert refused(log).startswith("--map: no mapping is given")
    assert "nowhere.csv: no such file" in refused(str(calls / "nowhere.csv"), "--map", mapping)
    assert "nowhere.toml: no such file" in refused(log, "--map", str(calls / "nowhere.toml"))
    line = refused(log, "--map", mapping, "--weekday", "someday")
    assert line.startswith("--weekday someday: is not among the mapping's weekdays; expected monday or")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            ('"wait"', '"weight"'),
            "columns.wait_s: the log has no column 'weight'; expected time or wait or talk",
        ),
        (
            ('"time"', '"topic"'),
            "columns.arrived: no cell of the column 'topic' can be read; the first, in line 2, is",
        ),
        (("short_service_s = 10", "short_service_s = ten"), "calls.toml: is not valid TOML"),
        (
            ("short_service_s = 10", "short_servce_s = 10"),
            "options.short_servce_s: no such key; expected short_service_s",
        ),
    ],
    ids=["another column", "times that are none", "no TOML", "a slip of the pen"],
)
def test_a_mapping_that_does_not_fit_is_refused_before_anything_is_written(
    calls: Path, refused: Refused, change: tuple[str, str], told: str
) -> None:
    """File, key, value, and what was expected; no folder is left behind."""
    path = calls / "calls.toml"
    path.write_text(MAPPING.replace(*change), encoding="utf-8")
    out = calls / "fitted"
    asked = (str(calls / "calls.csv"), "--map", str(path), "--out", str(out))
    assert told in refused(*asked)
    assert not out.exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "calls.csv: cannot be read"),
        (b"time,wait,talk,result,topic,agent\n", "calls.csv: has no rows"),
        (b"time,wait\n\xdc,1\n", "the log has no column 'talk'; expected time or wait"),
    ],
    ids=["empty", "no rows", "other columns"],
)
def test_a_log_that_is_none_is_refused(calls: Path, refused: Refused, content: bytes, told: str) -> None:
    """In one line that names the file."""
    (calls / "calls.csv").write_bytes(content)
    assert told in refused(str(calls / "calls.csv"), "--map", str(calls / "calls.toml"))


def test_a_mapping_that_is_no_text_is_refused(calls: Path, refused: Refused) -> None:
    """Bytes of something else."""
    (calls / "calls.toml").write_bytes(b"\xff\xfe\x00")
    line = refused(str(calls / "calls.csv"), "--map", str(calls / "calls.toml"))
    assert "calls.toml: cannot be read" in line


def test_a_web_log_with_status_and_path_is_fitted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Requests with seconds taken; statuses become outcomes, failures become faults of the server."""
    rng = np.random.default_rng(2)
    n = 5000
    times = np.sort(rng.integers(0, 86_400 * 3, n))
    status = rng.choice(["200", "404", "500", "503"], n, p=[0.9, 0.06, 0.03, 0.01])
    log = pl.DataFrame(
        {
            "t": pl.Series((1_704_067_200 + times) * 1_000_000).cast(pl.Datetime("us", "UTC")),
            "path": rng.choice(["/home", "/bill", "/odd"], n, p=[0.6, 0.395, 0.005]),
            "ms": rng.gamma(2, 40, n),
            "status": status,
        }
    )
    log.write_parquet(tmp_path / "requests.parquet")
    (tmp_path / "map.toml").write_text(
        '[columns]\narrived = "t"\nservice_s = "ms"\nclass = "path"\noutcome = "status"\n'
        '[outcomes]\nserved = ["2*"]\nrejected = ["4*"]\nerror = ["5*"]\n'
        '[options]\nstation = "web"\nduration_unit = "ms"\n',
        encoding="utf-8",
    )
    out = tmp_path / "fitted"
    asked = (
        "fit",
        str(tmp_path / "requests.parquet"),
        "--map",
        str(tmp_path / "map.toml"),
        "--out",
        str(out),
    )
    assert run((*asked, "--json")) == 0
    kinds = {kind["kind"]: kind for kind in json.loads(capsys.readouterr().out)["kinds"]}
    assert set(kinds) == {"home", "bill", "other", "*"}
    assert kinds["*"]["service"]["law"] == "gamma"
    assert kinds["*"]["service"]["service_s_mean"]["value"] == pytest.approx(0.08, rel=0.05)
    assert run(("simulate", str(out / "model.toml"), "--out", str(tmp_path / "day"))) == 0
    visits = pl.read_parquet(tmp_path / "day" / "visits.parquet")
    shares = dict(visits["outcome"].value_counts(normalize=True).iter_rows())
    assert shares["rejected"] == pytest.approx(0.06, abs=0.02)
    assert shares["error"] == pytest.approx(0.04, abs=0.02)
