"""The verdict on `capacity(…)` criteria, from the files of a search for capacity."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from footfall._criteria.lists import criteria_of
from footfall._criteria.objects import CapacityCriterion, Criterion
from footfall._measure.judge_capacity import MeasuredCapacity, judge_capacity
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
    chosen = tuple(given) or tuple(each for each in own if isinstance(each, CapacityCriterion))
    expected = "'capacity(*) >= 60/s' or another such line"
    for each in chosen:
        if not isinstance(each, CapacityCriterion):
            problem = "cannot be judged by a search for capacity, which held it at the capacity it found"
            raise BadInputError(f"criterion {each.text!r}", problem, expected)
    if not chosen:
        raise BadInputError(str(folder), "has no criterion about the capacity", f"--criterion {expected}")
    criteria = [each for each in chosen if isinstance(each, CapacityCriterion)]
    return capacity_criteria_verdict(folder, manifest, criteria, messages)


def capacity_criteria_verdict(
    folder: Path, manifest: Manifest, criteria: Sequence[CapacityCriterion], messages: Messages = QUIET
) -> Judged:
    """Judge the criteria by `capacity.json`, and write the verdict into the folder.

    Raises:
        BadInputError: the file is missing or damaged, or the folder cannot be written.
    """
    measured = measured_capacities(read_capacity(folder))
    judgements = tuple(judge_capacity(each, measured) for each in criteria)
    return write_verdict(folder, manifest, judgements, messages)


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
