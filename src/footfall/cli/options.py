"""Options that several commands share, each with its help."""

from pathlib import Path
from typing import Annotated

import typer

ModelFile = Annotated[Path, typer.Argument(help="Model file, such as models/guangxi.py.", show_default=False)]
RunFolder = Annotated[Path, typer.Argument(help="Folder of a run, with its manifest.json.", show_default=False)]
Seed = Annotated[int, typer.Option(min=0, help="Same seed, same customers, same luck.")]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Change a number of the model, such as hotline.agents_factor=0.5. May be repeated.",
        show_default=False,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        help="Folder for the results. Default: results/NAME/runs/ID.", show_default=False, file_okay=True
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the figures as JSON on stdout.")]
Share = Annotated[
    str | None,
    typer.Option(
        "--share", metavar="NAME", help="Share definition of the model. Default: its first.", show_default=False
    ),
]
