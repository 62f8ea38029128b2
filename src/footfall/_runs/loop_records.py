"""What a loop reports while it lasts, and what it found: plain data for a page, a form or a program."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from footfall._calibrate.verification import PredictionVerdict

PhaseStatus: TypeAlias = Literal["waiting", "running", "done", "failed", "left out"]
LOADS_DIR, LEARNED_DIR, PREDICTED_DIR = "loads", "learned", "predicted"
KNEE_DIR, OUTAGE_DIR, VERIFIED_DIR = "knee", "outage", "verified"
"""Folders below that of a loop."""
LOOP_FILE, LOOP_PAGE, FROZEN_FILE = "loop.json", "loop.html", "prediction.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseState:
    """One phase of a loop."""

    name: str
    """`loads`, `learn`, `predict`, `knee`, `beyond`, `outage` or `verify`."""
    title: str
    state: PhaseStatus
    spent_s: float = 0.0
    """Wall time so far."""
    lines: tuple[str, ...] = ()
    """What it said, for people; the last line of a phase that is done is its result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopProgress:
    """Where a loop is."""

    folder: str
    left_s: float
    """Of the budget."""
    phases: tuple[PhaseState, ...]
    verdict: str | None = None
    """None: it has not ended."""
    answer: str = ""
    """What was found, in a sentence; empty: it has not ended."""

    @property
    def running(self) -> PhaseState | None:
        """The phase that is under way."""
        return next((one for one in self.phases if one.state == "running"), None)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedFigure:
    """One figure as it was predicted and as it was measured."""

    part: str
    """`knee`, `beyond` or `outage`."""
    channel: str
    name: str
    """With its unit, such as `response_s_p95`."""
    predicted: float
    predicted_low: float
    predicted_high: float
    measured: float | None
    """None: not measured, or no such value: nothing was served."""
    measured_low: float | None = None
    measured_high: float | None = None
    """Of figures that are measured with an interval."""
    is_inside: bool = False
    """Whether the measurement agrees with the predicted interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartVerdict:
    """What one part of the verification says."""

    part: str
    """`knee`, `beyond` or `outage`."""
    verdict: PredictionVerdict
    reason: str
    probability: float | None = None
    """Of figures at least this far off, if the prediction is right; None: it could not be tested."""
    depends_on: tuple[str, ...] = ()
    """Numbers that no run has shown and that decide here, a sentence each."""
    figures: tuple[ComparedFigure, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LoopVerdict:
    """One verdict over all parts."""

    verdict: PredictionVerdict
    reason: str
    parts: tuple[PartVerdict, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageDone:
    """Which outage was played, and how."""

    kind: Literal["channel fails", "arrivals held back"]
    channel: str
    """Empty: all arrivals."""
    from_s: float
    to_s: float
    until_s: float | None = None
    """With arrivals held back: second of the run by which they have come."""

    def text(self) -> str:
        """Say it in a sentence."""
        span = f"from second {self.from_s:.0f} to {self.to_s:.0f}"
        if self.kind == "channel fails":
            return f"The service failed every request of {self.channel} {span}."
        return (
            f"The service itself was not touched: no customer came {span}, and those held back came "
            f"until second {self.until_s or 0:.0f}, with the others: the surge after an outage."
        )

    def short(self) -> str:
        """Say it in a few words."""
        if self.kind == "channel fails":
            return f"{self.channel} failed for {self.to_s - self.from_s:.0f} s"
        return f"arrivals held back for {self.to_s - self.from_s:.0f} s, then a surge"
