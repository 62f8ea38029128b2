"""The command line: one file a command, the only place that wires the rooms together."""

import signal
import sys
from types import FrameType


def main() -> None:
    """Run the command line; whatever the user gave wrong ends in one line and exit code 2."""
    from footfall.cli.app import (
        run,
    )  # imported late, so that the heavy libraries load after the name is known

    signal.signal(signal.SIGTERM, _stop)
    sys.exit(run(sys.argv[1:]))


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Let SIGTERM do what Ctrl-C does: whatever was started for the run is ended with it."""
    raise KeyboardInterrupt
