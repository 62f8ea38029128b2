"""`footfall attend`: as `python -m footfall._runs live`, by options."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from footfall._cli.options import DEFAULT_SEED, Scale, ScenarioName, Seed, Speed, Window
from footfall._load.own_users import NO_USERS, OwnUsers
from footfall._runs.__main__ import tell
from footfall._runs.live import LiveAsked, follow
from footfall._runs.make_trace import trace_options


def command(
    run: Annotated[Path, typer.Argument(help="Folder for the run.", show_default=False)],
    scenario: ScenarioName = None,
    trace: Annotated[Path | None, typer.Option(help="Folder of a trace made before.")] = None,
    seed: Seed = DEFAULT_SEED,
    window: Window = None,
    speed: Speed = None,
    scale: Scale = None,
    endpoints: Annotated[Path | None, typer.Option(help="TOML file of the service's own requests.")] = None,
    serve: Annotated[bool, typer.Option("--serve", help="Start the reference service for the run.")] = False,
    own_users: Annotated[str, typer.Option(help="Users of the locustfile, as JSON.")] = "",
) -> None:
    """Make a run ready in RUN, say how it stands while Locust plays it, and report on it afterwards."""
    options = trace_options({"seed": seed, "window_s": window, "speed": speed, "scale": scale})
    asked = LiveAsked(
        run=run,
        scenario=scenario,
        trace=trace,
        options=options,
        endpoints=endpoints,
        serve=serve,
        own_users=OwnUsers.model_validate_json(own_users) if own_users else NO_USERS,
    )
    follow(asked, sys.stdin.readline, tell)
