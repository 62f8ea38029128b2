"""Who comes: segments, what they want and when, how they choose, and what changes over months."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Annotated, Any, Self

from annotated_types import Ge, Le
from pydantic import Field, model_validator

from footfall._model.durations import AT_ONCE, AnyDuration, Time
from footfall._model.numbers import (
    DEFAULT,
    HALF_HOURS,
    CountFromOne,
    Finite,
    Name,
    NonNegative,
    Number,
    Positive,
    Profile,
    Share,
    Spec,
    default,
)
from footfall._model.profiles import Daily, DayProfile
from footfall._model.value_errors import WrongValueError
from footfall._records.rows import Outcome

# ── Who comes: segments, what they want and when, how they choose, what they do after a failure


class Taste(Spec):
    """Coefficients of the utility of a channel, for one segment; all in utility units.

    Example:
        >>> Taste(per_wait_min=-0.05, trust={"electronic": 0.8}).per_wait_min
        -0.05
    """

    per_wait_min: Finite = default(0)
    per_access_min: Finite = default(0)
    per_yuan: Finite = default(0)
    per_trust: Finite = default(0)
    per_habit: Finite = default(0)
    trust: dict[str, Share] = Field(default_factory=dict)
    """By nest: how safe it feels, 0 to 1."""
    habit: dict[str, Share] = Field(default_factory=dict)
    """By nest: how usual it is, 0 to 1."""


class Segment(Spec):
    """A part of the population that behaves alike.

    Example:
        >>> Segment("young", "42%", day_profile={8: 1, 12: 2, 22: 0}).day_profile.at(13 * 3600)
        2.0
    """

    heads = ("name", "population_share")
    name: Name
    title: str
    """Its name, unless given."""
    population_share: Share
    month_visits: dict[str, NonNegative] = Field(default_factory=dict)
    """By operation: visits of one customer in a month of 31 days; left out where a model has `arrivals`."""
    day_profile: DayProfile = Profile(values=(1.0,) * HALF_HOURS, source=DEFAULT)
    """How the visits of a day fall on its intervals, by half hour or finer; any scale."""
    taste: Taste = Taste()
    reach: dict[str, Share] = Field(default_factory=dict)
    """By channel: share of the segment that can use it at all; absent: all can."""

    if TYPE_CHECKING:

        def __init__(
            self,
            name: str,
            population_share: float | str,
            *,
            title: str = ...,
            month_visits: Mapping[str, float] = ...,
            day_profile: Daily = ...,
            taste: Taste = ...,
            reach: Mapping[str, float | str] = ...,
        ) -> None: ...

    @model_validator(mode="before")
    @classmethod
    def _name_is_the_title(cls, data: Any) -> Any:  # noqa: ANN401  signature of pydantic
        return {"title": data["name"]} | data if isinstance(data, dict) and "name" in data else data

    @model_validator(mode="after")
    def _comes_at_some_time(self) -> Self:
        if not any(self.day_profile.values):
            msg = "day_profile has a value above 0"
            raise ValueError(msg)
        return self


def check_names(parts: str, names: Iterable[str]) -> None:
    """See that no two parts have one name; `parts` says of what.

    Raises:
        ValueError: two have.
    """
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        msg = f"two {parts} have the same name, {twice[0]!r}"
        raise ValueError(msg)


def check_shares(parts: str, shares: Iterable[float]) -> None:
    """See that the shares of all parts add up to 1.

    Raises:
        ValueError: they do not.
    """
    total = sum(shares)
    if abs(total - 1) > SHARES_TOLERANCE:
        msg = f"population_share of the {parts} adds up to {total:g}, not 1"
        raise ValueError(msg)


class AfterFailure(Spec):
    """What customers do after one kind of failure; those who neither retry nor switch give up.

    Example:
        >>> AfterFailure(0.5, switch_share=0.3, delay=exponential("2 min")).retry_share
        0.5
    """

    heads = ("retry_share", "switch_share", "delay")
    retry_share: Share = default(0)
    switch_share: Share = default(0)
    delay: AnyDuration = AT_ONCE

    if TYPE_CHECKING:

        def __init__(
            self, retry_share: float | str = ..., switch_share: float | str = ..., delay: Time = ...
        ) -> None: ...

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        if self.retry_share + self.switch_share > 1:
            msg = "retry_share and switch_share add up to more than 1"
            raise ValueError(msg)
        return self


class RetryPolicy(Spec):
    """The rules of retry, switch and give-up, by outcome; an outcome that is not here ends the journey.

    Example:
        >>> RetryPolicy(3, {"timeout": AfterFailure(0.5, 0.3, "1 min")}).attempts_most
        3.0
    """

    heads = ("attempts_most", "by_outcome")
    attempts_most: CountFromOne = default(1)
    by_outcome: dict[Outcome, AfterFailure] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _only_failures(self) -> Self:
        if Outcome.SERVED in self.by_outcome:
            failures = ", ".join(outcome for outcome in Outcome if outcome is not Outcome.SERVED)
            raise WrongValueError("'served' is no failure", failures)
        return self

    if TYPE_CHECKING:

        def __init__(
            self, attempts_most: float = ..., by_outcome: Mapping[Any, AfterFailure] = ...
        ) -> None: ...


class NestedLogit(Spec):
    """The nested logit: dissimilarity of each nest and the calibrated constant of each channel.

    Example:
        >>> NestedLogit({"physical": 0.6, "electronic": 0.8}).dissimilarity["physical"]
        0.6
    """

    heads = ("dissimilarity", "constants", "expected_wait_s")
    dissimilarity: dict[str, Positive] = Field(default_factory=dict)
    """By nest, lambda in (0, 1]; 1 in both is the plain logit."""
    constants: dict[str, dict[str, Number]] = Field(default_factory=dict)
    """By operation, by channel."""
    expected_wait_s: dict[str, DayProfile] = Field(default_factory=dict)
    """By channel: the wait that customers expect from experience; absent: none."""

    if TYPE_CHECKING:

        def __init__(
            self,
            dissimilarity: Mapping[str, float] = ...,
            constants: Mapping[str, Mapping[str, float]] = ...,
            expected_wait_s: Mapping[str, Daily] = ...,
        ) -> None: ...

    @model_validator(mode="after")
    def _dissimilarity_fits(self) -> Self:
        if max(self.dissimilarity.values(), default=1) > 1:
            msg = "dissimilarity lies in (0, 1]"
            raise ValueError(msg)
        return self


SHARES_TOLERANCE = 1e-6
_ACCOUNTS_MOST = 1e8
_YUAN_MOST = 1e8
_CV_MOST = 10.0


class Accounts(Spec):
    """What the customers' accounts hold: the business reasons to refuse an order.

    Example:
        >>> Accounts(subscribers=20_000, balance=80, balance_cv=0.8).balance_yuan_mean
        80.0
    """

    subscribers: CountFromOne = default(1)
    """Accounts kept in the reference service; arrivals use them in turn."""
    balance_yuan_mean: Positive = default(1)
    """Mean prepaid balance; lognormal."""
    balance_cv: Positive = default(1)
    """Coefficient of variation of the balance."""
    price_yuan: dict[str, NonNegative] = Field(default_factory=dict)
    """By operation: what an order takes from the balance; 0 or absent: nothing."""
    under_contract_share: Share = default(0)
    """Accounts whose contract forbids a change of plan (`transact`)."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            subscribers: float = ...,
            balance: float = ...,
            balance_yuan_mean: float = ...,
            balance_cv: float = ...,
            price: Mapping[str, float] = ...,
            price_yuan: Mapping[str, float] = ...,
            under_contract_share: float | str = ...,
        ) -> None: ...

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


# ── What moves over months: habit, trust, who knows of a channel, and when a province is upgraded

RangeFactor = Annotated[Number, Ge(1), Le(10)]


class Slope(Spec):
    """A number that has not been measured: its value in the central future, and how far futures differ.

    Given as a pair, such as `(0.01, 2)`, or as a number that is certain.
    """

    heads = ("value", "range_factor")
    written_as = "a number, or a pair such as (0.01, 2)"
    value: NonNegative
    range_factor: RangeFactor = default(1)
    """Lognormal: 90 % of futures lie between value / range_factor and value * range_factor; 1: certain."""

    @model_validator(mode="before")
    @classmethod
    def _pair_or_number(cls, data: Any) -> Any:  # noqa: ANN401  signature of pydantic
        if isinstance(data, Real) or (isinstance(data, dict) and "value" in data and "source" in data):
            return {"value": data}
        if isinstance(data, tuple | list) and len(data) == len(cls.heads):
            return dict(zip(cls.heads, data, strict=True))
        return data


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

    name: Name
    population_share: Share
    upgrade_month: CountFromOne
    """Month of the cut-over; month 0 is the model's own, month 1 the first that is simulated."""


class Adoption(Spec):
    """What moves over months: habit, trust, who knows of a channel, and when each province is upgraded.

    Its parts may be given as dictionaries, as in TOML.

    Example:
        >>> adoption = Adoption(
        ...     habit_loss_per_month=(0.1, 1.5),
        ...     trust={"gain_per_success": (0.01, 2), "loss_per_failure": (0.03, 2)},
        ...     awareness={},
        ...     upgrade={
        ...         "utility_gain": (0.1, 2.5),
        ...         "failure_factor": 0.8,
        ...         "cutover_utility_loss": 0.15,
        ...         "cutover_failure_factor": 1.5,
        ...     },
        ...     provinces=[{"name": "all", "population_share": 1, "upgrade_month": 6}],
        ... )
        >>> adoption.trust.loss_per_failure.range_factor
        2.0
    """

    start_share: Share | None = None
    """Electronic share at month 0 by the model's first definition; None: what the model's choices give."""
    habit_loss_per_month: Slope
    """1 - r of H <- r H + (1 - r) (share chosen)."""
    trust: Trust
    awareness: dict[str, Awareness]
    """By electronic channel; absent: all whom it reaches know it, always."""
    upgrade: Upgrade
    provinces: tuple[Province, ...]

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            start_share: float | str | None = ...,
            habit_loss_per_month: float | tuple[float, float] | Slope,
            trust: Trust | Mapping[str, Any],
            awareness: Mapping[str, Awareness | Mapping[str, Any]],
            upgrade: Upgrade | Mapping[str, Any],
            provinces: Sequence[Province | Mapping[str, Any]],
        ) -> None: ...

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        check_names("provinces", (province.name for province in self.provinces))
        check_shares("provinces", (province.population_share for province in self.provinces))
        if self.habit_loss_per_month.value > 1:
            msg = "habit_loss_per_month lies between 0 and 1"
            raise ValueError(msg)
        return self
