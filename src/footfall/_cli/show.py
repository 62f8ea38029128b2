"""`footfall show`: every number of a model, with its grade and source."""

from typing import Annotated

import typer
from rich.table import Table

from footfall._cli.options import Changes, Json, ModelFile
from footfall._cli.output import say, say_json, show_table
from footfall._runs.content import model_in, numbers_of

_GRADES = (
    "grade A: stated in the source article; B: public figure; C: our assumption; "
    "fit: fitted to records; set: changed for this run"
)


def command(
    model: ModelFile,
    changes: Changes = None,
    only: Annotated[
        str, typer.Option(metavar="TEXT", help="Only the numbers whose path holds this text.")
    ] = "",
    unsourced: Annotated[bool, typer.Option("--unsourced", help="Only numbers without a source.")] = False,
    as_json: Json = False,
) -> None:
    """Print every number of MODEL: its path (for --set), value, grade and source."""
    spec = model_in(model, tuple(changes or ()))
    numbers = numbers_of(spec, only, unsourced=unsourced)
    if as_json:
        names = ("path", "value", "grade", "source")
        say_json([{name: getattr(number, name) for name in names} for number in numbers])
        return
    if not numbers:
        say("every number has a source")
        return
    table = Table(
        box=None, pad_edge=False, title=f"{spec.title} ({len(numbers)} numbers)", title_justify="left"
    )
    for head in ("path", "value", "grade", "source"):
        table.add_column(head, overflow="fold", justify="right" if head == "value" else "left")
    for number in numbers:
        table.add_row(number.path, number.text, number.grade, number.source)
    show_table(table)
    say(_GRADES)
