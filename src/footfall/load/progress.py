"""How far a play is, told from the process that plays to the one that waits."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from footfall.records.errors import BadInputError
from footfall.records.tables import write_text

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
    """Write the moment; gives whether it could be written: a run goes on without."""
    try:
        write_text(json.dumps(asdict(progress)), folder / PROGRESS_FILE)
    except (BadInputError, OSError):
        return False
    return True


def read_progress(folder: Path) -> Progress | None:
    """Read the latest moment; None before the first."""
    try:
        return Progress(**json.loads((folder / PROGRESS_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def end_progress(folder: Path) -> None:
    """Remove the file: nobody plays any more."""
    with suppress(OSError):
        (folder / PROGRESS_FILE).unlink(missing_ok=True)
