"""The commands together, and the one place where an error becomes a line and an exit code."""

import sys
from collections.abc import Sequence

import click
import typer

from footfall import __version__
from footfall.cli import demo, gate, load, report, serve, show, simulate, trace
from footfall.records.errors import BadInputError

USAGE_EXIT_CODE = 2
INTERRUPTED_EXIT_CODE = 130

app = typer.Typer(
    name="footfall",
    help="Simulate an operator's customers, play them at real endpoints, and judge what happens.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (demo, simulate, show, trace, serve, load, report, gate):
    app.command(name=command.__name__.rsplit(".", 1)[-1])(command.command)


@app.callback(invoke_without_command=True)
def _root(
    *, version: bool = typer.Option(False, "--version", help="Print the version and stop.", is_eager=True)
) -> None:
    if version:
        typer.echo(f"footfall {__version__}")
        raise typer.Exit


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code."""
    try:
        code = typer.main.get_command(app).main(list(arguments), prog_name="footfall", standalone_mode=False)
    except BadInputError as error:
        return _one_line(str(error))
    except click.UsageError as error:
        name = error.ctx.command_path if error.ctx else "footfall"
        return _one_line(f"{name}: {error.format_message()} (see {name} --help)")
    except (click.Abort, KeyboardInterrupt):
        sys.stderr.write("footfall: stopped\n")
        return INTERRUPTED_EXIT_CODE
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    return code if isinstance(code, int) else 0


def _one_line(text: str) -> int:
    sys.stderr.write(f"footfall: {' '.join(text.split())}\n")
    return USAGE_EXIT_CODE
