"""Verify a prediction by runs that were made after it: figure by figure, and one verdict."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from footfall._calibrate.load_figures import ALL_CHANNELS
from footfall._calibrate.load_prediction import LoadPrediction, read_prediction
from footfall._calibrate.verification import (
    PredictionVerdict,
    Verification,
    VerifiedFigure,
    verify_run,
    verify_runs,
)
from footfall._chart.html_report import FitReport, Sheet, render_fit
from footfall._chart.style import Chart, Stamp, counted, save
from footfall._chart.verification_chart import predicted_against_measured
from footfall._records.errors import BadInputError, path_of, paths_of
from footfall._records.runs import Manifest, now
from footfall._records.tables import html_table, write_text
from footfall._runs import prediction_page
from footfall._runs.calibration_sources import is_folder_of_runs
from footfall._runs.figure_files import FiguresAsked
from footfall._runs.folder import begin_named, end
from footfall._runs.messages import QUIET, Messages, percent
from footfall._runs.track_record import (
    TRACK_RECORD,
    TrackRecordLine,
    add_to_record,
    read_record,
    record_lines,
    rows_of,
)
from footfall._runs.verified_files import measured_files
from footfall._runs.verified_runs import MeasuredRun, measured_runs

PAGE, FILE = "verification.html", "verification.json"
_SOURCES_MOST = 5
EXIT_CODES = {
    PredictionVerdict.HELD: 0,
    PredictionVerdict.DID_NOT_HOLD: 1,
    PredictionVerdict.CANNOT_TELL: 3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOptions:
    """What is verified by which runs, and where the results go."""

    prediction: Path
    runs: tuple[Path, ...]
    figures: FiguresAsked = field(default_factory=FiguresAsked)
    """How files of figures are read."""
    held_out: bool = False
    """The runs may be older than the prediction: data set aside, which is not added to the record."""
    record: Path = TRACK_RECORD
    """File that the figures are added to."""
    out: Path | None = None
    overwrite: bool = False


@dataclass(frozen=True, kw_only=True)
class VerificationRun:
    """A verification, and where it was written."""

    prediction: LoadPrediction
    verification: Verification
    left_out: tuple[tuple[str, str], ...]
    """Runs that are not valid, with the reason."""
    folder: Path
    sheets: tuple[Sheet, ...]
    held_out: bool
    """Whether the runs may be older than the prediction."""
    new_in_record: int
    """Figures added to the track record; 0: they were in it, or the runs are `held_out`."""

    @property
    def verdict(self) -> PredictionVerdict:
        """`held`, `did not hold` or `cannot tell`."""
        return self.verification.verdict

    @property
    def exit_code(self) -> int:
        """0 held, 1 did not hold, 3 cannot tell."""
        return EXIT_CODES[self.verdict]

    @property
    def page(self) -> Path:
        """The page with the chart of predicted intervals and measured values."""
        return self.folder / PAGE

    def __repr__(self) -> str:
        """Return the verdict with its reason."""
        return f"<Verification: {self.verdict.value}: {self.verification.reason}>"

    def _repr_html_(self) -> str:
        tables = "".join(
            f"<p>{escape(each.title)}</p>{html_table(each.heads, each.rows)}" for each in self.sheets
        )
        return f"<p><b>{escape(repr(self)[1:-1])}</b></p>{tables}"

    def as_json(self) -> dict[str, Any]:
        """Return verdict and figures for a program."""
        found = self.verification
        return {
            "verdict": found.verdict.value,
            "reason": found.reason,
            "figures": len(found.figures),
            "inside": sum(one.is_inside for one in found.figures),
            "half_width_share_mean": _mean_width(found.figures),
            "runs": [
                {
                    "run": run.run,
                    "outside": run.outside,
                    "outside_most": run.outside_most,
                    "probability": run.probability,
                    "figures": [_plain(one) for one in run.figures],
                }
                for run in found.runs
            ],
            "left_out": [{"run": run, "reason": reason} for run, reason in self.left_out],
            "held_out": self.held_out,
            "depends_on": list(self.prediction.depends_on),
            "prediction": {"run": self.prediction.run, "sha256": self.prediction.sha256},
            "new_in_record": self.new_in_record,
            "folder": str(self.folder),
        }


def verify(
    prediction: Path | str,
    runs: Path | str | Sequence[Path | str],
    *,
    utilisation: Path | str | None = None,
    mapping: Path | str | None = None,
    users: int | None = None,
    think_s: float | None = None,
    held_out: bool = False,
    record: Path | str = TRACK_RECORD,
    out: Path | str | None = None,
    overwrite: bool = False,
    messages: Messages = QUIET,
) -> VerificationRun:
    """Compare runs with a prediction that was made before them and without them; one verdict.

    `prediction` is the folder that `predict_load` wrote, `runs` folders of load tests or of capacity searches
    made since, at the load that was predicted. A prediction from files of figures is verified by files of the
    same kind, which `utilisation`, `mapping`, `users` and `think_s` say how to read, as in `calibrate`. With
    `held_out`, runs may be older than the prediction: data that was set aside. A prediction that is right is
    said not to hold in at most 5 % of cases, however its figures depend on each other. The figures are added
    to `record`, once for each run, but not those `held_out`. Results go to `out`, by default
    `results/NAME/runs/ID`.

        >>> import footfall as ff
        >>> try:
        ...     ff.verify(folder / "predicted", folder / "load")
        ... except ff.BadInputError as refused:
        ...     print(str(refused).partition(": ")[2])
        is no file; expected files of figures: the prediction is of closed loop

    Raises:
        BadInputError: the calibration has learned from a run, a run is older than the prediction or has
            another load, or a file is damaged.
    """
    asked = VerifyOptions(
        prediction=path_of(prediction, "prediction"),
        runs=tuple(paths_of(runs, "runs")),
        figures=FiguresAsked(
            utilisation=None if utilisation is None else path_of(utilisation, "utilisation"),
            mapping=None if mapping is None else path_of(mapping, "mapping"),
            users=users,
            think_s=think_s,
        ),
        held_out=held_out,
        record=path_of(record, "record"),
        out=None if out is None else path_of(out, "out"),
        overwrite=overwrite,
    )
    return verify_prediction(asked, messages)


def verify_prediction(asked: VerifyOptions, messages: Messages = QUIET) -> VerificationRun:
    """Verify as `verify` does.

    Raises:
        BadInputError: see there.
    """
    prediction = read_prediction(asked.prediction)
    for path in asked.runs:
        is_folder_of_runs(path)
    with messages.progress(f"reading {counted(len(asked.runs), 'run')}"):
        measured = _measured(prediction, asked)
    valid = [one for one in measured if not one.invalid_reason]
    left_out = tuple((one.run, one.invalid_reason) for one in measured if one.invalid_reason)
    return _write(asked, prediction, (_verification(prediction, valid, left_out), left_out), valid)


def _measured(prediction: LoadPrediction, asked: VerifyOptions) -> tuple[MeasuredRun, ...]:
    if not prediction.figures:
        raise BadInputError("PREDICTION", "is of a knee alone", "a prediction of a run")
    if prediction.of not in {"requests", "visits"}:
        return measured_files(prediction, asked.runs, asked.figures, held_out=asked.held_out)
    asked.figures.check_unused()
    return measured_runs(prediction, asked.runs, held_out=asked.held_out)


def _of_measured(prediction: LoadPrediction, run: MeasuredRun) -> LoadPrediction:
    """Return the prediction without figures that a file does not have: they say nothing about it."""
    if prediction.of in {"requests", "visits"}:
        return prediction
    kept = tuple(one for one in prediction.figures if (one.channel, one.name) in run.figures)
    return prediction.model_copy(update={"figures": kept})


def _verification(
    prediction: LoadPrediction, valid: Sequence[MeasuredRun], left_out: Sequence[tuple[str, str]]
) -> Verification:
    if valid:
        return verify_runs(
            prediction, [verify_run(_of_measured(prediction, one), one.figures, one.run) for one in valid]
        )
    reasons = "; ".join(f"{run}: {reason}" for run, reason in left_out)
    return Verification(runs=(), verdict=PredictionVerdict.CANNOT_TELL, reason=f"no run is valid ({reasons})")


def track_record(file: Path = TRACK_RECORD) -> list[TrackRecordLine]:
    """Return what the track record says by kind of figure, and over all.

    Raises:
        BadInputError: there is none, or it is damaged.
    """
    return record_lines(read_record(file))


def record_sheet(lines: Sequence[TrackRecordLine]) -> Sheet:
    """Return the track record as a table."""
    rows = [
        (
            one.kind,
            f"{one.figures:,}",
            percent(one.inside / one.figures),
            f"±{percent(one.half_width_share_mean)}",
            percent(one.score_share_mean),
        )
        for one in lines
    ]
    return Sheet(
        title="Track record: figures predicted before the run, and measured",
        heads=("figure", "verified", "inside", "mean interval", "interval score"),
        rows=rows,
        note="Inside: 95 % is right. Interval and score are shares of the predicted value.",
    )


# ── What is written


def _write(
    asked: VerifyOptions,
    prediction: LoadPrediction,
    found: tuple[Verification, tuple[tuple[str, str], ...]],
    valid: Sequence[MeasuredRun],
) -> VerificationRun:
    verification, left_out = found
    folder, manifest = begin_named(
        "verify",
        prediction.load.scenario or "prediction",
        prediction.sha256,
        0,
        asked.out,
        settings={"prediction": prediction.run, "runs": [f"{one.run} {one.sha256[:16]}" for one in valid]},
        overwrite=asked.overwrite,
    )
    sheets = tuple(_sheets(verification))
    rows = [
        row
        for run, own in zip(verification.runs, valid, strict=True)
        for row in rows_of(prediction, run, own.sha256, now())
    ]
    done = VerificationRun(
        prediction=prediction,
        verification=verification,
        left_out=left_out,
        folder=folder,
        sheets=sheets,
        held_out=asked.held_out,
        new_in_record=add_to_record(rows, asked.record) if rows and not asked.held_out else 0,
    )
    charts = [_chart(verification, Stamp.of(manifest))] if verification.figures else []
    for chart in charts:
        save(chart, folder / "charts" / "verification")
    write_text(_page(done, manifest, charts), folder / PAGE)
    write_text(json.dumps(done.as_json(), indent=1) + "\n", folder / FILE)
    end(folder, manifest, verdict=None)
    return done


def _sheets(found: Verification) -> list[Sheet]:
    return [
        Sheet(
            title=f"Run {run.run}",
            heads=("channel", "figure", "predicted", "95 % interval", "measured", ""),
            rows=[_row(one) for one in run.figures],
            names=2,
            texts=frozenset({5}),
        )
        for run in found.runs
    ]


def _row(one: VerifiedFigure) -> tuple[str, ...]:
    forecast, name = one.forecast, one.forecast.name
    low, high = (prediction_page.figure_text(name, value) for value in (forecast.low, forecast.high))
    measured = "none" if one.measured == float("inf") else prediction_page.figure_text(name, one.measured)
    return (
        "all" if forecast.channel == ALL_CHANNELS else forecast.channel,
        prediction_page.figure_name(forecast),
        prediction_page.figure_text(name, forecast.value),
        f"{low} to {high}",
        measured,
        "inside" if one.is_inside else "outside",
    )


def _page(done: VerificationRun, manifest: Manifest, charts: Sequence[Chart]) -> str:
    found = done.prediction
    sources = found.calibration.sources
    calibrated = ", ".join(one.run for one in sources[:_SOURCES_MOST])
    calibrated += f" and {len(sources) - _SOURCES_MOST} more" if len(sources) > _SOURCES_MOST else ""
    diagnostics = [
        *(("depends on", text) for text in found.depends_on),
        *(("left out", f"{run}: {reason}") for run, reason in done.left_out),
        *((("held out", "the runs may be older than the prediction"),) if done.held_out else ()),
    ]
    return render_fit(
        FitReport(
            title=f"Prediction {done.verdict.value}: {prediction_page.load_text(found)}",
            source=f"predicted {found.made_at} (SHA-256 {found.sha256[:16]}) from {calibrated}",
            summary=f"{done.verification.reason}.",
            version=manifest.versions["footfall"],
            diagnostics=diagnostics,
            tables=done.sheets,
            charts=charts,
        )
    )


def _chart(found: Verification, stamp: Stamp) -> Chart:
    rows = [
        {
            "run": run.run,
            "channel": one.forecast.channel,
            "figure": prediction_page.figure_name(one.forecast),
            "value": one.forecast.value,
            "low": one.forecast.low,
            "high": one.forecast.high,
            "measured": one.measured,
            "inside": one.is_inside,
        }
        for run in found.runs
        for one in run.figures
    ]
    return predicted_against_measured(pl.DataFrame(rows), found.verdict.value, stamp)


def _mean_width(figures: Sequence[VerifiedFigure]) -> float | None:
    widths = [one.width_share for one in figures if one.width_share is not None]
    return sum(widths) / len(widths) if widths else None


def _plain(one: VerifiedFigure) -> dict[str, Any]:
    forecast = one.forecast
    return {
        "path": forecast.path,
        "channel": forecast.channel,
        "figure": forecast.name,
        "value": forecast.value,
        "low": forecast.low,
        "high": forecast.high,
        "measured": None if one.measured == float("inf") else one.measured,
        "inside": one.is_inside,
        "position": one.position,
    }
