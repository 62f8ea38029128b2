"""What was chosen from what: the data of an estimate, as frozen arrays that check themselves."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footfall._records.errors import BadInputError

Floats = NDArray[np.float64]
_WHERE = "choices"


@dataclass(frozen=True, slots=True)
class Choices:
    """Observed choices: a row each, with what every alternative then was like.

    The arrays are made read-only.

    Raises:
        BadInputError: shapes do not fit, a value is missing, or somebody chose what was not available.
    """

    alternatives: tuple[str, ...]
    parameters: tuple[str, ...]
    """Names of the coefficients, one for each attribute."""
    attributes: Floats
    """Row by alternative by parameter: what the coefficient multiplies in the utility."""
    available: NDArray[np.bool_]
    """Row by alternative."""
    chosen: NDArray[np.int64]
    """By row, a position in `alternatives`."""
    weights: Floats
    """By row; 1 where every row counts alike."""

    def __post_init__(self) -> None:
        """Check the arrays, and freeze them."""
        _check_names(self.alternatives, "alternatives", 2)
        _check_names(self.parameters, "parameters", 1)
        _check_shapes(self)
        _check_values(self)
        for array in (self.attributes, self.available, self.chosen, self.weights):
            array.setflags(write=False)

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.chosen)


def _check_names(names: tuple[str, ...], what: str, least: int) -> None:
    if len(names) < least or len(set(names)) != len(names):
        raise BadInputError(_WHERE, f"{what} are {list(names)}", f"{least} or more, each named once")


def _check_shapes(choices: Choices) -> None:
    rows, alternatives = len(choices.chosen), len(choices.alternatives)
    expected = {
        "attributes": (rows, alternatives, len(choices.parameters)),
        "available": (rows, alternatives),
        "weights": (rows,),
    }
    for name, shape in expected.items():
        found = getattr(choices, name).shape
        if found != shape:
            raise BadInputError(_WHERE, f"{name} have the shape {found}", f"{shape}")
    if not rows:
        raise BadInputError(_WHERE, "there are none", "one row or more")


def _check_values(choices: Choices) -> None:
    missing = ~np.isfinite(choices.attributes) & choices.available[:, :, None]
    if missing.any():
        row, alternative, parameter = (int(k) for k in np.argwhere(missing)[0])
        where = f"row {row}, {choices.alternatives[alternative]}"
        raise BadInputError(_WHERE, f"{choices.parameters[parameter]} is missing at {where}", "a number")
    if choices.chosen.min() < 0 or choices.chosen.max() >= len(choices.alternatives):
        raise BadInputError(_WHERE, "a row chose an alternative that does not exist", "positions of them")
    shut = ~choices.available[np.arange(len(choices)), choices.chosen]
    if shut.any():
        row = int(np.argmax(shut))
        name = choices.alternatives[choices.chosen[row]]
        raise BadInputError(_WHERE, f"row {row} chose {name}, which it could not", "available alternatives")
    if not (np.isfinite(choices.weights).all() and (choices.weights > 0).all()):
        raise BadInputError(_WHERE, "a weight is not above 0", "weights above 0")
