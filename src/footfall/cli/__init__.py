"""The command line: one file a command, the only place that wires the rooms together."""

import sys


def main() -> None:
    """Run the command line; whatever the user gave wrong ends in one line and exit code 2."""
    from footfall.cli.app import (
        run,
    )  # imported late, so that the heavy libraries load after the name is known

    sys.exit(run(sys.argv[1:]))
