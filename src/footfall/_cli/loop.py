"""`footfall loop`: load a little, learn, predict, measure, compare; one verdict."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from footfall._cli import options as opt
from footfall._cli.capacity import MostRate, StartRate, Url
from footfall._cli.output import TERMINAL, note, say, say_json
from footfall._records.errors import seconds_of
from footfall._runs.capacity_target import NOT_OF_A_SEARCH, CapacityWanted
from footfall._runs.judgement import judged_lines
from footfall._runs.loop import Loop, LoopWanted, run_loop
from footfall._runs.loop_plan import LOOP_BUDGET_S
from footfall._runs.loop_text import LoopPrinter, summary_lines
from footfall._runs.process import INTERRUPTED_EXIT_CODE
from footfall._runs.track_record import TRACK_RECORD

Budget = Annotated[
    str,
    opt.option(
        "--budget",
        metavar="TIME",
        help=f"Time for everything, such as 5min. Default: {LOOP_BUDGET_S / 60:g}min.",
    ),
]
Record = Annotated[
    Path, opt.option("--record", help=f"File that each verified figure is added to. Default: {TRACK_RECORD}.")
]
Out = Annotated[
    Path | None, opt.option(help="Folder for the results. Default: results/NAME/loop/ID.", file_okay=True)
]


@partial(opt.with_load_options, without=NOT_OF_A_SEARCH)
def command(
    scenario: opt.ScenarioName = None,
    host: opt.Host = None,
    serve: opt.Serve = False,
    url: Url = None,
    budget: Budget = f"{LOOP_BUDGET_S:g}s",
    criteria: opt.AlsoAsked = None,
    start_rate: StartRate = None,
    most_rate: MostRate = None,
    options: Mapping[str, Any] = MappingProxyType({}),
    seed: opt.Seed = opt.DEFAULT_SEED,
    changes: opt.Changes = None,
    record: Record = TRACK_RECORD,
    out: Out = None,
    overwrite: opt.Overwrite = False,
    as_json: opt.Json = False,
) -> int:
    """Learn a service from low loads, predict its capacity and an outage, measure both, compare.

    The prediction is written before the runs that verify it. At your own service the outage is a surge: no
    customer comes for a while, then those held back come at once; the service itself is not touched.

    Exit code 0: the prediction held; 1: it did not; 3: cannot tell. With a criterion such as
    'capacity(*) >= 60/s' 1 if either does not hold, 3 if either is undecided.
    """
    search = CapacityWanted(
        scenario=scenario,
        host=host,
        serve=serve,
        url=url,
        budget_s=seconds_of(budget, "--budget"),
        criteria=tuple(criteria or ()),
        start_per_s=start_rate,
        most_per_s=most_rate,
        options=options,
        seed=seed,
        changes=tuple(changes or ()),
        out=out,
        overwrite=overwrite,
    )
    done = run_loop(LoopWanted(search=search, record=record), TERMINAL, LoopPrinter(note))
    if as_json:
        say_json(done.data)
    else:
        show(done)
    return INTERRUPTED_EXIT_CODE if done.was_stopped else done.exit_code


def show(done: Loop) -> None:
    """Print what was found, the verdict on criteria of the capacity, and where the page is."""
    say()
    for line in summary_lines(done.data, str(done.page)):
        say(line)
    if done.judged is not None:
        for line in judged_lines(done.judged):
            say(line)
