"""The log-likelihood of a nested logit, row by row, and its slopes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footfall._behaviour.choice import NestedLogitShares, nested_logit_of_many
from footfall._records.errors import BadInputError
from studies.validation.estimate.choices import Choices

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
DISSIMILARITY = "dissimilarity_"
"""What the name of a nest's λ among the parameters begins with."""


@dataclass(frozen=True, slots=True)
class Nests:
    """Which alternatives share a nest, and which nests have a λ to be estimated."""

    of: Ints
    """By alternative, a position in `names`."""
    names: tuple[str, ...]
    free: Ints
    """Nests of two alternatives or more, whose λ is estimated; that of the others is 1."""

    def parameters(self) -> tuple[str, ...]:
        """Name the λ that are estimated."""
        return tuple(DISSIMILARITY + self.names[nest] for nest in self.free)

    def dissimilarity(self, free: Floats) -> Floats:
        """Give λ of every nest from those that are estimated."""
        whole = np.ones(len(self.names))
        whole[self.free] = free
        return whole


def nests_of(alternatives: tuple[str, ...], nest_by_alternative: Mapping[str, str]) -> Nests:
    """Nests from a name for each alternative; one that is not named stands alone.

    Raises:
        BadInputError: a nest is given to an alternative that does not exist.
    """
    unknown = sorted(set(nest_by_alternative) - set(alternatives))
    if unknown:
        raise BadInputError("nests", f"unknown alternative {', '.join(unknown)}", ", ".join(alternatives))
    given = [nest_by_alternative.get(name, f"alone: {name}") for name in alternatives]
    names = tuple(dict.fromkeys(given))
    of = np.array([names.index(name) for name in given])
    free = np.array([k for k, name in enumerate(names) if given.count(name) > 1], dtype=np.int64)
    return Nests(of, names, free)


@dataclass(frozen=True, slots=True)
class Picked:
    """Logarithms of the shares of what was picked in each row, and what they depend on."""

    choices: Choices
    log_shares: Floats
    by_value: Floats
    """Slope in the utility of each alternative; row by alternative."""
    by_lambda: Floats
    """Slope in each λ that is estimated; row by λ."""

    def by_row(self) -> Floats:
        """Slopes of each row in the parameters."""
        by_coefficient = np.einsum("nj,njk->nk", self.by_value, self.choices.attributes)
        return np.concatenate([by_coefficient, self.by_lambda], axis=1)

    def total(self, weights: Floats) -> Floats:
        """Slopes in the parameters, summed over the rows with these weights."""
        weighted = (self.by_value * weights[:, None]).ravel()
        by_coefficient = weighted @ self.choices.attributes.reshape(len(weighted), -1)
        return np.concatenate([by_coefficient, weights @ self.by_lambda])


def shares_at(choices: Choices, nests: Nests, at: Floats) -> NestedLogitShares:
    """Shares of the alternatives in every row at these parameters: coefficients first, then each free λ."""
    count = len(choices.parameters)
    values = np.where(choices.available, choices.attributes @ at[:count], -np.inf)
    return nested_logit_of_many(values, nests.of, nests.dissimilarity(at[count:]))


def picked_at(choices: Choices, nests: Nests, at: Floats, picked: Ints) -> Picked:
    """Logarithm of the share of the picked alternative of each row, and its slopes.

    With n the nest of the picked j and d = 1 where k and j are the same:
    d ln P_j/d V_k = d/λ_n + (1 - 1/λ_n) P(k|n) - P_k, and with V̄_n = sum P(k|n) V_k and
    A_n = IV_n - V̄_n/λ_n: d ln P_j/d λ_n = (V̄_n - V_j)/λ_n² + A_n - P_n A_n, in another nest m -P_m A_m
    (derivatives of McFadden's 1978 model).
    """
    shares = shares_at(choices, nests, at)
    rows, lam = np.arange(len(picked)), nests.dissimilarity(at[len(choices.parameters) :])
    nest = nests.of[picked]
    in_nest = nests.of[None, :] == nest[:, None]
    by_value = -shares.shares + in_nest * shares.within * (1 - 1 / lam[nest])[:, None]
    by_value[rows, picked] += 1 / lam[nest]
    log_shares = shares.log_shares[rows, picked]
    if not len(nests.free):
        return Picked(choices, log_shares, by_value, np.zeros((len(picked), 0)))
    values = shares.values
    mean = np.stack([(shares.within * values)[:, nests.of == k].sum(axis=1) for k in range(len(lam))], axis=1)
    pull = np.where(np.isfinite(shares.inclusive), shares.inclusive, 0.0) - mean / lam
    by_lambda = -shares.of_nest * pull
    by_lambda[rows, nest] += pull[rows, nest] + (mean[rows, nest] - values[rows, picked]) / lam[nest] ** 2
    return Picked(choices, log_shares, by_value, by_lambda[:, nests.free])
