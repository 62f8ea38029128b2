"""A process of Footfall's: SIGTERM stops it as Ctrl-C does, and an error is one line and an exit code."""

import signal
import sys
from collections.abc import Callable
from types import FrameType

from footfall._records.errors import BadInputError, InvariantError
from footfall._records.jobs import end_with_parent

USAGE_EXIT_CODE = 2
_INVALID_EXIT_CODE = 3
INTERRUPTED_EXIT_CODE = 130


def be_a_child() -> None:
    """Have SIGTERM stop this process as Ctrl-C does, and end it with the one that started it.

    Whatever was started for the job is then ended with it.
    """
    signal.signal(signal.SIGTERM, _stop)
    end_with_parent()


def as_process(name: str, work: Callable[[], int]) -> int:
    """Do some work and give its exit code; what the user gave wrong is one line on stderr and 2."""
    try:
        return work()
    except BadInputError as error:
        return one_line(str(error))
    except InvariantError as error:
        return one_line(f"{name}: {error}", _INVALID_EXIT_CODE)
    except KeyboardInterrupt:
        sys.stderr.write("footfall: stopped\n")
        return INTERRUPTED_EXIT_CODE


def one_line(text: str, code: int = USAGE_EXIT_CODE) -> int:
    """Write one line to stderr, however many the text has; returns the exit code."""
    sys.stderr.write(f"footfall: {' '.join(text.split())}\n")
    return code


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
