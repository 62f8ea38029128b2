"""Predicted and measured figures of a loop as text."""

from collections.abc import Mapping
from math import isinf
from typing import Any

from footfall._chart.style import rate_text
from footfall._runs.messages import between, percent, seconds

PART_NAMES = {"knee": "capacity", "beyond": "load beyond", "outage": "outage"}
FIGURE_NAMES = {
    "knee_per_s": "capacity",
    "throughput_per_s": "served",
    "success_share": "success",
    "response_s_p50": "p50",
    "response_s_p95": "p95",
    "response_s_p99": "p99",
}


def value_text(figure: str, value: float | None) -> str:
    """Return a value with its unit."""
    if value is None:
        return "none"
    if figure.endswith("_share"):
        return percent(value)
    return seconds(value) if "_s_" in figure else f"{rate_text(value)}/s"


def range_text(figure: str, low: float, high: float) -> str:
    """Return a range of values; its unit is that of the value before it, unless it is a time."""
    if "_s_" in figure:
        return between(figure, low, high)
    if figure.endswith("_share"):
        return f"{100 * low:.1f}–{100 * high:.1f} %"
    return f"{rate_text(low)}–{rate_text(high)}"


def estimate_text(value: float, low: float, high: float | None, unit: str = " arrivals/s") -> str:
    """Return a rate with its interval; without an upper end (None or inf), what it is at least."""
    if high is None or isinf(high):
        return f"{rate_text(value)}{unit} or more (at least {rate_text(low)})"
    return f"{rate_text(value)}{unit} ({rate_text(low)} to {rate_text(high)})"


def predicted_text(one: Mapping[str, Any]) -> str:
    """Return the prediction of a figure with its interval; `one` is an entry of `figures` in `loop.json`."""
    found = one["predicted"]
    figure = one["figure"]
    return f"{value_text(figure, found['value'])} ({range_text(figure, found['low'], found['high'])})"


def measured_text(one: Mapping[str, Any]) -> str:
    """Return what was measured of a figure, with its interval where it has one."""
    found, figure = one["measured"], one["figure"]
    text = value_text(figure, found["value"])
    if found["low"] is None or found["high"] is None:
        return text
    return f"{text} ({range_text(figure, found['low'], found['high'])})"
