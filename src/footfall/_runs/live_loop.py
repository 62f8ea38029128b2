"""A whole loop that is started from Locust's web page: its phases, and at the end the verdict."""

import time
from dataclasses import dataclass
from typing import Any

from footfall._runs.capacity_target import CapacityWanted
from footfall._runs.live import Tell, rounded
from footfall._runs.live_search import PageMessages, title_of
from footfall._runs.loop import LoopWanted, run_loop
from footfall._runs.loop_records import LoopProgress


def follow_loop(wanted: CapacityWanted, tell: Tell) -> None:
    """Run a loop and say how it stands after each load step and phase; SIGTERM ends it with what is known.

    Raises:
        BadInputError: what is asked for is impossible, or no service answers.
    """
    tell("phase", "checking the service and the customers")
    reported = ReportedLoop(wanted, tell)
    found = run_loop(LoopWanted(search=wanted), PageMessages(tell), reported)
    reported.end(str(found.data["status"]))


@dataclass(slots=True)
class ReportedLoop:
    """Says on the page how the loop stands."""

    wanted: CapacityWanted
    tell: Tell
    last: LoopProgress | None = None

    def __call__(self, progress: LoopProgress) -> None:
        """Say it, and before the first time what was asked for."""
        if self.last is None:
            self.tell("ready", self._about(progress))
        self.last = progress
        self.tell("live", self._state(progress) | {"is_final": False})

    def end(self, status: str) -> None:
        """Say what was found."""
        assert self.last is not None  # noqa: S101  a loop reports its end
        self.tell("over", self._state(self.last) | {"is_final": True, "status": status})

    def _about(self, progress: LoopProgress) -> dict[str, Any]:
        return {
            "title": f"The whole loop: {title_of(self.wanted)}",
            "budget_s": self.wanted.budget_s,
            "seed": self.wanted.seed,
            "folder": progress.folder,
        }

    def _state(self, progress: LoopProgress) -> dict[str, Any]:
        state: dict[str, Any] = rounded(progress.as_json())
        phases = [each | {"lines": list(each["lines"])} for each in state["phases"]]
        more = {"verdict": progress.verdict or "", "ends_unix_s": time.time() + progress.left_s}
        return state | {"phases": phases} | more
