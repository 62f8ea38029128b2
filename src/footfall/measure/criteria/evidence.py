"""What a run has to show for itself."""

from dataclasses import dataclass

import polars as pl

from footfall.measure.criteria.spec import Scope
from footfall.records.runs import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The manifest of a run, and its visits in each world (`VISITS`), None where it has none.

    Where both worlds are there, they must be of the same window. Success and response are judged on the
    measured visits, and on the predicted ones only in a run that was not played.
    """

    manifest: Manifest
    predicted: pl.DataFrame | None = None
    measured: pl.DataFrame | None = None
    replications: pl.DataFrame | None = None
    """Figures of the prediction, replication by replication (`REPLICATIONS`), None where it has none."""
    arrivals: pl.DataFrame | None = None
    """The trace that was played (`ARRIVALS`), None where it is not there."""
    hits: pl.DataFrame | None = None
    """The requests that were kept (`HITS`), None where there are none."""
    baseline: "Evidence | None" = None
    """An earlier run, for criteria that speak of one."""

    @property
    def played_s(self) -> float | None:
        """Seconds of play that the trace covers, None where the manifest does not say."""
        play = self.manifest.settings.get("play") or {}
        length_s, speed = play.get("length_s"), play.get("speed")
        return length_s / speed if length_s and speed else None

    def judged(self, scope: Scope) -> pl.DataFrame | None:
        """The visits that a criterion of that scope is held against; None when there are none."""
        return within(self.measured if self.measured is not None else self.predicted, scope)


def in_order(visits: pl.DataFrame) -> pl.DataFrame:
    """Visits in the order in which they were due."""
    return visits.sort("due_s", "customer", "attempt")


def within(visits: pl.DataFrame | None, scope: Scope) -> pl.DataFrame | None:
    """The visits that belong to a scope, None when there are none."""
    if visits is None:
        return None
    pairs = visits.select("channel", "operation").unique().rows()
    wanted = pl.DataFrame(
        [pair for pair in pairs if scope.matches(*pair)],
        schema={"channel": pl.String, "operation": pl.String},
        orient="row",
    )
    matching = visits.join(wanted, on=["channel", "operation"], how="semi")
    return None if matching.is_empty() else matching
