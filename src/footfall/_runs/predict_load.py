"""Predict the figures of a run not yet made, from a calibration: at a load, or on hardware, never tried."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

from footfall import __version__
from footfall._calibrate.calibration import (
    CALIBRATION_FILE,
    Calibration,
    read_calibration,
)
from footfall._calibrate.load_prediction import (
    PREDICTION_FILE,
    CalibrationUsed,
    LoadPrediction,
    prediction_text,
)
from footfall._chart.html_report import FitReport, Sheet, render_fit
from footfall._criteria.objects import Criterion
from footfall._records.errors import path_of, seconds_of
from footfall._records.runs import digests, now
from footfall._records.tables import html_table, write_text
from footfall._runs import prediction_page
from footfall._runs.content import change_texts
from footfall._runs.folder import begin_named, end
from footfall._runs.messages import QUIET, Messages
from footfall._runs.predicted_figures import Predicted, PredictOptions, folder_of, predicted
from footfall._runs.run_options import trace_options
from footfall._workload.scenario import Scenario

PAGE = "prediction.html"


@dataclass(frozen=True, kw_only=True)
class PredictionRun:
    """A prediction, and where it was written."""

    prediction: LoadPrediction
    folder: Path
    sheets: tuple[Sheet, ...]

    @property
    def page(self) -> Path:
        """The page with figures and intervals."""
        return self.folder / PAGE

    def __repr__(self) -> str:
        """Return the load and the number of figures."""
        found = self.prediction
        return f"<Prediction of {prediction_page.load_text(found)}: {len(found.figures)} figures>"

    def _repr_html_(self) -> str:
        tables = "".join(
            f"<p>{escape(each.title)}</p>{html_table(each.heads, each.rows)}" for each in self.sheets
        )
        return f"<p><b>{escape(repr(self)[1:-1])}</b></p>{tables}"

    def as_json(self) -> dict[str, Any]:
        """Return figures, causes of failure, knee and unknown numbers for a program."""
        found = self.prediction
        return {
            "figures": [
                {"path": one.path, "channel": one.channel, "figure": one.name}
                | {"value": one.value, "low": one.low, "high": one.high}
                for one in found.figures
            ],
            "causes": [asdict(one) for one in found.causes],
            "knee_per_s": None
            if found.knee is None
            else {
                "value": found.knee.value,
                "low": found.knee.low,
                "high": None if found.knee.is_least else found.knee.high,
            },
            "depends_on": list(found.depends_on),
            "of": found.of,
            "load": asdict(found.load),
            "calibration": asdict(found.calibration),
            "run": found.run,
            "made_at": found.made_at,
            "sha256": found.sha256,
            "folder": str(self.folder),
        }


def predict_load(
    model: Path | str,
    scenario: Scenario | Path | str | None = None,
    *,
    rate: float | Mapping[str, float] | None = None,
    duration: float | str | None = None,
    exact: bool = False,
    window: float | str | None = None,
    at_hour: float | None = None,
    speed: float | None = None,
    scale: float | None = None,
    arrivals: int | None = None,
    human_time_factor: float | None = None,
    users: int | None = None,
    think_s: float | None = None,
    changes: Mapping[str, float | str] | Sequence[str] | None = None,
    outages: Sequence[str] = (),
    criteria: Sequence[str | Criterion] = (),
    seed: int = 1,
    out: Path | str | None = None,
    overwrite: bool = False,
    messages: Messages = QUIET,
) -> PredictionRun:
    """Predict what a run at a load will measure, from a calibration: each figure with a 95 % interval.

    `model` is the folder of a calibration. The load is a `rate` in arrivals per second over a `duration`
    (by channel or class where there are several), or a `scenario` shaped as for `make_trace`, or `users` of a
    closed loop with their mean pause `think_s`. `changes` are numbers of the model by their path, such as
    other hardware; `outages` texts such as `web=0.25-0.75`. With `criteria` the knee is predicted as well:
    the highest arrival rate at which they hold. An interval holds what is not known of the numbers, the
    chance in arrivals, work and faults, and the length of the run. Results go to `out`, by default
    `results/NAME/runs/ID`.

        >>> import footfall as ff
        >>> done = ff.predict_load(folder / "learned", users=20, out=folder / "predicted")
        >>> throughput = done.prediction.figures[0]
        >>> throughput.low < throughput.value < throughput.high
        True

    Raises:
        BadInputError: there is no calibration, or the load does not fit what was learned.
    """
    rates = () if rate is None else _rate_texts(rate)
    given: dict[str, Any] = {"seed": seed, "window_s": window, "at_hour": at_hour, "speed": speed}
    given |= {"scale": scale, "arrivals": arrivals, "human_time_factor": human_time_factor}
    length_s = seconds_of(duration, "duration") if isinstance(duration, str) else duration
    asked = PredictOptions(
        model=path_of(model, "model"),
        rates=rates,
        length_s=length_s,
        exact=exact,
        scenario=scenario,
        options=trace_options(given | {"changes": change_texts(changes)}),
        outages=tuple(outages),
        users=users,
        think_s=think_s,
        knee=bool(criteria),
        criteria=tuple(criteria),
        out=None if out is None else path_of(out, "out"),
        overwrite=overwrite,
    )
    return predict_run(asked, messages)


def _rate_texts(rate: float | Mapping[str, float]) -> tuple[str, ...]:
    if isinstance(rate, Mapping):
        return tuple(f"{name}={value:g}" for name, value in rate.items())
    return (f"{rate:g}",)


def predict_run(asked: PredictOptions, messages: Messages = QUIET) -> PredictionRun:
    """Predict as `predict_load` does.

    Raises:
        BadInputError: see there.
    """
    calibration = read_calibration(asked.model)
    return _write(asked, calibration, predicted(asked, calibration, messages))


# ── What is written


def _write(asked: PredictOptions, calibration: Calibration, found: Predicted) -> PredictionRun:
    digest = digests(folder_of(asked.model), [CALIBRATION_FILE])[CALIBRATION_FILE]
    name = found.load.scenario or "prediction"
    settings = {"calibration": calibration.run, "sha256": digest, "load": asdict(found.load)}
    fingerprint = hashlib.sha256(repr(settings).encode()).hexdigest()
    folder, manifest = begin_named(
        "predict",
        name,
        fingerprint,
        asked.options.seed,
        asked.out,
        settings={"calibration": calibration.run, "sha256": digest},
        overwrite=asked.overwrite,
    )
    prediction = LoadPrediction(
        run=manifest.run,
        made_at=now(),
        version=__version__,
        of=found.of,
        load=found.load,
        calibration=CalibrationUsed(run=calibration.run, sha256=digest, sources=calibration.sources),
        figures=found.figures,
        causes=found.causes,
        knee=found.knee,
        depends_on=found.depends_on,
        draws=found.draws,
        sha256="",
    ).signed()
    sheets = tuple(prediction_page.sheets(prediction))
    report = FitReport(
        title=f"Prediction: {prediction_page.load_text(prediction)}",
        source=f"calibrated on {len(calibration.sources)} runs ({calibration.run}); {manifest.run}",
        summary=prediction_page.summary(prediction),
        version=manifest.versions["footfall"],
        diagnostics=[("depends on", text) for text in found.depends_on],
        tables=sheets,
        charts=(),
    )
    write_text(render_fit(report), folder / PAGE)
    write_text(prediction_text(prediction), folder / PREDICTION_FILE)
    end(folder, manifest)
    return PredictionRun(prediction=prediction, folder=folder, sheets=sheets)
