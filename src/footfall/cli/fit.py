"""`footfall fit`: from a person's own records to a model."""

from pathlib import Path
from typing import Annotated

import typer

from footfall.chart.html_report import FitReport, render_fit
from footfall.chart.style import Stamp, save
from footfall.cli import fitting
from footfall.cli.console import progress, say, say_json
from footfall.cli.fit_shares import AHEAD_DEFAULT, AHEAD_MOST, fit_and_show
from footfall.cli.options import Json, Out, Overwrite
from footfall.cli.runs import begin, end
from footfall.fit.diagnostics import cautions
from footfall.fit.fit import Fitted, fit_rows, read_log
from footfall.fit.fitted_model import Named, model_of
from footfall.fit.fitted_model_file import model_text
from footfall.fit.log_rows import is_queue_log, queue_mapping, read_queue_log
from footfall.fit.share_mapping import EXAMPLE as SHARES_EXAMPLE
from footfall.fit.share_mapping import is_share_mapping
from footfall.fit.uncertainty import UNCERTAINTY_FILE, Uncertainty, fitted_uncertainty, uncertainty_text
from footfall.records.errors import BadInputError
from footfall.records.log_file import Table, TableForm, joined, read_table
from footfall.records.tables import write_csv, write_text
from footfall.workload.log_mapping import EXAMPLE, Mapping, Options, Weekday, read_mapping

MODEL_FILE, REPORT, FIGURES = "model.py", "report.html", "fit.json"
_EXPECTED_MAP = "--map FILE.toml, such as `footfall fit --example` prints"
_NO_SEED = 0
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
    """Fit a model to the rows of LOG, or of several files: model.py, its uncertainty, report.html, charts.

    Where the mapping names channels: their shares by month, with a forecast.
    """
    if example or example_shares:
        say((SHARES_EXAMPLE if example_shares else EXAMPLE).rstrip())
        return
    if not logs:
        raise BadInputError(
            "LOG", "no log is named", "a CSV, Excel or Parquet file, a queue_log, or --example"
        )
    text = None if mapping is None else _text_of(mapping)
    if text is not None and is_share_mapping(text):
        _without_weekday(weekday)
        months = forecast or AHEAD_DEFAULT
        fit_and_show(logs, (text, str(mapping)), months, out, overwrite=overwrite, as_json=as_json)
        return
    _without_forecast(forecast)
    table, asked = _read(logs, mapping, text)
    asked = _on(asked, weekday)
    with progress(f"fitting {table.frame.height:,} rows"):
        try:
            rows = read_log(table, asked)
            fit = fit_rows(rows, asked.options)
        except BadInputError as error:
            by = "" if mapping is None else f" by {mapping}"
            raise BadInputError(f"{logs[0]}{by}", str(error)) from error
    named = fitting.named(fit, logs)
    with progress("fitting again without some of the days"):
        uncertainty = fitted_uncertainty(rows, asked.options, fit, named)
    folder, run = _write((fit, uncertainty), named, asked, out, overwrite=overwrite)
    if as_json:
        say_json(fitting.as_json(fit) | {"run": run, "folder": str(folder)})
        return
    fitting.show(fit, named)
    say(f"results in {folder}; run it: footfall simulate {folder / MODEL_FILE}")


def _without_weekday(weekday: str | None) -> None:
    if weekday is not None:
        raise BadInputError("--weekday", "is not for channel shares, which are by month", "no --weekday")


def _without_forecast(months: int | None) -> None:
    if months is not None:
        problem = "forecasts channel shares, and the mapping names no channel"
        raise BadInputError(f"--forecast {months}", problem, "what `footfall fit --example-shares` prints")


def _read(logs: list[Path], path: Path | None, text: str | None) -> tuple[Table, Mapping]:
    """Read the files and the mapping that goes with them, whose text is given."""
    if is_queue_log(logs[0]):
        return read_queue_log(logs), queue_mapping(text, str(path or "--map"))
    if path is None or text is None:
        raise BadInputError("--map", "no mapping is named", _EXPECTED_MAP)
    mapping = read_mapping(text, str(path))
    options: Options = mapping.options
    form = TableForm(
        names=frozenset(name for _, name in mapping.columns if name is not None),
        encoding=options.encoding,
        separator=options.separator,
        sheet=options.sheet,
    )
    return joined([(log.name, read_table(log, form)) for log in logs]), mapping


def _text_of(path: Path) -> str:
    if not path.is_file():
        raise BadInputError(str(path), "no such file", _EXPECTED_MAP)
    try:
        return path.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise BadInputError(str(path), f"cannot be read ({error})", "a TOML file in UTF-8") from error


def _on(mapping: Mapping, weekday: str | None) -> Mapping:
    """Give the mapping for one weekday, where one is asked for."""
    known: tuple[Weekday, ...] = mapping.options.weekdays
    if weekday is None:
        return mapping
    if weekday not in known:
        raise BadInputError(f"--weekday {weekday}", "is not among the mapping's weekdays", " or ".join(known))
    options: Options = mapping.options.model_copy(update={"weekdays": (weekday,)})
    return mapping.model_copy(update={"options": options})


def _write(
    found: tuple[Fitted, Uncertainty | None],
    named: Named,
    mapping: Mapping,
    out: Path | None,
    *,
    overwrite: bool,
) -> tuple[Path, str]:
    """Write everything, the model last; gives the folder and the run's identity."""
    fit, uncertainty = found
    model = model_of(fit, named)
    warned = cautions(fit)
    text = model_text(model, named, fitting.days(fit), [f"{name}: {told}" for name, told in warned])
    settings = {"log": named.log, "map": mapping.model_dump(mode="json", by_alias=True, exclude_none=True)}
    figures = fitting.json_text(fit)
    # What may fail comes before the folder is made.
    folder, manifest = begin("fit", model, _NO_SEED, out, settings=settings, overwrite=overwrite)
    drawn = fitting.charts(fit, Stamp.of(manifest))
    for name, chart in drawn.items():
        save(chart, folder / "charts" / name)
    write_csv(fit.arrivals.rates, folder / "arrivals.csv")
    report = FitReport(
        title=named.title,
        source=named.log,
        summary=fitting.summary(fit),
        version=manifest.versions["footfall"],
        cautions=warned,
        tables=fitting.sheets(fit),
        charts=list(drawn.values()),
    )
    write_text(render_fit(report), folder / REPORT)
    write_text(figures, folder / FIGURES)
    if uncertainty is not None:
        write_text(uncertainty_text(uncertainty), folder / UNCERTAINTY_FILE)
    write_text(text, folder / MODEL_FILE)
    end(folder, manifest)
    return folder, manifest.run
