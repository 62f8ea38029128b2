"""CPU time, memory and threads of a process and all its descendants."""

import os
import time
from contextlib import suppress
from dataclasses import dataclass

import psutil

from footfall._records.errors import BadInputError

_Key = tuple[int, float]
"""Process id and start time: the id alone may be used again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeState:
    """A process and its descendants at one moment."""

    cpu_cores: float | None
    """CPU time used since the state before, user and system, over the time passed; None: the first state."""
    processes: int
    threads: int
    memory_rss_bytes: int
    """Sum over the processes: memory that they share counts several times."""


@dataclass(slots=True)
class _Times:
    own_s: float
    ended_children_s: float
    """CPU time of descendants that have ended and whose exit status was read."""


class ProcessTree:
    """A running process with its descendants, read again and again."""

    def __init__(self, pid: int) -> None:
        """Find the process.

        Raises:
            BadInputError: there is none, or it is this process itself.
        """
        if pid == os.getpid():
            raise BadInputError(f"--server-pid {pid}", "is this process itself", "the service's process")
        try:
            self._root = psutil.Process(pid)
        except (psutil.Error, ValueError, OverflowError) as error:
            raise BadInputError(
                f"--server-pid {pid}", "no such process", "the id of a running process"
            ) from error
        self._before: dict[_Key, _Times] = {}
        self._before_at = 0.0

    @property
    def cores(self) -> int:
        """Number of cores that the process may use."""
        with suppress(psutil.Error, AttributeError):
            return len(self._root.cpu_affinity() or ()) or (os.cpu_count() or 1)
        return os.cpu_count() or 1

    def state(self) -> TreeState | None:
        """Read the tree; None: its first process has ended."""
        found: dict[_Key, _Times] = {}
        threads = memory_bytes = 0
        for process in self._processes():
            with suppress(psutil.Error), process.oneshot():
                used = process.cpu_times()
                key = (process.pid, process.create_time())
                children_s = getattr(used, "children_user", 0.0) + getattr(used, "children_system", 0.0)
                found[key] = _Times(used.user + used.system, children_s)
                threads += process.num_threads()
                memory_bytes += process.memory_info().rss
        if not found:
            return None
        now = time.monotonic()
        used_s = _used_s(self._before, found)
        passed_s = now - self._before_at
        cores = used_s / passed_s if self._before and passed_s > 0 else None
        self._before, self._before_at = found, now
        return TreeState(
            cpu_cores=cores, processes=len(found), threads=threads, memory_rss_bytes=memory_bytes
        )

    def memory_pss_bytes(self) -> int | None:
        """Memory with shared pages divided among those that share them; None: this system does not tell.

        The kernel walks the page tables of each process for it, so it should be read rarely.
        """
        total = 0
        for process in self._processes():
            try:
                total += process.memory_full_info().pss
            except (psutil.Error, AttributeError):
                return None
        return total or None

    def _processes(self) -> list[psutil.Process]:
        try:
            if not self._root.is_running() or self._root.status() == psutil.STATUS_ZOMBIE:
                return []
            return [self._root, *self._root.children(recursive=True)]
        except psutil.Error:
            return []


def _used_s(before: dict[_Key, _Times], after: dict[_Key, _Times]) -> float:
    """CPU seconds used by a tree between two states.

    The time of a process that has ended is in that of its parent, which may have been counted before in part.
    """
    none = _Times(0.0, 0.0)
    own_s = sum(times.own_s - before.get(key, none).own_s for key, times in after.items())
    ended_s = sum(
        times.ended_children_s - before.get(key, none).ended_children_s for key, times in after.items()
    )
    counted_s = sum(t.own_s + t.ended_children_s for key, t in before.items() if key not in after)
    return own_s + max(ended_s - counted_s, 0.0)
