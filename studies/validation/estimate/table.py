"""Tables of choices in, estimates out as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall._records.errors import BadInputError
from studies.validation.estimate.choices import Choices
from studies.validation.estimate.result import Estimate


@dataclass(frozen=True, slots=True)
class Term:
    """A coefficient, and what it multiplies in which utilities."""

    parameter: str
    column: str | None = None
    """None: the coefficient is itself the constant of its alternatives."""
    alternatives: tuple[str, ...] = ()
    """None named: all of them."""


@dataclass(frozen=True, slots=True)
class Columns:
    """How the columns of a table of choices are called."""

    case: str = "case"
    """Which choice a row belongs to."""
    alternative: str = "alternative"
    chosen: str = "chosen"
    """1 (or true) in the row of the alternative that was taken, 0 in the others."""
    weight: str | None = None
    """How much a choice counts; the same in all rows of a choice. None: every choice counts 1."""


def choices_of(table: pl.DataFrame, terms: Sequence[Term], columns: Columns | None = None) -> Choices:
    """Choices from a long table: a row for each choice and each alternative that was available to it.

    Alternatives stand in the order in which the table first names them.

    Raises:
        BadInputError: a column is missing, a row stands twice, or a choice has not exactly one taken row.
    """
    columns = columns or Columns()
    _check_columns(table, terms, columns)
    alternatives = tuple(str(a) for a in table[columns.alternative].unique(maintain_order=True))
    unknown = {name for term in terms for name in term.alternatives} - set(alternatives)
    if unknown:
        raise BadInputError("terms", f"unknown alternative {min(unknown)}", ", ".join(alternatives))
    cases = table[columns.case].unique(maintain_order=True)
    row = _positions(table[columns.case], cases)
    place = _positions(table[columns.alternative].cast(pl.String), pl.Series(alternatives))
    available = np.zeros((len(cases), len(alternatives)), dtype=np.bool_)
    available[row, place] = True
    if int(available.sum()) != table.height:
        raise BadInputError("choices", "a choice names an alternative twice", "one row an alternative")
    attributes = np.zeros((*available.shape, len(terms)))
    for k, term in enumerate(terms):
        meant = np.isin(place, [alternatives.index(name) for name in term.alternatives or alternatives])
        values = table[term.column].cast(pl.Float64).fill_null(np.nan) if term.column else None
        attributes[row[meant], place[meant], k] = 1.0 if values is None else values.to_numpy()[meant]
    taken = table[columns.chosen].cast(pl.Float64).to_numpy() > 0
    if (np.bincount(row[taken], minlength=len(cases)) != 1).any():
        raise BadInputError("choices", f"a choice has not one taken row in {columns.chosen}", "exactly one")
    chosen = np.zeros(len(cases), dtype=np.int64)
    chosen[row[taken]] = place[taken]
    weights = np.ones(len(cases))
    if columns.weight:
        weights[row] = table[columns.weight].cast(pl.Float64).to_numpy()
    parameters = tuple(term.parameter for term in terms)
    return Choices(alternatives, parameters, attributes, available, chosen, weights)


def as_table(found: Estimate) -> pl.DataFrame:
    """Give a row for each parameter: value, errors, z (against 0, for a λ against 1), robust too."""
    against = np.array([0.0] * (len(found.values) - len(found.nests.free)) + [1.0] * len(found.nests.free))
    off = found.values - against
    return pl.DataFrame(
        {
            "parameter": list(found.parameters),
            "value": found.values,
            "error": found.errors,
            "z": off / found.errors,
            "robust_error": found.robust_errors,
            "robust_z": off / found.robust_errors,
        }
    )


def _check_columns(table: pl.DataFrame, terms: Sequence[Term], columns: Columns) -> None:
    needed = [columns.case, columns.alternative, columns.chosen, columns.weight]
    needed += [term.column for term in terms]
    missing = [name for name in needed if name is not None and name not in table.columns]
    if missing:
        raise BadInputError("choices", f"no column {missing[0]}", f"one of {', '.join(table.columns)}")
    for name in (columns.case, columns.alternative, columns.chosen, columns.weight):
        if name is not None and table[name].null_count():
            raise BadInputError("choices", f"{name} is empty in a row", "a value in every row")
    for name in (columns.chosen, columns.weight, *(term.column for term in terms)):
        if name is not None and not (table[name].dtype.is_numeric() or table[name].dtype == pl.Boolean):
            raise BadInputError("choices", f"{name} holds text that is no number", "numbers")


def _positions(values: pl.Series, known: pl.Series) -> NDArray[np.int64]:
    return values.replace_strict(known, np.arange(len(known)), return_dtype=pl.Int64).to_numpy()
