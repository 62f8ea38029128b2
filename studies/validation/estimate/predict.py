"""Shares that an estimate expects, and how they change, with the error that the estimate brings."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from studies.validation.estimate.choices import Choices
from studies.validation.estimate.likelihood import picked_at
from studies.validation.estimate.result import Estimate

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shares:
    """Mean share of each alternative over some rows, or the change of it."""

    alternatives: tuple[str, ...]
    values: Floats
    errors: Floats
    """Standard errors by the delta method, from the robust covariance of the estimate."""


def shares(found: Estimate, choices: Choices) -> Shares:
    """Mean of the expected shares over the rows; who was seen to choose what does not matter.

    Raises:
        ValueError: the choices have other alternatives or parameters than the estimate.
    """
    values, slopes = _means(found, choices)
    return _with_errors(found, choices.alternatives, values, slopes)


def share_change(found: Estimate, before: Choices, after: Choices) -> Shares:
    """Change of the mean shares from one set of attributes or of what is available to another.

    Raises:
        ValueError: the choices have other alternatives or parameters than the estimate.
    """
    old, old_slopes = _means(found, before)
    new, new_slopes = _means(found, after)
    return _with_errors(found, before.alternatives, new - old, new_slopes - old_slopes)


def with_attribute(choices: Choices, parameter: str, values: Floats) -> Choices:
    """Give the choices with other values of what one coefficient multiplies; row by alternative, or one row.

    Raises:
        ValueError: there is no parameter of that name.
    """
    attributes = choices.attributes.copy()
    attributes[:, :, choices.parameters.index(parameter)] = values
    return replace(choices, attributes=attributes)


def _means(found: Estimate, choices: Choices) -> tuple[Floats, Floats]:
    """Mean shares by alternative, and their slopes by alternative and parameter."""
    if (*choices.parameters, *found.nests.parameters()) != found.parameters:
        msg = f"the estimate is of {found.parameters}, the choices of {choices.parameters}"
        raise ValueError(msg)
    weights = choices.weights / choices.weights.sum()
    values, slopes = [], []
    for place in range(len(choices.alternatives)):
        picked = np.full(len(choices), place)
        of_picked = picked_at(choices, found.nests, found.values, picked)
        share = weights * np.exp(of_picked.log_shares)
        values.append(share.sum())
        slopes.append(of_picked.total(share))
    return np.array(values), np.array(slopes)


def _with_errors(found: Estimate, names: tuple[str, ...], values: Floats, slopes: Floats) -> Shares:
    variance = np.einsum("ak,kl,al->a", slopes, found.robust_covariance, slopes)
    return Shares(names, values, np.sqrt(np.maximum(variance, 0.0)))
