"""One worker, as the master knows it."""

import time
from dataclasses import dataclass, field

from footfall._load.assignment import clock_offset
from footfall._load.result_batches import is_dead
from footfall._records.runs import WorkerRecord

LEASE_S = 4.0
"""A worker starts nobody who is due later than this after the master's last word: whoever is cut off from the
master stops by itself, and what it could not have started can safely be played by another."""
_SILENT_S = LEASE_S + 0.5
_DEAD_LOOKS = 5
"""When a process has ended, its last words may still lie in our socket: it is looked for so often, and they
are read in between, before it counts as gone without a word."""


@dataclass(slots=True)
class WorkerState:
    """A worker of a run; mutable, since it is watched."""

    id: str
    status: str = "called"
    """`called`, `ready`, `playing`, then as in `WorkerRecord`."""
    pings: list[tuple[float, float, float]] = field(default_factory=list)
    until_s: float = 0.0
    """It starts nobody who is due after this second of play."""
    pid: int = 0
    node: str = ""
    problem: str = ""
    takes_part: bool = False
    """The run counts on it: it was there at the start, or was given arrivals of another one since."""
    is_leaving: bool = False
    has_ended: bool = False
    """It has told the last."""
    _heard_at: float = field(default_factory=time.perf_counter)
    _dead_looks: int = 0
    _died_at: float = 0.0

    @property
    def plays(self) -> bool:
        """Whether it plays arrivals, or would take them."""
        return self.status == "playing"

    @property
    def is_gone(self) -> bool:
        """Whether nothing is expected of it any more."""
        return self.status in {"left", "lost", "unable"}

    @property
    def offset_s(self) -> float:
        """Its clock less ours."""
        known = clock_offset(self.pings)
        return known[0] if known else 0.0

    def heard(self) -> None:
        """Note that it spoke just now."""
        self._heard_at = time.perf_counter()

    def is_silent(self) -> bool:
        """Whether it has said nothing for longer than it may go on by itself."""
        return time.perf_counter() - self._heard_at > _SILENT_S

    def has_died(self) -> bool:
        """Look whether its process, on this very system, has ended; true once several looks agree."""
        if not is_dead(self.pid, self.node):
            self._dead_looks = 0
            return False
        if self._dead_looks == 0:
            self._died_at = time.perf_counter()
        self._dead_looks += 1
        return self._dead_looks >= _DEAD_LOOKS

    def dead_s(self) -> float:
        """Give how long ago its process was first seen to have ended."""
        return time.perf_counter() - self._died_at

    def record(self, slots: tuple[int, ...]) -> WorkerRecord:
        """Give what the manifest says of it."""
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
