"""Run folders: begun, written, finished and read."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from footfall import __version__
from footfall._load.result_files import VISITS_FILE as MEASURED_FILE
from footfall._measure.verdict import Judgement, Verdict
from footfall._model.model import Model
from footfall._records.errors import BadInputError, path_of
from footfall._records.folders import claim, release
from footfall._records.runs import (
    Manifest,
    folder_name,
    machine,
    now,
    read_json,
    read_manifest,
    run_id,
    versions,
    write_manifest,
)
from footfall._records.tables import MEASURES, VISITS, html_table, read_csv, read_parquet
from footfall._runs.judgement import PREDICTED_FILE, VERDICT_FILE, criteria_html
from footfall._runs.messages import percent, seconds

# ── A run's folder: its manifest says `running` until everything else is written, and of which commit it is

_COMMIT = ("GITHUB_SHA", "CI_COMMIT_SHA")
_BRANCH = ("GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME")
_LENGTH_MOST = 200
_WAIT_S = 5.0


def described(
    command: str,
    model: Model,
    seed: int,
    *,
    scenario: str = "",
    share_definition: str | None = None,
    settings: Mapping[str, Any],
) -> Manifest:
    """Give the manifest of a run that has not begun: what was asked of it gives it its identity."""
    asked = f"{command} {scenario} {share_definition} {sorted(settings.items())}"
    return Manifest(
        run=run_id(model.fingerprint(), asked, seed, __version__),
        command=command,
        model=model.name,
        scenario=scenario or None,
        seed=seed,
        status="running",
        share_definition=share_definition,
        settings=dict(settings) | commit_and_branch(),
        versions=versions(),
    )


def begin(
    command: str,
    model: Model,
    seed: int,
    out: Path | None,
    *,
    scenario: str = "",
    share_definition: str | None = None,
    settings: Mapping[str, Any],
    overwrite: bool | None = None,
) -> tuple[Path, Manifest]:
    """Make the run's folder and its manifest, `running`; the same command twice has two folders.

    Raises:
        BadInputError: the folder cannot be written, or holds another run or other files.
    """
    manifest = described(
        command, model, seed, scenario=scenario, share_definition=share_definition, settings=settings
    )
    return begin_described(manifest, out, overwrite=overwrite)


def begin_described(
    manifest: Manifest, out: Path | None, *, overwrite: bool | None = None, kind: str = "runs"
) -> tuple[Path, Manifest]:
    """Make the folder of a run that has been described, and write its manifest.

    Without `out` it is `results/NAME/KIND/ID`.

    Raises:
        BadInputError: the folder cannot be written, or holds another run or other files.
    """
    name = folder_name(manifest.scenario or manifest.model)
    folder = claim(out, Path("results") / name / kind / manifest.run, overwrite=overwrite)
    begun = replace(manifest, versions=versions(), machine=machine(), started_at=now())
    write_manifest(folder, begun)
    return folder, begun


def begin_named(
    command: str,
    name: str,
    fingerprint: str,
    seed: int,
    out: Path | None,
    *,
    settings: Mapping[str, Any],
    overwrite: bool | None = None,
) -> tuple[Path, Manifest]:
    """Make the folder and manifest of a run of something that has a name and a fingerprint, `running`.

    Raises:
        BadInputError: the folder cannot be written.
    """
    manifest = Manifest(
        run=run_id(fingerprint, f"{command} {sorted(settings.items())}", seed, __version__),
        command=command,
        model=name,
        scenario=None,
        seed=seed,
        status="running",
        settings=dict(settings),
    )
    return begin_described(manifest, out, overwrite=overwrite)


def end(folder: Path, manifest: Manifest, **changes: Any) -> Manifest:  # noqa: ANN401  fields of Manifest
    """Write the manifest for the last time, `finished` unless the changes say otherwise."""
    manifest = replace(manifest, **{"status": "finished", "ended_at": now()} | changes)
    write_manifest(folder, manifest)
    release(folder)
    return manifest


def commit_and_branch(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Give `commit` and `branch`, each only where it is known: from CI's variables, else from git here."""
    found = {
        "commit": _first(environment, _COMMIT) or _git("rev-parse", "HEAD"),
        "branch": _first(environment, _BRANCH) or _git("symbolic-ref", "--quiet", "--short", "HEAD"),
    }
    return {name: text for name, text in found.items() if text}


def _first(environment: Mapping[str, str], names: Iterable[str]) -> str:
    return next((text for name in names if (text := _clean(environment.get(name, "")))), "")


def _git(*arguments: str) -> str:
    """Ask git about the folder we are in; nothing where there is none, or no repository."""
    program = shutil.which("git")
    if program is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603  a program of the machine, arguments as a list
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_WAIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else _clean(done.stdout)


def _clean(text: str) -> str:
    return "".join(letter for letter in text.strip() if letter.isprintable())[:_LENGTH_MOST]


# ── A run as what a person wants of it: verdict, visits, measures, report

_REPORT_FILE, _MEASURES_FILE = "report.html", "measures.csv"


@dataclass(frozen=True)
class Run:
    """A finished run: verdict, visits, measures and report, read from its folder when asked for.

    A notebook shows it as its verdict, each criterion with its reason, and the measures.
    """

    folder: Path

    @cached_property
    def manifest(self) -> Manifest:
        """What was run, with which settings, when, and what became of each arrival."""
        return read_manifest(self.folder)

    @property
    def verdict(self) -> Verdict | None:
        """`pass`, `fail`, `undecided` (too few samples) or `invalid`; None: it was not judged."""
        return None if self.manifest.verdict is None else Verdict(self.manifest.verdict)

    @property
    def passed(self) -> bool:
        """Whether every criterion holds."""
        return self.verdict is Verdict.PASS

    @cached_property
    def reason(self) -> str:
        """Why the verdict is what it is, in one sentence; empty: it was not judged."""
        return str(self._judged.get("reason", ""))

    @cached_property
    def criteria(self) -> tuple[Judgement, ...]:
        """Each criterion with its verdict, reason, value, 95 % bounds and number of samples."""
        return tuple(
            Judgement(**(each | {"verdict": Verdict(each["verdict"])}))
            for each in self._judged.get("criteria", ())
        )

    @cached_property
    def visits(self) -> pl.DataFrame:
        """A row a visit (columns of `VISITS`): those that were measured, or simulated where none were."""
        measured = self._visits(MEASURED_FILE)
        found = self.predicted if measured is None else measured
        if found is None:
            raise BadInputError(str(self.folder), "holds no visits", "the folder of a run that has ended")
        return found

    @cached_property
    def predicted(self) -> pl.DataFrame | None:
        """The visits that were predicted for the same arrivals; None: there is no prediction."""
        return self._visits(PREDICTED_FILE)

    @cached_property
    def measures(self) -> pl.DataFrame:
        """Success, waits and response times by channel and operation (columns of `MEASURES`).

        `world` says whether a row is `measured` or `predicted`; `*` stands for all channels or operations.
        """
        return read_csv(self.folder / _MEASURES_FILE, MEASURES)

    @property
    def report(self) -> Path | None:
        """The page with tables and charts; None: it was not written."""
        path = self.folder / _REPORT_FILE
        return path if path.is_file() else None

    @property
    def charts(self) -> dict[str, Path]:
        """The charts as SVG files, by name."""
        return {path.stem: path for path in sorted((self.folder / "charts").glob("*.svg"))}

    @cached_property
    def _judged(self) -> dict[str, Any]:
        path = self.folder / VERDICT_FILE
        return read_json(path, "the verdict of a run") if path.is_file() else {}

    def __fspath__(self) -> str:
        """Let a run stand where its folder may."""
        return str(self.folder)

    def _visits(self, name: str) -> pl.DataFrame | None:
        path = self.folder / name
        return read_parquet(path, VISITS) if path.is_file() else None

    def __repr__(self) -> str:
        """Give the verdict, and where the files are."""
        manifest = self.manifest
        said = manifest.status if self.verdict is None else f"{self.verdict.value}: {self.reason}"
        return f"<Run {manifest.scenario or manifest.model} {said} ({self.folder})>"

    def _repr_html_(self) -> str:
        title = escape(f"{self.manifest.scenario or self.manifest.model}, run {self.manifest.run}")
        said = self.manifest.status if self.verdict is None else self.verdict.value
        heading = f"<p><b>{title}</b>: {escape(said)}</p>"
        return heading + criteria_html(self.criteria) + measures_html(self.measures)


def read_run(folder: Path | str) -> Run:
    """Read a run by its folder: one of `load_test`, `simulate`, `footfall load` or `footfall simulate`.

        >>> import footfall as ff
        >>> ff.read_run(folder / "load").manifest.command
        'load'

    Raises:
        BadInputError: it is no folder of a run.
    """
    run = Run(path_of(folder, "folder"))
    _ = run.manifest
    return run


def measures_html(measures: pl.DataFrame) -> str:
    """Give measures as a table in HTML: visits, success and response times by channel and operation."""
    heads = ("world", "channel", "operation", "visits", "success", "wait mean", "response p95")
    rows = [
        (
            row["world"],
            row["channel"],
            row["operation"],
            f"{row['visits']:,}",
            percent(row["success_share"]),
            seconds(row["wait_s_mean"]),
            seconds(row["response_s_p95"]),
        )
        for row in measures.iter_rows(named=True)
    ]
    return html_table(heads, rows)
