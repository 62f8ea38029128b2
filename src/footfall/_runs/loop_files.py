"""`loop.json`: a loop as plain data, written after each step."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from footfall._records.errors import BadInputError
from footfall._records.runs import read_json
from footfall._records.tables import write_text
from footfall._runs.capacity_files import without_infinite
from footfall._runs.loop_prediction import FrozenPrediction
from footfall._runs.loop_records import LOOP_FILE, LoopVerdict, OutageDone, PhaseState

_STEP_FIGURES = (
    *("step", "purpose", "offered_per_s", "requests_per_s", "throughput_per_s", "success_share"),
    *("p50_s", "p95_s", "p99_s", "length_s", "verdict", "invalid_reason"),
)
_CAPACITY = (
    *("knee_per_s", "plateau_per_s", "limited_by", "flags", "beyond", "held_per_s", "sentences", "curve"),
    *("by_channel", "budget_s", "budget_needed_s", "ended_by", "requests_per_arrival"),
)


@dataclass(frozen=True, kw_only=True)
class LoopState:
    """A loop so far; what it has not reached is None."""

    run: str
    seed: int
    target: str
    """What is loaded, in words."""
    scenario: str
    status: str
    """`running`, `finished`, or `partial`: stopped before its end."""
    ended_by: str
    """What ended it before its time; empty: nothing did."""
    budget_s: float
    spent_s: float
    phases: tuple[PhaseState, ...]
    criteria: tuple[str, ...]
    loads: Mapping[str, Any] | None
    """The content of `loads/capacity.json`."""
    learned_steps: tuple[int, ...]
    """Numbers of the loads that were learned from."""
    learned: Mapping[str, Any] | None
    """As `footfall calibrate --json`."""
    frozen: FrozenPrediction | None
    capacity: Mapping[str, Any] | None
    """The content of `knee/capacity.json`."""
    outage: OutageDone | None
    """None: it was not played."""
    outage_folder: str
    """Name of the folder with its run, below that of the loop."""
    verdict: LoopVerdict | None


def loop_data(state: LoopState, answer: str) -> dict[str, Any]:
    """Return a loop as plain data."""
    verdict, frozen, capacity = state.verdict, state.frozen, state.capacity
    data = {
        "verdict": None if verdict is None else verdict.verdict.value,
        "answer": answer,
        "reason": "" if verdict is None else verdict.reason,
        "parts": []
        if verdict is None
        else [
            {
                "part": one.part,
                "verdict": one.verdict.value,
                "reason": one.reason,
                "probability": one.probability,
                "depends_on": list(one.depends_on),
            }
            for one in verdict.parts
        ],
        "figures": []
        if verdict is None
        else [_figure(asdict(figure)) for one in verdict.parts for figure in one.figures],
        "criteria": list(state.criteria),
        "loads": [] if state.loads is None else [_load(row, state) for row in state.loads["steps"]],
        "learned": None if state.learned is None else dict(state.learned),
        "prediction": None if frozen is None else frozen.model_dump(mode="json"),
        "capacity": None if capacity is None else {name: capacity[name] for name in _CAPACITY},
        "steps": [] if capacity is None else [_step(row) for row in capacity["steps"]],
        "outage": None
        if state.outage is None
        else asdict(state.outage) | {"text": state.outage.text(), "folder": state.outage_folder},
        "phases": [asdict(one) for one in state.phases],
        "run": state.run,
        "seed": state.seed,
        "target": {"what": state.target, "scenario": state.scenario},
        "status": state.status,
        "ended_by": state.ended_by,
        "budget_s": state.budget_s,
        "spent_s": state.spent_s,
    }
    return {name: without_infinite(value) for name, value in data.items()}


def write_loop(folder: Path, data: Mapping[str, Any]) -> None:
    """Write the file.

    Raises:
        BadInputError: the folder cannot be written.
    """
    write_text(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n", folder / LOOP_FILE)


def read_loop(folder: Path) -> dict[str, Any]:
    """Read what a loop found from its folder.

    Raises:
        BadInputError: there is none, or the file is damaged.
    """
    data = read_json(folder / LOOP_FILE, "the folder of footfall loop")
    if not isinstance(data, dict) or not {"verdict", "phases", "figures"} <= data.keys():
        raise BadInputError(str(folder / LOOP_FILE), "damaged (no phases)", "a file of footfall loop")
    return data


def _figure(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a figure with its predicted and its measured value, each with its bounds."""
    names = ("part", "channel")
    return {
        **{name: row[name] for name in names},
        "figure": row["name"],
        "predicted": {
            "value": row["predicted"],
            "low": row["predicted_low"],
            "high": row["predicted_high"],
        },
        "measured": {"value": row["measured"], "low": row["measured_low"], "high": row["measured_high"]},
        "inside": row["is_inside"],
    }


def _step(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in _STEP_FIGURES}


def _load(row: Mapping[str, Any], state: LoopState) -> dict[str, Any]:
    return _step(row) | {"is_learned_from": row["step"] in state.learned_steps}
