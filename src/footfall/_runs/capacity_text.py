"""A search for capacity in words: a line for each step while it lasts, and what it found."""

import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from footfall._capacity.load_steps import CapacityAsked, PlayedStep
from footfall._capacity.step_figures import broken_by, figures_of, relative_limit_s
from footfall._chart.style import rate_text
from footfall._runs.capacity import Capacity
from footfall._runs.capacity_channels import COLUMNS, channel_lines
from footfall._runs.messages import percent, seconds

STEP_HEAD = "step  left purpose    arrivals/s requests/s served/s  success      p95  criteria"
BEYOND = {
    "graceful": "throughput stays near the plateau at higher load",
    "collapse": "throughput falls at higher load",
    "metastable": "after an overload the service does not come back when the load does",
    "unknown": "not known: no step showed it",
}
LIMITED = {
    "service": "the service",
    "generator": "the load generator, so this is no capacity of the service",
    "budget": "the budget: neither the service nor the generator reached a limit",
}


class StepPrinter:
    """Prints a line for each step, and the head before the first."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """Print by this function."""
        self._say = say
        self._played: list[PlayedStep] = []

    def __call__(self, step: PlayedStep, asked: CapacityAsked, left_s: float) -> None:
        """Print a step; `left_s` is what is left of the budget."""
        if not self._played:
            self._say(STEP_HEAD)
        self._played.append(step)
        for line in step_lines(step, asked, relative_limit_s(self._played, asked), left_s):
            self._say(line)


def step_lines(step: PlayedStep, asked: CapacityAsked, limit_s: float | None, left_s: float) -> list[str]:
    """Return the line of a step below `STEP_HEAD`, and why it is invalid, if it is.

    `limit_s` is the limit of p95 that follows from the unloaded step; None: not known.
    """
    found = figures_of(step)
    minutes, rest = divmod(max(int(left_s), 0), 60)
    cells = (
        f"{step.planned.number:>4} {minutes:>2}:{rest:02d} {step.planned.purpose[:10]:<10}",
        f"{rate_text(found.offered_per_s):>10} {rate_text(step.requests_per_s):>10}",
        f"{rate_text(found.throughput_per_s):>8} {percent(found.success_share):>8}",
        f"{seconds(found.p95_s):>8}  {_word(step, asked, limit_s)}",
    )
    line = " ".join(cells)
    return [line, f"     {step.invalid_reason}"] if step.invalid_reason else [line]


def _word(step: PlayedStep, asked: CapacityAsked, limit_s: float | None) -> str:
    if step.invalid_reason:
        return "invalid"
    is_slow = limit_s is not None and (figures_of(step).p95_s or 0.0) >= limit_s
    if broken_by(step, asked.criteria) or is_slow:
        return "broken"
    if step.stopped_early:
        return "behind"
    is_judged = asked.p95_times_unloaded is None or limit_s is not None
    return "met" if is_judged else "–"


def summary_lines(capacity: Capacity) -> Iterator[str]:
    """Yield what a search found, in about a screenful."""
    found, data = capacity.found, capacity.data
    yield from _knee_lines(data)
    yield from _predicted_lines(data)
    if found.plateau is None:
        yield "plateau     none was seen"
    else:
        p = found.plateau
        between = f"{rate_text(p.low)} to {rate_text(p.high)}"
        yield f"plateau     {rate_text(p.value)} served/s, 95 % interval {between}"
    yield f"beyond      {BEYOND[found.beyond]}"
    is_cut_short = capacity.was_stopped or bool(data["ended_by"])
    if not (is_cut_short and found.limited_by == "budget"):
        yield f"limited by  {LIMITED[found.limited_by]}"
    if found.flags:
        yield f"flags       {', '.join(found.flags)}"
    yield from channel_lines(data)
    yield ""
    criteria = [f"criteria    {'; '.join(data['criteria']) or 'none could be judged'}"]
    if data["not_used"]:
        criteria.append(f"not used    {'; '.join(data['not_used'])}")
    for line in criteria:
        yield from textwrap.wrap(line, COLUMNS, subsequent_indent=" " * 12, break_on_hyphens=False)
    for sentence in found.sentences:
        yield from textwrap.wrap(f"- {sentence}", COLUMNS, subsequent_indent="  ")
    if capacity.was_stopped:
        yield "- The search was stopped before its end."
    if data["ended_by"]:
        yield f"- The search ended early: {data['ended_by']}."
    if found.budget_needed_s is not None and not is_cut_short:
        had, needed = time_text(data["budget_s"]), time_text(found.budget_needed_s)
        yield f"- The budget of {had} was too small; about --budget {needed} would do."


def _predicted_lines(data: Mapping[str, Any]) -> Iterator[str]:
    predicted = data["predicted"]
    if predicted is None:
        return
    knee = predicted["knee_per_s"]
    if knee is None:
        yield "predicted   no capacity: the model's simulation did not find where a criterion breaks"
    else:
        between = f"{rate_text(knee['low'])} to {rate_text(knee['high'])}"
        yield f"predicted   {rate_text(knee['value'])} arrivals/s, {between}, by the model before the search"


def _knee_lines(data: Mapping[str, Any]) -> Iterator[str]:
    knee, requests = data["knee_per_s"], data["knee_requests_per_s"]
    if knee["value"] is None:
        held = data["held_per_s"]
        more = "" if held is None else f"; all criteria held at {rate_text(held)} arrivals/s"
        yield f"capacity    not found{more}"
        return
    yield (
        f"capacity    {rate_text(knee['value'])} arrivals/s, "
        f"95 % interval {rate_text(knee['low'])} to {rate_text(knee['high'])}"
    )
    if requests is not None and abs(requests["value"] / knee["value"] - 1) > _SAME:
        yield f"            {rate_text(requests['value'])} requests/s"


_SAME = 0.005
"""A ratio of requests to arrivals nearer to 1 than this is not worth a line."""


def time_text(of_s: float) -> str:
    return f"{of_s:.0f}s" if of_s < 120 else f"{of_s / 60:.0f}min"  # noqa: PLR2004  two minutes
