"""`footfall warmup`: where a steady run's start ends, and what it does to the mean."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from footfall._cli.options import Json, option
from footfall._cli.output import say, say_json
from footfall._runs import warm_up


class Quantity(StrEnum):
    """What is looked at, visit by visit."""

    RESPONSE = warm_up.RESPONSE
    WAIT = warm_up.WAIT


def command(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Folders of runs at a steady rate, with manifest.json.", show_default=False),
    ],
    channel: Annotated[str | None, option(help="Only the visits of this channel.")] = None,
    quantity: Annotated[Quantity, typer.Option(help="Response time, or time in lines.")] = Quantity.RESPONSE,
    out: Annotated[
        Path | None,
        option(help="Folder for welch.svg and welch.csv. Default: the first RUN's charts."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Find after how many visits RUNS at a steady rate have forgotten their start.

    Several runs of the same kind are averaged visit by visit. A day's own rise and fall is no start: a whole
    day is simulated again instead (footfall simulate --replications).
    """
    found = warm_up.find_warm_up(runs, channel=channel, quantity=quantity.value, out=out)
    if as_json:
        say_json(found.as_json())
        return
    say(str(found))
    say(f"plot: {found.plot}")
