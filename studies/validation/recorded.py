"""A recorded trace replayed, and exact tables met: checks for which the recorded files are needed."""

import json
from collections.abc import Callable
from math import pi, sin
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from footfall._model.model import Model
from footfall.theory.fluid import FluidStation, transient
from footfall.theory.many_servers import (
    erlang_a,
    erlang_b,
    erlang_c,
    erlang_c_service_level,
    erlang_c_wait_mean,
    mmck,
)
from studies.validation.checks import Check, rounded
from studies.validation.replay import replay

TRACE, TRACE_RESULTS = "leemis_park_ssq_trace.csv.gz", "queue_reference_results.json"
STEADY_TABLE, CHANGING_TABLE = "erlang_exact_table.csv", "mt_m_s_m_exact_table.csv"
STEADY_RELATIVE, CHANGING_RELATIVE = 1e-9, 1e-6
_ABSOLUTE = {STEADY_RELATIVE: 1e-13, CHANGING_RELATIVE: 1e-7}
_TRACE_UNITS = {"utilization": ""}


def trace(data: Path, model: Model) -> list[Check]:
    """Replay a recorded trace of 1,000 jobs through a single server."""
    rows = pl.read_csv(data / TRACE)
    cases = json.loads((data / TRACE_RESULTS).read_text(encoding="utf-8"))["cases"]
    expected = next(case["results"] for case in cases if case["id"] == "leemis_park_ssq1")
    visits = replay(model, rows["arrivalTimes"].to_list(), rows["serviceTimes"].to_list()).visits
    found = {
        "avg_interarrival": np.max(rows["arrivalTimes"].to_numpy()) / visits.height,
        "avg_service": np.mean(visits["human_s"].to_numpy()),
        "avg_delay_in_queue": np.mean(visits["wait_s"].to_numpy()),
        "avg_time_in_node": np.mean((visits["ended_s"] - visits["due_s"]).to_numpy()),
        "utilization": np.sum(visits["human_s"].to_numpy()) / np.max(visits["ended_s"].to_numpy()),
    }
    source = "A trace of 1,000 jobs (Leemis and Park 2006, ssq1), replayed by an independent program"
    return [
        rounded(
            name.replace("avg_", "mean ").replace("_", " "),
            source,
            str(expected[name]),
            float(value),
            _TRACE_UNITS.get(name, "s"),
        )
        for name, value in found.items()
    ]


def steady_table(data: Path) -> list[Check]:
    """Hold Erlang B, C, A and M/M/c/K against a table of birth and death, solved state by state."""
    rows = pl.read_csv(data / STEADY_TABLE)
    checks = []
    for (model,), own in rows.group_by("model", maintain_order=True):
        pairs = [
            (row[name], value) for row in own.iter_rows(named=True) for name, value in steady(row).items()
        ]
        source = "A table of birth and death, solved state by state by an independent program"
        checks.append(_largest(f"{model}, {own.height} systems", source, pairs, STEADY_RELATIVE))
    return checks


def changing_table(data: Path) -> list[Check]:
    """Hold M(t)/M/s(+M) against a table of differential equations."""
    rows = pl.read_csv(data / CHANGING_TABLE)
    source = "A table of the differential equations of a changing day, integrated by an independent program"
    checks = []
    for name, load in DAYS.items():
        own = rows.filter(pl.col("case") == name)
        pairs = changing(own, load)
        checks.append(_largest(f"{name}, {own.height} moments", source, pairs, CHANGING_RELATIVE))
    return checks


def _largest(name: str, source: str, pairs: list[tuple[float, float]], relative: float) -> Check:
    """Sum up many pairs (expected, found) by their largest difference, as a share of the expected value."""
    off = max(
        max(abs(found - expected) - _ABSOLUTE[relative], 0.0) / max(abs(expected), 1e-300)
        for expected, found in pairs
    )
    title = f"{name}, {len(pairs)} values: largest relative difference"
    return Check(title, source, 0.0, off, off - relative, off + relative, "")


def steady(row: dict[str, Any]) -> dict[str, float]:
    """Give the columns of a row of the steady table from the closed forms."""
    servers, rate, service_rate = row["servers"], row["lam_per_s"], 1 / row["mean_service_s"]
    if row["mean_patience_s"] is not None:
        found = erlang_a(servers, rate, service_rate, 1 / row["mean_patience_s"])
        return {
            "p_wait": found.waits_share,
            "mean_wait": found.wait_mean,
            "mean_queue": found.queue_mean,
            "occupancy": found.occupancy,
            "p_abandon": found.abandons_share,
        }
    if row["capacity"] is not None:
        room = mmck(servers, int(row["capacity"]), rate, service_rate)
        blocked = {"p_block": room.blocked_share}
        if row["capacity"] == servers:
            blocked = {"p_block": erlang_b(servers, rate / service_rate)}
        return blocked | {
            "p_wait": room.waits_share,
            "mean_wait": room.wait_mean,
            "mean_queue": room.queue_mean,
            "occupancy": room.occupancy,
        }
    return {
        "p_wait": erlang_c(servers, rate / service_rate),
        "mean_wait": erlang_c_wait_mean(servers, rate, service_rate),
        "service_level_20s": erlang_c_service_level(servers, rate, service_rate, 20),
    }


DAYS: dict[str, Callable[[float], float]] = {
    "sin_10srv_pat300": lambda h: 160 + 80 * sin(2 * pi * h / 8),
    "sin_10srv_nopat": lambda h: 120 + 80 * sin(2 * pi * h / 8),
    "sin_50srv_pat180": lambda h: 900 + 300 * sin(2 * pi * h / 8),
    "step_8srv_pat240": lambda h: (80, 120, 180, 200, 160, 120, 100, 80)[min(int(h), 7)],
}
"""Arrivals an hour, by hour, of the changing days."""
_COLUMNS = {
    "E_in_system": "in_system_mean",
    "E_queue": "queue_mean",
    "p_all_busy": "all_busy_share",
    "cum_arrivals": "arrivals",
    "cum_abandoned": "abandoned",
    "cum_arrivals_finding_all_busy": "arrivals_finding_all_busy",
    "cum_queue_time_s": "queue_time",
}


def changing(rows: pl.DataFrame, per_h: Callable[[float], float]) -> list[tuple[float, float]]:
    """Give the columns of a changing day's table beside our own, at all its moments."""
    one = rows.row(0, named=True)
    patience_s = one["mean_patience_s"]
    queue = FluidStation(one["servers"], 1 / one["mean_service_s"], 1 / patience_s if patience_s else 0.0)
    moments = [hour * 3600 for hour in rows["t_h"]]
    found = transient(lambda s: per_h(s / 3600) / 3600, queue, moments, [h * 3600 for h in range(1, 8)])
    return [
        (row[theirs], getattr(moment, ours))
        for moment, row in zip(found, rows.iter_rows(named=True), strict=True)
        for theirs, ours in _COLUMNS.items()
    ]
