"""Load steps of a search for capacity: what is asked, what is planned next, and what a played step showed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from footfall._calibrate.request_log import RequestLog
from footfall._criteria.objects import Criterion

Floats: TypeAlias = NDArray[np.float64]
Texts: TypeAlias = NDArray[np.str_]
Truths: TypeAlias = NDArray[np.bool_]

BETWEEN_S = 2.0
"""Wall time that a step takes beyond its arrivals, about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityAsked:
    """What a search for capacity is to find, and within which limits."""

    criteria: tuple[Criterion, ...]
    """Of success, errors and response times; all of them must hold at the capacity."""
    p95_times_unloaded: float | None = None
    """The 95th percentile of all response times must stay below this many times that of the unloaded step;
    None: not asked."""
    budget_s: float = 300.0
    """Of wall time, for all steps with their drain times."""
    start_per_s: float | None = None
    """Arrival rate of the first step; None: the search chooses it."""
    most_per_s: float | None = None
    """No step has a higher arrival rate; None: no limit is asked for."""
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """One load step to play: so many arrivals per second for so long."""

    number: int
    """From 1, in the order of the search."""
    offered_per_s: float
    """Arrivals per second."""
    length_s: float
    """Seconds in which arrivals come."""
    purpose: str
    """Why it is played, in a word or two, for people: `explore`, `unloaded`, `confirm` and others."""
    under_way_most: int | None = None
    """Arrivals end when more customers than this are under way; None: they all come."""
    failed_in_a_row_most: int | None = None
    """Arrivals end when more visits than this have failed one after another; None: they all come."""
    pause_s: float = 0.0
    """Seconds without any load before it."""
    drain_s: float = 10.0
    """Customers still under way so long after the last arrival are cut off, and count as unfinished."""

    def within(self, left_s: float) -> "PlannedStep | None":
        """Return the step as it fits into what is left of the budget, in seconds; None: less than half does.

        The decision on a step takes time, too: on a busy machine it may take what the step was planned with.
        """
        fits_s = left_s - self.pause_s - BETWEEN_S
        if fits_s < self.length_s / 2:
            return None
        return self if self.length_s <= fits_s else replace(self, length_s=round(fits_s, 3))


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardFigures:
    """What the load generator measured of itself in one step; None: not measured."""

    lag_s_p99: float | None = None
    """How late arrivals were started."""
    own_s_p99: float | None = None
    """What the generator took of each request before it was sent, without connecting."""
    read_late_s_p99: float | None = None
    """How late a response was read that came at a random moment."""
    cpu_share_mean: float | None = None
    """CPU time of the generator over time passed, of the process with most; 1 is one core."""
    cpu_share_max: float | None = None
    """The same in the busiest second."""
    loop_busy_share: float | None = None
    """Time in turns of the generator's event loop over time passed: near 1 it is at its limit."""
    under_way_mean: float = 0.0
    """Requests under way, on average over the step: throughput times response time, by Little's law."""
    control_s_p95: float | None = None
    """Response time of a control request that a separate process sent during the step."""
    same_s_p95: float | None = None
    """Response time of the step's own requests of the same path."""
    bound_by: str = ""
    """How it is known that the generator and not the service was the limit; empty: it was not."""


@dataclass(frozen=True, kw_only=True, eq=False)
class StepVisits:
    """The visits of one step, sorted by `due_s`; the arrays have one element a visit."""

    channel: Texts
    operation: Texts
    due_s: Floats
    """Second of the step at which it was due."""
    response_s: Floats
    """From due to ended, without the time that the customer spent reading or typing."""
    is_success: Truths
    is_error: Truths
    """Ended by a technical fault or cut off: what `error(…)` counts."""
    is_answered: Truths
    """False: cut off at the end of the step, so how it would have ended is unknown."""

    @property
    def visits(self) -> int:
        """Number of visits."""
        return len(self.due_s)


@dataclass(frozen=True, kw_only=True, eq=False)
class PlayedStep:
    """One load step after it was played."""

    planned: PlannedStep
    sent_per_s: float
    """Arrivals per second that were in fact sent."""
    length_s: float
    """Seconds in which arrivals came: shorter than planned where the step was stopped early."""
    logs: Mapping[str, RequestLog]
    """The requests, by channel; `RequestLog.kinds` are named `channel.operation/step`."""
    visits: StepVisits
    requests_per_s: float
    """Requests sent per second of the length."""
    under_way_at_end: int
    """Customers under way when the last arrival had come."""
    stopped_early: bool = False
    """Whether `under_way_most` or `failed_in_a_row_most` was exceeded: it was too much for the service."""
    generator: GuardFigures = field(default_factory=GuardFigures)
    invalid_reason: str = ""
    """Why the step says nothing about the service; empty: it can be used. Never empty where
    `generator.bound_by` is not."""
