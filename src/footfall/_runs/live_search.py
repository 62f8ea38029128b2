"""A search for capacity that is started from Locust's web page, as it stands after each step."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from footfall._capacity.capacity_found import CapacityFound
from footfall._capacity.load_steps import CapacityAsked, PlannedStep, PlayedStep
from footfall._records.errors import seconds_of
from footfall._runs.capacity import Capacity, find_capacity
from footfall._runs.capacity_files import CAPACITY_FILE, read_capacity
from footfall._runs.capacity_report import answer, answer_sentence
from footfall._runs.capacity_target import CapacityWanted
from footfall._runs.flag_words import flag_text
from footfall._runs.live import Tell, rounded
from footfall._runs.make_trace import SCENARIOS
from footfall._runs.messages import Messages
from footfall._workload.scenario import read_scenario

PURPOSES = {
    "explore": "looking for the rate at which the service falls behind",
    "probe": "looking whether the service is back",
    "unloaded": "measuring the service at low load",
    "structure": "learning what limits the service",
    "confirm": "a long step near the expected capacity",
    "bisect": "closing in on the capacity",
    "overload": "more than the service can do, to see what lies beyond",
    "recovery": "a load that held before, to see whether the service recovers",
}
"""What a step is for, in words."""


def wanted_of(data: Mapping[str, Any]) -> CapacityWanted:
    """Read what the page asks for.

    Raises:
        BadInputError: the budget is no time.
    """
    return CapacityWanted(
        scenario=data["scenario"],
        url=data["url"],
        host=data["host"],
        serve=bool(data["serve"]),
        criteria=tuple(data["criteria"]),
        budget_s=seconds_of(data["budget"], "Budget"),
        seed=int(data["seed"]),
        options=dict(data["options"]),
        out=Path(data["out"]),
    )


def title_of(wanted: CapacityWanted) -> str:
    """Return what is loaded, for a title: the scenario's own, or the address."""
    if isinstance(wanted.scenario, str):
        return read_scenario(wanted.scenario, SCENARIOS).title
    return f"{wanted.host or ''}{wanted.url or ''}"


def follow_search(wanted: CapacityWanted, tell: Tell) -> None:
    """Search for the capacity and say how it stands after each step; SIGTERM ends it with what is known.

    Raises:
        BadInputError: what is asked for is impossible, or no service answers.
    """
    assert wanted.out is not None  # noqa: S101  the page has chosen it
    tell("phase", "checking the service and the customers")
    reported = ReportedSearch(wanted, wanted.out, tell)
    try:
        found = find_capacity(wanted, PageMessages(tell), decider=reported)
    except KeyboardInterrupt:
        if not (wanted.out / CAPACITY_FILE).is_file():
            raise
        reported.end(read_capacity(wanted.out), "")
        return
    reported.end(found.data, _verdict(found))


def _verdict(found: Capacity) -> str:
    return "" if found.judged is None else found.judged.verdict.value


class PageMessages(Messages):
    """Says on the page what the search prepares."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def note(self, text: str) -> None:
        self._tell("phase", text.removesuffix(" …"))


@dataclass(slots=True)
class ReportedSearch:
    """The search of `footfall capacity`, which says what it does."""

    wanted: CapacityWanted
    folder: Path
    tell: Tell
    is_ready: bool = False
    ends_unix_s: float = 0.0
    so_far: CapacityFound | None = None
    """By the steps that it has read."""
    planned: dict[str, Any] | None = field(default=None)

    def next_step(
        self, played: Sequence[PlayedStep], asked: CapacityAsked, spent_s: float
    ) -> PlannedStep | None:
        from footfall._capacity.findings import findings_so_far
        from footfall._capacity.search import next_step

        self.ends_unix_s = time.time() + asked.budget_s - spent_s
        if not self.is_ready:
            self.tell("ready", self._about(asked))
            self.is_ready = True
        self._say("choosing the next step")
        planned = next_step(played, asked, spent_s)
        self.so_far = findings_so_far(played, asked) if played else None
        if planned is not None:
            self._say(_words(planned), planned)
        return planned

    def findings(self, played: Sequence[PlayedStep], asked: CapacityAsked) -> CapacityFound:
        from footfall._capacity.findings import findings

        self._say("working out what the steps show")
        return findings(played, asked)

    def end(self, data: Mapping[str, Any], verdict: str) -> None:
        """Say what was found."""
        texts = {flag: flag_text(flag) for flag in data["flags"]}
        last = dict(data) | {
            "flag_texts": texts,
            "is_final": True,
            "verdict": verdict,
            "now": "",
            "answer": answer(data),
        }
        self.tell("over", rounded(last | {"sentence": answer_sentence(data)}))

    def _about(self, asked: CapacityAsked) -> dict[str, Any]:
        return {
            "title": f"Capacity: {title_of(self.wanted)}",
            "budget_s": asked.budget_s,
            "seed": asked.seed,
            "criteria": [each.text for each in asked.criteria],
            "folder": str(self.folder),
        }

    def _say(self, now: str, planned: PlannedStep | None = None) -> None:
        """Say what the search does now, and what its files and the steps that it has read show."""
        path = self.folder / CAPACITY_FILE
        data: dict[str, Any] = read_capacity(self.folder) if path.is_file() else {"steps": []}
        if self.so_far is not None:
            data |= _overlay(data, self.so_far)
        step = None if planned is None else asdict(planned) | {"began_unix_s": time.time()}
        more = {"is_final": False, "verdict": "", "now": now, "step": step, "ends_unix_s": self.ends_unix_s}
        self.tell("live", rounded(data | more))


def _words(planned: PlannedStep) -> str:
    return PURPOSES.get(planned.purpose, planned.purpose)


def _overlay(data: Mapping[str, Any], found: CapacityFound) -> dict[str, Any]:
    """Return what is known so far in the form of the file, which has it only at the end."""
    judged = {each.number: each for each in found.steps}
    steps = [
        step
        if (own := judged.get(step["step"])) is None
        else step | {"verdict": own.verdict, "broken": list(own.broken)}
        for step in data["steps"]
    ]
    return {
        "steps": steps,
        "knee_per_s": asdict(found.knee) if found.knee else dict.fromkeys(("value", "low", "high")),
        "held_per_s": found.held_per_s or None,
        "flags": list(found.flags),
        "flag_texts": {flag: flag_text(flag) for flag in found.flags},
        "criteria": [each.text for each in found.criteria],
    }
