"""Judge a run from its files, and leave the verdict in them."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from footfall.cli.console import note, say
from footfall.load.result import VISITS_FILE as MEASURED_FILE
from footfall.load.trace import ARRIVALS_FILE, TraceInfo
from footfall.measure.criteria.evidence import Evidence
from footfall.measure.criteria.grammar import Vocabulary, parse_criteria, with_defaults
from footfall.measure.criteria.judge import judge_all
from footfall.measure.criteria.spec import BaselineCriterion, Criterion
from footfall.measure.junit import junit_xml
from footfall.measure.markdown import summary_md
from footfall.measure.verdict import EXIT_CODES, Decision, Judgement, Verdict, decide
from footfall.records.errors import BadInputError
from footfall.records.runs import Manifest, read_manifest, write_manifest
from footfall.records.tables import ARRIVALS, REPLICATIONS, VISITS, read_csv, read_parquet, write_text
from footfall.simulate.spec.model import Model

PREDICTED_FILE = "visits.parquet"
REPLICATIONS_FILE = "predicted.csv"
"""Figures of the prediction, replication by replication; `PREDICTED_FILE` holds the visits of the first."""
ORDINARY_FILE = "visits-ordinary.parquet"
"""Prediction for the same arrivals without the scenario's outages: what spill is measured from."""
JUNIT_FILE, SUMMARY_FILE, VERDICT_FILE = "junit.xml", "summary.md", "verdict.json"
SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"


@dataclass(frozen=True, slots=True)
class Judged:
    """A run with its verdict."""

    manifest: Manifest
    judgements: tuple[Judgement, ...]
    decision: Decision

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 undecided or invalid."""
        return EXIT_CODES[self.decision.verdict]


def visits_of(folder: Path, name: str) -> pl.DataFrame | None:
    """Give one table of visits of a run, None when it has none.

    Raises:
        BadInputError: the file is damaged.
    """
    path = folder / name
    return read_parquet(path, VISITS) if path.exists() else None


def criteria_of(lines: str, where: str, model: Model | None, *, played: bool) -> tuple[Criterion, ...]:
    """Parse criteria, against the model's names where the model is known.

    Raises:
        BadInputError: a line is malformed, or names what does not exist.
    """
    known = None
    if model is not None:
        channels = frozenset(channel.name for channel in model.channels)
        known = Vocabulary(channels=channels, operations=frozenset(model.operations))
    criteria = parse_criteria(lines, where, known)
    if not criteria:
        raise BadInputError(where, "holds no criterion", "lines such as success(web.query) >= 97.8%")
    return with_defaults(criteria) if played else criteria


def criteria_of_trace(info: TraceInfo, model: Model) -> tuple[Criterion, ...]:
    """Parse the criteria that a trace has from its scenario, and that its play is held against.

    Raises:
        BadInputError: one is malformed, or names what the model does not have.
    """
    return criteria_of("\n".join(info.criteria), f"scenario {info.scenario}", model, played=True)


def judge_run(
    folder: Path, manifest: Manifest, criteria: tuple[Criterion, ...], baseline: Path | None = None
) -> Judged:
    """Hold the criteria against the run's files.

    Writes `junit.xml`, `summary.md`, `verdict.json`, and the verdict into the manifest; the summary also to
    the end of the file that `GITHUB_STEP_SUMMARY` names.

    Raises:
        BadInputError: the run holds no visits, a file is damaged, the baseline is of something else, or the
            folder cannot be written.
    """
    evidence = replace(evidence_of(folder, manifest), baseline=_baseline(baseline, manifest))
    judgements = judge_all(criteria, evidence)
    decision = decide(judgements)
    judged = Judged(replace(manifest, verdict=decision.verdict.value), judgements, decision)
    summary = summary_md(judgements, decision, judged.manifest)
    write_text(junit_xml(judgements, judged.manifest), folder / JUNIT_FILE)
    write_text(summary, folder / SUMMARY_FILE)
    write_text(json.dumps(as_json(judged), indent=2, ensure_ascii=False) + "\n", folder / VERDICT_FILE)
    write_manifest(folder, judged.manifest)
    _append(summary)
    return judged


def evidence_of(folder: Path, manifest: Manifest) -> Evidence:
    """Read what a run has to show for itself.

    Raises:
        BadInputError: it holds no visits, or a file is damaged.
    """
    predicted, measured = visits_of(folder, PREDICTED_FILE), visits_of(folder, MEASURED_FILE)
    if predicted is None and measured is None:
        raise BadInputError(str(folder), "holds no visits", f"{PREDICTED_FILE} or {MEASURED_FILE}")
    trace = folder / ARRIVALS_FILE
    arrivals = read_parquet(trace, ARRIVALS) if trace.exists() else None
    return Evidence(
        manifest=manifest,
        predicted=predicted,
        measured=measured,
        replications=replications_of(folder),
        arrivals=arrivals,
    )


def replications_of(folder: Path) -> pl.DataFrame | None:
    """Read the replications of a run's prediction (`REPLICATIONS`), None where it has none.

    Raises:
        BadInputError: the file is damaged.
    """
    path = folder / REPLICATIONS_FILE
    return read_csv(path, REPLICATIONS) if path.exists() else None


def check_baseline(folder: Path | None, criteria: Sequence[Criterion]) -> None:
    """See that an earlier run is given where a criterion speaks of one.

    Raises:
        BadInputError: it is not, or it is no run.
    """
    asked = [each.text for each in criteria if isinstance(each, BaselineCriterion)]
    if asked and folder is None:
        raise BadInputError(f"criterion {asked[0]!r}", "no baseline is given", "--baseline RUN")
    if folder is not None:
        read_manifest(folder)


_ALIKE = ("play", "scale", "set")


def _baseline(folder: Path | None, manifest: Manifest) -> Evidence | None:
    """Read an earlier run, after seeing that it was of the same load."""
    if folder is None:
        return None
    earlier = read_manifest(folder)
    pairs = [("model", earlier.model, manifest.model), ("scenario", earlier.scenario, manifest.scenario)]
    pairs += [(name, earlier.settings.get(name), manifest.settings.get(name)) for name in _ALIKE]
    for name, then, now in pairs:
        if then != now:
            raise BadInputError(
                f"--baseline {folder}", f"its {name} is {then}, not {now}", "a run of the same load"
            )
    if earlier.status != "finished" or earlier.degraded:
        problem = "it was cut short" if earlier.status != "finished" else "it lost a worker"
        raise BadInputError(f"--baseline {folder}", problem, "a run that is whole")
    return evidence_of(folder, earlier)


def _append(summary: str) -> None:
    """Show the summary on the page of a CI's run, where it has one."""
    path = os.environ.get(SUMMARY_VARIABLE, "")
    if path:
        try:
            with Path(path).open("a", encoding="utf-8") as page:
                page.write(summary)
        except OSError as error:
            # The verdict stands; a page that cannot be written is no reason to lose it.
            note(f"{SUMMARY_VARIABLE}: {(error.strerror or str(error)).lower()}")


_MARKS = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "FAIL",
    Verdict.UNDECIDED: "UNDECIDED",
    Verdict.INVALID: "INVALID",
}
_MARK_WIDTH = max(map(len, _MARKS.values()))


def show(judged: Judged) -> None:
    """Print each criterion with its reason."""
    say()
    for each in judged.judgements:
        say(f"{_MARKS[each.verdict]:{_MARK_WIDTH}} {each.criterion}")
        say(f"{'':{_MARK_WIDTH}} {each.reason}")


def show_verdict(judged: Judged) -> None:
    """Print the last line of a command that judges."""
    say(f"verdict: {judged.decision.verdict.value}")


def as_json(judged: Judged) -> dict[str, Any]:
    """Give the verdict and what it rests on."""
    fields = ("criterion", "reason", "value", "low", "high", "bound", "unit", "n")
    return {
        "run": judged.manifest.run,
        "status": judged.manifest.status,
        "verdict": judged.decision.verdict.value,
        "reason": judged.decision.reason,
        "criteria": [
            {name: getattr(each, name) for name in fields} | {"verdict": each.verdict.value}
            for each in judged.judgements
        ],
    }
