"""Estimate the choice from what customers were seen to choose: the logit, plain or nested."""

from studies.validation.estimate.choices import Choices
from studies.validation.estimate.fit import estimate
from studies.validation.estimate.likelihood import DISSIMILARITY
from studies.validation.estimate.predict import Shares, share_change, shares, with_attribute
from studies.validation.estimate.result import Estimate, LikelihoodRatio, likelihood_ratio
from studies.validation.estimate.simulated import choice_table
from studies.validation.estimate.table import Columns, Term, as_table, choices_of

__all__ = [
    "DISSIMILARITY",
    "Choices",
    "Columns",
    "Estimate",
    "LikelihoodRatio",
    "Shares",
    "Term",
    "as_table",
    "choice_table",
    "choices_of",
    "estimate",
    "likelihood_ratio",
    "share_change",
    "shares",
    "with_attribute",
]
