"""Figures of the service under load over a whole run, as the manifest has them."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSummary:
    """One figure of the service over a whole run."""

    source: str
    name: str
    unit: str
    samples: int
    mean: float
    """Over the time between the first arrival and the end of the run."""
    most: float
    least: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRecord:
    """What is known of the service under load, apart from its answers."""

    figures: tuple[ServerSummary, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be read, and why."""
    cores: int | None = None
    """Number of cores of this machine that the process may use; None: no process was watched."""

    def figure(self, source: str, name: str) -> ServerSummary | None:
        """Return one figure; None: it was not sampled."""
        return next((each for each in self.figures if (each.source, each.name) == (source, name)), None)

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> "ServerRecord":
        """Read it from plain data.

        Raises:
            TypeError: it does not match this record.
            KeyError: a part is missing.
        """
        figures = tuple(ServerSummary(**each) for each in data["figures"])
        return cls(figures=figures, notes=tuple(data["notes"]), cores=data["cores"])
