"""`footfall capacity`: find the highest load at which a service keeps its criteria."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from footfall._cli import options as opt
from footfall._cli.output import TERMINAL, note, say, say_json
from footfall._records.errors import seconds_of
from footfall._runs.capacity import Capacity, find_capacity
from footfall._runs.capacity_target import BUDGET_S, NOT_OF_A_SEARCH, CapacityWanted
from footfall._runs.capacity_text import StepPrinter, summary_lines
from footfall._runs.judgement import judged_lines
from footfall._runs.process import INTERRUPTED_EXIT_CODE

Url = Annotated[
    str | None,
    opt.option("--url", metavar="URL", help="Whole address, or a path below --host: a GET for each arrival."),
]
Budget = Annotated[
    str,
    opt.option(
        "--budget",
        metavar="TIME",
        help=f"Time for the whole search, such as 90s or 10min. Default: {BUDGET_S / 60:g}min.",
    ),
]
StartRate = Annotated[float | None, opt.option(help="Arrivals per second of the first load step.")]
MostRate = Annotated[float | None, opt.option(help="No load step has more arrivals per second.")]
Predict = Annotated[
    bool,
    opt.option(
        "--predict/--no-predict",
        help="Before the search, simulate the capacity that the scenario's model predicts.",
    ),
]
Out = Annotated[
    Path | None, opt.option(help="Folder for the results. Default: results/NAME/capacity/ID.", file_okay=True)
]


@partial(opt.with_load_options, without=NOT_OF_A_SEARCH)
def command(
    scenario: opt.ScenarioName = None,
    host: opt.Host = None,
    serve: opt.Serve = False,
    url: Url = None,
    budget: Budget = f"{BUDGET_S:g}s",
    criteria: opt.AlsoAsked = None,
    start_rate: StartRate = None,
    most_rate: MostRate = None,
    predict: Predict = True,
    options: Mapping[str, Any] = MappingProxyType({}),
    seed: opt.Seed = opt.DEFAULT_SEED,
    changes: opt.Changes = None,
    out: Out = None,
    overwrite: opt.Overwrite = False,
    as_json: opt.Json = False,
) -> int:
    """Find the highest arrival rate at which a service keeps its criteria, and what lies beyond.

    One load generator sends load steps, chosen by the search, until it is sure or the budget is spent.
    Without criteria: at least 99 % served, and p95 below four times that at low load.

    Exit code 0: a capacity was found; 3: it was not. With a criterion such as 'capacity(*) >= 60/s' 0 if it
    holds, 1 if not, 3 if it is undecided.
    """
    wanted = CapacityWanted(
        scenario=scenario,
        host=host,
        serve=serve,
        url=url,
        budget_s=seconds_of(budget, "--budget"),
        criteria=tuple(criteria or ()),
        start_per_s=start_rate,
        most_per_s=most_rate,
        predicts=predict,
        options=options,
        seed=seed,
        changes=tuple(changes or ()),
        out=out,
        overwrite=overwrite,
    )
    found = find_capacity(wanted, TERMINAL, StepPrinter(note))
    if as_json:
        say_json(found.data)
    else:
        show(found)
    return INTERRUPTED_EXIT_CODE if found.was_stopped else found.exit_code


def show(found: Capacity) -> None:
    """Print what was found, the verdict on criteria of the capacity, and where the files are."""
    say()
    for line in summary_lines(found):
        say(line)
    if found.judged is not None:
        for line in judged_lines(found.judged):
            say(line)
    say(f"\nfiles: {found.folder}")
