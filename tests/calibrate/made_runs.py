"""Run folders as a load test leaves them, of requests to a station of known numbers."""

from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from footfall._calibrate.request_log import RequestLog
from footfall._calibrate.station_parameters import StationParameters
from footfall._calibrate.station_simulation import simulate_runs
from footfall._load.result_files import HITS_FILE
from footfall._load.url_load import UrlLoad, trace_of_url
from footfall._records.rows import Outcome
from footfall._records.runs import Manifest, write_manifest
from footfall._records.tables import HITS, write_parquet
from footfall._workload.trace import Trace, write_trace

LENGTH_S = 10.0
OUTCOMES = {200: Outcome.SERVED, 500: Outcome.ERROR, 503: Outcome.THROTTLED, 429: Outcome.THROTTLED}


def hits_of(
    truth: StationParameters,
    rate_per_s: float,
    names: tuple[str, ...],
    seed: int,
    length_s: float = LENGTH_S,
) -> pl.DataFrame:
    """Give the requests of a run of one channel, each a visit; `names` are the operations of the kinds."""
    runs = simulate_runs([truth], [rate_per_s], length_s=length_s, seed=seed)
    return hits_of_log(runs.request_log(0, truth.kinds, run="", length_s=length_s), names)


def hits_of_log(log: RequestLog, names: tuple[str, ...]) -> pl.DataFrame:
    """Give the requests of a log of one channel, each a visit; `names` are the operations of the kinds."""
    count = log.requests
    rows = {
        "customer": np.arange(count),
        "channel": ["url"] * count,
        "operation": [names[kind] for kind in log.kind],
        "attempt": np.ones(count, dtype=np.int64),
        "step": [f"GET /{names[kind]}" for kind in log.kind],
        "asked_s": log.sent_s,
        "connect_s": np.zeros(count),
        "sent_s": log.sent_s,
        "ended_s": log.ended_s,
        "status": log.status,
        "outcome": [
            OUTCOMES.get(int(code), Outcome.ERROR).value if not ok else Outcome.SERVED.value
            for code, ok in zip(log.status, log.is_success, strict=True)
        ],
    }
    return pl.DataFrame({name: rows[name] for name in HITS}, schema_overrides=dict(HITS))


def run_folder(
    folder: Path,
    hits: pl.DataFrame,
    trace: Trace | None = None,
    *,
    status: Literal["finished", "running"] = "finished",
    verdict: str = "pass",
    started_at: str = "",
    length_s: float = LENGTH_S,
) -> Path:
    """Write the folder of a run with these requests; of a URL, unless a trace is given."""
    operations = tuple(hits["operation"].unique().sort().to_list())
    url = UrlLoad(url="http://127.0.0.1/x", rate_per_s=5, for_s=length_s, seed=1)
    write_trace(folder, trace or trace_of_url(url, tuple(("url", name) for name in operations), ()))
    manifest = Manifest(
        run=folder.name,
        command="load",
        model="url",
        scenario=None,
        seed=1,
        status=status,
        verdict=verdict,
        started_at=started_at,
        settings={"play": {"length_s": length_s, "speed": 1.0}},
    )
    write_manifest(folder, manifest)
    write_parquet(hits, folder / HITS_FILE)
    return folder
