"""`footfall serve`: the reference service, with the capacities of a model."""

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from footfall.behaviour.load_model import RunPace, as_played
from footfall.cli.options import DEFAULT_SEED, Changes, Seed
from footfall.cli.output import note, progress
from footfall.load.locust_options import GATEWAY_VARIABLE, TOKEN_VARIABLE
from footfall.model.numbers import DAY_S, HOUR_S
from footfall.records.errors import BadInputError
from footfall.records.tables import write_text
from footfall.runs.content import model_in
from footfall.service.server import serve
from footfall.service.settings import ServiceSettings
from footfall.workload.trace import read_trace


def command(
    model: Annotated[
        Path, typer.Option(help="Model whose channels, capacities and delays are served.")
    ] = Path("models/guangxi.py"),
    host: Annotated[str, typer.Option(help="Address to bind.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to bind; 0 takes any free one.")] = 8080,
    database: Annotated[
        str | None,
        typer.Option(
            help="SQLite file, or URL (postgresql+psycopg://…). Default: a file that is removed at the end.",
            show_default=False,
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
        typer.Option(
            help="Folder of a trace: serve its model as it is played, in place of --model and --seed.",
            show_default=False,
        ),
    ] = None,
    seed: Seed = DEFAULT_SEED,
    changes: Changes = None,
    ready_file: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Start the reference service and serve until Ctrl-C.

    FOOTFALL_CONTROL_TOKEN switches the control routes on, FOOTFALL_GATEWAY_KEY guards the SMS routes.
    """
    if trace is not None:
        if changes:
            raise BadInputError("--set", "has no effect with --trace", "a trace made with --set")
        found = read_trace(trace)
        day, play, seed = found.model, found.info.play, found.info.seed
    else:
        day = model_in(model, tuple(changes or ()))
        starts_s = at_hour * HOUR_S % DAY_S
        # The hour stands still: whoever plays at this service may play any window.
        play = RunPace(starts_s=starts_s, length_s=1, speed=1, human_time_factor=human_time_factor)

    def ready(real_port: int) -> None:
        url = f"http://{host}:{real_port}"
        note(f"serving {day.title} on {url} (Ctrl-C to stop)")
        if ready_file is not None:
            write_text(url, ready_file)

    with tempfile.TemporaryDirectory(prefix="footfall-") as scratch, progress("opening accounts") as bar:
        settings = ServiceSettings(
            model=as_played(day, play),
            seed=seed,
            database=database or str(Path(scratch) / "service.sqlite"),
            subscribers=int(day.accounts.subscribers),
            host=host,
            port=port,
            delays=delays,
            control_token=os.environ.get(TOKEN_VARIABLE),
            gateway_key=os.environ.get(GATEWAY_VARIABLE),
            on_ready=ready,
            on_progress=lambda made, total: bar(made / total),
        )
        serve(settings)
