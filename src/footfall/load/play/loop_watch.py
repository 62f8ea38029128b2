"""Watches the generator's own event loop and CPU time while a run lasts."""

import time
from collections.abc import Callable

import gevent
from gevent import Greenlet

from footfall.load.loop_notes import LoopNotes

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
