"""What a criterion says, as frozen objects; `Criterion("p95(web.*) < 800ms")` parses its text."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from footfall._records.rows import ERRORS, Outcome
from footfall._stats import LONGEST_EPISODE

OPERATORS: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which visits a criterion is about: `channel.operation`, either with `*`, `?` or `[…]` as in file names.

    `channel.operation/step` selects the requests of that step instead. All that match are one sample.
    """

    channel: str = "*"
    operation: str = "*"
    step: str = ""
    """Empty: whole visits."""

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{self.channel}.{self.operation}" + (f"/{self.step}" if self.step else "")

    def matches(self, channel: str, operation: str) -> bool:
        """Whether visits of that channel and operation belong to it."""
        return fnmatchcase(channel, self.channel) and fnmatchcase(operation, self.operation)


class _Parsing(type):
    """Lets `Criterion(text)` return the kind of criterion that the text is."""

    def __call__(cls, *args: Any, **fields: Any) -> Any:  # noqa: ANN401  either a text or the fields of a kind
        """Parse a text, or make one kind from its fields."""
        if cls is not Criterion:
            return super().__call__(*args, **fields)
        from footfall._criteria.lists import parse  # the grammar makes the kinds below

        return parse(*args, **fields)


@dataclass(frozen=True, slots=True, kw_only=True, init=False, repr=False)
class Criterion(metaclass=_Parsing):
    """One line that is asked of a run; `Criterion(text)` parses it, `str()` gives the text back.

    >>> limit = Criterion("p95(web.*) < 800ms")
    >>> print(limit)
    p95(web.*) < 800ms
    >>> Criterion("p95(web.*) < 800")
    Traceback (most recent call last):
        ...
    footfall._records.errors.BadInputError: criterion: cannot parse ... missing unit (ms, s, min) after ...

    Raises:
        BadInputError: the text is not a criterion; the message says where and why.
    """

    text: str
    validity: bool = False
    """Whether the run proves nothing where it is broken (`else invalid`)."""

    if TYPE_CHECKING:

        def __init__(self, text: str, where: str = "criterion") -> None:
            """Parse a text; `where` names its place in errors."""

    def __str__(self) -> str:
        """Return the text that was parsed."""
        return self.text

    def __repr__(self) -> str:
        """Return the call that makes it."""
        return f"Criterion({self.text!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: Any) -> Any:  # noqa: ANN401  pydantic's own types, not loaded here
        """Let a pydantic model take a text wherever it takes a criterion, and write it as text."""
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            lambda given: given if isinstance(given, Criterion) else Criterion(given),
            serialization=core_schema.plain_serializer_function_ser_schema(str),
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ScopedCriterion(Criterion):
    """A criterion about some of the visits."""

    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SampleCriterion(ScopedCriterion):
    """A criterion that is decided by the confidence bounds of a sample."""

    longest_episode: float = LONGEST_EPISODE
    """Visits: how many bad ones in a row, on average, are thought possible where a run shows too few."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ShareCriterion(SampleCriterion):
    """`success(web.query) >= 97.8% - 3pt`: a limit for a share of the visits."""

    of: str
    """`success`: served; `error`: ended by a technical fault, or never answered (`ERRORS`)."""
    operator: str
    target_share: float
    margin_share: float = 0.0
    """Taken off the target: what a short run is allowed to fall short."""

    @property
    def bound_share(self) -> float:
        """What the share is compared with."""
        return self.target_share - self.margin_share


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ResponseCriterion(SampleCriterion):
    """`p95(web.*) < 800ms`: a limit for a percentile of the response time, or for its mean."""

    quantile: float | None
    """0..1; None for the mean."""
    operator: str
    limit_s: float
    of_all: bool = False
    """Of failed visits too, and not only of those that were served or never answered."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AgreementCriterion(SampleCriterion):
    """`predicted(success, web.*) within 2pt of measured`: how far prediction may be from measurement."""

    tolerance_share: float


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BaselineCriterion(SampleCriterion):
    """`p95(web.query) not worse than baseline by 5%`: how much worse than an earlier run it may be."""

    of: str
    """`success`, `error`, `mean`, or a percentile such as `p95`."""
    quantile: float | None
    """0..1, of a percentile."""
    tolerance: float
    unit: str
    """`share` (points of a share), `ratio` (of a time), or `s`."""
    of_all: bool = False
    """Times of failed visits too."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LagCriterion(Criterion):
    """`p99(lag) < 10ms`: a limit for how late the load generator started arrivals."""

    statistic: str
    """A field of `Lag`: p50, p99 or max."""
    operator: str
    limit_s: float
    validity: bool = True

    @property
    def says_invalid(self) -> bool:
        """Whether `else invalid` is written at its end."""
        return self.text.endswith("invalid")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OwnCriterion(Criterion):
    """`p99(own) < 20ms`: how much of a measured time may be the load generator's own, or a busy host's."""

    operator: str
    limit_s: float
    validity: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ArrivalsCriterion(ScopedCriterion):
    """`arrivals(*) within 2% of trace`: how many of the due arrivals the load generator may miss."""

    tolerance_share: float
    validity: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CapacityCriterion(ScopedCriterion):
    """`capacity(web.*) >= 120/s`: a limit for the arrival rate up to which all other criteria hold."""

    operator: str
    limit_per_s: float
    """Arrivals per second: of all, or of the channel that is named."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServerCriterion(Criterion):
    """`max(server.cpu) < 80%`: a limit for a figure of the service that is sampled during the run."""

    figure: str
    """Its name, such as `cpu`, `web.waiting` or that of a `[[metric]]`; `machine.cpu` has its source."""
    statistic: str
    """`mean` over the run, or `max` of its samples."""
    operator: str
    limit: float
    unit: str
    """`share` (of the cores), `cores`, `bytes`, or empty: the figure's own unit."""


SearchCriterion = CapacityCriterion | ServerCriterion
"""What is judged at the end of a search for capacity."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AbortCriterion(ScopedCriterion):
    """`error(*) > 20% for 30s abort`: what ends a run early, and makes it fail."""

    event: str
    """What is bad in a visit: `error` (technical, or never answered), `failure` (not served), or `slower`."""
    limit_s: float
    """Of a response time, for `slower`."""
    share: float
    """Of bad visits, above which the criterion is violated."""
    for_s: float
    """Length of the window that is looked at."""

    def is_bad(self, outcome: str, response_s: float) -> bool:
        """Whether a visit counts against it."""
        if self.event == "slower":
            return response_s > self.limit_s
        return outcome in ERRORS if self.event == "error" else outcome != Outcome.SERVED.value
