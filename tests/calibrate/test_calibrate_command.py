"""`footfall calibrate`: from run folders and files to a model, its uncertainty, and what stays unknown."""

import json
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from footfall._calibrate.calibration import LearnedStations, read_calibration
from footfall._calibrate.station_parameters import ServiceLaw, StationParameters
from footfall._cli.app import run
from footfall._model.channel import Channel, Fault, Step, Verb, Work
from footfall._model.model import Model
from footfall._model.numbers import assumed
from footfall._model.station_specs import RequestServer
from footfall._records.errors import BadInputError
from footfall._runs.calibrate import calibrate
from footfall._runs.content import model_in, read_model
from footfall._runs.make_trace import make_trace
from footfall._runs.replicate import uncertainty_next_to
from footfall._workload.trace import Trace
from tests.calibrate.made_runs import hits_of, run_folder
from tests.calibrate.test_coarse_files import history, summary

TRUTH = StationParameters(
    kinds=("a", "b"),
    laws=(
        ServiceLaw(family="lognormal", mean_s=0.04, cv=1.0),
        ServiceLaw(family="gamma", mean_s=0.02, cv=0.5),
    ),
    fault_shares=(0.02, 0.0),
    network_s=0.002,
    slots=3,
)
NAMES = ("orders", "stock")
ONE_SLOT = replace(
    TRUTH,
    laws=tuple(ServiceLaw(family="gamma", mean_s=mean_s, cv=0.5) for mean_s in (0.02, 0.01)),
    slots=1,
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two runs of a URL with two routes, at about 40 and 75 % of the capacity of 100 a second."""
    top = tmp_path_factory.mktemp("runs")
    return [
        run_folder(top / f"run{n}", hits_of(TRUTH, rate, NAMES, seed=n))
        for n, rate in enumerate((40.0, 75.0), 1)
    ]


@pytest.fixture(scope="module")
def told(runs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `--json` prints of a calibration of both runs and of one that is not valid."""
    top = tmp_path_factory.mktemp("calibration")
    bad = run_folder(top / "bad", hits_of(TRUTH, 20.0, NAMES, seed=9), verdict="invalid")
    asked = ("calibrate", *map(str, runs), str(bad), "--out", str(top / "found"), "--json")
    with redirect_stdout(StringIO()) as printed:
        assert run(asked) == 0
    found: dict[str, Any] = json.loads(printed.getvalue())
    return found


@pytest.fixture(scope="module")
def calibrated(told: dict[str, Any]) -> Path:
    """The folder of that calibration."""
    return Path(told["folder"])


def numbers_of(folder: Path) -> dict[str, Any]:
    """Give the numbers of a calibration by path."""
    return {number.path: number for number in read_calibration(folder).numbers}


def set_of(folder: Path, change: str) -> float:
    """Give the slots of the calibrated model after a change by `--set`."""
    station = model_in(folder / "model.toml", (change,)).channel("url").station
    assert isinstance(station, RequestServer)
    return float(station.slots)


def test_a_url_that_was_loaded_becomes_a_model_with_the_sources_of_its_numbers(
    calibrated: Path, runs: list[Path]
) -> None:
    """Slots exactly, mean services within 5 %, faults inside; each number names its runs."""
    model = read_model(calibrated / "model.toml")
    channel = model.channel("url")
    station = channel.station
    assert isinstance(station, RequestServer)
    assert float(station.slots) == 3
    assert set(channel.dialogues) == set(NAMES)
    orders, stock = channel.works[Verb.BROWSE], channel.works[Verb.QUERY]
    assert float(orders.service.mean_s) == pytest.approx(0.04, rel=0.06)
    assert float(stock.service.mean_s) == pytest.approx(0.02, rel=0.06)
    assert station.slots.grade.value == "fit"
    assert "run1" in station.slots.source
    assert "run2" in station.slots.source
    assert [source.run for source in read_calibration(calibrated).sources] == [run.name for run in runs]


def test_numbers_have_the_paths_that_set_takes_and_intervals_that_hold_the_truth(calibrated: Path) -> None:
    """`--set url.slots=8` changes what `url.slots` names; limits never reached are not known."""
    found = numbers_of(calibrated)
    for path, truth in (
        ("url.slots", 3),
        ("url.works.browse.service.mean_s", 0.04),
        ("url.works.query.service.mean_s", 0.02),
        ("url.works.browse.fault_share", 0.02),
    ):
        number = found[path]
        assert number.low <= truth <= number.high, path
        assert number.identified, path
    assert found["url.network_s"].value == pytest.approx(0.002, abs=0.001)
    assert not found["url.deadline_s"].identified
    assert any("deadline" in text for text in read_calibration(calibrated).unknown)
    assert set_of(calibrated, "url.slots=8") == 8


def test_the_model_has_its_uncertainty_next_to_it(calibrated: Path) -> None:
    """`footfall simulate` draws the numbers from `uncertainty.json`: their spread is that of the draws."""
    sure = uncertainty_next_to(calibrated / "model.toml")
    assert sure is not None
    learned = read_calibration(calibrated).learned
    assert isinstance(learned, LearnedStations)
    (station,) = learned.stations
    path = "channels.url.works.browse.service.mean_s"
    number = next(one for one in sure.numbers if one.path == path)
    logs = np.log([draw.laws[0].mean_s for draw in station.draws])
    assert sum(one**2 for one in number.deviations) == pytest.approx(logs.var(ddof=1))


def test_the_json_has_numbers_and_what_is_unknown(told: dict[str, Any]) -> None:
    """No limit is null; what was learned from and what was left out is named."""
    assert {"numbers", "unknown", "flags", "fit", "runs", "left_out"} <= told.keys()
    assert set(told["numbers"][0]) == {"path", "value", "low", "high", "identified"}
    by_path = {number["path"]: number for number in told["numbers"]}
    assert by_path["url.deadline_s"]["value"] is None
    assert [one["run"] for one in told["left_out"]] == ["bad"]
    assert "invalid" in told["left_out"][0]["reason"]
    assert [one["run"] for one in told["runs"]] == ["run1", "run2"]


def test_the_page_shows_numbers_and_what_is_unknown(calibrated: Path) -> None:
    """One self-contained page: tables, chart, and each unknown in words."""
    page = (calibrated / "calibration.html").read_text(encoding="utf-8")
    assert "url.works.browse.service.mean_s" in page
    assert "deadline: never reached" in page
    assert "<svg" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert (calibrated / "charts" / "calibration-1.csv").is_file()


def shop() -> tuple[Model, Trace]:
    """Give a model of two verbs with limits of its own, and a trace of it."""
    channel = Channel(
        "url",
        RequestServer(
            assumed(9, "guess"), accept_queue=assumed(500, "backlog"), deadline=assumed(30, "gateway")
        ),
        works={
            Verb.BROWSE: Work("1s", Fault("down", "service", "error", assumed(0.3, "guess"))),
            Verb.QUERY: Work("1s"),
        },
        dialogues={"buy": (Step(Verb.BROWSE), Step(Verb.QUERY))},
    )
    model = Model("shop", arrivals="30/s", wants={"buy": 1}, channels=channel)
    return model, make_trace(model=model, window="20s", speed=1)


def test_a_models_own_limits_stay_where_no_run_reached_one(tmp_path: Path) -> None:
    """Requests are named by their place in the visit; the source of `accept_queue` stays."""
    _, trace = shop()
    hits = hits_of(ONE_SLOT, 45.0, NAMES, seed=3)
    kinds = (hits["operation"] == "stock").cast(pl.Int64)
    # Two requests of a visit share customer and operation; the first of a visit is asked first.
    first = hits.with_columns(customer=pl.Series(kinds).cum_count().cast(pl.Int64)).filter(kinds == 0)
    second = hits.filter(kinds == 1)
    pairs = min(first.height, second.height)
    visits = pl.concat(
        part.head(pairs).with_columns(
            customer=pl.arange(pairs, eager=True),
            operation=pl.lit("buy"),
            asked_s=pl.arange(pairs, eager=True) + pl.lit(n / 2),
        )
        for n, part in enumerate((first, second))
    )
    folder = run_folder(tmp_path / "run", visits, trace)
    done = calibrate(folder, out=tmp_path / "out")
    assert done.model_file is not None
    channel = read_model(done.model_file).channel("url")
    station = channel.station
    assert isinstance(station, RequestServer)
    assert float(station.slots) == 1
    assert float(station.accept_queue) == 500
    assert station.accept_queue.source == "backlog"
    assert float(station.deadline_s) == 30
    assert station.deadline_s.source == "gateway"
    assert float(channel.works[Verb.BROWSE].service.mean_s) == pytest.approx(0.02, rel=0.15)
    assert float(channel.works[Verb.QUERY].service.mean_s) == pytest.approx(0.01, rel=0.15)
    (fault,) = channel.works[Verb.BROWSE].faults
    assert fault.cause == "down"
    assert float(fault.share) == pytest.approx(0.02, abs=0.03)


def test_histories_of_locust_become_a_closed_loop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two files, 10 and 30 users of 0.1 and 0.15 s; what was not run is said."""
    for name, users, per_s in (("low", 10, 100.0), ("high", 30, 200.0)):
        table = history([users] * 90, per_s, users / per_s)
        table.write_csv(tmp_path / f"{name}_stats_history.csv")
    files = [str(tmp_path / f"{name}_stats_history.csv") for name in ("low", "high")]
    assert run(("calibrate", *files, "--out", str(tmp_path / "out"))) == 0
    told = capsys.readouterr().out
    assert "rate_per_s" in told
    assert "more than 30 users: no run had them" in told
    assert not (tmp_path / "out" / "model.toml").exists()


def test_a_summary_of_k6_is_read_with_its_pauses(tmp_path: Path) -> None:
    """Its users and think time are in it."""
    (tmp_path / "k6.json").write_text(json.dumps(summary()), encoding="utf-8")
    done = calibrate(tmp_path / "k6.json", out=tmp_path / "out")
    learned = done.calibration.learned
    assert learned.kind == "closed loop"
    assert learned.fit.points[0].think_s == pytest.approx(0.42)


def test_a_table_of_rates_becomes_a_utilisation_law(tmp_path: Path) -> None:
    """The mapping names utilisation, its unit, and the loads."""
    rows = 60
    table = pl.DataFrame(
        {"jobs": [10 + n % 7 for n in range(rows)], "cpu": [5 + 2 * (10 + n % 7) for n in range(rows)]}
    )
    table.write_csv(tmp_path / "day.csv")
    (tmp_path / "map.toml").write_text(
        '[columns]\nutilisation = "cpu"\nloads = ["jobs"]\n[options]\nutilisation_unit = "percent"\n',
        encoding="utf-8",
    )
    done = calibrate(tmp_path / "day.csv", mapping=tmp_path / "map.toml", out=tmp_path / "out")
    (number,) = done.calibration.numbers
    assert number.path == "demand.jobs"
    assert number.value == pytest.approx(0.02, rel=0.02)


def test_the_example_of_a_mapping_is_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What `--example` prints is read again."""
    assert run(("calibrate", "--example")) == 0
    (tmp_path / "map.toml").write_text(capsys.readouterr().out, encoding="utf-8")
    (tmp_path / "a.csv").write_text("time_s,response_s\n1,0.1\n", encoding="utf-8")
    with pytest.raises(BadInputError, match="1 requests"):
        calibrate(tmp_path / "a.csv", mapping=tmp_path / "map.toml", cores=1, out=tmp_path / "out")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((), "no run is given"),
        (("{none}",), "no such file or folder"),
        (("{run}", "{csv}"), "mixed"),
        (("{run}", "{run}"), "named twice"),
        (("{empty}",), "no hits.parquet"),
        (("{run}", "--users", "5"), "applies to files of figures"),
        (("{csv}",), "columns of no known tool"),
        (("{csv}", "--model", "models/mm3.py"), "does not apply to files"),
        (("{csv}", "--think", "soon"), "--think"),
        (("{invalid}",), "no run is valid"),
        (("{run}", "--model", "models/mm3.py"), "none of url is a request server"),
    ],
)
def test_what_cannot_be_learned_from_gets_one_line(
    asked: tuple[str, ...], said: str, runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and nothing is written."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "some.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    hits = hits_of(TRUTH, 20.0, NAMES, seed=9)
    places = {
        "none": tmp_path / "none",
        "run": runs[0],
        "csv": tmp_path / "some.csv",
        "empty": tmp_path / "empty",
        "invalid": run_folder(tmp_path / "bad", hits, status="running"),
    }
    words = [word.format(**places) for word in asked]
    assert run(("calibrate", *words, "--out", str(tmp_path / "out"))) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.err.count("\n") <= 3
    assert not (tmp_path / "out").exists()


def test_a_damaged_calibration_is_refused(calibrated: Path, tmp_path: Path) -> None:
    """What is wrong in it is named."""
    text = (calibrated / "calibration.json").read_text(encoding="utf-8")
    assert isinstance(read_calibration(calibrated).learned, LearnedStations)
    (tmp_path / "calibration.json").write_text(text.replace('"slots":', '"slot":', 1), encoding="utf-8")
    with pytest.raises(BadInputError, match="slot"):
        read_calibration(tmp_path)
    with pytest.raises(BadInputError, match=r"no calibration\.json"):
        read_calibration(tmp_path / "elsewhere")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda one: one.update(kind_shares=[-1.0]), "kind_shares are not the shares"),
        (lambda one: one.update(draws=[]), "there are no draws"),
        (lambda one: one.update(requests_a_visit=0), "requests_a_visit is 0"),
        (lambda one: one["parameters"].update(slots=-3), "slots is -3"),
        (lambda one: one["parameters"].update(slots=10**400), "slots is 1000"),
        (lambda one: one["parameters"].update(laws=[]), "laws or fault_shares are not one for each kind"),
        (lambda one: one["parameters"]["laws"][0].update(mean_s=-0.04), "mean_s is -0.04"),
        (lambda one: one["draws"][1]["fault_shares"].__setitem__(0, 1.5), "fault_share is 1.5"),
        (lambda one: one["draws"][1].update(network_s=1e300), r"network_s is 1e\+300"),
        (lambda one: one["draws"][1].update(kinds=["other"]), "other kinds of requests"),
    ],
)
def test_a_calibration_with_numbers_that_cannot_be_is_refused(
    calibrated: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None], reason: str
) -> None:
    """One line says which; nothing is predicted from it."""
    content = json.loads((calibrated / "calibration.json").read_text(encoding="utf-8"))
    change(content["learned"]["stations"][0])
    (tmp_path / "calibration.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(BadInputError, match=reason):
        read_calibration(tmp_path)
