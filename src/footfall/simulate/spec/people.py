"""Who comes: segments, what they want and when, how they choose, what they do after a failure."""

from typing import Self

from pydantic import model_validator

from footfall.records.outcomes import Outcome
from footfall.simulate.spec.base import DayProfile, Spec
from footfall.simulate.spec.number import CountFromOne, NonNegative, Number, Positive, Share, assumed
from footfall.simulate.spec.times import AnyDuration


class Taste(Spec):
    """Coefficients of the utility of a channel, for one segment; all in utility units."""

    per_wait_min: Number
    per_access_min: Number
    per_yuan: Number
    per_trust: Number
    per_habit: Number
    trust: dict[str, Share]
    """By nest: how safe it feels, 0 to 1."""
    habit: dict[str, Share]
    """By nest: how usual it is, 0 to 1."""


class Segment(Spec):
    """A part of the population that behaves alike."""

    name: str
    title: str
    population_share: Share
    month_visits: dict[str, NonNegative]
    """By operation: errands of one customer in a month of 31 days."""
    day_profile: DayProfile
    """How the visits of a day fall on its intervals, by half hour or finer; any scale."""
    taste: Taste
    reach: dict[str, Share]
    """By channel: share of the segment that can use it at all; absent: all can."""

    @model_validator(mode="after")
    def _comes_at_some_time(self) -> Self:
        if not any(self.day_profile.values):
            msg = "day_profile has a value above 0"
            raise ValueError(msg)
        return self


class FollowUp(Spec):
    """What customers do after one kind of failure; whoever neither retries nor switches gives up."""

    retry_share: Share
    switch_share: Share
    delay: AnyDuration

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        if self.retry_share + self.switch_share > 1:
            msg = "retry_share and switch_share add up to more than 1"
            raise ValueError(msg)
        return self


class FollowUps(Spec):
    """The rules of retry, switch and give-up, by outcome; an outcome that is not here ends the errand."""

    attempts_most: CountFromOne
    by_outcome: dict[Outcome, FollowUp]


class Choice(Spec):
    """The nested logit: dissimilarity of each nest and the calibrated constant of each channel."""

    dissimilarity: dict[str, Positive]
    """By nest, lambda in (0, 1]; 1 in both is the plain logit."""
    constants: dict[str, dict[str, Number]]
    """By operation, by channel."""
    expected_wait_s: dict[str, DayProfile]
    """By channel: the wait that customers expect from experience; absent: none."""

    @model_validator(mode="after")
    def _dissimilarity_fits(self) -> Self:
        if max(self.dissimilarity.values()) > 1:
            msg = "dissimilarity lies in (0, 1]"
            raise ValueError(msg)
        return self


_ACCOUNTS_MOST = 1e8
_YUAN_MOST = 1e8
_CV_MOST = 10.0


class Accounts(Spec):
    """What the customers' accounts hold: the business reasons to refuse an order."""

    subscribers: CountFromOne
    """Accounts kept in the reference service; arrivals use them in turn."""
    balance_yuan_mean: Positive
    """Mean prepaid balance; lognormal."""
    balance_cv: Positive
    """Coefficient of variation of the balance."""
    price_yuan: dict[str, NonNegative]
    """By operation: what an order takes from the balance; 0 or absent: nothing."""
    under_contract_share: Share
    """Accounts whose contract forbids a change of plan (`transact`)."""

    @model_validator(mode="after")
    def _fits_the_ledger(self) -> Self:
        """Money is kept in whole fen, in 64 bits, and accounts in a database that is filled before a run."""
        for what, value, most in (
            ("subscribers", self.subscribers, _ACCOUNTS_MOST),
            ("balance_yuan_mean", self.balance_yuan_mean, _YUAN_MOST),
            ("balance_cv", self.balance_cv, _CV_MOST),
            *((f"price_yuan.{name}", price, _YUAN_MOST) for name, price in self.price_yuan.items()),
        ):
            if value > most:
                msg = f"{what} is at most {most:g}"
                raise ValueError(msg)
        return self


def no_taste(source: str) -> Taste:
    """Give the taste of customers for whom nothing makes a channel better or worse."""
    nothing = assumed(0, source)
    return Taste(
        per_wait_min=nothing,
        per_access_min=nothing,
        per_yuan=nothing,
        per_trust=nothing,
        per_habit=nothing,
        trust={},
        habit={},
    )


def no_accounts(source: str) -> Accounts:
    """Give accounts that never refuse an order."""
    return Accounts(
        subscribers=assumed(1, source),
        balance_yuan_mean=assumed(1, source),
        balance_cv=assumed(1, source),
        price_yuan={},
        under_contract_share=assumed(0, source),
    )
