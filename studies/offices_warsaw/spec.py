"""Service halls of a city: what was calibrated on first days, and the rules for reading their display."""

import hashlib
from datetime import date

from footfall._model.numbers import Count, CountFromOne, NonNegative, Positive, Share, Spec
from footfall._model.profiles import DayProfile


class OfficeQueue(Spec):
    """One queue of one office, as its first days had it."""

    name: str
    """Office and number, as in `UD_Wola/186`."""
    office: str
    queue: str
    title: str
    service_s_mean: Positive
    """Seconds of an open counter for each customer who comes when called.

    Counters serve other queues as well, so this is no length of a talk.
    """
    arrivals: DayProfile
    """Customers of each half hour."""
    counters: DayProfile
    """Open counters."""
    waiting: DayProfile
    """Who waited: for comparison, nothing is predicted from it."""


class Offices(Spec):
    """All busy queues of a city's offices."""

    name: str
    title: str
    calibrated_on: tuple[date, ...]
    opens_s: NonNegative
    closes_s: Positive
    """Compared is what happens between the two."""
    own_share_least: Share
    """Of the tickets that a queue's display shows, so many are of its own letter."""
    called_least: Count
    """Customers called on a calibrated day, on average: with fewer, a queue tells nothing."""
    called_most_per_s: Positive
    """Tickets that one counter can call; a display that counts up faster had stood still before."""
    patience_s_mean: Positive
    """Exponential. Who has left is still called, since the display does not know."""
    absent_s: NonNegative
    """A counter waits so long for one who does not come."""
    replications: CountFromOne
    """Independent days simulated for each recorded one."""
    queues: tuple[OfficeQueue, ...]

    def fingerprint(self) -> str:
        """Give the sha256 of all that is said here."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()
