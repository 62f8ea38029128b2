"""Judge a run: its criteria, its baseline, its verdict and the files that say so."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

import polars as pl

from footfall._criteria import lists
from footfall._criteria.objects import BaselineCriterion, Criterion
from footfall._load.result_files import HITS_FILE, VISITS_FILE as MEASURED_FILE
from footfall._load.run_integrity import check_run
from footfall._measure.judge import judge_all
from footfall._measure.run_comparison import why_left_out
from footfall._measure.run_data import RunData
from footfall._measure.verdict import (
    EXIT_CODES,
    Judgement,
    Verdict,
    VerdictDecision,
    decide,
    junit_xml,
    summary_md,
)
from footfall._model.model import Model
from footfall._model.model_files import MODEL_FILE, read_model
from footfall._records.errors import BadInputError, path_of
from footfall._records.folders import check_not_in_use
from footfall._records.runs import TRACE_FILE, Manifest, read_manifest, write_manifest
from footfall._records.server_rows import read_server_rows
from footfall._records.tables import (
    ARRIVALS,
    HITS,
    REPLICATIONS,
    VISITS,
    html_table,
    read_csv,
    read_parquet,
    write_text,
)
from footfall._runs.messages import QUIET, Messages
from footfall._workload.trace import ARRIVALS_FILE, TraceInfo, read_info

# ── What is asked of a run in place of its scenario's criteria, or in addition to them

CriteriaGiven = Sequence[str | Criterion] | Criterion | Path | str
"""A file of criteria, or criteria: objects, or texts with one a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CriteriaAsked:
    """Criteria in place of those of a scenario, and in addition to them."""

    instead: CriteriaGiven | None = None
    """None or empty: the scenario's own count."""
    also: CriteriaGiven | None = None
    longest_episode: str | None = None
    """Bad visits in a row that are thought possible, for criteria that do not say it themselves."""


AS_THE_SCENARIO_ASKS: CriteriaAsked = CriteriaAsked()


def asked_of(own: tuple[Criterion, ...], asked: CriteriaAsked) -> tuple[Criterion, ...]:
    """Return the criteria that count for a scenario whose own are given.

    Raises:
        BadInputError: a file cannot be read, or a line is not a criterion.
    """
    file, lines = file_or_criteria(asked.instead)
    chosen = (parsed(lines) if lines else own) if file is None else lists.read_criteria(file)
    file, lines = file_or_criteria(asked.also)
    chosen += parsed(lines) if file is None else lists.read_criteria(file)
    return lists.with_episodes(chosen, asked.longest_episode)


def parsed(lines: Sequence[str | Criterion], where: str = "--criterion") -> tuple[Criterion, ...]:
    """Return criteria, each text parsed.

    Raises:
        BadInputError: a text is not a criterion.
    """
    return tuple(each if isinstance(each, Criterion) else lists.parse(each, where) for each in lines)


def file_or_criteria(given: CriteriaGiven | None) -> tuple[Path | None, tuple[str | Criterion, ...]]:
    """Return the file of criteria that is given, or the criteria themselves; nothing for None."""
    if given is None:
        return None, ()
    if isinstance(given, Path):
        return given, ()
    if isinstance(given, Criterion):
        return None, (given,)
    if isinstance(given, str):
        return None, tuple(line for line in given.splitlines() if line.strip())
    return None, tuple(given)


# ── Judge a run from its files against criteria and an earlier run, and leave the verdict in the folder

_JUNIT_FILE, _SUMMARY_FILE, VERDICT_FILE = "junit.xml", "summary.md", "verdict.json"
_SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
_MARKS = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "FAIL",
    Verdict.UNDECIDED: "UNDECIDED",
    Verdict.INVALID: "INVALID",
}
CAPACITY = "capacity"
"""Command of a search for capacity, in its manifest."""
PREDICTED_FILE = "visits.parquet"
REPLICATIONS_FILE = "predicted.csv"
"""Figures of the prediction, replication by replication; `PREDICTED_FILE` holds the visits of the first."""
ORDINARY_FILE = "visits-ordinary.parquet"
"""Prediction for the same arrivals without the scenario's outages: what spill is measured from."""
_ALIKE = ("play", "scale", "set")
_NOT_THE_LOAD = {"model", "scenario", "criteria", "seed", "replication", "arrivals", "arrivals_by_channel"}
"""Of a trace: names and what is asked; and what another seed draws of the same load."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A run with its verdict."""

    manifest: Manifest
    judgements: tuple[Judgement, ...]
    decision: VerdictDecision

    @property
    def verdict(self) -> Verdict:
        """Of the run as a whole."""
        return self.decision.verdict

    @property
    def reason(self) -> str:
        """Why, in one sentence."""
        return self.decision.reason

    def __str__(self) -> str:
        """Give each criterion with its reason, and the verdict."""
        return "\n".join(judged_lines(self))

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 undecided or invalid."""
        return EXIT_CODES[self.decision.verdict]

    def __repr__(self) -> str:
        """Return the verdict and its reason."""
        return f"<Judged {self.manifest.run} {self.verdict.value}: {self.reason}>"

    def _repr_html_(self) -> str:
        verdict = f"{self.verdict.value}: {self.reason}"
        return f"<p><b>{escape(verdict)}</b></p>{criteria_html(self.judgements)}"


def _vocabulary(model: Model | None) -> lists.Vocabulary | None:
    """Return the names that criteria may use; None where the model is not known."""
    if model is None:
        return None
    channels = frozenset(channel.name for channel in model.channels)
    return lists.Vocabulary(channels=channels, operations=frozenset(model.operations))


def criteria_of_trace(info: TraceInfo, model: Model) -> tuple[Criterion, ...]:
    """Return the criteria of a trace, with the defaults of a load test.

    Raises:
        BadInputError: there is none, or one names what the model does not have.
    """
    where = f"scenario {info.scenario}"
    lists.check_names(info.criteria, _vocabulary(model), where)
    return lists.with_defaults(lists.not_empty(info.criteria, where))


def judge(
    run: PathLike[str] | str,
    *,
    criteria: CriteriaGiven | None = None,
    also: CriteriaGiven | None = None,
    longest_episode: str | None = None,
    baseline: PathLike[str] | str | None = None,
    messages: Messages = QUIET,
) -> Judged:
    """Judge a run by criteria from its files, and write the verdict into its folder.

    `criteria` are the path of a file, or lines such as `p95(web.*) < 800ms`, or criterion objects; without
    them, those that the run was made with. `also` are asked in addition. `baseline` is the folder of an
    earlier run, for criteria that name one. A prediction that is missing is made.

    Writes `junit.xml`, `summary.md`, `verdict.json`, and the verdict into the manifest.

        >>> import footfall as ff
        >>> ff.judge(folder / "day", criteria=["success(hall.*) >= 50%"]).verdict.value
        'pass'

    Raises:
        BadInputError: a criterion is malformed or names what the model does not have, the run is still being
            made, or a file of it is missing, damaged or changed.
    """
    from footfall._runs.predict import predict_if_missing

    folder = path_of(run, "run")
    earlier = None if baseline is None else path_of(baseline, "baseline")
    manifest = read_manifest(folder)
    check_not_in_use(folder)
    check_run(folder, manifest)
    if manifest.command == CAPACITY:
        from footfall._runs.judge_search import judge_search

        given = asked_of((), CriteriaAsked(instead=criteria, also=also))
        return judge_search(folder, manifest, given, messages)
    model = read_model(folder / MODEL_FILE) if (folder / MODEL_FILE).exists() else None
    asked = criteria_of_run(manifest, model, criteria)
    file, lines = file_or_criteria(also)
    more = parsed(lines) if file is None else lists.read_criteria(file, _vocabulary(model))
    lists.check_names(more, _vocabulary(model), "--criterion")
    asked = lists.with_episodes(asked + more, longest_episode)
    check_baseline(earlier, asked)
    predict_if_missing(folder, messages)
    return judge_run(folder, manifest, asked, earlier, messages)


def criteria_of_run(
    manifest: Manifest, model: Model | None, given: CriteriaGiven | None = None
) -> tuple[Criterion, ...]:
    """Return the criteria that are given, or those that a run was made with, with a load test's defaults.

    Those of a run come from its folder, never from the scenario's file: that is a program, and may have
    another author.

    Raises:
        BadInputError: there is none, or one is malformed or names what the model does not have.
    """
    known, where = _vocabulary(model), f"run {manifest.run}"
    file, lines = file_or_criteria(given)
    if file is not None:
        criteria = lists.read_criteria(file, known)
    elif lines:
        criteria = parsed(lines, "criteria")
    elif not (criteria := lists.criteria_of(manifest.settings.get("criteria", ()), where)):
        raise BadInputError(where, "has no criteria of its own", "--criteria FILE")
    lists.check_names(criteria, known, where)
    return criteria if manifest.arrivals is None else lists.with_defaults(criteria)


def judge_run(
    folder: Path,
    manifest: Manifest,
    criteria: tuple[Criterion, ...],
    baseline: Path | None = None,
    messages: Messages = QUIET,
) -> Judged:
    """Hold the criteria against the run's files.

    Writes `junit.xml`, `summary.md`, `verdict.json`, and the verdict into the manifest; the summary also to
    the end of the file that `GITHUB_STEP_SUMMARY` names.

    Raises:
        BadInputError: the run holds no visits, a file is damaged, the baseline is of something else, or the
            folder cannot be written.
    """
    evidence = replace(_evidence_of(folder, manifest), baseline=_baseline_of(baseline, folder, manifest))
    return write_verdict(folder, manifest, judge_all(criteria, evidence), messages)


def write_verdict(
    folder: Path, manifest: Manifest, judgements: tuple[Judgement, ...], messages: Messages = QUIET
) -> Judged:
    """Decide on judgements and write the verdict into the run's folder, as `judge_run` does.

    Raises:
        BadInputError: the folder cannot be written.
    """
    decision = decide(judgements)
    judged = Judged(replace(manifest, verdict=decision.verdict.value), judgements, decision)
    summary = summary_md(judgements, decision, judged.manifest)
    write_text(junit_xml(judgements, judged.manifest), folder / _JUNIT_FILE)
    write_text(summary, folder / _SUMMARY_FILE)
    write_text(json.dumps(as_json(judged), indent=2, ensure_ascii=False) + "\n", folder / VERDICT_FILE)
    write_manifest(folder, judged.manifest)
    _append(summary, messages)
    return judged


def judged_lines(judged: Judged) -> list[str]:
    """Give each criterion with its reason, and the verdict, as a person reads them."""
    width = max(map(len, _MARKS.values()))
    lines = []
    for each in judged.judgements:
        lines += [f"{_MARKS[each.verdict]:{width}} {each.criterion}", f"{'':{width}} {each.reason}"]
    return [*lines, f"verdict: {judged.decision.verdict.value}"]


def criteria_html(judgements: Sequence[Judgement]) -> str:
    """Return criteria with verdicts and reasons as an HTML table."""
    rows = [(each.criterion, each.verdict.value, each.reason) for each in judgements]
    return html_table(("criterion", "verdict", "reason"), rows)


def _append(summary: str, messages: Messages) -> None:
    """Show the summary on the page of a CI's run, where it has one."""
    path = os.environ.get(_SUMMARY_VARIABLE, "")
    if path:
        try:
            with Path(path).open("a", encoding="utf-8") as page:
                page.write(summary)
        except OSError as error:
            # The verdict stands; a page that cannot be written is no reason to lose it.
            messages.note(f"{_SUMMARY_VARIABLE}: {(error.strerror or str(error)).lower()}")


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


def visits_of(folder: Path, name: str) -> pl.DataFrame | None:
    """Give one table of visits of a run, None when it has none.

    Raises:
        BadInputError: the file is damaged.
    """
    path = folder / name
    return read_parquet(path, VISITS) if path.exists() else None


def _evidence_of(folder: Path, manifest: Manifest) -> RunData:
    """Read what a run has to show for itself.

    Raises:
        BadInputError: it holds no visits, or a file is damaged.
    """
    predicted, measured = visits_of(folder, PREDICTED_FILE), visits_of(folder, MEASURED_FILE)
    if predicted is None and measured is None:
        raise BadInputError(str(folder), "holds no visits", f"{PREDICTED_FILE} or {MEASURED_FILE}")
    trace = folder / ARRIVALS_FILE
    arrivals = read_parquet(trace, ARRIVALS) if trace.exists() else None
    return RunData(
        manifest=manifest,
        predicted=predicted,
        measured=measured,
        replications=replications_of(folder),
        arrivals=arrivals,
        hits=read_parquet(folder / HITS_FILE, HITS) if (folder / HITS_FILE).is_file() else None,
        server=read_server_rows(folder),
    )


def replications_of(folder: Path) -> pl.DataFrame | None:
    """Read the replications of a run's prediction (`REPLICATIONS`), None where it has none.

    Raises:
        BadInputError: the file is damaged.
    """
    path = folder / REPLICATIONS_FILE
    return read_csv(path, REPLICATIONS) if path.exists() else None


@dataclass(frozen=True, slots=True)
class Load:
    """What a run loads or simulates, as far as two runs must agree on it to be compared."""

    model: str
    scenario: str | None
    settings: Mapping[str, Any]
    trace: TraceInfo | None
    """None: the run is simulated."""


def check_baseline(folder: Path | None, criteria: Sequence[Criterion], load: Load | None = None) -> None:
    """See that a valid earlier run is given where a criterion speaks of one, before anything is run.

    Raises:
        BadInputError: none is given, or it is no run, changed, not to be trusted, or of another load than
            the one that will be run.
    """
    asked = [each.text for each in criteria if isinstance(each, BaselineCriterion)]
    if asked and folder is None:
        raise BadInputError(f"criterion {asked[0]!r}", "no baseline is given", "--baseline RUN")
    if folder is not None:
        manifest = _valid(folder).manifest
        if load is not None:
            _check_same_load(f"--baseline {folder}", _load_of(folder, manifest), load)


def _baseline_of(baseline: Path | None, folder: Path, manifest: Manifest) -> RunData | None:
    """Read the earlier run that a run is held against; None: none is given.

    Raises:
        BadInputError: it is the run itself, not to be trusted, or of another load.
    """
    if baseline is None:
        return None
    where = f"--baseline {baseline}"
    if baseline.resolve() == folder.resolve():
        raise BadInputError(where, "is the run that is judged", "an earlier run")
    evidence = _valid(baseline)
    earlier, now = _load_of(baseline, evidence.manifest), _load_of(folder, manifest)
    _check_same_load(where, earlier, now)
    if earlier.trace and now.trace and earlier.trace.seed == now.trace.seed:
        tables = [read_parquet(each / ARRIVALS_FILE, ARRIVALS) for each in (baseline, folder)]
        if not tables[0].equals(tables[1]):
            raise BadInputError(where, "has other arrivals for the same seed", "a run of the same load")
    # By content: a copy of the run under another name would be alike in everything.
    theirs = evidence.measured
    ours = None if theirs is None else visits_of(folder, MEASURED_FILE)
    if theirs is not None and ours is not None and ours.equals(theirs):
        raise BadInputError(
            where, "holds exactly the same visits as this run", "an earlier run, not a copy of this one"
        )
    return evidence


def _valid(folder: Path) -> RunData:
    """Read a run after seeing that it can be trusted, by the bounds of its own criteria.

    Raises:
        BadInputError: it cannot; the line says why.
    """
    where = f"--baseline {folder}"
    manifest = read_manifest(folder)
    check_run(folder, manifest)
    evidence = _evidence_of(folder, manifest)
    if manifest.arrivals is None:
        if manifest.status != "finished":
            raise BadInputError(where, f"its status is {manifest.status!r}", "a finished run")
        return evidence
    if (reason := why_left_out(manifest)) is not None:
        raise BadInputError(where, f"is not valid: {reason}", "a run that can be trusted")
    own = lists.with_defaults(lists.criteria_of(manifest.settings.get("criteria", ()), f"run {manifest.run}"))
    judged = judge_all([each for each in own if not isinstance(each, BaselineCriterion)], evidence)
    for each in judged:
        if each.validity and each.verdict is not Verdict.PASS:
            problem = f"is not valid: {each.criterion}: {each.reason}"
            raise BadInputError(where, problem, "a run that can be trusted")
    if manifest.verdict == Verdict.INVALID.value:
        raise BadInputError(where, "is not valid, as its own verdict says", "a run that can be trusted")
    return replace(evidence, baseline=None)


def _check_same_load(where: str, old: Load, new: Load) -> None:
    """See that both runs are of one load.

    Raises:
        BadInputError: they are not; the line names what differs first.
    """
    pairs = [("model", old.model, new.model), ("scenario", old.scenario, new.scenario)]
    pairs += [(name, old.settings.get(name), new.settings.get(name)) for name in _ALIKE]
    pairs += [("kind", "played" if old.trace else "simulated", "played" if new.trace else "simulated")]
    if old.trace and new.trace:
        then_all, now_all = (each.model_dump(exclude=_NOT_THE_LOAD) for each in (old.trace, new.trace))
        pairs += [(name, then_all[name], now_all[name]) for name in then_all]
    for name, then, here in pairs:
        if then != here:
            expected = "a run of the same load"
            if name == "scenario":
                expected += "; two addresses are compared by --against"
            raise BadInputError(where, f"its {name} is {then}, not {here}", expected)


def _load_of(folder: Path, manifest: Manifest) -> Load:
    path = folder / TRACE_FILE
    trace = read_info(path) if path.is_file() else None
    return Load(manifest.model, manifest.scenario, manifest.settings, trace)
