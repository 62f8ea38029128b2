"""What files of figures teach: closed loops of Locust and k6, ramps, classes with utilisation, rates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from footfall._calibrate.calibration import (
    Learned,
    LearnedCores,
    LearnedLoop,
    LearnedUtilisation,
    LeftOutRun,
    SourceRun,
)
from footfall._calibrate.closed_loop import ClosedParameters, learn_closed_loop
from footfall._calibrate.coarse_files import (
    HISTORY_COLUMNS,
    RAMP_COLUMNS,
    STATS_COLUMNS,
    history_runs,
    k6_run,
    ramp,
    stats_run,
)
from footfall._calibrate.coarse_run import CoarseRun, closed_point, objections, ramp_findings
from footfall._calibrate.learned_station import LearnedNumber
from footfall._calibrate.mapped_figures import FiguresMapping, class_times, read_mapping, utilisation_samples
from footfall._calibrate.shared_cores import ClassTimes, learn_shared_cores
from footfall._calibrate.utilisation_law import UtilisationLaw, learn_utilisation_law
from footfall._records.errors import BadInputError
from footfall._records.log_file import TableForm, read_table
from footfall._records.runs import read_json, read_limited
from footfall._runs.calibration_sources import file_source

_FORMS = (
    "Locust's stats_history.csv or stats.csv, k6's summary as .json, a ramp with a row a second, "
    "or --map FILE.toml for columns of other names"
)
_GENERATOR_BOUND = "generator-bound"


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresAsked:
    """How files of figures are read; none of it belongs to folders of runs."""

    utilisation: Path | None = None
    """Samples of how busy the cores were, to go with response times by class."""
    mapping: Path | None = None
    """TOML file: which column means what."""
    users: int | None = None
    """Of the closed loop, where the file does not say them."""
    think_s: float | None = None
    """Mean pause of a user between a response and the next request; None: 0, or as k6's summary says."""
    cores: int | None = None
    """That share the work, where no utilisation tells them."""

    def check_unused(self) -> None:
        """See that nothing is given for folders of runs, where it would have no effect.

        Raises:
            BadInputError: something is.
        """
        given = {
            "--utilisation": self.utilisation,
            "--map": self.mapping,
            "--users": self.users,
            "--think": self.think_s,
            "--cores": self.cores,
        }
        for name, value in given.items():
            if value is not None:
                raise BadInputError(
                    name, "applies to files of figures", "no such option with folders of runs"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedFigures:
    """What files taught."""

    name: str
    learned: Learned
    numbers: tuple[LearnedNumber, ...]
    unknown: tuple[str, ...]
    flags: tuple[str, ...]
    sources: tuple[SourceRun, ...]
    left_out: tuple[LeftOutRun, ...]


def learn_figures(paths: Sequence[Path], asked: FiguresAsked, seed: int = 1) -> LearnedFigures:
    """Learn from files of figures: what they hold is seen by their columns, or by the mapping.

    Raises:
        BadInputError: a file cannot be read, files of several kinds are mixed, or nothing can be learned.
    """
    if asked.think_s is not None and not 0 <= asked.think_s < np.inf:
        raise BadInputError(f"--think {asked.think_s:g}", "is no time", "0 or more seconds")
    if asked.mapping is not None:
        mapping = read_mapping(read_limited(asked.mapping, "a TOML file"), str(asked.mapping))
        if mapping.columns.loads:
            return _utilisation_law(paths, mapping)
        return _shared_cores(paths, asked, mapping)
    if asked.utilisation is not None or asked.cores is not None:
        return _shared_cores(paths, asked, FiguresMapping())
    kinds = {_kind(path) for path in paths}
    if kinds == {"ramp"}:
        return _ramps(paths)
    if "ramp" in kinds:
        raise BadInputError("RUN", "ramps and runs with constant users are mixed", "one of the two")
    return _closed_loop(paths, asked, seed)


def _kind(path: Path) -> str:
    if path.suffix == ".json":
        return "k6"
    columns = set(read_table(path).frame.columns)
    for kind, heads in (("history", HISTORY_COLUMNS), ("stats", STATS_COLUMNS), ("ramp", RAMP_COLUMNS)):
        if heads <= columns:
            return kind
    raise BadInputError(
        str(path), f"has columns of no known tool ({', '.join(sorted(columns))[:80]})", _FORMS
    )


# ── Closed loops


def _closed_loop(paths: Sequence[Path], asked: FiguresAsked, seed: int) -> LearnedFigures:
    runs, sources, left_out = [], [], []
    for path in paths:
        for run in _coarse_runs(path, asked):
            against = objections(run)
            left_out += [LeftOutRun(run=run.name, reason=f"{one.flag}: {one.text}") for one in against]
            if not against:
                runs.append(run)
                sources.append((path, run))
    if not runs:
        reasons = "; ".join(f"{one.run}: {one.reason}" for one in left_out)
        raise BadInputError("calibration", f"no run can be learned from ({reasons})", "a steady run")
    points = [closed_point(run) for run in runs]
    fit = learn_closed_loop(points, seed=seed)
    loads = sorted({point.users for point in points})
    unknown = []
    if len(loads) == 1:
        unknown.append(f"how throughput goes with users: all runs have {loads[0]} users")
    unknown.append(f"more than {loads[-1]} users: no run had them; intervals widen with the distance")
    stations = [one for one in fit.draws if isinstance(one, ClosedParameters)]
    flags = tuple(dict.fromkeys(one.reason.partition(":")[0] for one in left_out))
    return LearnedFigures(
        name=paths[0].stem,
        learned=LearnedLoop(fit=fit),
        numbers=_loop_numbers(stations, len(loads)),
        unknown=tuple(unknown),
        flags=flags,
        sources=tuple(file_source(path, run.requests, run.length_s) for path, run in dict(sources).items()),
        left_out=tuple(left_out),
    )


def _coarse_runs(path: Path, asked: FiguresAsked) -> tuple[CoarseRun, ...]:
    kind, name, think_s = _kind(path), path.name, asked.think_s
    if kind == "k6":
        return (k6_run(read_json(path, "a summary of k6"), name, asked.users, think_s),)
    frame = read_table(path).frame
    if kind == "stats":
        return (stats_run(frame, name, asked.users, think_s or 0.0),)
    if asked.users is not None:
        raise BadInputError("--users", f"{name} says its users itself", "no --users")
    return history_runs(frame, name, think_s or 0.0)


def _loop_numbers(draws: Sequence[ClosedParameters], loads: int) -> tuple[LearnedNumber, ...]:
    reads: dict[str, Callable[[ClosedParameters], float]] = {
        "rate_per_s": lambda one: one.rate_per_s,
        "delay_s": lambda one: one.delay_s,
        "decline": lambda one: one.decline,
        "second_share": lambda one: one.second_share,
    }
    sure = {"rate_per_s": loads > 1, "delay_s": loads > 1}
    numbers = []
    for name, read in reads.items():
        low, middle, high = (float(x) for x in np.quantile([read(one) for one in draws], (0.025, 0.5, 0.975)))
        numbers.append(
            LearnedNumber(path=name, value=middle, low=low, high=high, identified=sure.get(name, False))
        )
    return tuple(numbers)


# ── Ramps


def _ramps(paths: Sequence[Path]) -> LearnedFigures:
    """Say of ramps who set the limit; nothing is learned of the service.

    Raises:
        BadInputError: always, with what the ramps show.
    """
    said = []
    for path in paths:
        found = ramp_findings(ramp(read_table(path).frame, path.name))
        said.append(f"{path.name}: {found.text}")
    raise BadInputError(
        "calibration", "; ".join(said), "runs with a row a request, or at constant numbers of users"
    )


# ── Response times by class, and tables of rates


def _shared_cores(paths: Sequence[Path], asked: FiguresAsked, mapping: FiguresMapping) -> LearnedFigures:
    classes: list[ClassTimes] = []
    for path in paths:
        table = read_table(path, TableForm(names=mapping.names_of_times))
        classes += class_times(table.frame, path.stem, mapping)
    samples = None
    if asked.utilisation is not None:
        table = read_table(asked.utilisation, TableForm())
        samples = utilisation_samples(table.frame, str(asked.utilisation), mapping)
    found = learn_shared_cores(classes, samples, asked.cores)
    numbers = [
        LearnedNumber(
            path="cores",
            value=found.cores,
            low=found.cores,
            high=found.cores,
            identified=samples is not None,
        )
    ]
    numbers += [
        LearnedNumber(
            path=f"demand_s.{one.name}",
            value=one.demand_s,
            low=one.demand_s_low,
            high=one.demand_s_high,
            identified=True,
        )
        for one in found.classes
    ]
    unknown = (
        [] if samples else ["utilisation: no samples are given, so no work besides the requests is seen"]
    )
    files = [*paths, *([asked.utilisation] if asked.utilisation else [])]
    requests = sum(len(one.ended_s) for one in classes)
    return LearnedFigures(
        name=paths[0].stem,
        learned=LearnedCores(cores=found),
        numbers=tuple(numbers),
        unknown=tuple(unknown),
        flags=("shared cores",),
        sources=tuple(file_source(path, requests, found.length_s) for path in files),
        left_out=(),
    )


def _utilisation_law(paths: Sequence[Path], mapping: FiguresMapping) -> LearnedFigures:
    if len(paths) != 1 or mapping.columns.utilisation is None:
        raise BadInputError(
            "--map", "loads need one table with a column of utilisation", "columns.utilisation"
        )
    names = frozenset({mapping.columns.utilisation, *mapping.columns.loads})
    frame = read_table(paths[0], TableForm(names=names)).frame
    rates = {name: mapping.numbers(frame, name, paths[0].name) for name in mapping.columns.loads}
    busy = mapping.numbers(frame, mapping.columns.utilisation, paths[0].name) * mapping.utilisation_scale
    law = learn_utilisation_law(rates, busy)
    return LearnedFigures(
        name=paths[0].stem,
        learned=LearnedUtilisation(law=law),
        numbers=_law_numbers(law),
        unknown=tuple(
            f"{name}: explains nothing beyond the others" for name in rates if name not in law.demands
        ),
        flags=(),
        sources=(file_source(paths[0], frame.height, 0.0),),
        left_out=(),
    )


def _law_numbers(law: UtilisationLaw) -> tuple[LearnedNumber, ...]:
    return tuple(
        LearnedNumber(
            path=f"demand.{name}",
            value=value,
            low=min(law.demand_lows[name], value),
            high=max(law.demand_highs[name], value),
            identified=law.demand_lows[name] > 0,
        )
        for name, value in law.demands.items()
    )


def frame_of_rates(path: Path, names: Sequence[str]) -> pl.DataFrame:
    """Read the rates that a utilisation law is to predict from.

    Raises:
        BadInputError: a column is missing or a cell is not a number.
    """
    frame = read_table(path, TableForm(names=frozenset(names))).frame
    return pl.DataFrame({name: FiguresMapping().numbers(frame, name, path.name) for name in names})
