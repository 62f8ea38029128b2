"""Everything once: a scenario's day simulated, its busiest minutes run, and the run judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footfall._behaviour.load_model import check_played, check_served
from footfall._records.folders import check_free
from footfall._runs import simulate
from footfall._runs.content import share_definition, targets
from footfall._runs.folder import begin
from footfall._runs.judgement import criteria_of_trace
from footfall._runs.load_run import LoadDone, LoadJob, run_and_report
from footfall._runs.make_trace import make_trace, scenario_of
from footfall._runs.messages import QUIET, Messages
from footfall._runs.reference_service import service_for_trace
from footfall._simulate.day import simulate_day
from footfall._workload.trace import Trace, write_trace

_DAY_FOLDER = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoDone:
    """The day as it was simulated, and the run as it was judged."""

    day: simulate.DayFigures
    load: LoadDone


def demo(
    scenario: str = "ordinary_day",
    *,
    seed: int = 1,
    scale: float | None = None,
    changes: Sequence[str] = (),
    share: str | None = None,
    out: Path | None = None,
    overwrite: bool = False,
    messages: Messages = QUIET,
) -> DemoDone:
    """Simulate the day of a scenario, run its busiest minutes at the reference service, and judge the run.

    Raises:
        BadInputError: a name or value is impossible, the model cannot be run, or the folder is taken.
    """
    check_free(out, overwrite=overwrite)
    chosen = scenario_of(scenario, None, scale=scale)
    with messages.progress(f"sampling the day of {chosen.name}"):
        trace = make_trace(chosen, seed, changes=changes, messages=messages)
    check_played(trace.model)
    check_served(trace.model)
    criteria = criteria_of_trace(trace.info, trace.model)
    said, definition = share_definition(trace.model, share)
    folder, manifest = begin(
        *("demo", trace.model, seed, out),
        scenario=chosen.name,
        share_definition=f"{said.name}: {said.text}",
        settings=_settings(trace),
        overwrite=overwrite,
    )
    write_trace(folder, trace)
    with service_for_trace(folder) as service:
        with messages.progress(f"simulating {trace.model.title}") as bar:
            result = simulate_day(trace.model, seed, progress=bar)
        day = simulate.figures(result, targets(trace.model), definition)
        starts_s = trace.info.play.starts_s
        drawn = simulate.charts(day, manifest, (starts_s, starts_s + trace.info.play.length_s))
        simulate.write(folder / _DAY_FOLDER, day, drawn)
        job = LoadJob(name=chosen.name, trace=trace, criteria=criteria, settings=_settings(trace), host=None)
        done = run_and_report(folder, manifest, job, service=service, more=drawn, messages=messages)
    return DemoDone(day=day, load=done)


def _settings(trace: Trace) -> dict[str, Any]:
    info = trace.info
    return {
        "criteria": [each.text for each in info.criteria],
        "play": info.play.model_dump(),
        "scale": info.scale,
        "set": list(info.changes),
        "host": "reference service",
        "model_file": info.model,
    }
