"""Files of figures that a prediction is verified by: closed loops, times by class, tables of rates."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import sqrt
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall._calibrate.coarse_run import CoarseRun, closed_point, objections
from footfall._calibrate.load_figures import ALL_CHANNELS, THROUGHPUT
from footfall._calibrate.load_prediction import LoadPrediction
from footfall._calibrate.shared_cores import ClassTimes, Utilisation
from footfall._records.errors import BadInputError
from footfall._records.log_file import read_table
from footfall._runs.calibration_sources import file_source
from footfall._runs.figure_files import (
    FiguresAsked,
    coarse_runs,
    kind_of,
    mapping_of,
    table_of_rates,
    times_by_class,
)
from footfall._runs.verified_runs import RATE_OFF, SIGMAS, Figures, MeasuredRun, check_near

_LENGTH_LEAST = 0.9
"""A run shorter than this share of the predicted length varies more than the interval allows."""
_UNIX_S_LEAST, _UNIX_S_MOST = 1e9, 1e10
"""Numbers between them (2001 to 2286) are seconds since 1970; others count from a start of their own."""
_TIME_COLUMNS = ("Timestamp", "timestamp", "time_s")
_FIGURE_OFF = 0.02


def measured_files(
    prediction: LoadPrediction, paths: Sequence[Path], asked: FiguresAsked, *, held_out: bool = False
) -> tuple[MeasuredRun, ...]:
    """Read the runs in files that a prediction from figures is verified by.

    Of a closed loop each file has one run or more; files of response times by class are one run together; a
    table of rates is one run. A file is older than the prediction if the Unix times in it are, or else its
    time of change; with `held_out` it may be.

    Raises:
        BadInputError: the calibration has learned from a file, one is older than the prediction, has another
            load, is named twice, or cannot be read.
    """
    if wrong := next((path for path in paths if not path.is_file()), None):
        raise BadInputError(
            str(wrong), "is no file", f"files of figures: the prediction is of {prediction.of}"
        )
    files = [*paths, *([asked.utilisation] if asked.utilisation else [])]
    hashes = _hashes(prediction, files)
    if prediction.of == "closed loop":
        return _closed_loops(prediction, dict(zip(paths, hashes, strict=False)), asked, held_out=held_out)
    run = _classes if prediction.of == "shared cores" else _rates
    return (run(prediction, paths, asked, _joined(hashes), held_out=held_out),)


# ── Made without the file, and before it


def _hashes(prediction: LoadPrediction, files: Sequence[Path]) -> list[str]:
    learned = {source.sha256: source.run for source in prediction.calibration.sources}
    found: dict[str, Path] = {}
    for path in files:
        digest = file_source(path, 0, 0.0).sha256
        if digest in learned:
            same = "" if learned[digest] == path.name else f" as {learned[digest]}"
            raise BadInputError(
                f"RUN {path}", f"the calibration has learned from this file{same}", "a run made since"
            )
        if digest in found:
            raise BadInputError(f"RUN {path}", f"has the same content as {found[digest]}", "each run once")
        found[digest] = path
    return list(found)


def _joined(hashes: Sequence[str]) -> str:
    return hashes[0] if len(hashes) == 1 else "+".join(sorted(one[:16] for one in hashes))


def _check_later(
    prediction: LoadPrediction, path: Path, times_s: NDArray[np.float64], *, held_out: bool
) -> None:
    """See that a file was made after the prediction, by the times in it or else by its own.

    Raises:
        BadInputError: it was not, and is not `held_out`.
    """
    if held_out:
        return
    first_s = float(times_s.min()) if len(times_s) else 0.0
    is_unix = _UNIX_S_LEAST <= first_s <= _UNIX_S_MOST
    began = datetime.fromtimestamp(first_s if is_unix else path.stat().st_mtime, UTC)
    if began < datetime.fromisoformat(prediction.made_at):
        when = "begins at" if is_unix else "was last changed at"
        raise BadInputError(
            f"RUN {path}",
            f"{when} {began.isoformat(timespec='seconds')}, before the prediction was made "
            f"({prediction.made_at})",
            "a run made since, or --held-out for data that was set aside",
        )


# ── Closed loops


def _closed_loops(
    prediction: LoadPrediction, files: Mapping[Path, str], asked: FiguresAsked, *, held_out: bool
) -> tuple[MeasuredRun, ...]:
    users, think_s = prediction.load.users or 0, prediction.load.think_s or 0.0
    if asked.think_s is not None:
        check_near("--think", "think time", (asked.think_s, think_s), _FIGURE_OFF, "s")
    found = []
    for path, digest in files.items():
        kind = kind_of(path)
        if kind == "ramp":
            raise BadInputError(f"RUN {path}", "is a ramp", f"a run with {users} users, as predicted")
        _check_later(prediction, path, _times_in(path), held_out=held_out)
        given = FiguresAsked(users=asked.users, think_s=think_s if asked.think_s is None else asked.think_s)
        runs = coarse_runs(path, given)
        own = [run for run in runs if closed_point(run).users == users]
        if not own:
            had = " and ".join(str(closed_point(run).users) for run in runs)
            raise BadInputError(f"RUN {path}", f"has {had} users", f"{users} users, as predicted")
        found += [_closed_loop(run, digest) for run in own]
    return tuple(found)


def _closed_loop(run: CoarseRun, digest: str) -> MeasuredRun:
    against = "; ".join(f"{one.flag}: {one.text}" for one in objections(run))
    figures: dict[tuple[str, str], float | None] = {
        (ALL_CHANNELS, THROUGHPUT): run.throughput_per_s,
        (ALL_CHANNELS, "response_s_mean"): run.response_s_mean,
        **{
            (ALL_CHANNELS, f"response_s_p{100 * probability:g}"): value
            for probability, value in run.quantiles_s.items()
        },
    }
    return _measured(run.name, digest, figures, against)


def _times_in(path: Path, column: str | None = None) -> NDArray[np.float64]:
    """Return the numbers in a file's column of times; empty: it has none."""
    if path.suffix == ".json":
        return np.empty(0)
    frame = read_table(path).frame
    name = next((each for each in (column, *_TIME_COLUMNS) if each in frame.columns), None)
    return np.empty(0) if name is None else _numbers(frame[name])


def _numbers(cells: pl.Series) -> NDArray[np.float64]:
    return cells.cast(pl.Float64, strict=False).drop_nulls().to_numpy()


# ── Response times by class, and tables of rates


def _classes(
    prediction: LoadPrediction, paths: Sequence[Path], asked: FiguresAsked, digest: str, *, held_out: bool
) -> MeasuredRun:
    classes, samples = times_by_class(paths, asked, mapping_of(asked))
    name = " and ".join(path.name for path in paths)
    ended_s = np.concatenate([one.ended_s for one in classes])
    if len(ended_s) < 2:  # noqa: PLR2004  a length needs two
        raise BadInputError(f"RUN {name}", f"has {len(ended_s)} requests", "the requests of a run")
    for path in paths:
        _check_later(prediction, path, ended_s, held_out=held_out)
    length_s = float(np.ptp(ended_s))
    _check_long_enough(prediction, name, length_s)
    had = {one.name: len(one.ended_s) / length_s for one in classes}
    _check_rates(prediction, had, name, length_s)
    figures: dict[tuple[str, str], float | None] = {
        (one.name, "response_s_mean"): float(one.response_s.mean()) for one in classes
    }
    if samples is not None:
        figures[ALL_CHANNELS, "utilisation_share"] = _utilisation_within(classes, samples)
    return _measured(name, digest, figures)


def _utilisation_within(classes: Sequence[ClassTimes], samples: Utilisation) -> float:
    """Return the mean of the samples whose interval lies within the run.

    Raises:
        BadInputError: none does.
    """
    begins_s = min(float((one.ended_s - one.response_s).min()) for one in classes)
    ends_s = max(float(one.ended_s.max()) for one in classes)
    width_s = float(np.median(np.diff(samples.at_s))) if len(samples.at_s) > 1 else 0.0
    within = (samples.at_s - width_s >= begins_s - width_s / 2) & (samples.at_s <= ends_s + width_s / 2)
    if not within.any():
        raise BadInputError("--utilisation", "has no sample within the run", "samples of the same clock")
    return float(samples.share[within].mean())


def _rates(
    prediction: LoadPrediction, paths: Sequence[Path], asked: FiguresAsked, digest: str, *, held_out: bool
) -> MeasuredRun:
    if len(paths) != 1:
        raise BadInputError("RUN", f"{len(paths)} tables of rates are given", "one table")
    path, mapping = paths[0], mapping_of(asked)
    if not mapping.columns.loads:
        raise BadInputError(
            "--map", "a table of rates needs its columns", "--map FILE.toml with loads and utilisation"
        )
    rates, busy = table_of_rates(path, mapping)
    _check_later(prediction, path, _times_in(path, mapping.columns.sampled_s), held_out=held_out)
    wanted = dict(prediction.load.rates)
    _check_rates(prediction, {name: float(rates[name].mean()) for name in wanted if name in rates}, path.name)
    # The law is linear: at the mean of the rates it gives the mean of the utilisation.
    return _measured(path.name, digest, {(ALL_CHANNELS, "utilisation_share"): float(busy.mean())})


def _check_rates(
    prediction: LoadPrediction, had: Mapping[str, float], name: str, length_s: float | None = None
) -> None:
    wanted = dict(prediction.load.rates)
    if set(had) != set(wanted):
        raise BadInputError(
            f"RUN {name}",
            f"has rates of {' and '.join(sorted(had)) or 'nothing'}",
            f"{' and '.join(sorted(wanted))}, as predicted",
        )
    for one, rate in had.items():
        allowed = RATE_OFF
        if length_s is not None:
            allowed = max(allowed, SIGMAS / sqrt(max(wanted[one] * length_s, 1.0)))
        check_near(f"RUN {name}", f"rate of {one}", (rate, wanted[one]), allowed, "")


def _check_long_enough(prediction: LoadPrediction, name: str, length_s: float) -> None:
    wanted_s = prediction.load.length_s
    if length_s < _LENGTH_LEAST * wanted_s:
        raise BadInputError(
            f"RUN {name}", f"lasted {length_s:.4g} s", f"{wanted_s:.4g} s or longer, as predicted"
        )


def _measured(name: str, digest: str, figures: Figures, invalid_reason: str = "") -> MeasuredRun:
    return MeasuredRun(
        run=name,
        sha256=digest,
        invalid_reason=invalid_reason,
        figures={} if invalid_reason else figures,
    )
