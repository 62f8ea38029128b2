"""Run a load test in a process of its own, bounded in time, and read what it leaves."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    # It brings polars, for which a session that plays nothing must not pay.
    from footfall._criteria.objects import Criterion
    from footfall.pytest_plugin.played import PlayedRun

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
        """Run a scenario and wait for its end; what is not given is the scenario's own.

        `window` is seconds or a text such as `2min`. Without `host` the reference service is started for the
        run. `changes` are numbers of the model by their path. `criteria` are asked instead of the scenario's,
        `also` in addition, as texts (one a line) or `ff.Criterion`; `baseline` is the folder of an earlier
        run that one of them is compared with. `options` are further arguments of `footfall.load_test` by
        name, such as `{"processes": 2}`, or words of `footfall load`'s command line.

        Raises:
            Failed: of pytest, with one line: the input is wrong, or the run has not ended in `timeout_s`.
        """
        from footfall.pytest_plugin.played import read_run

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
