"""`footfall fit`: from a person's own records to a model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from footfall._cli.options import Json, Out, Overwrite
from footfall._cli.output import TERMINAL, say, say_json, show_table
from footfall._fit.diagnostics import diagnostics
from footfall._fit.fit import Fitted
from footfall._fit.fitted_model import Named
from footfall._fit.share_mapping import EXAMPLE as SHARES_EXAMPLE, is_share_mapping
from footfall._records.errors import BadInputError
from footfall._runs import fit_shares, fit_tables
from footfall._runs.fit_log import FitOptions, fit_log, mapping_text
from footfall._runs.fit_shares import AHEAD_DEFAULT, AHEAD_MOST, SharesRun, fit_share_log
from footfall._workload.log_mapping import EXAMPLE

Forecast = Annotated[
    int | None,
    typer.Option(
        metavar="MONTHS",
        min=1,
        max=AHEAD_MOST,
        help="Of channel shares: months to forecast. Default: 3.",
        show_default=False,
    ),
]
ExampleShares = Annotated[
    bool, typer.Option("--example-shares", help="Print a mapping for channel shares, and stop.")
]


def command(
    logs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="LOG...",
            help="Files of calls, visits, requests or counts: CSV, Excel, Parquet, Asterisk's queue_log.",
            show_default=False,
        ),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--map",
            help="TOML file: which column means what. A queue_log needs none.",
            show_default=False,
        ),
    ] = None,
    out: Out = None,
    overwrite: Overwrite = False,
    weekday: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Fit the days of this weekday only, such as monday.", show_default=False
        ),
    ] = None,
    forecast: Forecast = None,
    example: Annotated[
        bool, typer.Option("--example", help="Print a mapping to start from, and stop.")
    ] = False,
    example_shares: ExampleShares = False,
    as_json: Json = False,
) -> None:
    """Fit a model to the rows of LOG, or of several files: model.toml, its uncertainty, report.html, charts.

    Where the mapping names channels: their shares by month, with a forecast.
    """
    if example or example_shares:
        say((SHARES_EXAMPLE if example_shares else EXAMPLE).rstrip())
        return
    if not logs:
        raise BadInputError(
            "LOG", "no log is given", "a CSV, Excel or Parquet file, a queue_log, or --example"
        )
    text = None if mapping is None else mapping_text(mapping)
    if text is not None and is_share_mapping(text):
        _without_weekday(weekday)
        months = forecast or AHEAD_DEFAULT
        shares = fit_share_log(
            logs, (text, str(mapping)), months, out, overwrite=overwrite, messages=TERMINAL
        )
        _show_shares(shares, as_json=as_json)
        return
    _without_forecast(forecast)
    asked = FitOptions(logs=logs, mapping=mapping, weekday=weekday, out=out, overwrite=overwrite)
    done = fit_log(asked, TERMINAL)
    if as_json:
        say_json(fit_tables.as_json(done.fit) | {"run": done.run, "folder": str(done.folder)})
        return
    _show(done.fit, done.named)
    say(f"results in {done.folder}; run it: footfall simulate {done.model_file}")


def _without_weekday(weekday: str | None) -> None:
    if weekday is not None:
        raise BadInputError(
            "--weekday", "does not apply to channel shares, which are monthly", "no --weekday"
        )


def _without_forecast(months: int | None) -> None:
    if months is not None:
        problem = "applies to channel shares, and the mapping has no channels"
        raise BadInputError(f"--forecast {months}", problem, "what `footfall fit --example-shares` prints")


def _show(fit: Fitted, called: Named) -> None:
    """Print the fit: rows, kinds, day, warnings."""
    say(f"{called.title}: {called.log}")
    for sheet in fit_tables.sheets(fit):
        show_table(_printed(sheet.title, sheet.heads, sheet.rows))
    for name, text in diagnostics(fit):
        say(f"warning: {name}: {text}")


def _show_shares(done: SharesRun, *, as_json: bool) -> None:
    """Print the shares: rows, tables, how good the forecast was, notes."""
    fit = done.fit
    if as_json:
        say_json(fit_shares.figures(fit) | {"run": done.run, "folder": str(done.folder)})
        return
    say(fit_shares.summary(fit, done.name))
    for sheet in fit_shares.sheets(fit):
        show_table(_printed(sheet.title, sheet.heads, sheet.rows))
    say()
    for sentence in fit_shares.sentences(fit):
        say(sentence)
    for note in fit.notes:
        say(f"note: {note}")
    say(f"results in {done.folder}")


def _printed(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Give a table for the terminal; cells are shown as they are."""
    table = Table(title=f"\n{title}", title_justify="left", box=None, pad_edge=False)
    for place, head in enumerate(heads):
        table.add_column(head, justify="right" if place else "left")
    for row in rows:
        table.add_row(*row)
    return table
