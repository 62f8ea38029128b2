"""Options that several commands share, and those of a load test."""

import inspect
from collections.abc import Callable, Container
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from footfall._records.errors import seconds_of
from footfall._runs.run_options import REPEATS_MOST, URL_DURATION_S, load_option_declarations, window_of

# ── Options that several commands share, each with its help


def time_of(text: str) -> float:
    """Read a time such as `500ms` or `2`.

    Raises:
        BadInputError: the text is no time.
    """
    return seconds_of(text, "time")


def think_time(text: str) -> float:
    """Read a think time such as `500ms` or `2`.

    Raises:
        BadInputError: the text is no time.
    """
    return seconds_of(text, "--think")


def option(*names: str, **how: Any) -> Any:  # noqa: ANN401  as Typer's own, which takes whatever a kind needs
    """Give an option whose help says what holds without it."""
    return typer.Option(*names, show_default=False, **how)


DEFAULT_SEED = 1

ModelFile = Annotated[Path, typer.Argument(help="Model file, such as models/guangxi.py.", show_default=False)]
RunFolder = Annotated[
    Path, typer.Argument(help="Folder of a run, with its manifest.json.", show_default=False)
]
Seed = Annotated[int, typer.Option(min=0, help="Same seed: same customers and random numbers.")]
Changes = Annotated[
    list[str] | None,
    option(
        "--set",
        metavar="PATH=VALUE",
        help="Change a number of the model, such as hotline.agents_factor=0.5. May be repeated.",
    ),
]
Baseline = Annotated[
    Path | None,
    option(help="Folder of an earlier run, for criteria that say `not worse than baseline`."),
]
Out = Annotated[
    Path | None,
    option(help="Folder for the results. Default: results/NAME/runs/ID.", file_okay=True),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace the earlier run in --out, if there is one.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the figures as JSON on stdout.")]
Share = Annotated[
    str | None,
    option("--share", metavar="NAME", help="Share definition of the model. Default: its first."),
]
ScenarioName = Annotated[
    str | None,
    option(help="Name of a scenario in scenarios/, or path of its file."),
]
Window = Annotated[
    float | None,
    option(
        parser=window_of,
        metavar="TIME",
        help="Time of the day to run: seconds, or such as 90s, 2min, 1h30m. Default: the scenario's.",
    ),
]
AtHour = Annotated[
    float | None,
    option(min=0, max=24, help="Hour of the day at which the window starts. Default: the busiest."),
]
Speed = Annotated[
    float | None,
    option(min=0.01, help="Arrivals come this many times as fast as in the day."),
]
Scale = Annotated[
    float | None,
    option(help="Customers to run, as a multiple of the day's: 0.1 is a tenth, 3 three times as many."),
]
Arrivals = Annotated[
    int | None,
    option(
        help="Exact number of arrivals, at times as the day's profile (or with a URL, a Poisson stream) has "
        "them."
    ),
]
HumanTime = Annotated[
    float | None,
    option(min=0.0, max=1.0, help="People's own time is multiplied by this."),
]
Asked = Annotated[
    Path | None,
    option(help="File with a criterion a line, instead of the scenario's own."),
]
LongestEpisode = Annotated[
    str | None,
    option(
        metavar="VISITS",
        help="Bad visits in a row, on average, that are thought possible: a number, or strict (60). "
        "Holds for each criterion that does not say it itself. Default: 5.",
    ),
]
AlsoAsked = Annotated[
    list[str] | None,
    option(
        "--criterion",
        metavar="LINE",
        help="One more criterion, such as 'p95(web.*) < 800ms'. May be repeated.",
    ),
]


# ── Options of `footfall load` alone; those of how a trace is run come from `LoadOptions`

Host = Annotated[str | None, option(help="Address of the service to load.")]
Serve = Annotated[bool, typer.Option("--serve", help="Start the reference service for this run.")]
TraceFolder = Annotated[
    Path | None,
    option(help="Folder of a trace made before. Default: made now."),
]
Check = Annotated[
    bool,
    typer.Option(
        "--check", help="With --endpoints: make one visit for each mapping, show the responses, stop."
    ),
]
Against = Annotated[
    str | None,
    option(help="Address of a second service, loaded in turn with the first."),
]
Repeat = Annotated[
    int | None,
    option(
        min=1,
        max=REPEATS_MOST,
        help="Number of runs, at each service. Default: 8 with --against, else once.",
    ),
]
Url = Annotated[
    str | None,
    typer.Argument(
        metavar="URL",
        help="Load this address at a --rate, a GET for each arrival, without a scenario.",
        show_default=False,
    ),
]
Rate = Annotated[
    float | None,
    option(help="With URL: mean arrivals per second, a Poisson stream."),
]
For = Annotated[
    str | None,
    option(
        "--for",
        metavar="TIME",
        help=f"With URL: how long arrivals come, such as 25s or 2min. Default: {URL_DURATION_S:g}s.",
    ),
]
Even = Annotated[
    bool, typer.Option("--even", help="With URL: equal gaps between arrivals, not a Poisson stream.")
]
Get = Annotated[
    list[str] | None,
    option(
        "--get",
        metavar="PATH",
        help="With URL: a path below it; each arrival asks for one of them. May be repeated.",
    ),
]


def with_load_options(command: Callable[..., int], without: Container[str] = ()) -> Callable[..., int]:
    """Give a command the options of `LoadOptions` in the place of its parameter `options`, a mapping.

    `without` names those that it does not have.
    """
    signature = inspect.signature(command, eval_str=True)
    options = [each for each in _load_options() if each.name not in without]

    @wraps(command)
    def wrapper(**given: Any) -> int:  # noqa: ANN401  whatever the options hold
        chosen = {each.name: given.pop(each.name) for each in options}
        return command(options=chosen, **given)

    parameters: list[inspect.Parameter] = []
    for each in signature.parameters.values():
        parameters += options if each.name == "options" else [each]
    shown: Any = wrapper
    del shown.__wrapped__
    shown.__signature__ = signature.replace(parameters=parameters)
    shown.__annotations__ = {each.name: each.annotation for each in parameters} | {"return": int}
    return wrapper


def _load_options() -> list[inspect.Parameter]:
    """Make a parameter of each option that `LoadOptions` declares."""
    annotated: Any = Annotated  # which mypy would take for a type
    found = []
    for each in load_option_declarations():
        field, flag, (least, most) = each.field, each.flag, each.bounds
        option = typer.Option(
            flag.name,
            help=each.help,
            hidden=flag.hidden,
            metavar=flag.metavar,
            min=least,
            max=most,
            show_default=field.default is not None and field.default is not False,
        )
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        annotation = annotated[field.annotation, option]
        found.append(inspect.Parameter(each.name, kind, default=field.default, annotation=annotation))
    return found


Utilisation = Annotated[
    Path | None,
    option(metavar="FILE", help="With response times by class: samples of how busy the cores were."),
]
ColumnMap = Annotated[
    Path | None, option("--map", metavar="FILE", help="TOML file: which column means what.")
]
Users = Annotated[
    int | None, option(min=1, help="Of a file of totals: users of the closed loop. Default: counted.")
]
Think = Annotated[
    float | None,
    option(
        "--think",
        parser=think_time,
        metavar="TIME",
        help="Of files: mean pause of a user between a response and the next request. Default: 0.",
    ),
]
