"""What calibration found out about a station: its numbers, how sure they are, what stays unknown."""

from dataclasses import dataclass

from footfall._calibrate.station_parameters import StationParameters

STALLS = "stalls"
RATE_LIMIT = "rate limit"
LOSS_SYSTEM = "loss system"
DEADLINE = "deadline"
CONNECTION_POOL = "connection pool"
SEPARATE_QUEUES = "separate queues"
BOUNDED_QUEUE = "bounded queue"
SHARED_CORES = "shared cores"


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedNumber:
    """One number of a station with its 95 % interval."""

    path: str
    """Its field of `StationParameters`, such as `slots` or `laws.KIND.mean_s`."""
    value: float
    low: float
    high: float
    identified: bool
    """Whether the logs determine it; False: `value` is one of many that fit as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseQuantile:
    """A percentile of the response times of one run, measured and as the learned station gives it."""

    run: str
    share: float
    """0.95: the 95th percentile."""
    measured_s: float
    expected_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodnessOfFit:
    """How well the learned station explains the logs."""

    blocks: int
    """Blocks of 5 s with enough requests to compare stations in."""
    agreeing_share: float
    """Share of the blocks whose requests agree with the learned station."""
    autocorrelation: float
    """Of the service times, from one request to the next; 0: independent, as they should be."""
    work_trend: float
    """Rank correlation of service time with requests inside at its arrival; 0: as it should be."""
    refusals: int
    refusals_misread: int
    """Refusals that the learned limit would admit, and requests admitted that it would refuse."""
    response_quantiles: tuple[ResponseQuantile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedStation:
    """A station learned from its request logs."""

    parameters: StationParameters
    """The best single set of numbers; what is unknown has no limit in it."""
    draws: tuple[StationParameters, ...]
    """Draws from the joint uncertainty of all numbers, the form of the laws included."""
    numbers: tuple[LearnedNumber, ...]
    unknown: tuple[str, ...]
    """What the logs cannot tell, a sentence each."""
    flags: tuple[str, ...]
    """What kind of station it is and what limits it, in the words of this module."""
    fit: GoodnessOfFit
