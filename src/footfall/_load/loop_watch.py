"""Watches the generator's event loop and CPU time, and reports the progress of a run."""

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

from footfall._records.load_generator import Histogram

# ── Measurements of event loops: plain data that can be merged over seconds and workers


@dataclass(slots=True)
class LoopNotes:
    """Turns of the event loop and CPU time of one or several generator processes."""

    turns: Histogram = field(default_factory=Histogram)
    """Times between two polls of the sockets."""
    watched_s: float = 0.0
    """Duration of the turns and of the waiting between them, summed over the processes."""
    cpu_share_by_s: dict[int, float] = field(default_factory=dict)
    """CPU time divided by elapsed time, by second of the run; the maximum of several processes."""

    def merge(self, other: "LoopNotes") -> None:
        """Add the measurements of another object."""
        self.turns.merge(other.turns)
        self.watched_s += other.watched_s
        for second, share in other.cpu_share_by_s.items():
            self.cpu_share_by_s[second] = max(share, self.cpu_share_by_s.get(second, 0.0))

    @property
    def busy_share(self) -> float | None:
        """Time in turns over time passed; None without measurements."""
        if self.watched_s <= 0:
            return None
        return round(min(self.turns.sum_s / self.watched_s, 1.0), 4)

    def read_late_s(self, share: float) -> float | None:
        """Return how late a response that arrives at a random moment is read, at most, with this probability.

        It waits for the end of the turn in which it arrives. The probability that this is a turn of length L
        and the wait is longer than x is max(0, L - x) / T, T being the time watched. Exact to 0.05 %; None
        without measurements.
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
        """Return them as plain data, for a message."""
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


# ── Watching the generator's event loop and CPU time during a run

_FIRST, _LAST = 2, -2
"""libev calls watchers of one kind by priority, from 2 down to -2."""
_EVERY_S = 1.0


class LoopWatch:
    """Measures the turns of this process's event loop and its CPU time, and reports them once a second.

    libev calls a `check` watcher after it has polled the sockets and a `prepare` watcher before it polls
    again: everything else runs between the two, and no response is read in that time.
    """

    def __init__(self, now_s: Callable[[], float], report: Callable[[LoopNotes], None]) -> None:
        """Watch nothing yet; `now_s` is the run's clock, `report` receives the measurements."""
        self._now_s = now_s
        self._report = report
        self._notes = LoopNotes()
        self._since_s = 0.0
        loop = gevent.get_hub().loop
        self._check = loop.check(ref=False, priority=_FIRST)
        self._prepare = loop.prepare(ref=False, priority=_LAST)

    def start(self) -> Greenlet:
        """Watch from second 0 of the run until the returned greenlet is killed."""
        return gevent.spawn(self._watch)

    def _watch(self) -> None:
        while (ahead_s := -self._now_s()) > 0:
            gevent.sleep(ahead_s)
        self._since_s = time.perf_counter()
        self._check.start(self._begin_turn)
        self._prepare.start(self._end_turn)
        try:
            self._report_every_second()
        finally:
            self._check.stop()
            self._prepare.stop()

    def _report_every_second(self) -> None:
        second, cpu_s, at_s = int(self._now_s()), time.process_time(), self._now_s()
        while True:
            gevent.sleep(max(at_s + _EVERY_S - self._now_s(), 0.0))
            now_cpu_s, now_at_s = time.process_time(), self._now_s()
            share = (now_cpu_s - cpu_s) / max(now_at_s - at_s, 1e-3)
            # If the loop was blocked for several seconds, each of them gets the mean.
            now_second = max(int(now_at_s), second + 1)
            notes, self._notes = self._notes, LoopNotes()
            notes.watched_s = now_at_s - at_s
            notes.cpu_share_by_s = dict.fromkeys(range(second, now_second), round(share, 4))
            self._report(notes)
            second, cpu_s, at_s = now_second, now_cpu_s, now_at_s

    def _begin_turn(self) -> None:
        self._since_s = time.perf_counter()

    def _end_turn(self) -> None:
        self._notes.turns.record(time.perf_counter() - self._since_s)


# ── Progress of a run, from Locust's process to the one that waits for it

PROGRESS_FILE = ".progress.json"


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a run."""

    played_s: float
    """Seconds of the run so far."""
    started: int
    due: int
    """Number of arrivals that were started, and of all in the run."""


def write_progress(folder: Path, progress: Progress) -> bool:
    """Write the progress atomically; returns whether it was written: a run continues without it."""
    draft = folder / f"{PROGRESS_FILE}.new"
    try:
        draft.write_text(json.dumps(asdict(progress)), encoding="utf-8")
        draft.replace(folder / PROGRESS_FILE)
    except OSError:
        return False
    return True


def read_progress(folder: Path) -> Progress | None:
    """Read the latest progress; None before the first."""
    try:
        return Progress(**json.loads((folder / PROGRESS_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def end_progress(folder: Path) -> None:
    """Remove the file: the run is over."""
    for name in (PROGRESS_FILE, f"{PROGRESS_FILE}.new"):
        with suppress(OSError):
            (folder / name).unlink(missing_ok=True)


# ── Writing the progress file in a thread: a slow disk must not block the event loop


class ProgressThread:
    """Writes the progress file of one run."""

    def __init__(self, folder: Path) -> None:
        """Write nothing yet."""
        self._folder = folder
        self._pool = ThreadPool(1)
        self._writing: AsyncResult | None = None

    def write(self, progress: Progress) -> None:
        """Write the progress unless the previous one is still being written; never waits."""
        if self._writing is None or self._writing.ready():
            self._writing = self._pool.spawn(write_progress, self._folder, progress)
