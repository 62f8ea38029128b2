"""Begin and end a run folder: the manifest says `running` until everything else is written."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from footfall import __version__
from footfall.cli.commit import commit_and_branch
from footfall.measure.summary import ShareDefinition
from footfall.model.model import Model
from footfall.model.model import ShareDefinition as ModelShareDefinition
from footfall.records.errors import BadInputError
from footfall.records.folders import claim, release
from footfall.records.runs import Manifest, folder_name, machine, now, run_id, versions, write_manifest

__all__ = ["begin", "begin_named", "end", "folder_name", "share_definition", "targets"]


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
    asked = f"{command} {scenario} {share_definition} {sorted(settings.items())}"
    identity = run_id(model.fingerprint(), asked, seed, __version__)
    ordinary = Path("results") / folder_name(scenario or model.name) / "runs" / identity
    folder = claim(out, ordinary, overwrite=overwrite)
    manifest = Manifest(
        run=identity,
        command=command,
        model=model.name,
        scenario=scenario or None,
        seed=seed,
        status="running",
        share_definition=share_definition,
        settings=dict(settings) | commit_and_branch(),
        versions=versions(),
        machine=machine(),
        started_at=now(),
    )
    write_manifest(folder, manifest)
    return folder, manifest


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
    identity = run_id(fingerprint, f"{command} {sorted(settings.items())}", seed, __version__)
    ordinary = Path("results") / folder_name(name) / "runs" / identity
    folder = claim(out, ordinary, overwrite=overwrite)
    manifest = Manifest(
        run=identity,
        command=command,
        model=name,
        scenario=None,
        seed=seed,
        status="running",
        settings=dict(settings),
        versions=versions(),
        machine=machine(),
        started_at=now(),
    )
    write_manifest(folder, manifest)
    return folder, manifest


def end(folder: Path, manifest: Manifest, **changes: Any) -> Manifest:  # noqa: ANN401  fields of Manifest
    """Write the manifest for the last time, `finished` unless told otherwise."""
    manifest = replace(manifest, **{"status": "finished", "ended_at": now()} | changes)
    write_manifest(folder, manifest)
    release(folder)
    return manifest


def share_definition(model: Model, name: str | None) -> tuple[ModelShareDefinition, ShareDefinition]:
    """Give a share definition of the model, as the model says it and as the measures take it.

    Raises:
        BadInputError: the model has none of that name.
    """
    known = {definition.name: definition for definition in model.share_definitions}
    if name is not None and name not in known:
        raise BadInputError(f"--share {name}", "no such definition in the model", " or ".join(known))
    chosen = known[name] if name else model.share_definitions[0]
    channels = frozenset(channel.name for channel in model.channels)
    return chosen, ShareDefinition(
        electronic=frozenset(chosen.electronic),
        excluded=channels - frozenset(chosen.counted),
        operations=frozenset(chosen.operations),
    )


def targets(model: Model) -> dict[tuple[str, str], float]:
    """Give the success shares that the model asks for, by channel and operation."""
    return {(t.channel, t.operation): float(t.success_share) for t in model.targets}
