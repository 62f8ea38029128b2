"""Fit a model to a person's own log: the model as a file, how sure it is, a report and charts."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from footfall._chart.html_report import FitReport, Sheet, render_fit
from footfall._chart.style import Stamp, save
from footfall._fit.fit import Fitted, diagnostics, fit_rows, read_log
from footfall._fit.fitted_model import Named, model_of, on_day
from footfall._fit.log_rows import is_queue_log, queue_mapping, read_queue_log
from footfall._fit.share_mapping import EXAMPLE as SHARES_EXAMPLE, is_share_mapping
from footfall._fit.uncertainty import UNCERTAINTY_FILE, Uncertainty, fitted_uncertainty, uncertainty_text
from footfall._model.model import Model
from footfall._records.errors import BadInputError, path_of, paths_of
from footfall._records.log_file import Table, TableForm, joined, read_table
from footfall._records.tables import html_table, write_csv, write_text
from footfall._runs import fit_tables
from footfall._runs.content import WEEKDAYS_FOLDER
from footfall._runs.fit_shares import AHEAD_DEFAULT, SharesRun, fit_share_log
from footfall._runs.folder import begin, end
from footfall._runs.messages import QUIET, Messages
from footfall._workload.log_mapping import EXAMPLE, Mapping, Options, Weekday, read_mapping

MODEL_FILE, REPORT, FIGURES = "model.toml", "report.html", "fit.json"
_EXPECTED_MAP = "--map FILE.toml, such as `footfall fit --example` prints"
_NO_SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FitRun:
    """A model fitted to a log, and the files that were written."""

    fit: Fitted
    named: Named
    """The model's name, and where its numbers come from."""
    uncertainty: Uncertainty | None
    """None: too few days to say."""
    folder: Path
    run: str

    @property
    def model_file(self) -> Path:
        """The model, to be simulated."""
        return self.folder / MODEL_FILE

    @property
    def report(self) -> Path:
        """The page with tables and charts."""
        return self.folder / REPORT

    @property
    def warnings(self) -> list[str]:
        """What a person must know of the rows and of the fit, each with its name first."""
        return [f"{name}: {text}" for name, text in diagnostics(self.fit)]

    @property
    def sheets(self) -> list[Sheet]:
        """The rows, the kinds and the day as tables of text."""
        return fit_tables.sheets(self.fit)

    def __repr__(self) -> str:
        """Return what was fitted, and where the model is."""
        return f"<{self.named.title}, {self.named.log} ({self.model_file})>"

    def _repr_html_(self) -> str:
        tables = "".join(
            f"<p>{escape(each.title)}</p>{html_table(each.heads, each.rows)}" for each in self.sheets
        )
        warnings = "".join(f"<p>Warning: {escape(each)}</p>" for each in self.warnings)
        title = f"<p><b>{escape(self.named.title)}</b>: {escape(self.named.log)}</p>"
        return f"{title}{tables}{warnings}<p>Model: {escape(str(self.model_file))}</p>"

    def as_json(self) -> dict[str, Any]:
        """Give the estimates for a program."""
        return fit_tables.as_json(self.fit) | {"run": self.run, "folder": str(self.folder)}


@dataclass(frozen=True, slots=True, kw_only=True)
class FitOptions:
    """What is fitted, and where the results go."""

    logs: list[Path]
    """Files of one log: calls, visits, requests or intervals."""
    mapping: Path | None = None
    """Which column means what; a queue_log of Asterisk needs none."""
    weekday: str | None = None
    """Only the days of this weekday, such as `monday`."""
    forecast_months: int | None = None
    """Of channel shares, where the mapping names channels: months to forecast; None: 3."""
    out: Path | None = None
    overwrite: bool = False


def fit(
    log: Path | str | Sequence[Path | str],
    mapping: Path | str | None = None,
    out: Path | str | None = None,
    *,
    weekday: str | None = None,
    overwrite: bool = False,
    messages: Messages = QUIET,
) -> FitRun:
    """Fit a model to a log of calls, visits, requests or intervals: the model, how sure it is, a report.

    `log` is a file (CSV, Excel, Parquet, Asterisk's queue_log) or several of one kind; `mapping` a TOML file
    that says which column means what (`footfall fit --example` prints one; a queue_log needs none). With a
    `weekday`, such as `monday`, only its days are fitted. The results go to `out`, by default
    `results/NAME/runs/ID`; `model_file` of the answer can be simulated, `fit` holds the estimates.

        >>> import footfall as ff
        >>> fitted = ff.fit(calls, mapping, folder / "fit")
        >>> fitted.model_file.name
        'model.toml'

    Raises:
        BadInputError: a file or the mapping cannot be read, or the rows are too few or contradict it.
    """
    asked = FitOptions(
        logs=paths_of(log, "log"),
        mapping=None if mapping is None else path_of(mapping, "mapping"),
        weekday=weekday,
        out=None if out is None else path_of(out, "out"),
        overwrite=overwrite,
    )
    return fit_log(asked, messages)


def example_mapping(*, shares: bool = False) -> str:
    """Give a mapping to start from: of a log, or of channel shares."""
    return SHARES_EXAMPLE if shares else EXAMPLE


def fit_records(asked: FitOptions, messages: Messages = QUIET) -> FitRun | SharesRun:
    """Fit what the mapping names: channel shares by month with a forecast, else a model, as `fit_log` does.

    Raises:
        BadInputError: a file or the mapping cannot be read, an option does not apply, or rows are too few.
    """
    text = None if asked.mapping is None else mapping_text(asked.mapping)
    if text is None or not is_share_mapping(text):
        if asked.forecast_months is not None:
            raise BadInputError(
                f"--forecast {asked.forecast_months}",
                "applies to channel shares, and the mapping has no channels",
                "what `footfall fit --example-shares` prints",
            )
        return fit_log(asked, messages)
    if asked.weekday is not None:
        raise BadInputError(
            "--weekday", "does not apply to channel shares, which are monthly", "no --weekday"
        )
    return fit_share_log(
        asked.logs,
        (text, str(asked.mapping)),
        asked.forecast_months or AHEAD_DEFAULT,
        asked.out,
        overwrite=asked.overwrite,
        messages=messages,
    )


def fit_log(asked: FitOptions, messages: Messages = QUIET) -> FitRun:
    """Fit a model to a log and write `model.toml`, its uncertainty, `report.html`, `fit.json` and the charts.

    Raises:
        BadInputError: a file or the mapping cannot be read, or the rows are too few or contradict it.
    """
    text = None if asked.mapping is None else mapping_text(asked.mapping)
    table, mapping = read_table_of(asked.logs, asked.mapping, text)
    mapping = _on(mapping, asked.weekday)
    with messages.progress(f"fitting {table.frame.height:,} rows"):
        try:
            rows = read_log(table, mapping)
            fit = fit_rows(rows, mapping.options)
        except BadInputError as error:
            by = "" if asked.mapping is None else f" by {asked.mapping}"
            raise BadInputError(f"{asked.logs[0]}{by}", str(error)) from error
    named = fit_tables.named(fit, asked.logs)
    with messages.progress("fitting again without some of the days"):
        uncertainty = fitted_uncertainty(rows, mapping.options, fit, named)
    folder, run = _write((fit, uncertainty), named, mapping, asked.out, overwrite=asked.overwrite)
    return FitRun(fit=fit, named=named, uncertainty=uncertainty, folder=folder, run=run)


def mapping_text(path: Path) -> str:
    """Read a mapping.

    Raises:
        BadInputError: there is none, or it cannot be read.
    """
    if not path.is_file():
        raise BadInputError(str(path), "no such file", _EXPECTED_MAP)
    try:
        return path.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise BadInputError(str(path), f"cannot be read ({error})", "a TOML file in UTF-8") from error


def read_table_of(logs: list[Path], path: Path | None, text: str | None) -> tuple[Table, Mapping]:
    """Read the files of one log, and the mapping that goes with them, whose text is given.

    Raises:
        BadInputError: a file or the mapping cannot be read, or none is named where one is needed.
    """
    if is_queue_log(logs[0]):
        return read_queue_log(logs), queue_mapping(text, str(path or "--map"))
    if path is None or text is None:
        raise BadInputError("--map", "no mapping is given", _EXPECTED_MAP)
    mapping = read_mapping(text, str(path))
    options: Options = mapping.options
    form = TableForm(
        names=frozenset(name for _, name in mapping.columns if name is not None),
        encoding=options.encoding,
        separator=options.separator,
        sheet=options.sheet,
    )
    return joined([(log.name, read_table(log, form)) for log in logs]), mapping


def _on(mapping: Mapping, weekday: str | None) -> Mapping:
    """Give the mapping for one weekday, where one is asked for."""
    known: tuple[Weekday, ...] = mapping.options.weekdays
    if weekday is None:
        return mapping
    if weekday not in known:
        raise BadInputError(f"--weekday {weekday}", "is not among the mapping's weekdays", " or ".join(known))
    options: Options = mapping.options.model_copy(update={"weekdays": (weekday,)})
    return mapping.model_copy(update={"options": options})


def _weekdays(fit: Fitted, model: Model, named: Named) -> dict[str, str]:
    """Give a model for each weekday, as text: its days' arrivals and staff, all else as on the mean day."""
    return {
        day: on_day(model, arrivals, staff, f"{named.log}; every {day}").to_toml([f"{named.title}: {day}s."])
        for day, (arrivals, staff) in fit_tables.days(fit).items()
    }


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
    warned = diagnostics(fit)
    warnings = [f"Warning, {name}: {text}" for name, text in warned]
    text = model.to_toml([f"{named.title}: the mean day of a log.", f"{named.log}.", *warnings])
    weekdays = _weekdays(fit, model, named)
    settings = {"log": named.log, "map": mapping.model_dump(mode="json", by_alias=True, exclude_none=True)}
    figures = fit_tables.json_text(fit)
    # What may fail comes before the folder is made.
    folder, manifest = begin("fit", model, _NO_SEED, out, settings=settings, overwrite=overwrite)
    drawn = fit_tables.charts(fit, Stamp.of(manifest))
    for name, chart in drawn.items():
        save(chart, folder / "charts" / name)
    write_csv(fit.arrivals.rates, folder / "arrivals.csv")
    report = FitReport(
        title=named.title,
        source=named.log,
        summary=fit_tables.summary(fit),
        version=manifest.versions["footfall"],
        diagnostics=warned,
        tables=fit_tables.sheets(fit),
        charts=list(drawn.values()),
    )
    write_text(render_fit(report), folder / REPORT)
    write_text(figures, folder / FIGURES)
    if uncertainty is not None:
        write_text(uncertainty_text(uncertainty), folder / UNCERTAINTY_FILE)
    for day, text_of_day in weekdays.items():
        write_text(text_of_day, folder / WEEKDAYS_FOLDER / f"{day}.toml")
    write_text(text, folder / MODEL_FILE)
    end(folder, manifest)
    return folder, manifest.run
