"""What is known of the load generator itself during a run: its own part of the times that it measured."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSummary:
    """A sample of times in a few figures, seconds; None of an empty one."""

    n: int = 0
    p50_s: float | None = None
    p95_s: float | None = None
    p99_s: float | None = None
    max_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRecord:
    """A request that a separate process sent again and again while the run lasted."""

    method_and_path: str
    sent: int = 0
    failed: int = 0
    """Without an answer; these have no time."""
    answered: TimeSummary = TimeSummary()
    """From sending it to the end of its answer."""
    same_in_run: TimeSummary = TimeSummary()
    """The run's own requests of the same path, from asked to ended; none where the run has none."""
    woken_late: TimeSummary = TimeSummary()
    """How late that process was woken when it slept for 20 ms: how busy the host was with other work."""
    cpu_10ms: TimeSummary = TimeSummary()
    """How long 10 ms of CPU time took that process, once a second: more where other programs use the CPUs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorRecord:
    """The generator of a run; of several workers together, the busiest at each second."""

    own: TimeSummary = TimeSummary()
    """What it took of each request before it was sent (`Hit.own_s`)."""
    turn: TimeSummary = TimeSummary()
    """Turns of the event loop: time between two looks at the sockets, in which no answer is read."""
    read_late_s_p99: float | None = None
    """An answer that comes at a random moment is read no later than this, with a probability of 99 %."""
    cpu_share_by_s: tuple[float, ...] = ()
    """CPU time of the process over time passed, in each second of the run; 1 is one core."""
    control: ControlRecord | None = None
    """None: not asked for, or the service has no request that everybody may send."""

    @property
    def cpu_share_max(self) -> float | None:
        """The busiest second."""
        return max(self.cpu_share_by_s, default=None)

    def to_data(self) -> dict[str, Any]:
        """Give it in plain data, for a file."""
        return asdict(self)

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> "GeneratorRecord":
        """Read it from plain data.

        Raises:
            TypeError: it is not what this record holds.
            KeyError: a part is missing.
        """
        control = data["control"]
        return cls(
            own=TimeSummary(**data["own"]),
            turn=TimeSummary(**data["turn"]),
            read_late_s_p99=data["read_late_s_p99"],
            cpu_share_by_s=tuple(data["cpu_share_by_s"]),
            control=None if control is None else _control(control),
        )


_CONTROL_TIMES = ("answered", "same_in_run", "woken_late", "cpu_10ms")


def _control(data: dict[str, Any]) -> ControlRecord:
    times = {name: TimeSummary(**data[name]) for name in _CONTROL_TIMES if name in data}
    return ControlRecord(**data | times)
