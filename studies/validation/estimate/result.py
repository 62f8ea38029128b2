"""What an estimate found, how sure it is, and whether one model says more than another."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from studies.validation.estimate.likelihood import Nests

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Maximum-likelihood estimates of a logit, plain or nested."""

    parameters: tuple[str, ...]
    """Coefficients, then `dissimilarity_` and the nest for each λ."""
    values: Floats
    covariance: Floats
    """Inverse of the information: right if the model is."""
    robust_covariance: Floats
    """Sandwich H⁻¹ (sum of squared slopes) H⁻¹, which holds even if the model is not right (White 1982)."""
    at_bound: tuple[str, ...]
    """Each λ that ended at 1: its nest is none. It has no error, and the others' errors take it as given."""
    log_likelihood: float
    log_likelihood_null: float
    """If all that is available were equally likely."""
    observations: int
    nests: Nests

    @property
    def errors(self) -> Floats:
        """Standard errors, from the inverse of the information; nan at the bound."""
        return self._roots(self.covariance)

    @property
    def robust_errors(self) -> Floats:
        """Standard errors from the sandwich; nan at the bound."""
        return self._roots(self.robust_covariance)

    @property
    def free(self) -> int:
        """Parameters that were estimated and are not at a bound."""
        return len(self.parameters) - len(self.at_bound)

    @property
    def rho_square(self) -> float:
        """1 - LL/LL_null (McFadden 1974)."""
        return 1 - self.log_likelihood / self.log_likelihood_null

    @property
    def rho_square_adjusted(self) -> float:
        """1 - (LL - parameters)/LL_null (Ben-Akiva and Lerman 1985, equation 7.24)."""
        return 1 - (self.log_likelihood - self.free) / self.log_likelihood_null

    def value(self, parameter: str) -> float:
        """Estimate of one parameter.

        Raises:
            ValueError: there is none of that name.
        """
        return float(self.values[self.parameters.index(parameter)])

    def _roots(self, covariance: Floats) -> Floats:
        bound = np.array([name in self.at_bound for name in self.parameters])
        return np.where(bound, np.nan, np.sqrt(np.diag(covariance)))


@dataclass(frozen=True, slots=True)
class LikelihoodRatio:
    """Twice the gain in log-likelihood of a model over one that is a special case of it."""

    statistic: float
    degrees: int
    p_value: float
    """From chi-square. Against λ = 1, a bound, it is on the safe side: the true value is about half of it."""


def likelihood_ratio(special: Estimate, general: Estimate) -> LikelihoodRatio:
    """Test a model against a special case of it, on the same rows (Wilks 1938).

    Raises:
        ValueError: the rows differ, or the general model has no more parameters or fits worse.
    """
    degrees = len(general.parameters) - len(special.parameters)
    statistic = 2 * (general.log_likelihood - special.log_likelihood)
    same = special.observations == general.observations and np.isclose(
        special.log_likelihood_null, general.log_likelihood_null, rtol=1e-9
    )
    if not same or degrees < 1 or statistic < -1e-6 * special.observations:
        msg = f"not a special case: {degrees} parameters fewer, statistic {statistic:g}, same rows: {same}"
        raise ValueError(msg)
    statistic = max(statistic, 0.0)
    return LikelihoodRatio(statistic, degrees, float(stats.chi2.sf(statistic, degrees)))
