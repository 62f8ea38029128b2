"""Watches the generator's event loop and CPU time, and reports how far a run is."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import gevent
from gevent import Greenlet
from gevent.event import AsyncResult
from gevent.threadpool import ThreadPool

from footfall._records.histogram import Histogram

# ── What was seen of a generator's event loop: plain data that adds up over seconds and workers


@dataclass(slots=True)
class LoopNotes:
    """Turns of the event loop and CPU time of one or several generating processes."""

    turns: Histogram = field(default_factory=Histogram)
    """Times between two looks at the sockets."""
    watched_s: float = 0.0
    """Time that the turns and the waiting between them took, summed over the processes."""
    cpu_share_by_s: dict[int, float] = field(default_factory=dict)
    """CPU time over time passed, by second of the run; of several processes the busiest."""

    def merge(self, other: "LoopNotes") -> None:
        """Count what others have seen."""
        self.turns.merge(other.turns)
        self.watched_s += other.watched_s
        for second, share in other.cpu_share_by_s.items():
            self.cpu_share_by_s[second] = max(share, self.cpu_share_by_s.get(second, 0.0))

    def read_late_s(self, share: float) -> float | None:
        """Time by which an answer that comes at a random moment is read, with that probability.

        It waits for the end of the turn in which it comes; a turn of length L keeps it for longer than x with
        probability max(0, L - x) / T, T being the time watched. Right to 0.05 %; None of nothing.
        """
        if not self.turns.n or self.watched_s <= 0:
            return None
        left_s = (1 - share) * self.watched_s
        # From the longest turn down, the time spent in turns above x grows by their number times the step.
        above, spent_s, at_s = 0, 0.0, self.turns.max_s
        for length_s, count in self.turns.lengths():
            step_s = at_s - length_s
            if spent_s + above * step_s >= left_s and above:
                return max(at_s - (left_s - spent_s) / above, 0.0)
            spent_s += above * step_s
            above, at_s = above + count, length_s
        return max(at_s - (left_s - spent_s) / above, 0.0)

    def to_data(self) -> dict[str, Any]:
        """Give them in plain data, for a message."""
        return {
            "turns": self.turns.to_data(),
            "watched_s": self.watched_s,
            "cpu": list(self.cpu_share_by_s.items()),
        }

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> "LoopNotes":
        """Read them from plain data.

        Raises:
            KeyError: a part is missing.
        """
        return cls(Histogram.of_data(data["turns"]), data["watched_s"], dict(data["cpu"]))


# ── Watches the generator's own event loop and CPU time while a run lasts

_FIRST, _LAST = 2, -2
"""libev calls watchers of one kind by priority, from 2 down to -2."""
_EVERY_S = 1.0


class LoopWatch:
    """Counts the turns of this process's event loop and its CPU time, and tells them once a second.

    libev calls a `check` watcher when it has looked at the sockets and a `prepare` watcher before it looks
    again: between the two runs everything else, and no answer is read.
    """

    def __init__(self, now_s: Callable[[], float], tell: Callable[[LoopNotes], None]) -> None:
        """Watch nothing yet; `now_s` is the clock of the run, `tell` takes what was seen."""
        self._now_s = now_s
        self._tell = tell
        self._notes = LoopNotes()
        self._since_s = 0.0
        loop = gevent.get_hub().loop
        self._check = loop.check(ref=False, priority=_FIRST)
        self._prepare = loop.prepare(ref=False, priority=_LAST)

    def start(self) -> Greenlet:
        """Watch from second 0 of the run; killing the greenlet that is given ends it."""
        return gevent.spawn(self._watch)

    def _watch(self) -> None:
        while (ahead_s := -self._now_s()) > 0:
            gevent.sleep(ahead_s)
        self._since_s = time.perf_counter()
        self._check.start(self._begin_turn)
        self._prepare.start(self._end_turn)
        try:
            self._tell_every_second()
        finally:
            self._check.stop()
            self._prepare.stop()

    def _tell_every_second(self) -> None:
        second, cpu_s, at_s = int(self._now_s()), time.process_time(), self._now_s()
        while True:
            gevent.sleep(max(at_s + _EVERY_S - self._now_s(), 0.0))
            now_cpu_s, now_at_s = time.process_time(), self._now_s()
            share = (now_cpu_s - cpu_s) / max(now_at_s - at_s, 1e-3)
            # When the loop stood still for several seconds, each of them was as busy as all together.
            now_second = max(int(now_at_s), second + 1)
            notes, self._notes = self._notes, LoopNotes()
            notes.watched_s = now_at_s - at_s
            notes.cpu_share_by_s = dict.fromkeys(range(second, now_second), round(share, 4))
            self._tell(notes)
            second, cpu_s, at_s = now_second, now_cpu_s, now_at_s

    def _begin_turn(self) -> None:
        self._since_s = time.perf_counter()

    def _end_turn(self) -> None:
        self._notes.turns.record(time.perf_counter() - self._since_s)


# ── How far a play is, told from the process that plays to the one that waits

PROGRESS_FILE = ".progress.json"


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of a play."""

    played_s: float
    """Seconds of play so far."""
    started: int
    due: int
    """Arrivals that were started, and all that are due in the whole play."""


def write_progress(folder: Path, progress: Progress) -> bool:
    """Write the moment, whole or not at all; gives whether it could be: a run goes on without."""
    draft = folder / f"{PROGRESS_FILE}.new"
    try:
        draft.write_text(json.dumps(asdict(progress)), encoding="utf-8")
        draft.replace(folder / PROGRESS_FILE)
    except OSError:
        return False
    return True


def read_progress(folder: Path) -> Progress | None:
    """Read the latest moment; None before the first."""
    try:
        return Progress(**json.loads((folder / PROGRESS_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def end_progress(folder: Path) -> None:
    """Remove the file: the run is over."""
    for name in (PROGRESS_FILE, f"{PROGRESS_FILE}.new"):
        with suppress(OSError):
            (folder / name).unlink(missing_ok=True)


# ── Writes the progress file in a thread of its own: a slow disk must not stop the event loop


class ProgressThread:
    """The progress file of one run."""

    def __init__(self, folder: Path) -> None:
        """Write nothing yet."""
        self._folder = folder
        self._pool = ThreadPool(1)
        self._writing: AsyncResult | None = None

    def tell(self, progress: Progress) -> None:
        """Have the moment written, unless the one before is still being written; never waits."""
        if self._writing is None or self._writing.ready():
            self._writing = self._pool.spawn(write_progress, self._folder, progress)
