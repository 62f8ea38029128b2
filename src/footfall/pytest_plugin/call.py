"""What the fixture `footfall_run` gives: a call that runs a scenario, and its result."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from footfall._measure.verdict import Judgement, Verdict
from footfall._records.rows import Measure
from footfall._records.runs import ArrivalCounts, Lag, read_manifest
from footfall._records.tables import MEASURES, read_csv

# ── What a played scenario came to, read from its run folder and from what the command said

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


# ── Run a load test in a process of its own, bounded in time, and read what it leaves

if TYPE_CHECKING:
    # It brings polars, for which a session that plays nothing must not pay.
    from footfall._criteria.objects import Criterion

    Asked = str | Criterion | Sequence[str | Criterion]

TIMEOUT_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlace:
    """Where runs happen and where they leave their files."""

    workspace: Path
    """Holds `models/` and `scenarios/`."""
    here: Path
    """What relative folders of results start from."""
    results: Path


class FootfallRun:
    """What the fixture `footfall_run` gives: a function that plays a scenario."""

    def __init__(self, place: RunPlace) -> None:
        """Play in this place."""
        self._place = place
        self._numbers = count(1)
        self.runs: list[PlayedRun] = []
        """Those of this session, in order."""

    def __call__(  # noqa: PLR0913  a run has as many options as the command that plays it
        self,
        scenario: str | Path,
        *,
        window: str | float | None = None,
        speed: float | None = None,
        scale: float | None = None,
        seed: int | None = None,
        host: str | None = None,
        changes: Mapping[str, float] | None = None,
        criteria: "Asked | None" = None,
        also: "Asked" = (),
        baseline: str | Path | None = None,
        out: str | Path | None = None,
        options: Mapping[str, Any] | Sequence[str] = (),
        timeout_s: float = TIMEOUT_S,
    ) -> "PlayedRun":
        """Play a scenario and wait for its end; what is not given is the scenario's own.

        `window` is seconds or a text such as `2min`. Without `host` the reference service is started for the
        run. `changes` are numbers of the model by their path. `criteria` are asked instead of the scenario's,
        `also` in addition, as texts (one a line) or `ff.Criterion`; `baseline` is the folder of an earlier
        run that one of them is compared with. `options` are further arguments of `footfall.load_test` by
        name, such as `{"processes": 2}`, or words of `footfall load`'s command line.

        Raises:
            Failed: of pytest, with one line: the input is wrong, or the run has not ended in `timeout_s`.
        """
        folder = self._place.here / out if out else self._new_folder(Path(scenario).stem)
        given = {"window": window, "speed": speed, "scale": scale, "seed": seed, "host": host}
        asked: dict[str, Any] = {"scenario": str(scenario), "out": str(folder), "serve": not host}
        asked |= {name: value for name, value in given.items() if value is not None}
        asked |= {} if baseline is None else {"baseline": str(self._place.here / baseline)}
        asked |= {"changes": dict(changes or {}), "also": _lines(also)}
        asked |= {} if criteria is None else {"criteria": _lines(criteria)}
        asked |= dict(options) if isinstance(options, Mapping) else {"words": list(options)}
        outcome = self._load(asked, timeout_s)
        run = read_run(folder, str(scenario), outcome)
        self.runs.append(run)
        return run

    def _new_folder(self, scenario: str) -> Path:
        """Give the run's folder by a number that no former session has used, so that two never share one."""
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        names = ("-".join(filter(None, (scenario, worker, str(number)))) for number in self._numbers)
        return next(folder for name in names if not (folder := self._place.results / name).exists())

    def _load(self, asked: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
        """Give what the run came to; one without a verdict fails the test."""
        from footfall._records.errors import BadInputError
        from footfall._records.jobs import run_job

        try:
            done = run_job("load", asked, cwd=self._place.workspace, timeout_s=timeout_s)
        except BadInputError as error:
            pytest.fail(f"footfall_workspace {error}", pytrace=False)
        if done.code is None:
            pytest.fail(f"footfall load: has not ended after timeout_s={timeout_s:g}", pytrace=False)
        if done.answer is None:
            pytest.fail(f"footfall: {done.reason}", pytrace=False)
        return done.answer


def _lines(criteria: "Asked") -> list[str]:
    if isinstance(criteria, str) or not isinstance(criteria, Sequence):
        criteria = str(criteria).splitlines()
    return [str(line) for line in criteria if str(line).strip()]
