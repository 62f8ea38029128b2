"""End a child process when its parent ends, for whatever reason."""

import os
import signal
import threading
import time
from collections.abc import Mapping

PARENT_VARIABLE = "FOOTFALL_PARENT_PID"
_LOOK_EVERY_S = 0.5
_GRACE_S = 20.0


def for_child(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a child that calls `end_with_parent`."""
    return {**environment, PARENT_VARIABLE: str(os.getpid())}


def end_with_parent(parent: int | None = None) -> None:
    """End this process when its parent has ended, even by SIGKILL: by SIGTERM, and by SIGKILL 20 s later.

    `parent` is its process id; None: that set by `for_child`, or no effect if it was not called.
    """
    given = os.environ.pop(PARENT_VARIABLE, "")
    if parent is None and given.isdigit():
        parent = int(given)
    if parent is not None:
        threading.Thread(target=_watch, args=(parent,), daemon=True, name="parent watch").start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_S)
    os.kill(os.getpid(), signal.SIGKILL)
