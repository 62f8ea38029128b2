"""Runs that a prediction is verified by: made after it and without it, of its load, valid; their figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isclose, sqrt
from pathlib import Path

from footfall._calibrate.load_figures import (
    RequestSample,
    figures_by_channel,
    figures_of_visits,
)
from footfall._calibrate.load_prediction import LoadPrediction, PredictedLoad
from footfall._calibrate.request_log import RequestLog
from footfall._calibrate.run_logs import request_logs
from footfall._load.result_files import HITS_FILE, VISITS_FILE
from footfall._load.series_files import read_done
from footfall._records.errors import BadInputError
from footfall._records.runs import Manifest, digests, read_manifest
from footfall._records.tables import VISITS, read_parquet
from footfall._runs.calibration_sources import invalid_reason, name_of, run_folders
from footfall._workload.trace import Trace, read_trace

RATE_OFF = 0.03
"""Relative: so far a rate may be off from the predicted one."""
SIGMAS = 4.0
"""And so many standard deviations of a Poisson count."""
_LENGTH_OFF, _SHARE_OFF = 0.02, 0.005

Figures = Mapping[tuple[str, str], float | None]


@dataclass(frozen=True, kw_only=True)
class MeasuredRun:
    """A run that a prediction can be verified by."""

    run: str
    sha256: str
    """Of its requests."""
    invalid_reason: str
    """Empty: it is valid."""
    figures: Figures
    """Empty where it is not valid."""


def measured_runs(
    prediction: LoadPrediction, paths: Sequence[Path], *, held_out: bool = False
) -> tuple[MeasuredRun, ...]:
    """Read the runs, or the steps of a capacity search, that a prediction is verified by.

    With `held_out` they may be older than the prediction.

    Raises:
        BadInputError: a run took part in the calibration, is older than the prediction, was changed after it
            had ended, has another load, or is named twice.
    """
    found = tuple(_measured(prediction, folder, held_out=held_out) for folder in run_folders(paths))
    by_content: dict[str, str] = {}
    for one in found:
        if one.sha256 in by_content:
            raise BadInputError(
                f"RUN {one.run}", f"has the same requests as {by_content[one.sha256]}", "each run once"
            )
        by_content[one.sha256] = one.run
    return found


def _measured(prediction: LoadPrediction, folder: Path, *, held_out: bool) -> MeasuredRun:
    manifest, name = read_manifest(folder), name_of(folder)
    found = digests(folder, [HITS_FILE, VISITS_FILE])
    _check_unchanged(manifest, found, folder)
    _check_not_used(prediction, name, found[HITS_FILE])
    if not held_out:
        _check_later(prediction, manifest, name)
    reason = invalid_reason(folder)
    if reason:
        return MeasuredRun(run=name, sha256=found[HITS_FILE], invalid_reason=reason, figures={})
    trace = read_trace(folder)
    _check_outages(prediction.load, trace, name)
    _check_held_back(prediction.load, trace, name)
    if prediction.of == "requests":
        logs = request_logs(folder)
        _check_rates(prediction.load, logs, name)
        length_s = next(iter(logs.values())).length_s
        samples = {channel: RequestSample.of_log(log) for channel, log in logs.items()}
        figures: Figures = {
            key: float(values[0]) for key, values in figures_by_channel(samples, length_s).items()
        }
    else:
        _check_scenario(prediction.load, trace, name)
        visits = read_parquet(folder / VISITS_FILE, VISITS)
        figures = figures_of_visits(visits, _length_s(folder, trace))
    return MeasuredRun(run=name, sha256=found[HITS_FILE], invalid_reason="", figures=figures)


# ── Made before, and without, the run


def _check_unchanged(manifest: Manifest, found: Mapping[str, str], folder: Path) -> None:
    for file, digest in found.items():
        if manifest.files.get(file, digest) != digest:
            raise BadInputError(
                str(folder / file), "was changed after the run had ended", "the run as it was"
            )


def _check_not_used(prediction: LoadPrediction, name: str, digest: str) -> None:
    for source in prediction.calibration.sources:
        if source.sha256 == digest:
            same = "" if source.run == name else f" as {source.run}"
            raise BadInputError(
                f"RUN {name}", f"the calibration has learned from these requests{same}", "a run made since"
            )
        if source.run == name:
            raise BadInputError(
                f"RUN {name}",
                "the calibration has learned from a run of this id, hence of the same arrivals",
                "a run with another --seed",
            )


def _check_later(prediction: LoadPrediction, manifest: Manifest, name: str) -> None:
    if not manifest.started_at:
        raise BadInputError(f"RUN {name}", "does not say when it started", "the folder of a load test")
    try:
        started, made = (datetime.fromisoformat(text) for text in (manifest.started_at, prediction.made_at))
        is_earlier = started < made
    except (ValueError, TypeError) as error:
        raise BadInputError(f"RUN {name}", f"its time cannot be read ({error})", "ISO 8601, UTC") from error
    if is_earlier:
        raise BadInputError(
            f"RUN {name}",
            f"started at {manifest.started_at}, before the prediction was made ({prediction.made_at})",
            "a run made since, or --held-out for runs that were set aside",
        )


# ── Of the load that was predicted


def _check_rates(load: PredictedLoad, logs: Mapping[str, RequestLog], name: str) -> None:
    expected = dict(load.rates)
    if set(logs) != set(expected):
        had, wanted = " and ".join(sorted(logs)), " and ".join(sorted(expected))
        raise BadInputError(f"RUN {name}", f"loaded {had}", f"{wanted}, as predicted")
    for channel, log in logs.items():
        check_near(f"RUN {name}", "length", (log.length_s, load.length_s), _LENGTH_OFF, "s")
        rate = expected[channel]
        allowed = RATE_OFF if load.arrivals else max(RATE_OFF, SIGMAS / sqrt(rate * load.length_s))
        check_near(f"RUN {name}", f"rate of {channel}", (log.offered_per_s, rate), allowed, "requests/s")


def _check_scenario(load: PredictedLoad, trace: Trace, name: str) -> None:
    info, pace = trace.info, trace.info.play
    if load.scenario is not None and info.scenario != load.scenario:
        raise BadInputError(f"RUN {name}", f"is of scenario {info.scenario}", load.scenario)
    check_near(f"RUN {name}", "length", (pace.seconds, load.length_s), _LENGTH_OFF, "s")
    if load.human_time_factor is not None:
        check_near(
            f"RUN {name}",
            "human time factor",
            (pace.human_time_factor, load.human_time_factor),
            _SHARE_OFF,
            "",
        )
    if load.arrivals is not None:
        check_near(f"RUN {name}", "number of arrivals", (trace.arrivals.height, load.arrivals), RATE_OFF, "")
        return
    if load.speed is not None:
        check_near(f"RUN {name}", "speed", (pace.speed, load.speed), _SHARE_OFF, "")
    if load.scale is not None:
        check_near(f"RUN {name}", "scale", (info.scale, load.scale), _SHARE_OFF, "")


def check_near(where: str, what: str, values: tuple[float, float], off_most: float, unit: str) -> None:
    """See that a number of the run is the predicted one, to a relative `off_most`; `values` are these two.

    Raises:
        BadInputError: it is not.
    """
    had, wanted = values
    if not isclose(had, wanted, rel_tol=off_most, abs_tol=1e-9):
        raise BadInputError(
            where,
            f"its {what} was {had:.4g} {unit}".rstrip(),
            f"{wanted:.4g} {unit}".rstrip() + ", as predicted",
        )


def _check_outages(load: PredictedLoad, trace: Trace, name: str) -> None:
    pace = trace.info.play
    had = sorted(
        (
            channel.name,
            (float(outage.starts_s) - pace.starts_s) / pace.length_s,
            (float(outage.ends_s) - pace.starts_s) / pace.length_s,
        )
        for channel in trace.model.channels
        for outage in channel.outages
    )
    within = [one for one in had if one[1] < 1 and one[2] > 0]
    wanted = sorted(load.outages)
    same = len(within) == len(wanted) and all(
        a[0] == b[0] and abs(a[1] - b[1]) < _LENGTH_OFF and abs(a[2] - b[2]) < _LENGTH_OFF
        for a, b in zip(within, wanted, strict=True)
    )
    if not same:
        raise BadInputError(f"RUN {name}", f"had {_outages(within)}", f"{_outages(wanted)}, as predicted")


def _check_held_back(load: PredictedLoad, trace: Trace, name: str) -> None:
    held, whole_s = load.held_back, trace.info.play.seconds
    if held is None:
        return
    start_s, stop_s = held.from_share * whole_s, held.to_share * whole_s
    came = int(trace.arrivals["due_s"].is_between(start_s, stop_s, closed="left").sum())
    if came:
        where = f"from {100 * held.from_share:.0f} % to {100 * held.to_share:.0f} % of it"
        raise BadInputError(f"RUN {name}", f"had {came:,} arrivals {where}", "none there, as predicted")


def _outages(found: Sequence[tuple[str, float, float]]) -> str:
    return (
        " and ".join(f"an outage of {c} from {100 * a:.0f} % to {100 * b:.0f} %" for c, a, b in found)
        or "no outage"
    )


def _length_s(folder: Path, trace: Trace) -> float:
    done = read_done(folder)
    whole_s = trace.info.play.seconds
    return whole_s if done is None else min(done.length_s, whole_s)
