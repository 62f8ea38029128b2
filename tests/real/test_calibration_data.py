"""Public measurements: the first half of a set, or its lower loads, predicts the rest.

The files lie beside the repository; what they are, and whose, is on docs/background/calibration-data.md.
With `pytest -s` the figures are printed.
"""

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from footfall._calibrate.closed_loop import ClosedLoopFit, ClosedPoint, PredictedFigure, learn_closed_loop
from footfall._calibrate.coarse_files import history_runs, ramp
from footfall._calibrate.coarse_run import closed_point, objections, ramp_findings
from footfall._calibrate.shared_cores import ClassTimes, Utilisation, learn_shared_cores
from footfall._calibrate.utilisation_law import learn_utilisation_law
from footfall._records.log_file import read_table

LOOP = Path(os.environ.get("FOOTFALL_DATA") or Path(__file__).parents[3] / "shared" / "data") / "loop"
pytestmark = pytest.mark.skipif(
    not LOOP.is_dir(), reason="no public measurements: name the folder that has loop/ in FOOTFALL_DATA"
)


def say(text: str) -> None:
    """Print a figure."""
    print(text)  # noqa: T201  seen with `pytest -s`


def shown(name: str, found: PredictedFigure, measured: float) -> float:
    """Print a figure with what was measured; gives the relative error."""
    error = found.value / measured - 1
    width = (found.high - found.low) / (2 * found.value)
    say(f"{name:32} {found.value:9.4g} ±{width:4.0%}, measured {measured:9.4g}: {error:+.1%}")
    return error


def teastore(*names: str) -> list[ClosedPoint]:
    """Read runs of TeaStore under a closed loop of Locust's users; each is one to learn from."""
    runs = [
        run
        for name in names
        for run in history_runs(read_table(LOOP / f"teastore_closed_{name}.csv").frame, name)
    ]
    assert [objections(run) for run in runs] == [()] * len(names)
    return [closed_point(run) for run in runs]


def figures(fit: ClosedLoopFit, users: int) -> dict[str, PredictedFigure]:
    """Predict by name."""
    return {one.name: one for one in fit.predict(users)}


def measured_of(point: ClosedPoint) -> dict[str, float]:
    """Give what a run measured by the names of the prediction."""
    return {
        "throughput_per_s": point.throughput_per_s,
        "response_s_mean": point.response_s_mean,
        "response_s_p95": point.quantiles_s[0.95],
    }


def test_short_runs_of_teastore_predict_the_long_ones() -> None:
    """50 s at 10 and 50 users: the runs of five minutes lie inside, and the intervals are narrow."""
    fit = learn_closed_loop(teastore("low-short", "medium-short"))
    (long,) = teastore("medium-long")
    for name, value in measured_of(long).items():
        found = figures(fit, 50)[name]
        assert abs(shown(f"TeaStore, 50 users, {name}", found, value)) < 0.03
        assert found.low <= value <= found.high
        assert found.high - found.low < 0.2 * found.value


def test_six_times_the_users_have_an_interval_worth_having() -> None:
    """Beyond the loads measured the interval widens, and stays within ±15 %."""
    fit = learn_closed_loop(teastore("low-short", "low-long", "medium-short", "medium-long"))
    for users, most in ((100, 0.12), (300, 0.3)):
        for name, one in figures(fit, users).items():
            if name in {"throughput_per_s", "response_s_mean", "response_s_p95"}:
                assert (one.high - one.low) / one.value < most + (0.15 if name.endswith("p95") else 0.05)
                say(f"TeaStore, {users} users, {name}: {one.value:.4g} ({one.low:.4g} to {one.high:.4g})")


def test_one_load_alone_leaves_a_wide_interval_that_holds_the_next() -> None:
    """From 10 users alone: the interval holds 50 users, and says how little is known."""
    fit = learn_closed_loop(teastore("low-short", "low-long"))
    (point,) = teastore("medium-long")
    found = figures(fit, 50)["throughput_per_s"]
    shown("TeaStore, 50 users from 10", found, point.throughput_per_s)
    assert found.low <= point.throughput_per_s <= found.high
    assert found.high - found.low > 0.3 * found.value


@pytest.mark.parametrize("name", ["low_browse", "low_buy", "med_browse", "med_buy"])
def test_a_ramp_that_teastore_follows_shows_no_limit(name: str) -> None:
    """To 100 and 1,000 a second the generator was not the limit, and neither was the service."""
    found = ramp_findings(ramp(read_table(LOOP / f"teastore_ramp_{name}.csv").frame, name))
    say(f"TeaStore ramp {name}: {found.text}")
    assert not found.generator_bound
    assert "no limit was reached" in found.text


def librede(low: float, high: float) -> tuple[list[ClassTimes], Utilisation]:
    """Give the response times and samples of a part of the run, by shares of its length."""
    cpu = pl.read_csv(LOOP / "librede_u.csv").to_numpy()
    start, length_s = cpu[0, 0] - 30, cpu[-1, 0] - cpu[0, 0] + 30
    begin, end = start + low * length_s, start + high * length_s
    classes = []
    for n in range(3):
        rows = pl.read_csv(LOOP / f"librede_w{n}.csv").to_numpy()
        rows = rows[(rows[:, 0] >= begin) & (rows[:, 0] < end)]
        classes.append(ClassTimes(name=f"w{n}", ended_s=rows[:, 0] - start, response_s=rows[:, 1]))
    cpu = cpu[(cpu[:, 0] > begin) & (cpu[:, 0] <= end)]
    return classes, Utilisation(at_s=cpu[:, 0] - start, share=cpu[:, 1])


def test_response_times_alone_explain_every_sample_of_utilisation() -> None:
    """LibReDE: one shared core, hardly any background; the samples agree within half a point."""
    found = learn_shared_cores(*librede(0, 1))
    say(f"LibReDE: {found.cores} core, unexplained {found.utilisation_error:.2%} of a sample")
    assert found.cores == 1
    assert found.background_share < 0.01
    assert found.utilisation_error < 0.005
    assert all(one.users is not None and one.users < 15 for one in found.classes)


@pytest.mark.parametrize("learned", [(0.0, 0.5), (0.5, 1.0)])
def test_either_half_predicts_response_and_utilisation_of_the_other(learned: tuple[float, float]) -> None:
    """Utilisation within 1 %, responses within 3 % in the mean, each inside its interval."""
    fit = learn_shared_cores(*librede(*learned))
    low = 0.5 - learned[0]
    classes, utilisation = librede(low, low + 0.5)
    length_s = float(utilisation.at_s[-1] - utilisation.at_s[0] + 30)
    found = fit.predict({one.name: len(one.ended_s) / length_s for one in classes}, length_s)
    measured = [utilisation.share.mean(), *(one.response_s.mean() for one in classes)]
    errors = [shown(f"LibReDE {f.name}", f, float(m)) for f, m in zip(found, measured, strict=True)]
    assert abs(errors[0]) < 0.01
    assert np.abs(errors[1:]).mean() < 0.03 + 0.001
    assert all(f.low <= m <= f.high for f, m in zip(found, measured, strict=True))


def test_the_first_half_of_a_production_day_predicts_the_processors_of_the_second() -> None:
    """Oracle: seconds of database time and of processor time explain the processors within 6 % (median)."""
    day = pl.read_csv(LOOP / "oracle_day.csv")
    first, second = day.head(90), day.tail(90)
    cpu = second["cpu_util"].to_numpy()
    for columns in (("cpu_time", "db_time"), ("call_rate", "exec_rate", "lio_rate", "txn_rate")):
        law = learn_utilisation_law(
            {name: first[name].to_numpy() for name in columns}, first["cpu_util"].to_numpy()
        )
        predicted, low, high = law.predict({name: second[name].to_numpy() for name in columns})
        off = np.abs(predicted / cpu - 1)
        inside = float(((low <= cpu) & (cpu <= high)).mean())
        say(f"Oracle, {'+'.join(law.demands)}: median {np.median(off):.1%}, inside {inside:.0%}")
        assert inside >= 0.9
        assert np.median(off) < (0.06 if "db_time" in columns else 0.1)


@pytest.mark.parametrize(("name", "learned"), [("usl_specsdm91", 4), ("usl_raytracer", 4)])
def test_a_scalability_series_goes_on_inside_its_interval(name: str, learned: int) -> None:
    """From its first points; the universal scalability law alone is up to 42 % too low."""
    rows = pl.read_csv(LOOP / f"{name}.csv").rows()
    points = [
        ClosedPoint(users=int(n), think_s=0, throughput_per_s=x, response_s_mean=n / x, quantiles_s={})
        for n, x in rows[:learned]
    ]
    fit = learn_closed_loop(points)
    for n, x in rows[learned:]:
        found = fit.predict(int(n))[0]
        shown(f"{name}, {n:.0f}", found, x)
        assert found.low <= x <= found.high
