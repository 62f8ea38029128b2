"""`footfall validate`: a fitted model tested on later days of one's own log."""

from pathlib import Path
from typing import Annotated

import typer

from footfall._cli.options import DEFAULT_SEED, Json, Out, Overwrite, Seed, option
from footfall._cli.output import TERMINAL, say, say_json, show_rows
from footfall._records.errors import BadInputError
from footfall._runs import validation_tables
from footfall._runs.validate import DAYS_SIMULATED, Validation, validate, write_validation

_STUDIES = {
    "bank_hotline.py": "python -m studies.hotline_1999 CALLS",
    "city_offices.py": "python -m studies.offices_warsaw SNAPSHOTS",
}
"""Model files of former versions, and what does their work now."""
_FORMER = {"\nHOTLINE = Hotline(": "bank_hotline.py", "\nOFFICES = Offices(": "city_offices.py"}


def command(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="[MODEL] LOG...",
            help="Model file as `footfall fit` wrote it, and the log. Without a model, one is fitted to the "
            "first days of the log.",
            show_default=False,
        ),
    ],
    mapping: Annotated[
        Path | None,
        option(
            "--map", help="TOML file: which column means what, as for `footfall fit`. A queue_log needs none."
        ),
    ] = None,
    split: Annotated[
        float | None,
        option(
            metavar="SHARE",
            help="Test on the days after this share of the log's days. Default without MODEL: 0.7.",
        ),
    ] = None,
    from_day: Annotated[
        str | None,
        option("--from", metavar="DATE", help="Test on the days from this one on."),
    ] = None,
    replications: Annotated[
        int, typer.Option(metavar="DAYS", help="Simulated days for each weekday; 39 or more.")
    ] = DAYS_SIMULATED,
    seed: Seed = DEFAULT_SEED,
    out: Out = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Predict later days of LOG with a fitted model, day by day, and compare with what was recorded.

    Tells how many days lie in their 95 % intervals, whether "as last week" is nearer, and which input was
    off: arrivals, staff, service times or patience.
    """
    model, logs = _parted(paths)
    found = validate(
        model,
        logs,
        mapping,
        split=split,
        from_day=from_day,
        seed=seed,
        replications=replications,
        messages=TERMINAL,
    )
    folder = write_validation(found, logs[0], out, overwrite=overwrite)
    if as_json:
        say_json(found.as_dict() | {"folder": str(folder)})
        return
    _show(found)
    say(f"results in {folder}")


def _parted(paths: list[Path]) -> tuple[Path | None, list[Path]]:
    """Part the arguments into the model, if one is named, and the files of the log.

    Raises:
        BadInputError: no log is named, or the model is one of a study of its own.
    """
    model = paths[0] if paths[0].suffix in {".py", ".toml"} else None
    logs = paths if model is None else paths[1:]
    if model is not None and (study := _study_of(model)):
        problem = "became a study of its own"
        raise BadInputError(str(model), problem, f"in Footfall's repository: {study}")
    if not logs:
        raise BadInputError("LOG", "no log is named", "footfall validate MODEL LOG --map FILE.toml")
    return model, logs


def _study_of(model: Path) -> str | None:
    """Give the command of the study that a former kind of model file belongs to; None: it is none."""
    if not model.is_file():
        return _STUDIES.get(model.name)
    text = "\n" + model.read_text(encoding="utf-8", errors="replace")
    return next((_STUDIES[name] for word, name in _FORMER.items() if word in text), None)


def _show(found: Validation) -> None:
    result = found.result
    first, last = found.tested[0], found.tested[-1]
    say(f"{found.model}: fitted to {found.fitted_to}; {len(found.tested)} days predicted, {first} to {last}")
    say("\nRecorded, then predicted (95 % interval)")
    heads, rows, note = validation_tables.days_table(result)
    if note:
        say(note)
    show_rows("", heads, rows)
    for line in validation_tables.figure_lines(result):
        say(line)
    say("\nEach input as recorded, in place of as fitted")
    show_rows("", *validation_tables.inputs_table(result))
    say(validation_tables.cause_line(result))
    for each in found.notes:
        say(f"note: {each}")
