"""The command line: one file a command, the only place that wires the rooms together."""

import signal
import sys
from types import FrameType


def main() -> None:
    """Run the command line; whatever the user gave wrong ends in one line and exit code 2."""
    # Imported late, so that the heavy libraries load after the name is known.
    from footfall.cli.app import run
    from footfall.records.parent_process import end_with_parent

    signal.signal(signal.SIGTERM, _stop)
    end_with_parent()
    sys.exit(run(sys.argv[1:]))


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Let SIGTERM do what Ctrl-C does: whatever was started for the run is ended with it."""
    raise KeyboardInterrupt
