"""`footfall fit`: from a person's own records to a model."""

from pathlib import Path
from typing import Annotated

import typer

from footfall._cli.options import Json, Out, Overwrite, option
from footfall._cli.output import TERMINAL, say, say_json, show_rows
from footfall._records.errors import BadInputError
from footfall._runs import fit_shares
from footfall._runs.fit_log import FitOptions, FitRun, example_mapping, fit_records
from footfall._runs.fit_shares import AHEAD_MOST, SharesRun

Forecast = Annotated[
    int | None,
    option(
        metavar="MONTHS", min=1, max=AHEAD_MOST, help="Of channel shares: months to forecast. Default: 3."
    ),
]
_ExampleShares = Annotated[
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
        option("--map", help="TOML file: which column means what. A queue_log needs none."),
    ] = None,
    out: Out = None,
    overwrite: Overwrite = False,
    weekday: Annotated[
        str | None,
        option(metavar="NAME", help="Fit the days of this weekday only, such as monday."),
    ] = None,
    forecast: Forecast = None,
    example: Annotated[
        bool, typer.Option("--example", help="Print a mapping to start from, and stop.")
    ] = False,
    example_shares: _ExampleShares = False,
    as_json: Json = False,
) -> None:
    """Fit a model to the rows of LOG, or of several files: model.toml, its uncertainty, report.html, charts.

    Where the mapping names channels: their shares by month, with a forecast.
    """
    if example or example_shares:
        say(example_mapping(shares=example_shares).rstrip())
        return
    if not logs:
        raise BadInputError(
            "LOG", "no log is given", "a CSV, Excel or Parquet file, a queue_log, or --example"
        )
    asked = FitOptions(
        logs=logs, mapping=mapping, weekday=weekday, forecast_months=forecast, out=out, overwrite=overwrite
    )
    done = fit_records(asked, TERMINAL)
    if as_json:
        say_json(done.as_json())
    elif isinstance(done, SharesRun):
        _show_shares(done)
    else:
        _show_fit(done)


def _show_fit(done: FitRun) -> None:
    """Print the fit: rows, kinds, day, warnings."""
    say(f"{done.named.title}: {done.named.log}")
    for sheet in done.sheets:
        show_rows(f"\n{sheet.title}", sheet.heads, sheet.rows)
    for warning in done.warnings:
        say(f"warning: {warning}")
    say(f"results in {done.folder}; run it: footfall simulate {done.model_file}")


def _show_shares(done: SharesRun) -> None:
    """Print the shares: rows, tables, how good the forecast was, notes."""
    fit = done.fit
    say(fit_shares.summary(fit, done.name))
    for sheet in fit_shares.sheets(fit):
        show_rows(f"\n{sheet.title}", sheet.heads, sheet.rows)
    say()
    for sentence in fit_shares.sentences(fit):
        say(sentence)
    for note in fit.notes:
        say(f"note: {note}")
    say(f"results in {done.folder}")
