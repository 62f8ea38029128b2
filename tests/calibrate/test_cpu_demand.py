"""CPU of a request: by the utilisation law over windows of several runs."""

from pathlib import Path

import numpy as np
import pytest

from footfall._calibrate.cpu_demand import BACKGROUND_PATH, CPU_PATH, CpuWindows, cpu_numbers
from footfall._calibrate.station_parameters import ServiceLaw, StationParameters
from footfall._records.server_rows import ServerRow, server_table, write_server_rows
from footfall._runs.calibration_sources import cpu_windows, read_runs
from tests.calibrate.made_runs import hits_of, run_folder

STATION = StationParameters(
    kinds=("work",),
    laws=(ServiceLaw(family="exponential", mean_s=0.02, cv=1.0),),
    fault_shares=(0.0,),
    slots=4,
)


def windows(rate_per_s: float, count: int = 30, seed: int = 1) -> CpuWindows:
    """Give the windows of a run: 5 ms of CPU a request, a twentieth of a core besides, 5 % noise."""
    rng = np.random.default_rng(seed)
    answered = rng.poisson(2 * rate_per_s, count) / 2
    return CpuWindows(cores=(0.05 + 0.005 * answered) * rng.normal(1, 0.05, count), answered_per_s=answered)


def test_the_demand_of_a_request_comes_back_from_two_loads() -> None:
    """It lies in its interval, which is narrow; the background is what is left."""
    demand, background = cpu_numbers([windows(30), windows(80, seed=2)])
    assert (demand.path, background.path) == (CPU_PATH, BACKGROUND_PATH)
    assert demand.low <= 0.005 <= demand.high
    assert demand.value == pytest.approx(0.005, rel=0.06)
    assert background.value == pytest.approx(0.05, abs=0.02)
    assert demand.identified


def test_windows_without_a_sample_are_left_out() -> None:
    """What was not read is no idle time."""
    run = windows(50)
    run.cores[::3] = np.nan
    (demand, _) = cpu_numbers([run, windows(20, seed=3)])
    assert demand.value == pytest.approx(0.005, rel=0.06)


def test_too_few_windows_give_no_number() -> None:
    """Nothing is said of a service that was not sampled, or for a few seconds."""
    assert cpu_numbers([]) == ()
    assert cpu_numbers([windows(50, 5)]) == ()


def test_the_samples_of_a_run_folder_are_compared_with_its_requests(tmp_path: Path) -> None:
    """Five ms of CPU a request, sampled every second: four runs give it, one without samples none."""
    folders = []
    for rate in (20.0, 30.0, 40.0, 60.0):
        hits = hits_of(STATION, rate, ("work",), seed=1)
        folder = run_folder(tmp_path / f"run{rate:.0f}", hits)
        answered = np.histogram(hits["ended_s"].to_numpy(), np.arange(0, 12))[0]
        rows = [
            ServerRow(n + 1.0, "process", "cpu", 0.02 + 0.005 * float(each), "cores")
            for n, each in enumerate(answered)
        ]
        write_server_rows(server_table(rows), folder)
        folders.append(folder)
    bare = run_folder(tmp_path / "bare", hits_of(STATION, 20.0, ("work",), seed=2))
    *sampled, without = read_runs([*folders, bare]).runs
    assert cpu_windows(without) is None
    (demand, background) = cpu_numbers([found for run in sampled if (found := cpu_windows(run)) is not None])
    assert demand.value == pytest.approx(0.005, rel=0.05)
    assert background.value == pytest.approx(0.02, abs=0.015)
