"""The chart of a search for capacity, from the content of its file."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from footfall._chart.capacity_chart import Bounds, CapacityMarks, capacity_chart
from footfall._chart.style import Chart, Stamp
from footfall._criteria.lists import criteria_of
from footfall._criteria.objects import ResponseCriterion, ShareCriterion
from footfall._runs.capacity_files import CAPACITY_TABLE, steps_table
from footfall._runs.capacity_parts import model_curve, part_charts

_P95 = 0.95


def capacity_picture(data: Mapping[str, Any], version: str) -> Chart:
    """Draw the content of `capacity.json`."""
    limits = criteria_of(data["criteria"], "criteria")
    success = [each for each in limits if isinstance(each, ShareCriterion) and str(each.scope) == "*.*"]
    times = [each for each in limits if isinstance(each, ResponseCriterion) and str(each.scope) == "*.*"]
    shares = [each.bound_share if each.of == "success" else 1 - each.bound_share for each in success]
    marks = CapacityMarks(
        knee_per_s=_bounds(data["knee_per_s"]),
        plateau_per_s=_bounds(data["plateau_per_s"]),
        success_limit_share=max(shares, default=None),
        p95_limit_s=min((each.limit_s for each in times if each.quantile == _P95), default=None),
        curve=pl.DataFrame(data["curve"]) if data["curve"] else None,
        predicted_per_s=_bounds((data.get("predicted") or {}).get("knee_per_s")),
        model_curve=model_curve(data),
    )
    return capacity_chart(steps_table(data["steps"]), marks, _stamp(data, version))


def capacity_pictures(data: Mapping[str, Any], version: str) -> dict[str, Chart]:
    """Draw the content of `capacity.json`: all visits, each channel, and operations; by the file's name."""
    if not data["steps"]:
        return {}
    whole = {CAPACITY_TABLE.removesuffix(".csv"): capacity_picture(data, version)}
    return whole | part_charts(data, _stamp(data, version))


def _stamp(data: Mapping[str, Any], version: str) -> Stamp:
    return Stamp(run=data["run"], seed=data["seed"], version=version)


def _bounds(estimate: Mapping[str, Any] | None) -> Bounds | None:
    if estimate is None or estimate["value"] is None:
        return None
    return estimate["value"], estimate["low"], estimate["high"]
