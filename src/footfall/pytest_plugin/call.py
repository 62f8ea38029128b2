"""Call `footfall load` in a process of its own, bounded in time, and read what it leaves."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    # It brings polars, for which a session that plays nothing must not pay.
    from footfall.criteria.objects import Criterion
    from footfall.pytest_plugin.played import PlayedRun

    Asked = str | Criterion | Sequence[str | Criterion]

TIMEOUT_S = 3600.0
_STOP_S_MOST = 90.0
"""Until a run that is told to stop has stopped its play and its service."""
_JUDGED = (0, 1, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlace:
    """Where runs happen and where they leave their files."""

    workspace: Path
    """Holds `models/` and `scenarios/`."""
    here: Path
    """What relative folders of results start from."""
    results: Path
    scratch: Path


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
        options: Sequence[str] = (),
        timeout_s: float = TIMEOUT_S,
    ) -> "PlayedRun":
        """Play a scenario and wait for its end; what is not given is the scenario's own.

        `window` is seconds or a text such as `2min`. Without `host` the reference service is started for the
        run. `changes` are numbers of the model by their path. `criteria` are asked instead of the scenario's,
        `also` in addition, as texts (one a line) or `ff.Criterion`; `baseline` is the folder of an earlier
        run that one of them is compared with. `options` are further words of `footfall load`'s command line.

        Raises:
            Failed: of pytest, with one line: the input is wrong, or the run has not ended in `timeout_s`.
        """
        from footfall.pytest_plugin.played import read_run

        folder = self._place.here / out if out else self._new_folder(Path(scenario).stem)
        given = {"window": window, "speed": speed, "scale": scale, "seed": seed}
        arguments = ["--scenario", str(scenario), "--out", str(folder)]
        arguments += ["--host", host] if host else ["--serve"]
        arguments += [] if baseline is None else [f"--baseline={self._place.here / baseline}"]
        arguments += [f"--{name}={value}" for name, value in given.items() if value is not None]
        arguments += [f"--set={path}={value}" for path, value in (changes or {}).items()]
        arguments += self._criteria(criteria) + [f"--criterion={line}" for line in _lines(also)]
        told = self._load([*arguments, *options], timeout_s)
        run = read_run(folder, str(scenario), told)
        self.runs.append(run)
        return run

    def _new_folder(self, scenario: str) -> Path:
        """Give the run's folder by a number that no former session has used, so that two never share one."""
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        names = ("-".join(filter(None, (scenario, worker, str(number)))) for number in self._numbers)
        return next(folder for name in names if not (folder := self._place.results / name).exists())

    def _criteria(self, criteria: "Asked | None") -> list[str]:
        if criteria is None:
            return []
        file = self._place.scratch / f"criteria-{next(self._numbers)}.txt"
        file.write_text("\n".join(_lines(criteria)), encoding="utf-8")
        return ["--criteria", str(file)]

    def _load(self, arguments: list[str], timeout_s: float) -> dict[str, Any]:
        """Give what `footfall load --json` says; a run without a verdict fails the test."""
        command = [sys.executable, "-m", "footfall", "load", "--json", *arguments]
        code, out, words = _bounded(command, self._place.workspace, timeout_s)
        if code is None:
            pytest.fail(f"footfall load: has not ended after timeout_s={timeout_s:g}", pytrace=False)
        if code not in _JUDGED or not out:
            last = (words.strip().splitlines() or [f"footfall load: ended with {code}"])[-1]
            pytest.fail(last, pytrace=False)
        told: dict[str, Any] = json.loads(out)
        return told


def _lines(criteria: "Asked") -> list[str]:
    if isinstance(criteria, str) or not isinstance(criteria, Sequence):
        criteria = str(criteria).splitlines()
    return [str(line) for line in criteria if str(line).strip()]


def _bounded(command: list[str], cwd: Path, timeout_s: float) -> tuple[int | None, str, str]:
    """Give exit code (None: it was stopped, having taken too long), stdout and stderr."""
    from footfall.records.parent_process import for_child

    try:
        # In a session of its own: the terminal's Ctrl-C reaches it once, through us.
        process = subprocess.Popen(  # noqa: S603  our own program, arguments as a list
            command,
            cwd=cwd,
            env=for_child(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        pytest.fail(f"footfall_workspace {cwd}: {(error.strerror or str(error)).lower()}", pytrace=False)
    with process:
        try:
            out, words = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            _stop(process)
            return None, "", ""
        except BaseException:
            _stop(process)
            raise
    return process.returncode, out, words


def _stop(process: subprocess.Popen[str]) -> None:
    """End a run as Ctrl-C does, so that it ends its play and its service; by force if it will not."""
    process.send_signal(signal.SIGTERM)
    try:
        process.communicate(timeout=_STOP_S_MOST)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
