"""Reference services of hidden numbers: from loads below the knee their numbers and their knee are found."""

from dataclasses import replace
from math import inf
from pathlib import Path

import numpy as np
import pytest

import footfall as ff
from benchmarks.hidden_search import parameters_of, write_step
from benchmarks.hidden_service import FAULTS, HiddenService, hidden_service, visits_at
from footfall._calibrate.station_simulation import simulate_runs
from footfall.theory import erlang_c_wait_mean

KNEES_PER_S = {6: 53.53, 8: 90.65}
"""Of services by their number: what `hidden_service.knee_per_s` gives in half a minute."""
LENGTH_S = 25.0


def low_runs(service: HiddenService, folder: Path) -> list[Path]:
    """Simulate runs at 40 and 70 % of the knee, and write them as those of a load test."""
    knee, one = KNEES_PER_S[service.number], parameters_of(service)
    rates = [0.4 * knee, 0.7 * knee]
    runs = simulate_runs([one, one], rates, length_s=LENGTH_S, seed=service.number)
    rng = np.random.default_rng(service.number)
    for number in range(2):
        log = runs.request_log(number, one.kinds, run=f"{number}", length_s=LENGTH_S)
        write_step(folder / f"{number}", log, service, rng)
    return [folder / "0", folder / "1"]


@pytest.mark.parametrize("number", [6, 8])
def test_low_loads_give_the_numbers_and_the_knee(number: int, tmp_path: Path) -> None:
    """Mean service within 5 %, slots exact, fault shares within their intervals, the knee within 10 %."""
    service = hidden_service(number)
    done = ff.calibrate(low_runs(service, tmp_path), out=tmp_path / "learned")
    numbers = {one.path: one for one in done.calibration.numbers}
    assert numbers["url.works.browse.service.mean_s"].value == pytest.approx(service.mean_s, rel=0.05)
    slots = numbers["url.slots"]
    assert slots.value == service.slots or not slots.identified
    for (cause, _), share in zip(FAULTS, service.fault_shares, strict=True):
        if share:
            found = numbers[f"url.works.browse.faults.{cause}.share"]
            assert found.low < share < found.high
    prediction = ff.predict_load(
        tmp_path / "learned", criteria=service.criteria, out=tmp_path / "predicted"
    ).prediction
    assert prediction.knee is not None
    assert prediction.knee.value == pytest.approx(KNEES_PER_S[number], rel=0.1)


def test_the_truth_of_the_benchmark_is_that_of_theory() -> None:
    """Mean wait of an M/M/c queue (Erlang 1917), in the visits that the truth is taken from."""
    plain = replace(
        hidden_service(8), family="exponential", cv=1.0, accept_queue=inf, deadline_s=inf, fault_shares=(0, 0)
    )
    rate = 0.7 * plain.plateau_per_s
    runs = [visits_at(plain.model(), rate, 20_000, stream)[2000:] for stream in range(3)]
    waits_s = np.concatenate([visits["wait_s"].to_numpy() for visits in runs])
    expected = erlang_c_wait_mean(plain.slots, rate, 1 / plain.mean_s)
    assert waits_s.mean() == pytest.approx(expected, rel=0.15)


def test_a_short_search_of_a_live_service_states_nothing_that_is_wrong(tmp_path: Path) -> None:
    """Half a minute of a real service of numbers that the search does not know, while other tests run."""
    service = replace(hidden_service(7), fault_shares=(0.0, 0.03), success_share_least=0.93)
    with ff.serve(service.model(), seed=3) as running:
        found = ff.capacity(
            url=f"{running.url}/web/pages/home",
            criteria=service.criteria,
            budget=30,
            start_rate=10.0,
            seed=3,
            out=tmp_path / "search",
        )
    knee = found.data["knee_per_s"]
    if knee["value"] is not None:
        assert knee["low"] < 1.1 * service.plateau_per_s
        assert knee["high"] > 0.5 * service.plateau_per_s
    else:
        assert found.data["limited_by"] in {"budget", "generator"}
    valid = [step for step in found.data["steps"] if not step["invalid_reason"]]
    if not valid:
        pytest.skip("the machine was too busy for a valid step")
    learned = ff.calibrate(tmp_path / "search", out=tmp_path / "learned").calibration
    numbers = {one.path: one for one in learned.numbers}
    assert not any("database_down" in path for path in numbers)
    stale = numbers["url.works.browse.faults.stale_data.share"]
    assert stale.low < 0.03 < stale.high
    slots = numbers["url.slots"]
    assert slots.value == service.slots or not slots.identified
