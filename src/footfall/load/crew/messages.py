"""What master and workers say to each other: plain data under one name of Locust's messages."""

import os
import socket
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from footfall.load.result import Row
from footfall.records.rows import Arrival
from footfall.records.tables import ARRIVALS

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
