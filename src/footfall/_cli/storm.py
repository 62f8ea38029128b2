"""`footfall storm`: which loads recover from a trigger, by retries, retry budget or length of the trigger."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from footfall._cli.options import DEFAULT_SEED, Changes, Json, Out, Overwrite, ScenarioName, Seed, option
from footfall._cli.output import TERMINAL, say, say_json, show_table
from footfall._runs import storm as jobs, storm_options
from footfall._runs.messages import percent, seconds
from footfall._runs.storm_map import StormMap, cell_text


class TriggerName(StrEnum):
    """What happens to the server or its load."""

    STALL = "stall"
    SLOW = "slow"
    OUTAGE = "outage"
    LOAD = "load"


_Model = Annotated[Path | None, typer.Argument(help="Model file; or else --scenario.", show_default=False)]
_Channel = Annotated[str | None, option(help="Channel with a request server. Default: the only one.")]
_Loads = Annotated[
    str | None,
    option(
        metavar="LIST",
        help="Loads as shares of the capacity: 0.5,0.7 or 0.5..1.0 (steps of 0.1) or 0.5..1.0:0.05. "
        "Default: 0.1..1.0.",
    ),
]
_Retries = Annotated[str | None, option(metavar="LIST", help="Retries of a request. Default: 0,1,2,3,4.")]
_Budgets = Annotated[
    str | None,
    option(metavar="LIST", help="Map over retry budgets: retries per request, such as 0.1; 0: none."),
]
_Trigger = Annotated[TriggerName, typer.Option(help="A stall, a slower server, an outage, or extra load.")]
_TriggerLengths = Annotated[
    str | None,
    option(
        metavar="LIST",
        help="Seconds that the trigger lasts; with several values, the map is over them. Default: 10.",
    ),
]
_Strength = Annotated[
    float | None,
    option(
        help="slow: share of its speed that the server loses; load: extra load, as a share of the capacity."
    ),
]
_Longest = Annotated[
    float | None,
    option(
        min=0.001,
        help="A stable point also recovers from a trigger of this length. Default: 6 times the trigger.",
    ),
]
_Replications = Annotated[int, typer.Option(min=1, max=200, help="Runs of each point.")]
_Safe = Annotated[
    bool, typer.Option("--safe/--no-safe", help="Find the largest stable loads, by retries and budget.")
]
_Live = Annotated[
    int, typer.Option(min=0, help="Run this many points next to the border at the reference service.")
]
_LiveWatch = Annotated[
    float | None,
    option(
        min=1,
        max=600,
        help="Seconds for which --live watches a point after its trigger. Default: depends on the load.",
    ),
]


def command(
    model: _Model = None,
    scenario: ScenarioName = None,
    channel: _Channel = None,
    loads: _Loads = None,
    retries: _Retries = None,
    budgets: _Budgets = None,
    trigger: _Trigger = TriggerName.STALL,
    trigger_s: _TriggerLengths = None,
    strength: _Strength = None,
    longest_s: _Longest = None,
    replications: _Replications = jobs.RUNS_A_POINT,
    safe: _Safe = True,
    live: _Live = 0,
    live_watch_s: _LiveWatch = None,
    changes: Changes = None,
    seed: Seed = DEFAULT_SEED,
    out: Out = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Map which loads recover from a trigger, and which a retry storm keeps down.

    stable: recovers, however long the trigger (up to --longest-s); vulnerable: a longer one would keep it
    down; metastable: this one keeps it down after it is over.
    """
    lengths_s = storm_options.numbers_in(trigger_s, "--trigger-s")
    asked = jobs.StormAsked(
        channel=channel,
        loads=storm_options.numbers_in(loads, "--loads") or jobs.LOADS,
        retries=storm_options.whole_in(retries, "--retries"),
        budgets=storm_options.numbers_in(budgets, "--budgets"),
        trigger=trigger.value,
        trigger_s=storm_options.one_or_more(lengths_s, jobs.TRIGGER_S),
        strength=strength,
        longest_s=longest_s,
        replications=replications,
        safe=safe,
        live=live,
        live_watch_s=live_watch_s,
        changes=tuple(changes or ()),
        seed=seed,
    )
    made = jobs.map_of(asked, model, scenario, out=out, overwrite=overwrite, messages=TERMINAL)
    if as_json:
        say_json(made.as_json())
        return
    _show(made)


def _show(made: StormMap) -> None:
    say(
        f"{made.channel}: capacity {made.capacity_per_s:,.4g} requests/s "
        f"({made.capacity_per_s / made.requests_per_visit:,.4g} arrivals/s)"
    )
    say(f"seconds until it has recovered from {made.trigger_text}, by load:")
    show_table(_map(made))
    say("from the end of the trigger until customers are served as before (median of the runs)")
    say(f"  number   stable: recovers from {seconds(made.longest_s)} of it, too")
    say("  number?  vulnerable: a longer trigger would keep it down")
    say("  x        metastable: this trigger keeps it down after it is over")
    if made.safe:
        show_table(_safe(made))
    if made.live:
        show_table(_live(made))
        agreed, judged = made.agreed
        say(f"live: {agreed} of {judged} points ended as simulated")
    if made.folder:
        say(f"map: {made.folder / 'storm.svg'}")


def _map(made: StormMap) -> Table:
    name = {"retries": "retries", "budgets": "budget", "trigger_s": "trigger"}[made.axis]
    loads = sorted({each.point.load_share for each in made.points})
    table = Table(name, *(f"{load * 100:g}%" for load in loads), box=None)
    rows: dict[float, list[str]] = {}
    for each in sorted(made.points, key=lambda found: found.point.load_share):
        value = storm_options.value_of(each.point, made.axis)
        rows.setdefault(value, []).append(cell_text(each))
    for value, cells in sorted(rows.items()):
        shown = {"retries": f"{value:g}", "budgets": percent(value) if value else "none"}
        table.add_row(shown.get(made.axis, seconds(value)), *cells)
    return table


def _safe(made: StormMap) -> Table:
    table = Table("retries", "budget", "safe load", "arrivals/s", "1/(1+min(r,b))", box=None)
    for each in made.safe:
        table.add_row(
            str(each.retries),
            percent(each.budget_share) if each.budget_share else "none",
            percent(each.safe_load_share),
            f"{each.safe_arrivals_per_s:,.4g}",
            percent(each.formula_load_share),
        )
    return table


def _live(made: StormMap) -> Table:
    table = Table("load", "retries", "budget", "trigger", "simulated", "live", "", box=None)
    for each in made.live:
        point = each.point
        came_back = "stays down" if each.recovery_s is None else f"recovers in {seconds(each.recovery_s)}"
        table.add_row(
            percent(point.load_share),
            str(point.retries),
            percent(point.budget_share) if point.budget_share else "none",
            seconds(point.trigger_s),
            f"{each.simulated_share:.0%} recover",
            each.problem or came_back,
            "" if each.agrees is not False else "otherwise",
        )
    return table
