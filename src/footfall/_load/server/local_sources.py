"""Sources of a service on this machine: its processes, its port, and the machine itself."""

import os
import time
from collections.abc import Sequence

import psutil

from footfall._load.server.process_tree import ProcessTree
from footfall._load.server.server_sampler import EVERY_S, Figure, SourceError
from footfall._load.server.socket_table import accept_overflows, port_state

CORES, BYTES, CONNECTIONS = "cores", "bytes", "connections"
_PSS_EVERY_S = 5.0


class _NothingOpen:
    """A source that keeps nothing open between readings."""

    every_s = EVERY_S

    def close(self) -> None:
        """Do nothing."""


class ProcessSource(_NothingOpen):
    """CPU, memory, processes and threads of the service's process tree."""

    name = "process"

    def __init__(self, tree: ProcessTree) -> None:
        """Read nothing yet."""
        self._tree = tree
        self._pss_at_s = 0.0
        self._has_ended = False

    def read(self) -> Sequence[Figure]:
        """Read the tree; once it has ended there are no figures.

        Raises:
            SourceError: the process has ended; said once.
        """
        if self._has_ended:
            return ()
        state = self._tree.state()
        if state is None:
            self._has_ended = True
            msg = "the service's process ended during the run"
            raise SourceError(msg)
        figures = [
            Figure("memory_rss", float(state.memory_rss_bytes), BYTES),
            Figure("processes", float(state.processes), "processes"),
            Figure("threads", float(state.threads), "threads"),
        ]
        if state.cpu_cores is not None:
            figures.append(Figure("cpu", state.cpu_cores, CORES))
        if (now_s := time.monotonic()) >= self._pss_at_s:
            self._pss_at_s = now_s + _PSS_EVERY_S
            if (pss_bytes := self._tree.memory_pss_bytes()) is not None:
                figures.append(Figure("memory_pss", float(pss_bytes), BYTES))
        return figures


class PortSource(_NothingOpen):
    """Established connections and accept queue of the service's port; on Linux only."""

    name = "port"

    def __init__(self, port: int) -> None:
        """Read nothing yet."""
        self._port = port
        self._is_missing = False

    def read(self) -> Sequence[Figure]:
        """Read the kernel's table.

        Raises:
            SourceError: this system has none; said once.
        """
        if self._is_missing:
            return ()
        try:
            state = port_state(self._port)
        except OSError as error:
            self._is_missing = True
            reason = (error.strerror or str(error)).lower()
            msg = f"no figures of connections, the system's socket table cannot be read ({reason})"
            raise SourceError(msg) from error
        return (
            Figure("connections", float(state.established), CONNECTIONS),
            Figure("accept_queue", float(state.accept_queue), CONNECTIONS),
            Figure("accept_queue_most", float(state.accept_queue_most), CONNECTIONS),
        )


class MachineSource(_NothingOpen):
    """CPU of the whole machine, generator included, and connections dropped at full accept queues."""

    name = "machine"

    def __init__(self) -> None:
        """Read nothing yet."""
        self._cores = os.cpu_count() or 1
        self._before: tuple[float, float] | None = None
        self._overflows: tuple[int, float] | None = None

    def read(self) -> Sequence[Figure]:
        """Read the counters of the machine."""
        figures = []
        times = psutil.cpu_times()
        # Guests' time is in that of the user already (Linux, proc(5)).
        counted = {name: value for name, value in times._asdict().items() if not name.startswith("guest")}
        idle_s, all_s = counted["idle"] + counted.get("iowait", 0.0), sum(counted.values())
        if self._before is not None and all_s > self._before[1]:
            idle_share = (idle_s - self._before[0]) / (all_s - self._before[1])
            figures.append(Figure("cpu", min(max(1 - idle_share, 0.0), 1.0) * self._cores, CORES))
        self._before = idle_s, all_s
        overflows, now_s = accept_overflows(), time.monotonic()
        if overflows is not None:
            if self._overflows is not None and now_s > self._overflows[1]:
                per_s = (overflows - self._overflows[0]) / (now_s - self._overflows[1])
                figures.append(Figure("accept_overflows", per_s, "connections per s"))
            self._overflows = overflows, now_s
        return figures
