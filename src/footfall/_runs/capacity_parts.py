"""The charts of a search by channel, and by operation of each channel that a criterion speaks of."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from footfall._chart.capacity_chart import Bounds
from footfall._chart.capacity_parts_chart import PartRow, PartsText, capacity_parts_chart
from footfall._chart.style import Chart, Stamp, in_order, name_of, rate_text
from footfall._criteria.lists import criteria_of
from footfall._criteria.objects import OPERATORS, Criterion, ResponseCriterion, ShareCriterion
from footfall._runs.capacity_files import ALL

CHANNELS_CHART = "capacity_channels"
_FIGURES = ("throughput_per_s", "success_share", "p50_s", "p95_s", "p99_s")
_P95 = 0.95
_VISITS_LEAST = 20
"""Fewer visits of a part of a step say nothing and are not drawn."""
_LONG_S = 60.0
_COLUMNS = {"offered_per_s": pl.Float64, **dict.fromkeys(_FIGURES, pl.Float64), "verdict": pl.String}


def part_charts(data: Mapping[str, Any], stamp: Stamp) -> dict[str, Chart]:
    """Draw the channels of a search, and the operations of those that are judged, by the chart's name.

    There are none where all visits are at one channel.
    """
    channels = list(data["by_channel"])
    if len(channels) < 2 or not data["steps"]:  # noqa: PLR2004  one channel is drawn as the whole
        return {}
    limits = criteria_of(data["criteria"], "criteria")
    by_arrivals = sorted(channels, key=lambda name: -data["by_channel"][name]["arrivals_share"])
    judged = [name for name in by_arrivals if data["by_channel"][name].get("is_judged", True)]
    first = [*judged, *(name for name in by_arrivals if name not in judged)][:8]
    rows = [_row(data, name, ALL, limits) for name in in_order(first)]
    text = PartsText(title=_title(data), of="channel", prediction=_prediction(data))
    charts = {CHANNELS_CHART: capacity_parts_chart(rows, text, stamp)}
    for name in judged:
        operations = list(_operations(data, name))
        if len(operations) > 1:
            of_channel = PartsText(
                title=_channel_title(data, name), of="operation", prediction=_prediction(data)
            )
            parts = [_row(data, name, operation, limits) for operation in operations]
            charts[f"capacity_{name}"] = capacity_parts_chart(parts, of_channel, stamp)
    return charts


def model_curve(data: Mapping[str, Any], channel: str = ALL, operation: str = ALL) -> pl.DataFrame | None:
    """Give what the scenario's model predicted of all visits or of a part; None: it was not asked."""
    predicted = data.get("predicted")
    if predicted is None:
        return None
    rows = [_figures(step, channel, operation) for step in predicted["steps"]]
    known = [row for row in rows if row is not None and row["p95_s"] is not None]
    return pl.DataFrame(known) if known else None


def _row(data: Mapping[str, Any], channel: str, operation: str, limits: Sequence[Criterion]) -> PartRow:
    rows = [
        figures | {"verdict": _verdict(step, channel, operation, limits)}
        for step in data["steps"]
        if (figures := _figures(step, channel, operation)) is not None
    ]
    own = data["by_channel"][channel]
    about = _about(limits, channel, operation)
    shares = [each for each in about if isinstance(each, ShareCriterion)]
    times = [each for each in about if isinstance(each, ResponseCriterion) and each.quantile == _P95]
    curve = model_curve(data, channel, operation)
    if curve is None and operation == ALL and own.get("curve"):
        curve = pl.DataFrame(own["curve"])
    return PartRow(
        name=channel if operation == ALL else operation,
        steps=pl.DataFrame(rows, schema=_COLUMNS).sort("offered_per_s"),
        curve=curve,
        knee_per_s=_bounds(own.get("knee_of_all_per_s")),
        success_limit_share=max(
            (each.bound_share if each.of == "success" else 1 - each.bound_share for each in shares),
            default=None,
        ),
        p95_limit_s=min((each.limit_s for each in times), default=None),
    )


def _figures(step: Mapping[str, Any], channel: str, operation: str) -> dict[str, Any] | None:
    """Give the figures of a part of a step, at the offered load of the whole; None: it had too few visits."""
    if channel == ALL:
        found = step
    else:
        own = [each for each in step["by_operation"] if each["channel"] == channel]
        of_operation = [each for each in own if each["operation"] == operation]
        if not of_operation:
            return None
        found = of_operation[0]
        if found["offered_per_s"] * step.get("length_s", _LONG_S) < _VISITS_LEAST:
            return None
    return {"offered_per_s": step["offered_per_s"], **{name: found[name] for name in _FIGURES}}


def _verdict(step: Mapping[str, Any], channel: str, operation: str, limits: Sequence[Criterion]) -> str:
    """Say whether the criteria of a part hold in a step, by its figures; not how surely."""
    if step["invalid_reason"]:
        return "invalid"
    for each in step["by_operation"]:
        if each["channel"] == channel and operation in {ALL, each["operation"]}:
            for limit in _about(limits, channel, each["operation"]):
                if not _holds(limit, each):
                    return "broken"
    return "holds"


def _about(limits: Sequence[Criterion], channel: str, operation: str) -> list[Criterion]:
    """Give the criteria that speak of an operation; of a whole channel: of all its operations alike."""
    return [
        each
        for each in limits
        if isinstance(each, ShareCriterion | ResponseCriterion) and each.scope.matches(channel, operation)
    ]


def _holds(limit: Criterion, figures: Mapping[str, Any]) -> bool:
    within = OPERATORS[limit.operator] if isinstance(limit, ShareCriterion | ResponseCriterion) else None
    if within is None:
        return True
    if isinstance(limit, ShareCriterion):
        share = figures["success_share"]
        return limit.of != "success" or share is None or within(share, limit.bound_share)
    names = {0.5: "p50_s", 0.95: "p95_s", 0.99: "p99_s"}
    name = names.get(limit.quantile or 0.0) if isinstance(limit, ResponseCriterion) else None
    value = figures[name] if name else None
    return value is None or not isinstance(limit, ResponseCriterion) or within(value, limit.limit_s)


def _operations(data: Mapping[str, Any], channel: str) -> Iterator[str]:
    """Yield the operations of a channel, those with most visits first."""
    visits: dict[str, float] = {}
    for step in data["steps"]:
        for each in step["by_operation"]:
            if each["channel"] == channel and each["operation"] != ALL:
                came = each["offered_per_s"] * step["length_s"]
                visits[each["operation"]] = visits.get(each["operation"], 0.0) + came
    yield from sorted(visits, key=lambda name: (-visits[name], name))


def _prediction(data: Mapping[str, Any]) -> str:
    return "as the model predicted" if data.get("predicted") else "as learned"


def _title(data: Mapping[str, Any]) -> str:
    first = data.get("breaks_first")
    if not first:
        return "No channel is known to break"
    value = data["by_channel"][first]["knee_of_all_per_s"]["value"]
    return f"{name_of(first)} breaks first, above {rate_text(value)} arrivals/s of all channels"


def _channel_title(data: Mapping[str, Any], channel: str) -> str:
    knee = _bounds(data["by_channel"][channel].get("knee_of_all_per_s"))
    if knee is None:
        return f"{name_of(channel)}: no load step broke its criteria"
    value, low, high = (rate_text(each) for each in knee)
    return f"{name_of(channel)} keeps its criteria up to {value} arrivals/s of all channels ({low} to {high})"


def _bounds(estimate: Mapping[str, Any] | None) -> Bounds | None:
    if estimate is None or estimate["value"] is None:
        return None
    return estimate["value"], estimate["low"], estimate["high"]
