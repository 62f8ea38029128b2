"""Results of a worker for the master, in batches, and the messages between the two."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, field
from itertools import repeat
from typing import Any

from footfall._load.assignment import Assignment
from footfall._load.loop_watch import LoopNotes
from footfall._load.result_files import Latencies, Row
from footfall._load.results import RunResults
from footfall._records.load_generator import Histogram
from footfall._records.rows import Arrival, Hit, Visit
from footfall._records.tables import ARRIVALS

# ── Results of a worker: collected for half a second, sent, and merged by the master


@dataclass(slots=True)
class ResultBatch:
    """Results since the previous batch, as plain data for a message."""

    starts: list[tuple[int, float]] = field(default_factory=list)
    """Arrival and lag in seconds."""
    ends: list[tuple[int, bool, str]] = field(default_factory=list)
    """Arrival, whether its journey was completed, and the generator error that broke it, if any."""
    visits: list[Visit] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)
    hits_left_out: int = 0
    latencies: Latencies = field(default_factory=Latencies)
    """Of the visits."""
    own_times: Histogram = field(default_factory=Histogram)
    """Time that the generator itself took for each request."""
    loop_notes: LoopNotes = field(default_factory=LoopNotes)
    connections: Counter[str] = field(default_factory=Counter)
    """Connections by what happened to them, by the names of `ConnectionCounts`."""

    def to_data(self) -> dict[str, Any]:
        """Return the batch as plain data."""
        rows = {"starts": self.starts, "ends": self.ends, "visits": self.visits, "hits": self.hits}
        times = {"latencies": self.latencies.to_data(), "own_times": self.own_times.to_data()}
        counts = {"hits_left_out": self.hits_left_out, "connections": dict(self.connections)}
        return rows | counts | {"loop": self.loop_notes.to_data()} | times

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> "ResultBatch":
        """Read a batch from plain data.

        Raises:
            KeyError: a part is missing.
            TypeError: a row has another number of columns.
        """
        starts, ends = ([tuple(row) for row in data[name]] for name in ("starts", "ends"))
        visits = [Visit._make(row) for row in data["visits"]]
        hits = [Hit._make(row) for row in data["hits"]]
        times = (
            Latencies.of_data(data["latencies"]),
            Histogram.of_data(data["own_times"]),
            LoopNotes.of_data(data["loop"]),
        )
        counts = Counter(data["connections"])
        return cls(starts, ends, visits, hits, data["hits_left_out"], *times, counts)


class ResultBuffer:
    """The `ResultSink` of a worker: it collects results until they are sent."""

    def __init__(self) -> None:
        """Begin empty."""
        self._batch = ResultBatch()

    def start(self, arrival: int, lag_s: float) -> None:
        """Record a started arrival."""
        self._batch.starts.append((arrival, lag_s))

    def end(self, arrival: int, *, played: bool, broken_by: str = "") -> None:
        """Record an ended arrival."""
        self._batch.ends.append((arrival, played, broken_by))

    def visit(self, visit: Visit) -> None:
        """Record an ended visit."""
        self._batch.visits.append(visit)
        self._batch.latencies.add(visit)

    def count(self, name: str) -> None:
        """Count a connection by what happened to it."""
        self._batch.connections[name] += 1

    def hit(self, hit: Hit, *, is_kept: bool) -> None:
        """Record a request."""
        if (own_s := hit.own_s) is not None:
            self._batch.own_times.record(own_s)
        if is_kept:
            self._batch.hits.append(hit)
        else:
            self._batch.hits_left_out += 1

    def loop(self, notes: LoopNotes) -> None:
        """Record measurements of the event loop."""
        self._batch.loop_notes.merge(notes)

    def take(self) -> ResultBatch:
        """Return the results since the previous batch."""
        batch, self._batch = self._batch, ResultBatch()
        return batch


def merge_batches(batch: ResultBatch, results: RunResults, assignment: Assignment, worker: str) -> None:
    """Add a worker's batch to the results; of arrivals that it no longer owns, only the rows.

    Raises:
        ValueError: an arrival that it owns is started or ended twice.
    """
    for arrival, lag_s in batch.starts:
        if assignment.owns(worker, arrival):
            results.start(arrival, lag_s)
    for arrival, played, broken_by in batch.ends:
        if assignment.owns(worker, arrival):
            results.end(arrival, played=played, broken_by=broken_by)
    for visit in batch.visits:
        results.add_visit(visit)
    results.latencies.merge(batch.latencies)
    results.own_times.merge(batch.own_times)
    results.loop(batch.loop_notes)
    results.connections.update(batch.connections)
    for hit in (*batch.hits, *repeat(None, batch.hits_left_out)):
        results.add_hit(hit)


# ── Messages between master and workers: plain data under one name of Locust's messages

MESSAGE = "footfall"
KIND = "kind"
_ROWS_MOST = 5_000
"""Arrivals in one message, which then has at most a megabyte."""


def pieces_of(arrivals: Sequence[Arrival]) -> Iterator[list[Row]]:
    """Yield arrivals as rows, in parts that fit a message."""
    for first in range(0, len(arrivals), _ROWS_MOST):
        yield [astuple(arrival) for arrival in arrivals[first : first + _ROWS_MOST]]


def arrivals_of(rows: Iterable[Sequence[Any]]) -> list[Arrival]:
    """Read arrivals from a message.

    Raises:
        ValueError: a row has another number of columns.
    """
    return [Arrival(**dict(zip(ARRIVALS, row, strict=True))) for row in rows]
