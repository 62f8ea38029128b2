"""Services whose capacity is known: the fast simulation against two million requests a rate."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from footfall._calibrate.station_parameters import ServiceLaw, StationParameters
from footfall._calibrate.station_simulation import simulate_steady

SERVICES = Path(os.environ.get("FOOTFALL_SERVICES", Path(__file__).parents[3] / "shared" / "services"))
"""Of another place; without it these tests are skipped."""
COLUMNS, REQUESTS = 48, 6000

pytestmark = pytest.mark.skipif(not SERVICES.is_dir(), reason=f"no services of known capacity in {SERVICES}")


def _station(name: str) -> StationParameters:
    families = {
        "s1_gunicorn_sync": (ServiceLaw(family="lognormal", mean_s=0.04, cv=1.0), {"slots": 3}),
        "s3_uvicorn_limit": (
            ServiceLaw(family="lognormal", mean_s=0.05, cv=0.5),
            {"slots": 7, "accept_queue": 0},
        ),
        "s7_nginx_limit": (
            ServiceLaw(family="exponential", mean_s=0.025, cv=1.0),
            {"rate_limit_per_s": 60.0, "rate_limit_burst": 10},
        ),
        "s8_stall": (
            ServiceLaw(family="gamma", mean_s=0.04, cv=0.5),
            {"slots": 8, "stall_length_s": 2.0, "stall_every_s": 20.0},
        ),
    }
    law, limits = families[name]
    return StationParameters(kinds=("*",), laws=(law,), fault_shares=(0.0,), **limits)  # type: ignore[arg-type]  # mixed


@pytest.mark.parametrize(
    ("name", "share"),
    [("s1_gunicorn_sync", 0.75), ("s3_uvicorn_limit", 0.75), ("s7_nginx_limit", 0.9), ("s8_stall", 0.7)],
)
def test_the_simulation_has_the_success_and_percentiles_of_the_truth(name: str, share: float) -> None:
    """At a share of the capacity: success within half a point, p50 and p95 within 4 %."""
    truth = json.loads((SERVICES / name / "truth.json").read_text(encoding="utf-8"))
    per_s = truth["capacity"] * share
    expected = next(row for row in truth["theory"]["by_rate"] if abs(row["rate"] - per_s) < 0.01)
    runs = simulate_steady([_station(name)] * COLUMNS, np.full(COLUMNS, per_s), requests=REQUESTS, seed=1)
    p50_s = runs.response_quantiles_s([0.5], of_all=True).mean()
    p95_s = runs.response_quantiles_s([0.95]).mean()
    assert abs(runs.success_share.mean() - expected["success"]) < 0.005
    assert p50_s == pytest.approx(expected["p50_s"], rel=0.04)
    assert p95_s == pytest.approx(expected["p95_ok_s"], rel=0.04)
