"""The peer in Locust's own way: users that make one request every so many seconds, `constant_throughput`."""

from itertools import count
from typing import Any

from locust import FastHttpUser, constant_throughput, task

from benchmarks.lag_server import PAGE

TASKS_PER_S = 10.0
"""Of one user."""
_numbers = count()


class Steady(FastHttpUser):
    """A user who asks for one page ten times a second."""

    wait_time = constant_throughput(TASKS_PER_S)

    def __init__(self, *args: Any, **more: Any) -> None:  # noqa: ANN401  as Locust calls it
        """Take a number, so that the service can tell users apart."""
        super().__init__(*args, **more)
        self._path = f"{PAGE}?user={next(_numbers)}"

    @task
    def look(self) -> None:
        """Ask for the page."""
        self.client.get(self._path, name=PAGE)
