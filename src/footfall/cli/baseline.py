"""The earlier run that criteria speak of: whole, valid, of the same load, and not the run itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from footfall.cli.evidence import evidence_of, visits_of
from footfall.load.result_files import VISITS_FILE
from footfall.load.run_integrity import check_run
from footfall.measure.grammar import parse_criteria, with_defaults
from footfall.measure.judge import judge_all
from footfall.measure.run_comparison import why_left_out
from footfall.measure.run_data import RunData
from footfall.measure.spec import BaselineCriterion, Criterion
from footfall.measure.verdict import Verdict
from footfall.records.errors import BadInputError
from footfall.records.runs import TRACE_FILE, Manifest, read_manifest
from footfall.records.tables import ARRIVALS, read_parquet
from footfall.workload.trace import ARRIVALS_FILE, TraceInfo, read_info

_ALIKE = ("play", "scale", "set")
_NOT_THE_LOAD = {"model", "scenario", "criteria", "seed", "replication", "arrivals", "arrivals_by_channel"}
"""Of a trace: names and what is asked; and what another seed draws of the same load."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a run plays or simulates, as far as two runs must agree on it to be compared."""

    model: str
    scenario: str | None
    settings: Mapping[str, Any]
    trace: TraceInfo | None
    """None: the run is simulated."""


def check_baseline(folder: Path | None, criteria: Sequence[Criterion], load: Load | None = None) -> None:
    """See that a valid earlier run is given where a criterion speaks of one, before anything is played.

    Raises:
        BadInputError: none is given, or it is no run, changed, not to be trusted, or of another load than
            the one that will be played.
    """
    asked = [each.text for each in criteria if isinstance(each, BaselineCriterion)]
    if asked and folder is None:
        raise BadInputError(f"criterion {asked[0]!r}", "no baseline is given", "--baseline RUN")
    if folder is not None:
        manifest = _valid(folder).manifest
        if load is not None:
            _check_same_load(f"--baseline {folder}", _load_of(folder, manifest), load)


def baseline_of(baseline: Path | None, folder: Path, manifest: Manifest) -> RunData | None:
    """Read the earlier run that a run is held against; None: none is given.

    Raises:
        BadInputError: it is the run itself, not to be trusted, or of another load.
    """
    if baseline is None:
        return None
    where = f"--baseline {baseline}"
    if baseline.resolve() == folder.resolve():
        raise BadInputError(where, "is the run itself", "an earlier run")
    evidence = _valid(baseline)
    earlier, now = _load_of(baseline, evidence.manifest), _load_of(folder, manifest)
    _check_same_load(where, earlier, now)
    if earlier.trace and now.trace and earlier.trace.seed == now.trace.seed:
        tables = [read_parquet(each / ARRIVALS_FILE, ARRIVALS) for each in (baseline, folder)]
        if not tables[0].equals(tables[1]):
            raise BadInputError(where, "its arrivals are others, of the same seed", "a run of the same load")
    # By content: a copy of the run under another name would be alike in everything.
    theirs = evidence.measured
    ours = None if theirs is None else visits_of(folder, VISITS_FILE)
    if theirs is not None and ours is not None and ours.equals(theirs):
        raise BadInputError(where, "holds the very visits of this run", "an earlier run, no copy of this one")
    return evidence


def _valid(folder: Path) -> RunData:
    """Read a run after seeing that it can be trusted, by the bounds of its own criteria.

    Raises:
        BadInputError: it cannot; the line says why.
    """
    where = f"--baseline {folder}"
    manifest = read_manifest(folder)
    check_run(folder, manifest)
    evidence = evidence_of(folder, manifest)
    if manifest.arrivals is None:
        if manifest.status != "finished":
            raise BadInputError(where, f"its status is {manifest.status!r}", "a run that is whole")
        return evidence
    if (reason := why_left_out(manifest)) is not None:
        raise BadInputError(where, f"is not valid: {reason}", "a run that can be trusted")
    lines = "\n".join(manifest.settings.get("criteria", ()))
    own = with_defaults(parse_criteria(lines, f"run {manifest.run}"))
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
