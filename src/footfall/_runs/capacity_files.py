"""The files of a search for capacity: `capacity.csv` and `capacity.json`, written after each step."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from footfall._capacity.capacity_found import CapacityFound, ChannelFound, JudgedStep, RateEstimate
from footfall._capacity.channels_found import first_to_break
from footfall._capacity.load_steps import PlayedStep
from footfall._capacity.step_figures import figures_of
from footfall._records.errors import BadInputError, shown
from footfall._records.runs import read_json
from footfall._records.server_record import ServerRecord
from footfall._records.tables import write_csv, write_text
from footfall._runs.predicted_capacity import PredictedCapacity

CAPACITY_FILE, CAPACITY_TABLE = "capacity.json", "capacity.csv"
ALL = "*"
_RATE_MOST = 1e9
"""No service has so many arrivals a second: a file that says so is damaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchState:
    """A search for capacity so far, with what its files say besides the steps."""

    run: str
    seed: int
    target: Mapping[str, Any]
    """What is loaded, and with what."""
    status: str
    """`running`, `finished`, or `partial`: stopped before its end."""
    budget_s: float
    spent_s: float
    ended_by: str = ""
    """What ended it before its time; empty: nothing did."""
    not_used: tuple[str, ...] = ()
    """Criteria that say nothing about a capacity."""


def capacity_data(
    state: SearchState,
    played: Sequence[PlayedStep],
    found: CapacityFound | None,
    servers: Mapping[int, ServerRecord] = MappingProxyType({}),
    predicted: PredictedCapacity | None = None,
) -> dict[str, Any]:
    """Return a search as plain data; `found` is None while its findings are not known.

    `servers` holds what was sampled of the service, by the number of the step; `predicted` is what the
    scenario's model said before the search.
    """
    judged = {} if found is None else {each.number: each for each in found.steps}
    per_arrival = _requests_per_arrival(played)
    knee, plateau = (None, None) if found is None else (found.knee, found.plateau)
    data: dict[str, Any] = {
        "knee_per_s": _estimate(knee) or dict.fromkeys(("value", "low", "high")),
        "plateau_per_s": _estimate(plateau),
        "limited_by": "budget" if found is None else found.limited_by,
        "flags": [] if found is None else list(found.flags),
        "beyond": "unknown" if found is None else found.beyond,
        "held_per_s": None if found is None else found.held_per_s or None,
        "knee_requests_per_s": _estimate(_times(knee, per_arrival)),
        "requests_per_arrival": per_arrival,
        "criteria": [] if found is None else [each.text for each in found.criteria],
        "not_used": list(state.not_used),
        "sentences": [] if found is None else list(found.sentences),
        "breaks_first": None if found is None else first_to_break(found.by_channel),
        "by_channel": {} if found is None else {n: _channel(c) for n, c in found.by_channel.items()},
        "curve": [] if found is None else [asdict(each) for each in found.curve],
        "predicted": None if predicted is None else _predicted(predicted),
        "run": state.run,
        "seed": state.seed,
        "target": dict(state.target),
        "status": state.status,
        "ended_by": state.ended_by,
        "budget_s": state.budget_s,
        "spent_s": round(state.spent_s, 1),
        "budget_needed_s": None if found is None else found.budget_needed_s,
        "server_cores": next((each.cores for each in servers.values() if each.cores), None),
        "server_units": {
            f"{one.source}.{one.name}": one.unit for each in servers.values() for one in each.figures
        },
        "steps": [
            step_data(step, judged.get(number), servers.get(number))
            for step, number in ((step, step.planned.number) for step in played)
        ],
    }
    return {name: without_infinite(value) for name, value in data.items()}


def without_infinite(value: Any) -> Any:  # noqa: ANN401  JSON
    """Return plain data for JSON: a time that is infinite, since nothing was served, is null."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: without_infinite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [without_infinite(each) for each in value]
    return value


def step_data(
    step: PlayedStep, judged: JudgedStep | None, server: ServerRecord | None = None
) -> dict[str, Any]:
    """Return one step as plain data, its channels and operations below `by_operation`."""
    guards = asdict(step.generator)
    unjudged = "invalid" if step.invalid_reason else "undecided"
    return {
        "step": step.planned.number,
        "purpose": step.planned.purpose,
        "planned_per_s": step.planned.offered_per_s,
        **asdict(figures_of(step)),
        "requests_per_s": step.requests_per_s,
        "length_s": step.length_s,
        "stopped_early": step.stopped_early,
        "under_way_at_end": step.under_way_at_end,
        "verdict": unjudged if judged is None else judged.verdict,
        "broken": [] if judged is None else list(judged.broken),
        "invalid_reason": step.invalid_reason,
        "generator": guards,
        "server": {} if server is None else {f"{e.source}.{e.name}": e.mean for e in server.figures},
        "server_most": {} if server is None else {f"{e.source}.{e.name}": e.most for e in server.figures},
        "by_operation": _by_operation(step),
    }


def write_capacity(folder: Path, data: Mapping[str, Any]) -> None:
    """Write both files.

    Raises:
        BadInputError: the folder cannot be written.
    """
    if data["steps"]:
        write_csv(steps_table(data["steps"]), folder / CAPACITY_TABLE)
    write_text(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n", folder / CAPACITY_FILE)


def read_capacity(folder: Path) -> dict[str, Any]:
    """Read the findings of a search from its folder.

    Raises:
        BadInputError: there are none, or the file is damaged.
    """
    data = read_json(folder / CAPACITY_FILE, "the folder of footfall capacity")
    if problem := _damage(data):
        raise BadInputError(
            str(folder / CAPACITY_FILE), f"damaged ({problem})", "a file of footfall capacity"
        )
    return dict(data)


def _damage(data: Any) -> str:  # noqa: ANN401  JSON
    """Return what keeps a file from being judged: its rates, channels and steps; empty: nothing."""
    if not (isinstance(data, dict) and isinstance(data.get("knee_per_s"), dict)):
        return "no knee_per_s"
    channels, steps = data.get("by_channel", {}), data.get("steps")
    if not (isinstance(channels, dict) and all(isinstance(each, dict) for each in channels.values())):
        return "by_channel is not by channel"
    if not (isinstance(steps, list) and all(isinstance(each, dict) for each in steps)):
        return "no steps"
    rates = {"knee_per_s": data["knee_per_s"], "plateau_per_s": data.get("plateau_per_s")}
    for name, channel in channels.items():
        if not _is_rate(channel.get("arrivals_share")) or channel["arrivals_share"] > 1 + 1e-9:
            return f"arrivals_share of {shown(name)} is no share"
        rates[f"knee_per_s of {shown(name)}"] = channel.get("knee_per_s")
    for name, rate in rates.items():
        if rate is not None and not _is_estimate(rate):
            return f"{name} is no rate with its interval"
    wrong = next((each for each in steps if not _is_rate(each.get("offered_per_s"))), None)
    return "" if wrong is None else f"offered_per_s of a step is {shown(wrong.get('offered_per_s'))}"


def _is_estimate(rate: Any) -> bool:  # noqa: ANN401  JSON
    """Whether it is a rate with an interval, or three times null: not found."""
    if not isinstance(rate, dict):
        return False
    if not {"low", "value", "high"} <= rate.keys():
        return False
    low, value, high = rate["low"], rate["value"], rate["high"]
    if low is None and value is None and high is None:
        return True
    return _is_rate(value) and _is_number(low) and _is_number(high) and bool(low <= high)


def _is_rate(value: Any) -> bool:  # noqa: ANN401  JSON
    return _is_number(value) and value >= 0


def _is_number(value: Any) -> bool:  # noqa: ANN401  JSON
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _RATE_MOST


def steps_table(steps: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Return a row for each step, and for each channel and operation in it; `*` stands for all."""
    rows = []
    for step in steps:
        guards = {f"generator_{name}": value for name, value in step["generator"].items()}
        flat = {name: value for name, value in step.items() if name not in _NESTED}
        flat["broken"] = "; ".join(step["broken"])
        served = {f"server_{name}": value for name, value in step["server"].items()}
        rows.append({**flat, "channel": ALL, "operation": ALL, **guards, **served})
        rows += [{"step": step["step"], "purpose": step["purpose"], **each} for each in step["by_operation"]]
    every = (name for row in rows for name in row)
    names = list(dict.fromkeys(("step", "purpose", "channel", "operation", *every)))
    return pl.DataFrame(
        {name: [row.get(name) for row in rows] for name in names}, strict=False, infer_schema_length=None
    )


_NESTED = ("generator", "server", "server_most", "by_operation", "broken")


def _scopes(step: PlayedStep) -> list[tuple[str, str]]:
    """Return each channel, and the operations of those that have several."""
    pairs = sorted(set(zip(step.visits.channel.tolist(), step.visits.operation.tolist(), strict=True)))
    channels = sorted({channel for channel, _ in pairs})
    found = []
    for channel in channels:
        own = [pair for pair in pairs if pair[0] == channel]
        found += [(channel, ALL)] + (own if len(own) > 1 else [])
    return found


def _estimate(estimate: RateEstimate | None) -> dict[str, float] | None:
    return None if estimate is None else asdict(estimate)


def _times(estimate: RateEstimate | None, factor: float | None) -> RateEstimate | None:
    if estimate is None or factor is None:
        return None
    return RateEstimate(value=estimate.value * factor, low=estimate.low * factor, high=estimate.high * factor)


def _requests_per_arrival(played: Sequence[PlayedStep]) -> float | None:
    """Return the mean number of requests of an arrival in valid steps; None: there were none."""
    valid = [step for step in played if not step.invalid_reason]
    arrivals = sum(step.sent_per_s * step.length_s for step in valid)
    return sum(step.requests_per_s * step.length_s for step in valid) / arrivals if arrivals else None


def _channel(found: ChannelFound) -> dict[str, Any]:
    """Return a channel's capacity, in arrivals at it per second and in those of all channels."""
    return {
        "knee_per_s": _estimate(_times(found.knee, found.arrivals_share)),
        "knee_of_all_per_s": _estimate(found.knee),
        "held_of_all_per_s": found.held_per_s or None,
        "found_by": found.found_by,
        "criterion": found.criterion or None,
        "is_judged": found.is_judged,
        "arrivals_share": found.arrivals_share,
        "requests_per_arrival": found.requests_per_arrival,
        "curve": [asdict(each) for each in found.curve],
    }


def _predicted(predicted: PredictedCapacity) -> dict[str, Any]:
    return {
        "knee_per_s": _estimate(predicted.knee),
        "breaks_first": first_to_break(predicted.by_channel),
        "by_channel": {name: _channel(each) for name, each in predicted.by_channel.items()},
        "steps": [
            {**asdict(figures_of(step)), "by_operation": _by_operation(step)} for step in predicted.steps
        ],
    }


def _by_operation(step: PlayedStep) -> list[dict[str, Any]]:
    return [
        {"channel": channel, "operation": operation, **asdict(figures_of(step, channel, operation))}
        for channel, operation in _scopes(step)
    ]
