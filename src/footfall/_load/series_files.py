"""Files by which a program has one generator process play load steps one after another.

The program writes a trace into `steps/NNN/`, then `order.json`; the generator plays it, writes the
results into the same folder, and `done.json` last. A file `end` in `steps/` tells it to end.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from footfall._records.errors import BadInputError
from footfall._records.runs import check_types, read_json
from footfall._records.tables import write_text

STEPS = "steps"
ORDER_FILE = "order.json"
DONE_FILE = "done.json"
END_FILE = "end"
POLL_S = 0.05
"""How often either side looks for the other's files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOrder:
    """How the trace of one step is to be played."""

    under_way_most: int | None = None
    """Arrivals end when more customers than this are under way; None: they all come."""
    failed_in_a_row_most: int | None = None
    """Arrivals end when more visits than this have failed one after another; None: they all come."""
    drain_s: float = 10.0
    """Customers still under way so long after the last arrival are cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone:
    """What became of one step."""

    length_s: float = 0.0
    """Seconds in which arrivals came."""
    stopped_early: bool = False
    """Whether more customers were under way, or more visits failed one after another, than allowed."""
    fell_behind: bool = False
    """Whether the generator itself was late, and sent no more."""
    is_whole: bool = True
    """False: the generator was stopped during the step."""
    problem: str = ""
    """Why the step could not be played; empty: it was."""


_Record = TypeVar("_Record", StepOrder, StepDone)


def step_folder(series: Path, number: int) -> Path:
    """Return the folder of a step, counted from 1."""
    return series / STEPS / f"{number:03d}"


def write_order(folder: Path, order: StepOrder) -> None:
    """Order a step, whose trace is in the folder.

    Raises:
        BadInputError: the folder cannot be written.
    """
    write_text(json.dumps(asdict(order)) + "\n", folder / ORDER_FILE)


def read_order(folder: Path) -> StepOrder | None:
    """Read the order for a step; None: there is none yet.

    Raises:
        BadInputError: the file is damaged.
    """
    return _read(folder / ORDER_FILE, StepOrder)


def write_done(folder: Path, done: StepDone) -> None:
    """Say that a step has been played: all its other files are written.

    Raises:
        BadInputError: the folder cannot be written.
    """
    write_text(json.dumps(asdict(done)) + "\n", folder / DONE_FILE)


def read_done(folder: Path) -> StepDone | None:
    """Read what became of a step; None: it has not ended.

    Raises:
        BadInputError: the file is damaged.
    """
    return _read(folder / DONE_FILE, StepDone)


def order_end(series: Path) -> None:
    """Tell the generator that no further step comes.

    Raises:
        BadInputError: the folder cannot be written.
    """
    write_text("", series / STEPS / END_FILE)


def is_end_ordered(series: Path) -> bool:
    """Whether no further step comes."""
    return (series / STEPS / END_FILE).exists()


def _read(path: Path, of: type[_Record]) -> _Record | None:
    if not path.is_file():
        return None
    try:
        return check_types(of(**read_json(path, f"{path.name} of a load step")))
    except (TypeError, ValueError) as error:
        raise BadInputError(str(path), f"damaged ({error})", "a file written by footfall") from error
