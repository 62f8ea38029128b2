"""What gunicorn's sync workers serve: a lognormal sleep of mean 50 ms and coefficient of variation 0.7."""

import random
import time
from collections.abc import Callable, Iterable
from math import log, sqrt
from typing import Any

MEAN_S, CV = 0.05, 0.7
OWED_S_MOST = 0.05
_SIGMA = sqrt(log(1 + CV**2))
_state: dict[str, Any] = {}


def app(environ: dict[str, Any], start: Callable[[str, list[tuple[str, str]]], object]) -> Iterable[bytes]:
    """Sleep, unless it is a health check."""
    if environ["PATH_INFO"] != "/health":
        if not _state:  # after the fork, so each worker has random numbers of its own
            _state.update(draws=random.Random(), owed_s=0.0)
        _sleep(_state["draws"].lognormvariate(log(MEAN_S) - _SIGMA**2 / 2, _SIGMA))
    start("200 OK", [("Content-Type", "application/json"), ("Content-Length", "12")])
    return [b'{"ok": true}']


def _sleep(seconds: float) -> None:
    """Hold the worker so long in the mean: what one takes too long, CPU included, later ones make up for."""
    began_s = time.perf_counter()
    cpu_s = time.thread_time()
    _state["owed_s"] = min(_state["owed_s"] + cpu_s - _state.get("cpu_s", cpu_s), OWED_S_MOST)
    _state["cpu_s"] = cpu_s
    todo_s = max(seconds - _state["owed_s"], 0.0)
    _state["owed_s"] -= seconds - todo_s
    time.sleep(todo_s)
    _state["owed_s"] = min(_state["owed_s"] + time.perf_counter() - began_s - todo_s, OWED_S_MOST)
