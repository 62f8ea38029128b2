"""Models of services of known capacity: runs of 25 s from idle are what an independent simulation says.

The true figures are in the files beside the repository; without them, two formulas remain.
"""

import importlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from footfall._behaviour import keyed
from footfall._model.model import Model
from footfall._simulate.day import Day
from footfall.theory.many_servers import erlang_b
from footfall.theory.one_server import md1k
from tests.laws.conftest import poisson_crowd

SERVICES = Path(os.environ.get("FOOTFALL_SERVICES") or Path(__file__).parents[3] / "shared" / "services")
MODELS = {
    "s1_gunicorn_sync": "worker_pool",
    "s3_uvicorn_limit": "concurrency_limit",
    "s7_nginx_limit": "rate_limit",
    "s8_stall": "stalls",
}
RUNS = 4
SEED = 5


def model_of(name: str) -> Model:
    """Give the model of a service."""
    model: Model = importlib.import_module(f"models.services.{name}").MODEL
    return model


def run_from_idle(model: Model, rate_per_s: float, seconds: float, number: int) -> pl.DataFrame:
    """Give the visits of Poisson arrivals to an idle service."""
    most = int(rate_per_s * seconds + 8 * (rate_per_s * seconds) ** 0.5)
    crowd = poisson_crowd(most, rate_per_s, number)
    came = crowd.at_s < seconds
    names = ("customers", "keys", "at_s", "segments", "operations", "subscribers", "channels")
    columns = {name: getattr(crowd, name)[came] for name in names}
    crowd = replace(crowd, **columns, run=keyed.run_key(SEED, number))
    return Day(model, crowd, SEED, seconds).run().visits


def figures(visits: pl.DataFrame) -> dict[str, float]:
    """Success share, and percentiles of the response time of all requests."""
    response_s = (visits["ended_s"] - visits["due_s"]).to_numpy()
    return {
        "success": float((visits["outcome"] == "served").to_numpy().mean()),
        "p50_s": float(np.quantile(response_s, 0.5)),
        "p95_s": float(np.quantile(response_s, 0.95)),
    }


@pytest.mark.skipif(not SERVICES.is_dir(), reason="no services: name their folder in FOOTFALL_SERVICES")
@pytest.mark.parametrize("service", MODELS)
def test_runs_of_a_known_service_are_within_its_middle_95_percent(service: str) -> None:
    """At every load of the file, from 40 to 110 % of the capacity; the mean of some runs."""
    model = model_of(MODELS[service])
    truth: dict[str, Any] = json.loads((SERVICES / service / "truth.json").read_text(encoding="utf-8"))
    for known in truth["theory"]["run_of_25s_from_idle"]:
        runs = [figures(run_from_idle(model, known["rate"], known["seconds"], k)) for k in range(RUNS)]
        for name in runs[0]:
            _, low, high = known[name]
            found = sum(run[name] for run in runs) / RUNS
            assert low - 1e-9 <= found <= high + 1e-9, (known["rate"], name, found, low, high)


@pytest.mark.parametrize(
    ("name", "rate_per_s", "refused_share"),
    [
        ("rate_limit", 66, md1k(11, 1.1, 1).blocked_share),
        ("concurrency_limit", 105, erlang_b(7, 105 * 0.05)),
    ],
)
def test_a_service_refuses_what_its_formula_says(name: str, rate_per_s: float, refused_share: float) -> None:
    """M/D/1/11 for the rate limit, Erlang B for the limit of requests at once, within four errors."""
    runs = [1 - figures(run_from_idle(model_of(name), rate_per_s, 60, k))["success"] for k in range(6)]
    error = float(np.std(runs, ddof=1)) / len(runs) ** 0.5
    assert error < 0.1 * refused_share
    assert abs(float(np.mean(runs)) - refused_share) < 4 * error
