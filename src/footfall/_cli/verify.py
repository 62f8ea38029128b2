"""`footfall verify`: runs against a prediction that was made before them."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from footfall._cli import options
from footfall._cli.options import Json, Out, Overwrite, option
from footfall._cli.output import TERMINAL, say, say_json, show_rows
from footfall._records.errors import BadInputError
from footfall._runs.figure_files import FiguresAsked
from footfall._runs.verify import (
    VerificationRun,
    VerifyOptions,
    record_sheet,
    track_record,
    verify_prediction,
)

_RECORD = Path("results/track-record.csv")
_Prediction = Annotated[
    Path | None,
    typer.Argument(metavar="PREDICTION", help="Folder that `footfall predict` wrote.", show_default=False),
]
_Runs = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="RUN...",
        help="Folders of load tests or capacity searches made since; or files, as for `footfall calibrate`.",
        show_default=False,
    ),
]
_HeldOut = Annotated[
    bool,
    typer.Option(
        "--held-out",
        help="Runs may be older than the prediction: data that was set aside; not added to the track record.",
    ),
]
_Show = Annotated[
    bool, typer.Option("--track-record", help="Print what all verified predictions say together, and stop.")
]
_Record = Annotated[
    Path, option("--record", help="File that each figure is added to. Default: results/track-record.csv.")
]


def command(
    prediction: _Prediction = None,
    runs: _Runs = None,
    utilisation: options.Utilisation = None,
    mapping: options.ColumnMap = None,
    users: options.Users = None,
    think_s: options.Think = None,
    held_out: _HeldOut = False,
    show_record: _Show = False,
    record: _Record = _RECORD,
    out: Out = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> int:
    """Say whether a prediction held in runs made after it: exit code 0 held, 1 not, 3 cannot tell."""
    if show_record:
        return _show_record(record, as_json=as_json)
    if prediction is None or not runs:
        raise BadInputError("footfall verify", "no prediction or no run is given", "PREDICTION RUN")
    asked = VerifyOptions(
        prediction=prediction,
        runs=tuple(runs),
        figures=FiguresAsked(utilisation=utilisation, mapping=mapping, users=users, think_s=think_s),
        held_out=held_out,
        record=record,
        out=out,
        overwrite=overwrite,
    )
    done = verify_prediction(asked, TERMINAL)
    if as_json:
        say_json(done.as_json())
    else:
        _show(done, record)
    return done.exit_code


def _show(done: VerificationRun, record: Path) -> None:
    """Print each run's figures, what was left out, and the verdict."""
    for sheet in done.sheets:
        show_rows(sheet.title, sheet.heads, sheet.rows)
        say()
    for run, reason in done.left_out:
        say(f"left out: {run}: {reason}")
    for text in done.prediction.depends_on:
        say(f"depends on a number that is not known: {text}")
    if done.held_out:
        say(f"held out: the runs may be older than the prediction, so no figure is added to {record}")
    elif done.verification.figures:
        added = done.new_in_record
        say(f"{added} figures added to {record}" if added else f"these figures are in {record} already")
    say(f"results in {done.folder}")
    say(f"prediction {done.verdict.value}: {done.verification.reason}")


def _show_record(record: Path, *, as_json: bool) -> int:
    lines = track_record(record)
    if as_json:
        say_json([asdict(one) for one in lines])
    else:
        sheet = record_sheet(lines)
        show_rows(sheet.title, sheet.heads, sheet.rows)
        say(sheet.note)
    return 0
