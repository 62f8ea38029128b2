"""The commands together, and the one place where an error becomes a line and an exit code."""

import importlib
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import partial
from typing import Any

import typer

from footfall import __version__
from footfall._records.errors import NUMBER_MOST, BadInputError
from footfall._runs.process import as_process, one_line

_WHOLE_MOST = 2**63 - 1

COMMANDS = {
    "new": "Make a workspace: model, scenario, endpoints, locustfile, gate.",
    "demo": "Do everything once: simulate a day, load its busiest minutes, judge.",
    "simulate": "Run a model's day, or its months: visits, measures, charts.",
    "show": "Print every number of a model with its grade and source.",
    "trace": "Write the arrivals of the busiest minutes, for a later load run.",
    "serve": "Start the reference service.",
    "load": "Load a service, by a scenario or at a rate, and judge it.",
    "capacity": "Find the highest load at which a service keeps its criteria.",
    "loop": "Learn, predict, measure, compare: one verdict on a service.",
    "storm": "Map which loads recover from an outage, and which retries keep down.",
    "report": "Make the report of a run again, from its files.",
    "warmup": "Find where a steady run's start ends: MSER-5, Welch's plot.",
    "compare": "Compare runs with a baseline: exit code 0 not worse, 1 worse.",
    "history": "Write runs as a CSV for tools that look for change points.",
    "gate": "Judge a run for CI: exit code 0 pass, 1 fail, 3 neither.",
    "fit": "Fit a model to your own log of calls, visits or requests.",
    "calibrate": "Learn what limits a service from measured runs, with intervals.",
    "predict": "Predict a run from a calibration: figures with intervals.",
    "verify": "Compare runs with a prediction that was made before them.",
    "validate": "Test a fitted model on later days of your own log.",
    "theory": "Print what formulas say of a station: Erlang B, C, A and others.",
}
"""In the order of the help, each with its one line."""
_STUDIES = "a study in Footfall's repository; there, run: python -m studies"
_MOVED = {"trust": f"is {_STUDIES}.validation [--data DIR]"}
"""Former commands, and what is said of each."""


_USAGE = """Usage: footfall COMMAND [OPTIONS]

Simulate the customers of a service, load real endpoints with them, and judge
the result.

Commands:
{commands}

Options:
  --version  Print the version and stop.
  --help     Print this and stop; footfall COMMAND --help lists its options.

Exit codes: 0 pass, 1 fail, 2 wrong input, 3 undecided (too few samples) or
invalid (a run that cannot be trusted)."""


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code."""
    first, rest = (arguments[0], list(arguments[1:])) if arguments else ("--help", [])
    said = {"--help": usage(), "-h": usage(), "--version": f"footfall {__version__}"}
    if first in said:
        typer.echo(said[first])
        return 0
    if first in _MOVED:
        return one_line(f"{first}: {_MOVED[first]}")
    if first not in COMMANDS:
        close = get_close_matches(first, COMMANDS, n=1, cutoff=0.4)
        return one_line(f"{first}: no such command; expected {' or '.join(close or COMMANDS)}")
    return _ended(first, f"footfall {first}", rest, partial(command_named, first))


def run_function(function: Callable[..., object], program: str, arguments: Sequence[str]) -> int:
    """Run a function as a command line of its own, its parameters being the options; returns the exit code.

    Wrong input is one line on stderr and exit code 2, as for every command of Footfall.
    """
    return _ended(program, program, list(arguments), lambda: _alone(function, program))


def usage() -> str:
    """Give the help of the whole, without importing a command: what one needs is slow to import."""
    return _USAGE.format(commands="\n".join(f"  {name:9} {line}" for name, line in COMMANDS.items()))


def _ended(name: str, program: str, arguments: list[str], load: Callable[[], Callable[..., object]]) -> int:
    """Load a command and run it to its end; `program` is how it is typed."""

    def work() -> int:
        try:
            code = load()(arguments, prog_name=program, standalone_mode=False)
        except typer.Exit as ended:
            code = ended.exit_code
        except typer.TyperException as error:
            code = one_line(f"{name}: {error.format_message()} (see {program} --help)")
        except typer.Abort:
            raise KeyboardInterrupt from None
        return code if isinstance(code, int) else 0

    return as_process(name, work)


def command_named(name: str) -> Callable[..., object]:
    """Give one of `COMMANDS`, with its options, arguments and help; imports what that command needs."""
    module = importlib.import_module(f"footfall._cli.{name}")
    if hasattr(module, "group"):
        return _bounded(typer.main.get_command(module.group))
    return _alone(module.command, name)


def _alone(function: Callable[..., object], name: str) -> Callable[..., object]:
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    alone.command(name=name)(function)
    return _bounded(typer.main.get_command(alone))


def _bounded(command: Any) -> Callable[..., object]:  # noqa: ANN401  Typer's own kind, of which it exports no name
    """Have every number that a command takes checked, whatever it means; Typer alone takes inf and nan."""
    for parameter in command.params:
        parameter.callback = _check_numbers(parameter.callback)
    for inner in getattr(command, "commands", {}).values():
        _bounded(inner)
    made: Callable[..., object] = command
    return made


def _check_numbers(then: Callable[..., Any] | None) -> Callable[..., Any]:
    def check(context: Any, parameter: Any, value: Any) -> Any:  # noqa: ANN401  as above
        for each in value if isinstance(value, list | tuple) else (value,):
            if isinstance(each, float) and not abs(each) <= NUMBER_MOST:
                expected = f"a number between -{NUMBER_MOST:g} and {NUMBER_MOST:g}"
                raise BadInputError(max(parameter.opts, key=len), f"{each:g} is out of range", expected)
            if isinstance(each, int) and abs(each) > _WHOLE_MOST:
                raise BadInputError(max(parameter.opts, key=len), "too many digits", f"at most {_WHOLE_MOST}")
        return value if then is None else then(context, parameter, value)

    return check
