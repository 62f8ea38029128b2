"""A run's folder: its manifest says `running` until everything else is written, and of which commit it is."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from footfall import __version__
from footfall._model.model import Model
from footfall._records.folders import claim, release
from footfall._records.runs import Manifest, folder_name, machine, now, run_id, versions, write_manifest

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
    manifest: Manifest, out: Path | None, *, overwrite: bool | None = None
) -> tuple[Path, Manifest]:
    """Make the folder of a run that has been described, and write its manifest.

    Raises:
        BadInputError: the folder cannot be written, or holds another run or other files.
    """
    name = folder_name(manifest.scenario or manifest.model)
    folder = claim(out, Path("results") / name / "runs" / manifest.run, overwrite=overwrite)
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
