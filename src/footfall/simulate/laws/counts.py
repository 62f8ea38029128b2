"""What stations counted and customers told in a day: the two sides that the laws hold together."""

from array import array
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Book:
    """Something present at a station, with two accounts of how long it was there."""

    what: str
    counted: Callable[[float], float]
    """By the station: the time integral of the number present, from the start to this second."""
    told: Callable[[Floats], Floats]
    """By the customers' own times: the same integral over each interval between these edges."""
    by_visits: bool = False
    """Whether the visits' `wait_s` tell it, too."""


@dataclass(frozen=True, slots=True)
class RateBound:
    """A rate that a station promised to keep, and when requests passed."""

    requests_per_s: float
    burst: float
    """Requests beyond the one that the rate has room for."""
    passed_s: "array[float]"


@dataclass(frozen=True, slots=True)
class WaitBound:
    """The longest wait that a queue promised, and when its customers joined and left it."""

    longest_s: float
    joined_s: "array[float]"
    left_s: "array[float]"


Bound = RateBound | WaitBound


@dataclass(frozen=True, slots=True)
class Account:
    """A book at the end of the day."""

    channel: str
    what: str
    counted: Floats
    """At each edge, from the start."""
    told: Floats
    """In each interval."""
    by_visits: bool = False


@dataclass(frozen=True, slots=True)
class Shift:
    """Who served when at one line of servers, and how many were on duty."""

    channel: str
    site: int
    begun_s: Floats
    ended_s: Floats
    """Services that were not over at the end of the run are not here."""
    changed_s: Floats
    """When the number on duty was set; the first is the start."""
    servers: Floats
    """The number from then on."""


@dataclass(frozen=True, slots=True)
class Counts:
    """All that the stations of a day counted; the first axis of an array is its edges."""

    channels: tuple[str, ...]
    operations: tuple[str, ...]
    edges_s: Floats
    came: Ints
    """Visits begun so far, by channel and operation."""
    inside: Ints
    """Visits under way at the edge, by channel and operation."""
    present_s: Floats
    """Time integral of the visits under way, from the start, by channel."""
    accounts: tuple[Account, ...]
    shifts: tuple[Shift, ...]
    bounds: tuple[tuple[str, Bound], ...] = ()
    """With the channel's name."""
