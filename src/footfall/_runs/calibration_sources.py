"""Runs and files that a calibration learns from: found, read, and left out where they say nothing."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from footfall._calibrate.calibration import LeftOutRun, SourceRun
from footfall._calibrate.cpu_demand import WINDOW_S, CpuWindows
from footfall._calibrate.learn import WORKED_LEAST
from footfall._calibrate.request_causes import with_request_causes, without_outages
from footfall._calibrate.request_kinds import MODEL_VERBS, kind_names, logs_by_name, logs_by_verb
from footfall._calibrate.request_log import RequestLog
from footfall._calibrate.run_logs import request_logs
from footfall._load.result_files import HITS_FILE, VISITS_FILE
from footfall._load.series_files import DONE_FILE, STEPS, read_done
from footfall._measure.judge import judge_generator, spoiled_by
from footfall._measure.server_figures import mean_by_window
from footfall._measure.verdict import Verdict
from footfall._model.model import Model
from footfall._records.errors import BadInputError
from footfall._records.runs import MANIFEST, digests, read_json, read_manifest
from footfall._records.server_rows import read_server_rows
from footfall._records.tables import HITS, VISITS, read_parquet
from footfall._runs.judgement import VERDICT_FILE
from footfall._workload.trace import read_trace

_EXPECTED = "the folder of a load test or of `footfall capacity`, or a file of figures"


@dataclass(frozen=True, kw_only=True)
class RunRequests:
    """The requests of one valid run or step."""

    source: SourceRun
    folder: Path
    hits: pl.DataFrame
    """Those that were sent (columns of `HITS`, and `cause`), but for those that met an outage."""
    model: Model | None
    """The model that the run was made with; None: it was of a URL."""


@dataclass(frozen=True, kw_only=True)
class FoundRuns:
    """The runs below the folders that were named."""

    runs: tuple[RunRequests, ...]
    left_out: tuple[LeftOutRun, ...]


def run_folders(paths: Sequence[Path]) -> list[Path]:
    """Return the folders with requests: each itself, or the steps of a capacity search, in order.

    Raises:
        BadInputError: a folder has none.
    """
    found: list[Path] = []
    for path in paths:
        steps = sorted((path / STEPS).glob(f"*/{DONE_FILE}")) if (path / STEPS).is_dir() else []
        if (path / HITS_FILE).is_file():
            found.append(path)
        elif steps:
            found += [step.parent for step in steps if (step.parent / HITS_FILE).is_file()]
        else:
            raise BadInputError(str(path), f"no {HITS_FILE} in it", _EXPECTED)
    if len(set(map(_resolved, found))) < len(found):
        raise BadInputError("RUN", "a run is named twice", "each run once")
    return found


def read_runs(paths: Sequence[Path]) -> FoundRuns:
    """Read the requests of all valid runs; those that are not valid are named with the reason.

    Raises:
        BadInputError: a folder has no requests, or a file in it is damaged.
    """
    runs, left_out = [], []
    for folder in run_folders(paths):
        reason = invalid_reason(folder)
        if reason:
            left_out.append(LeftOutRun(run=name_of(folder), reason=reason))
            continue
        logs = request_logs(folder)
        hits = without_outages(_sent_requests(folder))
        if hits.is_empty():
            left_out.append(LeftOutRun(run=name_of(folder), reason="no request was sent"))
            continue
        trace = read_trace(folder)
        source = SourceRun(
            run=name_of(folder),
            sha256=digests(folder, [HITS_FILE])[HITS_FILE],
            requests=hits.height,
            length_s=next(iter(logs.values())).length_s,
            scenario=(trace.info.scenario or "") if trace.info.model else "",
        )
        model = trace.model if trace.info.model else None
        runs.append(RunRequests(source=source, folder=folder, hits=hits, model=model))
    return FoundRuns(runs=tuple(runs), left_out=tuple(left_out))


def _sent_requests(folder: Path) -> pl.DataFrame:
    """Return the requests that were sent, with the reason of each that failed."""
    hits = read_parquet(folder / HITS_FILE, HITS).filter(pl.col("sent_s").is_not_null())
    visits = folder / VISITS_FILE
    if not visits.is_file():
        return hits.with_columns(cause=pl.lit(""))
    return with_request_causes(hits, read_parquet(visits, VISITS))


def invalid_reason(folder: Path) -> str:
    """Say why a run or step says nothing about the service; empty: it does.

    Raises:
        BadInputError: its manifest is missing or damaged.
    """
    manifest, done = read_manifest(folder), read_done(folder)
    if done is not None and not done.is_whole:
        return "the step was stopped from outside"
    if done is not None and done.fell_behind:
        return "the generator fell behind"
    if done is None and manifest.status != "finished":
        return f"the run is {manifest.status}, not finished"
    if manifest.verdict == Verdict.INVALID.value:
        return f"its verdict is invalid{_why(folder)}"
    if spoiled := spoiled_by(manifest):
        return spoiled
    judged = judge_generator((), manifest)
    return "" if judged is None or judged.verdict is Verdict.PASS else judged.reason


def _why(folder: Path) -> str:
    """Return the reason of a verdict, where the run has its file."""
    path = folder / VERDICT_FILE
    reason = read_json(path, "the verdict of a run").get("reason") if path.is_file() else None
    return f" ({reason})" if reason else ""


def name_of(folder: Path) -> str:
    """Return the id of a run; of a step with its number."""
    run = read_manifest(folder).run
    return f"{run} step {folder.name}" if (folder / DONE_FILE).is_file() else run


def logs_by_channel(
    runs: Sequence[RunRequests], model: Model | None
) -> tuple[dict[str, list[RequestLog]], dict[str, dict[str, str]]]:
    """Return the logs of each channel, kinds being verbs, and what each verb is called without a model."""
    names = {} if model is not None else kind_names([run.hits for run in runs])
    logs: dict[str, list[RequestLog]] = {}
    for run in runs:
        name, length_s = run.source.run, run.source.length_s
        found = (
            logs_by_name(run.hits, names, run=name, length_s=length_s)
            if model is None
            else logs_by_verb(run.hits, model, run=name, length_s=length_s)
        )
        for channel, log in found.items():
            logs.setdefault(channel, []).append(log)
    return logs, {channel: _called(kinds) for channel, kinds in names.items()}


def learnable_logs(logs: Mapping[str, list[RequestLog]], base: Model | None) -> dict[str, list[RequestLog]]:
    """Return the logs of the channels that are request servers and had enough requests.

    A channel that few customers came to keeps the numbers of its model, unless it is the only one.

    Raises:
        BadInputError: none is a request server.
    """
    if base is None:
        return dict(logs)
    servers = {channel.name for channel in base.channels if channel.station.kind == "request_server"}
    kept = {channel: several for channel, several in logs.items() if channel in servers}
    enough = {channel: several for channel, several in kept.items() if _successful(several) >= WORKED_LEAST}
    kept = enough or kept
    if not kept:
        raise BadInputError(
            "calibration",
            f"none of {', '.join(sorted(logs)) or 'the channels'} is a request server of the model",
            "runs of a channel that is one",
        )
    return kept


def _successful(logs: Sequence[RequestLog]) -> int:
    return sum(int(log.is_success.sum()) for log in logs)


def too_few(
    logs: Mapping[str, Sequence[RequestLog]], model: Model | None, learned: Collection[str]
) -> list[str]:
    """Name the request servers that keep the numbers of their model."""
    if model is None:
        return []
    servers = {channel.name for channel in model.channels if channel.station.kind == "request_server"}
    return [
        f"{channel}: only {_successful(several)} requests succeeded, so it keeps the numbers of the model"
        for channel, several in logs.items()
        if channel in servers and channel not in learned
    ]


def cpu_windows(run: RunRequests) -> CpuWindows | None:
    """Return CPU and requests answered in windows of a run; None: the service's processes were not sampled.

    Raises:
        BadInputError: the file of samples is damaged.
    """
    rows = read_server_rows(run.folder)
    count = int(run.source.length_s // WINDOW_S)
    if rows.is_empty() or not count:
        return None
    edges = WINDOW_S * np.arange(count + 1)
    cores = mean_by_window(rows, list(pairwise(edges.tolist())))
    answered = np.histogram(run.hits["ended_s"].to_numpy(), edges)[0] / WINDOW_S
    return CpuWindows(
        cores=np.array([np.nan if one is None else one for one in cores]), answered_per_s=answered
    )


def _called(kinds: Sequence[str]) -> dict[str, str]:
    """Return the operation of each verb; a step of its own where an operation has several."""
    if len(kinds) > len(MODEL_VERBS):
        return {MODEL_VERBS[0].value: "request"}
    operations = [kind.partition("/")[0] for kind in kinds]
    return {
        MODEL_VERBS[n].value: operation if operations.count(operation) == 1 else f"{operation}-{n + 1}"
        for n, operation in enumerate(operations)
    }


def file_source(path: Path, requests: int, length_s: float) -> SourceRun:
    """Return a file of figures as a source, with its digest.

    Raises:
        BadInputError: it cannot be read.
    """
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise BadInputError(str(path), f"cannot be read ({error.strerror})", "a file of figures") from error
    return SourceRun(run=path.name, sha256=digest, requests=requests, length_s=length_s)


def is_folder_of_runs(path: Path) -> bool:
    """Whether a path is a folder; files hold figures of other tools.

    Raises:
        BadInputError: there is no such path.
    """
    if not path.exists():
        raise BadInputError(str(path), "no such file or folder", _EXPECTED)
    if path.name == MANIFEST:
        raise BadInputError(str(path), "is a file of a run", "the run's folder")
    return path.is_dir()


def _resolved(path: Path) -> Path:
    return path.resolve()
