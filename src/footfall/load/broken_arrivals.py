"""What is said of an error that broke an arrival inside the generator: its kind and place, never its text."""

from pathlib import Path
from traceback import walk_tb

_PACKAGE = Path(__file__).parents[1]


class BrokenArrivalError(Exception):
    """An arrival broke inside the generator; its text is that of `place_of`."""


def place_of(error: BaseException) -> str:
    """Give the kind of an error and where in Footfall it came up: `ValueError in load/play/wire.py, send`.

    The text of an error may quote what could not be sent, hence a secret, so it is left out.
    """
    place = ""
    for frame, _ in walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(_PACKAGE):
            place = f" in {path.relative_to(_PACKAGE).as_posix()}, {frame.f_code.co_name}"
    return f"{type(error).__name__}{place}"
