"""A run: its identity, its manifest (status written last), and limits on reading its files."""

import hashlib
import json
import os
import platform
import re
from collections.abc import Iterable
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from importlib.metadata import version
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from footfall._records.errors import BadInputError
from footfall._records.load_generator import ConnectionCounts, GeneratorRecord
from footfall._records.server_record import ServerRecord
from footfall._records.tables import write_text

# ── Files of a run folder, which may come from elsewhere: read within limits, identified by digests

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_JSON_BYTES_MOST = 64 * 1024 * 1024
_ENTRIES_MOST = 10_000
_Record = TypeVar("_Record", bound="DataclassInstance")


def read_json(path: Path, expected: str) -> Any:  # noqa: ANN401  JSON
    """Read a JSON file of at most 64 MiB with finite numbers and Unicode text.

    Raises:
        BadInputError: it is missing, not a regular file, too large, or not such JSON.
    """
    text = read_limited(path, expected)
    try:
        return json.loads(text, parse_constant=_finite, parse_float=_finite, parse_int=_finite_int)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else error
        raise BadInputError(str(path), f"damaged ({reason})", expected) from error


def check_types(record: _Record) -> _Record:
    """Check that every field of a record (a dataclass), at any depth, has its declared type.

    Raises:
        TypeError: one has not; the message names it.
    """
    text = json.dumps(asdict(record))
    try:
        TypeAdapter(type(record)).validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        msg = f"{place}: {first['msg']}"
        raise TypeError(msg) from error
    return record


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        msg = f"{text[:20]} is not a finite number"
        raise ValueError(msg)
    return number


def _finite_int(text: str) -> int:
    _finite(text)
    return int(text)


def read_limited(path: Path, expected: str) -> str:
    """Read a text file of at most 64 MiB.

    Raises:
        BadInputError: it is missing, not a regular file, too large, or not UTF-8.
    """
    if not path.is_file():
        raise BadInputError(str(path), "no such file", expected)
    try:
        size = path.stat().st_size
        if size > _JSON_BYTES_MOST:
            raise BadInputError(str(path), f"{size:,} bytes", f"at most {_JSON_BYTES_MOST:,}")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadInputError(str(path), f"damaged ({error})", expected) from error
    except OSError as error:
        raise BadInputError(str(path), (error.strerror or str(error)).lower(), expected) from error


def digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of those of the named files that exist in a folder, by name."""
    found = {}
    for name in names:
        path = folder / name
        if path.is_file():
            with path.open("rb") as file:
                found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def check_links(folder: Path) -> None:
    """Check that no link in a folder, at any depth, points out of it.

    Raises:
        BadInputError: one does, or there are more than 10,000 entries.
    """
    top, seen = folder.resolve(), 0
    for where, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path, seen = Path(where) / name, seen + 1
            if seen > _ENTRIES_MOST:
                raise BadInputError(str(folder), f"more than {_ENTRIES_MOST:,} files", "the folder of a run")
            if path.is_symlink() and not path.resolve().is_relative_to(top):
                raise BadInputError(str(path), "is a link out of the run folder", "the file itself")


# ── A run: its identity, its folder, and the manifest whose status is written last

MANIFEST = "manifest.json"
TRACE_FILE = "trace.json"
RUN_FILES = (
    *("arrivals.parquet", "model.json", TRACE_FILE, "load.json", "visits-measured.parquet"),
    *("hits.parquet", "visits.parquet", "visits-ordinary.parquet", "predicted.csv", "capacity.json"),
)
"""Files that a verdict may use; the manifest has the digests of those that a run has."""
_STATUSES = ("running", "finished", "partial")
"""A killed run stays `running`; a `partial` one was stopped, and its counts still add up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalCounts:
    """Number of a trace's arrivals in each state; every arrival is in exactly one."""

    due: int = 0
    played: int = 0
    """The customer's journey was completed, whatever the service's responses."""
    failed: int = 0
    """Started, but cut off before the end of the journey."""
    broken: int = 0
    """Started, but ended by an error inside the generator: it says nothing about the service."""
    not_sent: int = 0
    lost: int = 0
    """Assigned to a worker that was lost: it is unknown whether, or how far, they were run."""

    def __post_init__(self) -> None:
        """Check the sum.

        Raises:
            ValueError: played + failed + broken + not sent + lost is not due.
        """
        if self.played + self.failed + self.broken + self.not_sent + self.lost != self.due:
            msg = f"{self!r}: played + failed + broken + not_sent + lost must be due"
            raise ValueError(msg)

    def __str__(self) -> str:
        """Return the counts in words."""
        broken = f", {self.broken:,} broken" if self.broken else ""
        lost = f", {self.lost:,} lost" if self.lost else ""
        return f"{self.played:,} played, {self.failed:,} failed{broken}, {self.not_sent:,} not sent{lost}"

    @property
    def started(self) -> int:
        """Number of arrivals known to have started."""
        return self.played + self.failed + self.broken


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRecord:
    """One worker process of a distributed run."""

    id: str
    slots: tuple[int, ...] = ()
    """Arrival k belongs to slot k mod n; a worker that replaced a lost one has its slots, too."""
    status: str = "finished"
    """`finished`; `spare`: it was not needed; `left`: it left after reporting its results; `lost`: it
    left without reporting; `unable`: it could not run the trace."""
    clock_offset_s: float | None = None
    """Its clock less the coordinator's, by the fastest of several pings; None: none was answered."""
    ping_s: float | None = None
    """Round-trip time of that ping; the offset is accurate to half of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How late the generator started arrivals, in seconds; None if none started."""

    p50: float | None = None
    p99: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Description of a run and how it ended."""

    run: str
    command: str
    model: str
    scenario: str | None
    seed: int
    status: str
    verdict: str | None = None
    arrivals: ArrivalCounts | None = None
    lag_s: Lag | None = None
    workers: tuple[WorkerRecord, ...] = ()
    """Workers of a distributed run; empty for a run in one process."""
    degraded: bool = False
    """A worker was lost or left during the run: the load was lower than requested."""
    broken_reasons: dict[str, int] = field(default_factory=dict)
    """Arrivals ended by errors inside the generator, by kind and location of the error."""
    generator: GeneratorRecord | None = None
    """Measurements of the load generator itself; None: not a load test."""
    ended_early_by: str = ""
    """The abort criterion that ended it; empty if none did."""
    connections: ConnectionCounts | None = None
    """Connections of the generators to the service; None: unknown."""
    server: ServerRecord | None = None
    """Figures of the service itself, sampled during the run; None: none were asked for."""
    share_definition: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    """Window, speed, host and all other settings of the run; no secrets."""
    versions: dict[str, str] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)
    started_at: str = ""
    ended_at: str = ""
    files: dict[str, str] = field(default_factory=dict)
    """SHA-256 of those of `RUN_FILES` that existed when the run ended."""

    def __post_init__(self) -> None:
        """Check the status.

        Raises:
            ValueError: the status is not one of `_STATUSES`.
        """
        if self.status not in _STATUSES:
            msg = f"status {self.status!r} is not one of {_STATUSES}"
            raise ValueError(msg)


def run_id(model: str, scenario: str, seed: int, footfall_version: str) -> str:
    """Return the identity of a run: the first 16 hex digits of the SHA-256 of what determines it."""
    text = json.dumps([model, scenario, seed, footfall_version])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def folder_name(name: str) -> str:
    """Convert a name to a folder name: lower-case letters, digits, `_` and `-`, at most 80 characters."""
    plain = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-")
    return plain[:80] or "unnamed"


def versions() -> dict[str, str]:
    """Return the versions of Python and the packages that affect results."""
    names = ("footfall", "locust", "simpy", "numpy", "scipy", "polars", "faker", "matplotlib")
    return {"python": platform.python_version()} | {name: version(name) for name in names}


def machine() -> dict[str, Any]:
    """Describe the machine, without host name or paths."""
    return {"system": platform.system(), "architecture": platform.machine(), "cores": os.cpu_count()}


def now() -> str:
    """Return the UTC time, to the second, in ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def worker_records(data: Iterable[dict[str, Any]]) -> tuple[WorkerRecord, ...]:
    """Read workers from JSON.

    Raises:
        TypeError: they do not match `WorkerRecord`.
    """
    return tuple(WorkerRecord(**each | {"slots": tuple(each["slots"])}) for each in data)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `manifest.json` of a run folder atomically; once the run has ended, with its files' digests.

    Digests that are already in the manifest are kept; missing ones are added.

    Raises:
        BadInputError: the folder cannot be written.
    """
    if manifest.status != "running":
        new = digests(folder, [name for name in RUN_FILES if name not in manifest.files])
        manifest = replace(manifest, files=manifest.files | new)
    write_text(json.dumps(asdict(manifest), indent=2, ensure_ascii=False) + "\n", folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a run folder.

    Raises:
        BadInputError: there is none, or it is damaged.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise BadInputError(str(path), "no such file", "the folder of a run")
    data = read_json(path, "a manifest written by footfall")
    _check_fields(data, path)
    try:
        if data.get("arrivals"):
            data["arrivals"] = ArrivalCounts(**data["arrivals"])
        if data.get("lag_s"):
            data["lag_s"] = Lag(**data["lag_s"])
        if data.get("generator"):
            data["generator"] = GeneratorRecord.of_data(data["generator"])
        data["connections"] = ConnectionCounts(**counts) if (counts := data.get("connections")) else None
        data["server"] = ServerRecord.of_data(found) if (found := data.get("server")) else None
        data["workers"] = worker_records(data.get("workers", ()))
        return check_types(Manifest(**data))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadInputError(str(path), f"damaged ({error})", "a manifest written by footfall") from error


_TEXTS = ("run", "command", "model", "status", "started_at", "ended_at", "ended_early_by")
_MAPPINGS = ("settings", "versions", "machine", "files", "broken_reasons")


def _check_fields(data: Any, path: Path) -> None:  # noqa: ANN401  JSON
    """Check that a manifest has the fields of this version, each with the right type.

    Raises:
        BadInputError: it has not.
    """
    if not isinstance(data, dict):
        raise BadInputError(str(path), "damaged (no object)", "a manifest written by footfall")
    known = {each.name for each in fields(Manifest)}
    if unknown := sorted(set(data) - known):
        versions_there = data.get("versions")
        theirs = versions_there.get("footfall") if isinstance(versions_there, dict) else None
        by = f"written by Footfall {theirs}" if isinstance(theirs, str) else "of another version"
        problem = f"{unknown[0]!r} is unknown; it is {by}"
        raise BadInputError(str(path), problem, f"a run of Footfall {version('footfall')}")
    needed = [f.name for f in fields(Manifest) if f.default is MISSING and f.default_factory is MISSING]
    if missing := [name for name in needed if name not in data]:
        raise BadInputError(str(path), f"damaged (no {', '.join(missing)})", "a manifest written by footfall")
    wrong = [name for name in _TEXTS if not isinstance(data.get(name, ""), str)]
    wrong += [name for name in _MAPPINGS if not isinstance(data.get(name, {}), dict)]
    settings = data.get("settings", {})
    if not wrong and not _are_texts(settings.get("criteria", [])):
        wrong = ["settings.criteria"]
    if not wrong and not isinstance(settings.get("play", {}), dict):
        wrong = ["settings.play"]
    if wrong:
        raise BadInputError(str(path), f"damaged ({wrong[0]})", "a manifest written by footfall")


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
