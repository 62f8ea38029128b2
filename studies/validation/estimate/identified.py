"""What choices cannot tell: parameters that no number of such rows would identify."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from footfall._records.errors import BadInputError
from studies.validation.estimate.choices import Choices

Floats = NDArray[np.float64]
_FLAT = 1e-9
_WEIGHS = 0.05
_WHERE = "estimate"


def check_coefficients(choices: Choices) -> None:
    """Refuse coefficients that only move all of a row's alternatives alike, alone or together.

    The information of the plain logit is the variance of the attributes within the rows; where it
    has no variance in some direction of the coefficients, it has none at any value of them.

    Raises:
        BadInputError: naming the coefficients that cannot be told apart.
    """
    equal = choices.available / choices.available.sum(axis=1, keepdims=True)
    _check(within_rows(choices, equal), choices.parameters)


def within_rows(choices: Choices, shares: Floats) -> Floats:
    """Mean over the rows of the covariance of the attributes between alternatives that have these shares."""
    mean = np.matmul(shares[:, None, :], choices.attributes)
    weighted = np.sqrt(shares * (choices.weights / choices.weights.sum())[:, None])
    off = ((choices.attributes - mean) * weighted[:, :, None]).reshape(-1, len(choices.parameters))
    found: Floats = off.T @ off
    return found


def check_information(information: Floats, parameters: Sequence[str]) -> None:
    """Refuse a likelihood that is flat, or not at a maximum, in some direction of the parameters.

    Raises:
        BadInputError: naming the parameters.
    """
    _check(information, parameters)


def runs_away(parameters: Sequence[str], step: Floats) -> BadInputError:
    """Give the error of a likelihood that has no maximum."""
    name = parameters[int(np.argmax(np.abs(step)))]
    return BadInputError(_WHERE, f"{name} runs off without end", "choices that it does not predict perfectly")


def _check(information: Floats, parameters: Sequence[str]) -> None:
    values, directions = np.linalg.eigh(information)
    if values[0] > _FLAT * max(values[-1], _FLAT):
        return
    moved = [name for name, part in zip(parameters, np.abs(directions[:, 0]), strict=True) if part > _WEIGHS]
    what = f"the choices do not identify {moved[0]}"
    if len(moved) > 1:
        what = f"the choices cannot tell apart {', '.join(moved)}"
    raise BadInputError(_WHERE, what, "attributes that differ between the alternatives, and not all alike")
