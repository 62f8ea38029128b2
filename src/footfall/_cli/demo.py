"""`footfall demo`: everything once, on a bare machine."""

from typing import Annotated

import typer

from footfall._cli import load, simulate as of_day
from footfall._cli.options import DEFAULT_SEED, Changes, Json, Out, Overwrite, Scale, Seed, Share
from footfall._cli.output import TERMINAL, say, say_json
from footfall._runs import load_run, simulate
from footfall._runs.demo import demo


def command(
    scenario: Annotated[str, typer.Option(help="Name of a scenario in scenarios/.")] = "ordinary_day",
    seed: Seed = DEFAULT_SEED,
    scale: Scale = None,
    out: Out = None,
    overwrite: Overwrite = False,
    changes: Changes = None,
    share: Share = None,
    as_json: Json = False,
) -> int:
    """Simulate a province's day, run its busiest minutes at the reference service, and judge it.

    Takes about three minutes on two cores.
    """
    done = demo(
        scenario,
        seed=seed,
        scale=scale,
        changes=tuple(changes or ()),
        share=share,
        out=out,
        overwrite=overwrite,
        messages=TERMINAL,
    )
    if as_json:
        say_json(load_run.as_json(done.load) | {"day": simulate.as_json(done.day)})
    else:
        of_day.show(done.day)
        say()
        load.show(done.load)
    return done.load.judged.exit_code
