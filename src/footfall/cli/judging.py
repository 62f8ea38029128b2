"""Judge a run from its files, and leave the verdict in them."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from footfall.cli.console import say
from footfall.load.result import VISITS_FILE as MEASURED_FILE
from footfall.load.scenario import Scenario
from footfall.measure.criteria.evidence import Evidence
from footfall.measure.criteria.grammar import Vocabulary, parse_criteria, with_defaults
from footfall.measure.criteria.judge import judge_all
from footfall.measure.criteria.spec import Criterion
from footfall.measure.junit import junit_xml
from footfall.measure.verdict import EXIT_CODES, Decision, Judgement, Verdict, decide
from footfall.records.errors import BadInputError
from footfall.records.runs import Manifest, write_manifest
from footfall.records.tables import VISITS, read_parquet, write_text
from footfall.simulate.spec.model import Model

PREDICTED_FILE = "visits.parquet"
ORDINARY_FILE = "visits-ordinary.parquet"
"""Prediction for the same arrivals without the scenario's outages: what spill is measured from."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A run with its verdict."""

    manifest: Manifest
    judgements: tuple[Judgement, ...]
    decision: Decision

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 invalid."""
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


def criteria_of_scenario(scenario: Scenario, model: Model) -> tuple[Criterion, ...]:
    """Parse the criteria of a scenario that is to be played.

    Raises:
        BadInputError: one is malformed, or names what the model does not have.
    """
    return criteria_of("\n".join(scenario.criteria), f"scenario {scenario.name}", model, played=True)


def judge_run(folder: Path, manifest: Manifest, criteria: tuple[Criterion, ...]) -> Judged:
    """Hold the criteria against the run's files; writes `junit.xml` and the verdict into the manifest.

    Raises:
        BadInputError: the run holds no visits, a file is damaged, or the folder cannot be written.
    """
    predicted, measured = visits_of(folder, PREDICTED_FILE), visits_of(folder, MEASURED_FILE)
    if predicted is None and measured is None:
        raise BadInputError(str(folder), "holds no visits", f"{PREDICTED_FILE} or {MEASURED_FILE}")
    judgements = judge_all(criteria, Evidence(manifest=manifest, predicted=predicted, measured=measured))
    decision = decide(judgements)
    manifest = replace(manifest, verdict=decision.verdict.value)
    write_text(junit_xml(judgements, manifest), folder / "junit.xml")
    write_manifest(folder, manifest)
    return Judged(manifest, judgements, decision)


_MARKS = {Verdict.PASS: "pass   ", Verdict.FAIL: "FAIL   ", Verdict.INVALID: "INVALID"}


def show(judged: Judged) -> None:
    """Print each criterion with its reason."""
    say()
    for each in judged.judgements:
        say(f"{_MARKS[each.verdict]} {each.criterion}")
        say(f"        {each.reason}")


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
