"""The result of a load test, read from its run folder and from what the command printed."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from footfall._measure.verdict import Judgement, Verdict
from footfall._records.rows import Measure
from footfall._records.runs import ArrivalCounts, Lag, read_manifest
from footfall._records.tables import MEASURES, read_csv

_MARKS = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "FAIL",
    Verdict.UNDECIDED: "UNDECIDED",
    Verdict.INVALID: "INVALID",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PlayedRun:
    """A scenario that was played in a test, and judged."""

    scenario: str
    verdict: Verdict
    """`pass`, `fail`, `undecided` (too few samples) or `invalid` (a run that cannot be trusted)."""
    reason: str
    criteria: tuple[Judgement, ...]
    """Each with verdict, reason, value, 95 % bounds and number of samples."""
    measures: tuple[Measure, ...]
    """Success, waits and response times by channel and operation, measured and predicted."""
    arrivals: ArrivalCounts
    lag_s: Lag
    folder: Path

    @property
    def passed(self) -> bool:
        """Whether every criterion holds."""
        return self.verdict is Verdict.PASS

    @property
    def report(self) -> Path:
        """The page with tables and charts."""
        return self.folder / "report.html"

    def measure(self, scope: str, world: str = "measured") -> Measure:
        """Give the measures of `channel.operation`, where `*` stands for all: `web.query`, `sms.*`, `*`.

        Raises:
            KeyError: the run has none; the text names those that it has.
        """
        wanted = "*.*" if scope == "*" else scope
        known = {f"{each.channel}.{each.operation}": each for each in self.measures if each.world == world}
        if wanted not in known:
            msg = f"{world} {scope}: none of {', '.join(known)}"
            raise KeyError(msg)
        return known[wanted]

    def __repr__(self) -> str:
        """Give the verdict and its reason, which is what a failed assertion shows."""
        return f"<{self.scenario}: {self.verdict}, {self.reason}>"

    def __str__(self) -> str:
        """Give each criterion with its reason, the account of the arrivals, and the report's place."""
        judged = [
            f"{_MARKS[each.verdict]:10}{each.criterion}\n{'':10}{each.reason}" for each in self.criteria
        ]
        lag = "unknown" if self.lag_s.p99 is None else f"p99 {self.lag_s.p99 * 1000:.1f} ms"
        account = f"arrivals: {self.arrivals.due:,} due = {self.arrivals}; lag: {lag}"
        last = (account, f"report: {self.report}")
        return "\n".join((f"{self.scenario}: {self.verdict}", *judged, *last))


def read_run(folder: Path, scenario: str, outcome: Mapping[str, Any]) -> PlayedRun:
    """Read a run that has ended; `outcome` is what `footfall load --json` said.

    Raises:
        BadInputError: a file of the run is missing or damaged.
    """
    manifest = read_manifest(folder)
    rows = read_csv(folder / "measures.csv", MEASURES).iter_rows(named=True)
    return PlayedRun(
        scenario=scenario,
        verdict=Verdict(outcome["verdict"]),
        reason=outcome["reason"],
        criteria=tuple(_judgement(each) for each in outcome["criteria"]),
        measures=tuple(Measure(**row) for row in rows),
        arrivals=manifest.arrivals or ArrivalCounts(),
        lag_s=manifest.lag_s or Lag(),
        folder=folder,
    )


def _judgement(data: Mapping[str, Any]) -> Judgement:
    known = {f.name: data[f.name] for f in fields(Judgement) if f.name in data}
    return Judgement(**(known | {"verdict": Verdict(data["verdict"])}))
