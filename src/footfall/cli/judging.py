"""Judge a run from its files, and leave the verdict in them."""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from footfall.cli.baseline import Load, baseline_of, check_baseline
from footfall.cli.console import note, say
from footfall.cli.evidence import (
    ORDINARY_FILE,
    PREDICTED_FILE,
    REPLICATIONS_FILE,
    evidence_of,
    replications_of,
    visits_of,
)
from footfall.measure.grammar import Vocabulary, parse_criteria, with_defaults
from footfall.measure.judge import judge_all
from footfall.measure.spec import Criterion
from footfall.measure.verdict import (
    EXIT_CODES,
    Judgement,
    Verdict,
    VerdictDecision,
    decide,
    junit_xml,
    summary_md,
)
from footfall.model.model import Model
from footfall.records.errors import BadInputError
from footfall.records.runs import Manifest, write_manifest
from footfall.records.tables import write_text
from footfall.workload.trace import TraceInfo

JUNIT_FILE, SUMMARY_FILE, VERDICT_FILE = "junit.xml", "summary.md", "verdict.json"
SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
__all__ = [
    "ORDINARY_FILE",
    "PREDICTED_FILE",
    "REPLICATIONS_FILE",
    "Load",
    "check_baseline",
    "evidence_of",
    "replications_of",
    "visits_of",
]


@dataclass(frozen=True, slots=True)
class Judged:
    """A run with its verdict."""

    manifest: Manifest
    judgements: tuple[Judgement, ...]
    decision: VerdictDecision

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 undecided or invalid."""
        return EXIT_CODES[self.decision.verdict]


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
    evidence = replace(evidence_of(folder, manifest), baseline=baseline_of(baseline, folder, manifest))
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
