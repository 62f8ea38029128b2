"""How often the intervals of a learned station hold the truth, and how wide they are, on simulated stations.

    .venv/bin/python benchmarks/bench_calibration.py [--stations 60] [--seed 7] [--json]

Each station is one pool of slots with a law of its own; its log has two runs from idle, at 40 and 75 % of its
capacity, of at least 20 s, with a delay on the way that varies from one request to the next. A 95 % interval
should hold the truth in 90 to 98 % of them, and be narrow.
"""

import argparse
import json
import time
from dataclasses import dataclass, replace
from math import log

import numpy as np

from footfall._calibrate.learn import learn_station
from footfall._calibrate.learned_station import LearnedStation
from footfall._calibrate.request_log import RequestLog
from footfall._calibrate.station_parameters import LawFamily, ServiceLaw, StationParameters
from footfall._calibrate.station_simulation import simulate_runs

KIND = "web.work/GET /"
LOADS = (0.4, 0.75)
JITTER_S = 0.0003
"""Mean of an exponential time on the way, on top of the constant one."""
FAMILIES: tuple[LawFamily, ...] = ("lognormal", "gamma", "exponential", "weibull", "uniform", "constant")
RATE_MOST = 400.0


@dataclass(frozen=True)
class Row:
    """What was learned of one station, against its truth."""

    path: str
    held: bool
    half_width: float
    """Relative to the truth."""
    error: float


def main() -> None:
    """Learn as many stations as asked for, and print coverage, width and error of each number."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stations", type=int, default=60)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    rng = np.random.default_rng(asked.seed)
    rows: list[Row] = []
    slots = [0, 0, 0]
    began_s, requests = time.process_time(), 0
    for _ in range(asked.stations):
        truth = drawn_station(rng)
        logs = logs_of(truth, rng)
        requests += sum(log.requests for log in logs)
        found = learn_station(logs)
        rows += rows_of(found, truth)
        number = next(one for one in found.numbers if one.path == "slots")
        slots[0] += number.identified
        slots[1] += number.identified and found.parameters.slots == truth.slots
        slots[2] += number.low <= truth.slots <= number.high
    figures = figures_of(rows, slots, asked.stations)
    figures["requests"] = requests / asked.stations
    figures["cpu_s"] = (time.process_time() - began_s) / asked.stations
    print(json.dumps(figures, indent=1) if asked.json else as_text(figures))


def drawn_station(rng: np.random.Generator) -> StationParameters:
    """Draw a station: 1 to 24 slots, a law of 10 to 300 ms, a delay of 0.5 to 4 ms, faults of 0 to 3 %."""
    family = FAMILIES[int(rng.integers(len(FAMILIES)))]
    cv = float(rng.uniform(0.2, 0.55) if family == "uniform" else rng.uniform(0.3, 1.5))
    cv = {"exponential": 1.0, "constant": 0.0}.get(family, cv)
    return StationParameters(
        kinds=(KIND,),
        laws=(ServiceLaw(family=family, mean_s=float(np.exp(rng.uniform(log(0.01), log(0.3)))), cv=cv),),
        fault_shares=(float(rng.choice([0.0, 0.01, 0.03])),),
        network_s=float(np.exp(rng.uniform(log(0.0005), log(0.004)))),
        slots=round(float(np.exp(rng.uniform(0, log(24))))),
    )


def logs_of(truth: StationParameters, rng: np.random.Generator) -> list[RequestLog]:
    """Simulate its two runs, with delays that vary."""
    capacity = truth.slots / truth.laws[0].mean_s
    rates = [min(load * capacity, RATE_MOST) for load in LOADS]
    length_s = max(20.0, 300 / rates[0])
    runs = simulate_runs([truth] * 2, rates, length_s=length_s, seed=int(rng.integers(1 << 30)))
    logs = [runs.request_log(one, truth.kinds, run=f"run {one}", length_s=length_s) for one in range(2)]
    return [replace(one, ended_s=one.ended_s + rng.exponential(JITTER_S, one.requests)) for one in logs]


def rows_of(found: LearnedStation, truth: StationParameters) -> list[Row]:
    """Compare the numbers with the truth."""
    law = truth.laws[0]
    true = {
        f"laws.{KIND}.mean_s": law.mean_s,
        f"laws.{KIND}.cv": law.cv,
        "network_s": truth.network_s + JITTER_S,
        f"fault_shares.{KIND}": truth.fault_shares[0],
    }
    rows = []
    for one in found.numbers:
        # A constant has no variation to have an interval of.
        if one.path not in true or (one.path.endswith("cv") and law.cv == 0):
            continue
        value = true[one.path]
        scale = value or 1.0
        rows.append(
            Row(
                one.path,
                one.low <= value <= one.high,
                (one.high - one.low) / 2 / scale,
                one.value / scale - 1,
            )
        )
    return rows


def figures_of(rows: list[Row], slots: list[int], stations: int) -> dict[str, object]:
    """Sum up, by number."""
    figures: dict[str, object] = {}
    for path in dict.fromkeys(row.path for row in rows):
        own = [row for row in rows if row.path == path]
        errors = np.abs([row.error for row in own])
        figures[path] = {
            "held_share": float(np.mean([row.held for row in own])),
            "half_width_mean": float(np.mean([row.half_width for row in own])),
            "half_width_median": float(np.median([row.half_width for row in own])),
            "error_median": float(np.median(errors)),
            "error_p90": float(np.quantile(errors, 0.9)),
        }
    figures["slots"] = {
        "identified_share": slots[0] / stations,
        "right_of_identified_share": slots[1] / max(slots[0], 1),
        "held_share": slots[2] / stations,
    }
    return figures


def as_text(figures: dict[str, object]) -> str:
    """A line for each number."""
    lines = []
    for name, value in figures.items():
        if isinstance(value, dict):
            lines.append(f"{name}: " + ", ".join(f"{key} {number:.3f}" for key, number in value.items()))
        else:
            lines.append(f"{name}: {value:.3g}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
