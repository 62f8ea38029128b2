"""The verdict on a search for capacity, from its files: `capacity(…)`, and figures of the service there."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from footfall._criteria.lists import criteria_of
from footfall._criteria.objects import Criterion, SearchCriterion, ServerCriterion
from footfall._measure.judge_capacity import MeasuredCapacity, judge_capacity
from footfall._measure.judge_server import ServerAtStep, ServerAtSteps, judge_server_at
from footfall._measure.verdict import Judgement
from footfall._records.errors import BadInputError
from footfall._records.runs import Manifest
from footfall._runs.capacity_files import ALL, read_capacity
from footfall._runs.judgement import Judged, write_verdict
from footfall._runs.messages import QUIET, Messages


def judge_search(
    folder: Path, manifest: Manifest, given: Sequence[Criterion], messages: Messages = QUIET
) -> Judged:
    """Judge a search by criteria that are given, or by those that it was made with.

    Raises:
        BadInputError: there is none, or one is not about the capacity; a file is missing or damaged.
    """
    own = criteria_of(manifest.settings.get("criteria", ()), f"search {manifest.run}")
    chosen = tuple(given) or tuple(each for each in own if isinstance(each, SearchCriterion))
    expected = "'capacity(*) >= 60/s' or another such line"
    for each in chosen:
        if not isinstance(each, SearchCriterion):
            problem = "cannot be judged by a search for capacity, which held it at the capacity it found"
            raise BadInputError(f"criterion {each.text!r}", problem, expected)
    if not chosen:
        raise BadInputError(str(folder), "has no criterion about the capacity", f"--criterion {expected}")
    criteria = [each for each in chosen if isinstance(each, SearchCriterion)]
    return capacity_criteria_verdict(folder, manifest, criteria, messages)


def capacity_criteria_verdict(
    folder: Path, manifest: Manifest, criteria: Sequence[SearchCriterion], messages: Messages = QUIET
) -> Judged:
    """Judge the criteria by `capacity.json`, and write the verdict into the folder.

    Raises:
        BadInputError: the file is missing or damaged, or the folder cannot be written.
    """
    return write_verdict(folder, manifest, judge_found(criteria, read_capacity(folder)), messages)


def judge_found(criteria: Sequence[Criterion], data: Mapping[str, Any]) -> tuple[Judgement, ...]:
    """Judge criteria by what a search found; those that are not about it are left out."""
    measured = measured_capacities(data)
    figures = _server_figures(data)
    return tuple(
        judge_server_at(each, figures)
        if isinstance(each, ServerCriterion)
        else judge_capacity(each, measured)
        for each in criteria
        if isinstance(each, SearchCriterion)
    )


def _server_figures(data: Mapping[str, Any]) -> ServerAtSteps:
    knee = data["knee_per_s"]
    steps = [
        ServerAtStep(offered_per_s=step["offered_per_s"], mean=step["server"], most=step["server_most"])
        for step in data["steps"]
        if not step["invalid_reason"] and step.get("server_most")
    ]
    return ServerAtSteps(
        value_per_s=knee["value"],
        high_per_s=knee["high"],
        units=data.get("server_units", {}),
        cores=data.get("server_cores"),
        steps=tuple(steps),
    )


def measured_capacities(data: Mapping[str, Any]) -> tuple[MeasuredCapacity, ...]:
    """Return the capacity of all together and of each channel.

    A channel whose own limit was not reached holds at least at the capacity of the whole.
    """
    whole = data["knee_per_s"]
    found = [MeasuredCapacity(channel=ALL, value=whole["value"], low=whole["low"], high=whole["high"])]
    for name, channel in data.get("by_channel", {}).items():
        own = channel["knee_per_s"]
        if own is not None:
            found.append(MeasuredCapacity(channel=name, value=own["value"], low=own["low"], high=own["high"]))
        else:
            low = None if whole["low"] is None else whole["low"] * channel["arrivals_share"]
            found.append(MeasuredCapacity(channel=name, value=None, low=low, high=None))
    return tuple(found)
