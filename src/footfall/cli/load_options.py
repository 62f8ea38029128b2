"""Options of `footfall load` alone; those of how a trace is played come from `LoadOptions`."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from footfall.load.options import Declared, declared, load_options
from footfall.load.url_load import FOR_S
from footfall.runs.repeat import REPEATS_MOST

Check = Annotated[
    bool,
    typer.Option(
        "--check", help="With --endpoints: send one errand for each mapping, show the answers, stop."
    ),
]
Against = Annotated[
    str | None,
    typer.Option(help="Address of a second service, played in turn with the first.", show_default=False),
]
Repeat = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=REPEATS_MOST,
        help="Play it so often, at each service. Default: 8 with --against, else once.",
        show_default=False,
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
    typer.Option(help="With URL: mean arrivals per second, a Poisson stream.", show_default=False),
]
For = Annotated[
    str | None,
    typer.Option(
        "--for",
        metavar="TIME",
        help=f"With URL: how long arrivals come, such as 25s or 2min. Default: {FOR_S:g}s.",
        show_default=False,
    ),
]
Even = Annotated[
    bool, typer.Option("--even", help="With URL: equal gaps between arrivals, not a Poisson stream.")
]
Get = Annotated[
    list[str] | None,
    typer.Option(
        "--get",
        metavar="PATH",
        help="With URL: a path below it; each arrival asks for one of them. May be repeated.",
        show_default=False,
    ),
]


def with_load_options(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command all options of `LoadOptions` in the place of its parameter `options`."""
    signature = inspect.signature(command, eval_str=True)
    options = [_parameter(each) for each in declared()]

    @wraps(command)
    def wrapper(**given: Any) -> int:  # noqa: ANN401  whatever the options hold
        chosen = {each.name: given.pop(each.name) for each in options}
        return command(options=load_options(chosen), **given)

    parameters: list[inspect.Parameter] = []
    for each in signature.parameters.values():
        parameters += options if each.name == "options" else [each]
    told: Any = wrapper
    del told.__wrapped__
    told.__signature__ = signature.replace(parameters=parameters)
    told.__annotations__ = {each.name: each.annotation for each in parameters} | {"return": int}
    return wrapper


def _parameter(each: Declared) -> inspect.Parameter:
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
    annotated: Any = Annotated  # which mypy would take for a type
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Parameter(
        each.name, kind, default=field.default, annotation=annotated[field.annotation, option]
    )
