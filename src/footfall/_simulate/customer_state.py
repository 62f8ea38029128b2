"""A customer in the simulated day, and the log of visits."""

from array import array

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall._behaviour.journey import Journey
from footfall._model.model import Model
from footfall._records.rows import OUTCOMES, Outcome
from footfall._records.tables import VISITS
from footfall._simulate.engine import Script
from footfall._workload.arrivals import Arrivals

# ── One simulated customer: their journey, and what happened in the attempt at hand


class Customer(Journey):
    """A journey on the simulated day, with the times of the attempt at hand."""

    __slots__ = (
        "cause",
        "due_s",
        "human_s",
        "lapsed",
        "n",
        "ordered_s",
        "queued_s",
        "script",
        "served_s",
        "session_s",
        "site",
        "subscriber",
        "wait_s",
    )
    script: Script

    def __init__(  # noqa: PLR0913, PLR0917  plain scalars: this is the hottest constructor of a day
        self, n: int, key: int, segment: int, operation: int, subscriber: int, first_choice: int
    ) -> None:
        """Make the customer at place n of the order of arrival."""
        super().__init__(key, segment, operation, first_choice)
        self.n = n
        self.subscriber = subscriber
        self.queued_s = -1.0
        """Since when the customer has been in a line; below 0: in none."""
        self.session_s = -1.0
        """When the session was last used; below 0: none is open."""
        self.ordered_s = -1.0
        """When the order was placed that waits for its confirmation."""
        self.lapsed = ""
        """What was over before it was used: the session or the order; empty: neither."""

    def begin(self, now_s: float, site: int) -> None:
        """Begin an attempt at one of the channel's places."""
        self.site = site
        self.due_s = now_s
        self.served_s = -1.0
        self.human_s = 0.0
        self.wait_s = 0.0
        self.cause = ""
        self.session_s = -1.0
        self.ordered_s = -1.0
        self.lapsed = ""

    def cut(self, now_s: float) -> None:
        """End the attempt at the horizon: what would have come later has not happened."""
        self.cause = "horizon"
        if self.queued_s >= 0:
            self.wait_s += now_s - self.queued_s
        whole_s = now_s - self.due_s
        self.wait_s, self.human_s = min(self.wait_s, whole_s), min(self.human_s, whole_s)
        if self.served_s > now_s:
            self.served_s = -1.0


# ── The visits of a simulated day, kept as columns while it runs and made a table at its end

_CODE = {Outcome(name): code for code, name in enumerate(OUTCOMES)}
_NEVER_BEGAN = {Outcome.CLOSED, Outcome.BALKED, Outcome.BLOCKED}


class VisitLog:
    """Columns that grow by one value a visit."""

    def __init__(self) -> None:
        """Start empty."""
        self._causes = {"": 0}
        self._places = array("q")
        self._codes = array("h")
        """Channel, attempt, outcome, cause: four a visit."""
        self._sites = array("q")
        self._times = array("d")
        """Due, started, served, ended, human, wait: six a visit; not a number stands for never."""

    def add(self, customer: Customer, outcome: Outcome, now_s: float) -> None:
        """Note the end of the customer's attempt."""
        never = float("nan")
        cause = self._causes.setdefault(customer.cause, len(self._causes))
        self._places.append(customer.n)
        self._codes.extend((customer.channel, customer.attempt, _CODE[outcome], cause))
        self._sites.append(customer.site)
        due_s, served_s = customer.due_s, customer.served_s
        self._times.extend(
            (
                due_s,
                never if outcome in _NEVER_BEGAN else due_s,
                served_s if served_s >= 0 else never,
                now_s,
                customer.human_s,
                customer.wait_s,
            )
        )

    def __len__(self) -> int:
        """Count the visits."""
        return len(self._places)

    def table(self, model: Model, people: Arrivals) -> pl.DataFrame:
        """Give all visits with the columns of `VISITS`, in order of their end."""
        places = np.frombuffer(self._places, dtype=np.int64)
        codes = np.frombuffer(self._codes, dtype=np.int16).reshape(-1, 4).astype(np.int64)
        times = np.frombuffer(self._times, dtype=np.float64).reshape(-1, 6)
        columns = {
            "customer": people.customers[places],
            "subscriber": people.subscribers[places],
            "segment": _named([s.name for s in model.segments], people.segments[places]),
            "operation": _named(list(model.operations), people.operations[places]),
            "channel": _named([c.name for c in model.channels], codes[:, 0]),
            "site": np.frombuffer(self._sites, dtype=np.int64),
            "attempt": codes[:, 1],
            "due_s": times[:, 0],
            "started_s": pl.Series(times[:, 1], nan_to_null=True),
            "served_s": pl.Series(times[:, 2], nan_to_null=True),
            "ended_s": times[:, 3],
            "human_s": times[:, 4],
            "outcome": _named(list(OUTCOMES), codes[:, 2]),
            "cause": _named(list(self._causes), codes[:, 3]),
            "wait_s": times[:, 5],
        }
        return pl.DataFrame({name: columns[name] for name in VISITS}, schema=VISITS)


def _named(names: list[str], codes: NDArray[np.int64]) -> pl.Series:
    return pl.Series(names, dtype=pl.String).gather(codes)
