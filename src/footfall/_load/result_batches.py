"""Results of a worker on their way to the master, and all messages between the two."""

import os
import socket
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, field
from itertools import repeat
from pathlib import Path
from typing import Any

from footfall._load.assignment import Assignment
from footfall._load.loop_watch import LoopNotes
from footfall._load.result_files import Latencies
from footfall._load.result_rows import Row
from footfall._load.results import RunResults
from footfall._records.histogram import Histogram
from footfall._records.rows import Arrival, Hit, Visit
from footfall._records.tables import ARRIVALS

# ── What a worker notes, on its way to the master: kept for half a second, sent, and added up there


@dataclass(slots=True)
class ResultBatch:
    """What happened since the last time, in plain data that a message can hold."""

    starts: list[tuple[int, float]] = field(default_factory=list)
    """Arrival and lag in seconds."""
    ends: list[tuple[int, bool, str]] = field(default_factory=list)
    """Arrival, whether it was played to its own end, and the error of ours that broke it, if any."""
    visits: list[Visit] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)
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
    def of_data(cls, data: dict[str, Any]) -> "ResultBatch":
        """Read notes from a message.

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
    """The `Book` of a worker: it collects notes until they are sent."""

    def __init__(self) -> None:
        """Start with none."""
        self._notes = ResultBatch()

    def start(self, arrival: int, lag_s: float) -> None:
        """Note a started arrival."""
        self._notes.starts.append((arrival, lag_s))

    def end(self, arrival: int, *, played: bool, broken_by: str = "") -> None:
        """Note an ended arrival."""
        self._notes.ends.append((arrival, played, broken_by))

    def visit(self, visit: Visit) -> None:
        """Note an ended visit."""
        self._notes.visits.append(visit)
        self._notes.latencies.add(visit)

    def count(self, name: str) -> None:
        """Note what became of a connection."""
        self._notes.connections[name] += 1

    def hit(self, hit: Hit, *, is_kept: bool) -> None:
        """Note a request."""
        if (own_s := hit.own_s) is not None:
            self._notes.own_times.record(own_s)
        if is_kept:
            self._notes.hits.append(hit)
        else:
            self._notes.hits_left_out += 1

    def loop(self, notes: LoopNotes) -> None:
        """Note what was seen of the event loop."""
        self._notes.loop_notes.merge(notes)

    def take(self) -> ResultBatch:
        """Give all notes since the last time."""
        notes, self._notes = self._notes, ResultBatch()
        return notes


def merge_batches(notes: ResultBatch, account: RunResults, plan: Assignment, worker: str) -> None:
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
    for visit in notes.visits:
        account.add_visit(visit)
    account.latencies.merge(notes.latencies)
    account.own_times.merge(notes.own_times)
    account.loop(notes.loop_notes)
    account.connections.update(notes.connections)
    for hit in (*notes.hits, *repeat(None, notes.hits_left_out)):
        account.add_hit(hit)


# ── What master and workers say to each other: plain data under one name of Locust's messages

MESSAGE = "footfall"
KIND = "kind"
_ROWS_MOST = 5_000
"""Arrivals in one message: a megabyte at most, so that nobody waits for it."""


def pieces_of(arrivals: Sequence[Arrival]) -> Iterator[list[Row]]:
    """Give arrivals as rows that messages can hold, in several parts."""
    for first in range(0, len(arrivals), _ROWS_MOST):
        yield [astuple(arrival) for arrival in arrivals[first : first + _ROWS_MOST]]


def arrivals_of(rows: Iterable[Sequence[Any]]) -> list[Arrival]:
    """Read arrivals from a message.

    Raises:
        ValueError: a row is none.
    """
    return [Arrival(**dict(zip(ARRIVALS, row, strict=True))) for row in rows]


def here() -> dict[str, Any]:
    """Say which process this is, as another one on the same system can check."""
    return {"pid": os.getpid(), "node": _node()}


def is_dead(pid: int, node: str) -> bool:
    """Whether a process of this very system has ended; of others nobody knows."""
    if not node or node != _node():
        return False
    try:
        # A process that ended and was not yet fetched by its parent is a zombie: it does nothing more.
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True
    except OSError:
        return False


def _node() -> str:
    """Name of this system and its room of processes; empty where it cannot be told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{socket.gethostname()} {boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""
