"""`footfall predict` and `footfall verify`: made before a run and without it, and then compared with it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from footfall._calibrate.calibration import read_calibration
from footfall._calibrate.load_prediction import read_prediction
from footfall._calibrate.station_parameters import ServiceLaw, StationParameters
from footfall._cli.app import run
from footfall._load.result_files import HITS_FILE
from footfall._records.errors import BadInputError
from footfall._records.runs import read_manifest, write_manifest
from footfall._runs.calibrate import calibrate
from footfall._runs.predict_load import predict_load
from footfall._runs.predicted_figures import without_what_was_learned
from footfall._runs.verify import track_record, verify
from footfall._workload.scenario import Scenario
from tests.calibrate.made_runs import hits_of, run_folder
from tests.calibrate.test_coarse_files import history

TRUTH = StationParameters(
    kinds=("a",),
    laws=(ServiceLaw(family="gamma", mean_s=0.04, cv=0.6),),
    fault_shares=(0.02,),
    network_s=0.002,
    slots=3,
)
SLOWER = replace(TRUTH, laws=(ServiceLaw(family="gamma", mean_s=0.052, cv=0.6),))
NAMES = ("work",)
RATE, LENGTH_S = 45.0, 40.0
LATER = "2999-01-01T00:00:00+00:00"


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs, a calibration of both, and a prediction between their loads."""
    folder = tmp_path_factory.mktemp("predicted")
    runs = [
        run_folder(folder / f"run{n}", hits_of(TRUTH, rate, NAMES, n, 30.0), started_at=LATER, length_s=30.0)
        for n, rate in enumerate((30.0, 58.0), 1)
    ]
    calibrate(runs, out=folder / "calibration")
    predict_load(folder / "calibration", rate=RATE, duration=LENGTH_S, out=folder / "prediction")
    return folder


def later_run(
    folder: Path,
    truth: StationParameters = TRUTH,
    seed: int = 11,
    rate: float = RATE,
    *,
    started_at: str = LATER,
    verdict: str = "pass",
) -> Path:
    """Make a run of the load that was predicted."""
    hits = hits_of(truth, rate, NAMES, seed, LENGTH_S)
    return run_folder(folder, hits, started_at=started_at, length_s=LENGTH_S, verdict=verdict)


def test_changes_of_a_scenario_that_the_model_has_from_its_runs_do_not_apply_twice(top: Path) -> None:
    """Another scenario's do, and so do those of a calibration of a model of one's own."""
    calibration = read_calibration(top / "calibration")
    assert {one.scenario for one in calibration.sources} == {""}
    busy = Scenario(name="busy", model="shop", set={"web.slots": 5}, multiply={"web.demand": 1.3})
    assert without_what_was_learned(busy, calibration) == busy
    sources = tuple(replace(one, scenario="busy") for one in calibration.sources)
    learned = without_what_was_learned(busy, calibration.model_copy(update={"sources": sources}))
    assert (learned.set, learned.multiply, learned.name) == ({}, {}, "busy")
    assert without_what_was_learned(busy.model_copy(update={"name": "calm"}), calibration).multiply


def test_a_prediction_holds_for_a_run_made_since(
    top: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 0, every figure with its interval, and rows in the track record that count once."""
    new, record = later_run(tmp_path / "new"), tmp_path / "record.csv"
    asked = ("verify", str(top / "prediction"), str(new), "--record", str(record))
    assert run((*asked, "--out", str(tmp_path / "one"), "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "held"
    assert found["figures"] == 5
    (measured,) = found["runs"]
    assert all(one["low"] <= one["value"] <= one["high"] for one in measured["figures"])
    assert run((*asked, "--out", str(tmp_path / "two"))) == 0
    assert "already" in capsys.readouterr().out
    assert [one.figures for one in track_record(record)][-1] == 5
    assert run(("verify", "--track-record", "--record", str(record))) == 0
    assert "interval score" in capsys.readouterr().out
    page = (tmp_path / "one" / "verification.html").read_text(encoding="utf-8")
    assert "Prediction held" in page
    assert "<svg" in page


def test_a_prediction_does_not_hold_for_another_service(top: Path, tmp_path: Path) -> None:
    """The work takes 30 % longer than it did: exit code 1, unless an unknown number may explain it."""
    done = verify(
        top / "prediction",
        later_run(tmp_path / "new", SLOWER),
        record=tmp_path / "record.csv",
        out=tmp_path / "out",
    )
    assert done.verification.runs[0].probability <= 0.05
    assert done.exit_code == (3 if done.prediction.depends_on else 1)
    assert done.verification.runs[0].outside >= 2


def test_a_load_beyond_the_runs_names_what_is_unknown(top: Path, tmp_path: Path) -> None:
    """At 110 % of the capacity a limit that no run reached would decide; below the runs none does."""
    beyond = predict_load(top / "calibration", rate=82.0, duration=30.0, out=tmp_path / "beyond")
    told = " ".join(beyond.prediction.depends_on)
    for name in ("accept queue", "deadline", "queue timeout", "rate limit"):
        assert f"url: {name}: never" in told
    within = predict_load(top / "calibration", rate=30.0, duration=30.0, out=tmp_path / "within")
    assert within.prediction.depends_on == ()


def test_hardware_that_was_never_tried_is_predicted(top: Path, tmp_path: Path) -> None:
    """With 6 slots instead of 3 the same load waits less; a file changed by hand counts like --set."""
    by_set = predict_load(
        top / "calibration", rate=70.0, duration=30.0, changes={"url.slots": 6}, out=tmp_path / "set"
    )
    shutil.copytree(top / "calibration", tmp_path / "edited")
    file = tmp_path / "edited" / "model.toml"
    text = file.read_text(encoding="utf-8")
    assert "slots = " in text
    lines = [line.replace("3", "6", 1) if line.startswith("slots = ") else line for line in text.splitlines()]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    by_hand = predict_load(tmp_path / "edited", rate=70.0, duration=30.0, out=tmp_path / "hand")
    plain = predict_load(top / "calibration", rate=70.0, duration=30.0, out=tmp_path / "plain")
    p95 = [figures_of(one)["response_s_p95"] for one in (by_set, by_hand, plain)]
    assert p95[0]["value"] == pytest.approx(p95[1]["value"])
    assert p95[0]["high"] < p95[2]["low"]


def figures_of(done: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401  a result of predict_load
    """Give the figures by name."""
    return {one["figure"]: one for one in done.as_json()["figures"]}


def test_whole_visits_and_an_outage_are_predicted_by_the_simulated_day(top: Path, tmp_path: Path) -> None:
    """An outage over a quarter of the run costs a quarter of the visits, and its cause is named."""
    done = predict_load(
        top / "calibration", rate=20.0, duration=20.0, outages=["url=0.5-0.75"], out=tmp_path / "out"
    )
    success = figures_of(done)["success_share"]
    assert done.prediction.of == "visits"
    assert success["low"] <= 0.98 * 0.75 <= success["high"]
    assert success["high"] - success["low"] < 0.15
    assert any("outage" in one.cause or one.value > 0.15 for one in done.prediction.causes)


def test_the_knee_is_predicted_with_its_interval(top: Path, tmp_path: Path) -> None:
    """Capacity is 75/s: a p95 below 400 ms holds up to a little less."""
    done = predict_load(top / "calibration", criteria=["p95(*) < 400ms"], out=tmp_path / "out")
    knee = done.prediction.knee
    assert knee is not None
    assert 62 < knee.low < knee.value < knee.high < 80
    assert done.as_json()["knee_per_s"]["value"] == knee.value


def test_a_closed_loop_is_predicted_by_its_users(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Throughput and mean response keep Little's law."""
    history([10] * 90, 100.0, 0.1).write_csv(tmp_path / "low_stats_history.csv")
    history([30] * 90, 200.0, 0.15).write_csv(tmp_path / "high_stats_history.csv")
    files = [tmp_path / "low_stats_history.csv", tmp_path / "high_stats_history.csv"]
    calibrate(files, out=tmp_path / "loop")
    asked = ("predict", "--model", str(tmp_path / "loop"), "--users", "20", "--out", str(tmp_path / "out"))
    assert run((*asked, "--json")) == 0
    found = {one["figure"]: one for one in json.loads(capsys.readouterr().out)["figures"]}
    x, r = found["throughput_per_s"], found["response_s_mean"]
    assert x["value"] * r["value"] == pytest.approx(20, rel=0.02)
    assert 100 < x["low"] < x["high"] < 200


def test_a_run_that_was_learned_from_is_refused_under_any_name(top: Path, tmp_path: Path) -> None:
    """The run itself, a copy with another name and id, and a run of the same id."""
    shutil.copytree(top / "run1", tmp_path / "copy")
    write_manifest(tmp_path / "copy", replace(read_manifest(tmp_path / "copy"), run="other"))
    same_id = later_run(tmp_path / "same")
    write_manifest(same_id, replace(read_manifest(same_id), run="run1"))
    for folder, said in (
        (top / "run1", "learned from these requests"),
        (tmp_path / "copy", "learned from these requests as run1"),
        (same_id, "of this id"),
    ):
        with pytest.raises(BadInputError, match=said):
            verify(top / "prediction", folder, record=tmp_path / "record.csv", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "record.csv").exists()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"started_at": "2001-01-01T00:00:00+00:00"}, "before the prediction was made"),
        ({"started_at": ""}, "does not say when"),
        ({"started_at": "yesterday"}, "cannot be read"),
        ({"rate": 60.0}, "its rate of url was"),
    ],
)
def test_a_run_of_another_time_or_load_is_refused(
    how: dict[str, Any],
    said: str,
    top: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line, exit code 2, nothing written."""
    new = later_run(tmp_path / "new", **how)
    record = ("--record", str(tmp_path / "record.csv"))
    assert run(("verify", str(top / "prediction"), str(new), "--out", str(tmp_path / "out"), *record)) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") <= 2
    assert not (tmp_path / "out").exists()


def test_a_run_of_another_length_or_with_other_requests_than_recorded_is_refused(
    top: Path, tmp_path: Path
) -> None:
    """The length is part of the load; a file that differs from its digest is not the run's."""
    short = run_folder(
        tmp_path / "short", hits_of(TRUTH, RATE, NAMES, 5, 20.0), started_at=LATER, length_s=20.0
    )
    with pytest.raises(BadInputError, match="its length was 20"):
        verify(top / "prediction", short, out=tmp_path / "out", record=tmp_path / "r.csv")
    changed = later_run(tmp_path / "changed")
    write_manifest(changed, replace(read_manifest(changed), files={HITS_FILE: "0" * 64}))
    with pytest.raises(BadInputError, match="was changed"):
        verify(top / "prediction", changed, out=tmp_path / "out", record=tmp_path / "r.csv")
    twice = [later_run(tmp_path / "a"), later_run(tmp_path / "b")]
    with pytest.raises(BadInputError, match="same requests"):
        verify(top / "prediction", twice, out=tmp_path / "out", record=tmp_path / "r.csv")


def test_an_invalid_run_says_nothing(top: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 3; next to a valid one it is left out and named; nothing of it is in the record."""
    bad, record = later_run(tmp_path / "bad", verdict="invalid", seed=4), str(tmp_path / "record.csv")
    asked = ("verify", str(top / "prediction"), str(bad))
    assert run((*asked, "--out", str(tmp_path / "one"), "--record", record)) == 3
    assert "cannot tell: no run is valid" in capsys.readouterr().out
    assert not Path(record).exists()
    good = str(later_run(tmp_path / "good"))
    assert run((*asked, good, "--out", str(tmp_path / "two"), "--record", record)) == 0
    assert "left out: bad" in capsys.readouterr().out
    assert pl.read_csv(record).height == 5


def test_a_prediction_that_was_changed_is_refused(top: Path, tmp_path: Path) -> None:
    """Its own digest shows it: a wider interval, another time."""
    text = (top / "prediction" / "prediction.json").read_text(encoding="utf-8")
    made = read_prediction(top / "prediction").made_at
    for old, new in ((made, "1999-01-01T00:00:00+00:00"), ('"high": ', '"high": 9')):
        assert old in text
        (tmp_path / "prediction.json").write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(BadInputError, match="was changed after"):
            read_prediction(tmp_path)
    (tmp_path / "prediction.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BadInputError, match="Field required"):
        read_prediction(tmp_path)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--rate", "10"), "no calibration.json"),
        (("--model", "{cal}"), "no load is given"),
        (("--model", "{cal}", "--users", "5"), "the calibration is of requests"),
        (("--model", "{cal}", "--rate", "fast"), "is no rate"),
        (("--model", "{cal}", "--rate", "sms=5"), "no known name"),
        (("--model", "{cal}", "--rate", "url=5", "--rate", "7"), "two rates"),
        (("--model", "{cal}", "--rate", "5", "--outage", "url=0.5"), "is no outage"),
        (("--model", "{cal}", "--rate", "5", "--outage", "url=0.7-0.5"), "does not end after"),
        (("--model", "{cal}", "--rate", "5", "--outage", "sms=0.2-0.5"), "no such channel"),
        (("--model", "{cal}", "--rate", "5", "--set", "url.slots=none"), "url.slots"),
        (("--model", "{cal}", "--rate", "5", "--for", "0.1s"), "--for"),
        (("--model", "{cal}", "--rate", "5", "--think", "1s"), "requires --users"),
        (("--model", "{cal}", "--rate", "5", "--window", "20s"), "requires --scenario"),
        (("--model", "{cal}", "--knee"), "no criterion"),
        (("--model", "{cal}", "--scenario", "none_such"), "none_such"),
    ],
)
def test_what_cannot_be_predicted_gets_one_line(
    asked: tuple[str, ...], said: str, top: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and nothing is written."""
    words = [word.format(cal=top / "calibration") for word in asked]
    model = () if "--model" in words else ("--model", str(tmp_path))
    assert run(("predict", *model, *words, "--out", str(tmp_path / "out"))) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told
    assert not (tmp_path / "out").exists()


def test_a_knee_with_an_open_number_of_slots_is_that_of_the_fewest(tmp_path: Path) -> None:
    """Twelve slots that two runs hardly fill: the knee has no upper end, and says why."""
    truth = replace(TRUTH, slots=12, laws=(ServiceLaw(family="exponential", mean_s=0.1, cv=1.0),))
    runs = [
        run_folder(tmp_path / f"run{rate:g}", hits_of(truth, rate, ("look",), 1)) for rate in (20.0, 50.0)
    ]
    calibrate(runs, out=tmp_path / "learned")
    done = predict_load(tmp_path / "learned", criteria=["p95(*) < 500ms"], out=tmp_path / "predicted")
    knee = done.prediction.knee
    assert knee is not None
    assert knee.is_least
    assert 60 < knee.low < knee.value < 240
    assert done.as_json()["knee_per_s"]["high"] is None
    assert any(": slots: " in text for text in done.prediction.depends_on)
    assert "fewest slots" in (done.folder / "prediction.html").read_text(encoding="utf-8")
    assert read_prediction(done.folder).knee == knee
