"""What a worker notes, on its way to the master: kept for half a second, sent, and added up there."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from footfall.load.account import Account
from footfall.load.crew.plan import Plan
from footfall.load.errands.answers import Ending
from footfall.load.latencies import Latencies
from footfall.load.loop_notes import LoopNotes
from footfall.load.rows import Row
from footfall.records.histogram import Histogram
from footfall.records.outcomes import Outcome
from footfall.records.tables import VISITS

_OUTCOME, _CAUSE = list(VISITS).index("outcome"), list(VISITS).index("cause")


@dataclass(slots=True)
class Notes:
    """What happened since the last time, in plain data that a message can hold."""

    starts: list[tuple[int, float]] = field(default_factory=list)
    """Arrival and lag in seconds."""
    ends: list[tuple[int, bool, str]] = field(default_factory=list)
    """Arrival, whether it was played to its own end, and the error of ours that broke it, if any."""
    visits: list[Row] = field(default_factory=list)
    hits: list[Row] = field(default_factory=list)
    hits_left_out: int = 0
    latencies: Latencies = field(default_factory=Latencies)
    """Of the visits."""
    own_times: Histogram = field(default_factory=Histogram)
    """Of the requests: what the generator itself took."""
    loop_notes: LoopNotes = field(default_factory=LoopNotes)
    connections: Counter[str] = field(default_factory=Counter)
    """What became of connections, by the names of `ConnectionCounts`."""

    def to_data(self) -> dict[str, Any]:
        """Give the notes as a message holds them."""
        rows = {"starts": self.starts, "ends": self.ends, "visits": self.visits, "hits": self.hits}
        times = {"latencies": self.latencies.to_data(), "own_times": self.own_times.to_data()}
        counts = {"hits_left_out": self.hits_left_out, "connections": dict(self.connections)}
        return rows | counts | {"loop": self.loop_notes.to_data()} | times

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> "Notes":
        """Read notes from a message.

        Raises:
            KeyError: a part is missing.
        """
        starts, ends, visits, hits = (
            [tuple(row) for row in data[name]] for name in ("starts", "ends", "visits", "hits")
        )
        times = (
            Latencies.of_data(data["latencies"]),
            Histogram.of_data(data["own_times"]),
            LoopNotes.of_data(data["loop"]),
        )
        counts = Counter(data["connections"])
        return cls(starts, ends, visits, hits, data["hits_left_out"], *times, counts)


class Stream:
    """The `Book` of a worker: it collects notes until they are sent."""

    def __init__(self) -> None:
        """Start with none."""
        self._notes = Notes()

    def start(self, arrival: int, lag_s: float) -> None:
        """Note a started arrival."""
        self._notes.starts.append((arrival, lag_s))

    def end(self, arrival: int, *, played: bool, broken_by: str = "") -> None:
        """Note an ended arrival."""
        self._notes.ends.append((arrival, played, broken_by))

    def visit(self, row: Row, ending: Ending) -> None:  # noqa: ARG002  the row holds the ending
        """Note an ended visit."""
        self._notes.visits.append(row)
        self._notes.latencies.add(row)

    def count(self, name: str) -> None:
        """Note what became of a connection."""
        self._notes.connections[name] += 1

    def hit(self, row: Row | None, own_s: float | None) -> None:
        """Note a request."""
        if own_s is not None:
            self._notes.own_times.record(own_s)
        if row is None:
            self._notes.hits_left_out += 1
        else:
            self._notes.hits.append(row)

    def loop(self, notes: LoopNotes) -> None:
        """Note what was seen of the event loop."""
        self._notes.loop_notes.merge(notes)

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
    for arrival, played, broken_by in notes.ends:
        if plan.owns(worker, arrival):
            account.end(arrival, played=played, broken_by=broken_by)
    for row in notes.visits:
        account.add_visit(row, (Outcome(str(row[_OUTCOME])), str(row[_CAUSE])))
    account.latencies.merge(notes.latencies)
    account.own_times.merge(notes.own_times)
    account.loop(notes.loop_notes)
    account.connections.update(notes.connections)
    for hit in (*notes.hits, *repeat(None, notes.hits_left_out)):
        account.add_hit(hit)
