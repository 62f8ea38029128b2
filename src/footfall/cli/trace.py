"""`footfall trace`: write the arrivals of a window, to be played later."""

from pathlib import Path
from typing import Annotated

import typer

from footfall.chart.style import clock
from footfall.cli.console import progress, say, say_json
from footfall.cli.options import (
    DEFAULT_SEED,
    AtHour,
    Changes,
    HumanTime,
    Json,
    Scale,
    ScenarioName,
    Seed,
    Speed,
    Window,
)
from footfall.cli.runs import check_writable
from footfall.cli.tracing import make_trace, scenario_of
from footfall.load.trace import read_info, write_trace


def command(
    out: Annotated[
        Path, typer.Option(help="Folder for the trace: arrivals.parquet, model.json, trace.json.")
    ],
    scenario: ScenarioName = None,
    model: Annotated[
        Path | None,
        typer.Option(help="Model file, in place of the scenario's or without one.", show_default=False),
    ] = None,
    seed: Seed = DEFAULT_SEED,
    window: Window = None,
    at_hour: AtHour = None,
    speed: Speed = None,
    scale: Scale = None,
    human_time_factor: HumanTime = None,
    changes: Changes = None,
    as_json: Json = False,
) -> None:
    """Write the arrivals of the day's busiest minutes (or of --at-hour) as a trace."""
    check_writable(out)
    chosen = scenario_of(
        scenario, model, window_s=window, speed=speed, scale=scale, human_time_factor=human_time_factor
    )
    with progress(f"sampling the day of {chosen.name}"):
        trace = make_trace(chosen, seed, tuple(changes or ()), at_hour)
    write_trace(out, trace)
    info = read_info(out / "trace.json")
    if as_json:
        say_json(info.model_dump(mode="json") | {"folder": str(out)})
        return
    play = info.play
    begins, ends = clock(play.starts_s), clock(play.starts_s + play.length_s)
    say(f"{info.arrivals:,} arrivals from {begins} to {ends}, due within {play.seconds:g} s; trace in {out}")
