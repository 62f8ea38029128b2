"""Run folders as a play leaves them, with visits simulated on the small model: many runs in little time."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import polars as pl

from footfall._behaviour.load_model import as_played
from footfall._criteria.objects import Criterion
from footfall._load.result_files import LOAD_FILE, VISITS_FILE, LoadResult
from footfall._model.channel import Verb, Work
from footfall._model.durations import lognormal_s
from footfall._model.model import Model
from footfall._records.runs import ArrivalCounts, Lag
from footfall._records.tables import write_parquet, write_text
from footfall._runs.folder import begin, end
from footfall._simulate.day import predict
from footfall._workload.trace import Trace, write_trace
from tests.load.small import SEED, WEB, channel, day_of, small_model, trace_of
from tests.made_up import number

LAG = Lag(p50=0.001, p99=0.004, max=0.009)


def web_model(factor: float = 1.0) -> Model:
    """Give a model of a web hall alone, whose pages take so many times a twentieth of a second."""
    works = {verb: Work(service=lognormal_s(number(0.05 * factor), number(0.5))) for verb in Verb}
    return small_model(channels=(channel("web", WEB, works=works),))


def web_trace(count: int = 100, length_s: float = 20.0) -> Trace:
    """Give the trace of so many customers with a question."""
    model = web_model()
    day = day_of([(k * length_s / count, "query", "web") for k in range(count)])
    return trace_of(model, day, length_s)


def make_run(
    folder: Path,
    luck: int,
    *,
    factor: float = 1.0,
    trace: Trace | None = None,
    **ended: Any,  # noqa: ANN401  fields of the manifest
) -> Path:
    """Write a run of the trace at a service that is so many times as slow, with luck of its own."""
    made = trace or web_trace()
    if not made.info.criteria:
        info = made.info.model_copy(update={"criteria": (Criterion("success(web.*) >= 50%"),)})
        made = replace(made, info=info)
    settings: dict[str, object] = {
        "criteria": [str(each) for each in made.info.criteria],
        "host": "http://127.0.0.1:1",
    }
    settings["play"] = made.info.play.model_dump()
    folder, manifest = begin("load", made.model, SEED, folder, scenario="small", settings=settings)
    started_at = f"2031-01-01T{luck:02d}:00:00+00:00"
    write_trace(folder, made)
    played = as_played(web_model(factor), made.info.play)
    visits = predict(played, made.arrivals, SEED, luck, made.info.play.seconds).visits
    if "arrivals" in ended:
        started = made.arrivals.head(ended["arrivals"].started)
        visits = visits.join(started.select("customer"), on="customer", how="semi", maintain_order="left")
    write_parquet(visits, folder / VISITS_FILE)
    verdict = ended.pop("verdict", "pass")
    result = result_of(visits, made.arrivals.height, **ended)
    if ended.get("status") != "running":
        write_text(json.dumps(asdict(result), indent=2), folder / LOAD_FILE)
    manifest = replace(manifest, started_at=started_at)
    end(folder, manifest, **(result.for_manifest() | {"verdict": verdict} | ended))
    return folder


def result_of(visits: pl.DataFrame, due: int, **ended: Any) -> LoadResult:  # noqa: ANN401  its fields
    """Give the sums of a play with such visits, in which all arrivals were played but for what is said."""
    failed = visits.filter(pl.col("outcome") != "served").group_by("cause").len()
    sums: dict[str, Any] = {
        "status": "finished",
        "arrivals": ArrivalCounts(due=due, played=due),
        "lag_s": LAG,
        "visits": visits.height,
        "visits_served": int((visits["outcome"] == "served").sum()),
        "hits": 0,
        "hits_kept": 0,
        "played_s": 20.0,
        "host": "http://127.0.0.1:1",
        "causes": dict(failed.iter_rows()),
    }
    return LoadResult(**(sums | ended))


def make_sides(folder: Path, runs: int, *, factor: float) -> tuple[list[str], list[str]]:
    """Write so many runs a side, played in turn, the candidate's so many times as slow."""
    a = [str(make_run(folder / f"a-{n}", 2 * n)) for n in range(runs)]
    b = [str(make_run(folder / f"b-{n}", 2 * n + 1, factor=factor)) for n in range(runs)]
    return a, b
