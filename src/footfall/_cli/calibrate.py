"""`footfall calibrate`: learn the stations behind measured runs."""

from pathlib import Path
from typing import Annotated

import typer

from footfall._cli import options
from footfall._cli.options import DEFAULT_SEED, Json, Out, Overwrite, Seed, option
from footfall._cli.output import TERMINAL, say, say_json, show_rows
from footfall._records.errors import BadInputError
from footfall._runs.calibrate import (
    CalibrateOptions,
    CalibrationRun,
    calibrate_runs,
    example_mapping,
    messages_of,
)
from footfall._runs.figure_files import FiguresAsked

_Runs = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="RUN...",
        help="Folders of load tests or of capacity searches; or files of Locust, k6 and others.",
        show_default=False,
    ),
]
_Model = Annotated[
    Path | None,
    option(help="Model whose request servers are learned. Default: that of the runs, or made of a URL's."),
]
_Cores = Annotated[
    int | None,
    option(min=1, help="With response times by class: cores that share the work. Default: as samples tell."),
]


def command(
    runs: _Runs = None,
    model: _Model = None,
    out: Out = None,
    overwrite: Overwrite = False,
    utilisation: options.Utilisation = None,
    mapping: options.ColumnMap = None,
    users: options.Users = None,
    think_s: options.Think = None,
    cores: _Cores = None,
    seed: Seed = DEFAULT_SEED,
    example: Annotated[
        bool, typer.Option("--example", help="Print a mapping of columns to start from, and stop.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Learn what limits the service in measured runs: model.toml, calibration.json, calibration.html."""
    if example:
        say(example_mapping().rstrip())
        return
    if not runs:
        raise BadInputError("RUN", "no run is given", "folders of load tests, or files of figures")
    figures = FiguresAsked(
        utilisation=utilisation, mapping=mapping, users=users, think_s=think_s, cores=cores
    )
    asked = CalibrateOptions(
        runs=tuple(runs), model=model, figures=figures, seed=seed, out=out, overwrite=overwrite
    )
    done = calibrate_runs(asked, TERMINAL)
    if as_json:
        say_json(done.as_json())
    else:
        _show(done)


def _show(done: CalibrationRun) -> None:
    """Print numbers, fit, what is unknown, and the next command."""
    for sheet in done.sheets:
        if sheet.rows:
            show_rows(f"{sheet.title}", sheet.heads, sheet.rows)
            say()
    for line in messages_of(done):
        say(line)
