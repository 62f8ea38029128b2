"""Files of figures as they are read: which kind each is, and what is said of them on the command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from footfall._calibrate.coarse_files import (
    HISTORY_COLUMNS,
    RAMP_COLUMNS,
    STATS_COLUMNS,
    history_runs,
    k6_run,
    stats_run,
)
from footfall._calibrate.coarse_run import CoarseRun
from footfall._calibrate.mapped_figures import FiguresMapping, class_times, read_mapping, utilisation_samples
from footfall._calibrate.shared_cores import ClassTimes, Utilisation
from footfall._records.errors import BadInputError
from footfall._records.log_file import TableForm, read_table
from footfall._records.runs import read_json, read_limited

_FORMS = (
    "Locust's stats_history.csv or stats.csv, k6's summary as .json, a ramp with a row a second, "
    "or --map FILE.toml for columns of other names"
)


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


def mapping_of(asked: FiguresAsked) -> FiguresMapping:
    """Read the mapping of columns; without one the columns have the usual names.

    Raises:
        BadInputError: it cannot be read.
    """
    if asked.mapping is None:
        return FiguresMapping()
    return read_mapping(read_limited(asked.mapping, "a TOML file"), str(asked.mapping))


def kind_of(path: Path) -> str:
    """Return `history` or `stats` (Locust), `k6`, or `ramp`, as the columns tell.

    Raises:
        BadInputError: they are of none of these.
    """
    if path.suffix == ".json":
        return "k6"
    columns = set(read_table(path).frame.columns)
    for kind, heads in (("history", HISTORY_COLUMNS), ("stats", STATS_COLUMNS), ("ramp", RAMP_COLUMNS)):
        if heads <= columns:
            return kind
    raise BadInputError(
        str(path), f"has columns of no known tool ({', '.join(sorted(columns))[:80]})", _FORMS
    )


def coarse_runs(path: Path, asked: FiguresAsked) -> tuple[CoarseRun, ...]:
    """Read the closed loops in a file of Locust or k6.

    Raises:
        BadInputError: it cannot be read, or says its users itself.
    """
    kind, name, think_s = kind_of(path), path.name, asked.think_s
    if kind == "k6":
        return (k6_run(read_json(path, "a summary of k6"), name, asked.users, think_s),)
    frame = read_table(path).frame
    if kind == "stats":
        return (stats_run(frame, name, asked.users, think_s or 0.0),)
    if asked.users is not None:
        raise BadInputError("--users", f"{name} says its users itself", "no --users")
    return history_runs(frame, name, think_s or 0.0)


def times_by_class(
    paths: Sequence[Path], asked: FiguresAsked, mapping: FiguresMapping
) -> tuple[list[ClassTimes], Utilisation | None]:
    """Read response times by class, and the samples of utilisation that belong to them; None: there are none.

    Raises:
        BadInputError: a file cannot be read.
    """
    classes: list[ClassTimes] = []
    for path in paths:
        table = read_table(path, TableForm(names=mapping.names_of_times))
        classes += class_times(table.frame, path.stem, mapping)
    if asked.utilisation is None:
        return classes, None
    table = read_table(asked.utilisation, TableForm())
    return classes, utilisation_samples(table.frame, str(asked.utilisation), mapping)


def table_of_rates(
    path: Path, mapping: FiguresMapping
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64]]:
    """Read a table of rates with the utilisation (0 to 1): loads by column, and the utilisation.

    Raises:
        BadInputError: a column is missing or a cell is not a number.
    """
    columns = mapping.columns
    if columns.utilisation is None:
        raise BadInputError("--map", "loads need a column of utilisation", "columns.utilisation")
    frame = read_table(path, TableForm(names=frozenset({columns.utilisation, *columns.loads}))).frame
    rates = {name: mapping.numbers(frame, name, path.name) for name in columns.loads}
    return rates, mapping.numbers(frame, columns.utilisation, path.name) * mapping.utilisation_scale
