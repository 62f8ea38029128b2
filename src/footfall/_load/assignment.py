"""Which worker owns which arrival, and what the master knows of each worker."""

import os
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from footfall._load.results import ArrivalState, ArrivalStates
from footfall._records.runs import WorkerRecord

NO_OWNER = -1


class Assignment:
    """Ownership of the arrivals of a trace: at any time each has at most one worker.

    Arrival k belongs to slot k mod n. No worker starts an arrival before it is due, so a worker that has been
    silent since second t can have started only arrivals due by t: they are lost. Later arrivals can be
    reassigned.
    """

    def __init__(self, due_s: Sequence[float], states: ArrivalStates) -> None:
        """Begin without owners; `due_s` is sorted, `states` are those of the same arrivals."""
        self._due_s = due_s
        self._states = states
        self._owners = [NO_OWNER] * len(due_s)
        self._slots = [0] * len(due_s)
        self._workers: list[str] = []

    def begin(self, workers: Sequence[str]) -> dict[str, list[int]]:
        """Assign arrival k to worker k mod n; returns the arrivals of each worker.

        Raises:
            ValueError: there are no workers.
        """
        n = len(workers)
        shares = self.assign(range(len(self._owners)), workers)
        self._slots = [arrival % n for arrival in range(len(self._owners))]
        return shares

    def assign(self, arrivals: Iterable[int], workers: Sequence[str]) -> dict[str, list[int]]:
        """Assign arrivals without an owner to the workers in turn; returns the arrivals of each.

        Raises:
            ValueError: there are no workers, or an arrival has an owner.
        """
        if not workers:
            msg = "there are no workers to assign arrivals to"
            raise ValueError(msg)
        numbers = [self._number(worker) for worker in workers]
        shares: dict[str, list[int]] = {worker: [] for worker in workers}
        for k, arrival in enumerate(arrivals):
            if self._owners[arrival] != NO_OWNER:
                msg = f"arrival {arrival} has an owner"
                raise ValueError(msg)
            self._owners[arrival] = numbers[k % len(workers)]
            shares[workers[k % len(workers)]].append(arrival)
        return shares

    def owns(self, worker: str, arrival: int) -> bool:
        """Whether an arrival is assigned to this worker."""
        return worker in self._workers and self._owners[arrival] == self._number(worker)

    def slots(self, worker: str) -> tuple[int, ...]:
        """Slots of which the worker owns arrivals, or owned them when it left."""
        number = self._number(worker)
        return tuple(
            sorted({slot for slot, owner in zip(self._slots, self._owners, strict=True) if owner == number})
        )

    def lose(self, worker: str, silent_since_s: float) -> list[int]:
        """Unassign all arrivals of a silent worker: those it may have started are lost; returns the others.

        The others then have no owner; they are in the order of the trace.
        """
        return self._take(worker, lambda arrival: self._due_s[arrival] <= silent_since_s)

    def leave(self, worker: str) -> list[int]:
        """Unassign the arrivals that a leaving worker has not started; returns them.

        Arrivals that it started and did not report as ended are lost.
        """
        return self._take(worker, lambda _arrival: False)

    def _take(self, worker: str, may_be_started: Callable[[int], bool]) -> list[int]:
        number, free = self._number(worker), []
        for arrival, owner in enumerate(self._owners):
            if owner != number:
                continue
            state = self._states.state(arrival)
            if state is ArrivalState.STARTED or (state is ArrivalState.WAITING and may_be_started(arrival)):
                self._states.lose(arrival)
            elif state is ArrivalState.WAITING:
                self._owners[arrival] = NO_OWNER
                free.append(arrival)
        return free

    def _number(self, worker: str) -> int:
        if worker not in self._workers:
            self._workers.append(worker)
        return self._workers.index(worker)


def clock_offset(pings: Iterable[tuple[float, float, float]]) -> tuple[float, float] | None:
    """Return the offset of another clock from ours and the round-trip time, by the fastest of several pings.

    A ping is (sent, the other clock's time, returned); the offset is known to half its round-trip time.
    None if no ping came back. Source: D. L. Mills, IEEE Transactions on Communications 39 (1991) 1482-1493.
    """
    quickest = min(pings, key=lambda ping: ping[2] - ping[0], default=None)
    if quickest is None:
        return None
    sent, there, returned = quickest
    return there - (sent + returned) / 2, returned - sent


# ── One worker, as the master knows it

LEASE_S = 4.0
"""A worker starts no arrival that is due later than this after the master's last message. A worker that is
cut off from the master stops by itself, and arrivals that it cannot have started can safely be reassigned."""
_SILENT_S = LEASE_S + 0.5
_DEAD_CHECKS = 5
"""When a process has ended, its last messages may still be in our socket. It is checked this many times, and
messages are read in between, before the worker counts as lost."""


@dataclass(slots=True)
class WorkerState:
    """A worker of a run, as the master sees it; mutable."""

    id: str
    status: str = "called"
    """`called`, `ready`, `playing`, then as in `WorkerRecord`."""
    pings: list[tuple[float, float, float]] = field(default_factory=list)
    until_s: float = 0.0
    """It starts no arrival that is due after this second of the run."""
    pid: int = 0
    node: str = ""
    problem: str = ""
    takes_part: bool = False
    """Whether it belongs to the run: present at the start, or given arrivals of another worker since."""
    is_leaving: bool = False
    has_ended: bool = False
    """Whether its last results have arrived."""
    _heard_at: float = field(default_factory=time.perf_counter)
    _dead_checks: int = 0
    _died_at: float = 0.0

    @property
    def is_playing(self) -> bool:
        """Whether it runs arrivals, or can be given some."""
        return self.status == "playing"

    @property
    def is_gone(self) -> bool:
        """Whether it takes no further part in the run."""
        return self.status in {"left", "lost", "unable"}

    @property
    def offset_s(self) -> float:
        """Offset of its clock from ours, seconds."""
        known = clock_offset(self.pings)
        return known[0] if known else 0.0

    def heard(self) -> None:
        """Record that a message from it has just arrived."""
        self._heard_at = time.perf_counter()

    def is_silent(self) -> bool:
        """Whether it has been silent for longer than its lease allows it to continue."""
        return time.perf_counter() - self._heard_at > _SILENT_S

    def has_died(self) -> bool:
        """Check whether its process, on this system, has ended; true once several checks agree."""
        if not is_dead(self.pid, self.node):
            self._dead_checks = 0
            return False
        if self._dead_checks == 0:
            self._died_at = time.perf_counter()
        self._dead_checks += 1
        return self._dead_checks >= _DEAD_CHECKS

    def dead_s(self) -> float:
        """Return how many seconds ago its process was first seen to have ended."""
        return time.perf_counter() - self._died_at

    def record(self, slots: tuple[int, ...]) -> WorkerRecord:
        """Return its entry in the manifest."""
        known = clock_offset(self.pings)
        status = self.status
        if status in {"called", "ready", "playing"}:
            status = "finished" if slots else "spare"
        elif status in {"left", "lost"} and not self.takes_part:
            status = "spare"
        return WorkerRecord(
            id=self.id,
            slots=slots,
            status=status,
            clock_offset_s=round(known[0], 6) if known else None,
            ping_s=round(known[1], 6) if known else None,
        )


def this_process() -> dict[str, Any]:
    """Identify this process, so that another one on the same system can check it."""
    return {"pid": os.getpid(), "node": _node()}


def is_dead(pid: int, node: str) -> bool:
    """Whether a process of this system has ended; false if it is on another system."""
    if not node or node != _node():
        return False
    try:
        # A process that has ended and has not been waited for by its parent is a zombie.
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True
    except OSError:
        return False


def _node() -> str:
    """Name of this system and its process namespace; empty where it cannot be determined."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{socket.gethostname()} {boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""
