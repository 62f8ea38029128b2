"""`footfall serve`: the reference service, with the capacities of a model."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from footfall._cli.options import DEFAULT_SEED, Changes, Seed, option
from footfall._cli.output import TERMINAL, note
from footfall._records.errors import BadInputError
from footfall._runs.content import model_in
from footfall._runs.reference_service import ServiceAsked, asked_of_trace, pace_at_hour, serve_here


def command(
    model: Annotated[
        Path, typer.Option(help="Model whose channels, capacities and delays are served.")
    ] = Path("models/guangxi.py"),
    host: Annotated[str, typer.Option(help="Address to bind.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to bind; 0 takes any free one.")] = 8080,
    database: Annotated[
        str | None,
        option(
            help="SQLite file, or URL (postgresql+psycopg://…). Default: a file that is removed at the end."
        ),
    ] = None,
    at_hour: Annotated[
        float, typer.Option(min=0, max=24, help="Hour of the day whose staff is on duty, all the time.")
    ] = 10.0,
    human_time_factor: Annotated[
        float, typer.Option(min=0.001, max=1, help="People's own times (patience, expiry) times this.")
    ] = 1.0,
    delays: Annotated[
        bool,
        typer.Option(
            "--delays/--no-delays", help="Take the model's service times and faults, or answer at once."
        ),
    ] = True,
    trace: Annotated[
        Path | None,
        option(help="Folder of a trace: serve its model as it is run, in place of --model and --seed."),
    ] = None,
    seed: Seed = DEFAULT_SEED,
    changes: Changes = None,
) -> None:
    """Start the reference service and serve until Ctrl-C.

    FOOTFALL_CONTROL_TOKEN switches the control routes on, FOOTFALL_GATEWAY_KEY guards the SMS routes.
    """
    if trace is not None:
        if changes:
            raise BadInputError("--set", "has no effect with --trace", "a trace made with --set")
        found = asked_of_trace(trace)
    else:
        day = model_in(model, tuple(changes or ()), messages=TERMINAL)
        found = ServiceAsked(model=day, play=pace_at_hour(at_hour, human_time_factor), seed=seed)
    asked = replace(found, host=host, port=port, database=database, delays=delays)

    def ready(url: str) -> None:
        note(f"serving {asked.model.title} on {url} (Ctrl-C to stop)")

    serve_here(asked, ready, TERMINAL)
