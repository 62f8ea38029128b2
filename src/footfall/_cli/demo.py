"""`footfall demo`: everything once, on a bare machine."""

from typing import Annotated

import typer

from footfall._behaviour.load_model import check_played, check_served
from footfall._cli import load, simulate as of_day
from footfall._cli.options import DEFAULT_SEED, Changes, Json, Out, Overwrite, Scale, Seed, Share
from footfall._cli.output import TERMINAL, progress, say, say_json
from footfall._records.folders import check_free
from footfall._runs import judgement, simulate as day_results
from footfall._runs.content import share_definition, targets
from footfall._runs.folder import begin
from footfall._runs.load_test import LoadJob, as_json as load_as_json, play_and_judge
from footfall._runs.make_trace import make_trace, scenario_of
from footfall._runs.reference_service import own_service
from footfall._simulate.day import simulate_day
from footfall._workload.trace import write_trace

DAY_FOLDER = "day"


def command(
    scenario: Annotated[str, typer.Option(help="Name of a scenario in scenarios/.")] = "ordinary_day",
    seed: Seed = DEFAULT_SEED,
    scale: Scale = None,
    out: Out = None,
    overwrite: Overwrite = False,
    changes: Changes = None,
    share: Share = None,
    as_json: Json = False,
) -> int:
    """Simulate a province's day, play its busiest minutes at the reference service, and judge it.

    Takes about three minutes on two cores.
    """
    check_free(out, overwrite=overwrite)
    chosen = scenario_of(scenario, None, scale=scale)
    with progress(f"sampling the day of {chosen.name}"):
        trace = make_trace(chosen, seed, changes=changes, messages=TERMINAL)
    check_played(trace.model)
    check_served(trace.model)
    criteria = judgement.criteria_of_trace(trace.info, trace.model)
    said, definition = share_definition(trace.model, share)
    play = trace.info.play
    settings = {
        "criteria": [each.text for each in chosen.criteria],
        "play": play.model_dump(),
        "scale": trace.info.scale,
        "set": list(changes or ()),
        "host": "reference service",
        "model_file": trace.info.model,
    }
    folder, manifest = begin(
        "demo",
        trace.model,
        seed,
        out,
        scenario=chosen.name,
        share_definition=f"{said.name}: {said.text}",
        settings=settings,
        overwrite=overwrite,
    )
    write_trace(folder, trace)
    with own_service(folder) as service:
        with progress(f"simulating {trace.model.title}") as bar:
            result = simulate_day(trace.model, seed, progress=bar)
        day = day_results.figures(result, targets(trace.model), definition)
        window_s = (play.starts_s, play.starts_s + play.length_s)
        drawn = day_results.charts(day, manifest, window_s)
        day_results.write(folder / DAY_FOLDER, day, drawn)
        job = LoadJob(
            name=chosen.name,
            trace=trace,
            criteria=criteria,
            settings=settings,
            host=None,
        )
        done = play_and_judge(folder, manifest, job, service=service, more=drawn, messages=TERMINAL)
    if as_json:
        figures_json = load_as_json(done)
        say_json(figures_json | {"day": day_results.as_json(day)})
    else:
        of_day.show(day)
        say()
        load.show(done)
    return done.judged.exit_code
