"""`footfall predict`: the figures of a run not yet made, with intervals."""

from pathlib import Path
from typing import Annotated, Any

import typer

from footfall._cli import options as opt
from footfall._cli.options import option
from footfall._cli.output import TERMINAL, say, say_json, show_rows
from footfall._runs.predict_load import PredictionRun, predict_run
from footfall._runs.predicted_figures import PredictOptions
from footfall._runs.run_options import trace_options

_Calibration = Annotated[
    Path,
    typer.Option(
        "--model", help="Folder that `footfall calibrate` wrote, or a file in it.", show_default=False
    ),
]
_Rate = Annotated[
    list[str] | None,
    option(
        "--rate",
        metavar="[NAME=]RATE",
        help="Arrivals per second; of a channel or a class of requests where there are several. "
        "May be repeated.",
    ),
]
_For = Annotated[
    float | None,
    option("--for", parser=opt.time_of, metavar="TIME", help="With --rate: length of the run. Default: 60s."),
]
_Exact = Annotated[
    bool,
    typer.Option(
        "--exact", help="With --rate: exactly its number of arrivals, not that of a Poisson stream."
    ),
]
_Outages = Annotated[
    list[str] | None,
    option(
        "--outage",
        metavar="CHANNEL=FROM-TO",
        help="The channel fails in this part of the run, such as web=0.25-0.75. May be repeated.",
    ),
]
_Users = Annotated[int | None, option(min=1, help="Of a closed loop: number of users.")]
_Think = Annotated[
    float | None,
    option(
        "--think",
        parser=opt.think_time,
        metavar="TIME",
        help="With --users: mean pause. Default: as measured.",
    ),
]
_Knee = Annotated[
    bool, typer.Option("--knee", help="Also the highest arrival rate at which every --criterion holds.")
]
_Criteria = Annotated[
    list[str] | None,
    option("--criterion", metavar="LINE", help="For --knee, such as 'p95(web.*) < 800ms'. May be repeated."),
]


def command(
    model: _Calibration,
    rate: _Rate = None,
    for_s: _For = None,
    exact: _Exact = False,
    scenario: opt.ScenarioName = None,
    window: opt.Window = None,
    at_hour: opt.AtHour = None,
    speed: opt.Speed = None,
    scale: opt.Scale = None,
    arrivals: opt.Arrivals = None,
    human_time_factor: opt.HumanTime = None,
    users: _Users = None,
    think_s: _Think = None,
    changes: opt.Changes = None,
    outages: _Outages = None,
    knee: _Knee = False,
    criteria: _Criteria = None,
    seed: opt.Seed = opt.DEFAULT_SEED,
    out: opt.Out = None,
    overwrite: opt.Overwrite = False,
    as_json: opt.Json = False,
) -> None:
    """Predict from a calibration what a run will measure, at a load or on hardware never tried."""
    shape: dict[str, Any] = {
        "window_s": window,
        "at_hour": at_hour,
        "speed": speed,
        "scale": scale,
        "arrivals": arrivals,
    }
    shape |= {"human_time_factor": human_time_factor, "seed": seed, "changes": tuple(changes or ())}
    asked = PredictOptions(
        model=model,
        rates=tuple(rate or ()),
        length_s=for_s,
        exact=exact,
        scenario=scenario,
        options=trace_options(shape),
        outages=tuple(outages or ()),
        users=users,
        think_s=think_s,
        knee=knee,
        criteria=tuple(criteria or ()),
        out=out,
        overwrite=overwrite,
    )
    done = predict_run(asked, TERMINAL)
    if as_json:
        say_json(done.as_json())
    else:
        _show(done)


def _show(done: PredictionRun) -> None:
    """Print figures, causes of failure, what they depend on, and the next command."""
    for sheet in done.sheets:
        if sheet.rows:
            show_rows(sheet.title, sheet.heads, sheet.rows)
            say()
    for text in done.prediction.depends_on:
        say(f"depends on a number that is not known: {text}")
    say(f"results in {done.folder}; after a run: footfall verify {done.folder} RUN")
