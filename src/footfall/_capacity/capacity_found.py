"""What a search for capacity has found, and how sure it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from footfall._calibrate.learned_station import LearnedStation
from footfall._criteria.objects import Criterion

Beyond: TypeAlias = Literal["graceful", "collapse", "metastable", "unknown"]
LimitedBy: TypeAlias = Literal["service", "generator", "budget"]
StepVerdict: TypeAlias = Literal["holds", "broken", "undecided", "invalid"]

DOES_NOT_RECOVER = "does not recover"
DIED = "died"
RESTARTED = "restarted"
DRIFT = "drift"
FASTER_UNDER_LOAD = "faster under load"
DISTURBED = "disturbed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateEstimate:
    """An arrival rate with its 95 % interval, in arrivals per second."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> "RateEstimate":
        """Give the estimate in another unit."""
        return RateEstimate(value=self.value * factor, low=self.low * factor, high=self.high * factor)

    @property
    def half_width_share(self) -> float:
        """Half the width of the interval over the value."""
        return (self.high - self.low) / 2 / self.value if self.value else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedStep:
    """What one played step says about the criteria."""

    number: int
    verdict: StepVerdict
    """`holds`: all criteria hold, surely; `broken`: one does not, or the backlog grew; else `undecided`."""
    broken: tuple[str, ...] = ()
    """Texts of the criteria that do not hold."""
    grows: bool = False
    """Whether the number under way grew all through the step: the load was above what the service can do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """What the learned service does at one arrival rate in the long run; percentiles of served visits."""

    offered_per_s: float
    throughput_per_s: float
    """Successful visits per second."""
    success_share: float
    p50_s: float | None
    """None: none was served."""
    p95_s: float | None
    p99_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFound:
    """The capacity of one channel alone, at the scenario's mix of channels."""

    knee: RateEstimate | None
    """In arrivals of the whole scenario per second; None: this channel holds at every rate."""
    arrivals_share: float
    """Share of the scenario's arrivals."""
    requests_per_arrival: float
    """Requests at the channel per arrival of the scenario."""
    found_by: Literal["stations", "steps", "none"] = "none"
    """How the knee was found: by the channel's learned station, or between load steps."""
    held_per_s: float = 0.0
    """Highest arrival rate of the whole scenario, of a valid step, at which the channel's criteria held."""
    criterion: str = ""
    """The criterion that no longer holds above the knee; empty: unknown."""
    is_judged: bool = True
    """Whether any criterion speaks of the channel."""
    curve: tuple[CurvePoint, ...] = ()
    """Prediction by its learned station, offered load in arrivals of the whole scenario."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CapacityFound:
    """The findings of a search, complete or not."""

    knee: RateEstimate | None
    """Highest arrival rate at which all criteria hold in the long run; None: not found."""
    plateau: RateEstimate | None
    """Successful visits per second at any load beyond; None: it does not level off, or is unknown."""
    beyond: Beyond
    """Goodput beyond the knee: it stays at the plateau (`graceful`), falls (`collapse`), or does not come
    back when the load goes back (`metastable`)."""
    limited_by: LimitedBy
    flags: tuple[str, ...]
    """What kind of service it is and what happened to it, a word or two each."""
    held_per_s: float
    """Highest rate of a valid step in which all criteria held; 0: of none."""
    criteria: tuple[Criterion, ...]
    """As judged, a limit relative to the unloaded service among them with its number."""
    sentences: tuple[str, ...]
    """What was found and how sure it is, for people."""
    budget_needed_s: float | None = None
    """Wall time with which the search would probably have ended; None: it was enough."""
    by_channel: Mapping[str, ChannelFound] = field(default_factory=dict)
    steps: tuple[JudgedStep, ...] = ()
    stations: Mapping[str, LearnedStation] = field(default_factory=dict)
    curve: tuple[CurvePoint, ...] = ()
    """Prediction by the learned stations; empty where they do not explain the steps."""
