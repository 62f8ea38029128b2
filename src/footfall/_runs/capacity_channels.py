"""The channels of a search in words: which breaks first, the limit of each, and what was predicted."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from footfall._chart.style import rate_text

COLUMNS = 80
_CHANNEL_HEAD = "channel        limit, all arrivals/s     its own  predicted  how it was found"
_BY = {"stations": "learned station", "steps": "between load steps", "none": ""}


def channel_lines(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each channel that a criterion speaks of, and one for all others."""
    channels = {name: each for name, each in data["by_channel"].items() if each.get("is_judged", True)}
    if len(data["by_channel"]) < 2:  # noqa: PLR2004  one channel says what all do
        return
    expected = (data["predicted"] or {"by_channel": {}})["by_channel"]
    first = data["breaks_first"]
    yield ""
    if first:
        yield f"{first} breaks first{_what(channels[first])}"
    yield _CHANNEL_HEAD
    for name in sorted(channels, key=lambda one: (_limit(channels[one]), one)):
        each = channels[name]
        own = each["knee_per_s"]
        said = rate_text(own["value"]) if own else "–"
        by = _BY[each["found_by"]] or "it never broke"
        limit, model = _interval(each), _said_by_model(expected.get(name))
        yield f"{name[:14]:<14} {limit:<24} {said:>8}  {model:>9}  {by}"
    if others := [name for name in data["by_channel"] if name not in channels]:
        yield from textwrap.wrap(
            f"no criterion speaks of {', '.join(others)}", COLUMNS, subsequent_indent="  "
        )


def _what(channel: Mapping[str, Any]) -> str:
    return f": {channel['criterion']} no longer holds" if channel["criterion"] else ""


def _limit(channel: Mapping[str, Any]) -> float:
    knee = channel["knee_of_all_per_s"]
    return float("inf") if knee is None else float(knee["value"])


def _interval(channel: Mapping[str, Any]) -> str:
    knee, held = channel["knee_of_all_per_s"], channel["held_of_all_per_s"]
    if knee is not None:
        return f"{rate_text(knee['value'])}, {rate_text(knee['low'])} to {rate_text(knee['high'])}"
    return "not known" if held is None else f"above {rate_text(held)}"


def _said_by_model(channel: Mapping[str, Any] | None) -> str:
    if channel is None:
        return "–"
    knee, held = channel["knee_of_all_per_s"], channel["held_of_all_per_s"]
    if knee is not None:
        return rate_text(knee["value"])
    return "–" if held is None else f"> {rate_text(held)}"
