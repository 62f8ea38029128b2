"""A closed load in Locust's own way; every response time that Locust keeps is also written down."""

import json
import os
import time
from pathlib import Path
from typing import Any

from locust import FastHttpUser, constant_throughput, events, task

from benchmarks.lag_server import PAGE

TASKS_PER_S = 5.0
"""Of one user."""
_ROWS: list[tuple[float, float]] = []


class Regular(FastHttpUser):
    """A user who asks for one page five times a second, as long as it is answered."""

    wait_time = constant_throughput(TASKS_PER_S)

    @task
    def look(self) -> None:
        """Ask for the page."""
        self.client.get(PAGE)


def note(response_time: float, **_: Any) -> None:  # noqa: ANN401  Locust's events are untyped
    """Keep when a request ended, and how long it took, seconds."""
    _ROWS.append((time.monotonic(), response_time / 1000))


def write(**_: Any) -> None:  # noqa: ANN401  as above
    """Write them down."""
    Path(os.environ["OMISSION_ROWS"]).write_text(json.dumps(_ROWS), encoding="utf-8")


for _event, _listener in ((events.request, note), (events.quitting, write)):
    _add: Any = _event.add_listener
    _add(_listener)
