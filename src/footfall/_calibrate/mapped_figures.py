"""Columns of figures by their meaning: response times by class, samples of utilisation, rates of work."""

from typing import Annotated, Literal, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field

from footfall._calibrate.shared_cores import ClassTimes, Utilisation
from footfall._model.numbers import Spec
from footfall._records.errors import BadInputError
from footfall._records.toml_lines import parsed_toml
from footfall._workload.log_mapping import checked

Floats: TypeAlias = NDArray[np.float64]

EXAMPLE = """\
# Columns of your files. Response times by class: a row a request, one file a class or a column `class`.
[columns]
ended_s = "time_s"            # clock of the end of each response; or sent_s = "…", of its beginning
response_s = "response_s"
# class = "operation"
# Samples of how busy the cores were (--utilisation FILE), each the mean since the one before.
sampled_s = "time_s"
utilisation = "cpu_share"
# In place of these, a table of rates: what the utilisation is explained by.
# loads = ["cpu_time", "db_time"]

[options]
response_unit = "s"           # or "ms"
utilisation_unit = "share"    # 0 to 1; or "percent"
"""
_UNITS = {"s": 1.0, "ms": 1e-3}
_LOADS_MOST = 10
_PRINTS = "`footfall calibrate --example` prints"


class FiguresColumns(Spec):
    """Names of the columns, by their meaning; what is not named is found by the names below."""

    ended_s: str | None = None
    sent_s: str | None = None
    response_s: str | None = None
    kind: Annotated[str | None, Field(alias="class")] = None
    sampled_s: str | None = None
    utilisation: str | None = None
    loads: Annotated[tuple[str, ...], Field(max_length=_LOADS_MOST)] = ()


class FiguresOptions(Spec):
    """Units of the columns."""

    response_unit: Literal["s", "ms"] = "s"
    utilisation_unit: Literal["share", "percent"] = "share"


class FiguresMapping(Spec):
    """Which column means what."""

    columns: FiguresColumns = FiguresColumns()
    options: FiguresOptions = FiguresOptions()

    @property
    def names_of_times(self) -> frozenset[str]:
        """Columns that a file of response times must have."""
        columns = self.columns
        given = (columns.ended_s, columns.sent_s, columns.response_s, columns.kind)
        return frozenset(name for name in given if name is not None)

    @property
    def utilisation_scale(self) -> float:
        """What a cell of utilisation is multiplied by to be a share."""
        return 0.01 if self.options.utilisation_unit == "percent" else 1.0

    @staticmethod
    def numbers(frame: pl.DataFrame, name: str, where: str) -> Floats:
        """Return a column as numbers.

        Raises:
            BadInputError: it is missing, or a cell is not a number.
        """
        if name not in frame.columns:
            raise BadInputError(where, f"has no column {name!r}", " or ".join(frame.columns)[:120])
        cells = frame[name].cast(pl.Float64, strict=False)
        wrong = (cells.is_null() | ~cells.is_finite()).fill_null(value=True)
        if wrong.any():
            row = int(wrong.arg_max() or 0)
            raise BadInputError(f"{where} row {row + 1}", f"{name} is {frame[name][row]!r}", "a number")
        return cells.to_numpy()


def read_mapping(text: str, where: str) -> FiguresMapping:
    """Read a mapping from TOML.

    Raises:
        BadInputError: it is not TOML, or a name or value in it is unknown.
    """
    data = parsed_toml(text, where, f"what {_PRINTS}")
    return checked(FiguresMapping, data, where, f"a mapping as {_PRINTS}", text)


def class_times(frame: pl.DataFrame, name: str, mapping: FiguresMapping) -> list[ClassTimes]:
    """Return the response times of a file, by class; without a column of classes its name is the class.

    Raises:
        BadInputError: a column is missing, a cell is not a number, or a response time is negative.
    """
    columns = mapping.columns
    at = columns.ended_s or columns.sent_s or _first(frame, ("ended_s", "time_s", "timestamp"), name)
    response = columns.response_s or _first(frame, ("response_s",), name)
    response_s = mapping.numbers(frame, response, name) * _UNITS[mapping.options.response_unit]
    if (response_s < 0).any():
        raise BadInputError(name, f"{response} is negative", "response times of 0 or more")
    ended_s = mapping.numbers(frame, at, name) + (response_s if columns.sent_s else 0.0)
    if columns.kind is None:
        return [_sorted(name, ended_s, response_s)]
    if columns.kind not in frame.columns:
        raise BadInputError(name, f"has no column {columns.kind!r}", " or ".join(frame.columns)[:120])
    kinds = frame[columns.kind].cast(pl.String).fill_null("").to_numpy()
    return [
        _sorted(str(kind), ended_s[kinds == kind], response_s[kinds == kind]) for kind in np.unique(kinds)
    ]


def utilisation_samples(frame: pl.DataFrame, where: str, mapping: FiguresMapping) -> Utilisation:
    """Return the samples of a file.

    Raises:
        BadInputError: a column is missing or not of numbers, times fall, or a share is not 0 to 1.
    """
    columns = mapping.columns
    at = columns.sampled_s or _first(frame, ("time_s", "timestamp"), where)
    rest = [name for name in frame.columns if name != at]
    busy = columns.utilisation or (rest[0] if len(rest) == 1 else _first(frame, ("utilisation",), where))
    at_s = mapping.numbers(frame, at, where)
    share = mapping.numbers(frame, busy, where) * mapping.utilisation_scale
    if (np.diff(at_s) <= 0).any():
        raise BadInputError(where, f"{at} does not rise", "samples in the order of their times")
    if ((share < 0) | (share > 1)).any():
        worst = float(share[np.argmax(np.abs(share - 0.5))])
        raise BadInputError(where, f"{busy} has {worst:g}", "shares from 0 to 1, or utilisation_unit percent")
    return Utilisation(at_s=at_s, share=share)


def _sorted(name: str, ended_s: Floats, response_s: Floats) -> ClassTimes:
    order = np.argsort(ended_s, kind="stable")
    return ClassTimes(name=name, ended_s=ended_s[order], response_s=response_s[order])


def _first(frame: pl.DataFrame, names: tuple[str, ...], where: str) -> str:
    found = next((name for name in names if name in frame.columns), None)
    if found is None:
        raise BadInputError(where, f"has no column {' or '.join(names)}", "--map FILE.toml that names it")
    return found
