"""What was seen of a generator's event loop: plain data that adds up over seconds and workers."""

from dataclasses import dataclass, field
from typing import Any

from footfall.records.histogram import Histogram


@dataclass(slots=True)
class LoopNotes:
    """Turns of the event loop and CPU time of one or several generating processes."""

    turns: Histogram = field(default_factory=Histogram)
    """Times between two looks at the sockets."""
    watched_s: float = 0.0
    """Time that the turns and the waiting between them took, summed over the processes."""
    cpu_share_by_s: dict[int, float] = field(default_factory=dict)
    """CPU time over time passed, by second of the run; of several processes the busiest."""

    def merge(self, other: "LoopNotes") -> None:
        """Count what others have seen."""
        self.turns.merge(other.turns)
        self.watched_s += other.watched_s
        for second, share in other.cpu_share_by_s.items():
            self.cpu_share_by_s[second] = max(share, self.cpu_share_by_s.get(second, 0.0))

    def read_late_s(self, share: float) -> float | None:
        """Time by which an answer that comes at a random moment is read, with that probability.

        It waits for the end of the turn in which it comes; a turn of length L keeps it for longer than x with
        probability max(0, L - x) / T, T being the time watched. Right to 0.05 %; None of nothing.
        """
        if not self.turns.n or self.watched_s <= 0:
            return None
        left_s = (1 - share) * self.watched_s
        # From the longest turn down, the time spent in turns above x grows by their number times the step.
        above, spent_s, at_s = 0, 0.0, self.turns.max_s
        for length_s, count in self.turns.lengths():
            step_s = at_s - length_s
            if spent_s + above * step_s >= left_s and above:
                return max(at_s - (left_s - spent_s) / above, 0.0)
            spent_s += above * step_s
            above, at_s = above + count, length_s
        return max(at_s - (left_s - spent_s) / above, 0.0)

    def to_data(self) -> dict[str, Any]:
        """Give them in plain data, for a message."""
        return {
            "turns": self.turns.to_data(),
            "watched_s": self.watched_s,
            "cpu": list(self.cpu_share_by_s.items()),
        }

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> "LoopNotes":
        """Read them from plain data.

        Raises:
            KeyError: a part is missing.
        """
        return cls(Histogram.of_data(data["turns"]), data["watched_s"], dict(data["cpu"]))
