"""What a worker notes, on its way to the master: kept for half a second, sent, and added up there."""

from dataclasses import dataclass, field
from typing import Any

from footfall.load.account import Account
from footfall.load.crew.plan import Plan
from footfall.load.errands.answers import Ending
from footfall.load.result import Row
from footfall.records.outcomes import Outcome
from footfall.records.tables import VISITS

_OUTCOME, _CAUSE = list(VISITS).index("outcome"), list(VISITS).index("cause")


@dataclass(slots=True)
class Notes:
    """What happened since the last time, in plain data that a message can hold."""

    starts: list[tuple[int, float]] = field(default_factory=list)
    """Arrival and lag in seconds."""
    ends: list[tuple[int, bool]] = field(default_factory=list)
    """Arrival, and whether it was played to its own end."""
    visits: list[Row] = field(default_factory=list)
    hits: list[Row] = field(default_factory=list)

    def to_data(self) -> dict[str, Any]:
        """Give the notes as a message holds them."""
        return {"starts": self.starts, "ends": self.ends, "visits": self.visits, "hits": self.hits}

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> "Notes":
        """Read notes from a message.

        Raises:
            KeyError: a part is missing.
        """
        return cls(*([tuple(row) for row in data[name]] for name in ("starts", "ends", "visits", "hits")))


class Stream:
    """The `Book` of a worker: it collects notes until they are sent."""

    def __init__(self) -> None:
        """Start with none."""
        self._notes = Notes()

    def start(self, arrival: int, lag_s: float) -> None:
        """Note a started arrival."""
        self._notes.starts.append((arrival, lag_s))

    def end(self, arrival: int, *, played: bool) -> None:
        """Note an ended arrival."""
        self._notes.ends.append((arrival, played))

    def visit(self, row: Row, ending: Ending) -> None:  # noqa: ARG002  the row holds the ending
        """Note an ended visit."""
        self._notes.visits.append(row)

    def hit(self, row: Row) -> None:
        """Note a request."""
        self._notes.hits.append(row)

    def take(self) -> Notes:
        """Give all notes since the last time."""
        notes, self._notes = self._notes, Notes()
        return notes


def add_up(notes: Notes, account: Account, plan: Plan, worker: str) -> None:
    """Put the notes of a worker into the account; of arrivals that are no longer its own, the rows alone.

    Raises:
        ValueError: an arrival of its own is started or ended twice.
    """
    for arrival, lag_s in notes.starts:
        if plan.owns(worker, arrival):
            account.start(arrival, lag_s)
    for arrival, played in notes.ends:
        if plan.owns(worker, arrival):
            account.end(arrival, played=played)
    for row in notes.visits:
        account.visit(row, (Outcome(str(row[_OUTCOME])), str(row[_CAUSE])))
    for row in notes.hits:
        account.hit(row)
