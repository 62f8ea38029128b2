"""Request logs from the recorded requests of a load test."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from footfall._calibrate.failures import NO_ANSWER, STATUS_CAUSE
from footfall._calibrate.request_causes import CAUSE
from footfall._calibrate.request_log import RequestLog
from footfall._load.result_files import HITS_FILE
from footfall._load.series_files import read_done
from footfall._records.errors import BadInputError
from footfall._records.rows import Outcome
from footfall._records.runs import MANIFEST, read_manifest
from footfall._records.tables import HITS, read_parquet


def request_logs(folder: Path) -> dict[str, RequestLog]:
    """Read the request log of each channel from the folder of a load test.

    Requests that were never sent are not in it: they say nothing about the service.

    Raises:
        BadInputError: the folder has no requests, only a sample of them, or does not say how long it lasted.
    """
    manifest = read_manifest(folder)
    where = str(folder / MANIFEST)
    share = manifest.settings.get("hits_sample_share")
    if share is not None and share < 1:
        problem = f"only {share:.3g} of the customers' requests were recorded"
        raise BadInputError(where, problem, "a run with all its requests (--hits-sample 1)")
    pace = manifest.settings.get("play") or {}
    length_s, speed = pace.get("length_s"), pace.get("speed")
    if not length_s or not speed:
        raise BadInputError(where, "no length of the run", "the manifest of a load test")
    hits = read_parquet(folder / HITS_FILE, HITS)
    if hits.is_empty():
        raise BadInputError(str(folder / HITS_FILE), "no requests", "at least one")
    done = read_done(folder)  # of a load step, which may have been stopped early
    whole_s = length_s / speed
    return logs_of_hits(
        hits, run=manifest.run, length_s=whole_s if done is None else min(done.length_s, whole_s)
    )


def logs_of_hits(hits: pl.DataFrame, *, run: str, length_s: float) -> dict[str, RequestLog]:
    """Make the request log of each channel from a table of the columns of `HITS`.

    Kinds of requests are named `channel.operation/step`. With a column `cause` the logs have their causes.
    """
    sent = hits.filter(pl.col("sent_s").is_not_null())
    return {
        str(name): _log(part, run, length_s)
        for (name,), part in sent.group_by("channel", maintain_order=True)
        if part.height
    }


def _log(hits: pl.DataFrame, run: str, length_s: float) -> RequestLog:
    rows = hits.sort("sent_s", maintain_order=True).with_columns(
        name=pl.format("{}.{}/{}", "channel", "operation", "step")
    )
    kinds, kind = np.unique(rows["name"].to_numpy(), return_inverse=True)
    log = RequestLog(
        run=run,
        kinds=tuple(str(name) for name in kinds),
        kind=kind.astype(np.int64),
        sent_s=rows["sent_s"].to_numpy().astype(np.float64),
        ended_s=rows["ended_s"].to_numpy().astype(np.float64),
        status=rows["status"].to_numpy().astype(np.int64),
        is_success=(rows["outcome"] == Outcome.SERVED.value).to_numpy(),
        is_answered=(rows["outcome"] != Outcome.UNFINISHED.value).to_numpy(),
        length_s=length_s,
    )
    return _with_causes(log, rows) if CAUSE in rows.columns else log


def _with_causes(log: RequestLog, rows: pl.DataFrame) -> RequestLog:
    """Return the log with the reasons of its failures; a status where a response gave none."""
    status = pl.col("status")
    by_status = pl.when(status == 0).then(pl.lit(NO_ANSWER)).otherwise(pl.format(STATUS_CAUSE + "{}", status))
    named = rows.select(pl.when(pl.col(CAUSE) == "").then(by_status).otherwise(CAUSE).alias(CAUSE))[CAUSE]
    causes, of_failed = np.unique(named.to_numpy()[log.failed].astype(np.str_), return_inverse=True)
    cause = np.full(log.requests, -1, np.int64)
    cause[log.failed] = of_failed
    return replace(log, causes=tuple(str(name) for name in causes), cause=cause)
