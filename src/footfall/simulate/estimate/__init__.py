"""Estimate the choice from what customers were seen to choose: the logit, plain or nested."""

from footfall.simulate.estimate.choices import Choices
from footfall.simulate.estimate.fit import estimate
from footfall.simulate.estimate.likelihood import DISSIMILARITY
from footfall.simulate.estimate.predict import Shares, share_change, shares, with_attribute
from footfall.simulate.estimate.result import Estimate, LikelihoodRatio, likelihood_ratio
from footfall.simulate.estimate.simulated import choice_table
from footfall.simulate.estimate.table import Columns, Term, as_table, choices_of

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
