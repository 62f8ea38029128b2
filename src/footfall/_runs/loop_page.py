"""`loop.html`: a loop from its first load to the verdict, on one page with five pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from pathlib import Path
from typing import Any

import polars as pl

from footfall._calibrate.calibration import LearnedStations, read_calibration
from footfall._calibrate.run_logs import request_logs
from footfall._chart.calibration_charts import response_by_load
from footfall._chart.html_report import Sheet
from footfall._chart.loop_charts import (
    Bounds,
    LoopMarks,
    loads_chart,
    measured_by_load,
    prediction_by_load,
)
from footfall._chart.loop_story import LoopStory, StorySection, render_story
from footfall._chart.style import Stamp, save
from footfall._chart.verification_chart import predicted_against_measured
from footfall._criteria.lists import parse
from footfall._criteria.objects import ResponseCriterion
from footfall._load.result_files import VISITS_FILE
from footfall._load.series_files import step_folder
from footfall._records.rows import Outcome
from footfall._records.runs import Manifest
from footfall._records.tables import VISITS, read_parquet, write_text
from footfall._runs.calibration_page import fitted_curve, points
from footfall._runs.flag_words import flag_text
from footfall._runs.loop_figures import FIGURE_NAMES, PART_NAMES, estimate_text, measured_text, predicted_text
from footfall._runs.loop_records import LEARNED_DIR, LOADS_DIR, LOOP_PAGE
from footfall._runs.messages import seconds

_STATIONS_MOST = 3


def write_page(folder: Path, data: Mapping[str, Any], manifest: Manifest) -> None:
    """Write the page and its charts from the files of a loop, whose `loop.json` is `data`.

    Raises:
        BadInputError: a file is damaged, or the folder cannot be written.
    """
    story = loop_story(data, Stamp.of(manifest), read_evidence(folder, data), manifest.versions["footfall"])
    charts = [chart for section in story.sections for chart in section.charts]
    for number, chart in enumerate(charts, 1):
        save(chart, folder / "charts" / f"loop-{number}")
    write_text(render_story(story), folder / LOOP_PAGE)


@dataclass(frozen=True, kw_only=True)
class LoopEvidence:
    """What the page draws besides `loop.json`; None: there is none."""

    channel: str = ""
    """With most requests."""
    fitted: pl.DataFrame | None = None
    """Of its fitted station, by load."""
    points: pl.DataFrame | None = None
    """What each load measured there."""
    outage: pl.DataFrame | None = None
    """Visits of the run with the outage."""


def read_evidence(folder: Path, data: Mapping[str, Any]) -> LoopEvidence:
    """Read what the page draws from the runs of a loop.

    Raises:
        BadInputError: a file is damaged.
    """
    outage = folder / (data["outage"] or {}).get("folder", "") / VISITS_FILE
    visits = read_parquet(outage, VISITS) if data["outage"] is not None and outage.is_file() else None
    if data["learned"] is None:
        return LoopEvidence(outage=visits)
    steps = [each["step"] for each in data["loads"] if each["is_learned_from"]]
    logs = [request_logs(step_folder(folder / LOADS_DIR, step)) for step in steps]
    learned = read_calibration(folder / LEARNED_DIR).learned
    assert isinstance(learned, LearnedStations)  # noqa: S101  runs of requests teach stations
    by_channel = {
        one.channel: [each[one.channel] for each in logs if one.channel in each] for one in learned.stations
    }
    busiest = max(learned.stations, key=lambda one: sum(log.requests for log in by_channel[one.channel]))
    own = by_channel[busiest.channel]
    return LoopEvidence(
        channel=busiest.channel, fitted=fitted_curve(busiest, own), points=points(own), outage=visits
    )


def loop_story(data: Mapping[str, Any], stamp: Stamp, evidence: LoopEvidence, version: str) -> LoopStory:
    """Return the story that a loop tells, as far as it got."""
    sections = [_sent(data, stamp), _learned(data, evidence, stamp)]
    if data["prediction"] is not None:
        sections.append(_predicted(data, stamp))
    if data["capacity"] is not None:
        sections.append(_measured(data, evidence, stamp))
    if data["figures"]:
        sections.append(_compared(data, stamp))
    minutes = f"{data['spent_s'] / 60:.1f} of {data['budget_s'] / 60:.3g} minutes"
    return LoopStory(
        title=f"How much does it take? {data['target']['what']}",
        answer=data["answer"],
        verdict=data["verdict"] or "cannot tell",
        reason="" if data["verdict"] == "held" else _sentence(data["reason"]),
        source=f"run {data['run']}, seed {data['seed']}, {minutes}",
        version=version,
        sections=[section for section in sections if section is not None],
    )


# ── The five parts


def _sent(data: Mapping[str, Any], stamp: Stamp) -> StorySection:
    loads = _frame(data["loads"])
    texts = [f"What must hold: {'; '.join(data['criteria'])}."] if data["criteria"] else []
    if data["loads"]:
        texts.insert(0, "First the service was loaded a little, and a little more.")
    return StorySection(
        title="What we sent, and what came back", texts=texts, charts=[loads_chart(loads, stamp)]
    )


def _learned(data: Mapping[str, Any], evidence: LoopEvidence, stamp: Stamp) -> StorySection | None:
    learned = data["learned"]
    if learned is None:
        return None
    rows = [
        (
            one["path"],
            "no limit known" if one["value"] is None else f"{one['value']:.4g}",
            "" if one["low"] is None or one["high"] is None else f"{one['low']:.4g} to {one['high']:.4g}",
            "yes" if one["identified"] else "no",
        )
        for one in learned["numbers"]
    ]
    texts = [_in_words(learned["numbers"])]
    texts += [f"{flag.capitalize()}: {flag_text(flag)}." for flag in learned["flags"]]
    charts = []
    if evidence.fitted is not None and evidence.points is not None:
        charts.append(response_by_load(evidence.channel, evidence.fitted, evidence.points, stamp))
    numbers = Sheet(
        title=f"All {len(rows)} numbers",
        heads=("number", "value", "95 % interval", "known"),
        rows=rows,
        texts=frozenset({3}),
        folded=True,
    )
    unknown = Sheet(
        title="What these loads cannot tell",
        heads=("not known",),
        rows=[(text,) for text in learned["unknown"]],
        folded=True,
    )
    return StorySection(
        title="What we learned about the service",
        texts=[text for text in texts if text],
        charts=charts,
        tables=[numbers, unknown] if learned["unknown"] else [numbers],
    )


def _predicted(data: Mapping[str, Any], stamp: Stamp) -> StorySection:
    prediction = data["prediction"]
    written = (
        f"Written at {prediction['made_at']} (SHA-256 {prediction['sha256'][:16]}), before the runs below."
    )
    texts = [written]
    texts += [f"{line[0].upper()}{line[1:]}." for line in _prediction_lines(prediction)]
    return StorySection(
        title="What we predicted before measuring",
        texts=texts,
        charts=[prediction_by_load(_frame(prediction["curve"]), _marks(data), stamp)],
    )


def _prediction_lines(prediction: Mapping[str, Any]) -> list[str]:
    knee = prediction["knee"]
    first = (
        f"the capacity is not known: {prediction['knee_unknown']}"
        if knee is None
        else f"capacity {estimate_text(knee['value'], knee['low'], knee['high'])}"
    )
    return [first, *(f"{part['title']}: {', '.join(part['figures'])}" for part in prediction["parts"])]


def _measured(data: Mapping[str, Any], evidence: LoopEvidence, stamp: Stamp) -> StorySection:
    capacity, outage = data["capacity"], data["outage"]
    curve = _frame([] if data["prediction"] is None else data["prediction"]["curve"])
    texts = [" ".join(map(_sentence, capacity["sentences"]))] if capacity["sentences"] else []
    texts += [f"{flag.capitalize()}: {flag_text(flag)}." for flag in capacity["flags"]]
    if outage is not None:
        texts.append(f"The outage. {outage['text']}")
    by_second = outage_by_second(evidence.outage, outage)
    return StorySection(
        title="What happened: capacity, beyond it, and an outage",
        texts=texts,
        charts=[measured_by_load(_frame(data["steps"]), curve, by_second, _marks(data), stamp)],
    )


def _compared(data: Mapping[str, Any], stamp: Stamp) -> StorySection:
    shown = _whole(data["figures"])
    rows = [
        {
            "run": data["run"],
            "channel": PART_NAMES[one["part"]],
            "figure": FIGURE_NAMES.get(one["figure"], one["figure"]),
            "value": one["predicted"]["value"],
            "low": one["predicted"]["low"],
            "high": one["predicted"]["high"],
            "measured": float("inf") if one["measured"]["value"] is None else one["measured"]["value"],
            "inside": one["inside"],
        }
        for one in shown
    ]
    table = [
        (
            PART_NAMES[one["part"]],
            "all" if one["channel"] == "*" else one["channel"],
            FIGURE_NAMES.get(one["figure"], one["figure"]),
            predicted_text(one),
            measured_text(one),
            "inside" if one["inside"] else "outside",
        )
        for one in data["figures"]
    ]
    parts = [
        f"{PART_NAMES[one['part']].capitalize()}: {one['verdict']} ({one['reason']})."
        for one in data["parts"]
    ]
    depends = dict.fromkeys(text for one in data["parts"] for text in one["depends_on"])
    unknown = Sheet(
        title="What the prediction depends on and no load had shown",
        heads=("not known when it was made",),
        rows=[(text,) for text in depends],
        folded=True,
    )
    return StorySection(
        title="Predicted and measured",
        texts=parts,
        charts=[predicted_against_measured(pl.DataFrame(rows), data["verdict"], stamp)],
        tables=[
            Sheet(
                title=f"All {len(table)} figures",
                heads=("part", "channel", "figure", "predicted (95 %)", "measured", ""),
                rows=table,
                names=3,
                texts=frozenset({5}),
                folded=len(table) > len(shown),
            ),
            *([unknown] if depends else []),
        ],
    )


# ── What they need


def outage_by_second(visits: pl.DataFrame | None, outage: Mapping[str, Any] | None) -> pl.DataFrame:
    """Return what came and what was served in each second of the run with the outage."""
    schema = {
        "second": pl.Int64,
        "came_per_s": pl.Float64,
        "served_per_s": pl.Float64,
        "is_outage": pl.Boolean,
    }
    if visits is None or outage is None or visits.is_empty():
        return pl.DataFrame(schema=schema)
    came = visits.group_by(second=pl.col("due_s").floor().cast(pl.Int64)).len("came_per_s")
    served = (
        visits.filter(pl.col("outcome") == Outcome.SERVED.value)
        .group_by(second=pl.col("ended_s").floor().cast(pl.Int64))
        .len("served_per_s")
    )
    last = int(visits["due_s"].to_numpy().max())
    seconds_of_run = pl.DataFrame({"second": pl.Series(range(last + 1), dtype=pl.Int64)})
    both = seconds_of_run.join(came, on="second", how="left").join(served, on="second", how="left")
    return both.with_columns(
        pl.col("came_per_s", "served_per_s").fill_null(0).cast(pl.Float64),
        is_outage=pl.col("second").is_between(
            int(outage["from_s"]), max(int(outage["to_s"]) - 1, int(outage["from_s"]))
        ),
    ).select(list(schema))


def _in_words(numbers: Sequence[Mapping[str, Any]]) -> str:
    """Say what limits each station, for its slots and the time of a request."""
    known = {one["path"]: one for one in numbers}
    said = []
    for path, slots in known.items():
        channel, _, name = path.partition(".")
        if not name.endswith("slots") or slots["value"] is None:
            continue
        works = [
            one
            for other, one in known.items()
            if other.startswith(f"{channel}.") and other.endswith("mean_s") and one["value"]
        ]
        if not works:
            continue
        longest = max(float(one["value"]) for one in works)
        sure = "" if slots["identified"] else " (not sure: too little waited)"
        each = f"{seconds(longest)}" if len(works) == 1 else f"at most {seconds(longest)}"
        count = round(float(slots["value"]))
        name = "the service" if channel == "url" else channel
        text = f"{name} works on {count:,} request{'s' if count != 1 else ''} at once{sure}, {each} each"
        if len(works) == 1 and isfinite(longest):
            text += f": at most {count / longest:.3g} a second"
        said.append(text)
    return " ".join(map(_sentence, said[:_STATIONS_MOST]))


def _marks(data: Mapping[str, Any]) -> LoopMarks:
    prediction, capacity = data["prediction"], data["capacity"]
    limits = [text for text in data["criteria"] if text.startswith(("p95(*) <", "p95(*)<"))]
    return LoopMarks(
        knee_predicted=_bounds(prediction["knee"]),
        knee_measured=None if capacity is None else _bounds(capacity["knee_per_s"]),
        learned_most_per_s=prediction["learned_most_per_s"],
        beyond_per_s=prediction["beyond_per_s"],
        limit_s=_limit_s(limits[0]) if limits else None,
    )


def _limit_s(text: str) -> float | None:
    found = parse(text, "criterion")
    return found.limit_s if isinstance(found, ResponseCriterion) else None


def _bounds(estimate: Mapping[str, Any] | None) -> Bounds | None:
    if estimate is None or estimate["value"] is None:
        return None
    high = estimate["high"]
    return estimate["value"], estimate["low"], inf if high is None else high


def _frame(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), infer_schema_length=None) if rows else pl.DataFrame()


def _whole(figures: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the figures of all channels together, or those of the only one."""
    found = []
    for part in dict.fromkeys(one["part"] for one in figures):
        own = [one for one in figures if one["part"] == part]
        whole = "*" if any(one["channel"] == "*" for one in own) else own[0]["channel"]
        found += [one for one in own if one["channel"] == whole]
    return found


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""
