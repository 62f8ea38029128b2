"""Maximum likelihood of the logit, plain or nested."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from studies.validation.estimate.choices import Choices
from studies.validation.estimate.identified import (
    check_coefficients,
    check_information,
    runs_away,
    within_rows,
)
from studies.validation.estimate.likelihood import Nests, Picked, nests_of, picked_at, shares_at
from studies.validation.estimate.result import Estimate

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
STARTS = (0.9, 0.5, 0.2)
"""λ of all nests at which a search begins, beside the plain logit's coefficients."""
_LEAST = 0.01
_AT_BOUND = 1e-6
_STEP = 1e-5
_STEPS_MOST = 40
_SEARCH_MOST = 500
_SETTLED = 1e-9
_ROUNDING = 1e-13


def estimate(choices: Choices, nests: Mapping[str, str] | None = None) -> Estimate:
    """Estimate the coefficients, and λ of every nest of two alternatives or more, by maximum likelihood.

    `nests` names the nest of an alternative; those it leaves out stand alone, and without it the
    model is the plain logit. λ lies in (0, 1], so that customers maximise utility (McFadden 1978). The
    plain logit's likelihood is concave; the nested one's is not, so it is searched from several λ
    and the best end is kept. Newton's steps then settle it.

    Raises:
        BadInputError: a parameter cannot be identified from these choices, or a nest does not fit.
    """
    scales = np.sqrt((choices.attributes**2).sum(axis=(0, 1)) / choices.available.sum())
    scales = np.where(scales > 0, scales, 1.0)
    scaled = replace(choices, attributes=choices.attributes / scales)
    check_coefficients(scaled)
    problem = _Problem(scaled, nests_of(choices.alternatives, nests or {}))
    at, held = _best(problem)
    covariance, robust = _covariances(problem, at, held)
    unit = np.concatenate([scales, np.ones(len(problem.nests.free))])
    per_unit = np.outer(unit, unit)
    names = problem.parameters
    return Estimate(
        parameters=names,
        values=at / unit,
        covariance=covariance / per_unit,
        robust_covariance=robust / per_unit,
        at_bound=tuple(name for name, bound in zip(names, held, strict=True) if bound),
        log_likelihood=problem.log_likelihood(at),
        log_likelihood_null=-float(choices.weights @ np.log(choices.available.sum(axis=1))),
        observations=len(choices),
        nests=problem.nests,
    )


@dataclass(frozen=True, slots=True)
class _Problem:
    """The likelihood of some choices, as a mean over the weights."""

    choices: Choices
    nests: Nests

    @property
    def parameters(self) -> tuple[str, ...]:
        return (*self.choices.parameters, *self.nests.parameters())

    @property
    def coefficients(self) -> int:
        return len(self.choices.parameters)

    def log_likelihood(self, at: Floats) -> float:
        return float(self.choices.weights @ self.picked(at).log_shares)

    def loss(self, at: Floats) -> tuple[float, Floats]:
        """Negative mean log-likelihood, and its slope: what is minimised."""
        picked = self.picked(at)
        weights = self.choices.weights / self.choices.weights.sum()
        return -float(weights @ picked.log_shares), -picked.total(weights)

    def information(self, at: Floats) -> Floats:
        """Negative second derivatives of the mean log-likelihood.

        Of the plain logit it is the variance of the attributes within the rows (Train 2009, section
        3.7.1); of the nested one it is taken by central differences of the exact slope.
        """
        if not len(self.nests.free):
            return within_rows(self.choices, shares_at(self.choices, self.nests, at).shares)
        columns = []
        for k in range(len(at)):
            step = np.zeros(len(at))
            step[k] = _STEP
            columns.append((self.loss(at + step)[1] - self.loss(at - step)[1]) / (2 * _STEP))
        found = np.array(columns)
        return (found + found.T) / 2

    def picked(self, at: Floats) -> Picked:
        return picked_at(self.choices, self.nests, at, self.choices.chosen)


def _best(problem: _Problem) -> tuple[Floats, Bools]:
    """Give the maximum, and which λ are held at 1 there."""
    count, nests = problem.coefficients, len(problem.nests.free)
    plain = _Problem(problem.choices, nests_of(problem.choices.alternatives, {}))
    coefficients = _settled(plain, np.zeros(count), np.zeros(count, dtype=np.bool_))
    if not nests:
        return coefficients, np.zeros(count, dtype=np.bool_)
    ends = [_search(problem, np.concatenate([coefficients, np.full(nests, start)])) for start in STARTS]
    best = min(ends, key=lambda end: problem.loss(end)[0])
    while True:
        held = np.concatenate([np.zeros(count, dtype=np.bool_), best[count:] >= 1 - _AT_BOUND])
        best[held] = 1.0
        best = _settled(problem, best, held)
        if best[count:].max() <= 1:
            return best, held
        best[count:] = np.minimum(best[count:], 1.0)


def _search(problem: _Problem, start: Floats) -> Floats:
    """Climb to near a maximum, in coefficients made as good as uncorrelated."""
    count, choices = problem.coefficients, problem.choices
    equal = choices.available / choices.available.sum(axis=1, keepdims=True)
    basis = np.linalg.inv(np.linalg.cholesky(within_rows(choices, equal))).T
    turned = _Problem(replace(choices, attributes=choices.attributes @ basis), problem.nests)
    bounds = [(None, None)] * count + [(_LEAST, 1.0)] * len(problem.nests.free)
    found = optimize.minimize(
        turned.loss,
        np.concatenate([np.linalg.solve(basis, start[:count]), start[count:]]),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": _SEARCH_MOST, "ftol": 1e-11, "gtol": 1e-6},
    )
    return np.concatenate([basis @ found.x[:count], found.x[count:]])


def _settled(problem: _Problem, at: Floats, held: Bools) -> Floats:
    """Take Newton's steps, halved while they lead downhill, until they are nothing, in all but what is held.

    Raises:
        BadInputError: the steps do not end, or the likelihood is flat in some direction.
    """
    free = ~held
    names = tuple(name for name, is_free in zip(problem.parameters, free, strict=True) if is_free)
    step = np.zeros(len(at))
    for _ in range(_STEPS_MOST):
        information = problem.information(at)[np.ix_(free, free)]
        check_information(information, names)
        loss, slope = problem.loss(at)
        step[free] = np.linalg.solve(information, -slope[free])
        while _is_worse(problem, at + step, loss) and np.abs(step).max() > _SETTLED:
            step /= 2
        at = at + step
        if np.abs(step).max() < _SETTLED:
            return at
    raise runs_away(names, step[free])


def _is_worse(problem: _Problem, at: Floats, loss: float) -> bool:
    if (at[problem.coefficients :] <= 0).any():
        return True
    return problem.loss(at)[0] > loss + _ROUNDING


def _covariances(problem: _Problem, at: Floats, held: Bools) -> tuple[Floats, Floats]:
    """Inverse of the information and the sandwich; 0 in what is held."""
    free = ~held
    part = np.ix_(free, free)
    inverse = np.linalg.inv(problem.information(at)[part] * problem.choices.weights.sum())
    slopes = problem.picked(at).by_row()[:, free] * problem.choices.weights[:, None]
    plain, robust = np.zeros((2, len(at), len(at)))
    plain[part] = inverse
    robust[part] = inverse @ (slopes.T @ slopes) @ inverse
    return plain, robust
