"""`footfall show`: every number of a model, with its grade and source."""

from math import inf
from typing import Annotated

import typer
from rich.table import Table

from footfall._cli.options import Changes, Json, ModelFile
from footfall._cli.output import say, say_json, show_table
from footfall._model.numbers import UNSOURCED, Curve, Number, Profile, leaves
from footfall._records.errors import BadInputError
from footfall._runs.content import model_in

_ENDLESS = "endless"
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
    numbers = [(path, number) for path, number in leaves(spec) if only in path]
    if unsourced and numbers:
        numbers = [(path, number) for path, number in numbers if number.source == UNSOURCED]
        if not numbers and not as_json:
            say("every number has a source")
            return
    elif not numbers:
        problem = "matches no path of a number"
        raise BadInputError(
            f"--only {only}", problem, f"a part of one, as `footfall show {model}` lists them"
        )
    if as_json:
        say_json(
            [{"path": p, "value": _value(n), "grade": n.grade.value, "source": n.source} for p, n in numbers]
        )
        return
    table = Table(
        box=None, pad_edge=False, title=f"{spec.title} ({len(numbers)} numbers)", title_justify="left"
    )
    for head in ("path", "value", "grade", "source"):
        table.add_column(head, overflow="fold", justify="right" if head == "value" else "left")
    for path, number in numbers:
        table.add_row(path, _text(number), number.grade.value, number.source)
    show_table(table)
    say(_GRADES)


def _value(number: Number | Profile | Curve) -> float | str | list[float] | list[tuple[float, float]]:
    if number == inf:
        return _ENDLESS
    if isinstance(number, Curve):
        return list(zip(number.seconds, number.shares, strict=True))
    return list(number.values) if isinstance(number, Profile) else float(number)


def _text(number: Number | Profile | Curve) -> str:
    if isinstance(number, Curve):
        return f"{number.shares[-1]:.0%} within {number.seconds[-1]:g} s, {len(number.seconds)} points"
    if isinstance(number, Profile):
        return f"{min(number.values):g} … {max(number.values):g} {_every(number.interval_s)}"
    return _ENDLESS if number == inf else f"{number:g}"


def _every(interval_s: float) -> str:
    minutes = interval_s / 60
    return {30.0: "by half hour", 1.0: "by minute"}.get(minutes, f"by {minutes:g} minutes")
