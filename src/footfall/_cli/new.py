"""`footfall new`: a workspace of one's own, made from the installed package alone."""

from pathlib import Path
from typing import Annotated

import typer

from footfall._cli.output import say
from footfall._runs.workspace import FILES, new_workspace

_NEXT = """
Next:
  cd {folder}
  footfall simulate models/shop.py
  footfall load --scenario busy_hour --serve"""


def command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
) -> None:
    """Make a workspace in DIR: a small model, a scenario, an endpoints file, a locustfile, a gate."""
    new_workspace(folder)
    width = max(map(len, FILES))
    say(f"{folder}/")
    for path, (_, purpose) in FILES.items():
        say(f"  {path:{width}}  {purpose}")
    say(_NEXT.format(folder=folder))
