"""A process that another one of ours started ends with it, however that one ended."""

import os
import signal
import threading
import time
from collections.abc import Mapping

PARENT_VARIABLE = "FOOTFALL_PARENT_PID"
_LOOK_EVERY_S = 0.5
_GRACE_S = 20.0


def for_child(environment: Mapping[str, str]) -> dict[str, str]:
    """Give the environment for a child that calls `end_with_parent`."""
    return {**environment, PARENT_VARIABLE: str(os.getpid())}


def end_with_parent(parent: int | None = None) -> None:
    """End this process when its parent is gone, also by SIGKILL: by SIGTERM, and by SIGKILL 20 s later.

    `parent` is its process id; None: as `for_child` told it, and nothing happens where nobody did.
    """
    told = os.environ.pop(PARENT_VARIABLE, "")
    if parent is None and told.isdigit():
        parent = int(told)
    if parent is not None:
        threading.Thread(target=_watch, args=(parent,), daemon=True, name="parent watch").start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_S)
    os.kill(os.getpid(), signal.SIGKILL)
