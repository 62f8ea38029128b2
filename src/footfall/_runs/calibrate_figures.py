"""What files of figures teach: closed loops of Locust and k6, ramps, classes with utilisation, rates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

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
    ramp,
)
from footfall._calibrate.coarse_run import closed_point, objections, ramp_findings
from footfall._calibrate.learned_station import LearnedNumber
from footfall._calibrate.mapped_figures import FiguresMapping
from footfall._calibrate.shared_cores import learn_shared_cores
from footfall._calibrate.utilisation_law import UtilisationLaw, learn_utilisation_law
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
        mapping = mapping_of(asked)
        if mapping.columns.loads:
            return _utilisation_law(paths, mapping)
        return _shared_cores(paths, asked, mapping)
    if asked.utilisation is not None or asked.cores is not None:
        return _shared_cores(paths, asked, FiguresMapping())
    kinds = {kind_of(path) for path in paths}
    if kinds == {"ramp"}:
        return _ramps(paths)
    if "ramp" in kinds:
        raise BadInputError("RUN", "ramps and runs with constant users are mixed", "one of the two")
    return _closed_loop(paths, asked, seed)


# ── Closed loops


def _closed_loop(paths: Sequence[Path], asked: FiguresAsked, seed: int) -> LearnedFigures:
    runs, sources, left_out = [], [], []
    for path in paths:
        for run in coarse_runs(path, asked):
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
    classes, samples = times_by_class(paths, asked, mapping)
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
    if len(paths) != 1:
        raise BadInputError("RUN", f"{len(paths)} tables of rates are given", "one table")
    rates, busy = table_of_rates(paths[0], mapping)
    law = learn_utilisation_law(rates, busy)
    return LearnedFigures(
        name=paths[0].stem,
        learned=LearnedUtilisation(law=law),
        numbers=_law_numbers(law),
        unknown=tuple(
            f"{name}: explains nothing beyond the others" for name in rates if name not in law.demands
        ),
        flags=(),
        sources=(file_source(paths[0], len(busy), 0.0),),
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
