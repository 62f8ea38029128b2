"""Learn stations, or what coarser figures can teach, from measured runs: a model, how sure it is, a page."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from html import escape
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from footfall._calibrate.calibrated_model import (
    model_of_stations,
    seen_load,
    with_assumed_limits,
    with_stations,
)
from footfall._calibrate.calibration import (
    CALIBRATION_FILE,
    CalibratedStation,
    Calibration,
    Learned,
    LearnedStations,
    LeftOutRun,
    SourceRun,
    calibration_text,
)
from footfall._calibrate.cpu_demand import cpu_numbers
from footfall._calibrate.learn import learn_station
from footfall._calibrate.learned_station import LearnedNumber, LearnedStation
from footfall._calibrate.mapped_figures import EXAMPLE
from footfall._calibrate.request_kinds import merged_rare
from footfall._calibrate.request_log import RequestLog
from footfall._calibrate.station_parameters import SLOTS_UNLIMITED
from footfall._chart.html_report import FitReport, Sheet, render_fit
from footfall._chart.style import Chart, Stamp, counted, save
from footfall._fit.uncertainty import UNCERTAINTY_FILE, uncertainty_text
from footfall._model.model import Model
from footfall._model.station_specs import RequestServer
from footfall._records.errors import BadInputError, path_of, paths_of
from footfall._records.runs import Manifest
from footfall._records.tables import html_table, write_text
from footfall._runs import calibration_page
from footfall._runs.calibrate_figures import LearnedFigures, learn_figures
from footfall._runs.calibration_sources import (
    FoundRuns,
    RunRequests,
    cpu_windows,
    is_folder_of_runs,
    learnable_logs,
    logs_by_channel,
    read_runs,
    too_few,
)
from footfall._runs.content import model_in
from footfall._runs.figure_files import FiguresAsked
from footfall._runs.folder import begin_named, end
from footfall._runs.messages import QUIET, Messages
from footfall._runs.station_uncertainty import station_uncertainty

MODEL_FILE, PAGE = "model.toml", "calibration.html"
_SOURCE_RUNS_MOST, _LINES_MOST = 5, 12
MADE_OF_A_URL = "calibrated"
"""Name of the model that is made of runs of a URL."""

_PATHS = {
    "slots": "slots",
    "cores": "cores",
    "queues": "queues",
    "network_s": "network_s",
    "accept_queue": "accept_queue",
    "deadline_s": "deadline_s",
    "queue_timeout_s": "queue_timeout_s",
    "rate_limit_per_s": "rate_limit.requests_per_s",
    "rate_limit_burst": "rate_limit.burst",
    "stall_length_s": "stalls.length_s",
    "stall_every_s": "stalls.every_s",
}
"""Numbers of a station by the path that `--set` knows them by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrateOptions:
    """What is learned from, and where the results go."""

    runs: tuple[Path, ...]
    """Folders of runs or of capacity searches; or files of figures."""
    model: Path | None = None
    """The model whose stations are learned; None: that of the runs, or one made of them."""
    figures: FiguresAsked
    """How files of figures are read."""
    seed: int = 1
    out: Path | None = None
    overwrite: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationRun:
    """A calibration, and the files that were written."""

    calibration: Calibration
    folder: Path
    model_file: Path | None
    """None: files of figures give no model of single requests."""
    sheets: tuple[Sheet, ...]

    @property
    def page(self) -> Path:
        """The page with curves, numbers and sources."""
        return self.folder / PAGE

    def __repr__(self) -> str:
        """Return how many numbers were learned from how many runs."""
        known = sum(number.identified for number in self.calibration.numbers)
        count = len(self.calibration.numbers)
        return f"<Calibration of {len(self.calibration.sources)} runs: {known} of {count} numbers known>"

    def _repr_html_(self) -> str:
        tables = "".join(
            f"<p>{escape(each.title)}</p>{html_table(each.heads, each.rows)}" for each in self.sheets
        )
        return f"<p><b>{escape(repr(self)[1:-1])}</b></p>{tables}"

    def as_json(self) -> dict[str, Any]:
        """Give numbers, what is unknown, flags and goodness of fit for a program."""
        found = self.calibration
        return {
            "numbers": [_plain(number) for number in found.numbers],
            "unknown": list(found.unknown),
            "flags": list(found.flags),
            "fit": calibration_page.goodness(found),
            "runs": [asdict(one) for one in found.sources],
            "left_out": [asdict(one) for one in found.left_out],
            "run": found.run,
            "folder": str(self.folder),
        }


def calibrate(
    runs: Path | str | Sequence[Path | str],
    model: Path | str | None = None,
    out: Path | str | None = None,
    *,
    utilisation: Path | str | None = None,
    mapping: Path | str | None = None,
    users: int | None = None,
    think_s: float | None = None,
    cores: int | None = None,
    seed: int = 1,
    overwrite: bool = False,
    messages: Messages = QUIET,
) -> CalibrationRun:
    r"""Learn the stations behind measured runs: a model, how sure its numbers are, and what stays unknown.

    `runs` are folders of load tests or of capacity searches (all their valid steps count), or files of other
    tools: Locust's `stats_history.csv` or `stats.csv`, k6's summary, response times by class, tables of
    rates. `model` is the model whose request servers are learned; without it that of the runs, or one made of
    a URL's. The other arguments belong to files: samples of `utilisation`, a `mapping` of columns, `users`
    and their think time where a file does not say them, `cores` where no utilisation does. Results go to
    `out`, by default `results/NAME/runs/ID`.

        >>> import footfall as ff
        >>> heads = "Type,Name,Request Count,Failure Count,Average Response Time,Requests/s"
        >>> file = folder / "low_stats.csv"
        >>> _ = file.write_text(heads + "\n,Aggregated,6000,0,100,100\n")
        >>> done = ff.calibrate(file, out=folder / "learned")
        >>> done.calibration.numbers[0].path
        'rate_per_s'

    Raises:
        BadInputError: a run or file cannot be read, none is valid, or nothing can be learned from them.
    """
    figures = FiguresAsked(
        utilisation=None if utilisation is None else path_of(utilisation, "utilisation"),
        mapping=None if mapping is None else path_of(mapping, "mapping"),
        users=users,
        think_s=think_s,
        cores=cores,
    )
    asked = CalibrateOptions(
        runs=tuple(paths_of(runs, "runs")),
        model=None if model is None else path_of(model, "model"),
        figures=figures,
        seed=seed,
        out=None if out is None else path_of(out, "out"),
        overwrite=overwrite,
    )
    return calibrate_runs(asked, messages)


def example_mapping() -> str:
    """Give a mapping of columns to start from."""
    return EXAMPLE


def messages_of(done: CalibrationRun) -> list[str]:
    """Give what is printed below the tables: flags, what is unknown, what was left out, what comes next."""
    lines = [f"{name}: {text}" for name, text in calibration_page.diagnostics(done.calibration)]
    if (more := len(lines) - _LINES_MOST) > 1:
        lines = [*lines[:_LINES_MOST], f"and {more} more: {done.page}"]
    use = "" if done.model_file is None else f"; simulate it: footfall simulate {done.model_file}"
    return [*lines, f"results in {done.folder}{use}"]


def calibrate_runs(asked: CalibrateOptions, messages: Messages = QUIET) -> CalibrationRun:
    """Learn from runs or files as `calibrate` does.

    Raises:
        BadInputError: see there.
    """
    folders = [is_folder_of_runs(path) for path in asked.runs]
    if all(folders):
        asked.figures.check_unused()
        return _from_runs(asked, messages)
    if any(folders):
        raise BadInputError("RUN", "folders and files are mixed", "folders of runs, or files of figures")
    if asked.model is not None:
        raise BadInputError("--model", "does not apply to files of figures", "folders of runs")
    with messages.progress(f"reading {counted(len(asked.runs), 'file')}"):
        figures = learn_figures(asked.runs, asked.figures, asked.seed)
    return _write(asked, _Found.of_figures(figures), messages)


@dataclass(frozen=True, kw_only=True)
class _Found:
    """Everything that was learned, before it is written."""

    name: str
    learned: Learned
    numbers: tuple[LearnedNumber, ...]
    unknown: tuple[str, ...]
    flags: tuple[str, ...]
    sources: tuple[SourceRun, ...]
    left_out: tuple[LeftOutRun, ...]
    model: Model | None
    logs: Mapping[str, Sequence[RequestLog]]

    @classmethod
    def of_figures(cls, found: LearnedFigures) -> "_Found":
        return cls(
            name=found.name,
            learned=found.learned,
            numbers=found.numbers,
            unknown=found.unknown,
            flags=found.flags,
            sources=found.sources,
            left_out=found.left_out,
            model=None,
            logs={},
        )


def _from_runs(asked: CalibrateOptions, messages: Messages) -> CalibrationRun:
    with messages.progress(f"reading {counted(len(asked.runs), 'run')}"):
        found = read_runs(asked.runs)
    if not found.runs:
        reasons = "; ".join(f"{one.run}: {one.reason}" for one in found.left_out)
        raise BadInputError(
            "calibration", f"no run is valid ({reasons})", "a run that its generator kept up with"
        )
    base = _base_model(asked.model, found)
    if asked.model is not None:
        found = replace(found, runs=tuple(_of_another_model(run) for run in found.runs))
    logs, called = logs_by_channel(found.runs, base)
    logs = {channel: merged_rare(several) for channel, several in logs.items()}
    learned: dict[str, LearnedStation] = {}
    for channel, several in learnable_logs(logs, base).items():
        with messages.progress(f"learning {channel} from {sum(log.requests for log in several):,} requests"):
            learned[channel] = _learned(channel, several, asked.seed)
    return _write(asked, _joined(found, learned, logs, (base, called)), messages)


def _base_model(path: Path | None, found: FoundRuns) -> Model | None:
    """Return the model whose stations are learned: the one named, else the runs' own."""
    if path is not None:
        return model_in(path)
    models = [run.model for run in found.runs]
    if all(model is None for model in models):
        return None
    prints = {None if model is None else model.fingerprint() for model in models}
    if len(prints) > 1:
        raise BadInputError(
            "--model", "the runs are of several models", "--model FILE: whose stations to learn"
        )
    return models[0]


def _learned(channel: str, logs: Sequence[RequestLog], seed: int) -> LearnedStation:
    try:
        return learn_station(logs, seed=seed)
    except ValueError as error:
        raise BadInputError(f"channel {channel!r}", str(error), "longer runs") from error


def _of_another_model(run: RunRequests) -> RunRequests:
    """Return a run whose scenario has not changed the model that is calibrated."""
    return replace(run, source=replace(run.source, scenario=""))


def _joined(
    found: FoundRuns,
    learned: Mapping[str, LearnedStation],
    logs: Mapping[str, Sequence[RequestLog]],
    base: tuple[Model | None, Mapping[str, Mapping[str, str]]],
) -> _Found:
    model, called = base
    sources = tuple(run.source for run in found.runs)
    source = _source_text(sources)
    learned = {channel: _with_own_limits(one, channel, model, logs) for channel, one in learned.items()}
    shares = {channel: _kind_shares(logs[channel]) for channel in learned}
    stations = {channel: (one.parameters, shares[channel]) for channel, one in learned.items()}
    made = (
        model_of_stations(MADE_OF_A_URL, stations, called, source)
        if model is None
        else with_stations(model, stations, source)
    )
    return _Found(
        name=made.name,
        learned=LearnedStations(
            stations=tuple(
                CalibratedStation(
                    channel=channel,
                    kind_shares=shares[channel],
                    parameters=one.parameters,
                    draws=one.draws,
                    requests_a_visit=_requests_a_visit(found.runs, channel),
                    seen=seen_load(logs[channel]),
                    fit=one.fit,
                )
                for channel, one in learned.items()
            )
        ),
        numbers=(
            *(_named(number, channel) for channel, one in learned.items() for number in one.numbers),
            *cpu_numbers([windows for run in found.runs if (windows := cpu_windows(run)) is not None]),
        ),
        unknown=(
            *(f"{channel}: {text}" for channel, one in learned.items() for text in one.unknown),
            *too_few(logs, model, learned),
        ),
        flags=tuple(dict.fromkeys(flag for one in learned.values() for flag in one.flags)),
        sources=sources,
        left_out=found.left_out,
        model=made,
        logs={channel: logs[channel] for channel in learned},
    )


def _with_own_limits(
    one: LearnedStation, channel: str, model: Model | None, logs: Mapping[str, Sequence[RequestLog]]
) -> LearnedStation:
    """Return a station with the model's own limits where its runs reached none."""
    station = None if model is None else model.channel(channel).station
    if not isinstance(station, RequestServer):
        return one
    seen = seen_load(logs[channel])
    return replace(
        one,
        parameters=with_assumed_limits(one.parameters, station, seen),
        draws=tuple(with_assumed_limits(draw, station, seen) for draw in one.draws),
    )


def _source_text(sources: Sequence[SourceRun]) -> str:
    named = ", ".join(one.run for one in sources[:_SOURCE_RUNS_MOST])
    more = len(sources) - _SOURCE_RUNS_MOST
    return f"calibrated on {named}" + (f" and {more} more" if more > 0 else "")


def _kind_shares(logs: Sequence[RequestLog]) -> tuple[float, ...]:
    counts = np.sum([np.bincount(log.kind, minlength=len(log.kinds)) for log in logs], axis=0)
    return tuple(float(share) for share in counts / counts.sum())


def _requests_a_visit(runs: Sequence[RunRequests], channel: str) -> float:
    requests = visits = 0
    for run in runs:
        own = run.hits.filter(channel=channel)
        requests += own.height
        visits += own.select("customer", "attempt").n_unique()
    return requests / max(visits, 1)


def _named(number: LearnedNumber, channel: str) -> LearnedNumber:
    """Return a number by the path that `--set` knows it by; `fault_share` is of all causes together."""
    field, _, rest = number.path.partition(".")
    if field in _PATHS:
        path = _PATHS[field]
    elif field == "laws":
        kind, _, part = rest.rpartition(".")
        path = f"works.{kind}.service.{part}"
    elif field == "cause_shares":
        kind, _, cause = rest.rpartition(".")
        path = f"works.{kind}.faults.{cause}.share"
    else:
        path = f"works.{rest}.fault_share"
    unlimited = field == "slots" and number.value >= SLOTS_UNLIMITED
    value = float("inf") if unlimited else number.value
    return replace(number, path=f"{channel}.{path}", value=value)


def _plain(number: LearnedNumber) -> dict[str, Any]:
    """Return a number for JSON; no limit is null."""
    return {
        "path": number.path,
        "value": _finite(number.value),
        "low": _finite(number.low),
        "high": _finite(number.high),
        "identified": number.identified,
    }


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


def _write(asked: CalibrateOptions, found: _Found, messages: Messages) -> CalibrationRun:
    """Write the model, the calibration, the page and its charts, the calibration last."""
    settings = {
        "runs": [f"{one.run} {one.sha256[:16]}" for one in found.sources],
        "model": None if asked.model is None else str(asked.model),
    }
    fingerprint = "" if found.model is None else found.model.fingerprint()
    folder, manifest = begin_named(
        "calibrate",
        found.name,
        fingerprint,
        asked.seed,
        asked.out,
        settings=settings,
        overwrite=asked.overwrite,
    )
    calibration = Calibration(
        run=manifest.run,
        learned=found.learned,
        numbers=found.numbers,
        unknown=found.unknown,
        flags=found.flags,
        sources=found.sources,
        left_out=found.left_out,
    )
    with messages.progress("drawing fitted against measured curves"):
        charts = calibration_page.charts(calibration, found.logs, Stamp.of(manifest))
    sheets = calibration_page.sheets(calibration)
    _write_page(folder, manifest, calibration, (sheets, charts))
    model_file = None
    if found.model is not None:
        model_file = folder / MODEL_FILE
        notes = [f"{found.name}: calibrated on {len(found.sources)} runs.", *_notes(calibration)]
        write_text(found.model.to_toml(notes), model_file)
        if (sure := station_uncertainty(found.learned, found.model)) is not None:
            write_text(uncertainty_text(sure), folder / UNCERTAINTY_FILE)
    write_text(calibration_text(calibration), folder / CALIBRATION_FILE)
    end(folder, manifest)
    return CalibrationRun(calibration=calibration, folder=folder, model_file=model_file, sheets=tuple(sheets))


def _notes(calibration: Calibration) -> list[str]:
    return [f"Unknown: {text}" for text in calibration.unknown]


def _write_page(
    folder: Path, manifest: Manifest, calibration: Calibration, shown: tuple[list[Sheet], list[Chart]]
) -> None:
    sheets, charts = shown
    for number, chart in enumerate(charts, 1):
        save(chart, folder / "charts" / f"calibration-{number}")
    report = FitReport(
        title=f"Calibration of {'the service' if manifest.model == MADE_OF_A_URL else manifest.model}",
        source=f"learned from {counted(len(calibration.sources), 'run')}; {manifest.run}",
        summary=calibration_page.summary(calibration),
        version=manifest.versions["footfall"],
        diagnostics=calibration_page.diagnostics(calibration),
        tables=sheets,
        charts=charts,
    )
    write_text(render_fit(report), folder / PAGE)
