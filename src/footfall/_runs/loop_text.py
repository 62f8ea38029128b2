"""A loop in words: its answer in a sentence, and what is printed at the end."""

from collections.abc import Callable, Iterator, Mapping
from math import ceil
from textwrap import wrap
from typing import Any

from footfall._chart.style import rate_text
from footfall._runs.loop_figures import FIGURE_NAMES, PART_NAMES, estimate_text, measured_text, predicted_text
from footfall._runs.loop_files import LoopState
from footfall._runs.loop_records import LoopProgress

_HELD = {
    "held": "the prediction held",
    "did not hold": "the prediction did not hold",
    "cannot tell": "whether the prediction holds is not known",
}
_LIMITS = {"generator": "the load generator was the limit", "budget": "the budget was too small"}
_COLUMNS = 80
_ROWS_MOST = 5
_TIMES_MOST = 3.0
"""A search that was far from its end cannot tell how far."""
_CHOSEN = (
    ("knee", ("knee_per_s",)),
    ("beyond", ("throughput_per_s", "response_s_p95")),
    ("outage", ("success_share", "response_s_p95")),
)


def answer_of(state: LoopState) -> str:
    """Return what was found, in a sentence."""
    verdict = state.verdict
    assert verdict is not None  # noqa: S101  the loop has ended
    capacity, frozen = state.capacity, state.frozen
    knee = None if capacity is None else capacity["knee_per_s"]
    if capacity is None or knee is None or knee["value"] is None:
        why = state.ended_by or _LIMITS.get((capacity or {}).get("limited_by", ""), "no search was made")
        first = f"The capacity is not known: {why.rstrip('.')}"
        if capacity is not None and capacity["budget_needed_s"] is not None and not state.ended_by:
            first += f" (about --budget {_needed(state, capacity)} would do)"
        return f"{first}."
    first = f"The service takes {estimate_text(knee['value'], knee['low'], knee['high'])}"
    if frozen is None or frozen.knee is None:
        return f"{first}; it could not be predicted: {'' if frozen is None else frozen.knee_unknown}."
    p = frozen.knee
    predicted = (
        f"from loads up to {rate_text(frozen.learned_most_per_s)} it was predicted to be "
        f"{estimate_text(p.value, p.low, p.high, unit='')}"
    )
    why = f" ({state.ended_by.rstrip('.')})" if state.ended_by else ""
    return f"{first}; {predicted}: {_HELD[verdict.verdict.value]}{why}."


def _needed(state: LoopState, capacity: Mapping[str, Any]) -> str:
    """Return a budget of the whole loop that would do."""
    more = min(max(capacity["budget_needed_s"] / max(capacity["budget_s"], 1.0), 1.2), _TIMES_MOST)
    return f"{ceil(state.budget_s * more / 60)}min"


def summary_lines(data: Mapping[str, Any], page: str) -> Iterator[str]:
    """Yield what a loop found, in about ten lines of 80 columns."""
    yield from wrap(data["answer"], _COLUMNS)
    rows = list(_rows(data))
    if rows:
        yield f"{'':11} {'predicted (95 %)':<33} measured"
        yield from rows[: _ROWS_MOST if data["verdict"] == "held" else _ROWS_MOST - 1]
    if data["verdict"] != "held" and data["reason"] and data["figures"]:
        yield from wrap(f"{data['verdict']}: {data['reason']}", _COLUMNS)
    yield f"page: {page}"


def _rows(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield the main figures: the capacity, and two of each run, of all channels together."""
    for part, names in _CHOSEN:
        own = [one for one in data["figures"] if one["part"] == part]
        whole = "*" if any(one["channel"] == "*" for one in own) else next((o["channel"] for o in own), "")
        by_name = {one["figure"]: one for one in own if one["channel"] == whole}
        title = PART_NAMES[part]
        for one in (by_name[name] for name in names if name in by_name):
            what = "" if part == "knee" else f"{FIGURE_NAMES[one['figure']]} "
            agrees = "inside" if one["inside"] else "OUTSIDE"
            yield f"{title:<11} {what + predicted_text(one):<33} {measured_text(one):<22} {agrees}"
            title = ""


class LoopPrinter:
    """Prints what is new in the progress of a loop: phases as they begin, and their lines."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """Print by this function."""
        self._say = say
        self._begun: set[str] = set()
        self._lines: dict[str, int] = {}

    def __call__(self, progress: LoopProgress) -> None:
        """Print what came since the last call."""
        for one in progress.phases:
            if one.state in {"waiting", "left out"}:
                continue
            if one.name not in self._begun:
                self._begun.add(one.name)
                minutes, rest = divmod(max(int(progress.left_s), 0), 60)
                self._say(f"{one.title} ({minutes}:{rest:02d} left)")
            for line in one.lines[self._lines.get(one.name, 0) :]:
                self._say(f"  {line}")
            self._lines[one.name] = len(one.lines)
