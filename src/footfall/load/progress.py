"""How far a play is, told from the process that plays to the one that waits."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

PROGRESS_FILE = ".progress.json"


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of a play."""

    played_s: float
    """Seconds of play so far."""
    started: int
    due: int
    """Arrivals that were started, and all that are due in the whole play."""


def write_progress(folder: Path, progress: Progress) -> bool:
    """Write the moment, whole or not at all; gives whether it could be: a run goes on without."""
    draft = folder / f"{PROGRESS_FILE}.new"
    try:
        draft.write_text(json.dumps(asdict(progress)), encoding="utf-8")
        draft.replace(folder / PROGRESS_FILE)
    except OSError:
        return False
    return True


def read_progress(folder: Path) -> Progress | None:
    """Read the latest moment; None before the first."""
    try:
        return Progress(**json.loads((folder / PROGRESS_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def end_progress(folder: Path) -> None:
    """Remove the file: the run is over."""
    for name in (PROGRESS_FILE, f"{PROGRESS_FILE}.new"):
        with suppress(OSError):
            (folder / name).unlink(missing_ok=True)
