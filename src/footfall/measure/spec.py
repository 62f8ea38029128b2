"""What a criterion says, as data."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TypeAlias

from footfall.records.abort import AbortRule
from footfall.stats.episodes import LONGEST_EPISODE

OPERATORS: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which visits a criterion speaks of: `channel.operation`, either with `*` for any run of letters.

    `channel.operation/step` speaks of the requests of that step instead. All that match are taken together,
    as one sample.
    """

    channel: str = "*"
    operation: str = "*"
    step: str = ""
    """Empty: of whole visits."""

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.channel}.{self.operation}" + (f"/{self.step}" if self.step else "")

    def matches(self, channel: str, operation: str) -> bool:
        """Whether visits of that channel and operation belong to it."""
        return fnmatchcase(channel, self.channel) and fnmatchcase(operation, self.operation)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareCriterion:
    """`success(web.query) >= 97.8% - 3pt`: a bound on a share of the visits."""

    text: str
    scope: Scope
    of: str
    """`success`: served; `error`: ended by a technical fault, or never answered (`ERRORS`)."""
    operator: str
    target_share: float
    margin_share: float = 0.0
    """Taken off the target: what a short run is allowed to fall short."""
    longest_episode: float = LONGEST_EPISODE
    """Visits: how many bad ones in a row, on average, are thought possible where a run shows too few."""
    validity: bool = False

    @property
    def bound_share(self) -> float:
        """What the share is held against."""
        return self.target_share - self.margin_share


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseCriterion:
    """`p95(web.*) < 800ms`: a bound on a percentile of the response time, or on its mean."""

    text: str
    scope: Scope
    quantile: float | None
    """0..1; None for the mean."""
    operator: str
    limit_s: float
    of_all: bool = False
    """Of failed visits too, and not only of those that were served or never answered."""
    longest_episode: float = LONGEST_EPISODE
    """As of a share: visits beyond the limit in a row."""
    validity: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LagCriterion:
    """`p99(lag) < 10ms`: a bound on how late the generator started arrivals."""

    text: str
    statistic: str
    """A field of `Lag`: p50, p99 or max."""
    operator: str
    limit_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCriterion:
    """`p99(own) < 20ms`: how much of a measured time may be the generator's own, or a busy host's."""

    text: str
    operator: str
    limit_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalsCriterion:
    """`arrivals(*) within 2% of trace`: how many of the due arrivals the generator may miss."""

    text: str
    scope: Scope
    tolerance_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementCriterion:
    """`predicted(success, web.*) within 2pt of measured`: how far prediction may be from measurement."""

    text: str
    scope: Scope
    tolerance_share: float
    longest_episode: float = LONGEST_EPISODE
    """As of a share: customers in a row who fare differently."""
    validity: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineCriterion:
    """`p95(web.query) not worse than baseline by 5%`: how much worse than an earlier run it may be."""

    text: str
    scope: Scope
    of: str
    """`success`, `error`, `mean`, or a percentile such as `p95`."""
    quantile: float | None
    """0..1, of a percentile."""
    tolerance: float
    unit: str
    """`share` (points of a share), `ratio` (of a time), or `s`."""
    of_all: bool = False
    """Times of failed visits too."""
    longest_episode: float = LONGEST_EPISODE
    """As of a share."""
    validity: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortCriterion:
    """`error(*) > 20% for 30s abort`: what ends a run early, and makes it fail."""

    text: str
    rule: AbortRule


Criterion: TypeAlias = (
    ShareCriterion
    | ResponseCriterion
    | LagCriterion
    | OwnCriterion
    | ArrivalsCriterion
    | AgreementCriterion
    | BaselineCriterion
    | AbortCriterion
)
