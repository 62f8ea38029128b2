"""Predictions from files of figures, verified by later files: closed loops, classes, tables of rates."""

import copy
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import footfall as ff
from footfall._cli.app import run
from footfall._runs.calibrate import calibrate
from footfall._runs.predict_load import predict_load
from footfall._runs.verify import VerificationRun, verify
from tests.calibrate.test_coarse_files import history, summary

LATER_S = 3600.0


def response_s(users: int) -> float:
    """A delay of 50 ms and a server of 100 requests/s, roughly."""
    return max(0.06, users / 100.0 - 0.05)


def write_history(
    path: Path, users: int, factor: float = 1.0, later_s: float = 0.0, per_s: float | None = None
) -> Path:
    """Write a history of some users whose times begin `later_s` from now."""
    mean_s = response_s(users) * factor
    table = history([users] * 90, per_s or users / mean_s, mean_s)
    at = pl.Series("Timestamp", [str(int(time.time() + later_s + 1.06 * n)) for n in range(90)])
    table.with_columns(at).write_csv(path)
    return path


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with histories of 5 and 20 users, their calibration, and a prediction of 20 users."""
    top = tmp_path_factory.mktemp("loop")
    files = [write_history(top / f"{users}.csv", users, 1.0, -LATER_S) for users in (5, 20)]
    calibrate(files, out=top / "calibration")
    predict_load(top / "calibration", users=20, out=top / "prediction")
    return top


Verified = Callable[..., VerificationRun]


@pytest.fixture
def verified(loop: Path, tmp_path: Path) -> Verified:
    """Give `verify` of the prediction, with a record and a folder of this test."""

    def call(*files: Path, **more: Any) -> VerificationRun:  # noqa: ANN401  as `verify` has them
        out: dict[str, Any] = {"record": tmp_path / "record.csv", "out": tmp_path / "out", "overwrite": True}
        return verify(loop / "prediction", list(files), **out | more)

    return call


def test_a_later_history_of_the_predicted_users_is_held_and_recorded_once(
    verified: Verified, tmp_path: Path
) -> None:
    """Figures inside; and one with twice the response and half the throughput did not hold."""
    later = write_history(tmp_path / "later.csv", 20, 1.01, LATER_S)
    done = verified(later)
    assert done.verdict.value == "held"
    names = {one.forecast.name for one in done.verification.figures}
    assert {"throughput_per_s", "response_s_mean", "response_s_p95"} <= names
    assert done.new_in_record == len(done.verification.figures)
    assert verified(later).new_in_record == 0
    assert verified(write_history(tmp_path / "slow.csv", 20, 2.0, LATER_S)).verdict.value == "did not hold"


def test_a_history_that_was_learned_from_or_is_older_is_refused(
    loop: Path, verified: Verified, tmp_path: Path
) -> None:
    """By its content, under any name; by the times in it, unless the data was set aside."""
    copy = tmp_path / "copy.csv"
    copy.write_bytes((loop / "20.csv").read_bytes())
    with pytest.raises(ff.BadInputError, match=r"has learned from this file as 20\.csv"):
        verified(copy, held_out=True)
    older = write_history(tmp_path / "older.csv", 20, 1.01, -2 * LATER_S)
    with pytest.raises(ff.BadInputError, match=r"begins at .*, before the prediction was made .*--held-out"):
        verified(older)
    done = verified(older, held_out=True)
    assert done.verdict.value == "held"
    assert done.new_in_record == 0
    assert not (tmp_path / "record.csv").exists()
    assert json.loads((done.folder / "verification.json").read_text())["held_out"] is True


def test_other_loads_and_damaged_runs_decide_nothing(loop: Path, verified: Verified, tmp_path: Path) -> None:
    """Other users are refused; a run that no closed loop explains is left out, and nothing is a pass."""
    other = write_history(tmp_path / "other.csv", 5, 1.01, LATER_S)
    with pytest.raises(ff.BadInputError, match="has 5 users; expected 20 users, as predicted"):
        verified(other)
    odd = write_history(tmp_path / "odd.csv", 20, 1.0, LATER_S, per_s=30.0)
    done = verified(odd)
    assert done.verdict.value == "cannot tell"
    assert "think time" in done.left_out[0][1]
    with pytest.raises(ff.BadInputError, match="is no file; expected files of figures"):
        verified(loop / "calibration")
    with pytest.raises(ff.BadInputError, match="same content"):
        verified(odd, odd)


def test_a_summary_without_times_is_dated_by_its_file(tmp_path: Path) -> None:
    """k6 writes no time; percentiles that it lacks are not judged."""
    first = tmp_path / "first.json"
    first.write_text(json.dumps(summary()), encoding="utf-8")
    calibrate(first, out=tmp_path / "calibration")
    predict_load(tmp_path / "calibration", users=20, out=tmp_path / "prediction")
    again = copy.deepcopy(summary())
    again["metrics"]["http_req_duration"] |= {"avg": 80.5}
    del again["metrics"]["http_req_duration"]["p(90)"]
    later = tmp_path / "later.json"
    later.write_text(json.dumps(again), encoding="utf-8")
    asked = ("verify", str(tmp_path / "prediction"), str(later), "--record", str(tmp_path / "r.csv"))
    os.utime(later, (time.time() - LATER_S,) * 2)
    assert run((*asked, "--out", str(tmp_path / "out"))) == 2
    assert not (tmp_path / "out").exists()
    os.utime(later)
    assert run((*asked, "--out", str(tmp_path / "out"))) == 0
    data = json.loads((tmp_path / "out" / "verification.json").read_text(encoding="utf-8"))
    figures = {one["figure"] for one in data["runs"][0]["figures"]}
    assert "response_s_p95" in figures
    assert "response_s_p90" not in figures


def made_later(*files: Path) -> None:
    """Give files without Unix times in them a time of change an hour from now."""
    for path in files:
        os.utime(path, (time.time() + LATER_S,) * 2)


def served(rng: np.random.Generator, count: int) -> pl.DataFrame:
    """Give requests of a class at one core, served one after another: Poisson at 5/s, 0.1 s each."""
    arrived = np.cumsum(rng.exponential(0.2, count))
    work, free, ended = rng.exponential(0.1, count), 0.0, []
    for at_s, work_s in zip(arrived, work, strict=True):
        free = max(free, at_s) + work_s
        ended.append(free)
    return pl.DataFrame({"ended_s": ended, "response_s": np.array(ended) - arrived})


def test_response_times_by_class_are_verified_with_their_utilisation(tmp_path: Path) -> None:
    """Files of classes and samples are one run; rates of other classes or a short run are refused."""
    rng = np.random.default_rng(3)
    for name in ("first", "second", "short"):
        (tmp_path / name).mkdir()
        table = served(rng, 200 if name == "short" else 3000)
        table.write_csv(tmp_path / name / "buy.csv")
    calibrate(tmp_path / "first" / "buy.csv", cores=1, out=tmp_path / "calibration")
    predict_load(tmp_path / "calibration", rate={"buy": 5.0}, out=tmp_path / "prediction")
    samples = pl.DataFrame({"time_s": np.arange(10.0, 500.0, 10.0), "cpu": [0.5] * 49})
    samples.write_csv(tmp_path / "cpu.csv")
    out: dict[str, Any] = {"out": tmp_path / "out", "record": tmp_path / "r.csv", "overwrite": True}
    os.utime(tmp_path / "second" / "buy.csv", (time.time() - LATER_S,) * 2)
    with pytest.raises(ff.BadInputError, match="was last changed at"):
        verify(tmp_path / "prediction", tmp_path / "second" / "buy.csv", **out)
    made_later(tmp_path / "second" / "buy.csv", tmp_path / "short" / "buy.csv")
    done = verify(
        tmp_path / "prediction", tmp_path / "second" / "buy.csv", utilisation=tmp_path / "cpu.csv", **out
    )
    assert done.verdict.value == "held"
    measured = {one.forecast.path: one.measured for one in done.verification.figures}
    assert measured["*.utilisation_share"] == pytest.approx(0.5)
    without = verify(tmp_path / "prediction", tmp_path / "second" / "buy.csv", **out)
    assert [one.forecast.path for one in without.verification.figures] == ["buy.response_s_mean"]
    with pytest.raises(ff.BadInputError, match="or longer, as predicted"):
        verify(tmp_path / "prediction", tmp_path / "short" / "buy.csv", **out)


def test_a_table_of_rates_is_verified_at_its_mean(tmp_path: Path) -> None:
    """The law is linear: at the mean rate it gives the mean utilisation."""
    rng = np.random.default_rng(4)
    for name, demand in (("first", 0.02), ("second", 0.02), ("slow", 0.03)):
        jobs = rng.uniform(10, 20, 60)
        busy = 100 * (0.05 + demand * jobs * rng.normal(1, 0.03, 60))
        pl.DataFrame({"jobs": jobs + 15 - jobs.mean(), "cpu": busy}).write_csv(tmp_path / f"{name}.csv")
    (tmp_path / "map.toml").write_text(
        '[columns]\nutilisation = "cpu"\nloads = ["jobs"]\n[options]\nutilisation_unit = "percent"\n',
        encoding="utf-8",
    )
    calibrate(tmp_path / "first.csv", mapping=tmp_path / "map.toml", out=tmp_path / "calibration")
    predict_load(tmp_path / "calibration", rate=15.0, out=tmp_path / "prediction")
    more: dict[str, Any] = {"mapping": tmp_path / "map.toml", "out": tmp_path / "out", "overwrite": True}
    more["record"] = tmp_path / "r.csv"
    made_later(tmp_path / "second.csv", tmp_path / "slow.csv")
    assert verify(tmp_path / "prediction", tmp_path / "second.csv", **more).verdict.value == "held"
    assert verify(tmp_path / "prediction", tmp_path / "slow.csv", **more).verdict.value == "did not hold"
    predict_load(tmp_path / "calibration", rate=30.0, out=tmp_path / "other")
    with pytest.raises(ff.BadInputError, match="its rate of jobs was 15; expected 30, as predicted"):
        verify(tmp_path / "other", tmp_path / "second.csv", **more)
