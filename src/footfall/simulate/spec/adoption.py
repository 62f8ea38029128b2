"""What moves over months: habit, trust, who knows of a channel, and when a province is upgraded."""

from typing import Annotated, Self

from annotated_types import Ge, Le
from pydantic import model_validator

from footfall.simulate.spec.base import Spec
from footfall.simulate.spec.number import CountFromOne, NonNegative, Number, Share

_SHARES_TOLERANCE = 1e-6
RangeFactor = Annotated[Number, Ge(1), Le(10)]


class Slope(Spec):
    """A number that nobody has measured: its value in the central future, and how far futures differ."""

    value: NonNegative
    range_factor: RangeFactor
    """Lognormal: 90 % of futures lie between value / range_factor and value * range_factor; 1: certain."""


class Trust(Spec):
    """How one visit moves the trust of the customer, 0 to 1, in the nest of its channel."""

    gain_per_success: Slope
    """Part of the way to 1 that a success goes."""
    loss_per_failure: Slope
    """Part of the way to 0 that a failure goes; more than a success gains."""

    @model_validator(mode="after")
    def _failure_weighs_more(self) -> Self:
        if self.loss_per_failure.value < self.gain_per_success.value:
            msg = "a failure weighs at least as much as a success: loss_per_failure >= gain_per_success"
            raise ValueError(msg)
        return self


class Awareness(Spec):
    """Who knows and uses one channel at all: Bass, with those who leave it and those who come back."""

    start_share: Share
    """Who does at month 0, of those whom the channel can reach."""
    innovation_per_month: Slope
    """Bass's p: taken up on one's own."""
    imitation_per_month: Slope
    """Bass's q: taken up from others, times their share."""
    dis_adoption_per_month: Slope
    """Given up again."""
    re_adoption_factor: Slope
    """Hazard of those who gave it up to come back, over that of those who never used it."""


class Upgrade(Spec):
    """What a province's new electronic channels change, for good and in the month of the cut-over."""

    utility_gain: Slope
    """Added to the utility of every electronic channel, for good."""
    failure_factor: Slope
    """Failures of the electronic channels are multiplied by it, for good."""
    cutover_utility_loss: Slope
    """Taken from the utility of every electronic channel in the month of the cut-over."""
    cutover_failure_factor: Slope
    """Failures of the electronic channels in that month are multiplied by it: less capacity, new mistakes."""


class Province(Spec):
    """One province: how many live there, and when its channels are upgraded."""

    name: str
    population_share: Share
    upgrade_month: CountFromOne
    """Month of the cut-over; month 0 is the model's own, month 1 the first that is simulated."""


class Adoption(Spec):
    """All that the monthly tier needs beside the model."""

    start_share: Share | None = None
    """Electronic share at month 0 by the model's first definition; None: what the model's choices give."""
    habit_loss_per_month: Slope
    """1 - r of H <- r H + (1 - r) (share chosen)."""
    trust: Trust
    awareness: dict[str, Awareness]
    """By electronic channel; absent: whomever it reaches knows it, always."""
    upgrade: Upgrade
    provinces: tuple[Province, ...]

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        names = [province.name for province in self.provinces]
        if len(set(names)) != len(names):
            msg = "two provinces have the same name"
            raise ValueError(msg)
        total = sum(province.population_share for province in self.provinces)
        if abs(total - 1) > _SHARES_TOLERANCE:
            msg = f"population_share of the provinces adds up to {total:g}, not 1"
            raise ValueError(msg)
        if self.habit_loss_per_month.value > 1:
            msg = "habit_loss_per_month lies between 0 and 1"
            raise ValueError(msg)
        return self
