"""The page of a search for capacity, from its files: the answer, the chart, each load step."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from footfall._chart.capacity_page import CapacityPage, render_capacity
from footfall._chart.html_report import Sheet
from footfall._chart.style import Chart, counted, duration, name_of, rate_text, save
from footfall._criteria.lists import criteria_of
from footfall._load.run_integrity import check_run
from footfall._records.errors import BadInputError
from footfall._records.runs import Manifest
from footfall._records.tables import write_text
from footfall._runs.capacity_files import ALL, CAPACITY_FILE, read_capacity
from footfall._runs.capacity_picture import capacity_pictures
from footfall._runs.capacity_text import BEYOND, LIMITED, time_text
from footfall._runs.flag_words import flag_text
from footfall._runs.judge_search import judge_found
from footfall._runs.server_watch import value_text
from footfall._stats.intervals import percent

CAPACITY_REPORT = "report.html"
_UNKNOWN = "–"
_SAME = 0.005
_SHORT_S = 0.01
_CPU = "process.cpu"
_SERVER_MOST = 40
"""Figures of the service that the page shows; `capacity.csv` has all."""


def report_capacity(folder: Path, manifest: Manifest) -> Path:
    """Write `report.html` and the chart of a search again, from its files; returns the page's path.

    Raises:
        BadInputError: a file is missing, damaged or changed, or the folder cannot be written.
    """
    check_run(folder, manifest)
    data = read_capacity(folder)
    try:
        return write_capacity_report(folder, data, manifest)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        problem = f"damaged ({type(error).__name__}: {error})"
        raise BadInputError(str(folder / CAPACITY_FILE), problem, "a file of footfall capacity") from error


def write_capacity_report(folder: Path, data: Mapping[str, Any], manifest: Manifest) -> Path:
    """Write `capacity.svg` and `report.html`; returns the page's path.

    `data` is the content of `capacity.json`.

    Raises:
        BadInputError: the folder cannot be written.
    """
    charts = capacity_pictures(data, manifest.versions["footfall"])
    page = render_capacity(capacity_page(data, manifest, list(charts.values())))
    for name, chart in charts.items():
        save(chart, folder / name)
    write_text(page, folder / CAPACITY_REPORT)
    return folder / CAPACITY_REPORT


def capacity_page(data: Mapping[str, Any], manifest: Manifest, charts: Sequence[Chart]) -> CapacityPage:
    """Return what the page of a search shows."""
    own = criteria_of(manifest.settings.get("criteria", ()), f"search {manifest.run}")
    return CapacityPage(
        manifest=manifest,
        what=data["target"]["what"],
        is_found=data["knee_per_s"]["value"] is not None,
        answer=answer(data),
        sentence=answer_sentence(data),
        facts=_facts(data),
        sentences=list(_sentences(data)),
        flags=[(flag, flag_text(flag)) for flag in data["flags"]],
        warnings=list(_warnings(data)),
        judgements=list(judge_found(own, data)),
        charts=charts,
        sheets=[sheet for sheet in _sheets(data) if sheet.rows],
    )


# ── The answer


def answer(data: Mapping[str, Any]) -> str:
    """Return the capacity with its unit, or that none was found."""
    value = data["knee_per_s"]["value"]
    return "not found" if value is None else f"{rate_text(value)} arrivals/s"


def answer_sentence(data: Mapping[str, Any]) -> str:
    """Return what the capacity means, with its interval; or why none was found."""
    knee, requests = data["knee_per_s"], data["knee_requests_per_s"]
    if knee["value"] is None:
        return " ".join(_not_found(data))
    said = (
        f"All criteria hold up to {rate_text(knee['value'])} arrivals/s in the long run; "
        f"95 % interval {rate_text(knee['low'])} to {rate_text(knee['high'])}."
    )
    if requests is not None and abs(requests["value"] / knee["value"] - 1) > _SAME:
        said += f" That is {rate_text(requests['value'])} requests/s."
    return said


def _not_found(data: Mapping[str, Any]) -> Iterator[str]:
    held = data["held_per_s"]
    if data["status"] == "running":
        yield "The search is under way, or was killed before it could say what its steps show."
    elif data["limited_by"] == "generator":
        yield "The load generator was the limit, so the steps show no capacity of the service."
    elif data["limited_by"] == "service":
        yield "The criteria did not hold at any rate that was played."
    elif data["status"] == "partial":
        yield "The search ended before the service reached a limit."
    else:
        yield "Neither the service nor the load generator reached a limit within the budget."
    if held is not None:
        yield f"All criteria held at {rate_text(held)} arrivals/s."


def _facts(data: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    plateau = data["plateau_per_s"]
    facts = []
    if plateau is not None:
        between = f"{rate_text(plateau['low'])} to {rate_text(plateau['high'])}"
        facts.append(("plateau", f"{rate_text(plateau['value'])} served/s", f"95 % interval {between}"))
    else:
        facts.append(("plateau", "none", "throughput was not seen to level off"))
    facts.append(("beyond", data["beyond"], BEYOND[data["beyond"]]))
    is_cut_short = data["status"] != "finished"
    if is_cut_short and data["limited_by"] == "budget":
        facts.append(("limited by", "its early end", "the search ended before a limit was reached"))
    else:
        is_service = data["limited_by"] == "service"
        why = "the service reached its limit" if is_service else LIMITED[data["limited_by"]]
        facts.append(("limited by", data["limited_by"], why))
    holds, broken = (_rates(data, verdict) for verdict in ("holds", "broken"))
    if holds:
        why = f"and a step at {rate_text(min(broken))} is broken" if broken else "and no step is broken"
        facts.append(("a step surely holds at", f"{rate_text(max(holds))} arrivals/s", why))
    invalid = sum(step["verdict"] == "invalid" for step in data["steps"])
    steps = counted(len(data["steps"]), "step") + (f", {invalid} of them invalid" if invalid else "")
    facts.append(("took", duration(data["spent_s"]), f"of a budget of {duration(data['budget_s'])}: {steps}"))
    return facts


def _rates(data: Mapping[str, Any], verdict: str) -> list[float]:
    return [step["offered_per_s"] for step in data["steps"] if step["verdict"] == verdict]


def _sentences(data: Mapping[str, Any]) -> Iterator[str]:
    if data["criteria"]:
        yield f"Criteria: {'; '.join(data['criteria'])}."
    yield from (f"{sentence[:1].upper()}{sentence[1:]}." for sentence in data["sentences"])


def _warnings(data: Mapping[str, Any]) -> Iterator[str]:
    if data["ended_by"]:
        yield f"The search ended early: {data['ended_by']}."
    elif data["status"] == "partial":
        yield "The search was stopped before its end."
    elif data["budget_needed_s"] is not None:
        needed = time_text(data["budget_needed_s"])
        yield f"The budget of {time_text(data['budget_s'])} was too small; about {needed} would do."
    if data["not_used"]:
        yield f"Not used, because they say nothing about a capacity: {'; '.join(data['not_used'])}"


# ── Tables


def _sheets(data: Mapping[str, Any]) -> Iterator[Sheet]:
    yield _channels(data["by_channel"])
    yield _steps(data)
    yield _reasons(data["steps"])
    yield _operations(data["steps"])
    yield _generator(data["steps"])
    yield _service(data["steps"], data.get("server_units", {}))


def _channels(channels: Mapping[str, Any]) -> Sheet:
    """Return the capacity of each channel, in its own arrivals; no rows where there is only one."""
    rows = [
        (name_of(name), *_estimate(own["knee_per_s"]), percent(own["arrivals_share"]))
        for name, own in channels.items()
        if len(channels) > 1
    ]
    return Sheet(
        title="Capacity by channel",
        heads=("Channel", "Its arrivals/s", "95 % interval", "Share of arrivals"),
        rows=rows,
        note="Each channel alone, at the mix of the scenario. A dash: it held at every rate that was played.",
    )


def _estimate(estimate: Mapping[str, float] | None) -> tuple[str, str]:
    if estimate is None:
        return _UNKNOWN, ""
    return rate_text(estimate["value"]), f"{rate_text(estimate['low'])} to {rate_text(estimate['high'])}"


def _steps(data: Mapping[str, Any]) -> Sheet:
    steps = data["steps"]
    has_cpu = any(_CPU in step["server"] for step in steps)
    rows = []
    for step in steps:
        cells = [
            str(step["step"]),
            step["purpose"],
            step["verdict"],
            f"{step['length_s']:.3g} s",
            rate_text(step["offered_per_s"]),
            rate_text(step["requests_per_s"]),
            *_figures(step),
        ]
        rows.append((*cells, _cores(step["server"].get(_CPU))) if has_cpu else tuple(cells))
    heads = ("Step", "Purpose", "Verdict", "Length", "Arrivals/s", "Requests/s", *_FIGURES)
    return Sheet(
        title="Load steps",
        heads=(*heads, "Service CPU") if has_cpu else heads,
        rows=rows,
        names=3,
        note="In the order in which they were played.",
    )


def _reasons(steps: Sequence[Mapping[str, Any]]) -> Sheet:
    """Return why a step is invalid, broken or undecided, where that is known."""
    reasons = [(str(step["step"]), step["verdict"], step_reason(step)) for step in steps]
    return Sheet(
        title="Steps that did not hold, and why",
        heads=("Step", "Verdict", "Reason"),
        rows=[row for row in reasons if row[2]],
        names=2,
        texts=frozenset({2}),
    )


_FIGURES = ("Served/s", "Success", "p50", "p95", "p99")


def _figures(row: Mapping[str, Any]) -> tuple[str, ...]:
    share = row["success_share"]
    times = (_time(row[f"p{p}_s"]) for p in (50, 95, 99))
    return rate_text(row["throughput_per_s"]), _UNKNOWN if share is None else percent(share), *times


def step_reason(step: Mapping[str, Any]) -> str:
    """Return why a step is invalid, or what did not hold in it; empty: that is not known."""
    if step["invalid_reason"]:
        return str(step["invalid_reason"])
    if step["broken"]:
        return f"did not hold: {'; '.join(step['broken'])}"
    return "the service fell behind" if step["stopped_early"] else ""


def _operations(steps: Sequence[Mapping[str, Any]]) -> Sheet:
    """Return the figures of channels and operations; no rows where there is only one."""
    several = any(len(step["by_operation"]) > 1 for step in steps)
    rows = [
        (
            str(step["step"]),
            name_of(each["channel"]),
            "all" if each["operation"] == ALL else each["operation"],
            rate_text(each["offered_per_s"]),
            *_figures(each),
        )
        for step in steps
        for each in step["by_operation"]
        if several
    ]
    return Sheet(
        title="Load steps by channel and operation",
        heads=("Step", "Channel", "Operation", "Visits/s", *_FIGURES),
        rows=rows,
        names=3,
        folded=True,
    )


def _generator(steps: Sequence[Mapping[str, Any]]) -> Sheet:
    rows = []
    for step in steps:
        own = step["generator"]
        cells = [
            text(own[name]) if own.get(name) is not None else _UNKNOWN
            for name, (_, text) in _GENERATOR.items()
        ]
        rows.append((str(step["step"]), *cells, own["bound_by"] or "no"))
    heads = ("Step", *(head for head, _ in _GENERATOR.values()), "Was it the limit?")
    return Sheet(
        title="Generator",
        heads=heads,
        rows=rows,
        texts=frozenset({len(heads) - 1}),
        note="How late it was, how busy, and the same request asked by a separate process.",
        folded=True,
    )


def _service(steps: Sequence[Mapping[str, Any]], units: Mapping[str, str]) -> Sheet:
    """Return what was sampled of the service, a column a step; what stayed 0 is left out."""
    sampled = [step for step in steps if step["server"]]
    names = dict.fromkeys(name for step in sampled for name, value in step["server"].items() if value)
    rows = []
    for name in list(names)[:_SERVER_MOST]:
        source, _, figure = name.partition(".")
        unit = units.get(name, "")
        values = (step["server"].get(name) for step in sampled)
        rows.append(
            (source, figure, *(_UNKNOWN if each is None else value_text(each, unit) for each in values))
        )
    return Sheet(
        title="Service",
        heads=("Source", "Figure", *(f"Step {step['step']}" for step in sampled)),
        rows=rows,
        names=2,
        note="Means over each step. What stayed 0 is left out.",
        folded=True,
    )


def _cores(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{value:.2f} cores"


def _time(value: float | None) -> str:
    if value is None:
        return _UNKNOWN
    return f"{value * 1000:.1f} ms" if value < _SHORT_S else duration(value)


def _share(value: float | None) -> str:
    return _UNKNOWN if value is None else percent(value)


_GENERATOR: Mapping[str, tuple[str, Callable[[Any], str]]] = {
    "lag_s_p99": ("Lag p99", _time),
    "own_s_p99": ("Own time p99", _time),
    "read_late_s_p99": ("Read late p99", _time),
    "cpu_share_mean": ("CPU mean", _share),
    "cpu_share_max": ("CPU, busiest second", _share),
    "loop_busy_share": ("Event loop busy", _share),
    "under_way_mean": ("Under way", rate_text),
    "control_s_p95": ("Separate process p95", _time),
    "same_s_p95": ("Same request p95", _time),
}
